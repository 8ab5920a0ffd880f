//! The README's commands on a store, as they stand there.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use countersign_tests::tree::root;
use libtest_mimic::Trial;

use crate::kind::{Directory, Kind, Place};

pub(crate) fn trials() -> Vec<Trial> {
    let name = "commands_of_the_readme_keep_back_up_rotate_and_move_a_store";
    vec![
        Kind::Postgres.trial(name, commands_of_the_readme),
        Trial::test("commands_of_the_readme_bring_a_gateway_up", || {
            a_gateway();
            Ok(())
        }),
    ]
}

fn a_gateway() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("it is there");
    let (_, section) = readme.split_once("## Run the gateway").expect("it has it");
    let script = section.split("```sh\n").nth(1);
    let script = script
        .and_then(|it| it.split("```").next())
        .expect("it has commands");
    // The paths of the sources are those of a checkout; the ports are whichever are free.
    let sources = format!("cp {}/host-harness/", root().display());
    let script = script.replace("cp host-harness/", &sources);
    let script = script.replace(
        "countersign serve --config gateway.toml\n",
        "exec countersign serve --config gateway.toml\n",
    );
    assert!(script.contains(&sources) && script.contains("exec countersign"));
    let directory = Directory::new();
    let mut gateway = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(directory.path())
        .env("PATH", path_with_the_command())
        .env("COUNTERSIGN_GATEWAY_LISTEN__HTTP", "127.0.0.1:0")
        .env("COUNTERSIGN_GATEWAY_LISTEN__OPERATIONS", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let out = BufReader::new(gateway.stdout.take().expect("it is piped"));
    let mut said = Vec::new();
    for line in out.lines() {
        said.push(line.expect("it is text"));
        if said.iter().any(|it| it.starts_with("ready: ")) {
            // Ends the loop once the gateway has ended.
            terminate(&gateway);
        }
    }
    let ended = gateway.wait().expect("it ends");
    assert!(ended.success(), "{ended}: {said:#?}");
    let all = said.join("\n");
    for line in [
        "put: * is at revision 1",
        "ready: https://id.example.com on 127.0.0.1:",
    ] {
        assert!(all.contains(line), "{line}: {all}");
    }
}

fn terminate(process: &Child) {
    let id = i32::try_from(process.id()).ok();
    let id = id
        .and_then(rustix::process::Pid::from_raw)
        .expect("it has one");
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it is ours");
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
