//! Builds a workspace of Rust sources as a component, the way `guest/component` builds the plugin.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// A component to be built.
#[derive(Clone, Copy, Debug)]
pub struct GuestBuild<'a> {
    /// Where the workspace is.
    pub workspace: &'a Path,
    /// The package that becomes the component.
    pub package: &'a str,
    /// The profile to build it in.
    pub profile: &'a str,
    /// The build directory, of this build's own.
    pub scratch: &'a Path,
    /// Whether a warning fails the build.
    pub is_strict: bool,
}

/// A component that could not be built.
#[derive(Debug)]
pub struct Unbuilt(String);

impl GuestBuild<'_> {
    /// Builds it, and returns its file. What is up to date is not built again.
    ///
    /// Nothing is downloaded: what the sources depend on must be what the plugin depends on, too.
    ///
    /// # Errors
    ///
    /// [`Unbuilt`] with what cargo said.
    pub fn run(&self) -> Result<PathBuf, Unbuilt> {
        let mut command = countersign_component::inner_cargo(self.scratch);
        let sysroot = countersign_component::SYSROOT.map(|it| format!("--sysroot={it}"));
        let strict = self.is_strict.then(|| "-Dwarnings".to_owned());
        let rustflags: Vec<String> = sysroot.into_iter().chain(strict).collect();
        let output = command
            .current_dir(self.workspace)
            .args(["build", "--offline", "--quiet", "--lib"])
            .args(["--package", self.package])
            .args(["--profile", self.profile])
            .args(["--target", TARGET])
            .env("CARGO_ENCODED_RUSTFLAGS", rustflags.join("\u{1f}"))
            .output()
            .map_err(|error| Unbuilt(format!("cargo does not start: {error}")))?;
        if !output.status.success() {
            return Err(Unbuilt(
                String::from_utf8_lossy(&output.stderr).into_owned(),
            ));
        }
        let name = self.package.replace('-', "_");
        let directory = self.scratch.join(TARGET).join(self.profile);
        Ok(directory.join(format!("{name}.wasm")))
    }
}

impl fmt::Display for Unbuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the component was not built: {}", self.0.trim())
    }
}

impl Error for Unbuilt {}

/// The only target that stock rustc turns into a component by itself.
const TARGET: &str = "wasm32-wasip2";
