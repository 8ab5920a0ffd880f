//! A store that fails, makes calls meet, and is tampered with as a case wants it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use countersign_host::Store;
use countersign_host::store::{
    Commit, CommitError, Content, Key, MemoryStore, Stored, Unavailable,
};
use serde_json::Value;
use tokio::sync::Barrier;

use super::faults::{Failing, Import, Kind};

/// A store in memory that fails as planned. Its clones are the same store.
#[derive(Clone, Debug)]
pub struct WorldStore {
    memory: MemoryStore,
    /// Held while a commit happens, so that the events stand in the order of the commits.
    events: Arc<Mutex<Vec<Value>>>,
    meeting: Arc<Mutex<Option<Meeting>>>,
    failing: Failing,
}

/// Where racing calls wait for one another.
#[derive(Debug)]
struct Meeting {
    barrier: Arc<Barrier>,
    expected: usize,
}

impl WorldStore {
    pub(super) fn new(failing: Failing) -> Self {
        Self {
            memory: MemoryStore::new(),
            events: Arc::default(),
            meeting: Arc::default(),
            failing,
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
        // The memory store never waits, so its future is ready at the first poll.
        let committed = std::pin::pin!(self.memory.commit(commit));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match committed.poll(&mut context) {
            std::task::Poll::Ready(done) => done?,
            std::task::Poll::Pending => unreachable!("the memory store waited"),
        }
        noted.extend(events);
        Ok(())
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
        let found = self.memory.get(keys).await;
        self.wait_for_the_others().await;
        found
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
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

fn unavailable() -> Unavailable {
    Unavailable("by the case".to_owned())
}

/// Shorter than the host waits for a store.
const LONGEST_WAIT: Duration = Duration::from_millis(1_500);
