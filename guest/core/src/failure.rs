//! Why a call has no answer.

use alloc::string::String;

use crate::time::Instant;

/// Why nothing was compared and nobody may be let in.
///
/// A `Failure` is never the outcome of a comparison, so no caller can mistake one for a "yes".
#[derive(Debug, Eq, PartialEq)]
pub enum Failure {
    /// A field is out of bounds.
    Invalid {
        /// The field by its name in the contract.
        field: String,
        /// What was expected; never what was given.
        expected: &'static str,
    },
    /// The ticket cannot be used for this.
    Ticket(TicketFault),
    /// Nothing is compared before this time.
    Locked(Instant),
    /// The contract or the policy does not allow it.
    NotPermitted(NotPermitted),
    /// Somebody else changed the policy first.
    RevisionConflict,
    /// Other calls for the same user kept coming first.
    Busy,
    /// An import did not answer, or answered what cannot be.
    Unavailable(Dependency),
}

/// What is wrong with a ticket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TicketFault {
    /// Never minted for this user, or forgotten.
    Unknown,
    /// Its time is over.
    Expired,
    /// It led to another ticket or to an end.
    Spent,
    /// Good, but not for this.
    WrongStage,
}

/// Why something is not allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotPermitted {
    /// The factor is disabled.
    FactorDisabled,
    /// There is no such factor.
    NoSuchFactor,
    /// The policy does not allow this method here.
    MethodNotAllowed,
    /// Nothing of this method is pending on this ticket.
    NotPending,
    /// The last factor stays.
    LastFactor,
    /// The factor was shown too long ago.
    StartTooLate,
    /// No recovery code, or recovery cannot serve this.
    NoRecoveryCode,
    /// Not to oneself.
    Oneself,
    /// Another company has a say.
    OtherCompany,
    /// The first factor was too old at `begin`.
    FirstFactorTooOld,
    /// Identity not verified.
    NotVerified,
    /// Operators only.
    OperatorOnly,
    /// There is a factor already.
    AlreadyEnrolled,
    /// The user was erased.
    Erased,
    /// The deadline is not in the future.
    DeadlineNotInFuture,
    /// The host does not send to this number.
    NumberRefused,
    /// The policy lists other countries than that of this number.
    CountryNotAllowed,
    /// No code was sent on this ticket.
    NoCodeSent,
    /// Too many messages; again from this time on.
    SendLimit(Instant),
}

/// An import, as the source of a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dependency {
    /// The store, or a record in it.
    Store,
    /// The keyring.
    Keyring,
    /// The phone line.
    Sms,
    /// The clock.
    Clock,
    /// The random source.
    Random,
}

impl Failure {
    /// Makes the failure for a field out of bounds.
    #[must_use]
    pub fn invalid(field: &str, expected: &'static str) -> Self {
        Self::Invalid {
            field: field.into(),
            expected,
        }
    }
}

impl Failure {
    /// The failure with its field under `parent`, where what was parsed is part of something else.
    #[must_use]
    pub fn under(self, parent: &str) -> Self {
        match self {
            Self::Invalid { field, expected } => {
                let mut path = String::from(parent);
                path.push('.');
                path.push_str(&field);
                Self::Invalid {
                    field: path,
                    expected,
                }
            }
            other => other,
        }
    }
}

impl From<TicketFault> for Failure {
    fn from(fault: TicketFault) -> Self {
        Self::Ticket(fault)
    }
}

impl From<NotPermitted> for Failure {
    fn from(reason: NotPermitted) -> Self {
        Self::NotPermitted(reason)
    }
}

impl From<Dependency> for Failure {
    fn from(source: Dependency) -> Self {
        Self::Unavailable(source)
    }
}
