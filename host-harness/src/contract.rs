//! The types of the contract, generated from `wit/`, with the contract's own words as their documentation.
//!
//! What several interfaces share stands here; the rest stands in a module named after its interface.
//!
//! # Security
//!
//! The generated types print everything with `Debug`. These hold secrets: [`enrollment::TotpSetup`],
//! [`RecoveryCode`], [`Assertion`] and [`sign_in::Allowance`] (tokens of devices), [`EnrollOffer`],
//! [`sign_in::Challenge`] and [`NextTicket`] (tickets), [`sign_in::BeginRequest`] (a device's
//! token, a telephone number), and what contains one of them. This library never formats
//! them. An embedder must not either: no `{:?}` of an answer in a log, no `dbg!`.

pub use crate::bindings::countersign::mfa::types::{
    Actor, Assertion, Channel, Company, Deadline, Dependency, EnrollOffer, Failure, FirstFactor,
    FirstFactorKind, Instant, InvalidInput, Membership, Method, MethodState, NextTicket,
    NotPermitted, OfferedMethod, Proof, Purpose, Receipt, RecoveryCode, RecoveryState,
    RejectReason, Rejection, SendState, Ticket, TicketFault, User,
};

/// What a plugin says of itself.
pub mod meta {
    pub use crate::bindings::exports::countersign::mfa::meta::{Description, Level, RecordFormats};
}

/// What comes next for a user who passed the first factor.
pub mod sign_in {
    pub use crate::bindings::exports::countersign::mfa::sign_in::{
        AllowReason, Allowance, Assessment, BeginOutcome, BeginRequest, Challenge, DenyReason,
        Notice, Pending, SentCode, Session, Stage, TicketView,
    };
}

/// Setting up, changing and removing factors.
pub mod enrollment {
    pub use crate::bindings::exports::countersign::mfa::enrollment::{
        ConfirmVerdict, Confirmation, Label, TotpSetup,
    };
}

/// Showing a factor.
pub mod verification {
    pub use crate::bindings::exports::countersign::mfa::verification::{Verified, VerifyVerdict};
}

/// The recovery code.
pub mod recovery {
    pub use crate::bindings::exports::countersign::mfa::recovery::PresentVerdict;
}

/// What a company asks of its users.
pub mod policy {
    pub use crate::bindings::exports::countersign::mfa::policy::{
        FirstBinding, Guessing, Mode, Policy, Resend, ResetAuthority, RoleMethods, SmsRules,
        StoredPolicy, TotpWindow,
    };
}

/// What admins and operators do.
pub mod administration {
    pub use crate::bindings::exports::countersign::mfa::administration::{
        CompanyPart, DeviceStatus, FactorStatus, Hypothetical, Outlook, PreviewReport,
        RecoveryStatus, Revocable, UserStatus,
    };
}

/// What happened, for the audit trail.
pub mod event {
    pub use crate::bindings::countersign::mfa::store::{
        Binding, Bound, ChallengeFailure, Event, EventKind, FailedChallenge, Lock, Removal,
        Removed, Suspicion,
    };
}

/// What a keyring is asked.
pub mod keyring {
    pub use crate::bindings::countersign::mfa::keyring::Context;
}

/// What the phone line is asked, and answers.
pub mod sms {
    pub use crate::bindings::countersign::mfa::sms::{MessagePurpose, Outcome, Permission};
}

impl FirstFactor {
    /// A password that was typed just now, in the browser.
    ///
    /// # Security
    ///
    /// `age` counts from the last time that it was typed. A gateway that asks later, such as on the page where factors
    /// are managed, sets how long ago that was: what is older than 300 seconds binds no factor.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_host::contract::FirstFactor;
    ///
    /// let earlier = FirstFactor { age: 40, ..FirstFactor::password() };
    /// ```
    #[must_use]
    pub fn password() -> Self {
        Self {
            kind: FirstFactorKind::Password,
            age: 0,
            channel: Channel::Direct,
        }
    }
}

impl policy::Policy {
    /// Makes a policy with the usual values and the authenticator app as the only method: codes of one step either way,
    /// a factor again after 12 hours, reminders 30, 14, 7 and 1 days before a deadline.
    ///
    /// Every field can be changed afterwards; the bounds are in `wit/policy.wit`.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_host::contract::Method;
    /// use countersign_host::contract::policy::{Mode, Policy};
    ///
    /// let policy = Policy::app_only(Mode::Voluntary);
    /// assert!(matches!(policy.methods.as_slice(), [Method::Totp]));
    /// ```
    #[must_use]
    pub fn app_only(mode: policy::Mode) -> Self {
        Self {
            mode,
            methods: vec![Method::Totp],
            role_methods: Vec::new(),
            trusted_providers: Vec::new(),
            first_binding: policy::FirstBinding::Password,
            reset_authority: policy::ResetAuthority::Realm,
            totp_window: policy::TotpWindow::PlusMinusOne,
            sms: policy::SmsRules {
                countries: Vec::new(),
                per_hour: 5,
                per_day: 10,
                daily_budget: 1_000,
                enrolling_percent: 30,
                lifetime_minutes: 10,
                beyond_ten_minutes: false,
                resend: policy::Resend::Same,
                may_manage_app: false,
            },
            guessing: policy::Guessing::PerFactor,
            reauth_interval: 12 * 60 * 60,
            device_days: 0,
            reminder_days: vec![30, 14, 7, 1],
        }
    }
}
