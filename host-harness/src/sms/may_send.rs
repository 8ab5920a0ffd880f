//! Somebody else's say in whether a number may be sent to.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::{MessagePurpose, SmsError};

/// Is asked before a message goes out, and may forbid it: SP 800-63B-4, section 3.1.3.3, wants the risk of a changed
/// SIM, device or carrier looked at before a telephone number is relied on.
///
/// A mobile network's SIM-swap or number-porting query belongs here, or a list of one's own.
///
/// # Security
///
/// No answer is no message: an error, or nothing within the time that a [`PhoneLine`](super::PhoneLine) gives. It is
/// asked when the plugin asks whether a number may be sent to, before any quota is used, and once a message.
#[async_trait]
pub trait MaySend: Send + Sync {
    /// Says whether a number may be sent to.
    ///
    /// # Errors
    ///
    /// [`SmsError`] if that cannot be known. Nothing is sent.
    async fn may_send(
        &self,
        company: &str,
        number: &str,
        purpose: MessagePurpose,
    ) -> Result<Clearance, SmsError>;
}

/// What [`MaySend`] says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Clearance {
    /// It may be sent to.
    Cleared,
    /// It may not; why, in lower-case letters and hyphens, at most 64: `sim-swapped`. It stands in events, and whoever
    /// signs in may come to know it.
    Vetoed(String),
}

/// The hook, and for whom it said yes a moment ago: so that it is asked once a message, and not even a plugin that
/// sends without having asked gets past it.
#[derive(Clone)]
pub(super) struct Gate {
    hook: Arc<dyn MaySend>,
    cleared: Arc<Mutex<HashMap<[u8; 32], u64>>>,
}

impl Gate {
    pub(super) fn new(hook: impl MaySend + 'static) -> Self {
        Self {
            hook: Arc::new(hook),
            cleared: Arc::default(),
        }
    }

    /// Asks, and remembers a yes for one message.
    pub(super) async fn ask(
        &self,
        about: About<'_>,
        now: u64,
        limit: Duration,
    ) -> Result<Clearance, SmsError> {
        let clearance = self.put(about, limit).await?;
        if clearance == Clearance::Cleared {
            let mut cleared = self.cleared();
            if cleared.len() >= REMEMBERED {
                cleared.retain(|_, until| *until >= now);
            }
            // When there is no room it is asked once more.
            if cleared.len() < REMEMBERED {
                cleared.insert(about.digest(), now.saturating_add(GOOD_FOR));
            }
        }
        Ok(clearance)
    }

    /// Uses up a yes, or asks if there is none.
    pub(super) async fn pass(
        &self,
        about: About<'_>,
        now: u64,
        limit: Duration,
    ) -> Result<Clearance, SmsError> {
        let until = self.cleared().remove(&about.digest());
        // A clock that was set back does not make a yes good for longer.
        let good = until.is_some_and(|until| (now..=now.saturating_add(GOOD_FOR)).contains(&until));
        match good {
            true => Ok(Clearance::Cleared),
            false => self.put(about, limit).await,
        }
    }

    async fn put(&self, about: About<'_>, limit: Duration) -> Result<Clearance, SmsError> {
        let answer = self
            .hook
            .may_send(about.company, about.number, about.purpose);
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(Clearance::Vetoed(why))) => Ok(Clearance::Vetoed(worded(why))),
            Ok(answer) => answer,
            Err(_) => Err(SmsError("may-send gave no answer in time".to_owned())),
        }
    }

    fn cleared(&self) -> MutexGuard<'_, HashMap<[u8; 32], u64>> {
        // Every change is a single insertion or removal, so the map is never half changed.
        self.cleared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

/// What the hook is asked about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) company: &'a str,
    pub(super) number: &'a str,
    pub(super) purpose: MessagePurpose,
}

impl About<'_> {
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [self.company, self.number, super::purpose(self.purpose)] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// Keeps a reason to what the contract allows, and to what cannot be a number or a code.
fn worded(why: String) -> String {
    let kebab = why.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    match kebab && (1..=64).contains(&why.len()) {
        true => why,
        false => "vetoed".to_owned(),
    }
}

/// Seconds between the question and the message, which the plugin sends in the same call.
const GOOD_FOR: u64 = 60;
/// Messages that can be between the two at once.
const REMEMBERED: usize = 10_000;
