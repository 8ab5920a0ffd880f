//! Tickets: bearer strings, each for one user, one purpose and one stage.

use alloc::string::String;
use alloc::sync::Arc;

use crate::failure::{Dependency, Failure, NotPermitted, TicketFault};
use crate::method::Method;
use crate::names::User;
use crate::phone::PhoneNumber;
use crate::policy::{Effective, EffectiveMode};
use crate::record::Unknown;
use crate::secret::{Secret, Text};
use crate::sent_code::SentCode;
use crate::time::{Instant, Span};
use crate::vault::{self, Context, Slot, Tag, Vault};

mod pending;
mod tickets;

pub use pending::{PendingApp, PendingPhone};
pub use tickets::{Ended, Tickets};

/// One ticket. The bearer string itself is not kept.
#[derive(Debug)]
pub struct Ticket {
    /// The first characters of the bearer string, by which it is found. No secret.
    pub id: String,
    /// The keyed tag of the whole bearer string.
    pub tag: Tag,
    /// What it is good for.
    pub purpose: Purpose,
    /// How far it has got.
    pub stage: Stage,
    /// When it was minted.
    pub begun_at: Instant,
    /// From when on it is worth nothing.
    pub expires_at: Instant,
    /// The policy of its `begin`. Tickets of one user mostly have the same one, which is kept once.
    pub policy: Arc<Effective>,
    /// Whether the first factor was fresh at `begin`, so that a factor may be bound on the strength of it.
    pub first_factor_fresh: bool,
    /// The phone that carried the first factor, and so cannot be the second.
    pub first_factor_phone: Option<PhoneNumber>,
    /// Wrong codes typed on it.
    pub failures: Failures,
    /// Text messages asked for on it.
    pub sends: u32,
    /// The code that was sent on it, while one is awaited.
    pub sent: Option<SentCode>,
    /// The app that is begun on it.
    pub pending_app: Option<PendingApp>,
    /// The phone that is begun on it.
    pub pending_phone: Option<PendingPhone>,
    /// Fields of a newer version, written back as they were.
    pub unknown: Unknown,
}

/// What a ticket is good for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// To open a session.
    SignIn,
    /// To set up, change or remove factors.
    ManageFactors,
    /// To show a factor again for the thing that is named.
    StepUp(String),
}

/// How far a ticket has got.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stage {
    /// A code is awaited.
    Challenged,
    /// A factor was shown; factors may be changed.
    Verified {
        /// Which.
        method: Method,
        /// When.
        factor_at: Instant,
    },
    /// A factor is to be enrolled.
    Enrolling {
        /// Whether there is no way round it.
        required: bool,
    },
    /// A factor is to be enrolled in place of the lost ones.
    Recovering {
        /// The recovery code that opened it.
        code_id: String,
    },
}

/// Wrong codes typed on a ticket while it was challenged.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Failures {
    /// For the app.
    pub app: u32,
    /// For the phone.
    pub phone: u32,
    /// For the recovery code.
    pub recovery: u32,
}

impl Ticket {
    /// Mints a ticket, and returns its bearer string with it.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    ///
    /// # Security
    ///
    /// The string has 200 random bits besides its id. Only the keyed tag is kept, which binds it to the user.
    pub fn mint(
        user: &User,
        purpose: Purpose,
        stage: Stage,
        policy: Arc<Effective>,
        now: Instant,
        vault: &mut dyn Vault,
    ) -> Result<(Text, Self), Dependency> {
        let drawn = vault.draw(Slot::Ticket)?;
        let text = Secret::new(drawn.to_vec()).to_base32();
        let tag = vault.tag(
            Context::Ticket,
            &vault::bind(user, &[text.expose().as_bytes()]),
        )?;
        let ticket = Self {
            id: text.expose().get(..ID_LENGTH).unwrap_or_default().into(),
            tag,
            expires_at: stage.ends(now),
            purpose,
            stage,
            begun_at: now,
            policy,
            first_factor_fresh: false,
            first_factor_phone: None,
            failures: Failures::default(),
            sends: 0,
            sent: None,
            pending_app: None,
            pending_phone: None,
            unknown: Unknown::default(),
        };
        Ok((text, ticket))
    }

