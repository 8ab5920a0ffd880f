//! Where committed events go besides the store: a log, a collector, whoever tells users.
//!
//! ```
//! use countersign_host::fault::Fault;
//! use countersign_host::sink::{JsonLines, Relay};
//! use countersign_host::store::MemoryStore;
//!
//! # fn start(path: &std::path::Path) -> std::io::Result<()> {
//! let events = JsonLines::append(path)?;
//! let alarm = |fault: &Fault| eprintln!("{fault}");
//! let store = Relay::new(MemoryStore::new(), events, alarm)?;
//! // Give `store.clone()` to the builder; before the process ends, `store.drain(..)`.
//! # Ok(())
//! # }
//! # let path = std::env::temp_dir().join(format!("countersign-sink-{}", std::process::id()));
//! # start(&path).unwrap();
//! # std::fs::remove_file(path).unwrap();
//! ```
//!
//! # What a sink can rely on
//!
//! * It is handed only what was committed: after the store said so.
//! * The events of one user come in the order of their commits, those of one commit in the plugin's. Events of
//!   different users, or of several processes that share a store, come in any order.
//! * An event may come twice: after the sink failed, it is handed the same one again, with the same
//!   [id](crate::event::EventId). Whoever acts on events, such as by telling users, leaves out an id that it has had.
//! * What it is not handed is said: a fault is reported, and the place is marked with how many are missing
//!   ([`Sink::gap`]).
//!
//! # What it cannot
//!
//! Events are on their way in memory, so some that the store has may never come, and the store's own trail, in the same
//! transaction as the change, is the one to trust:
//!
//! | what happens | what becomes of the events |
//! |---|---|
//! | the process dies | those that were waiting are lost, unmarked |
//! | the store answers `unavailable`, or not in time | nobody knows whether they were committed; a fault says so |
//! | the sink is slower than the commits for long | the queue fills, and what does not fit is left out and marked; its last quarter is kept for events with `notify` |
//! | the sink fails four times | the event is left out and marked |
//!
//! A sink that must miss nothing has to read the store's own trail from where it stopped, which the store in memory,
//! being gone with its process, does not offer.
//!
//! A commit never waits for a sink, and never fails because of one.
//!
//! # Security
//!
//! Events hold no secret, and name people: they are personal data.

mod json_lines;
mod relay;
mod turns;

use std::io;

pub use self::json_lines::JsonLines;
pub use self::relay::Relay;
use crate::event::StampedEvent;

/// Takes committed events. It is called by a thread of its own, so it may block.
pub trait Sink: Send {
    /// Takes an event.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from doing so. It is then handed the same event up to three times more, within about a second.
    fn take(&mut self, event: &StampedEvent) -> io::Result<()>;

    /// Takes note that here so many events are missing.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from doing so. It is told again before the next event.
    fn gap(&mut self, missing: u64) -> io::Result<()>;

    /// Passes on what it may have held back. Called when nothing more is waiting.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from doing so; reported as a fault.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
