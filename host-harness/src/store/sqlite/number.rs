//! Numbers as SQLite has them: it knows no unsigned ones.

use rusqlite::types::FromSqlError;

/// Returns a number as it is kept and compared: what SQLite cannot hold is the largest that it can. Of times, that is
/// never.
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns a version, count or position as it was kept.
pub(super) fn from_sql(number: i64) -> rusqlite::Result<u64> {
    u64::try_from(number).map_err(|_| FromSqlError::OutOfRange(number).into())
}

/// Returns a time as it was kept: the largest is never.
pub(super) fn time_from_sql(time: i64) -> rusqlite::Result<u64> {
    match time {
        i64::MAX => Ok(u64::MAX),
        _ => from_sql(time),
    }
}
