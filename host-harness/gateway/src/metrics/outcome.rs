//! The values of labels.

use countersign_host::sms::Outcome;

/// What became of a password that was typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PasswordOutcome {
    /// It was right.
    Right,
    /// It was wrong, or the name is nobody's.
    Wrong,
    /// Too many were tried before.
    Throttled,
    /// All places were taken.
    Busy,
}

impl PasswordOutcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
        }
    }
}

/// Where somebody got by signing in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignInOutcome {
    /// In, and no factor was asked for.
    Allowed,
    /// In, by a trusted device.
    Device,
    /// A factor was asked for.
    Challenged,
    /// In, after a factor.
    Verified,
    /// Enrolling was asked for.
    ToEnroll,
    /// In, after enrolling.
    Enrolled,
    /// A code was wrong.
    Rejected,
    /// The plugin refused, or something failed.
    Refused,
}

impl SignInOutcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Device => "device",
            Self::Challenged => "challenged",
            Self::Verified => "verified",
            Self::ToEnroll => "to-enroll",
            Self::Enrolled => "enrolled",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
        }
    }
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MailOutcome {
    /// A server took it.
    Sent,
    /// No server took it, or nobody knows.
    Failed,
    /// It stays in the outbox.
    Kept,
}

impl MailOutcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Kept => "kept",
        }
    }
}

/// Names an outcome, and no reason: reasons are a carrier's words.
pub(super) fn of_text(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent => "sent",
        Outcome::AlreadySent => "already-sent",
        Outcome::Refused(_) => "refused",
        Outcome::Failed(_) => "failed",
        Outcome::Unknown(_) => "unknown",
    }
}
