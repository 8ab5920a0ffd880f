//! Somebody who reads the guide, and does what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::guest_build::GuestBuild;
use serde_json::Value;

use crate::page::Block;

/// A reader with a plugin's sources.
pub(crate) struct Reader {
    folder: PathBuf,
    scratch: PathBuf,
}

/// What a run of the cases came to.
pub(crate) struct Seen {
    pub(crate) conforms: bool,
    pub(crate) passed: BTreeSet<String>,
    /// The cases that failed, and why.
    pub(crate) failed: BTreeMap<String, String>,
}

impl Reader {
    /// Makes the sources with the command. What they depend on is what this tree depends on, so no network is needed.
    pub(crate) fn begin() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
        let folder = root.join("my-plugin");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("it goes");
        }
        let made = countersign(&["new", "my-plugin", "--path"])
            .arg(&folder)
            .output();
        let made = made.expect("it starts");
        assert!(made.status.success(), "{made:?}");
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        fs::copy(tree.join("Cargo.lock"), folder.join("Cargo.lock")).expect("it is copied");
        let manifest = folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).expect("it is there");
        fs::write(&manifest, text + PROFILE).expect("it is written");
        Self {
            folder,
            scratch: root.join("build"),
        }
    }

    /// Writes a file of the page in the place of the template's.
    pub(crate) fn put(&self, block: &Block) {
        let path = self.folder.join(&block.path);
        assert!(path.is_file(), "{}: the template has none", block.path);
        fs::write(path, &block.text).expect("it is written");
    }

    /// Builds the plugin, which compiles without a warning.
    pub(crate) fn build(&self) {
        let build = GuestBuild {
            workspace: &self.folder,
            package: "my-plugin",
            profile: "trial",
            scratch: &self.scratch,
            is_strict: true,
        };
        let file = build.run().unwrap_or_else(|error| panic!("{error}"));
        fs::copy(file, self.folder.join("my_plugin.wasm")).expect("it is copied");
    }

    /// Runs a command of the page on the plugin that was built last.
    pub(crate) fn run(&self, command: &str) -> Seen {
        let wasm = self.folder.join("my_plugin.wasm");
        let mut run = countersign(&["--cache"]);
        run.arg(self.scratch.join("compiled"));
        for word in command.split(' ') {
            match word.ends_with("my_plugin.wasm") {
                true => run.arg(&wasm),
                false => run.arg(word),
            };
        }
        let ran = run.args(["--json", "-"]).output().expect("it starts");
        let report: Value = serde_json::from_slice(&ran.stdout)
            .unwrap_or_else(|error| panic!("{command}: {error}: {ran:?}"));
        let mut seen = Seen {
            conforms: report["passes"] == true,
            passed: BTreeSet::new(),
            failed: BTreeMap::new(),
        };
        for case in report["cases"].as_array().expect("it is a list") {
            let text = |field: &str| case[field].as_str().unwrap_or_default().to_owned();
            match &*text("verdict") {
                "passed" => drop(seen.passed.insert(text("id"))),
                "failed" => drop(seen.failed.insert(text("id"), text("why"))),
                _ => {}
            }
        }
        seen
    }
}

fn countersign(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(args);
    command
}

/// For a build that is soon there.
const PROFILE: &str = r#"
[profile.trial]
inherits = "release"
codegen-units = 16
lto = false
opt-level = 1
"#;
