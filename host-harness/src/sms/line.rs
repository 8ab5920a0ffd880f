//! A sender with guards in front.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::caps::{Caps, Counted, Counters};
use super::countries::{self, Lines};
use super::may_send::{About, Clearance, Gate, MaySend};
use super::{Message, MessagePurpose, Outcome, Permission, SetupError, SmsError, SmsSender};
use crate::clock::{Clock, SystemClock};
use crate::store::Store;

/// Puts a sender together with what must stand before it: the number's country, [`Caps`] for blocks of numbers and for
/// the realm, and [`MaySend`].
///
/// It refuses, with these reasons: what [`country`](super::country) refuses, `country-not-served`, what the sender's
/// own check refuses, `prefix-cap`, `enrolling-prefix-cap`, `realm-cap`, `enrolling-realm-cap`, and what [`MaySend`]
/// says. All are looked at in [`check`](SmsSender::check), where nothing is counted, and all but the sender's check
/// again in [`send`](SmsSender::send). Refusals by a cap are reported as faults.
///
/// In `send` the store has a second, so that a message by one of the host's own senders takes at most seven with their
/// default times. [`MaySend`] is asked in `check`, and in `send` only if it gave no answer in the minute before.
///
/// # Security
///
/// It fails closed: without clock, store or an answer of [`MaySend`] nothing is sent.
///
/// # Examples
///
/// ```
/// use countersign_host::sms::{Outbox, PhoneLine};
/// use countersign_host::store::MemoryStore;
///
/// // In place of the outbox: a webhook, Twilio, or a sender of one's own. The store is that of the `Countersign`.
/// let store = MemoryStore::new();
/// let line = PhoneLine::new("example", store.clone(), Outbox::in_country("ES"));
/// # drop(line);
/// ```
#[derive(Clone)]
pub struct PhoneLine<S> {
    sender: S,
    counters: Counters,
    caps: Caps,
    lines: Lines,
    countries: Option<Arc<BTreeSet<String>>>,
    gate: Option<Gate>,
    may_send_time: Duration,
    clock: Arc<dyn Clock>,
}

impl<S: SmsSender> PhoneLine<S> {
    /// Puts guards before a sender: default [`Caps`], mobile lines of every country, the system's clock, and nobody
    /// with a veto.
    ///
    /// Realm and store are to be those of the [`Countersign`](crate::Countersign), so that everybody who serves the
    /// realm shares its caps.
    pub fn new(realm: &str, store: impl Store + 'static, sender: S) -> Self {
        Self {
            sender,
            counters: Counters::new(realm, store),
            caps: Caps::default(),
            lines: Lines::default(),
            countries: None,
            gate: None,
            may_send_time: MAY_SEND_TIME,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets the caps.
    #[must_use]
    pub fn caps(self, caps: Caps) -> Self {
        Self { caps, ..self }
    }

    /// Sets which lines may be sent to.
    #[must_use]
    pub fn lines(self, lines: Lines) -> Self {
        Self { lines, ..self }
    }

    /// Sets the only countries that are sent to, whatever companies' policies and plugins say.
    ///
    /// Unlike a policy's list it holds for confirmed numbers too: who has one elsewhere gets no more messages.
    ///
    /// # Errors
    ///
    /// [`SetupError`] naming `countries`, if there is none, or one that is not a code of ISO 3166-1 with numbers of its
    /// own: it is `GB`, not `UK`.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_host::sms::{Outbox, PhoneLine};
    /// use countersign_host::store::MemoryStore;
    ///
    /// let line = PhoneLine::new("example", MemoryStore::new(), Outbox::in_country("ES"));
    /// let line = line.countries(["ES", "PT"])?;
    /// assert!(line.countries(["UK"]).is_err());
    /// # Ok::<(), countersign_host::sms::SetupError>(())
    /// ```
    pub fn countries<T: Into<String>>(
        self,
        countries: impl IntoIterator<Item = T>,
    ) -> Result<Self, SetupError> {
        let countries: BTreeSet<String> = countries.into_iter().map(Into::into).collect();
        match !countries.is_empty() && countries.iter().all(|it| countries::is_country(it)) {
            true => Ok(Self {
                countries: Some(Arc::new(countries)),
                ..self
            }),
            false => Err(SetupError::new(
                "countries",
                "codes of ISO 3166-1 that have numbers, such as GB",
            )),
        }
    }

    /// Sets who is asked before a message goes out.
    #[must_use]
    pub fn may_send(self, hook: impl MaySend + 'static) -> Self {
        Self {
            gate: Some(Gate::new(hook)),
            ..self
        }
    }

    /// Sets how long to wait for who is asked; 4 s. Shorter than [`Limits::sms_time`](crate::Limits::sms_time).
    #[must_use]
    pub fn may_send_time(self, limit: Duration) -> Self {
        Self {
            may_send_time: limit,
            ..self
        }
    }

    /// Sets the clock, whose hours and days the caps are counted in.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self {
            clock: Arc::new(clock),
            ..self
        }
    }

