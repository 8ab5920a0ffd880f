//! What is done in a transaction that writes.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::number::{from_sql, to_sql};
use crate::event::StampedEvent;
use crate::store::{Change, Commit, CommitError, Key, KeyNotes, Kind, Unavailable};

/// A transaction that holds the lock for writing.
pub(super) struct Writing<'c> {
    connection: &'c Connection,
    /// The last version and position given out, by this transaction or before it.
    given: Given,
    /// What they were when this transaction began.
    given_before: Given,
    /// The commits that were made, and the time of the last one.
    commits: i64,
    now: u64,
}

impl<'c> Writing<'c> {
    /// Begins, in a transaction that was just begun.
    pub(super) fn begin(connection: &'c Connection) -> rusqlite::Result<Self> {
        let given = connection
            .prepare_cached("SELECT version, position FROM last_given")?
            .query_row([], |row| {
                Ok(Given {
                    version: row.get(0)?,
                    position: row.get(1)?,
                })
            })?;
        Ok(Self {
            connection,
            given,
            given_before: given,
            commits: 0,
            now: 0,
        })
    }

    /// Makes all changes of a commit and appends its events, or does nothing.
    pub(super) fn commit(&mut self, commit: Commit) -> rusqlite::Result<Result<(), CommitError>> {
        let mut places = Vec::with_capacity(commit.changes.len());
        for (index, change) in commit.changes.iter().enumerate() {
            match self.check(index, change)? {
                Ok(place) => places.push(place),
                Err(error) => return Ok(Err(error)),
            }
        }
        for (change, place) in commit.changes.into_iter().zip(places) {
            self.apply(&change, place)?;
        }
        for event in &commit.events {
            self.append(event)?;
        }
        self.commits = self.commits.saturating_add(1);
        self.now = commit.now;
        Ok(Ok(()))
    }

    /// Collects some of what was collectable before the last commit, so that a store that nobody tends does not grow
    /// for ever: more than its commits can have made, and few enough that nobody waits for it.
    pub(super) fn collect_some(&mut self) -> rusqlite::Result<()> {
        if self.commits > 0 {
            self.collect(self.now, self.commits.saturating_mul(2))?;
        }
        Ok(())
    }

