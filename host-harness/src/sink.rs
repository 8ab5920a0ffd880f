//! Where committed events go besides the store: a log, a collector, whoever tells users.
//!
//! ```
//! use std::sync::Arc;
//!
//! use countersign_host::fault::Fault;
//! use countersign_host::sink::{Courier, JsonLines};
//! use countersign_host::store::Database;
//!
//! # async fn start(store: Arc<dyn Database>, path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
//! let events = JsonLines::append(path)?;
//! let alarm = |fault: &Fault| eprintln!("{fault}");
//! let courier = Courier::start(store, "example", "siem", events, alarm).await?;
//! // Keep it for as long as events are to be handed on; before the process ends, `courier.drain(..)`.
//! # Ok(())
//! # }
//! ```
//!
//! A [`Courier`] reads the store's own trail, which is in the same transaction as what the events tell of, from where it
//! stopped. How far it is stands in the store.
//!
//! # What a sink can rely on
//!
//! * It is handed every committed event, and only those.
//! * The events of one user come in the order of their commits, those of one commit in the plugin's. Events of
//!   different users come in the order of their positions in the trail.
//! * An event may come twice, with the same [id](crate::event::EventId). Whoever acts on events, such as by telling users,
//!   leaves out an id that it has had.
//!
//! | what happens | what becomes of the events |
//! |---|---|
//! | the process dies | those that the sink was handed last, a hundred at most, come again |
//! | the store answers `unavailable` to a commit | its events come if it happened after all |
//! | the sink is slower than the commits | they wait in the store |
//! | the sink fails | it is handed the same ones again, for ever; a fault says so |
//! | the store is away | the courier waits for it; a fault says so |
//!
//! A commit never waits for a sink, and never fails because of one. [`Trail::prune`](crate::store::Trail::prune) keeps what
//! a consumer that is known has not had; one that is gone for good must be
//! [forgotten](crate::store::Trail::forget_consumer), or its events stay for ever.
//!
//! # Security
//!
//! Events hold no secret, and name people: they are personal data.

mod courier;
mod json_lines;

use std::io;

pub use self::courier::Courier;
pub use self::json_lines::JsonLines;
use crate::event::StampedEvent;

/// Takes committed events. It is called where it may block.
pub trait Sink: Send {
    /// Takes an event.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from doing so. It is then handed again all that it took since the last [`flush`](Self::flush).
    fn take(&mut self, event: &StampedEvent) -> io::Result<()>;

    /// Passes on what it may have held back. What it took before does not come again once this succeeded.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from doing so. It is then handed again all that it took since the last one.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
