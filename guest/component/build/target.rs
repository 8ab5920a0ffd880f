//! The standard library of the component's target, from the nearest place that has it.
//!
//! 1. The toolchain has it.
//! 2. rustup can add it, and is not told to leave the toolchain alone.
//! 3. `core` and `alloc` are compiled from this compiler's sources, into a private
//!    folder: see [`sysroot`](super::sysroot).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::failure::{Failure, capture};
use super::sysroot;

/// The compiler that the outer cargo uses, and what it says of itself.
#[derive(Debug)]
pub(crate) struct Toolchain {
    pub(crate) rustc: String,
    /// Such as `1.95.0`.
    pub(crate) release: String,
    /// Tells builds of one release apart, distributions' own among them.
    pub(crate) commit: String,
    /// Such as `x86_64-unknown-linux-gnu`.
    pub(crate) host: String,
    pub(crate) sysroot: PathBuf,
}

impl Toolchain {
    /// Asks `rustc` what it is.
    pub(crate) fn read(rustc: String) -> Result<Self, Failure> {
        let broken = |reason| Failure {
            step: "ask the compiler for its version",
            reason,
            remedy: "check that `rustc -vV` works here".to_owned(),
        };
        let version = capture(Command::new(&rustc).arg("-vV")).map_err(broken)?;
        let field = |name: &str| {
            version
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .map(str::to_owned)
                .ok_or_else(|| broken(format!("`{rustc} -vV` names no {name}")))
        };
        let sysroot = capture(Command::new(&rustc).args(["--print", "sysroot"])).map_err(broken)?;
        Ok(Self {
            release: field("release")?,
            commit: field("commit-hash")?,
            host: field("host")?,
            sysroot: PathBuf::from(sysroot.trim()),
            rustc,
        })
    }

    /// Whether the target came with the toolchain, or was added to it.
    fn has_target(&self) -> bool {
        let library = self.sysroot.join("lib/rustlib").join(TARGET).join("lib");
        fs::read_dir(library).is_ok_and(|files| {
            files
                .flatten()
                .any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
        })
    }
}

/// Makes sure that something can be compiled for [`TARGET`].
///
/// Returns the folder to pass as `--sysroot`, or `None` if the toolchain needs none.
pub(crate) fn provide(
    toolchain: &Toolchain,
    cargo: &str,
    scratch: &Path,
) -> Result<Option<PathBuf>, Failure> {
    if toolchain.has_target() {
        return Ok(None);
    }
    let refusal = match add_with_rustup() {
        Ok(()) if toolchain.has_target() => return Ok(None),
        Ok(()) => "rustup added it to another toolchain than this".to_owned(),
        Err(reason) => reason,
    };
    sysroot::provide(toolchain, cargo, scratch)
        .map(Some)
        .map_err(|failure| Failure {
            reason: format!(
                "{}\nbefore that, `rustup target add`: {refusal}",
                failure.reason.trim()
            ),
            ..failure
        })
}

/// Has rustup add the target to the toolchain in use.
///
/// # Errors
///
/// Returns why not. Where there is no network that is a matter of seconds.
fn add_with_rustup() -> Result<(), String> {
    // Set by whoever prepared a machine whose toolchains are not to change under it.
    if env::var_os("RUSTUP_AUTO_INSTALL").is_some_and(|value| value == "0") {
        return Err("not tried, since RUSTUP_AUTO_INSTALL=0 forbids it".to_owned());
    }
    // rustup sets it for the cargo that it starts; another cargo is not rustup's.
    let Some(name) = env::var_os("RUSTUP_TOOLCHAIN") else {
        return Err("not tried, since this cargo is not rustup's".to_owned());
    };
    let mut rustup = Command::new("rustup")
        .args(["target", "add", TARGET, "--toolchain"])
        .arg(name)
        .env("RUSTUP_MAX_RETRIES", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("rustup: {error}"))?;
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        match rustup.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{status}")),
            Ok(None) => thread::sleep(TICK),
            Err(error) => return Err(error.to_string()),
        }
    }
    // Best effort: it may have ended meanwhile, and rustup undoes what it left half done.
    rustup.kill().and_then(|()| rustup.wait()).ok();
    Err(format!("no answer in {} seconds", PATIENCE.as_secs()))
}

/// The only target that stock rustc turns into a component by itself.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Enough for the 30 MB of the target on a slow line.
const PATIENCE: Duration = Duration::from_secs(120);

const TICK: Duration = Duration::from_millis(50);
