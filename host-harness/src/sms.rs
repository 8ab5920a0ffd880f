//! The phone line: what a message says, who carries it, and what must stand before it.
//!
//! A `PhoneLine` finds the number's country, holds the caps and asks who has a veto; a sender behind it writes the
//! message with [`Texts`] and hands it to a carrier. A sender without one, `.sms(webhook)`, has none of that: no caps,
//! no list of countries, no veto, and premium-rate numbers are sent to like any other.
//!
//! ```
//! # #[cfg(feature = "webhook")]
//! # mod embedder {
//! use countersign_host::keyring::LocalKeyring;
//! use countersign_host::sms::{
//!     Clearance, Language, MaySend, MessagePurpose, PhoneLine, SmsError, Texts, Webhook,
//! };
//! use countersign_host::{Countersign, Plugin, Store};
//!
//! /// Asks the network whether the SIM is the one of last week.
//! struct SimSwaps;
//!
//! #[async_trait::async_trait]
//! impl MaySend for SimSwaps {
//!     async fn may_send(
//!         &self,
//!         _company: &str,
//!         number: &str,
//!         _purpose: MessagePurpose,
//!     ) -> Result<Clearance, SmsError> {
//!         Ok(match swapped_this_week(number).await? {
//!             false => Clearance::Cleared,
//!             true => Clearance::Vetoed("sim-swapped".into()),
//!         })
//!     }
//! }
//!
//! fn host(
//!     plugin: Plugin,
//!     store: impl Store + Clone + 'static,
//!     key: [u8; 32],
//!     webhook_secret: &str,
//! ) -> Result<Countersign, Box<dyn std::error::Error>> {
//!     let texts = Texts::new("id.example.com", "Example")?.choosing(|_, number, _| {
//!         match number.starts_with("+34") {
//!             true => Language::Spanish,
//!             false => Language::English,
//!         }
//!     });
//!     let sender = Webhook::new("https://messages.example.com/sms", webhook_secret, texts)?;
//!     let line = PhoneLine::new("example", store.clone(), sender)
//!         .countries(["ES", "GB", "IE"])?
//!         .may_send(SimSwaps);
//!     Ok(Countersign::builder(plugin)
//!         .realm("example")
//!         .store(store)
//!         .keyring(LocalKeyring::from_key(key))
//!         .sms(line)
//!         .build()?)
//! }
//! # async fn swapped_this_week(_: &str) -> Result<bool, SmsError> { Ok(false) }
//! # }
//! ```
//!
//! # Features
//!
//! | feature of the crate | what it adds |
//! |---|---|
//! | none | [`Texts`], [`Outbox`] in memory, [`FileOutbox`] for development, and the trait for a sender of one's own |
//! | `countries` | `country`, `PhoneLine` with `Caps` and `MaySend` |
//! | `webhook` | `Webhook`, and `countries` |
//! | `twilio` | `Twilio`, and `countries` |
//!
//! # Where messages stop
//!
//! Hours and days are those of UTC, counted from their beginning, so that two may come together. The plugin's limits
//! are per company in its policy (`wit/policy.wit`), or fixed; the host's are in `Caps` and `PhoneLine`.
//!
//! | whose | limit | default | event `sms-refused` with | fault |
//! |---|---|---|---|---|
//! | plugin | messages on one ticket | 3, fixed | no event | |
//! | plugin | between two to one user | 60 s, fixed | no event | |
//! | plugin | refusals an hour of one user, after which nobody is asked about a number for that user | 10, fixed | no event | |
//! | plugin | to one user (`per-hour`, `per-day`) | 5 an hour, 10 a day | `user-limit` | |
//! | plugin | to one number, of all users, before it is confirmed and after it apart | 1 a minute, 5 an hour, 10 a day | `number-limit` | |
//! | plugin | of one company (`daily-budget`) | 1,000 a day | `company-limit` | |
//! | plugin | of it to enroll (`enrolling-percent`) | 30 % | `company-enrolling-limit` | |
//! | plugin | countries that are enrolled (`countries`) | none | `country-not-allowed` | |
//! | host | numbers that are none, or not mobile (`PhoneLine::lines`) | mobile | `not-a-number`, `unassigned`, `no-country`, `not-a-mobile` | |
//! | host | countries that are sent to at all (`PhoneLine::countries`) | all | `country-not-served` | |
//! | host | who has a veto (`MaySend`) | nobody | its reason, or `vetoed` | no; without an answer yes |
//! | host | to enroll, in one block of numbers | 30 an hour, 100 a day | `enrolling-prefix-cap` | the same |
//! | host | to confirmed numbers of one block | 1,000 an hour, 5,000 a day | `prefix-cap` | the same |
//! | host | of the realm to enroll (`Caps::enrolling_percent`) | 30 % | `enrolling-realm-cap` | the same |
//! | host | of the realm | 5,000 an hour, 20,000 a day | `realm-cap` | the same |
//! | host | calls that wait for the phone line | a quarter of [`Limits::concurrent_calls`](crate::Limits::concurrent_calls) | no event | `busy: …` |
//!
//! **What the user gets.** Where the plugin's limit is reached, `not-permitted(send-limit)` with the time from which on
//! another may be asked for; a country that a policy does not list is `not-permitted(country-not-allowed)`; whatever
//! the host refuses is `not-permitted(number-refused)`. A cap that another message reached in between, or a carrier
//! that fails, is a receipt whose state is `failed`, with the event `sms-failed`. No answer about a number is
//! `unavailable`.
//!
//! **What to alert on.** The events `sms-refused` with `company-limit`, `company-enrolling-limit` or a reason that ends
//! in `-cap`, and the faults of the phone line. Each says that somebody has many messages sent, or that people who have
//! no app cannot sign in until the hour or the day is over; which of the two, the numbers' countries tell.
//!
//! **What it costs.** A message written by [`Texts`] is one segment, at most 160 septets. It is counted before it goes out,
//! so that one that failed, or may have, counts like one that arrived. The worst day of a realm is `realm_per_day`
//! messages at the price of the dearest country that is sent to; with the defaults 20,000, of them 6,000 to numbers
//! that nobody has shown to be theirs, and 1,000 of any one company. So set `PhoneLine::countries` to those where you
//! have users.
//!
//! **When the carrier hangs.** A call waits for [`Limits::sms_time`](crate::Limits::sms_time), the senders here for
//! less. Once a quarter of all calls wait, others that need the phone line are answered at once: no answer about the
//! number, or a receipt that says `failed`. Sign-in with an app goes on. A message whose fate is not known is never
//! sent again by itself; the fault says why it is not known (`time-out`, `connection-cut`, `not-http`, `http-503`), and
//! the code is good if it arrives.
//!
//! # A restricted authenticator
//!
//! SP 800-63B-4, section 3.2.9, calls codes by telephone restricted, and gives who offers them four duties:
//!
//! | duty | what meets it |
//! |---|---|
//! | offer one that is not restricted | no policy without `totp` is taken (POLICY-5): whoever can enroll a number can enroll an app |
//! | tell users of the risk, and of the other choice | [`NOTICE`], or [`Language::notice`], which an interface shows before a number is typed |
//! | address the risk in the risk assessment; section 3.1.3.3: look at changes of SIM, device and carrier | `MaySend`, whose veto comes before any quota is used; `country` and `Caps` against messages that somebody is paid for |
//! | have a plan for when it is no longer acceptable | the next paragraph |
//!
//! **Leaving text messages**, company by company. First tell who has only a number to add an app
//! (`administration.status` says who has what), with a date. On that date `put` a policy whose methods are `totp`
//! alone: nobody can enroll a number any more, and whoever shows one at sign-in must enroll an app before anything
//! else; beside an app it is not offered. Once nobody is left, take the phone line away, by [`NoPhoneLine`]: no message
//! goes out whatever a policy says, and the app and the recovery code are what remains. In an emergency begin with
//! that, and `reset` who has neither.

