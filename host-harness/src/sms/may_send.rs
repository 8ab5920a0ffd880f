//! Somebody else's say in whether a number may be sent to.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::outcome::{is_cap, is_plain};
use super::{MessagePurpose, SmsError};
use crate::fingerprint::Fingerprint;

/// Is asked before a message goes out, and may forbid it: SP 800-63B-4, section 3.1.3.3, wants the risk of a changed
/// SIM, device or carrier looked at before a telephone number is relied on.
///
/// A mobile network's SIM-swap or number-porting query belongs here, or a list of one's own.
///
/// # Security
///
/// No answer is no message: an error, or nothing within the time that a [`PhoneLine`](super::PhoneLine) gives. It is
/// asked once a request, when the plugin asks whether a number may be sent to, before any quota is used.
///
/// A yes is good for one message and a minute. A veto is remembered for a minute, for the same company, number and
/// purpose, so that who presses again costs no second look-up; each of several gateways remembers its own.
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
    /// It may not; why, in kebab-case, at most 64 bytes with at most five digits: `sim-swapped`. It stands in events.
    /// Any other text, and one that ends in `-cap`, which is for ceilings, becomes `vetoed`.
    Vetoed(String),
}

/// The hook, and what it said a moment ago: so that it is asked once a request, and not even a plugin that sends
/// without having asked gets past it.
#[derive(Clone)]
pub(super) struct Gate {
    hook: Arc<dyn MaySend>,
    answers: Arc<Mutex<HashMap<Fingerprint, Answer>>>,
}

struct Answer {
    clearance: Clearance,
    until: u64,
}

impl Gate {
    pub(super) fn new(hook: impl MaySend + 'static) -> Self {
        Self {
            hook: Arc::new(hook),
            answers: Arc::default(),
        }
    }

    /// Asks, unless there was a veto a moment ago, and remembers the answer.
    pub(super) async fn ask(
        &self,
        about: About<'_>,
        now: u64,
        limit: Duration,
    ) -> Result<Clearance, SmsError> {
        if let Some(veto @ Clearance::Vetoed(_)) = self.remembered(about, now) {
            return Ok(veto);
        }
        let clearance = self.put(about, limit).await?;
        self.remember(about, now, &clearance);
        Ok(clearance)
    }

    /// Uses up a yes, or asks if there is neither that nor a veto.
    pub(super) async fn pass(
        &self,
        about: About<'_>,
        now: u64,
        limit: Duration,
    ) -> Result<Clearance, SmsError> {
        if let Some(clearance) = self.remembered(about, now) {
            return Ok(clearance);
        }
        let clearance = self.put(about, limit).await?;
        if clearance != Clearance::Cleared {
            self.remember(about, now, &clearance);
        }
        Ok(clearance)
    }

    /// Returns what was said a moment ago, and forgets it if it was a yes.
    fn remembered(&self, about: About<'_>, now: u64) -> Option<Clearance> {
        let mut answers = self.answers();
        let key = about.fingerprint();
        let answer = answers.get(&key)?;
        // A clock that was set back does not make an answer good for longer.
        let good = (now..=now.saturating_add(GOOD_FOR)).contains(&answer.until);
        let clearance = answer.clearance.clone();
        if !good || clearance == Clearance::Cleared {
            answers.remove(&key);
        }
        good.then_some(clearance)
    }

    fn remember(&self, about: About<'_>, now: u64, clearance: &Clearance) {
        let mut answers = self.answers();
        if answers.len() >= REMEMBERED {
            answers.retain(|_, it| it.until >= now);
        }
        // When there is no room it is asked once more.
        if answers.len() < REMEMBERED {
            let answer = Answer {
                clearance: clearance.clone(),
                until: now.saturating_add(GOOD_FOR),
            };
            answers.insert(about.fingerprint(), answer);
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

    fn answers(&self) -> MutexGuard<'_, HashMap<Fingerprint, Answer>> {
        // Every change is a single insertion or removal, so the map is never half changed.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&[self.company, self.number, super::purpose(self.purpose)])
    }
}

/// Keeps a reason to what the contract allows, and to what cannot be a number, a code or a ceiling's.
fn worded(why: String) -> String {
    match is_plain(&why) && !is_cap(&why) {
        true => why,
        false => "vetoed".to_owned(),
    }
}

/// Seconds that an answer is good for: the plugin sends in the call in which it asked.
const GOOD_FOR: u64 = 60;
/// Answers that are kept at once.
const REMEMBERED: usize = 10_000;
