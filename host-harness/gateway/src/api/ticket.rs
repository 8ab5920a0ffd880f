//! What the plugin says of a ticket and of a text message, in the contract's JSON.

use countersign_host::contract::sign_in::{self, Stage};
use countersign_host::contract::{self, Method, MethodState, Purpose, SendState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A method.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MethodName {
    /// An authenticator app.
    Totp,
    /// A code by text message.
    Sms,
}

/// Where a ticket has got to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Ticket {
    stage: StageName,
    purpose: PurposeName,
    /// When it ends.
    expires_at: u64,
    /// Until when a change may be begun.
    start_until: Option<u64>,
    /// What can be verified with.
    methods: Vec<Offered>,
    /// What may be set up.
    may_enroll: Vec<MethodName>,
    /// What was begun and not confirmed.
    pending: Vec<Pending>,
    /// Wrong codes left.
    attempts_left: u32,
    /// Whether a recovery code can be presented.
    recovery_available: bool,
    /// The text message that was sent for it.
    sent: Option<Sent>,
    /// Whether there is no way round enrolling.
    required: bool,
    /// The effective deadline.
    deadline: Option<u64>,
}

/// What a ticket is good for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum StageName {
    /// A code is awaited.
    Challenged,
    /// A factor was shown; changes may be made.
    Verified,
    /// A first factor is to be set up.
    Enrolling,
    /// A factor is to be set up in place of a lost one.
    Recovering,
}

/// What a ticket was begun for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum PurposeName {
    SignIn,
    ManageFactors,
    StepUp(String),
}

/// A method that can be chosen.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Offered {
    method: MethodName,
    /// The number, masked.
    hint: Option<String>,
    /// Whether it is asked for first.
    preferred: bool,
    state: State,
}

/// Whether a method can be used now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Usable,
    WaitUntil(u64),
    Disabled,
    NotOffered,
}

/// What was begun and not confirmed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Pending {
    method: MethodName,
    /// The number, masked.
    hint: Option<String>,
    /// Wrong codes left before it is discarded.
    attempts_left: u32,
    sent: Option<Sent>,
}

/// A text message that went out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Sent {
    /// When its code ends.
    expires_at: u64,
    /// From when on another may be asked for.
    resend_at: u64,
    /// How many more may be asked for.
    sends_left: u32,
}

/// What is known of a text message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Receipt {
    /// The number, masked.
    masked: String,
    /// When the code ends.
    expires_at: u64,
    /// From when on another may be asked for.
    resend_at: u64,
    /// How many more may be asked for.
    sends_left: u32,
    state: Carried,
}

/// What became of a text message. It was counted in every case.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Carried {
    Sent,
    AlreadySent,
    Failed,
    Unknown,
}

impl From<Method> for MethodName {
    fn from(method: Method) -> Self {
        match method {
            Method::Totp => Self::Totp,
            Method::Sms => Self::Sms,
        }
    }
}

impl From<MethodName> for Method {
    fn from(method: MethodName) -> Self {
        match method {
            MethodName::Totp => Self::Totp,
            MethodName::Sms => Self::Sms,
        }
    }
}

impl From<sign_in::TicketView> for Ticket {
    fn from(view: sign_in::TicketView) -> Self {
        Self {
            stage: match view.stage {
                Stage::Challenged => StageName::Challenged,
                Stage::Verified => StageName::Verified,
                Stage::Enrolling => StageName::Enrolling,
                Stage::Recovering => StageName::Recovering,
            },
            purpose: match view.purpose {
                Purpose::SignIn => PurposeName::SignIn,
                Purpose::ManageFactors => PurposeName::ManageFactors,
                Purpose::StepUp(what) => PurposeName::StepUp(what),
            },
            expires_at: view.expires_at,
            start_until: view.start_until,
            methods: view.methods.into_iter().map(Into::into).collect(),
            may_enroll: view.may_enroll.into_iter().map(Into::into).collect(),
            pending: view.pending.into_iter().map(Into::into).collect(),
            attempts_left: view.attempts_left,
            recovery_available: view.recovery_available,
            sent: view.sent.map(Into::into),
            required: view.required,
            deadline: view.deadline,
        }
    }
}

impl From<contract::OfferedMethod> for Offered {
    fn from(offered: contract::OfferedMethod) -> Self {
        Self {
            method: offered.method.into(),
            hint: offered.hint,
            preferred: offered.preferred,
            state: offered.state.into(),
        }
    }
}

impl From<MethodState> for State {
    fn from(state: MethodState) -> Self {
        match state {
            MethodState::Usable => Self::Usable,
            MethodState::WaitUntil(at) => Self::WaitUntil(at),
            MethodState::Disabled => Self::Disabled,
            MethodState::NotOffered => Self::NotOffered,
        }
    }
}

impl From<sign_in::Pending> for Pending {
    fn from(pending: sign_in::Pending) -> Self {
        Self {
            method: pending.method.into(),
            hint: pending.hint,
            attempts_left: pending.attempts_left,
            sent: pending.sent.map(Into::into),
        }
    }
}

impl From<sign_in::SentCode> for Sent {
    fn from(sent: sign_in::SentCode) -> Self {
        Self {
            expires_at: sent.expires_at,
            resend_at: sent.resend_at,
            sends_left: sent.sends_left,
        }
    }
}

impl From<contract::Receipt> for Receipt {
    fn from(receipt: contract::Receipt) -> Self {
        Self {
            masked: receipt.masked,
            expires_at: receipt.expires_at,
            resend_at: receipt.resend_at,
            sends_left: receipt.sends_left,
            state: match receipt.state {
                SendState::Sent => Carried::Sent,
                SendState::AlreadySent => Carried::AlreadySent,
                SendState::Failed => Carried::Failed,
                SendState::Unknown => Carried::Unknown,
            },
        }
    }
}
