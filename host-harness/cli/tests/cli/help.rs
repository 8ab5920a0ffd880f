//! What a stranger is told.

use crate::{countersign, run};

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let help = run(&["--help"]).ended(0).out;
    for words in [
        "demo",
        "inspect",
        "call",
        "import",
        "Exit codes:",
        "4    it was done, and the answer is no",
        "130  Ctrl-C",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

/// Every command that does something.
const COMMANDS: &[&str] = &[
    "demo",
    "inspect",
    "conformance",
    "conformance-host",
    "sign",
    "push",
    "pull",
    "call",
    "new",
    "import",
    "policy profiles",
    "policy check",
    "policy preview",
    "policy get",
    "policy put",
    "status",
    "report",
    "reset",
    "unlock",
    "revoke",
    "revoke-all",
    "events tail",
    "events consumers",
    "events forget",
    "events prune",
    "keys new",
    "keys add",
    "keys activate",
    "keys list",
    "keys rotate",
    "store",
    "backup",
    "restore",
    "copy",
    "seed-users",
    "user add",
    "user list",
    "user passwd",
    "user disable",
    "user enable",
    "user companies",
    "company add",
    "company list",
    "serve",
];

#[test]
fn every_command_documents_its_exit_codes() {
    for command in COMMANDS {
        let args: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = run(&args).ended(0).out;
        assert!(help.contains("Exit codes:"), "{help}");
    }
}

#[test]
fn import_says_what_a_user_may_be_known_by() {
    let help = run(&["import", "--help"]).ended(0).out;
    assert!(help.contains("immutable and never used again"), "{help}");
}

#[test]
fn help_fits_a_hundred_columns() {
    let groups = ["", "policy", "events", "keys", "user", "company"];
    for command in COMMANDS.iter().copied().chain(groups) {
        let args = command.split_whitespace().chain(["--help"]);
        let help = run(&args.collect::<Vec<_>>()).ended(0).out;
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{command}: {widest:?}");
    }
}

#[test]
fn without_a_command_there_is_a_usage_and_exit_code_2() {
    let ran = run(&[]).ended(2);
    assert!(ran.err.contains("Usage:"), "{}", ran.err);
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = run(&["--version"]).ended(0);
    let expected = concat!("countersign ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(ran.out, expected);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    let mut child = countersign(&["call", "--list"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let ran = crate::Ran::of(child.wait_with_output().expect("it ends")).ended(0);
    assert_eq!(ran.err, "");
}
