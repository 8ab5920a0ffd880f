//! Commits of one owner, one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// Who is committing, and who waits to.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<String, Lock>>);

/// The turn of an owner, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    owner: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until everybody before has had their turn.
    pub(super) async fn take(&self, owner: String) -> Turn<'_> {
        let lock = self.state().entry(owner.clone()).or_default().clone();
        // Made before waiting, so that one who gives up is forgotten too.
        let mut turn = Turn {
            turns: self,
            owner,
            guard: None,
        };
        turn.guard = Some(lock.lock_owned().await);
        turn
    }

    fn state(&self) -> MutexGuard<'_, HashMap<String, Lock>> {
        // Each change is a single insertion or removal.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut state = self.turns.state();
        // Whoever waits holds a clone, and clones are made only under this lock.
        if state
            .get(&self.owner)
            .is_some_and(|it| Arc::strong_count(it) == 1)
        {
            state.remove(&self.owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn nobody_is_remembered_who_is_done_or_gave_up() {
        let turns = Turns::default();
        let first = turns.take("ana".to_owned()).await;
        let waits = turns.take("ana".to_owned());
        let gave_up = tokio::time::timeout(Duration::from_millis(5), waits).await;
        assert!(gave_up.is_err());
        drop(turns.take("eva".to_owned()).await);
        assert_eq!(turns.state().len(), 1);
        drop(first);
        assert!(turns.state().is_empty());
    }
}
