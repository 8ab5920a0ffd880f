//! A phone line that a case listens to and breaks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use countersign_host::sms::{
    Message, MessagePurpose, Outbox, Outcome, Permission, SmsError, SmsSender,
};

use super::faults::{Failing, Import};
use super::lie::{Lie, Point};

/// A phone line that keeps what is sent. Its clones are the same line.
#[derive(Clone, Debug)]
pub struct WorldLine {
    outbox: Outbox,
    state: Arc<Mutex<State>>,
    failing: Failing,
}

#[derive(Debug, Default)]
struct State {
    refuses: bool,
    /// What becomes of the next messages.
    fates: VecDeque<Fate>,
}

/// What becomes of a message, where a case wants something else than that it arrives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It does not go out, and the line says so.
    Failed,
    /// The host's own caps hold it back.
    Refused,
    /// It went out before.
    AlreadySent,
    /// Nobody knows, and it does not arrive.
    Lost,
    /// Nobody knows, and it arrives.
    Doubtful,
}

impl WorldLine {
    pub(super) fn new(failing: Failing) -> Self {
        Self {
            outbox: Outbox::with(permission),
            state: Arc::default(),
            failing,
        }
    }

    /// Returns every message that went out, the oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.outbox.messages()
    }

    /// Makes the line refuse every number from now on, or none but those that it always refuses.
    pub fn refuse_all(&self, refuses: bool) {
        self.state().refuses = refuses;
    }

    /// Gives the next message that has no fate yet this one.
    pub fn destine(&self, fate: Fate) {
        self.state().fates.push_back(fate);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SmsSender for WorldLine {
    async fn check(
        &self,
        company: &str,
        number: &str,
        purpose: MessagePurpose,
    ) -> Result<Permission, SmsError> {
        if self.failing.strike(Import::SmsCheck).is_some() {
            return Err(SmsError("by the case".to_owned()));
        }
        match self.failing.lying().told(Point::SmsCheck) {
            Some(Lie::LinePermits) => return Ok(Permission::Permitted("US".to_owned())),
            Some(Lie::LineRefuses) => return Ok(Permission::Refused("by-a-lie".to_owned())),
            Some(Lie::LineGarbage) => return Ok(Permission::Permitted("\u{1b}[2J".to_owned())),
            Some(_) => return Err(SmsError("by a lie".to_owned())),
            None => {}
        }
        if self.state().refuses {
            return Ok(Permission::Refused("by-the-case".to_owned()));
        }
        self.outbox.check(company, number, purpose).await
    }

    async fn send(&self, message: &Message) -> Outcome {
        match self.failing.lying().told(Point::SmsSend) {
            Some(Lie::SendFails) => {
                self.outbox.send(message).await;
                return Outcome::Failed("by-a-lie".to_owned());
            }
            Some(Lie::SendUnknown) => return Outcome::Unknown("by-a-lie".to_owned()),
            Some(Lie::SendAlready) => return Outcome::AlreadySent,
            Some(_) => return Outcome::Sent,
            None => {}
        }
        let key = &message.idempotency_key;
        if self.messages().iter().any(|it| it.idempotency_key == *key) {
            return Outcome::AlreadySent;
        }
        let fate = self.state().fates.pop_front();
        match fate {
            None => self.outbox.send(message).await,
            Some(Fate::Failed) => Outcome::Failed("carrier-down".to_owned()),
            Some(Fate::Refused) => Outcome::Refused("prefix-cap".to_owned()),
            Some(Fate::AlreadySent) => Outcome::AlreadySent,
            Some(Fate::Lost) => Outcome::Unknown("by-the-case".to_owned()),
            Some(Fate::Doubtful) => {
                self.outbox.send(message).await;
                Outcome::Unknown("by-the-case".to_owned())
            }
        }
    }
}

/// What this line says of a number: its country, by a few prefixes. Numbers of `+999` are always refused.
fn permission(number: &str) -> Permission {
    let countries = [("+1876", "JM"), ("+1", "US"), ("+34", "ES"), ("+44", "GB")];
    let found = countries
        .iter()
        .find(|(prefix, _)| number.starts_with(prefix));
    match found {
        Some((_, country)) => Permission::Permitted((*country).to_owned()),
        None if number.starts_with("+999") => Permission::Refused("no-such-country".to_owned()),
        None => Permission::Permitted("ZZ".to_owned()),
    }
}
