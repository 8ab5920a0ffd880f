//! What is noted for the audit trail, in the commit that makes it so.
//!
//! No event can carry a secret: there is no field for one.

use alloc::string::String;
use alloc::vec::Vec;

use crate::method::Method;
use crate::names::Company;
use crate::policy::Deadline;
use crate::time::Instant;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The companies whose business it is.
    pub companies: Vec<Company>,
    /// Who asked for it, if not the user.
    pub actor: Option<Actor>,
}

/// Who asks for a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Actor {
    /// A person of the realm.
    User(String),
    /// The gateway's operator.
    Operator(String),
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// A policy was replaced; its revision.
    PolicyChanged(u64),
    /// A deadline was set or moved.
    DeadlineSet(Deadline),
    /// Enrollment was offered.
    EnrollmentOffered {
        /// Whether there is no way round it.
        required: bool,
    },
    /// A factor was begun.
    EnrollmentBegun(Method),
    /// A factor was confirmed.
    EnrollmentConfirmed(Method, Binding),
    /// A begun factor was cancelled.
    EnrollmentCancelled(Method),
    /// A code for a begun factor was wrong.
    EnrollmentFailed {
        /// Whether it was discarded for it.
        discarded: bool,
    },
    /// A factor is gone.
    FactorRemoved(Method, Removal),
    /// A factor was disabled.
    FactorDisabled(Method),
    /// The user chose which factor is shown first.
    FactorPreferred(Method),
    /// A code was asked for.
    ChallengeIssued,
    /// A factor was shown.
    ChallengePassed(Method),
    /// A factor was not shown.
    ChallengeFailed(Method, Flaw),
    /// A text message was counted and is to be sent.
    SmsRequested,
    /// It went out.
    SmsSent,
    /// It did not go out, or nobody knows; why.
    SmsFailed(String),
    /// It was refused before it was counted; why.
    SmsRefused(String),
    /// A recovery code was issued; its id.
    RecoveryIssued(String),
    /// The user said to have saved it.
    RecoveryAcknowledged(String),
    /// It opened enrollment.
    RecoveryPresented(String),
    /// What it opened was ended by whoever showed a factor.
    RecoveryAbandoned(String),
    /// It was used up.
    RecoveryUsed(String),
    /// A wrong recovery code was presented.
    RecoveryFailed,
    /// The recovery code was revoked.
    RecoveryRevoked(String),
    /// A factor must rest.
    Locked {
        /// The factor.
        method: Method,
        /// Until when.
        until: Instant,
        /// Wrong codes in a row.
        streak: u32,
    },
    /// Everything must rest until this time.
    UserLocked(Instant),
    /// A rest was ended.
    Unlocked(Method),
    /// More wrong codes than typing explains.
    GuessingSuspected(Method, u32),
    /// All factors were reset; why.
    Reset(String),
    /// A factor was imported.
    Imported(Method),
    /// All tickets were revoked.
    TicketsRevoked,
    /// A device is trusted; its id.
    DeviceTrusted(String),
    /// A device, or with `*` every one, is not trusted any more.
    DeviceRevoked(String),
    /// The first factor was changed.
    FirstFactorChanged,
    /// The user was erased.
    Erased,
}

/// How a factor came to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binding {
    /// As the first.
    First,
    /// Beside another.
    Second,
    /// In place of one of the same method.
    Replacement,
    /// With a recovery code.
    Recovery,
}

/// Why a challenge was not passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// Not the code.
    Wrong,
    /// The code, but used before. Only the audit trail may tell the two apart.
    Replayed,
    /// The code of a text message, too late.
    Expired,
}

/// Why a factor is gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removal {
    /// The user removed it.
    Owner,
    /// A recovery put another in its place.
    Recovery,
    /// An admin reset the user.
    Reset,
}

impl EventKind {
    /// Says whether the gateway must tell the user by another channel (SP 800-63B-4, section 4.6).
    #[must_use]
    pub fn is_for_the_user(&self) -> bool {
        match self {
            Self::EnrollmentConfirmed(..)
            | Self::FactorRemoved(..)
            | Self::FactorDisabled(_)
            | Self::RecoveryIssued(_)
            | Self::RecoveryPresented(_)
            | Self::RecoveryUsed(_)
            | Self::RecoveryRevoked(_)
            | Self::GuessingSuspected(..)
            | Self::Reset(_)
            | Self::Imported(_)
            | Self::DeadlineSet(_)
            | Self::DeviceTrusted(_)
            | Self::UserLocked(_)
            | Self::Erased => true,
            Self::Locked { streak, .. } => *streak >= 10,
            Self::PolicyChanged(_)
            | Self::EnrollmentOffered { .. }
            | Self::EnrollmentBegun(_)
            | Self::EnrollmentCancelled(_)
            | Self::EnrollmentFailed { .. }
            | Self::FactorPreferred(_)
            | Self::ChallengeIssued
            | Self::ChallengePassed(_)
            | Self::ChallengeFailed(..)
            | Self::SmsRequested
            | Self::SmsSent
            | Self::SmsFailed(_)
            | Self::SmsRefused(_)
            | Self::RecoveryAcknowledged(_)
            | Self::RecoveryAbandoned(_)
            | Self::RecoveryFailed
            | Self::Unlocked(_)
            | Self::TicketsRevoked
            | Self::DeviceRevoked(_)
            | Self::FirstFactorChanged => false,
        }
    }
}
