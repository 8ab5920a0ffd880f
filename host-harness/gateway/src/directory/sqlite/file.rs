//! The file: made, recognised, and brought to the schema of this version.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::super::OpenError;
use super::PATIENCE;

/// The path of a file, and which file that was: of one that is moved away or replaced, half of a gateway would work on
/// the old one and half on the new.
#[derive(Clone, Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: (u64, u64),
}

impl Place {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Says whether the file is still there.
    pub(super) fn is_same(&self) -> bool {
        identify(&self.path).is_ok_and(|it| it == self.file)
    }
}

/// Makes the file if it is not there, and brings it to this version's schema. Returns a connection to it.
pub(super) fn prepare(path: &Path) -> Result<(Place, Connection), OpenError> {
    create(path)?;
    let began = Instant::now();
    let connection = loop {
        match prepare_once(path) {
            // SQLite does not wait where it turns a file to WAL, as it could wait for ever.
            Err(Preparing::Sqlite(error)) if is_busy(&error) && began.elapsed() < PATIENCE => {
                thread::sleep(PAUSE);
            }
            Err(Preparing::Sqlite(error)) => return Err(opening(path, &error)),
            Err(Preparing::Refused(error)) => return Err(error),
            Ok(connection) => break connection,
        }
    };
    let file = identify(path).map_err(|error| failed(path, &error))?;
    let path = path.to_owned();
    Ok((Place { path, file }, connection))
}

/// Makes a database in memory.
pub(super) fn prepare_in_memory() -> Result<Connection, OpenError> {
    let made = || {
        let mut connection = Connection::open_in_memory()?;
        set_up(&connection)?;
        migrate(Path::new("memory:"), &mut connection)?;
        Ok(connection)
    };
    made().map_err(|error| match error {
        Preparing::Sqlite(error) => opening(Path::new("memory:"), &error),
        Preparing::Refused(error) => error,
    })
}

/// Connects to a file that is there; it makes none.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Also to read: the last to leave tidies up the -wal file. The path is absolute, so it is never taken for a URI.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection)?;
    Ok(connection)
}

/// Says what went wrong, without a name, a value or a statement.
pub(super) fn describe(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            rusqlite::ffi::code_to_str(failure.extended_code).to_owned()
        }
        _ => "something in the file is not as this version writes it".to_owned(),
    }
}

/// Says whether others were in the way, so that nothing was done.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(setting, value)?;
    }
    connection.execute_batch(SETTINGS)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn prepare_once(path: &Path) -> Result<Connection, Preparing> {
    let mut connection = connect(path)?;
    let version = recognise(path, &*connection.transaction()?)?;
    // Not before it is known to be ours.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    if version < SCHEMA {
        migrate(path, &mut connection)?;
    }
    Ok(connection)
}

/// Returns the version of the schema of a file that is ours; 0 if it is new, and nothing in it.
fn recognise(path: &Path, connection: &Connection) -> Result<i64, Preparing> {
    let number = |name: &str| connection.pragma_query_value(None, name, |it| it.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |it| it.get(0))?;
    let refused = |why: String| {
        let path = path.display();
        Err(Preparing::Refused(OpenError::Unusable(format!(
            "{path}: {why}"
        ))))
    };
    match (application, version, objects) {
        (0, 0, 0) => Ok(0),
        (APPLICATION, version, _) if version > SCHEMA => refused(format!(
            "a newer version wrote it: its schema is {version}, expected at most {SCHEMA}"
        )),
        (APPLICATION, 1.., 1..) => Ok(version),
        (APPLICATION, _, _) => refused("damaged: it has no schema".to_owned()),
        _ => refused("not a directory of this gateway; it was left as it is".to_owned()),
    }
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

/// Makes an empty file that only this process's user may read, if none is there. SQLite gives the files that it puts
/// beside it the same permissions.
fn create(path: &Path) -> Result<(), OpenError> {
    // Whoever closes a file gives up this process's locks on it, also those of SQLite. So no other thread may come to
    // open it before the one that made it has closed it.
    let _closed_again = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let is_logged = fs::metadata(wal).is_ok_and(|it| it.len() > 0);
    let unusable = |why: &str| Err(OpenError::Unusable(format!("{}: {why}", path.display())));
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => return unusable("expected a file"),
        Ok(found) if found.len() > 0 || !is_logged => return Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(path, &error)),
        // SQLite would take it for a new one, and throw the log away.
        _ if is_logged => {
            return unusable("damaged: it is empty or gone, and the -wal file beside it is not");
        }
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(path, &error)),
        _ => sync_directory(path).map_err(|error| failed(path, &error)),
    }
}

/// Makes sure that what was made in the directory of `path` is there after a power cut.
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Device and number of a file.
#[cfg(unix)]
fn identify(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    // Not opened: to close it again would give up this process's locks on it.
    fs::metadata(path).map(|it| (it.dev(), it.ino()))
}

/// Elsewhere a file that is open cannot be moved.
#[cfg(not(unix))]
fn identify(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|_| (0, 0))
}

/// Why a file cannot be used, or not yet.
enum Preparing {
    Sqlite(rusqlite::Error),
    Refused(OpenError),
}

impl From<rusqlite::Error> for Preparing {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn opening(path: &Path, error: &rusqlite::Error) -> OpenError {
    let path = path.display();
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenError::Unusable(format!(
            "{path}: not a directory of this gateway; it was left as it is"
        )),
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            OpenError::Unusable(format!("{path}: damaged: {}", describe(error)))
        }
        _ => OpenError::Unavailable(format!("{path}: {}", describe(error))),
    }
}

fn failed(path: &Path, error: &io::Error) -> OpenError {
    OpenError::Unusable(format!("{}: {error}", path.display()))
}

static CREATING: Mutex<()> = Mutex::new(());

const SETTINGS: &str = "
    PRAGMA foreign_keys = ON;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA secure_delete = ON;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -8192;
";

/// What brings a file from each schema to the next, the first from none. None is ever changed once it was released.
const MIGRATIONS: [&str; 1] = [include_str!("1.sql")];

/// The schema of this version.
const SCHEMA: i64 = 1;

/// `CtDr` in ASCII: where `file` and others look for whose a SQLite file is.
const APPLICATION: i64 = 0x4374_4472;

const PAUSE: Duration = Duration::from_millis(5);

/// More than there are different ones.
const STATEMENTS: usize = 64;
