//! What a case did and saw, step by step, for whoever wants to know why it failed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_host::printable::Printable;
use serde_json::Value;

use crate::report::short_line;

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
    /// The events that were noted meanwhile, by their names, with `!` where the user must be told.
    pub events: Vec<String>,
    /// What the case wants the events to be like since it last looked, if it says.
    pub expected_events: Option<Value>,
}

impl Moment {
    /// Tells it on lines, each with what it is, escaped and shortened for people to read.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        for did in &self.did {
            lines.push(("before", Printable(did).to_string()));
        }
        for (function, args) in &self.calls {
            let call = format!("{} {}", Printable(function), short_line(args));
            lines.push(("call", call));
        }
        if let Some(expected) = &self.expected {
            lines.push(("expected", short_line(expected)));
        }
        for answer in &self.answers {
            lines.push(("answer", short_line(answer)));
        }
        if let Some(expected) = &self.expected_events {
            lines.push(("expected", format!("events {}", short_line(expected))));
        }
        if !self.events.is_empty() {
            let events = self.events.join(", ");
            lines.push(("events", Printable(&events).to_string()));
        }
        lines
    }
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
