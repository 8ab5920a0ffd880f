//! The phone line.

mod outbox;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::outbox::Outbox;
pub use crate::contract::sms::{MessagePurpose, Outcome, Permission};

/// Sends codes by text message. It owns the text, the sender, the transport, and the caps per number prefix and realm.
///
/// The host has checked that the code is 6 to 8 digits and the number in E.164 form (SMS-1), and that no message with
/// this idempotency key went out before (SMS-2), by a counter in the store.
///
/// # Security
///
/// A sender that writes numbers or codes to a log hands them to everyone who reads it. One that answers `Sent` for
/// what did not go out leaves the user waiting; one that answers `Failed` for what went out costs a message.
#[async_trait]
pub trait SmsSender: Send + Sync {
    /// Says whether a number may be sent to, and in which country it is.
    ///
    /// Finding a number's country is this method's task, with a maintained library: the plugin has no list.
    ///
    /// # Errors
    ///
    /// [`SmsError`] if there is no answer.
    async fn check(
        &self,
        company: &str,
        number: &str,
        purpose: MessagePurpose,
    ) -> Result<Permission, SmsError>;

    /// Sends a message.
    async fn send(&self, message: &Message) -> Outcome;
}

/// A message to send. It prints neither number nor code.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Who pays.
    pub company: String,
    /// E.164: `+` and 7 to 15 digits.
    pub number: String,
    /// The code: 6 to 8 ASCII digits.
    pub code: String,
    /// What for.
    pub purpose: MessagePurpose,
    /// How many minutes the code is good for.
    pub valid_minutes: u32,
    /// The same for the same message. Hand it to the provider, if it takes one.
    pub idempotency_key: String,
}

impl Message {
    /// A message as the host hands it to a sender: for those who test one.
    #[must_use]
    pub fn new(
        company: &str,
        number: &str,
        code: &str,
        purpose: MessagePurpose,
        valid_minutes: u32,
        idempotency_key: &str,
    ) -> Self {
        Self {
            company: company.to_owned(),
            number: number.to_owned(),
            code: code.to_owned(),
            purpose,
            valid_minutes,
            idempotency_key: idempotency_key.to_owned(),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("purpose", &self.purpose)
            .field("valid_minutes", &self.valid_minutes)
            .finish_non_exhaustive()
    }
}

/// The phone line gave no answer; why, for logs, without number or code.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the phone line gave no answer: {0}")]
pub struct SmsError(pub String);

/// No phone line: every number is refused with `no-phone-line`. What a [`Countersign`](crate::Countersign) has unless
/// it is given another.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPhoneLine;

#[async_trait]
impl SmsSender for NoPhoneLine {
    async fn check(&self, _: &str, _: &str, _: MessagePurpose) -> Result<Permission, SmsError> {
        Ok(Permission::Refused("no-phone-line".to_owned()))
    }

    async fn send(&self, _: &Message) -> Outcome {
        Outcome::Refused("no-phone-line".to_owned())
    }
}

#[async_trait]
impl<T: SmsSender + ?Sized> SmsSender for Arc<T> {
    async fn check(
        &self,
        company: &str,
        number: &str,
        purpose: MessagePurpose,
    ) -> Result<Permission, SmsError> {
        (**self).check(company, number, purpose).await
    }

    async fn send(&self, message: &Message) -> Outcome {
        (**self).send(message).await
    }
}
