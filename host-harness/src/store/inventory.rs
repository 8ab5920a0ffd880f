//! What a store holds: for operators' tools. No call of a plugin comes here.

use async_trait::async_trait;

use super::{Content, Kind, Unavailable};

/// Lists the records of a [`Store`](super::Store), and keeps note of the keys that they were sealed with.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// Lists at most `limit` records of a kind whose names come after `after`, in the order of the names' bytes.
    ///
    /// Begin with `None` and go on with the last name. What is written meanwhile may be listed or not.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; try again.
    async fn list(
        &self,
        realm: &str,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable>;

    /// Counts the records of a kind.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; try again.
    async fn count(&self, realm: &str, kind: Kind) -> Result<u64, Unavailable>;

    /// Deletes what was collectable before `time`, in pieces; returns how many records.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; some may be deleted.
    async fn collect(&self, time: u64) -> Result<u64, Unavailable>;

    /// Returns which keys a realm's records were made with.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; try again.
    async fn key_notes(&self, realm: &str) -> Result<KeyNotes, Unavailable>;

    /// Notes that the realm's counters are named under `index`, if nothing is noted yet; and, if that is what is noted
    /// then, that records may be sealed with `sealing`. Returns what is noted; whoever finds another index must not serve.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; it was noted or not.
    async fn note_key(
        &self,
        realm: &str,
        index: u32,
        sealing: u32,
    ) -> Result<KeyNotes, Unavailable>;

    /// Notes that no record is sealed with this key any more.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; it was noted or not.
    async fn forget_key(&self, realm: &str, sealing: u32) -> Result<(), Unavailable>;

    /// Closes the store for good, as the last thing before a process ends: what was begun is done, and then every call
    /// is [`Unavailable`], of every clone. To close it again changes nothing. A store that holds nothing open has
    /// nothing to do.
    ///
    /// A store in a file is then whole in that one file, unless another process has it open.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; it is closed, and nothing that was answered is lost, but some of it may still lie beside the
    /// file.
    async fn close(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// A record as it is listed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Its name: of a user, a company or a counter.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// Its version.
    pub version: u64,
    /// After this time it may be collected.
    pub collectable_at: Option<u64>,
}

/// The ids of the keys that a realm's records were made with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeyNotes {
    /// The key that names counters.
    pub index: Option<u32>,
    /// The keys that records are or were sealed with, in order.
    pub sealing: Vec<u32>,
}
