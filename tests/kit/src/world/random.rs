//! Randomness that fails when a case wants it.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_host::random::{Random, RandomError, SeededRandom};

use super::faults::{Failing, Import};
use super::lie::{Lie, Point};

/// A generator that gives the same bytes for the same seed, unless a case breaks it.
#[derive(Clone, Debug)]
pub struct WorldRandom {
    seeded: SeededRandom,
    /// What is broken, and how many bytes it has given since.
    broken: Arc<Mutex<Option<(Broken, u8)>>>,
    failing: Failing,
}

/// What a generator does that does not do its work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Broken {
    /// Every byte is zero.
    Zero,
    /// The same 16 bytes over and over.
    Repeat,
    /// The same 32 bytes at every draw.
    Stuck,
    /// It says that there is no randomness.
    Fail,
}

impl WorldRandom {
    pub(super) fn new(seed: u64, failing: Failing) -> Self {
        Self {
            seeded: SeededRandom::from_seed(seed),
            broken: Arc::default(),
            failing,
        }
    }

    /// Breaks the generator, or mends it.
    pub fn break_down(&self, broken: Option<Broken>) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) =
            broken.map(|broken| (broken, 0));
    }
}

impl Random for WorldRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        if self.failing.strike(Import::Random).is_some() {
            return Err(RandomError);
        }
        match self.failing.lying().told(Point::Random) {
            Some(Lie::RandomZeros) => {
                bytes.fill(0);
                return Ok(());
            }
            Some(Lie::RandomRepeats) => {
                repeat(bytes, 16);
                return Ok(());
            }
            Some(Lie::RandomStuck) => {
                repeat(bytes, 32);
                return Ok(());
            }
            Some(_) => return Err(RandomError),
            None => {}
        }
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((broken, given)) = broken.as_mut() else {
            return self.seeded.fill(bytes);
        };
        let period = match broken {
            Broken::Fail => return Err(RandomError),
            Broken::Zero => {
                bytes.fill(0);
                return Ok(());
            }
            Broken::Repeat => 16,
            Broken::Stuck => 32,
        };
        // One stream, since nobody says in how many pieces a plugin draws.
        for byte in bytes {
            *given = given.checked_rem(period).unwrap_or(0).saturating_add(1);
            *byte = *given;
        }
        Ok(())
    }
}

/// Fills with the same bytes over and over, so many at a time.
fn repeat(bytes: &mut [u8], period: u8) {
    for (byte, given) in bytes.iter_mut().zip((1..=period).cycle()) {
        *byte = given;
    }
}
