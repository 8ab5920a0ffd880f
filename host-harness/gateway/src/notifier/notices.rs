//! What happened to a person, told to that person.

use std::io;

use countersign_host::contract::event::EventKind;
use countersign_host::event::StampedEvent;
use countersign_host::sink::Sink;
use tokio::runtime::Handle;

use super::letter::Letter;
use super::patience::{Patience, Then};
use super::post::{self, Posted};
use crate::directory::{Counted, DirectoryError};
use crate::gateway::Gateway;
use crate::seconds::DAY;

/// Sends each person's notices to that person's own mailbox.
pub(super) struct Notices {
    gateway: Gateway,
    runtime: Handle,
    patience: Patience,
    /// Whether something of what was handed is to be handed again.
    is_behind: bool,
}

impl Notices {
    pub(super) fn new(gateway: Gateway, runtime: Handle) -> Self {
        Self {
            gateway,
            runtime,
            patience: Patience::default(),
            is_behind: false,
        }
    }

    async fn tell(&mut self, event: &StampedEvent, user: &str) -> Result<(), DirectoryError> {
        let gateway = self.gateway.clone();
        let Ok(now) = gateway.clock.now() else {
            return Err(DirectoryError::Unavailable("no time".to_owned()));
        };
        follow(&gateway, event, user, now).await?;
        if !event.event.notify {
            return Ok(());
        }
        let event_id = event.id.to_string();
        let id = post::id(&[&event_id, user]);
        if !self.patience.is_time(&id, now) {
            self.is_behind = true;
            return Ok(());
        }
        let Some(found) = gateway.directory.user(user).await? else {
            tracing::warn!(event = %event_id, "nobody is told: the person is not in the directory");
            return Ok(());
        };
        let Some(email) = found.email else {
            tracing::warn!(event = %event_id, "nobody is told: the person has no mailbox");
            return Ok(());
        };
        let mail = match Letter::of(&gateway.config, &found.name).notice(event, email) {
            Ok(mail) => mail,
            Err(error) => {
                tracing::error!(event = %event_id, %error, "nobody is told");
                return Ok(());
            }
        };
        let ends_at = now.saturating_add(REMEMBERED);
        match post::once(&gateway, &id, &mail, now, ends_at).await? {
            Posted::Sent => tracing::debug!(event = %event_id, "a person was told"),
            Posted::Before => {}
            Posted::Refused(error) => {
                tracing::error!(event = %event_id, %error, "nobody is told");
            }
            Posted::Deferred(error) | Posted::Unavailable(error) => {
                match self.patience.note(id, &error, now) {
                    Then::Again => self.is_behind = true,
                    Then::GiveUp => {
                        tracing::error!(event = %event_id, %error, "nobody is told: it was tried for long enough");
                    }
                }
                return Ok(());
            }
        }
        self.patience.done(&id);
        Ok(())
    }
}

impl Sink for Notices {
    fn take(&mut self, event: &StampedEvent) -> io::Result<()> {
        // Deadlines are for many: `Announcements` tells them.
        let Some(user) = &event.user else {
            return Ok(());
        };
        let runtime = self.runtime.clone();
        runtime
            .block_on(self.tell(event, user))
            .map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.is_behind) {
            true => Err(io::Error::other("mails were not taken")),
            false => Ok(()),
        }
    }
}

/// Does in the directory what an event asks for. Gateways do it at once; this is for one that was killed in between, and
/// for what comes from elsewhere, such as an import.
async fn follow(
    gateway: &Gateway,
    event: &StampedEvent,
    user: &str,
    now: u64,
) -> Result<(), DirectoryError> {
    match &event.event.kind {
        EventKind::EnrollmentConfirmed(_) | EventKind::Imported(_) => {
            gateway.directory.note_enrolled(user).await
        }
        EventKind::Reset(_) | EventKind::Erased => {
            // Once: when the event comes again, the person may have signed in anew.
            let id = post::id(&["sessions", &event.id.to_string()]);
            let ends_at = now.saturating_add(REMEMBERED);
            match gateway.directory.count(&id.0, now, ends_at, 1).await? {
                Counted::Full { .. } => Ok(()),
                Counted::Nth(_) => match gateway.directory.end_sessions(user, None).await {
                    Err(error) => {
                        gateway.directory.uncount(&id.0).await?;
                        Err(error)
                    }
                    Ok(()) => Ok(()),
                },
            }
        }
        _ => Ok(()),
    }
}

/// Seconds for which it is remembered that an event was told: longer than any comes late.
pub(super) const REMEMBERED: u64 = 30 * DAY;
