//! Deadlines that were set, told to those who have to do something about it.

use std::collections::BTreeMap;
use std::io;

use countersign_host::contract::Deadline;
use countersign_host::contract::event::EventKind;
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::event::StampedEvent;
use countersign_host::sink::Sink;
use tokio::runtime::Handle;

use super::IsOver;
use super::letter::Letter;
use super::patience::{Patience, Then};
use super::post::{self, Posted};
use crate::directory::{Company, User};
use crate::gateway::Gateway;
use crate::governing::{DEFAULT, Governing};
use crate::reminders::{self, Roll, RollError};

/// Tells every active member without a factor of a deadline that was set for the company.
///
/// A deadline that is not the company's any more, because it was moved meanwhile, is told to nobody.
pub(super) struct Announcements {
    gateway: Gateway,
    runtime: Handle,
    is_over: IsOver,
    patience: Patience,
    /// Whether something of what was handed is to be handed again.
    is_behind: bool,
}

impl Announcements {
    pub(super) fn new(gateway: Gateway, runtime: Handle, is_over: IsOver) -> Self {
        Self {
            gateway,
            runtime,
            is_over,
            patience: Patience::default(),
            is_behind: false,
        }
    }

    async fn announce(
        &mut self,
        event: &StampedEvent,
        deadline: &Deadline,
    ) -> Result<(), RollError> {
        let gateway = self.gateway.clone();
        let known = gateway.directory.companies().await?;
        let known: BTreeMap<String, Company> =
            known.into_iter().map(|it| (it.id.clone(), it)).collect();
        for named in &event.event.companies {
            let with_own = named != DEFAULT;
            for company in known.values().filter(|it| !with_own || it.id == *named) {
                let Some(governing) = Governing::of(&gateway.mfa, &company.id).await? else {
                    continue;
                };
                let policy = &governing.policy;
                let is_current =
                    matches!(&policy.mode, Mode::EnforcedFrom(it) if it.at == deadline.at);
                if governing.is_own() == with_own && is_current {
                    self.tell_company(event, deadline, company, policy).await?;
                }
            }
        }
        Ok(())
    }

    async fn tell_company(
        &mut self,
        event: &StampedEvent,
        deadline: &Deadline,
        company: &Company,
        policy: &Policy,
    ) -> Result<(), RollError> {
        let gateway = self.gateway.clone();
        let mut roll = Roll::of(&gateway, &company.id);
        while let Some(user) = roll.next().await? {
            if self.is_over.get() {
                return Err(RollError::Stopped);
            }
            let now = gateway.clock.now().map_err(|_| RollError::Time)?;
            if self.patience.is_closed(now) {
                self.is_behind = true;
                return Ok(());
            }
            self.tell_member(event, deadline, company, policy, &user)
                .await?;
        }
        Ok(())
    }

    async fn tell_member(
        &mut self,
        event: &StampedEvent,
        deadline: &Deadline,
        company: &Company,
        policy: &Policy,
        user: &User,
    ) -> Result<(), RollError> {
        let gateway = self.gateway.clone();
        let now = gateway.clock.now().map_err(|_| RollError::Time)?;
        let event_id = event.id.to_string();
        let id = post::id(&[&event_id, &user.id]);
        if !self.patience.is_time(&id, now) {
            self.is_behind = true;
            return Ok(());
        }
        let Some(email) = user.email.clone() else {
            return Ok(());
        };
        let letter = Letter::of(&gateway.config, &user.name);
        let mail = match letter.deadline(deadline, &company.name, event.at, email) {
            Ok(mail) => mail,
            Err(error) => {
                tracing::error!(event = %event_id, %error, "nobody is told");
                return Ok(());
            }
        };
        let ends_at = now.saturating_add(super::notices::REMEMBERED);
        match post::once(&gateway, &id, &mail, now, ends_at).await? {
            Posted::Sent => {
                // It stands for the reminder that would be due by now.
                reminders::count(&gateway, company, deadline, policy, &user.id, event.at).await?;
            }
            Posted::Before => {}
            Posted::Refused(error) => {
                tracing::error!(event = %event_id, %error, "one member is not told");
            }
            Posted::Deferred(error) | Posted::Unavailable(error) => {
                match self.patience.note(id, &error, now) {
                    Then::Again => self.is_behind = true,
                    Then::GiveUp => {
                        tracing::error!(event = %event_id, %error, "one member is not told: it was tried for long enough");
                    }
                }
                return Ok(());
            }
        }
        self.patience.done(&id);
        Ok(())
    }
}

impl Sink for Announcements {
    fn take(&mut self, event: &StampedEvent) -> io::Result<()> {
        let EventKind::DeadlineSet(deadline) = &event.event.kind else {
            return Ok(());
        };
        if !event.event.notify {
            return Ok(());
        }
        let runtime = self.runtime.clone();
        runtime
            .block_on(self.announce(event, deadline))
            .map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.is_behind) {
            true => Err(io::Error::other("mails were not taken")),
            false => Ok(()),
        }
    }
}
