//! A store that fails once, as planned.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use countersign_host::Store;
use countersign_host::store::{Commit, CommitError, Database, Key, Stored, Unavailable};

/// What stands before a store, and lets one use of it fail.
pub(super) struct Faulty {
    store: Arc<dyn Database>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    /// Uses so far of what is to fail.
    used: u32,
    happened: Happened,
    late: Option<Commit>,
}

/// Which use fails, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) of: Use,
    pub(super) way: Way,
    /// Counted from 1.
    pub(super) on: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Use {
    Get,
    Commit,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// It does nothing, and says so.
    FailsBefore,
    /// It does everything, and says that it failed.
    FailsAfter,
    /// It does nothing, and never answers.
    HangsBefore,
    /// It does everything, and never answers.
    HangsAfter,
    /// It does everything after the caller has given up and others have come first.
    IsLate,
    /// From this use on, another commit came first, always.
    ConflictsForEver,
}

/// What came of a plan.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Happened {
    /// How many uses failed by it.
    pub(super) fired: u32,
    /// How many commits were made meanwhile.
    pub(super) committed: u32,
}

impl Way {
    /// Says whether the caller gives up waiting.
    pub(super) fn never_answers(self) -> bool {
        matches!(self, Self::HangsBefore | Self::HangsAfter | Self::IsLate)
    }

    /// What can fail how. One use of a kind after the other is tried.
    pub(super) const ALL: [(Use, Self); 8] = [
        (Use::Get, Self::FailsBefore),
        (Use::Get, Self::HangsBefore),
        (Use::Commit, Self::FailsBefore),
        (Use::Commit, Self::FailsAfter),
        (Use::Commit, Self::HangsBefore),
        (Use::Commit, Self::HangsAfter),
        (Use::Commit, Self::IsLate),
        (Use::Commit, Self::ConflictsForEver),
    ];
}

impl Faulty {
    pub(super) fn before(store: Arc<dyn Database>) -> Self {
        Self {
            store,
            state: Mutex::default(),
        }
    }

    pub(super) fn plan(&self, plan: Plan) {
        *self.state() = State {
            plan: Some(plan),
            ..State::default()
        };
    }

    /// Gives the plan up, and says what came of it.
    pub(super) fn end(&self) -> Happened {
        let mut state = self.state();
        state.plan = None;
        state.happened
    }

    /// Lets what is late happen.
    pub(super) async fn settle(&self) {
        let late = self.state().late.take();
        if let Some(late) = late {
            // Whether another came first is what the trial is about.
            let _ = self.store.commit(late).await;
        }
    }

    fn strike(&self, of: Use) -> Option<Way> {
        let mut state = self.state();
        let plan = state.plan.filter(|plan| plan.of == of)?;
        state.used += 1;
        let for_ever = plan.way == Way::ConflictsForEver && state.used > plan.on;
        if state.used != plan.on && !for_ever {
            return None;
        }
        state.happened.fired += 1;
        Some(plan.way)
    }

    async fn commit_now(&self, commit: Commit) -> Result<(), CommitError> {
        self.store.commit(commit).await?;
        self.state().happened.committed += 1;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Faulty {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        match self.strike(Use::Get) {
            None => self.store.get(keys).await,
            Some(Way::FailsBefore) => Err(unavailable()),
            Some(_) => std::future::pending().await,
        }
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        match self.strike(Use::Commit) {
            None => self.commit_now(commit).await,
            Some(Way::FailsBefore) => Err(unavailable().into()),
            Some(Way::FailsAfter) => {
                self.commit_now(commit).await?;
                Err(unavailable().into())
            }
            Some(Way::HangsBefore) => std::future::pending().await,
            Some(Way::HangsAfter) => {
                self.commit_now(commit).await?;
                std::future::pending().await
            }
            Some(Way::IsLate) => {
                self.state().late = Some(commit);
                std::future::pending().await
            }
            Some(Way::ConflictsForEver) => Err(CommitError::Conflict),
        }
    }
}

fn unavailable() -> Unavailable {
    Unavailable("by the trial".to_owned())
}