    /// Mints the ticket that follows this one, in another stage; this one is spent.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    pub fn advance(
        &self,
        user: &User,
        stage: Stage,
        now: Instant,
        vault: &mut dyn Vault,
    ) -> Result<(Text, Self), Dependency> {
        let (text, mut next) = Self::mint(
            user,
            self.purpose.clone(),
            stage,
            Arc::clone(&self.policy),
            now,
            vault,
        )?;
        next.first_factor_fresh = self.first_factor_fresh;
        next.first_factor_phone.clone_from(&self.first_factor_phone);
        Ok((text, next))
    }

    /// Says whether somebody has got somewhere with it: a code was tried, a factor shown or begun. Such a one is the last
    /// to be crowded out, or whoever has the password could end the owner's work by asking for tickets.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        match self.stage {
            Stage::Challenged => self.failures.total() > 0 || self.sends > 0,
            Stage::Enrolling { .. } => self.pending_app.is_some() || self.sends > 0,
            Stage::Verified { .. } | Stage::Recovering { .. } => true,
        }
    }

    /// Requires the stage in which a code is awaited.
    ///
    /// # Errors
    ///
    /// Returns [`TicketFault::WrongStage`] in any other.
    pub fn require_challenged(&self) -> Result<(), TicketFault> {
        match self.stage {
            Stage::Challenged => Ok(()),
            _ => Err(TicketFault::WrongStage),
        }
    }

    /// Requires a stage in which something may be pending: any but the one in which a code is awaited.
    ///
    /// # Errors
    ///
    /// Returns [`TicketFault::WrongStage`] while a code is awaited.
    pub fn require_past_challenge(&self) -> Result<(), TicketFault> {
        match self.stage {
            Stage::Challenged => Err(TicketFault::WrongStage),
            _ => Ok(()),
        }
    }

    /// Requires a stage in which a factor may be begun: any but the one in which a code is awaited, and, with a factor
    /// shown, only for a while.
    ///
    /// # Errors
    ///
    /// Returns [`TicketFault::WrongStage`] or [`NotPermitted::StartTooLate`].
    pub fn require_may_begin(&self, now: Instant) -> Result<(), Failure> {
        self.require_past_challenge()?;
        match self.stage {
            Stage::Verified { factor_at, .. } if now >= factor_at.after(STARTING) => {
                Err(NotPermitted::StartTooLate.into())
            }
            _ => Ok(()),
        }
    }

    /// Requires a factor shown a short while ago, and returns its method.
    ///
    /// # Errors
    ///
    /// Returns [`TicketFault::WrongStage`] or [`NotPermitted::StartTooLate`].
    pub fn require_verified(&self, now: Instant) -> Result<Method, Failure> {
        let Stage::Verified { method, .. } = self.stage else {
            return Err(TicketFault::WrongStage.into());
        };
        self.require_may_begin(now)?;
        Ok(method)
    }

    /// Requires that MFA is on: while it is off, factors may be removed and nothing else.
    ///
    /// # Errors
    ///
    /// Returns [`NotPermitted::MethodNotAllowed`] while it is off.
    pub fn require_on(&self) -> Result<(), NotPermitted> {
        if self.policy.mode == EffectiveMode::Off {
            return Err(NotPermitted::MethodNotAllowed);
        }
        Ok(())
    }

    /// Until when a change may be started, where a factor was shown.
    #[must_use]
    pub fn start_until(&self) -> Option<Instant> {
        match self.stage {
            Stage::Verified { factor_at, .. } => Some(factor_at.after(STARTING)),
            _ => None,
        }
    }

    /// Wrong codes left before it ends, while a code is awaited.
    #[must_use]
    pub fn attempts_left(&self) -> u32 {
        match self.stage {
            Stage::Challenged => TRIES.saturating_sub(self.failures.total()),
            _ => 0,
        }
    }

    /// How many digits of a number may be seen with it: more once a factor was shown.
    #[must_use]
    pub fn digits_shown(&self) -> usize {
        match self.stage {
            Stage::Verified { .. } => PhoneNumber::SHOWN_AFTER_THE_FACTOR,
            _ => PhoneNumber::SHOWN_BEFORE_THE_FACTOR,
        }
    }

    /// When it would end if no text message kept it alive.
    #[must_use]
    pub fn ends_unprolonged(&self) -> Instant {
        self.stage.ends(self.begun_at)
    }

    /// Whether the first factor is still what a factor may be bound on. A text message may keep a challenge alive for
    /// longer.
    #[must_use]
    pub fn may_recover(&self, now: Instant) -> bool {
        self.first_factor_fresh && now < self.ends_unprolonged()
    }

    /// Text messages that may still be asked for on it.
    #[must_use]
    pub fn sends_left(&self) -> u32 {
        MOST_SENDS.saturating_sub(self.sends)
    }
}

impl Stage {
    /// When a ticket minted at `now` in this stage ends.
    #[must_use]
    pub fn ends(&self, now: Instant) -> Instant {
        match self {
            Self::Challenged => now.after(CHALLENGED),
            Self::Enrolling { .. } | Self::Recovering { .. } => now.after(ENROLLING),
            Self::Verified { factor_at, .. } => factor_at.after(ENROLLING),
        }
    }
}

impl Failures {
    /// All of them.
    #[must_use]
    pub fn total(self) -> u32 {
        self.app
            .saturating_add(self.phone)
            .saturating_add(self.recovery)
    }

    /// Those for one factor.
    #[must_use]
    pub fn of(self, method: Method) -> u32 {
        match method {
            Method::Totp => self.app,
            Method::Sms => self.phone,
        }
    }

    /// Counts one for a factor.
    pub fn add(&mut self, method: Method) {
        let count = match method {
            Method::Totp => &mut self.app,
            Method::Sms => &mut self.phone,
        };
        *count = count.saturating_add(1);
    }
}

/// How many characters of a bearer string are its id: 60 bits.
const ID_LENGTH: usize = 12;

/// Wrong codes that end a ticket, or discard what is pending.
const TRIES: u32 = 5;

/// Text messages that may be asked for on a ticket.
pub(crate) const MOST_SENDS: u32 = 3;

const CHALLENGED: Span = Span::minutes(15);
const ENROLLING: Span = Span::minutes(30);

/// How long after a factor was shown a change may be started.
const STARTING: Span = Span::minutes(5);
