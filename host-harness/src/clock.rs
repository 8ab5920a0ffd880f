//! The time of day.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tells the time; asked once a call.
///
/// # Security
///
/// A clock that is wrong by minutes makes right codes wrong. One that goes back does not let a code be used twice:
/// the plugin remembers the last step that it accepted. One that goes far ahead ends tickets and devices.
pub trait Clock: Send + Sync {
    /// Returns the seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// [`ClockError`] if the time is not known. The call is then refused.
    fn now(&self) -> Result<u64, ClockError>;
}

/// The time is not known, or before 1970.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the time is not known, or before 1970")]
pub struct ClockError;

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's time"
    )]
    fn now(&self) -> Result<u64, ClockError> {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map(|since| since.as_secs())
            .map_err(|_| ClockError)
    }
}

/// A clock that stands still until it is set, for tests and demonstrations.
///
/// Its clones are the same clock.
///
/// # Examples
///
/// ```
/// use countersign_host::clock::{Clock, FixedClock};
///
/// let clock = FixedClock::at(59);
/// clock.advance(30);
/// assert_eq!(clock.now().unwrap(), 89);
/// ```
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<Mutex<u64>>);

impl FixedClock {
    /// Makes a clock that shows `seconds` since 1970.
    pub fn at(seconds: u64) -> Self {
        Self(Arc::new(Mutex::new(seconds)))
    }

    /// Sets the clock; also back.
    pub fn set(&self, seconds: u64) {
        *self.time() = seconds;
    }

    /// Moves the clock on; at the end of time it stays there.
    pub fn advance(&self, seconds: u64) {
        let mut now = self.time();
        *now = now.saturating_add(seconds);
    }

    fn time(&self) -> MutexGuard<'_, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Result<u64, ClockError> {
        Ok(*self.time())
    }
}
