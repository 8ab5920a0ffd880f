//! The command as a person meets it: run as a program, judged by what it prints and how it ends.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod call;
mod conformance;
mod conformance_host;
mod demo;
mod help;
mod import;
mod inspect;
mod interactive;
mod new;
mod policy;
#[cfg(unix)]
mod serve;
mod stores;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;

/// What a run of the command came to.
struct Ran {
    out: String,
    err: String,
    code: Option<i32>,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            out: String::from_utf8(output.stdout).expect("it prints UTF-8"),
            err: String::from_utf8(output.stderr).expect("it prints UTF-8"),
            code: output.status.code(),
        }
    }

    /// Checks how it ended, and that it did not panic.
    #[track_caller]
    fn ended(self, code: i32) -> Self {
        let Self { out, err, .. } = &self;
        assert_eq!(self.code, Some(code), "{out}\n{err}");
        for word in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
            assert!(!err.contains(word), "{err}");
        }
        self
    }
}

/// A process that does not outlive its test, however that ends.
struct Running(Child);

impl Running {
    #[track_caller]
    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("it starts").success());
    }

    #[track_caller]
    fn wait(&mut self) -> ExitStatus {
        self.0.wait().expect("it ends")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be ended, and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The command, with a cache that all tests share: compiling the component is what lasts.
fn countersign(args: &[&str]) -> Command {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    let cache = CACHE.get_or_init(|| {
        let cache = scratch("cache");
        let warmed = bare(&["call", "meta.describe"], &cache).output();
        Ran::of(warmed.expect("it starts")).ended(0);
        cache
    });
    bare(args, cache)
}

fn bare(args: &[&str], cache: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command
        .arg("--cache")
        .arg(cache)
        .args(args)
        .stdin(Stdio::null())
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR");
    for name in ["STORE", "STORE_TO", "KEYS", "REALM", "DIRECTORY"] {
        command.env_remove(format!("COUNTERSIGN_{name}"));
    }
    command
}

fn run(args: &[&str]) -> Ran {
    Ran::of(countersign(args).output().expect("it starts"))
}

/// Runs the command with something to read on its standard input.
fn run_with_input(args: &[&str], input: &str) -> Ran {
    let mut child = countersign(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    Ran::of(child.wait_with_output().expect("it ends"))
}

/// A path below the build directory that no other test uses.
fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Writes a file to be read by the command.
fn file(name: &str, content: &[u8]) -> String {
    let path = scratch(name);
    fs::write(&path, content).expect("it can be written");
    path.to_str().expect("it is UTF-8").to_owned()
}
