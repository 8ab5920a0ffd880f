//! The plugin's word that a user showed a factor.

use alloc::vec::Vec;

use crate::account::Account;
use crate::method::Method;
use crate::names::User;
use crate::secret::Text;
use crate::sent_code::Redeemed;
use crate::ticket::{Purpose, Ticket};
use crate::time::{Instant, Span};
use crate::totp::Unspent;

/// The word itself. Only [`Assertion::new`] makes one, and it takes the proof.
#[derive(Debug)]
pub struct Assertion {
    /// Whose it is.
    pub user: User,
    /// What for.
    pub purpose: Purpose,
    /// The factor that was shown or bound.
    pub method: Method,
    /// What it was shown for.
    pub proof: Proof,
    /// When.
    pub factor_at: Instant,
    /// The user's epoch now.
    pub epoch: u64,
    /// When the gateway must ask again.
    pub valid_until: Instant,
    /// Whether the user can recover alone.
    pub recovery: RecoveryState,
    /// A token for the user's device, if it is to be trusted.
    pub device_token: Option<Text>,
    /// When the factor was bound, if a short while ago.
    pub fresh_binding: Option<Instant>,
    /// The ticket to go on with.
    pub next: Option<NextTicket>,
}

/// A code that was compared and is used up, as the proof of it.
#[derive(Debug)]
pub enum Shown {
    /// A code of an app.
    App(Unspent),
    /// A code of a text message.
    Phone(Redeemed),
}

/// What an assertion rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proof {
    /// A factor that was confirmed before.
    Factor,
    /// A factor that was confirmed just now.
    Enrollment,
    /// The same, in place of a lost one.
    Recovery,
}

/// Whether a user can recover alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecoveryState {
    /// No code.
    None,
    /// A code that the user never said to have saved.
    Unacknowledged,
    /// A code that was saved.
    Acknowledged,
}

/// A ticket in place of a spent one.
#[derive(Debug)]
pub struct NextTicket {
    /// The bearer string.
    pub ticket: Text,
    /// Until when a change may be started.
    pub start_until: Instant,
    /// When it ends.
    pub expires_at: Instant,
}

impl Assertion {
    /// Makes the word of a match that was not spent before.
    ///
    /// # Security
    ///
    /// The proof is taken by value and can be made by the matchers alone, so nobody is accepted without a code that was
    /// compared, and one comparison makes one assertion.
    #[must_use]
    pub fn new(
        shown: Shown,
        kind: Proof,
        user: &User,
        account: &Account,
        ticket: &Ticket,
        now: Instant,
    ) -> Self {
        let method = shown.method();
        let bound_at = match method {
            Method::Totp => account.app.as_ref().map(|app| app.confirmed_at),
            Method::Sms => account.phone.as_ref().map(|phone| phone.confirmed_at),
        };
        Self {
            user: user.clone(),
            purpose: ticket.purpose.clone(),
            method,
            proof: kind,
            factor_at: now,
            epoch: account.epoch,
            valid_until: ticket.policy.valid_until(now, now),
            recovery: match &account.recovery {
                None => RecoveryState::None,
                Some(code) if code.acknowledged => RecoveryState::Acknowledged,
                Some(_) => RecoveryState::Unacknowledged,
            },
            fresh_binding: bound_at.filter(|at| now.since(*at) < FRESH),
            device_token: None,
            next: None,
        }
    }

    /// The assertion with a token for the user's device.
    #[must_use]
    pub fn with_device(mut self, token: Option<Text>) -> Self {
        self.device_token = token;
        self
    }

    /// The assertion with the ticket to go on with.
    #[must_use]
    pub fn with_next(mut self, next: Option<NextTicket>) -> Self {
        self.next = next;
        self
    }

    /// Authentication methods by RFC 8176. A recovery code is none of them.
    #[must_use]
    pub fn amr(&self) -> Vec<&'static str> {
        match (self.proof, self.method) {
            (Proof::Recovery, _) => Vec::new(),
            (_, Method::Totp) => ["otp", "mfa"].into(),
            (_, Method::Sms) => ["sms", "mfa"].into(),
        }
    }
}

impl Shown {
    /// The method of the factor that was shown.
    #[must_use]
    pub fn method(&self) -> Method {
        match self {
            Self::App(_) => Method::Totp,
            Self::Phone(_) => Method::Sms,
        }
    }
}

impl NextTicket {
    pub(crate) fn of(ticket: Text, minted: &Ticket) -> Self {
        Self {
            ticket,
            start_until: minted.start_until().unwrap_or(minted.expires_at),
            expires_at: minted.expires_at,
        }
    }
}

/// How long a binding counts as young.
const FRESH: Span = Span::hours(24);
