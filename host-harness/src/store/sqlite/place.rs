//! Where the file is, and that it is still the same.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::Unavailable;

/// The path of a file, and which file that was.
///
/// A file that was moved away is still written to by whoever has it open, and one put in its place is found by whoever
/// opens it next. Half of a gateway would then work on each, and nobody would find what was written to the first.
#[derive(Clone, Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: File,
}

impl Place {
    /// Notes which file is at a path.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: identify(path)?,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that the file is still there. It takes a microsecond.
    pub(super) fn check(&self) -> Result<(), Unavailable> {
        match identify(&self.path) {
            Ok(file) if file == self.file => Ok(()),
            _ => {
                let why = "the file was moved away or replaced; open the store again";
                Err(Unavailable(why.to_owned()))
            }
        }
    }
}

/// Device and number of a file.
type File = (u64, u64);

#[cfg(unix)]
fn identify(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::MetadataExt as _;
    // Not opened: to close it again would give up this process's locks on it.
    fs::metadata(path).map(|it| (it.dev(), it.ino()))
}

/// Elsewhere a file that is open cannot be moved.
#[cfg(not(unix))]
fn identify(path: &Path) -> io::Result<File> {
    fs::metadata(path).map(|_| (0, 0))
}
