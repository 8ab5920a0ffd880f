//! A private sysroot: `core` and `alloc` of the target, compiled from the compiler's sources.
//!
//! It is for machines whose toolchain lacks the target and that reach no more than
//! package mirrors. Neither the toolchain nor the system is touched.
//!
//! # Security
//!
//! The sources come from the toolchain itself or from Debian's archive with its
//! signatures checked, and always in the version of the compiler at hand.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::debian;
use super::failure::{Failure, capture};
use super::guest::SEPARATOR;
use super::inner_cargo::inner_cargo;
use super::target::{TARGET, Toolchain};

/// Returns the private sysroot for `toolchain`, which it makes unless it is there.
///
/// Builds that run at the same time wait for the first. A build that was
/// interrupted leaves nothing that a later one takes for finished.
pub(crate) fn provide(
    toolchain: &Toolchain,
    cargo: &str,
    scratch: &Path,
) -> Result<PathBuf, Failure> {
    let name = format!("sysroot-{}-{}", toolchain.release, toolchain.commit);
    let finished = scratch.join(&name);
    if finished.is_dir() {
        return Ok(finished);
    }

    let lock_file = scratch.join("sysroot.lock");
    let lock = File::create(&lock_file).map_err(|error| Failure::of_file(&lock_file, &error))?;
    // Held until this function returns; the system lets go of it if the build is killed.
    lock.lock()
        .map_err(|error| Failure::of_file(&lock_file, &error))?;
    if finished.is_dir() {
        return Ok(finished);
    }

    let work = scratch.join(format!("{name}.partial"));
    remove(&work)?;
    make(toolchain, cargo, &work)?;
    // What was compiled against an earlier one of the same name is of no use, and
    // cargo cannot know.
    remove(&scratch.join(TARGET))?;
    fs::rename(work.join("sysroot"), &finished)
        .map_err(|error| Failure::of_file(&finished, &error))?;
    remove(&work)?;
    Ok(finished)
}

/// Makes `work/sysroot`.
fn make(toolchain: &Toolchain, cargo: &str, work: &Path) -> Result<(), Failure> {
    let library = match library_of(toolchain) {
        Some(library) => library,
        None => debian::fetch_library(&toolchain.release, &work.join("debian"))?,
    };
    let failed = |error: io::Error| Failure::of_file(work, &error);
    let source = work.join("source");
    let rustc = lay_source_sysroot(toolchain, &library, &source).map_err(failed)?;
    let crates = compile(cargo, &rustc, &work.join("compile"))?;
    lay_final_sysroot(toolchain, &crates, &work.join("sysroot")).map_err(failed)
}

/// The standard library's sources, if the toolchain has them (`rust-src`).
fn library_of(toolchain: &Toolchain) -> Option<PathBuf> {
    let library = toolchain.sysroot.join(LIBRARY);
    library.join("Cargo.lock").is_file().then_some(library)
}

/// Lays out a sysroot as `-Zbuild-std` wants it, and returns the compiler to use with it.
///
/// Cargo looks for the sources below the compiler's sysroot, which may be read-only:
/// hence a folder of links to the real one, with the sources beside them, and a
/// compiler that takes this folder for its sysroot.
fn lay_source_sysroot(toolchain: &Toolchain, library: &Path, at: &Path) -> io::Result<PathBuf> {
    let rustlib = at.join("lib/rustlib");
    fs::create_dir_all(rustlib.join("src/rust"))?;
    link(library, &at.join(LIBRARY))?;
    link_rustlib(toolchain, &rustlib)?;

    let rustc = at.join("bin/rustc");
    fs::create_dir_all(at.join("bin"))?;
    let real = toolchain.sysroot.join("bin/rustc");
    let real = if real.is_file() {
        real
    } else {
        PathBuf::from(&toolchain.rustc)
    };
    fs::write(
        &rustc,
        format!(
            "#!/bin/sh\nexec {} --sysroot {} \"$@\"\n",
            quoted(&real),
            quoted(at)
        ),
    )?;
    make_executable(&rustc)?;
    Ok(rustc)
}

