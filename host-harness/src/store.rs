//! Where records, counters and the audit trail are kept.

mod inventory;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod trail;
mod url;

use std::sync::Arc;

use async_trait::async_trait;

pub use self::inventory::{Inventory, KeyNotes, Listed};
pub use self::memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresOptions, PostgresStore, postgres_pool};
#[cfg(feature = "sqlite")]
pub use self::sqlite::{Copied, SqliteError, SqliteStore};
pub use self::trail::{Trail, Trailed};
pub use self::url::{OpenError, open};
use crate::event::StampedEvent;

/// A place for records, counters and events that upholds STORE-1 to STORE-5 and STORE-7 of `wit/store.wit`.
///
/// It has one operation that writes, so that state, counters and events move together. It never sees what is in a
/// record: values come sealed. Every implementation passes the same suite.
///
/// | duty | what a wrong answer costs |
/// |---|---|
/// | STORE-1, a get sees every commit before it | a stale read of an account makes a used code good again, if the commit that follows is not refused either |
/// | STORE-2, of two commits that expect the same version one fails | a code is accepted twice, a recovery code opens two enrollments |
/// | STORE-3, all or nothing, with the events | an acceptance without a trace; a count without its message |
/// | STORE-4, no version twice for one record, also after it was deleted | the same as STORE-2 |
/// | STORE-5, ceilings hold whatever races | more text messages than the company pays for |
/// | STORE-7, unavailable when in doubt | `Conflict` in doubt: the plugin decides again, and a count is one too high |
///
/// Read from the primary, never from a replica that may lag.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads records, in the order of `keys`; none for one that is not there.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if any of them cannot be read for certain.
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable>;

    /// Makes all changes and appends all events, or does nothing.
    ///
    /// The host has checked that no record stands in it twice, that only counters are added to and only other
    /// records put or checked. A plugin deletes no counter; the host itself does, at its version, to take back that a
    /// message went out.
    ///
    /// # Errors
    ///
    /// [`CommitError`]; nothing was changed, except that after `Unavailable` nobody knows.
    async fn commit(&self, commit: Commit) -> Result<(), CommitError>;
}

/// A store with all that an operator's tools need: what [`open`] opens.
pub trait Database: Store + Trail + Inventory {}

impl<T: Store + Trail + Inventory + ?Sized> Database for T {}

/// The name of a record in a store that several realms may share.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// The realm.
    pub realm: Arc<str>,
    /// Which of it.
    pub record: Record,
}

/// The name of a record within its realm.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Record {
    /// A user's factors and counts.
    Account {
        /// The user.
        user: Arc<str>,
    },
    /// A user's tickets.
    Tickets {
        /// The user.
        user: Arc<str>,
    },
    /// A company's policy.
    Policy {
        /// The company, or `*`.
        company: Arc<str>,
    },
    /// A counter.
    Quota {
        /// Its name: at most 128 bytes of ASCII.
        name: Arc<str>,
    },
}

impl Record {
    /// Returns its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Account { .. } => Kind::Account,
            Self::Tickets { .. } => Kind::Tickets,
            Self::Policy { .. } => Kind::Policy,
            Self::Quota { .. } => Kind::Quota,
        }
    }

    /// Returns whose or which record of its kind this is: the user, the company or the counter's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Account { user } | Self::Tickets { user } => user,
            Self::Policy { company } => company,
            Self::Quota { name } => name,
        }
    }
}

/// A kind of record.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Users' factors and counts.
    Account,
    /// Users' tickets.
    Tickets,
    /// Companies' policies.
    Policy,
    /// Counters.
    Quota,
}

impl Kind {
    /// Returns its name: `account`, `tickets`, `policy` or `quota`. Stores keep it, so it never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Tickets => "tickets",
            Self::Policy => "policy",
            Self::Quota => "quota",
        }
    }

    /// Returns the record of this kind with a name.
    pub fn named(self, name: &str) -> Record {
        match self {
            Self::Account => Record::Account { user: name.into() },
            Self::Tickets => Record::Tickets { user: name.into() },
            Self::Policy => Record::Policy {
                company: name.into(),
            },
            Self::Quota => Record::Quota { name: name.into() },
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A record as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored {
    /// What it holds.
    pub content: Content,
    /// Its version: never the same twice for one key.
    pub version: u64,
}

/// What a record holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// Sealed bytes.
    Sealed(Vec<u8>),
    /// A counter's value.
    Count(u64),
}

/// What to change, all or nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Commit {
    /// The time of the call, in seconds since 1970: what is collectable before it may be collected.
    pub now: u64,
    /// The changes.
    pub changes: Vec<Change>,
    /// The events to append, in order.
    pub events: Vec<StampedEvent>,
}

impl Commit {
    /// Makes a commit of changes, without events.
    pub fn new(now: u64, changes: Vec<Change>) -> Self {
        Self {
            now,
            changes,
            events: Vec::new(),
        }
    }
}

/// One part of a commit. `expected` is the version that was read, none to say that there was no record.
#[derive(Clone, Debug)]
pub enum Change {
    /// Replaces a record.
    Put {
        /// Which.
        key: Key,
        /// The version that was read.
        expected: Option<u64>,
        /// What it shall hold, sealed.
        value: Vec<u8>,
        /// After this time it may be collected as if it had never been.
        collectable_at: Option<u64>,
    },
    /// Deletes a record.
    Delete {
        /// Which.
        key: Key,
        /// The version that was read.
        expected: Option<u64>,
    },
    /// Changes nothing, but fails the commit if the record is not at its version.
    Check {
        /// Which.
        key: Key,
        /// The version that was read.
        expected: Option<u64>,
    },
    /// Raises a counter; one that is not there starts at 0.
    Add {
        /// Which.
        key: Key,
        /// By how much.
        amount: u64,
        /// What it must not pass.
        ceiling: u64,
        /// After this time it may be collected.
        collectable_at: u64,
    },
}

impl Change {
    /// Returns the record that this is about.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. }
            | Self::Delete { key, .. }
            | Self::Check { key, .. }
            | Self::Add { key, .. } => key,
        }
    }
}

/// The store did not answer; why, for logs, without a name or a value.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store is not available: {0}")]
pub struct Unavailable(pub String);

/// Why a commit did not happen.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A record was not at its expected version.
    #[error("another commit came first")]
    Conflict,
    /// The `Add` at this index would pass its ceiling.
    #[error("the counter of change {0} is at its ceiling")]
    CeilingReached(usize),
    /// It may have happened or not.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[async_trait]
impl<T: Store + ?Sized> Store for Arc<T> {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        (**self).get(keys).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        (**self).commit(commit).await
    }
}
