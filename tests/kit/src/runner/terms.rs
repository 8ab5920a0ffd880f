//! On what terms a case is run.

use std::time::Duration;

use crate::world::World;

/// On what terms cases are run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// How long a case may take; for ever unless set.
    pub most: Duration,
    /// What its world is drawn from; 1 unless set. Of another seed all that is random is other, and so is the day: a plugin
    /// that knows the cases cannot know the world that they are run in.
    pub seed: u64,
}

impl Terms {
    /// The time at which a world begins, in seconds since 1970: [`World::START`] for the seed 1, and the same time of the
    /// day on another day of the same ten years for any other.
    #[must_use]
    pub fn start(&self) -> u64 {
        // Odd, so that neighbours lie far apart (Knuth, TAOCP 6.4).
        let mixed = self
            .seed
            .wrapping_sub(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 32;
        World::START.saturating_add((mixed % DAYS).saturating_mul(DAY))
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            most: Duration::MAX,
            seed: 1,
        }
    }
}

/// Ten years.
const DAYS: u64 = 3_650;

/// In seconds.
const DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_seed_begins_where_worlds_do_and_others_on_other_days() {
        assert_eq!(Terms::default().start(), World::START);
        let mut starts: Vec<u64> = (1..50)
            .map(|seed| {
                Terms {
                    seed,
                    ..Terms::default()
                }
                .start()
            })
            .collect();
        assert!(starts.iter().all(|it| it % DAY == World::START % DAY));
        starts.sort_unstable();
        starts.dedup();
        assert!(starts.len() > 45, "{}", starts.len());
    }
}
