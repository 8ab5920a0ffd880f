//! Messages that stay where tests can read them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Message, MessagePurpose, Outcome, Permission, SmsError, SmsSender};

/// Keeps messages in memory in place of sending them, for tests and demonstrations.
///
/// Its clones are the same outbox. Which country a number is in, it is told: a fixed one or a function. A real sender
/// asks a maintained library.
///
/// # Examples
///
/// ```
/// use countersign_host::sms::Outbox;
///
/// let outbox = Outbox::in_country("ES");
/// assert!(outbox.messages().is_empty());
/// ```
#[derive(Clone)]
pub struct Outbox {
    permission: Arc<dyn Fn(&str) -> Permission + Send + Sync>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    /// What to answer to the next messages, in place of taking them.
    answers: Vec<Outcome>,
}

impl Outbox {
    /// Makes an outbox that finds every number in one country, two capital letters of ISO 3166-1.
    pub fn in_country(country: &str) -> Self {
        let country = country.to_owned();
        Self::with(move |_| Permission::Permitted(country.clone()))
    }

    /// Makes an outbox that asks `permission` about each number.
    pub fn with(permission: impl Fn(&str) -> Permission + Send + Sync + 'static) -> Self {
        Self {
            permission: Arc::new(permission),
            state: Arc::default(),
        }
    }

    /// Returns all messages that were taken, the oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.state().messages.clone()
    }

    /// Makes the next message that is not yet spoken for get this answer. It is kept only if that is
    /// [`Outcome::Sent`].
    pub fn answer(&self, outcome: Outcome) {
        self.state().answers.push(outcome);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single push or removal, so the state is never half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SmsSender for Outbox {
    async fn check(
        &self,
        _: &str,
        number: &str,
        _: MessagePurpose,
    ) -> Result<Permission, SmsError> {
        Ok((self.permission)(number))
    }

    async fn send(&self, message: &Message) -> Outcome {
        let mut state = self.state();
        let outcome = match state.answers.is_empty() {
            true => Outcome::Sent,
            false => state.answers.remove(0),
        };
        if matches!(outcome, Outcome::Sent) {
            state.messages.push(message.clone());
        }
        outcome
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("messages", &self.state().messages.len())
            .finish_non_exhaustive()
    }
}
