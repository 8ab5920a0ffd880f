//! What a plugin lives in during a case: a clock, randomness, keys, a store and a phone line that obey the case.
//!
//! They implement the traits of `countersign_host`, so that the real host uses them as it would use others, and another
//! subject can use them directly.

mod clock;
mod faults;
mod keyring;
mod lie;
mod line;
mod random;
mod store;

use std::sync::{Arc, Mutex, PoisonError};

use countersign_host::fault::Fault;
use countersign_host::random::SeededRandom;
use countersign_host::seal::Sealer;
use countersign_host::store::{Key, Record};
use serde_json::Value;

pub use self::clock::WorldClock;
pub use self::faults::{Failing, Import, Kind, UnknownImport};
pub use self::keyring::WorldKeyring;
pub use self::lie::{Lie, Lying, Point};
pub use self::line::{Fate, WorldLine};
pub use self::random::{Broken, WorldRandom};
pub use self::store::WorldStore;

/// All imports of a plugin, to be moved, broken and looked into by a case. Its clones are the same world.
#[derive(Clone, Debug)]
pub struct World {
    clock: WorldClock,
    random: WorldRandom,
    keyring: WorldKeyring,
    store: WorldStore,
    line: WorldLine,
    failing: Failing,
    noted: Arc<Mutex<Vec<Fault>>>,
}

impl World {
    /// Makes a world at [`World::START`] in which nothing is stored. Worlds of one seed are the same.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let failing = Failing::default();
        let keyring = WorldKeyring::new(seed, failing.clone());
        // Whoever lies about a record seals it anew, and takes no randomness from the plugin for it.
        let liar = Sealer::new(
            Arc::new(keyring.clone()),
            Arc::new(SeededRandom::from_seed(!seed)),
        );
        Self {
            clock: WorldClock::new(Self::START, failing.lying().clone()),
            random: WorldRandom::new(seed, failing.clone()),
            store: WorldStore::new(failing.clone(), liar),
            keyring,
            line: WorldLine::new(failing.clone()),
            failing,
            noted: Arc::default(),
        }
    }

    /// The time at which every world begins: 2025-06-15T15:07:00Z, the first second of a time step.
    pub const START: u64 = 1_750_000_020;

    /// Returns the realm.
    #[must_use]
    pub fn realm(&self) -> &'static str {
        "conformance"
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &WorldClock {
        &self.clock
    }

    /// Returns the random source.
    #[must_use]
    pub fn random(&self) -> &WorldRandom {
        &self.random
    }

    /// Returns the keyring.
    #[must_use]
    pub fn keyring(&self) -> &WorldKeyring {
        &self.keyring
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &WorldStore {
        &self.store
    }

    /// Returns the phone line.
    #[must_use]
    pub fn line(&self) -> &WorldLine {
        &self.line
    }

    /// Returns which use of which import fails next.
    #[must_use]
    pub fn failing(&self) -> &Failing {
        &self.failing
    }

    /// Returns what seals records on their way into the store. Every subject seals, so that a record that is tampered
    /// with means the same to all of them.
    #[must_use]
    pub fn sealer(&self) -> Sealer {
        Sealer::new(
            Arc::new(self.keyring.clone()),
            Arc::new(self.random.clone()),
        )
    }

    /// Returns the events committed so far, in the form of `StampedEvent::to_json`.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.store.events()
    }

    /// Returns the key of a record in this world's realm.
    #[must_use]
    pub fn key(&self, record: Record) -> Key {
        Key {
            realm: self.realm().into(),
            record,
        }
    }

    /// Returns which lie the host tells next, and where.
    #[must_use]
    pub fn lying(&self) -> &Lying {
        self.failing.lying()
    }

    /// Notes a fault that the host reports.
    pub fn note(&self, fault: &Fault) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push(fault.clone());
    }

    /// Returns what the host reported as faults.
    #[must_use]
    pub fn noted(&self) -> Vec<Fault> {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.clone()
    }
}
