//! The file: made, recognised, and brought to the schema of this version.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rusqlite::{Connection, TransactionBehavior};

use super::connection::{Access, connect, describe, is_busy, pause};

/// Why a file cannot be used as a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// It is a directory, a device or the like.
    #[error("{0}: expected a file")]
    NotAFile(PathBuf),
    /// It is no SQLite file, or another program's.
    #[error("{0}: not a file of Countersign; it was left as it is")]
    Foreign(PathBuf),
    /// A newer version made it.
    #[error("{path}: a newer version wrote it: its schema is {found}, expected at most {known}")]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The last one that this version knows.
        known: i64,
    },
    /// It is damaged, and must be replaced by a backup.
    #[error("{path}: damaged: {why}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, without a name or a value.
        why: String,
    },
    /// Something stands where a file was to be made; nothing is overwritten.
    #[error("{0}: already there")]
    AlreadyThere(PathBuf),
    /// It cannot be read or written.
    #[error("{path}: {why}")]
    Failed {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl SqliteError {
    pub(super) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::Foreign(path),
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                why: describe(error),
            },
            _ => Self::Failed {
                path,
                why: describe(error),
            },
        }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        Self::Failed {
            path: path.to_owned(),
            why: error.to_string(),
        }
    }
}

/// Makes the file if it is not there, and brings it to this version's schema. Returns a connection that may write.
pub(super) fn prepare(path: &Path) -> Result<Connection, SqliteError> {
    create(path)?;
    let mut tries = 0;
    loop {
        match prepare_once(path) {
            // SQLite does not wait where it turns a file to WAL, as it could wait for ever.
            Err(Preparing::Sqlite(error)) if is_busy(&error) && tries < TRIES => {
                tries = tries.saturating_add(1);
                thread::sleep(pause(tries));
            }
            Err(Preparing::Sqlite(error)) => return Err(SqliteError::sqlite(path, &error)),
            Err(Preparing::Refused(error)) => return Err(error),
            Ok(connection) => return Ok(connection),
        }
    }
}

/// Returns the version of the schema of a file that is ours; 0 if it is new, and nothing in it.
///
/// Within a transaction: somebody may be making it.
pub(super) fn recognise(path: &Path, connection: &Connection) -> Result<i64, Preparing> {
    let number = |name: &str| connection.pragma_query_value(None, name, |it| it.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |it| it.get(0))?;
    match (application, version, objects) {
        (0, 0, 0) => Ok(0),
        (APPLICATION, version, _) if version > SCHEMA => {
            Err(Preparing::Refused(SqliteError::Newer {
                path: path.to_owned(),
                found: version,
                known: SCHEMA,
            }))
        }
        (APPLICATION, 1.., 1..) => Ok(version),
        (APPLICATION, _, _) => Err(Preparing::Refused(SqliteError::Damaged {
            path: path.to_owned(),
            why: "it has no schema".to_owned(),
        })),
        _ => Err(Preparing::Refused(SqliteError::Foreign(path.to_owned()))),
    }
}

/// Makes sure that what was made in the directory of `path` is there after a power cut.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Makes an empty file that only this process's user may read.
///
/// SQLite gives the files that it puts beside it the same permissions.
pub(super) fn create_new(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    sync_directory(path)
}

/// Returns the path of a file that SQLite keeps beside its file.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Why a file cannot be used, or not yet.
pub(super) enum Preparing {
    Sqlite(rusqlite::Error),
    Refused(SqliteError),
}

impl From<rusqlite::Error> for Preparing {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn create(path: &Path) -> Result<(), SqliteError> {
    // Whoever closes a file gives up this process's locks on it, also those of SQLite. So no other thread may come to
    // open it before the one that made it has closed it.
    let _closed_again = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    // Looked at first: a file gets its first page before there is a -wal.
    let logged = fs::metadata(beside(path, "-wal")).is_ok_and(|it| it.len() > 0);
    let is_empty = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(SqliteError::NotAFile(path.to_owned())),
        Ok(metadata) => metadata.len() == 0,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(SqliteError::io(path, &error)),
    };
    if is_empty && logged {
        // SQLite would take it for a new one, and throw the log away.
        return Err(SqliteError::Damaged {
            path: path.to_owned(),
            why: "it is empty or gone, and the -wal file beside it is not".to_owned(),
        });
    }
    match create_new(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(SqliteError::io(path, &error))
        }
        _ => Ok(()),
    }
}

fn prepare_once(path: &Path) -> Result<Connection, Preparing> {
    let mut connection = connect(path, Access::Write)?;
    let version = recognise(path, &*connection.transaction()?)?;
    // Not before it is known to be ours.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    if version < SCHEMA {
        migrate(path, &mut connection)?;
    }
    Ok(connection)
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<(), Preparing> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have come first.
    let version = recognise(path, &transaction)?;
    for (number, migration) in (1..).zip(MIGRATIONS) {
        if number > version {
            transaction.execute_batch(migration)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()?;
    Ok(())
}

static CREATING: Mutex<()> = Mutex::new(());

/// What brings a file from each schema to the next, the first from none. None is ever changed once it was released.
const MIGRATIONS: [&str; 1] = [include_str!("1.sql")];

/// The schema of this version.
const SCHEMA: i64 = 1;

/// `CtSg` in ASCII: where `file` and others look for whose a SQLite file is.
const APPLICATION: i64 = 0x4374_5367;

/// About two seconds.
const TRIES: u32 = 600;
