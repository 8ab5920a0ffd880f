//! A store that fails, makes calls meet, and is tampered with as a case wants it.

use std::collections::BTreeMap;
use std::slice::from_ref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use countersign_host::Store;
use countersign_host::seal::Sealer;
use countersign_host::store::{
    Change, Commit, CommitError, Content, Key, MemoryStore, Stored, Unavailable,
};
use serde_json::Value;
use tokio::sync::Barrier;

use super::faults::{Failing, Import, Kind};
use super::lie::{Liar, Lie, Point};

/// A store in memory that fails as planned. Its clones are the same store.
#[derive(Clone, Debug)]
pub struct WorldStore {
    memory: MemoryStore,
    /// Held while a commit happens, so that the events stand in the order of the commits.
    events: Arc<Mutex<Vec<Value>>>,
    meeting: Arc<Mutex<Option<Meeting>>>,
    /// What each record was before it was last replaced.
    before: Arc<Mutex<BTreeMap<Key, Stored>>>,
    failing: Failing,
    liar: Sealer,
}

/// Where racing calls wait for one another.
#[derive(Debug)]
struct Meeting {
    barrier: Arc<Barrier>,
    expected: usize,
}

impl WorldStore {
    pub(super) fn new(failing: Failing, liar: Sealer) -> Self {
        Self {
            memory: MemoryStore::new(),
            events: Arc::default(),
            meeting: Arc::default(),
            before: Arc::default(),
            failing,
            liar,
        }
    }

    /// Makes the next `calls` reads wait for one another, each having read: so as many calls decide on the same
    /// records, and what they then commit really collides.
    pub fn meet(&self, calls: usize) {
        *self.meeting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Meeting {
            barrier: Arc::new(Barrier::new(calls)),
            expected: calls,
        });
    }

    /// Returns the events committed so far, in order, as JSON.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.clone()
    }

    /// Returns the events from the `n`th on, counted from 0.
    #[must_use]
    pub fn events_from(&self, n: usize) -> Vec<Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.get(n..).unwrap_or_default().to_vec()
    }

    /// Returns how many events were committed so far.
    #[must_use]
    pub fn events_count(&self) -> usize {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.len()
    }

    /// Returns every key and what is stored under it.
    #[must_use]
    pub fn records(&self) -> Vec<(Key, Stored)> {
        self.memory.records()
    }

    /// Puts a record in place past every rule, as somebody with access to the database could.
    pub fn tamper(&self, key: Key, content: Content) {
        self.memory.tamper(key, content);
    }

    fn commit_now(&self, commit: Commit) -> Result<(), CommitError> {
        let events: Vec<Value> = commit.events.iter().map(|event| event.to_json()).collect();
        let mut noted = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = commit.changes.iter().filter_map(|change| match change {
            Change::Put { key, .. } => Some((key.clone(), at_once(self.memory.get(from_ref(key))))),
            _ => None,
        });
        let replaced: Vec<_> = replaced.collect();
        at_once(self.memory.commit(commit))?;
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, found) in replaced {
            if let Some(stored) = found.ok().and_then(|mut found| found.pop()).flatten() {
                before.insert(key, stored);
            }
        }
        noted.extend(events);
        Ok(())
    }

    /// Returns what a host that lies says of what was found.
    fn altered(&self, lie: Lie, keys: &[Key], found: Vec<Option<Stored>>) -> Vec<Option<Stored>> {
        let find = |key: &Key| {
            let found = at_once(self.memory.get(from_ref(key)));
            found.ok().and_then(|mut found| found.pop()).flatten()
        };
        let before = |key: &Key| {
            let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
            before.get(key).cloned()
        };
        let liar = Liar {
            sealer: &self.liar,
            find: &find,
            before: &before,
        };
        let lying = self.failing.lying();
        let each = keys.iter().zip(found);
        let mut said: Vec<_> = each
            .map(|(key, found)| match lying.is_about(key) {
                true => liar.alter(lie, key, found),
                false => found,
            })
            .collect();
        if lie == Lie::GetTwice {
            said.extend(said.last().cloned());
        }
        said
    }

    async fn wait_for_the_others(&self) {
        let barrier = {
            let mut meeting = self.meeting.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(place) = meeting.as_mut() else {
                return;
            };
            let barrier = Arc::clone(&place.barrier);
            place.expected = place.expected.saturating_sub(1);
            if place.expected == 0 {
                *meeting = None;
            }
            barrier
        };
        // A call that never reads must not keep the others for ever.
        let _ = tokio::time::timeout(LONGEST_WAIT, barrier.wait()).await;
    }
}

#[async_trait]
impl Store for WorldStore {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        if self.failing.strike(Import::Get).is_some() {
            return Err(unavailable());
        }
        let found = match self.failing.lying().told(Point::Get) {
            Some(Lie::GetFails) => return Err(unavailable()),
            Some(lie) => Ok(self.altered(lie, keys, self.memory.get(keys).await?)),
            None => self.memory.get(keys).await,
        };
        self.wait_for_the_others().await;
        found
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        match self.failing.lying().told(Point::Commit) {
            Some(Lie::CommitConflict) => return Err(CommitError::Conflict),
            Some(Lie::CommitForgotten) => return Ok(()),
            Some(Lie::CommitCeiling) => return Err(CommitError::CeilingReached(63)),
            Some(Lie::CommitHappened) => {
                self.commit_now(commit)?;
                return Err(unavailable().into());
            }
            Some(_) => return Err(unavailable().into()),
            None => {}
        }
        let failing = self.failing.strike(Import::Commit);
        match failing {
            Some(Kind::Before) => return Err(unavailable().into()),
            Some(Kind::Conflict) => return Err(CommitError::Conflict),
            Some(Kind::After) | None => {}
        }
        self.commit_now(commit)?;
        match failing {
            Some(_) => Err(unavailable().into()),
            None => Ok(()),
        }
    }
}

/// Polls what never waits, as the memory store does.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    let work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match work.poll(&mut context) {
        std::task::Poll::Ready(done) => done,
        std::task::Poll::Pending => unreachable!("the memory store waited"),
    }
}

fn unavailable() -> Unavailable {
    Unavailable("by the case".to_owned())
}

/// Shorter than the host waits for a store.
const LONGEST_WAIT: Duration = Duration::from_millis(1_500);
