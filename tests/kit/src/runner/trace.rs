//! What a case did and saw, step by step, for whoever wants to know why it failed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// One thing that happened in a case.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// Which step: `start: enrolled.2`, `3`, `3.2`.
    pub place: String,
    /// What was done to the world before the call, each in a few words.
    pub did: Vec<String>,
    /// The function that was called, and its arguments; of a race, each call.
    pub calls: Vec<(String, Value)>,
    /// What the case wants the answer to be like, if it says.
    pub expected: Option<Value>,
    /// What came back; of a race, each answer. Nothing where there was no answer of the contract's.
    pub answers: Vec<Value>,
}

/// The moments of one run. Its clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace(Arc<Mutex<Vec<Moment>>>);

impl Trace {
    pub(super) fn add(&self, moment: Moment) {
        self.moments().push(moment);
    }

    /// Adds to what was last noted.
    pub(super) fn amend(&self, amend: impl FnOnce(&mut Moment)) {
        if let Some(last) = self.moments().last_mut() {
            amend(last);
        }
    }

    /// Takes all moments out.
    pub(super) fn take(&self) -> Vec<Moment> {
        std::mem::take(&mut *self.moments())
    }

    /// Puts these moments in the place of all.
    pub(super) fn put(&self, moments: Vec<Moment>) {
        *self.moments() = moments;
    }

    fn moments(&self) -> MutexGuard<'_, Vec<Moment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
