//! `store`: names are checked against the call's scope, values are sealed on the way out and opened on the way in.

use zeroize::Zeroizing;

use crate::bindings::countersign::mfa::store::{
    Change, CommitFailure, Content, Event, Host, RecordId, Versioned,
};
use crate::call::{Call, Stop};
use crate::contract::{Actor, Dependency};
use crate::error::Reached;
use crate::event::{EventId, StampedEvent};
use crate::store::{self, Commit, CommitError, Key, Record, Stored};

impl Host for Call {
    async fn get(
        &mut self,
        ids: Vec<RecordId>,
    ) -> wasmtime::Result<Result<Vec<Option<Versioned>>, String>> {
        let _in_host = self.enter_host()?;
        if ids.len() > MAX_IDS {
            return Err(Stop::Misuse("store.get of more than 64 ids").into());
        }
        let keys = ids
            .iter()
            .map(|id| self.readable(id))
            .collect::<Result<Vec<Key>, Stop>>()?;
        let found = match self
            .within(self.limits.store_time, self.host.store.get(&keys))
            .await
        {
            Some(Ok(found)) if found.len() == keys.len() => found,
            Some(Ok(_)) => return Ok(Err(self.unavailable("as many answers as keys expected"))),
            Some(Err(error)) => return Ok(Err(self.unavailable(&error.to_string()))),
            None => return Ok(Err(self.unavailable("no answer in time"))),
        };
        let mut records = Vec::with_capacity(found.len());
        for (key, stored) in keys.into_iter().zip(found) {
            // One record that cannot be read is no reason to answer as if it were not there.
            match stored.map(|stored| self.open(&key, stored)).transpose() {
                Ok(record) => {
                    if let Some(record) = &record {
                        self.read.push((key, record.version));
                    }
                    records.push(record);
                }
                Err(why) => return Ok(Err(self.unavailable(&why))),
            }
        }
        Ok(Ok(records))
    }

    async fn commit(
        &mut self,
        changes: Vec<Change>,
        events: Vec<Event>,
    ) -> wasmtime::Result<Result<(), CommitFailure>> {
        let _in_host = self.enter_host()?;
        if changes.len() > MAX_IDS {
            return Err(Stop::Misuse("store.commit of more than 64 changes").into());
        }
        if events.len() > MAX_EVENTS || !events.iter().all(is_bounded) {
            return Err(
                Stop::Misuse("store.commit of more events, or longer ones, than allowed").into(),
            );
        }
        let mut sealed: Vec<store::Change> = Vec::with_capacity(changes.len());
        for change in changes {
            let change = match self.change(change)? {
                Ok(change) => change,
                Err(why) => return Ok(Err(CommitFailure::Unavailable(self.unavailable(&why)))),
            };
            if sealed.iter().any(|other| other.key() == change.key()) {
                return Err(Stop::Misuse("a record stands in a commit twice").into());
            }
            sealed.push(change);
        }
        let events = events.into_iter().map(|event| self.stamp(event));
        let events = events.collect::<Result<Vec<StampedEvent>, Stop>>()?;
        let commit = Commit {
            now: self.now,
            changes: sealed,
            events,
        };
        Ok(
            match self
                .within(self.limits.store_time, self.host.store.commit(commit))
                .await
            {
                Some(Ok(())) => Ok(()),
                Some(Err(CommitError::Conflict)) => Err(CommitFailure::Conflict),
                Some(Err(CommitError::CeilingReached(index))) => Err(
                    // There are at most 64 changes.
                    CommitFailure::CeilingReached(u32::try_from(index).unwrap_or(u32::MAX)),
                ),
                Some(Err(CommitError::Unavailable(error))) => Err(CommitFailure::Unavailable(
                    self.unavailable(&error.to_string()),
                )),
                None => Err(CommitFailure::Unavailable(
                    self.unavailable("no answer in time"),
                )),
            },
        )
    }
}

impl Call {
    fn readable(&self, id: &RecordId) -> Result<Key, Stop> {
        well_formed(id)?;
        Ok(self.key(self.scope.readable(id).map_err(Stop::Scope)?))
    }

    /// Checks a record that is to be replaced or deleted.
    ///
    /// A version that this call did not read may be that of a record which could not be opened; such a one must not
    /// be overwritten (STORE-6), however well a plugin guesses.
    fn writable(&self, id: &RecordId, expected: Option<u64>) -> Result<Key, Stop> {
        well_formed(id)?;
        let key = self.key(self.scope.writable(id).map_err(Stop::Scope)?);
        let unread = |version| !self.read.iter().any(|(k, v)| *v == version && *k == key);
        match expected.is_some_and(unread) {
            true => Err(Stop::Misuse("a record is replaced that was not read")),
            false => Ok(key),
        }
    }