#[cfg(feature = "countries")]
mod caps;
#[cfg(feature = "countries")]
mod countries;
mod file;
mod gsm;
#[cfg(feature = "http")]
mod http;
mod language;
#[cfg(feature = "countries")]
mod line;
#[cfg(feature = "countries")]
mod may_send;
mod outbox;
mod outcome;
mod text;
#[cfg(feature = "twilio")]
mod twilio;
#[cfg(feature = "webhook")]
mod webhook;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

#[cfg(feature = "countries")]
pub use self::caps::Caps;
#[cfg(feature = "countries")]
pub use self::countries::{Lines, country};
pub use self::file::FileOutbox;
#[cfg(feature = "http")]
pub use self::http::SendTimes;
pub use self::language::Language;
#[cfg(feature = "countries")]
pub use self::line::PhoneLine;
#[cfg(feature = "countries")]
pub use self::may_send::{Clearance, MaySend};
pub use self::outbox::Outbox;
pub use self::outcome::Outcome;
pub(crate) use self::outcome::{is_cap, plain};
pub use self::text::{Texts, Wording, Words};
#[cfg(feature = "twilio")]
pub use self::twilio::{Twilio, TwilioSecret, TwilioSender};
#[cfg(feature = "webhook")]
pub use self::webhook::Webhook;
pub use crate::contract::sms::{MessagePurpose, Permission};

