//! A clock that a case moves, and stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_host::clock::{Clock, ClockError, FixedClock};

use super::lie::{Lie, Lying, Point};

/// A clock that stands still until a case moves it.
#[derive(Clone, Debug)]
pub struct WorldClock {
    time: FixedClock,
    broken: Arc<AtomicBool>,
    lying: Lying,
}

impl WorldClock {
    /// Makes a clock that shows `seconds` since 1970, and lies as planned.
    pub(super) fn new(seconds: u64, lying: Lying) -> Self {
        Self {
            time: FixedClock::at(seconds),
            broken: Arc::default(),
            lying,
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
        match self.lying.told(Point::Clock) {
            Some(Lie::ClockZero) => return Ok(0),
            Some(Lie::ClockEnd) => return Ok(u64::MAX),
            Some(Lie::ClockBack) => return Ok(self.time().saturating_sub(DAY)),
            Some(Lie::ClockAhead) => return Ok(self.time().saturating_add(3_650 * DAY)),
            Some(_) => return Err(ClockError),
            None => {}
        }
        match self.broken.load(Ordering::SeqCst) {
            true => Err(ClockError),
            false => self.time.now(),
        }
    }
}

/// In seconds.
const DAY: u64 = 24 * 60 * 60;
