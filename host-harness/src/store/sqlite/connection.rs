//! Connections to the file, set up alike.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::random::{Random, SystemRandom};
use crate::store::Unavailable;

/// What a connection is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    /// To read only.
    Read,
    /// To write too.
    Write,
}

/// Connects to a file that is there; it makes none.
pub(super) fn connect(path: &Path, access: Access) -> rusqlite::Result<Connection> {
    // Also to read: the last to leave tidies up the -wal file. The path is absolute, so it is never taken for a URI.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(patience()))?;
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(setting, value)?;
    }
    connection.execute_batch(SETTINGS)?;
    connection.pragma_update(None, "query_only", access == Access::Read)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Says what went wrong, without a name, a value or a statement.
pub(super) fn unavailable(error: &rusqlite::Error) -> Unavailable {
    Unavailable(describe(error))
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

/// Waits for other connections and processes, a little longer each time and never in step with them, up to
/// [`PATIENCE`].
fn patience() -> impl FnMut(i32) -> bool + Send + 'static {
    let mut since = Instant::now();
    move |before| {
        if before == 0 {
            since = Instant::now();
        }
        let waits = since.elapsed() < PATIENCE;
        if waits {
            thread::sleep(pause(u32::try_from(before).unwrap_or(0)));
        }
        waits
    }
}

/// Returns a pause of random length.
pub(super) fn pause(before: u32) -> Duration {
    let mut byte = [0];
    // Without randomness all wait alike, which is slower and no worse.
    let _ = SystemRandom.fill(&mut byte);
    let [byte] = byte;
    let longest = SHORTEST_PAUSE.saturating_mul(before.saturating_add(2).min(LONGEST_PAUSE));
    longest.mul_f64(0.25 + f64::from(byte) / 340.0)
}

const SETTINGS: &str = "
    PRAGMA foreign_keys = OFF;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA secure_delete = ON;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -8192;
";

/// How long to wait for a lock: less than [`Limits::store_time`](crate::Limits::store_time), so that whoever waits
/// is told why.
const PATIENCE: Duration = Duration::from_millis(1_500);

const SHORTEST_PAUSE: Duration = Duration::from_micros(200);

/// Times [`SHORTEST_PAUSE`].
const LONGEST_PAUSE: u32 = 25;

/// More than there are different ones.
const STATEMENTS: usize = 64;
