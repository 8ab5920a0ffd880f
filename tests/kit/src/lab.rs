//! Where a plugin is tested: a host whose surroundings obey the case.
//!
//! [`Local`](crate::Local) is this project's own host in this process. Another one may be a program in another language
//! that is spoken to over a pipe. A lab that cannot do all that a case needs says so by its abilities; the case is
//! then skipped, which is not the same as passed.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::FaultKind;
use crate::subject::Fault;

/// A host with a plugin in it, which begins anew as often as it is asked to.
#[async_trait]
pub trait Lab: Send + Sync {
    /// Its name, in front of the names of its trials.
    fn name(&self) -> &str;

    /// What it can do beyond calling the plugin and setting the clock.
    fn abilities(&self) -> &BTreeSet<Ability>;

    /// Begins a world in which nothing is stored, with the clock at [`World::START`](crate::World::START), and starts the
    /// plugin in it. Worlds of one seed have the same randomness, if the lab can see to it.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it cannot.
    async fn begin(&self, seed: u64) -> Result<Box<dyn Session>, Fault>;
}

/// A world with a plugin in it.
#[async_trait]
pub trait Session: Send {
    /// Calls a function of the contract by its name, such as `sign-in.begin`. Arguments and answer are as in
    /// [`Instance::call`](crate::Instance::call).
    ///
    /// # Errors
    ///
    /// [`Fault`] for what no case can expect: a trap, a limit, arguments that do not fit the function.
    async fn call(&mut self, function: &str, args: &Value) -> Result<Value, Fault>;

    /// Makes calls at once, and returns their answers in any order. Each call has read its records before any of them
    /// commits; a lab that makes them one after another does not claim [`Ability::Race`].
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    async fn race(&mut self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, Fault>;

    /// Moves, breaks or mends something of the world.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it cannot, or if what is asked for does not exist.
    async fn turn(&mut self, control: &Control) -> Result<(), Fault>;

    /// Gives up the fault that was planned, and says how many uses failed by it.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it cannot say.
    async fn end_fault(&mut self) -> Result<u32, Fault>;

    /// Shows what there is, but for the first `known` events.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it cannot.
    async fn look(&mut self, known: usize) -> Result<View, Fault>;
}

/// What a lab may be able to do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// Break the clock.
    ClockFaults,
    /// Break the randomness.
    RandomFaults,
    /// Make the phone line refuse, and decide what becomes of messages.
    LineFaults,
    /// Make a use of an import fail.
    ImportFaults,
    /// Give the keyring a new active key.
    RotateKeys,
    /// Put something else in the place of a record.
    Tamper,
    /// Start the plugin anew on the same store.
    Restart,
    /// Make calls meet: each has read before one of them commits.
    Race,
    /// Show the events that were committed.
    Events,
    /// Show the records that are stored.
    Records,
    /// Show the text messages that went out.
    Messages,
}

/// What is done to a world between two calls.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(
    tag = "op",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Control {
    /// Sets the clock to a time, also back.
    Clock {
        /// Seconds since 1970.
        at: u64,
    },
    /// Breaks the clock, so that it tells no time, or mends it.
    ClockFails {
        /// Whether it fails from now on.
        fails: bool,
    },
    /// Breaks the randomness, or mends it.
    Random {
        /// `zero` bytes, `repeats` after 16, `stuck` after 32, `fails`, `works`.
        mode: String,
    },
    /// Makes the phone line refuse every number, or no more than it does by itself.
    Line {
        /// Whether it refuses from now on.
        refuses: bool,
    },
    /// Says what becomes of the next message that nothing was said of yet.
    Fate {
        /// `failed`, `refused`, `already-sent`, `lost`, `doubtful`.
        fate: String,
    },
    /// Gives the keyring a new active key.
    RotateKeys,
    /// Puts something else in the place of a record; see [`Tamper`](crate::case::Tamper).
    Tamper {
        /// `account`, `tickets` or `policy`.
        record: String,
        /// Of which user or company.
        of: String,
        /// `flip`, `truncate`, `empty`, `newer`, `garbage`, `swap`.
        how: String,
        /// What `swap` puts there; the same record of the user `bea` if it is not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Place>,
    },
    /// Stops the plugin, and starts another on the same store.
    Restart,
    /// Plans that a use of an import fails.
    Fault {
        /// The import, such as `store.commit`.
        import: String,
        /// The first use that fails, counted from 1.
        on: u32,
        /// How many uses fail.
        times: u32,
        /// How.
        kind: FaultKind,
    },
}

/// Where a record lies.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Place {
    /// `account`, `tickets` or `policy`.
    pub record: String,
    /// Of which user or company.
    pub of: String,
}

/// What there is in a world.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct View {
    /// What is stored, in any order.
    #[serde(default)]
    pub records: Vec<StoredRecord>,
    /// The events from the first that was asked for, in the order of the commits, as `StampedEvent::to_json` of the host writes them.
    #[serde(default)]
    pub events: Vec<Value>,
    /// Every text message that went out so far, in order: objects with `company`, `number`, `code`, `purpose`,
    /// `valid-minutes`, `idempotency-key`.
    #[serde(default)]
    pub messages: Vec<Value>,
}

/// A record, as somebody sees it who may not open it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StoredRecord {
    /// `account`, `tickets`, `policy` or `quota`.
    pub record: String,
    /// Of which user or company, or the counter's name.
    pub of: String,
    /// Its version.
    pub version: u64,
    /// What is stored, in any form that is the same for the same bytes.
    pub content: String,
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClockFaults => "clock-faults",
            Self::RandomFaults => "random-faults",
            Self::LineFaults => "line-faults",
            Self::ImportFaults => "import-faults",
            Self::RotateKeys => "rotate-keys",
            Self::Tamper => "tamper",
            Self::Restart => "restart",
            Self::Race => "race",
            Self::Events => "events",
            Self::Records => "records",
            Self::Messages => "messages",
        })
    }
}

impl Ability {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ClockFaults,
        Self::RandomFaults,
        Self::LineFaults,
        Self::ImportFaults,
        Self::RotateKeys,
        Self::Tamper,
        Self::Restart,
        Self::Race,
        Self::Events,
        Self::Records,
        Self::Messages,
    ];
}
