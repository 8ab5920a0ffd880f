//! A file that gets its name once it is whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::exit::Exit;

/// Who may read a file that was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Readers {
    /// Whoever may read what this process makes.
    Usual,
    /// Its owner.
    Owner,
}

/// What stands in the way of a file that was there before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// It must be free.
    Free,
    /// What is there is replaced.
    Any,
}

/// Bytes on the disk, without a name yet. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Draft(NamedTempFile);

impl Draft {
    /// Writes bytes beside the file that they are to be.
    pub(crate) fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<Self, Exit> {
        written(path, bytes, readers)
            .map(Self)
            .map_err(|error| cannot(path, &error))
    }

    /// Gives it its name.
    pub(crate) fn name(self, path: &Path, place: Place) -> Result<(), Exit> {
        let named = match place {
            Place::Free => self.0.persist_noclobber(path),
            Place::Any => self.0.persist(path),
        };
        match named {
            Ok(_) => sync_folder(path).map_err(|error| cannot(path, &error)),
            Err(it) if it.error.kind() == io::ErrorKind::AlreadyExists => Err(is_there(path)),
            Err(it) => Err(cannot(path, &it.error)),
        }
    }
}

/// Says so early, before work is done for a file that is there.
pub(crate) fn require_free(path: &Path, place: Place) -> Result<(), Exit> {
    match place {
        Place::Free if path.symlink_metadata().is_ok() => Err(is_there(path)),
        _ if path.is_dir() => Err(Exit::Usage(format!(
            "{} is a directory, expected the name of a file",
            path.display()
        ))),
        _ => Ok(()),
    }
}

fn written(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".countersign-");
    #[cfg(unix)]
    {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;

        // The process's umask takes away from it.
        let mode = match readers {
            Readers::Usual => 0o666,
            Readers::Owner => 0o600,
        };
        builder.permissions(Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = builder.tempfile_in(folder(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes sure that a file's name is on the disk too.
fn sync_folder(path: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder(path))?.sync_all(),
        false => Ok(()),
    }
}

fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn is_there(path: &Path) -> Exit {
    let path = path.display();
    Exit::Usage(format!("{path} is there already; --force replaces it"))
}

fn cannot(path: &Path, error: &io::Error) -> Exit {
    Exit::Fault(format!("cannot write {}: {error}", path.display()))
}