    /// Checks a change, and seals what it puts. The inner error is a fault of the host.
    fn change(&self, change: Change) -> Result<Result<store::Change, String>, Stop> {
        Ok(Ok(match change {
            Change::Put(put) => {
                let key = self.writable(&put.id, put.expected)?;
                if put.value.len() > max_size(&key.record) {
                    return Err(Stop::Misuse("a record is larger than the contract allows"));
                }
                // It holds the keys of the user's factors.
                let value = Zeroizing::new(put.value);
                match self.host.sealer.seal(&key, &value) {
                    Ok(value) => store::Change::Put {
                        key,
                        expected: put.expected,
                        value,
                        collectable_at: put.collectable_at,
                    },
                    Err(error) => return Ok(Err(error.to_string())),
                }
            }
            Change::Delete(seen) => store::Change::Delete {
                key: self.writable(&seen.id, seen.expected)?,
                expected: seen.expected,
            },
            Change::Check(seen) => match self.readable(&seen.id)? {
                Key {
                    record: Record::Quota { .. },
                    ..
                } => return Err(Stop::Scope(Reached::Counter)),
                key => store::Change::Check {
                    key,
                    expected: seen.expected,
                },
            },
            Change::Add(add) => match self.readable(&add.id)? {
                key @ Key {
                    record: Record::Quota { .. },
                    ..
                } => store::Change::Add {
                    key,
                    amount: add.amount,
                    ceiling: add.ceiling,
                    collectable_at: add.collectable_at,
                },
                _ => return Err(Stop::Misuse("store.commit adds to what is no counter")),
            },
        }))
    }

    /// Puts in what an event does not know of itself.
    fn stamp(&mut self, event: Event) -> Result<StampedEvent, Stop> {
        // Drawn once a call: what became of a message is noted after it went out, and no fault may come between.
        let id = match self.next_event {
            Some(id) => id,
            None => EventId::draw(&*self.host.random)
                .map_err(|error| Stop::Fault(Dependency::Random, error.to_string()))?,
        };
        self.next_event = Some(id.following());
        Ok(StampedEvent::new(
            id,
            self.now,
            &self.host.realm,
            self.scope.user(),
            self.client.as_deref(),
            event,
        ))
    }

    /// Opens a record as it was found.
    fn open(&self, key: &Key, stored: Stored) -> Result<Versioned, String> {
        let content = match (&key.record, stored.content) {
            (Record::Quota { .. }, store::Content::Count(count)) => Content::Count(count),
            (Record::Quota { .. }, store::Content::Sealed(_)) => {
                return Err("a counter holds something else".to_owned());
            }
            (_, store::Content::Sealed(sealed)) => self
                .host
                .sealer
                .open(key, &sealed)
                .map(Content::Bytes)
                .map_err(|error| error.to_string())?,
            (_, store::Content::Count(_)) => return Err("a record holds a counter".to_owned()),
        };
        Ok(Versioned {
            content,
            version: stored.version,
        })
    }

    /// Notes a fault, and returns what the plugin is told of it.
    fn unavailable(&self, why: &str) -> String {
        self.host.report(Dependency::Store, why);
        "unavailable".to_owned()
    }
}

/// Checks the name of a counter. The other names are checked by the scope, which knows them.
fn well_formed(id: &RecordId) -> Result<(), Stop> {
    let RecordId::Quota(name) = id else {
        return Ok(());
    };
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/:-".contains(&b);
    match (1..=128).contains(&name.len()) && name.bytes().all(allowed) {
        true => Ok(()),
        false => Err(Stop::Misuse("the name of a counter is malformed")),
    }
}

/// The head of `wit/store.wit`.
fn max_size(record: &Record) -> usize {
    match record {
        Record::Tickets { .. } => 32_768,
        Record::Account { .. } | Record::Policy { .. } | Record::Quota { .. } => 16_384,
    }
}

/// Says whether an event is within the bounds of `wit/store.wit`, so that no plugin can fill the audit trail.
fn is_bounded(event: &Event) -> bool {
    let text = crate::event::text(&event.kind).map_or(0, str::len);
    let actor = match &event.actor {
        Some(Actor::User(id) | Actor::Operator(id)) => id.len(),
        None => 0,
    };
    event.companies.len() <= MAX_COMPANIES
        && event.companies.iter().all(|it| it.len() <= MAX_NAME)
        && actor <= MAX_NAME
        && text <= MAX_TEXT
}

/// STORE-8.
const MAX_IDS: usize = 64;
/// STORE-8.
const MAX_EVENTS: usize = 32;
/// `types.membership`.
const MAX_COMPANIES: usize = 16;
/// `types.company` and `types.actor`.
const MAX_NAME: usize = 128;
/// The longest text of an event is the reason of a reset.
const MAX_TEXT: usize = 200;
