//! Copies of the whole file.

use std::fs::{self, File};
use std::path::Path;
use std::thread;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::connection::{Access, connect, pause};
use super::file::{Preparing, SqliteError, beside, create_new, recognise, sync_directory};

/// How far a copy is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Copied {
    /// Pages of the file that were copied.
    pub pages: u64,
    /// All its pages.
    pub of: u64,
}

/// Copies a store as it is at one moment to where nothing is.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    mut told: impl FnMut(Copied),
) -> Result<(), SqliteError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let path = beside(to, suffix);
        if fs::symlink_metadata(&path).is_ok() {
            return Err(SqliteError::AlreadyThere(path));
        }
    }
    // A copy that is not whole never has the name of one that is.
    let part = beside(to, ".part");
    create_new(&part).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => SqliteError::AlreadyThere(part.clone()),
        _ => SqliteError::io(&part, &error),
    })?;
    let copied = copy_into(from, &part, &mut told).and_then(|()| {
        File::open(&part)
            .and_then(|file| file.sync_all())
            // Fails, unlike a renaming, where somebody came first.
            .and_then(|()| fs::hard_link(&part, to))
            .and_then(|()| sync_directory(to))
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => SqliteError::AlreadyThere(to.to_owned()),
                _ => SqliteError::io(to, &error),
            })
    });
    for suffix in ["", "-wal", "-shm", "-journal"] {
        // Most of them are not there.
        let _ = fs::remove_file(beside(&part, suffix));
    }
    copied
}

/// Checks that a file is a store, and not damaged.
pub(super) fn check(path: &Path) -> Result<(), SqliteError> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(SqliteError::NotAFile(path.to_owned())),
        Err(error) => return Err(SqliteError::io(path, &error)),
        Ok(_) => {}
    }
    check_content(path).map_err(|error| match error {
        Preparing::Sqlite(error) => SqliteError::sqlite(path, &error),
        Preparing::Refused(error) => error,
    })
}

fn check_content(path: &Path) -> Result<(), Preparing> {
    let connection = connect(path, Access::Read)?;
    if recognise(path, &*connection.unchecked_transaction()?)? == 0 {
        return Err(Preparing::Refused(SqliteError::Foreign(path.to_owned())));
    }
    // What it finds may name a value, so only that it found something is told.
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |it| it.get(0))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(Preparing::Refused(SqliteError::Damaged {
            path: path.to_owned(),
            why: "it does not pass SQLite's integrity_check".to_owned(),
        })),
    }
}

fn copy_into(from: &Path, part: &Path, told: &mut impl FnMut(Copied)) -> Result<(), SqliteError> {
    let source = connect(from, Access::Read).map_err(|error| SqliteError::sqlite(from, &error))?;
    let target = Connection::open(part).map_err(|error| SqliteError::sqlite(part, &error))?;
    copy_pages(&source, target, told).map_err(|error| SqliteError::sqlite(part, &error))
}

fn copy_pages(
    source: &Connection,
    mut target: Connection,
    told: &mut impl FnMut(Copied),
) -> rusqlite::Result<()> {
    // It is synced once, at the end, and thrown away if it fails before.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    // Held until the end: otherwise each commit of another process would make the copy begin anew.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT version FROM last_given", [], |_| Ok(()))?;
    let backup = Backup::new(&moment, &mut target)?;
    let mut tries = 0;
    loop {
        match backup.step(PIECE)? {
            StepResult::Done => break,
            StepResult::Busy | StepResult::Locked if tries >= TRIES => {
                return Err(rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                    None,
                ));
            }
            StepResult::Busy | StepResult::Locked => {
                tries = tries.saturating_add(1);
                thread::sleep(pause(tries));
            }
            _ => {
                let progress = backup.progress();
                let number = |it: i32| u64::try_from(it).unwrap_or(0);
                let of = number(progress.pagecount);
                let pages = of.saturating_sub(number(progress.remaining));
                told(Copied { pages, of });
            }
        }
    }
    drop(backup);
    target.close().map_err(|(_, error)| error)
}

/// Pages that are copied between two reports: four megabytes.
const PIECE: i32 = 1_024;

/// About two seconds.
const TRIES: u32 = 600;
