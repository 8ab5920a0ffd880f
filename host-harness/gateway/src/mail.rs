//! Mail that goes out, and the outbox that it stays in where nobody is to get it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

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
}

/// Why a message was not taken; no address or text of it stands in here.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the mail was not taken: {0}")]
pub struct MailError(pub String);

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
