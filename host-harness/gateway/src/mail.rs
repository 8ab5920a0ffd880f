//! Mail that goes out, and the outbox that it stays in where nobody is to get it.

mod smtp;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

pub use self::smtp::{MailConfigError, SmtpMailer};

/// A message to one person.
#[derive(Clone, Eq, PartialEq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(..)")
    }
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a message on. What was handed on may still not arrive.
    ///
    /// # Errors
    ///
    /// [`MailError`] if it was not taken, or nobody knows. It may be tried again.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;

    /// Hands a message on under an id, the same one when it is tried again, so that whoever gets it twice can tell. A
    /// mailer that has no place for an id leaves it out.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    async fn send_as(&self, id: &MailId, mail: &Mail) -> Result<(), MailError> {
        let _ = id;
        self.send(mail).await
    }
}

/// What a message is known by: a digest of what it is about and of whom it goes to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct MailId(pub [u8; 32]);

/// Why a message was not taken; no address or text of it stands in here.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The carrier did not answer, or does not take mail from this gateway: no message would have been taken. It may be
    /// tried again.
    #[error("mail is not taken at all: {0}")]
    Unavailable(String),
    /// This message was not taken for now. It may be tried again; another may be taken meanwhile.
    #[error("the mail was not taken for now: {0}")]
    Deferred(String),
    /// This message was refused, and will be again.
    #[error("the mail was refused: {0}")]
    Refused(String),
}

/// Keeps the newest mails in memory in place of sending them, for demonstrations and tests. Clones are the same outbox.
#[derive(Clone, Default)]
pub struct MailOutbox(Arc<Mutex<VecDeque<Mail>>>);

impl MailOutbox {
    /// Returns what it keeps, the oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.kept().iter().cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Mail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for MailOutbox {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let mut kept = self.kept();
        if kept.len() >= MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back(mail.clone());
        Ok(())
    }
}

impl fmt::Debug for MailOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailOutbox(..)")
    }
}

/// More than one person tries out in a sitting.
const MOST_KEPT: usize = 200;
