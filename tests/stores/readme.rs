//! The README's commands on a store, as they stand there.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use countersign_conformance::tree::root;
use libtest_mimic::Trial;

use crate::kind::{Directory, Kind, Place};

pub(crate) fn trials() -> Vec<Trial> {
    let name = "commands_of_the_readme_keep_back_up_rotate_and_move_a_store";
    vec![Kind::Postgres.trial(name, commands_of_the_readme)]
}

async fn commands_of_the_readme(place: Place) {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("it is there");
    let (_, section) = readme.split_once("## Keep state").expect("it has it");
    let (section, _) = section.split_once("\n## ").expect("others follow");
    let blocks: Vec<&str> = section.split("```sh\n").skip(1).collect();
    assert_eq!(blocks.len(), 4, "the blocks of the section");
    let lines = blocks.iter().filter_map(|it| it.split_once("```"));
    let script: String = lines.map(|(lines, _)| lines).collect();
    let theirs = "postgres://mfa@db.example/mfa";
    assert!(script.contains(theirs));
    let script = script.replace(theirs, &place.address);

    let directory = Directory::new();
    let ran = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(directory.path())
        .env("PATH", path_with_the_command())
        .output()
        .expect("there is a shell");
    let out = String::from_utf8_lossy(&ran.stdout);
    let err = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{script}\n{out}\n{err}");
    for said in [
        "put: * is at revision 1",
        "policy-changed",
        "backed up: backup.db",
        "restored: restored.db",
        "rotated: 1 records sealed again",
        "retired",
        "copied: 1 records",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
}

/// The command lies beside the directory of this program: a test of the whole workspace builds both.
fn path_with_the_command() -> String {
    let program = env::current_exe().expect("it has a path");
    let folder = program.parent().and_then(|it| it.parent());
    let folder: PathBuf = folder.expect("it lies below the build's").to_owned();
    assert!(
        folder.join("countersign").is_file(),
        "expected the command in {}: run `cargo build` first",
        folder.display()
    );
    let path = env::var("PATH").unwrap_or_default();
    format!("{}:{path}", folder.display())
}
