//! The audit trail: committed events, in order, and how far each consumer has read them.

use async_trait::async_trait;

use super::Unavailable;
use crate::event::StampedEvent;

/// The events of a [`Store`](super::Store), for those who act on them.
///
/// Each event has a position. Positions only grow: once an event was read at a position, none ever appears at the same
/// or an earlier one, so that a consumer that keeps the last position it has done with misses nothing. The events of one
/// user stand in the order of their commits.
#[async_trait]
pub trait Trail: Send + Sync {
    /// Reads at most `limit` events of a realm after a position, the earliest first; 0 is before all.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; try again.
    async fn events(
        &self,
        realm: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Trailed>, Unavailable>;

    /// Returns the position of the last event that can be read; 0 if there is none.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; try again.
    async fn last_position(&self, realm: &str) -> Result<u64, Unavailable>;

    /// Returns each consumer's name and the position up to which it is done, by name.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; try again.
    async fn consumers(&self, realm: &str) -> Result<Vec<(String, u64)>, Unavailable>;

    /// Moves a consumer on from one position to a later one; one that is not known stands at 0, and becomes known.
    ///
    /// Returns whether it stood at `from`: two processes under one name would otherwise take events from each other.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; it was moved or not.
    async fn move_consumer(
        &self,
        realm: &str,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, Unavailable>;

    /// Forgets a consumer, so that events need not be kept for it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; it was forgotten or not.
    async fn forget_consumer(&self, realm: &str, name: &str) -> Result<(), Unavailable>;

    /// Deletes events of before `time`, except those that a consumer has not had; returns how many.
    ///
    /// It works in pieces, so that no sign-in waits for it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]; some may be deleted.
    async fn prune(&self, realm: &str, time: u64) -> Result<u64, Unavailable>;
}

/// An event and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trailed {
    /// Its position: 1 or more.
    pub position: u64,
    /// The event.
    pub event: StampedEvent,
}
