//! What callers note down.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{Action, History, Operation};

/// Where several callers note what they did, by one clock.
#[derive(Debug)]
pub struct Recorder {
    origin: Instant,
    operations: Mutex<Vec<Operation>>,
}

/// When an operation was begun. It must be made before the operation is.
#[derive(Clone, Copy, Debug)]
pub struct Started(u64);

impl Recorder {
    /// Makes one with nothing in it.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it begins a measurement")]
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
            operations: Mutex::default(),
        }
    }

    /// Begins an operation.
    #[must_use]
    pub fn start(&self) -> Started {
        Started(self.now())
    }

    /// Notes an operation that was answered just now.
    pub fn note(&self, started: Started, action: Action) {
        let operation = Operation {
            begun: started.0,
            answered: Some(self.now()),
            action,
        };
        let mut operations = self
            .operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        operations.push(operation);
    }

    /// Says how many were noted so far.
    #[must_use]
    pub fn count(&self) -> usize {
        let operations = self
            .operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        operations.len()
    }

    /// Returns what was noted.
    #[must_use]
    pub fn finish(&self) -> History {
        let operations = self
            .operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        operations.clone().into()
    }

    fn now(&self) -> u64 {
        // In 584 years it stands still.
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
