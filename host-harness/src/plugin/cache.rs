//! Compiled code in files of our own.
//!
//! ```text
//! "cswasm01" | SHA-256 of the rest | digest of the component | hash of the engine | what wasmtime serialised
//! ```
//!
//! The digest finds damage: wasmtime does not look closely at what it is told to be its own. It finds no malice; what
//! keeps that out is said at [`PluginBuilder::cache`](super::PluginBuilder::cache).

use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::compile;
use crate::digest::Digest;
use crate::error::LoadError;

/// Loads a component from the cache, or compiles it and keeps it there. Says whether it came from the cache.
pub(super) fn load(
    engine: &Engine,
    bytes: &[u8],
    digest: Digest,
    directory: &Path,
) -> Result<(Component, bool), LoadError> {
    prepare(directory)?;
    let place = Place::new(engine, digest, directory);
    if let Some(component) = place.read(engine) {
        return Ok((component, true));
    }
    let component = compile(engine, bytes)?;
    // A cache that cannot be written costs time, and nothing else.
    let _ = component
        .serialize()
        .map_err(io::Error::other)
        .and_then(|compiled| place.write(&compiled));
    Ok((component, false))
}

/// Where the compiled code of one component for one engine is kept.
struct Place {
    path: PathBuf,
    /// What the file must say of itself.
    label: Vec<u8>,
}

impl Place {
    fn new(engine: &Engine, component: Digest, directory: &Path) -> Self {
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine: [u8; 32] = hasher.0.finalize().into();
        let mut name = component.to_string();
        name.push('-');
        for byte in engine.iter().take(8) {
            name.push_str(&format!("{byte:02x}"));
        }
        name.push_str(".cwasm");
        Self {
            path: directory.join(name),
            label: [component.as_bytes().as_slice(), &engine].concat(),
        }
    }

    /// Reads a file that is whole, ours and of this place; none if it is not.
    fn read(&self, engine: &Engine) -> Option<Component> {
        let mut file = File::open(&self.path).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || permissions::check(&metadata).is_err() {
            return None;
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content).ok()?;
        let rest = content.strip_prefix(MAGIC)?;
        let (sum, rest) = rest.split_first_chunk::<32>()?;
        if Sha256::digest(rest).as_slice() != sum {
            return None;
        }
        let compiled = rest.strip_prefix(self.label.as_slice())?;
        deserialize(engine, compiled)
    }

    /// Writes beside the place and renames, so that nobody ever reads half a file.
    fn write(&self, compiled: &[u8]) -> io::Result<()> {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let extension = format!("{}-{count}.tmp", std::process::id());
        let temporary = self.path.with_extension(extension);
        let written = self.write_to(&temporary, compiled);
        let renamed = written.and_then(|()| fs::rename(&temporary, &self.path));
        if renamed.is_err() {
            // There is nothing to do about a file that stays.
            let _ = fs::remove_file(&temporary);
        }
        renamed
    }

    fn write_to(&self, path: &Path, compiled: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        permissions::for_us_alone(&mut options);
        let mut file = options.open(path)?;
        let mut sum = Sha256::new();
        sum.update(&self.label);
        sum.update(compiled);
        file.write_all(MAGIC)?;
        file.write_all(&sum.finalize())?;
        file.write_all(&self.label)?;
        file.write_all(compiled)?;
        file.sync_all()
    }
}

#[expect(
    unsafe_code,
    reason = "the one place where compiled code is taken on trust"
)]
fn deserialize(engine: &Engine, compiled: &[u8]) -> Option<Component> {
    // SAFETY: the bytes must come from `Component::serialize`. They were read from a file that belongs to this
    // process's user, is writable by nobody else and lies in such a directory (`prepare`, `permissions::check`), so
    // this process's user wrote it; `Place::write` is what writes such files. They are whole: the digest in front of
    // them was just checked, on this very copy. That another version or configuration of the engine made them,
    // wasmtime finds out itself, and is ruled out by the label. What remains is another program of the same user,
    // which needs no plugin to run code as that user.
    unsafe { Component::deserialize(engine, compiled) }.ok()
}

/// Makes the directory, and checks that it is ours alone.
fn prepare(directory: &Path) -> Result<(), LoadError> {
    let refuse = |why: String| LoadError::Cache(format!("{}: {why}", directory.display()));
    permissions::create(directory).map_err(|error| refuse(error.to_string()))?;
    let metadata = fs::metadata(directory).map_err(|error| refuse(error.to_string()))?;
    if !metadata.is_dir() {
        return Err(refuse("expected a directory".to_owned()));
    }
    permissions::check(&metadata).map_err(|why| refuse(why.to_owned()))
}

#[cfg(unix)]
mod permissions {
    use std::fs::{DirBuilder, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::path::Path;

    pub(super) fn create(directory: &Path) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
    }

    pub(super) fn for_us_alone(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn check(metadata: &Metadata) -> Result<(), &'static str> {
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err("expected it to belong to this process's user");
        }
        match metadata.mode() & 0o022 {
            0 => Ok(()),
            _ => Err("expected it to be writable by nobody else"),
        }
    }
}

#[cfg(not(unix))]
mod permissions {
    use std::fs::{self, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(super) fn create(directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)
    }

    pub(super) fn for_us_alone(_: &mut OpenOptions) {}

    pub(super) fn check(_: &Metadata) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Feeds what is hashed to SHA-256, so that the name of a file is the same in every process.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = self.0.clone().finalize().into();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Tells the temporary files of one process apart.
static COUNT: AtomicU64 = AtomicU64::new(0);
const MAGIC: &[u8] = b"cswasm01";
