//! The plugin in Python, in the host's laboratory: every case of the core level.
//!
//! The trials are called `python/verify/right-code-once`. The component is built once for its sources and compiled once,
//! below `target/`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};

use countersign_conformance::{Cases, Component, Expected, Lab, Level, Local, runner};
use countersign_host::{Digest, Limits, Plugin};
use countersign_tests::peer::Peer;
use libtest_mimic::{Failed, Trial};

use crate::RUNTIME;

pub(crate) fn trials(cases: &Arc<Cases>) -> Vec<Trial> {
    let expected = include_str!("../plugins/python/expected.toml");
    let expected = Expected::parse(expected, cases).expect("the list is readable");
    let expected = Arc::new(expected);
    let mut trials = Vec::new();
    for (file, case) in cases.required_of(Level::Core) {
        let name = format!("python/{}/{}", file.name, case.id);
        let (cases, case) = (Arc::clone(cases), case.clone());
        let expected = Arc::clone(&expected);
        trials.push(Peer::ComponentizePy.trial(name, move || {
            let lab = LAB.as_ref().map_err(|why| Failed::from(why.as_str()))?;
            let ran = RUNTIME.block_on(runner::run(&cases, &case, &**lab));
            match (expected.why(&case.id).is_some(), ran.passed()) {
                (false, Err(failed)) => Err(Failed::from(failed.to_string())),
                (true, Ok(())) => Err(Failed::from("it passed unexpectedly")),
                _ => Ok(()),
            }
        }));
    }
    trials
}

/// The component in its laboratory, made once for all trials.
static LAB: LazyLock<Result<Arc<dyn Lab>, String>> = LazyLock::new(|| {
    let component = build()?;
    let plugin = Plugin::builder()
        .lab_stub_wasi()
        .limits(Limits::lab())
        .max_size(64 << 20)
        .cache(Path::new(CACHE).join("compiled"))
        .load_file(component)
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(Local::of(Arc::new(Component::of(
        "python", plugin,
    )))))
});

/// Builds the component, if it is not there for these very sources.
fn build() -> Result<PathBuf, String> {
    let built = Path::new(CACHE).join(format!("{}.wasm", digest_of_sources()?));
    if built.exists() {
        return Ok(built);
    }
    fs::create_dir_all(CACHE).map_err(|error| error.to_string())?;
    // Under a name of its own until it is whole, since other test runs may build it too.
    let partial = built.with_extension(format!("{}.tmp", std::process::id()));
    let output = Command::new(Peer::ComponentizePy.program())
        .args(["--wit-path", WIT, "--world", "plugin", "componentize"])
        .args(["--python-path", SOURCES, "app", "--output"])
        .arg(&partial)
        // The sources' own directory stays as it is.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .map_err(|error| format!("componentize-py does not start: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("componentize-py: {}\n{said}", output.status));
    }
    fs::rename(&partial, &built).map_err(|error| error.to_string())?;
    Ok(built)
}

/// Returns the digest of all that the component is made of.
fn digest_of_sources() -> Result<Digest, String> {
    let mut files = Vec::new();
    list(Path::new(SOURCES), "py", &mut files)?;
    list(Path::new(WIT), "wit", &mut files)?;
    files.sort();
    let version = Command::new(Peer::ComponentizePy.program())
        .arg("--version")
        .output()
        .map_err(|error| format!("componentize-py does not start: {error}"))?;
    let mut all = String::from_utf8_lossy(&version.stdout).into_owned();
    for path in files {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        // Writing to a text never fails.
        let _ = write!(all, "{}\n{}\n{text}", path.display(), text.len());
    }
    Ok(Digest::of(all.as_bytes()))
}

/// Collects the files of a folder and those below it that end so.
fn list(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            list(&path, extension, files)?;
        } else if path.extension().is_some_and(|it| it == extension) {
            files.push(path);
        }
    }
    Ok(())
}

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/plugins/python");
const WIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/python-plugin");
