//! Where somebody releases plugins, or gets them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A folder of one trial's own, with a plugin in it.
pub(crate) struct Desk(PathBuf);

/// What a run of the command came to.
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    code: Option<i32>,
}

impl Desk {
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("releases")
            .join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("it can be made");
        let desk = Self(folder);
        desk.write("plugin.wasm", countersign_component::WASM);
        desk
    }

    /// Puts another release beside the first: the same component with a note at its end.
    pub(crate) fn other_release(&self) {
        let note = b"\0\x05\x04note";
        self.write("other.wasm", &[countersign_component::WASM, note].concat());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).expect("it can be written");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).expect("it is there")
    }

    /// Returns the names of all that lies there, also of what is hidden.
    pub(crate) fn files(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).expect("it is there");
        let name = |it: std::io::Result<fs::DirEntry>| it.expect("it is there").file_name();
        let mut names: Vec<String> = names
            .map(|it| name(it).into_string().expect("it is UTF-8"))
            .collect();
        names.sort();
        names
    }

    /// Runs a program there.
    pub(crate) fn program(&self, program: &str, args: &[&str]) -> Ran {
        let mut command = Command::new(program);
        Ran::of(command.current_dir(&self.0).args(args), "")
    }

    /// Runs the command there.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_as(args, &[], "")
    }

    /// Runs the command there, with something in its environment and on its standard input.
    pub(crate) fn run_as(&self, args: &[&str], environment: &[(&str, &str)], input: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .current_dir(&self.0)
            .args(args)
            .env_remove("COUNTERSIGN_REGISTRY_USERNAME")
            .env_remove("COUNTERSIGN_REGISTRY_PASSWORD")
            .envs(environment.iter().copied());
        Ran::of(&mut command, input)
    }
}

impl Ran {
    fn of(command: &mut Command, input: &str) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        // Who does not read may have ended.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        Self {
            out: String::from_utf8(output.stdout).expect("it prints UTF-8"),
            err: String::from_utf8(output.stderr).expect("it prints UTF-8"),
            code: output.status.code(),
        }
    }

    /// Checks how it ended, and that it did not panic.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        let Self { out, err, .. } = &self;
        assert_eq!(self.code, Some(code), "{out}\n{err}");
        assert!(!err.contains("panicked"), "{err}");
        self
    }

    /// Checks that it ended with an error in one line that has these words.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, words: &str) {
        let Self { out, err, .. } = self.ended(code);
        assert!(err.contains(words), "{words}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert_eq!(out, "");
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("it prints JSON")
    }
}
