//! Builds the component with a cargo of its own, for a target that may have to be made first.
//!
//! Everything is written below the build directory that cargo gave this script. The
//! inner cargo shares nothing with the outer one, neither environment nor directory:
//! `cargo test`, `cargo clippy` and `cargo doc` get the same component, and none of
//! them waits for a lock that the other holds.

mod build {
    pub(crate) mod debian;
    pub(crate) mod failure;
    pub(crate) mod guest;
    #[path = "../src/inner_cargo.rs"]
    pub(crate) mod inner_cargo;
    pub(crate) mod sysroot;
    pub(crate) mod target;
}

use std::path::{Path, PathBuf};
use std::{env, fs};

use build::failure::Failure;
use build::guest::Guest;
use build::target::{self, Toolchain};

fn main() {
    if let Err(failure) = run() {
        for line in failure.to_string().lines() {
            println!("cargo::error={line}");
        }
        // A build script that printed `cargo::error` has failed; the status says so
        // to cargos that are older than that.
        std::process::exit(1);
    }
}

fn run() -> Result<(), Failure> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = manifest
        .ancestors()
        .nth(2)
        .ok_or_else(|| Failure::of_build("guest/component is not two levels below the root"))?;

    watch(workspace);

    let toolchain = Toolchain::read(variable("RUSTC")?)?;
    let directory = build_directory(&out);
    println!(
        "cargo::rustc-env=COUNTERSIGN_BUILD_DIRECTORY={}",
        directory.display()
    );
    let scratch = directory.join("guest");
    fs::create_dir_all(&scratch).map_err(|error| Failure::of_file(&scratch, &error))?;

    let cargo = variable("CARGO")?;
    let sysroot = target::provide(&toolchain, &cargo, &scratch)?;
    // For whoever builds another component the same way.
    println!("cargo::rustc-env=COUNTERSIGN_CARGO={cargo}");
    println!("cargo::rustc-env=COUNTERSIGN_RUSTC={}", toolchain.rustc);
    if let Some(sysroot) = &sysroot {
        println!("cargo::rustc-env=COUNTERSIGN_SYSROOT={}", sysroot.display());
    }

    let guest = Guest {
        cargo,
        sysroot,
        rustc: toolchain.rustc,
        scratch,
        workspace: workspace.to_owned(),
    };
    for (package, name, variable) in COMPONENTS {
        let built = guest.build(package)?;
        // A copy, since the next build replaces the original in place, and a crate that
        // was compiled against this one must keep what it was compiled against.
        let component = out.join(name);
        fs::copy(&built, &component).map_err(|error| Failure::of_file(&built, &error))?;
        println!("cargo::rustc-env={variable}={}", component.display());
    }
    Ok(())
}

/// Has cargo run this script again when anything changes that the component is made of.
fn watch(workspace: &Path) {
    for source in SOURCES {
        let path = workspace.join(source);
        // What does not exist would count as changed at every build.
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}

/// The root of the build directory that `out` lies in, wherever the user has put it.
fn build_directory(out: &Path) -> &Path {
    // Cargo marks the root for backup programs. The levels in between are its own
    // affair, and have changed before.
    out.ancestors()
        .find(|path| path.join("CACHEDIR.TAG").is_file())
        .unwrap_or(out)
}

fn variable(name: &str) -> Result<String, Failure> {
    env::var(name).map_err(|error| Failure::of_build(&format!("{name}: {error}")))
}

/// What is built: the package, the file, and the variable that names the file.
const COMPONENTS: [(&str, &str, &str); 2] = [
    (
        "countersign-plugin",
        "countersign.wasm",
        "COUNTERSIGN_COMPONENT",
    ),
    ("countersign-probe", "probe.wasm", "COUNTERSIGN_PROBE"),
];

const SOURCES: [&str; 13] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "guest/Cargo.toml",
    "guest/build.rs",
    "guest/core/Cargo.toml",
    "guest/core/src",
    "guest/probe/Cargo.toml",
    "guest/probe/src",
    "guest/sdk/Cargo.toml",
    "guest/sdk/src",
    "guest/src",
    "wit",
];