    /// Collects at most `limit` records and as many counters; returns how many.
    pub(super) fn collect(&mut self, time: u64, limit: i64) -> rusqlite::Result<usize> {
        let time = to_sql(time);
        // Looked for first: a `DELETE … IN (SELECT …)` takes longer than a commit, also where there is nothing to do.
        let records: Vec<i64> = self
            .statement("SELECT id FROM records WHERE collectable_at < ?1 LIMIT ?2")?
            .query_map([time, limit], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for id in &records {
            self.statement("DELETE FROM records WHERE id = ?1")?
                .execute([id])?;
        }
        let counters: Vec<(String, String)> = self
            .statement("SELECT realm, name FROM counters WHERE collectable_at < ?1 LIMIT ?2")?
            .query_map([time, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (realm, name) in &counters {
            self.statement("DELETE FROM counters WHERE realm = ?1 AND name = ?2")?
                .execute([realm, name])?;
        }
        Ok(records.len().saturating_add(counters.len()))
    }

    /// Deletes the events of a realm after one position up to another that are older than `time` and that no consumer
    /// has yet to read; returns how many.
    pub(super) fn prune(
        &mut self,
        realm: &str,
        after: u64,
        to: u64,
        time: u64,
    ) -> rusqlite::Result<usize> {
        self.statement(
            "DELETE FROM events WHERE realm = ?1 AND position > ?2 AND position <= ?3 AND at < ?4
             AND position <= ifnull((SELECT min(position) FROM consumers WHERE realm = ?1), ?3)",
        )?
        .execute(params![realm, to_sql(after), to_sql(to), to_sql(time)])
    }

    pub(super) fn move_consumer(
        &mut self,
        realm: &str,
        name: &str,
        from: i64,
        to: i64,
    ) -> rusqlite::Result<bool> {
        let stands: Option<i64> = self
            .statement("SELECT position FROM consumers WHERE realm = ?1 AND name = ?2")?
            .query_row([realm, name], |row| row.get(0))
            .optional()?;
        if stands.unwrap_or(0) != from {
            return Ok(false);
        }
        self.statement("REPLACE INTO consumers (realm, name, position) VALUES (?1, ?2, ?3)")?
            .execute(params![realm, name, to])?;
        Ok(true)
    }

    pub(super) fn forget_consumer(&mut self, realm: &str, name: &str) -> rusqlite::Result<()> {
        self.statement("DELETE FROM consumers WHERE realm = ?1 AND name = ?2")?
            .execute([realm, name])?;
        Ok(())
    }

    pub(super) fn note_key(
        &mut self,
        realm: &str,
        index: u32,
        sealing: u32,
    ) -> rusqlite::Result<KeyNotes> {
        self.statement("INSERT OR IGNORE INTO index_keys (realm, id) VALUES (?1, ?2)")?
            .execute(params![realm, index])?;
        self.statement(
            "INSERT OR IGNORE INTO sealing_keys (realm, id)
             SELECT realm, ?3 FROM index_keys WHERE realm = ?1 AND id = ?2",
        )?
        .execute(params![realm, index, sealing])?;
        super::reading::key_notes(self.connection, realm)
    }

    pub(super) fn forget_key(&mut self, realm: &str, sealing: u32) -> rusqlite::Result<()> {
        self.statement("DELETE FROM sealing_keys WHERE realm = ?1 AND id = ?2")?
            .execute(params![realm, sealing])?;
        Ok(())
    }

    /// Notes what was given out last; right before the commit.
    pub(super) fn finish(self) -> rusqlite::Result<()> {
        let Given { version, position } = self.given;
        if self.given != self.given_before {
            self.statement("UPDATE last_given SET version = ?1, position = ?2")?
                .execute([version, position])?;
        }
        Ok(())
    }

    /// Says whether a change can be made, and where.
    fn check(&self, index: usize, change: &Change) -> rusqlite::Result<Result<Place, CommitError>> {
        let key = change.key();
        let is_counter = key.record.kind() == Kind::Quota;
        let (expected, ours) = match change {
            Change::Add {
                amount, ceiling, ..
            } if is_counter => {
                let (count, until) = self.counter(key)?.unwrap_or_default();
                let sum = from_sql(count)?.checked_add(*amount);
                let sum = sum.filter(|sum| sum <= ceiling);
                // What SQLite cannot hold is beyond any ceiling.
                return Ok(match sum.and_then(|sum| i64::try_from(sum).ok()) {
                    Some(sum) => Ok(Place::Counter { sum, until }),
                    None => Err(CommitError::CeilingReached(index)),
                });
            }
            Change::Add { .. } => (None, false),
            Change::Delete { expected, .. } if is_counter => {
                let found: Option<i64> = self
                    .statement("SELECT version FROM counters WHERE realm = ?1 AND name = ?2")?
                    .query_row([&*key.realm, key.record.name()], |row| row.get(0))
                    .optional()?;
                return Ok(match found.map(from_sql).transpose()? == *expected {
                    true => Ok(Place::Record(None)),
                    false => Err(CommitError::Conflict),
                });
            }
            Change::Put { expected, .. }
            | Change::Delete { expected, .. }
            | Change::Check { expected, .. } => (*expected, !is_counter),
        };
        if !ours {
            let why = "a counter is written like a record, or a record like a counter";
            return Ok(Err(Unavailable(why.to_owned()).into()));
        }
        let found: Option<(i64, i64)> = self
            .statement(
                "SELECT id, version FROM records WHERE realm = ?1 AND kind = ?2 AND name = ?3",
            )?
            .query_row(names(key), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let version = found.map(|(_, version)| from_sql(version)).transpose()?;
        Ok(match version == expected {
            true => Ok(Place::Record(found.map(|(id, _)| id))),
            false => Err(CommitError::Conflict),
        })
    }

    /// Makes a change that was checked.
    fn apply(&mut self, change: &Change, place: Place) -> rusqlite::Result<()> {
        match (change, place) {
            (
                Change::Put {
                    value,
                    collectable_at,
                    ..
                },
                Place::Record(Some(id)),
            ) => {
                let version = self.next_version();
                self.statement(
                    "UPDATE records SET version = ?2, collectable_at = ?3, value = ?4 WHERE id = ?1",
                )?
                .execute(params![id, version, collectable_at.map(to_sql), value])?;
            }
            (
                Change::Put {
                    key,
                    value,
                    collectable_at,
                    ..
                },
                _,
            ) => {
                let version = self.next_version();
                let [realm, kind, name] = names(key);
                self.statement(
                    "INSERT INTO records (realm, kind, name, version, collectable_at, value)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    realm,
                    kind,
                    name,
                    version,
                    collectable_at.map(to_sql),
                    value
                ])?;
            }
            (Change::Delete { key, .. }, _) if key.record.kind() == Kind::Quota => {
                self.statement("DELETE FROM counters WHERE realm = ?1 AND name = ?2")?
                    .execute([&*key.realm, key.record.name()])?;
            }
            (Change::Delete { .. }, Place::Record(Some(id))) => {
                self.statement("DELETE FROM records WHERE id = ?1")?
                    .execute([id])?;
            }
            (
                Change::Add {
                    key,
                    collectable_at,
                    ..
                },
                Place::Counter { sum, until },
            ) => {
                let version = self.next_version();
                self.statement(
                    "REPLACE INTO counters (realm, name, version, count, collectable_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    &*key.realm,
                    key.record.name(),
                    version,
                    sum,
                    to_sql(*collectable_at).max(until)
                ])?;
            }
            // There is nothing to delete, or it was a check.
            _ => {}
        }
        Ok(())
    }

    fn append(&mut self, event: &StampedEvent) -> rusqlite::Result<()> {
        self.given.position = self.given.position.saturating_add(1);
        self.statement(
            "INSERT INTO events (realm, position, at, name, user, notify, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            event.realm,
            self.given.position,
            to_sql(event.at),
            event.name(),
            event.user,
            event.event.notify,
            event.to_json().to_string()
        ])?;
        Ok(())
    }

    fn counter(&self, key: &Key) -> rusqlite::Result<Option<(i64, i64)>> {
        self.statement("SELECT count, collectable_at FROM counters WHERE realm = ?1 AND name = ?2")?
            .query_row([&*key.realm, key.record.name()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
    }

    fn statement(&self, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
        self.connection.prepare_cached(sql)
    }

    fn next_version(&mut self) -> i64 {
        // At a million commits a second this lasts 292,000 years.
        self.given.version = self.given.version.saturating_add(1);
        self.given.version
    }
}

/// The last version and position given out.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Given {
    version: i64,
    position: i64,
}

/// Where a change goes that was checked.
enum Place {
    /// To the record with this id; none if there is none yet.
    Record(Option<i64>),
    /// To a counter, that shall hold `sum`, at least until then.
    Counter { sum: i64, until: i64 },
}

fn names(key: &Key) -> [&str; 3] {
    [&key.realm, key.record.kind().as_str(), key.record.name()]
}
