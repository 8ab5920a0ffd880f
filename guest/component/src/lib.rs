//! The plugin, and the probe that tests hosts, as WebAssembly components, built on the way by this crate's build script.
//!
//! Whoever depends on this crate gets a component that matches the sources beside
//! it: tests, the demo and the benchmarks need no separate step. An embedder does
//! not need this crate; it loads the file that was released.
//!
//! # Examples
//!
//! ```
//! assert!(countersign_component::WASM.starts_with(b"\0asm"));
//! assert_eq!(
//!     std::fs::read(countersign_component::PATH)?,
//!     countersign_component::WASM,
//! );
//! assert!(countersign_component::PROBE.starts_with(b"\0asm"));
//! # Ok::<(), std::io::Error>(())
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod inner_cargo;

use std::path::Path;
use std::process::Command;

/// The component's bytes.
pub const WASM: &[u8] = include_bytes!(env!("COUNTERSIGN_COMPONENT"));

/// The file that holds [`WASM`], below the build directory.
pub const PATH: &str = env!("COUNTERSIGN_COMPONENT");

/// The build directory that they lie in, wherever the user has put it: its root, if cargo made that, or else a part of it.
pub const BUILD_DIRECTORY: &str = env!("COUNTERSIGN_BUILD_DIRECTORY");

/// What to pass to that compiler as `--sysroot` for the component's target; none where the toolchain has the target.
pub const SYSROOT: Option<&str> = option_env!("COUNTERSIGN_SYSROOT");

/// The bytes of the probe, which tests hosts: it carries out a script with its imports. It signs nobody in.
pub const PROBE: &[u8] = include_bytes!(env!("COUNTERSIGN_PROBE"));

/// The file that holds [`PROBE`], below the build directory.
pub const PROBE_PATH: &str = env!("COUNTERSIGN_PROBE");

/// Returns the cargo that built them, with the same compiler, to build another component below `scratch`.
///
/// It inherits nothing of a cargo that runs the caller: its flags, wrappers and directories are meant for another build.
#[must_use]
pub fn inner_cargo(scratch: &Path) -> Command {
    let (cargo, rustc) = (env!("COUNTERSIGN_CARGO"), env!("COUNTERSIGN_RUSTC"));
    inner_cargo::inner_cargo(cargo, rustc, scratch)
}
