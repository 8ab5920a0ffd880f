//! Tells people by mail what happened to their second factor, and of deadlines that were set.
//!
//! It reads committed events from the trail of the plugin's store, under two names: one for what happened to a person, and
//! one for deadlines, so that a mail to ten thousand people is in nobody's way.
//!
//! | what happens | what becomes of the mail |
//! |---|---|
//! | the event comes twice, or to two gateways | it goes out once |
//! | the mail server is away | all mails wait, for a day; then the event's id is logged, and the mail is given up |
//! | one mail is not taken for now | it is tried again for ten minutes; those of the same hundred events go out meanwhile |
//! | one mail is refused for good | the event's id is logged |
//! | the person has no mailbox, or is not in the directory | the event's id is logged |
//! | the directory is away | all mails wait |
//! | the process is killed while the mail server is being spoken to | that one mail may be lost; all others are not |
//!
//! # Security
//!
//! A mail says what happened, when, and from which address; no secret, code, telephone number or reason, and no link that
//! does anything by itself. Logs name events by their ids, and no people.

mod announcements;
mod letter;
mod notices;
mod patience;
pub(crate) mod post;
mod words;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_host::fault::Fault;
use countersign_host::sink::{Courier, Sink};
use countersign_host::store::{Trail, Unavailable};
use tokio::runtime::Handle;

use self::announcements::Announcements;
pub(crate) use self::letter::Letter;
use self::notices::Notices;
use crate::gateway::Gateway;

/// Tells people, for as long as it is kept.
#[derive(Debug)]
pub struct Notifier {
    notices: Courier,
    announcements: Courier,
    is_over: IsOver,
}

/// Whether a notifier was dropped, for those of its threads that are at work.
#[derive(Clone, Default)]
struct IsOver(Arc<AtomicBool>);

impl Notifier {
    /// Starts it, on the tokio runtime that this is called on.
    ///
    /// In a store that it was never started on it begins with the events that come now: nobody is told of what was long
    /// before.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the store does not answer.
    pub async fn start(gateway: &Gateway) -> Result<Self, Unavailable> {
        let is_over = IsOver::default();
        let runtime = Handle::current();
        let notices = Notices::new(gateway.clone(), runtime.clone());
        let announcements = Announcements::new(gateway.clone(), runtime, is_over.clone());
        Ok(Self {
            notices: courier(gateway, "notices", notices).await?,
            announcements: courier(gateway, "announcements", announcements).await?,
            is_over,
        })
    }

    /// Has it look for events now.
    pub fn wake(&self) {
        self.notices.wake();
        self.announcements.wake();
    }

    /// Waits until everybody was told of all that has happened by now, and says whether they were.
    pub async fn drain(&self, at_most: Duration) -> bool {
        let (notices, announcements) = tokio::join!(
            self.notices.drain(at_most),
            self.announcements.drain(at_most)
        );
        notices && announcements
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.is_over.0.store(true, Ordering::Release);
    }
}

impl IsOver {
    fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl fmt::Debug for IsOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

async fn courier(
    gateway: &Gateway,
    name: &str,
    sink: impl Sink + 'static,
) -> Result<Courier, Unavailable> {
    let trail: Arc<dyn Trail> = gateway.store.clone();
    let realm = gateway.mfa.realm().to_owned();
    let consumers = trail.consumers(&realm).await?;
    if !consumers.iter().any(|(known, _)| known == name) {
        let last = trail.last_position(&realm).await?;
        trail.move_consumer(&realm, name, 0, last).await?;
    }
    let tell = |fault: &Fault| tracing::warn!(%fault, "mails wait");
    Courier::start(trail, &realm, name, sink, tell).await
}