/// Compiles `core` and `alloc` and returns the files.
fn compile(cargo: &str, rustc: &Path, at: &Path) -> Result<Vec<PathBuf>, Failure> {
    let build = at.join("target");
    (|| {
        fs::create_dir_all(at.join("src"))?;
        fs::write(at.join("src/lib.rs"), "#![no_std]\n")?;
        fs::write(at.join("Cargo.toml"), MANIFEST)
    })()
    .map_err(|error| Failure::of_file(at, &error))?;

    let mut command = inner_cargo(cargo, &rustc.to_string_lossy(), &build);
    command
        .current_dir(at)
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .args(["-Zbuild-std=core,alloc"])
        // `memcmp` and the like, for which there is no libc here.
        .args(["-Zbuild-std-features=compiler-builtins-mem"])
        // `-Zbuild-std` is the one thing here that stable cargo does not offer.
        .env("RUSTC_BOOTSTRAP", "1")
        // The guest is built with link-time optimization, which reads bitcode.
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            [
                "-Cembed-bitcode=yes",
                &format!("--remap-path-prefix={}=rust", at.display()),
            ]
            .join(SEPARATOR),
        );
    capture(&mut command).map_err(|reason| Failure {
        step: "compile core and alloc for the component's target",
        reason,
        remedy: format!("use a toolchain that has {TARGET}, or check that crates.io is reached"),
    })?;

    let mut crates = Vec::new();
    collect_crates(&build.join(TARGET), &mut crates)
        .map_err(|error| Failure::of_file(&build, &error))?;
    Ok(crates)
}

/// Lays out the sysroot that the guest is compiled with.
fn lay_final_sysroot(toolchain: &Toolchain, crates: &[PathBuf], at: &Path) -> io::Result<()> {
    let rustlib = at.join("lib/rustlib");
    let library = rustlib.join(TARGET).join("lib");
    let contained = library.join("self-contained");
    fs::create_dir_all(&contained)?;
    for file in crates {
        if let Some(name) = file.file_name() {
            fs::copy(file, library.join(name))?;
        }
    }
    // An archive of nothing, for crates that ask for `-lc` on this target.
    fs::write(contained.join("libc.a"), "!<arch>\n")?;
    // The linker comes with the compiler for the host.
    link_rustlib(toolchain, &rustlib)
}

/// Links to the libraries and tools of the host.
fn link_rustlib(toolchain: &Toolchain, rustlib: &Path) -> io::Result<()> {
    let real = toolchain.sysroot.join("lib/rustlib").join(&toolchain.host);
    link(&real, &rustlib.join(&toolchain.host))
}

/// Finds the compiled crates, in whatever layout cargo has today.
///
/// That is code and metadata, which newer compilers may keep in files of their own.
fn collect_crates(folder: &Path, crates: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_crates(&path, crates)?;
        } else if path
            .extension()
            .is_some_and(|it| it == "rlib" || it == "rmeta")
            && !path
                .file_name()
                .is_some_and(|it| it.to_string_lossy().starts_with(SCRATCH))
        {
            crates.push(path);
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::of_file(folder, &error))
        }
        _ => Ok(()),
    }
}

/// `path` as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Where cargo looks for the standard library's sources, below the sysroot.
const LIBRARY: &str = "lib/rustlib/src/rust/library";

/// What the files of the crate below are called, which is of no use to the guest.
const SCRATCH: &str = "libscratch";

/// A crate of nothing, for the sake of what it depends on.
const MANIFEST: &str = r#"[package]
name = "scratch"
version = "0.0.0"
edition = "2024"

[profile.release]
codegen-units = 1
opt-level = 3
panic = "abort"

[workspace]
"#;
