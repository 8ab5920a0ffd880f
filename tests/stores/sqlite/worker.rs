//! Other processes that use a store: this program, started again with a role.

use std::env;
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use countersign_host::store::SqliteStore;

use super::{crash, full, processes, runtime, sign_ins};

/// What a process does to a store.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Commits without end, to be killed.
    Commit,
    /// Lets people sign in without end, to be killed.
    SignIn,
    /// Raises what others raise too, and ends.
    Raise,
    /// Commits until the disk is full, and after it.
    Fill,
}

/// Plays the role that the environment names; says whether there was one.
pub(crate) fn is_worker() -> bool {
    let Ok(role) = env::var(ROLE) else {
        return false;
    };
    let path = env::var_os(STORE).expect("a path");
    runtime().block_on(async {
        let store = SqliteStore::open(&path).await.expect("a store");
        match role.as_str() {
            "Commit" => crash::commit_for_ever(store).await,
            "SignIn" => sign_ins::sign_in_for_ever(store).await,
            "Raise" => processes::raise(store).await,
            "Fill" => full::fill(store).await,
            _ => panic!("no role"),
        }
    });
    true
}

/// Tells the process that started this one something, at once.
pub(super) fn tell(line: &str) {
    let mut out = stdout().lock();
    writeln!(out, "{line}").expect("somebody listens");
    out.flush().expect("somebody listens");
}

/// A process that uses a store. Dropped, it is killed.
pub(super) struct Worker {
    child: Child,
    told: BufReader<ChildStdout>,
}

impl Worker {
    pub(super) fn start(role: Role, path: &Path) -> Self {
        // A file that would grow too large is an error then, and not the end of the process.
        let script = "trap '' XFSZ; exec \"$0\"";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(env::current_exe().expect("a path"))
            .env(ROLE, format!("{role:?}"))
            .env(STORE, path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let told = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, told }
    }

    /// Waits for the next line; none at the end.
    pub(super) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.told.read_line(&mut line).expect("text");
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// Kills it, as nothing else could stop it, and returns what it still had told: whole lines.
    pub(super) fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("a process");
        let mut rest = String::new();
        self.told.read_to_string(&mut rest).expect("text");
        self.child.wait().expect("an end");
        let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
        whole.lines().map(str::to_owned).collect()
    }

    /// Waits until it ends well, and returns what it told.
    pub(super) fn finish(mut self) -> Vec<String> {
        let mut rest = String::new();
        self.told.read_to_string(&mut rest).expect("text");
        let status = self.child.wait().expect("an end");
        assert!(status.success(), "a worker failed");
        rest.lines().map(str::to_owned).collect()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended long since.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ROLE: &str = "COUNTERSIGN_TEST_ROLE";
const STORE: &str = "COUNTERSIGN_TEST_STORE";
