//! A cargo that is run by another one: by this crate's build script, and by tests that build components of their own.

use std::env;
use std::path::Path;
use std::process::Command;

/// A cargo that inherits nothing of the one that runs the caller.
///
/// Whatever the outer one was told, by its command line, by clippy or by the
/// environment, is meant for the outer build: flags, wrappers, profile overrides,
/// directories, the job server.
pub(crate) fn inner_cargo(cargo: &str, rustc: &str, scratch: &Path) -> Command {
    let mut command = Command::new(cargo);
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let foreign = FOREIGN.iter().any(|prefix| text.starts_with(prefix));
        let kept = KEPT.iter().any(|prefix| text.starts_with(prefix));
        if foreign && !kept {
            command.env_remove(&name);
        }
    }
    command
        .env("RUSTC", rustc)
        // Named even where it is the default: a user's cargo configuration may have
        // one build directory for everything, and the outer cargo holds its lock.
        .env("CARGO_BUILD_BUILD_DIR", scratch)
        .env("CARGO_TARGET_DIR", scratch)
        // Even where the user's configuration names a wrapper.
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env("RUSTC_WRAPPER", "");
    command
}

/// What the outer cargo, its front ends and its users set for the outer build.
const FOREIGN: [&str; 13] = [
    "CARGO",
    "CLIPPY_",
    "DEBUG",
    "DEP_",
    "HOST",
    "MAKEFLAGS",
    "MFLAGS",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC",
    "RUSTFLAGS",
];

/// What of that tells where things are to be had, rather than how to build.
const KEPT: [&str; 6] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
];
