//! A clock that a case moves, and stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_host::clock::{Clock, ClockError, FixedClock};

/// A clock that stands still until a case moves it.
#[derive(Clone, Debug)]
pub struct WorldClock {
    time: FixedClock,
    broken: Arc<AtomicBool>,
}

impl WorldClock {
    /// Makes a clock that shows `seconds` since 1970.
    #[must_use]
    pub fn at(seconds: u64) -> Self {
        Self {
            time: FixedClock::at(seconds),
            broken: Arc::default(),
        }
    }

    /// Sets the clock; also back.
    pub fn set(&self, seconds: u64) {
        self.time.set(seconds);
    }

    /// Moves the clock on.
    pub fn advance(&self, seconds: u64) {
        self.time.advance(seconds);
    }

    /// Breaks the clock, so that it tells no time, or mends it.
    pub fn break_down(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    /// Returns what it shows, broken or not.
    #[must_use]
    pub fn time(&self) -> u64 {
        // A fixed clock always knows the time.
        self.time.now().unwrap_or(0)
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Result<u64, ClockError> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(ClockError),
            false => self.time.now(),
        }
    }
}