    /// Finds a number's country, and says whether it is one of those that are sent to.
    fn country(&self, number: &str) -> Permission {
        match (countries::country(number, self.lines), &self.countries) {
            (Permission::Permitted(it), Some(served)) if !served.contains(&it) => {
                Permission::Refused("country-not-served".to_owned())
            }
            (permission, _) => permission,
        }
    }
}

#[async_trait]
impl<S: SmsSender> SmsSender for PhoneLine<S> {
    async fn check(
        &self,
        company: &str,
        number: &str,
        purpose: MessagePurpose,
    ) -> Result<Permission, SmsError> {
        let country = match self.country(number) {
            Permission::Permitted(country) => country,
            refused @ Permission::Refused(_) => return Ok(refused),
        };
        let permission = self.sender.check(company, number, purpose).await?;
        if matches!(permission, Permission::Refused(_)) {
            return Ok(permission);
        }
        let now = self.clock.now().map_err(|it| SmsError(it.to_string()))?;
        let counted = Counted {
            number,
            purpose,
            now,
        };
        if let Some(cap) = self.counters.reached(self.caps, counted).await? {
            return Ok(Permission::Refused(cap.to_owned()));
        }
        let about = About {
            company,
            number,
            purpose,
        };
        if let Some(gate) = &self.gate
            && let Clearance::Vetoed(why) = gate.ask(about, now, self.may_send_time).await?
        {
            return Ok(Permission::Refused(why));
        }
        Ok(Permission::Permitted(country))
    }

    async fn send(&self, message: &Message) -> Outcome {
        if let Permission::Refused(why) = self.country(&message.number) {
            return Outcome::Refused(why);
        }
        let Ok(now) = self.clock.now() else {
            return Outcome::failed("no-clock");
        };
        let about = About {
            company: &message.company,
            number: &message.number,
            purpose: message.purpose,
        };
        if let Some(gate) = &self.gate {
            match gate.pass(about, now, self.may_send_time).await {
                Ok(Clearance::Cleared) => {}
                Ok(Clearance::Vetoed(why)) => return Outcome::Refused(why),
                Err(_) => return Outcome::failed("may-send-unavailable"),
            }
        }
        // Last: what is not to go out for another reason is not counted.
        let counted = Counted {
            number: &message.number,
            purpose: message.purpose,
            now,
        };
        match self.counters.count(self.caps, counted).await {
            Ok(()) => self.sender.send(message).await,
            Err(outcome) => outcome,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for PhoneLine<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneLine")
            .field("sender", &self.sender)
            .field("caps", &self.caps)
            .field("lines", &self.lines)
            .field("countries", &self.countries)
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

/// Half of what the host gives the phone line, so that clock and store have the rest.
const MAY_SEND_TIME: Duration = Duration::from_secs(4);