/// What an interface must say before somebody enrolls a number, in English; [`Language::notice`] has others.
///
/// It says that the method is the weaker one, that messages may cost, and that the app is there instead: SP 800-63B-4,
/// section 3.2.9.
pub const NOTICE: &str = "Codes by text message are the weaker method: messages can be intercepted, and numbers taken \
    over. Your carrier may charge for messages. An authenticator app is safer, works without a signal, and is offered \
    instead.";

/// Sends codes by text message. It owns the text, the sender, the transport, and the caps per number prefix and realm.
///
/// The host has checked that the code is 6 to 8 digits and the number in E.164 form (SMS-1), and that no message with
/// this idempotency key went out before (SMS-2), by a counter in the store.
///
/// # Security
///
/// A sender that writes numbers or codes to a log hands them to everyone who reads it. One that answers `Sent` for
/// what did not go out leaves the user waiting; one that answers `Failed` for what went out costs a message.
///
/// Reasons are a few words in kebab-case, as [`Outcome`] says; those that end in `-cap` are reported as faults. The
/// text of an [`SmsError`] is reported as it is.
#[async_trait]
pub trait SmsSender: Send + Sync {
    /// Says whether a number may be sent to, and in which country it is.
    ///
    /// Finding a number's country is this method's task, with a maintained library: the plugin has no list. It is asked
    /// at most four times a call, and only in calls that are to send a message.
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
    /// What the code is for, which the text must say: the same code may open a session or change its factors.
    pub purpose: MessagePurpose,
    /// How many minutes the code is good for.
    pub valid_minutes: u32,
    /// The same for the same message. Hand it to the provider, if it takes one.
    pub idempotency_key: String,
}

impl Message {
    /// Makes a message. The host does this for every one that goes out; an embedder meets it only to test a sender.
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

    /// Returns what leaves the host, with its number and code.
    fn to_json(&self, text: &str) -> Value {
        json!({
            "company": self.company,
            "to": self.number,
            "code": self.code,
            "purpose": purpose(self.purpose),
            "valid_minutes": self.valid_minutes,
            "text": text,
        })
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

/// Something that a phone line was set up with cannot work. It says what was expected, and nothing that may be secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct SetupError {
    field: &'static str,
    expected: String,
}

impl SetupError {
    /// Returns which argument it is about.
    pub fn field(&self) -> &'static str {
        self.field
    }

    fn new(field: &'static str, expected: impl Into<String>) -> Self {
        Self {
            field,
            expected: expected.into(),
        }
    }
}

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
        Outcome::refused("no-phone-line")
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

/// Says whether this is `+` and 7 to 15 digits, the first of them not 0.
pub(crate) fn is_number(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// Returns a purpose's name in the contract.
fn purpose(it: MessagePurpose) -> &'static str {
    match it {
        MessagePurpose::Enroll => "enroll",
        MessagePurpose::SignIn => "sign-in",
        MessagePurpose::ManageFactors => "manage-factors",
        MessagePurpose::StepUp => "step-up",
    }
}
