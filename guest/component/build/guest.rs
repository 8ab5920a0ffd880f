//! The inner cargo that compiles the component.

use std::env;
use std::path::{Path, PathBuf};

use super::failure::{Failure, capture};
use super::inner_cargo::inner_cargo;
use super::target::TARGET;

/// What the build of the component depends on.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) cargo: String,
    pub(crate) rustc: String,
    /// Where the target's `core` and `alloc` are, unless the toolchain has them.
    pub(crate) sysroot: Option<PathBuf>,
    /// The inner build directory.
    pub(crate) scratch: PathBuf,
    pub(crate) workspace: PathBuf,
}

impl Guest {
    /// Builds the component of a package and returns its file.
    pub(crate) fn build(&self, package: &str) -> Result<PathBuf, Failure> {
        let mut command = inner_cargo(&self.cargo, &self.rustc, &self.scratch);
        command
            .current_dir(&self.workspace)
            .args(["build", "--quiet", "--lib"])
            .args(["--package", package])
            .args(["--profile", PROFILE])
            .args(["--target", TARGET])
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags().join(SEPARATOR));
        if self.workspace.join("Cargo.lock").is_file() {
            // The outer cargo has just brought it up to date; two writers would race.
            command.arg("--locked");
        }
        capture(&mut command).map_err(|reason| Failure {
            step: "compile the guest",
            reason,
            remedy: "mend what the compiler complains about".to_owned(),
        })?;
        Ok(self
            .scratch
            .join(TARGET)
            .join(PROFILE)
            .join(package.replace('-', "_"))
            .with_extension("wasm"))
    }

    fn flags(&self) -> Vec<String> {
        // File names in panic messages: the same on every machine, so that the same
        // sources and compiler give the same digest.
        let mut flags = vec![remap(&self.workspace, "countersign")];
        if let Some(home) = cargo_home() {
            flags.push(remap(&home, "cargo"));
        }
        if let Some(sysroot) = &self.sysroot {
            flags.push(format!("--sysroot={}", sysroot.display()));
        }
        flags
    }
}

fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

const PROFILE: &str = "guest";

/// What cargo wants between the flags of `CARGO_ENCODED_RUSTFLAGS`.
pub(crate) const SEPARATOR: &str = "\u{1f}";
