//! A store that is gone with its process.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Change, Commit, CommitError, Content, Key, Store, Stored, Unavailable};
use crate::event::StampedEvent;

/// A store in memory, for tests, demonstrations and benchmarks.
///
/// Its clones are the same store. Nothing survives the process: users would have to enroll again. Events are
/// kept for as long as it lives.
///
/// # Examples
///
/// ```
/// use countersign_host::store::MemoryStore;
///
/// let store = MemoryStore::new();
/// assert!(store.events().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    records: HashMap<Key, Held>,
    /// What may be collected, the earliest first.
    collectable: BTreeSet<(u64, Key)>,
    events: Vec<StampedEvent>,
    /// The last version given out, of any record: none is ever given out again.
    version: u64,
}

struct Held {
    stored: Stored,
    collectable_at: Option<u64>,
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns all events, in the order in which they were committed.
    pub fn events(&self) -> Vec<StampedEvent> {
        self.state().events.clone()
    }

    /// Returns every key and what is stored under it, in the order of the keys: for tests that look at what lies in
    /// a store, or put something else there.
    pub fn records(&self) -> Vec<(Key, Stored)> {
        let mut records: Vec<_> = self
            .state()
            .records
            .iter()
            .map(|(key, held)| (key.clone(), held.stored.clone()))
            .collect();
        records.sort_by(|(a, _), (b, _)| a.cmp(b));
        records
    }

    /// Puts a record in place past every rule, as somebody with access to the database could.
    pub fn tamper(&self, key: Key, content: Content) {
        let mut state = self.state();
        let version = state.next_version();
        let held = Held {
            stored: Stored { content, version },
            collectable_at: None,
        };
        state.replace(key, Some(held));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No method leaves the state half changed where it could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        let state = self.state();
        Ok(keys
            .iter()
            .map(|key| state.records.get(key).map(|held| held.stored.clone()))
            .collect())
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let mut state = self.state();
        state.collect(commit.now);
        state.check(&commit.changes)?;
        for change in commit.changes {
            state.apply(change);
        }
        state.events.extend(commit.events);
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MemoryStore")
            .field("records", &state.records.len())
            .field("events", &state.events.len())
            .finish()
    }
}

impl State {
    /// Forgets what could be collected before `now`.
    fn collect(&mut self, now: u64) {
        while self.collectable.first().is_some_and(|(at, _)| *at < now) {
            if let Some((_, key)) = self.collectable.pop_first() {
                self.records.remove(&key);
            }
        }
    }

    /// Says whether every change can be made, and makes none.
    fn check(&self, changes: &[Change]) -> Result<(), CommitError> {
        for (index, change) in changes.iter().enumerate() {
            let held = self.records.get(change.key());
            match change {
                Change::Put { expected, .. }
                | Change::Delete { expected, .. }
                | Change::Check { expected, .. } => {
                    if held.map(|held| held.stored.version) != *expected {
                        return Err(CommitError::Conflict);
                    }
                }
                Change::Add {
                    amount, ceiling, ..
                } => {
                    let sum = held.map_or(0, Held::count).checked_add(*amount);
                    if sum.is_none_or(|sum| sum > *ceiling) {
                        return Err(CommitError::CeilingReached(index));
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes a change that was checked.
    fn apply(&mut self, change: Change) {
        match change {
            Change::Put {
                key,
                value,
                collectable_at,
                ..
            } => {
                let version = self.next_version();
                let held = Held {
                    stored: Stored {
                        content: Content::Sealed(value),
                        version,
                    },
                    collectable_at,
                };
                self.replace(key, Some(held));
            }
            Change::Delete { key, .. } => self.replace(key, None),
            Change::Check { .. } => {}
            Change::Add {
                key,
                amount,
                collectable_at,
                ..
            } => {
                let held = self.records.get(&key);
                // `check` proved that the sum fits.
                let count = held.map_or(0, Held::count).saturating_add(amount);
                let until = held.and_then(|held| held.collectable_at).unwrap_or(0);
                let version = self.next_version();
                let held = Held {
                    stored: Stored {
                        content: Content::Count(count),
                        version,
                    },
                    collectable_at: Some(collectable_at.max(until)),
                };
                self.replace(key, Some(held));
            }
        }
    }

    fn replace(&mut self, key: Key, held: Option<Held>) {
        let new_at = held.as_ref().and_then(|held| held.collectable_at);
        let old = match held {
            Some(held) => self.records.insert(key.clone(), held),
            None => self.records.remove(&key),
        };
        if let Some(at) = old.and_then(|old| old.collectable_at) {
            self.collectable.remove(&(at, key.clone()));
        }
        if let Some(at) = new_at {
            self.collectable.insert((at, key));
        }
    }

    fn next_version(&mut self) -> u64 {
        // At a billion commits a second this lasts 584 years.
        self.version = self.version.saturating_add(1);
        self.version
    }
}

impl Held {
    fn count(&self) -> u64 {
        match self.stored.content {
            Content::Count(count) => count,
            Content::Sealed(_) => 0,
        }
    }
}
