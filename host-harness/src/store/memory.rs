//! A store that is gone with its process.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    Change, Commit, CommitError, Content, Inventory, Key, KeyNotes, Kind, Listed, Store, Stored,
    Trail, Trailed, Unavailable,
};
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
    /// By position.
    events: Vec<Trailed>,
    /// The last position given out.
    position: u64,
    /// How far consumers have read, by realm and name.
    consumers: BTreeMap<(String, String), u64>,
    key_notes: HashMap<String, KeyNotes>,
    /// The last version given out, of any record: none is ever given out again.
    version: u64,
    is_closed: bool,
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
        let state = self.state();
        state.events.iter().map(|it| it.event.clone()).collect()
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

    fn open(&self) -> Result<MutexGuard<'_, State>, Unavailable> {
        let state = self.state();
        match state.is_closed {
            true => Err(Unavailable("it was closed".to_owned())),
            false => Ok(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No method leaves the state half changed where it could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        let state = self.open()?;
        Ok(keys
            .iter()
            .map(|key| state.records.get(key).map(|held| held.stored.clone()))
            .collect())
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let mut state = self.open()?;
        state.collect(commit.now);
        state.check(&commit.changes)?;
        for change in commit.changes {
            state.apply(change);
        }
        for event in commit.events {
            state.position = state.position.saturating_add(1);
            let position = state.position;
            state.events.push(Trailed { position, event });
        }
        Ok(())
    }
}

#[async_trait]
impl Trail for MemoryStore {
    async fn events(
        &self,
        realm: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Trailed>, Unavailable> {
        let state = self.open()?;
        let from = state.events.partition_point(|it| it.position <= after);
        let events = state.events.iter().skip(from);
        Ok(events
            .filter(|it| it.event.realm == realm)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn last_position(&self, realm: &str) -> Result<u64, Unavailable> {
        let state = self.open()?;
        let mut events = state.events.iter().rev();
        let last = events.find(|it| it.event.realm == realm);
        Ok(last.map_or(0, |it| it.position))
    }

    async fn consumers(&self, realm: &str) -> Result<Vec<(String, u64)>, Unavailable> {
        let state = self.open()?;
        let consumers = state.consumers.iter();
        Ok(consumers
            .filter(|((of, _), _)| of == realm)
            .map(|((_, name), position)| (name.clone(), *position))
            .collect())
    }

    async fn move_consumer(
        &self,
        realm: &str,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, Unavailable> {
        let mut state = self.open()?;
        let key = (realm.to_owned(), name.to_owned());
        let stands_there = state.consumers.get(&key).copied().unwrap_or(0) == from;
        if stands_there {
            state.consumers.insert(key, to);
        }
        Ok(stands_there)
    }

    async fn forget_consumer(&self, realm: &str, name: &str) -> Result<(), Unavailable> {
        let key = (realm.to_owned(), name.to_owned());
        self.state().consumers.remove(&key);
        Ok(())
    }

    async fn prune(&self, realm: &str, time: u64) -> Result<u64, Unavailable> {
        let mut state = self.open()?;
        let consumers = state.consumers.iter().filter(|((of, _), _)| of == realm);
        let done = consumers
            .map(|(_, position)| *position)
            .min()
            .unwrap_or(u64::MAX);
        let before = state.events.len();
        state
            .events
            .retain(|it| it.event.realm != realm || it.event.at >= time || it.position > done);
        let pruned = before.saturating_sub(state.events.len());
        Ok(u64::try_from(pruned).unwrap_or(u64::MAX))
    }
}

#[async_trait]
impl Inventory for MemoryStore {
    async fn list(
        &self,
        realm: &str,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        let state = self.open()?;
        let mut listed: Vec<_> = state
            .records
            .iter()
            .filter(|(key, _)| &*key.realm == realm && key.record.kind() == kind)
            .filter(|(key, _)| after.is_none_or(|after| key.record.name() > after))
            .map(|(key, held)| Listed {
                name: key.record.name().to_owned(),
                content: held.stored.content.clone(),
                version: held.stored.version,
                collectable_at: held.collectable_at,
            })
            .collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        listed.truncate(limit);
        Ok(listed)
    }

    async fn count(&self, realm: &str, kind: Kind) -> Result<u64, Unavailable> {
        let state = self.open()?;
        let keys = state.records.keys();
        let counted = keys.filter(|it| &*it.realm == realm && it.record.kind() == kind);
        Ok(u64::try_from(counted.count()).unwrap_or(u64::MAX))
    }

    async fn collect(&self, time: u64) -> Result<u64, Unavailable> {
        let mut state = self.open()?;
        let before = state.records.len();
        state.collect(time);
        let collected = before.saturating_sub(state.records.len());
        Ok(u64::try_from(collected).unwrap_or(u64::MAX))
    }

    async fn key_notes(&self, realm: &str) -> Result<KeyNotes, Unavailable> {
        let state = self.open()?;
        Ok(state.key_notes.get(realm).cloned().unwrap_or_default())
    }

    async fn note_key(
        &self,
        realm: &str,
        index: u32,
        sealing: u32,
    ) -> Result<KeyNotes, Unavailable> {
        let mut state = self.open()?;
        let notes = state.key_notes.entry(realm.to_owned()).or_default();
        let agreed = *notes.index.get_or_insert(index) == index;
        if agreed && !notes.sealing.contains(&sealing) {
            notes.sealing.push(sealing);
            notes.sealing.sort_unstable();
        }
        Ok(notes.clone())
    }

    async fn forget_key(&self, realm: &str, sealing: u32) -> Result<(), Unavailable> {
        let mut state = self.open()?;
        if let Some(notes) = state.key_notes.get_mut(realm) {
            notes.sealing.retain(|it| *it != sealing);
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), Unavailable> {
        self.state().is_closed = true;
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
