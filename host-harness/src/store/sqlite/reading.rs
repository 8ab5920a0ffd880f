//! What is read, each within one transaction.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, params};

use super::number::{from_sql, time_from_sql, to_sql};
use crate::event::StampedEvent;
use crate::store::{Content, Key, KeyNotes, Kind, Listed, Stored, Trailed};

/// Reads records, in the order of their keys.
pub(super) fn get(connection: &Connection, keys: &[Key]) -> rusqlite::Result<Vec<Option<Stored>>> {
    keys.iter().map(|key| get_one(connection, key)).collect()
}

/// Lists records of a kind, by name.
pub(super) fn list(
    connection: &Connection,
    realm: &str,
    kind: Kind,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<Listed>> {
    let limit = limit_to_sql(limit);
    // No name is empty, and NULL is compared to nothing.
    let after = after.unwrap_or("");
    match kind {
        Kind::Quota => connection
            .prepare_cached(
                "SELECT name, version, collectable_at, count FROM counters
                 WHERE realm = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
            )?
            .query_map(params![realm, after, limit], |row| {
                let count = from_sql(row.get(3)?)?;
                listed(row, Content::Count(count))
            })?
            .collect(),
        Kind::Account | Kind::Tickets | Kind::Policy => connection
            .prepare_cached(
                "SELECT name, version, collectable_at, value FROM records
                 WHERE realm = ?1 AND kind = ?2 AND name > ?3 ORDER BY name LIMIT ?4",
            )?
            .query_map(params![realm, kind.as_str(), after, limit], |row| {
                let value = row.get(3)?;
                listed(row, Content::Sealed(value))
            })?
            .collect(),
    }
}

/// Counts the records of a kind.
pub(super) fn count(connection: &Connection, realm: &str, kind: Kind) -> rusqlite::Result<u64> {
    let count = match kind {
        Kind::Quota => connection
            .prepare_cached("SELECT count(*) FROM counters WHERE realm = ?1")?
            .query_row([realm], |row| row.get(0)),
        Kind::Account | Kind::Tickets | Kind::Policy => connection
            .prepare_cached("SELECT count(*) FROM records WHERE realm = ?1 AND kind = ?2")?
            .query_row([realm, kind.as_str()], |row| row.get(0)),
    };
    from_sql(count?)
}

/// Reads events of a realm after a position.
pub(super) fn events(
    connection: &Connection,
    realm: &str,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Trailed>> {
    connection
        .prepare_cached(
            "SELECT position, body FROM events WHERE realm = ?1 AND position > ?2
             ORDER BY position LIMIT ?3",
        )?
        .query_map(params![realm, to_sql(after), limit_to_sql(limit)], |row| {
            let body: String = row.get(1)?;
            Ok(Trailed {
                position: from_sql(row.get(0)?)?,
                event: parse(&body)?,
            })
        })?
        .collect()
}

/// Returns the position of a realm's last event; 0 if there is none.
pub(super) fn last_position(connection: &Connection, realm: &str) -> rusqlite::Result<u64> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT max(position) FROM events WHERE realm = ?1")?
        .query_row([realm], |row| row.get(0))?;
    from_sql(last.unwrap_or(0))
}

/// Looks at the next events of a realm after a position: returns the position of the last of them, and whether any is
/// older than `time`. None if there are none.
pub(super) fn to_prune(
    connection: &Connection,
    realm: &str,
    after: u64,
    time: u64,
    limit: i64,
) -> rusqlite::Result<Option<(u64, bool)>> {
    let (last, any): (Option<i64>, Option<bool>) = connection
        .prepare_cached(
            "SELECT max(position), max(at < ?3) FROM (SELECT position, at FROM events
             WHERE realm = ?1 AND position > ?2 ORDER BY position LIMIT ?4)",
        )?
        .query_row(params![realm, to_sql(after), to_sql(time), limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    last.map(|last| Ok((from_sql(last)?, any.unwrap_or(false))))
        .transpose()
}

/// Returns a realm's consumers, by name, and how far they are done.
pub(super) fn consumers(
    connection: &Connection,
    realm: &str,
) -> rusqlite::Result<Vec<(String, u64)>> {
    connection
        .prepare_cached("SELECT name, position FROM consumers WHERE realm = ?1 ORDER BY name")?
        .query_map([realm], |row| Ok((row.get(0)?, from_sql(row.get(1)?)?)))?
        .collect()
}

/// Returns the keys noted for a realm.
pub(super) fn key_notes(connection: &Connection, realm: &str) -> rusqlite::Result<KeyNotes> {
    Ok(KeyNotes {
        index: connection
            .prepare_cached("SELECT id FROM index_keys WHERE realm = ?1")?
            .query_row([realm], |row| row.get(0))
            .optional()?,
        sealing: connection
            .prepare_cached("SELECT id FROM sealing_keys WHERE realm = ?1 ORDER BY id")?
            .query_map([realm], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?,
    })
}

fn get_one(connection: &Connection, key: &Key) -> rusqlite::Result<Option<Stored>> {
    let (realm, kind, name) = (&*key.realm, key.record.kind(), key.record.name());
    let stored = match kind {
        Kind::Quota => connection
            .prepare_cached("SELECT version, count FROM counters WHERE realm = ?1 AND name = ?2")?
            .query_row([realm, name], |row| {
                Ok(Stored {
                    version: from_sql(row.get(0)?)?,
                    content: Content::Count(from_sql(row.get(1)?)?),
                })
            }),
        Kind::Account | Kind::Tickets | Kind::Policy => connection
            .prepare_cached(
                "SELECT version, value FROM records WHERE realm = ?1 AND kind = ?2 AND name = ?3",
            )?
            .query_row([realm, kind.as_str(), name], |row| {
                Ok(Stored {
                    version: from_sql(row.get(0)?)?,
                    content: Content::Sealed(row.get(1)?),
                })
            }),
    };
    stored.optional()
}

fn listed(row: &rusqlite::Row<'_>, content: Content) -> rusqlite::Result<Listed> {
    let until: Option<i64> = row.get(2)?;
    Ok(Listed {
        name: row.get(0)?,
        content,
        version: from_sql(row.get(1)?)?,
        collectable_at: until.map(time_from_sql).transpose()?,
    })
}

fn parse(body: &str) -> rusqlite::Result<StampedEvent> {
    let parsed = serde_json::from_str(body)
        .map_err(Into::into)
        .and_then(|json| StampedEvent::from_json(&json).map_err(Into::into));
    parsed.map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, error))
}

fn limit_to_sql(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
