//! The component with all mutants in it, and each of them as a component of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_conformance::{Component, Lab, Local};
use countersign_host::{Limits, Plugin};

use super::{Fault, Mutant, tree};
use crate::guest_build::GuestBuild;

/// The component that can be any of the mutants.
#[derive(Debug)]
pub struct Build {
    wasm: Vec<u8>,
    /// Where the marker stands in it.
    marker: usize,
    directory: PathBuf,
}

impl Build {
    /// Builds it below the build directory, unless it is there already.
    ///
    /// # Errors
    ///
    /// A change that does not fit the sources, or what the compiler complains about.
    pub fn of(mutants: &[Mutant]) -> Result<Self, Fault> {
        let directory = Path::new(countersign_component::BUILD_DIRECTORY).join("mutants");
        fs::create_dir_all(&directory)?;
        // Two processes that write the same sources would build half of each other's.
        let lock = File::create(directory.join("lock"))?;
        lock.lock()?;
        let workspace = directory.join("tree");
        tree::write(&workspace, mutants)?;
        let built = GuestBuild {
            workspace: &workspace,
            package: "countersign-plugin",
            profile: "mutants",
            scratch: &directory.join("build"),
            is_strict: false,
        };
        let wasm = fs::read(built.run()?)?;
        let mut found = wasm
            .windows(MARKER_LENGTH)
            .enumerate()
            .filter(|(_, it)| *it == marker("").as_bytes());
        let (Some((marker, _)), None) = (found.next(), found.next()) else {
            return Err("the marker is not once in the component".into());
        };
        forget_others(&directory, &wasm)?;
        Ok(Self {
            wasm,
            marker,
            directory,
        })
    }

    /// Returns the component in which a mutant is active, and writes it to a file that is called after it. Without an id
    /// none is: the control, which must pass every case.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn component(&self, id: Option<&str>) -> Result<Vec<u8>, Fault> {
        let mut wasm = self.wasm.clone();
        let end = self.marker.saturating_add(MARKER_LENGTH);
        let place = wasm
            .get_mut(self.marker..end)
            .ok_or("no room for a marker")?;
        place.copy_from_slice(marker(id.unwrap_or_default()).as_bytes());
        let path = self.path(id);
        if !fs::read(&path).is_ok_and(|it| it == wasm) {
            fs::write(&path, &wasm).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(wasm)
    }

    /// Returns where that component lies once it was written.
    #[must_use]
    pub fn path(&self, id: Option<&str>) -> PathBuf {
        let id = id.unwrap_or("control");
        self.directory.join(format!("{id}.wasm"))
    }

    /// Returns a lab for that component.
    ///
    /// # Errors
    ///
    /// As [`component`](Self::component), or the host's refusal.
    pub fn lab(&self, id: Option<&str>) -> Result<Arc<dyn Lab>, Fault> {
        let mut limits = Limits::default();
        // One that hangs is caught by that.
        limits.guest_time = Duration::from_secs(10);
        limits.call_time = Duration::from_secs(30);
        let plugin = Plugin::builder()
            .limits(limits)
            .cache(self.directory.join("compiled"))
            .load(&self.component(id)?)?;
        let name = format!("mutants/{}", id.unwrap_or("control"));
        Ok(Arc::new(Local::of(Arc::new(Component::of(name, plugin)))))
    }
}

/// The marker with an id, filled up with spaces.
pub(super) fn marker(id: &str) -> String {
    format!(
        "{MARKER}{id:<width$}",
        width = MARKER_LENGTH.saturating_sub(MARKER.len())
    )
}

/// Drops what was compiled of another build.
fn forget_others(directory: &Path, wasm: &[u8]) -> Result<(), Fault> {
    let current = directory.join("current.wasm");
    if fs::read(&current).is_ok_and(|it| it == wasm) {
        return Ok(());
    }
    let compiled = directory.join("compiled");
    if compiled.is_dir() {
        fs::remove_dir_all(compiled)?;
    }
    fs::write(current, wasm)?;
    Ok(())
}

/// What the marker begins with.
const MARKER: &str = "COUNTERSIGN-MUTANT=";

/// The whole marker.
pub(super) const MARKER_LENGTH: usize = 96;

/// The longest id of a mutant, so that a space follows it in the marker.
pub(super) const LONGEST_ID: usize = 64;
