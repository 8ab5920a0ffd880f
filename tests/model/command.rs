//! What can be done to the world: one call, two at once, a fault, a move of the clock.
//!
//! A command names nothing that only exists while it runs. It says "the newest ticket that awaits a code", not which
//! one, so that every command means something in every state, and a failing sequence can be cut anywhere.

use countersign_conformance::world::{Broken, Fate, Import, Kind};

use crate::reference::policy::{Company, Membership, Owner, Policy};

/// One of the users, by place.
pub(crate) type Who = usize;

/// How many users there are.
pub(crate) const USERS: usize = 3;

/// A step of a sequence.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// One call.
    Do(Call),
    /// One call, during which an import fails.
    Under(Fault, Call),
    /// Two calls that have both read before either commits.
    Together(Call, Call),
    /// So many wrong codes for a user's factor, on as many tickets and messages and after as many waits as it takes.
    Guess(Who, Method, u32),
    /// What takes several calls in a row to get anywhere.
    Script(Who, Script),
    /// More sign-ins than a user may have tickets.
    Flood(Who, u32),
    /// A function called for every user, and for one nobody knows, with a ticket that never was.
    Stranger(usize),
    /// The clock moves on.
    Wait(u64),
    /// The clock goes back.
    Back(u64),
    /// The phone line refuses every number from now on, or works again.
    Line(Line),
    /// What becomes of the next message that has no fate yet.
    Destine(Fate),
    /// Another instance takes over.
    Restart,
    /// The keyring gets a new active key.
    RotateKeys,
}

/// How an import fails during a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The `on`th use fails, and `times - 1` after it.
    Import {
        import: Import,
        kind: Kind,
        on: u32,
        times: u32,
    },
    /// The clock tells no time.
    Clock,
    /// The random source does not do its work.
    Random(Broken),
}

/// A call, with its arguments as far as they can be known beforehand.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Begin(Who, Begin),
    Inspect(Who, Which),
    Assess(Who, Session),
    BeginTotp(Who, Which),
    BeginSms(Who, Which, Dialled),
    Resend(Who, Which),
    SendCode(Who, Which),
    Cancel(Who, Which, Method),
    Confirm(Who, Which, Method, Code),
    Remove(Who, Which, Method),
    Prefer(Who, Which, Method),
    Verify(Who, Which, Method, Code, Remember),
    Present(Who, Which, Recovery),
    Issue(Who, Which),
    Acknowledge(Who, Recovery),
    Put(Put),
    Get(Owner),
    Status(Who),
    Preview(Who, Begin, Option<(Owner, Policy)>, u64),
    Reset(Who, Reset),
    Unlock(Who, Method),
    AddTotp(Who, Imported),
    Revoke(Who, Revocable),
    FirstFactorChanged(Who),
    Erase(Who),
}

/// What the gateway knows when it asks.
#[derive(Clone, Debug)]
pub(crate) struct Begin {
    pub(crate) memberships: Vec<Membership>,
    /// Whether the first factor came by single sign-on.
    pub(crate) federated: bool,
    /// How old it is, in seconds.
    pub(crate) age: u64,
    pub(crate) carrier: Carrier,
    pub(crate) purpose: Purpose,
    pub(crate) device: Token,
    pub(crate) attested: bool,
    pub(crate) known_enrolled: bool,
}

/// A session, as the gateway might keep it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) memberships: Vec<Membership>,
    pub(crate) federated: bool,
    pub(crate) age: u64,
    pub(crate) carrier: Carrier,
    /// How many epochs ago it was opened.
    pub(crate) epochs_ago: u64,
    /// How long ago a factor was shown in it.
    pub(crate) factor_age: Option<u64>,
    /// How long ago a trusted device let it in.
    pub(crate) device_age: Option<u64>,
    pub(crate) max_age: Option<u64>,
}

/// A policy to be put.
#[derive(Clone, Debug)]
pub(crate) struct Put {
    pub(crate) owner: Owner,
    pub(crate) policy: Policy,
    /// Whether the expected revision is the stored one.
    pub(crate) current: bool,
    pub(crate) enforce_now: bool,
}

/// A reset, as an admin asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Reset {
    pub(crate) memberships: Vec<Membership>,
    pub(crate) company: Option<Company>,
    pub(crate) actor: Actor,
    pub(crate) verified: bool,
}

/// An import from another system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Imported {
    /// Which of the entries of `secrets::IMPORTS`.
    pub(crate) entry: usize,
    /// How far the other system's mark is from the current step.
    pub(crate) mark: Option<i64>,
    pub(crate) operator: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Actor {
    Operator,
    Admin,
    Oneself,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Revocable {
    Tickets,
    Devices,
    Recovery,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    SignIn,
    Manage,
    StepUp,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    Totp,
    Sms,
}

/// Which ticket. The number counts from the newest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Which {
    /// One in a stage in which the function does something; or else any that is good.
    Suited(usize),
    /// One that is good.
    Good(usize),
    /// One that is over.
    Over(usize),
    /// One of another user.
    Others(usize),
    /// One that begins like a good one, and goes on otherwise.
    Forged(usize),
    /// One that never was.
    Nonsense,
}

/// Calls in a row, each whatever came of the one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Script {
    /// Sets up a phone, the first or another one.
    SetUpPhone(usize),
    /// Signs in by a text message.
    SignInByText(Remember),
    /// Signs in with the app.
    SignInByApp(Remember),
    /// Shows a text message to have factors changed, and sets up another phone on the strength of it.
    ManageByText,
    /// Asks for two messages to sign in, and types the code of one of them.
    TextTwice(Code),
    /// The same to set up a phone.
    SetUpPhoneTwice(Code),
    /// Types the code of a message so many seconds after it went out, to sign in or to set up a phone.
    TextLate(u64),
    /// Has the app disabled by guessing, and no recovery code left.
    LoseApp,
    /// Presents the recovery code and sets up a phone.
    RecoverWithPhone(usize),
}

/// By which way the first factor came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Carrier {
    Direct,
    /// The user's own phone; or else the first of `secrets::PHONES`.
    OwnPhone,
    /// One of `secrets::PHONES`.
    Phone(usize),
}

/// The token of which device. The number counts from the newest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Token {
    None,
    /// One that was given to the user, over or not.
    Own(usize),
    /// One that was given to another user.
    OtherUser,
    /// One that never was.
    Nonsense,
}

/// Whether the user wants the device to be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Remember {
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    Refuses,
    Works,
}

/// Which telephone number is typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialled {
    /// One of `secrets::PHONES`.
    Number(usize),
    /// The same, spelt with spaces and brackets.
    Respelt(usize),
    /// No number at all.
    Malformed,
}

/// Which typed code of an authenticator app; and of a text message, what comes nearest to that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    /// Of the app asked for, so many steps from now; of the text message, the running one of the ticket.
    Right(i64),
    /// The same, spelt with spaces and hyphens.
    Respelt(i64),
    /// The last one that was accepted of this user.
    LastAccepted,
    /// Of a key that is pending, on whatever ticket of this user; or, where a pending one is asked for, of the confirmed.
    /// Of the text message, the running one of another ticket.
    OtherKey,
    /// Of a key that this user's app was replaced or removed with; of the text message, one that was sent before.
    OldKey,
    /// Of another user's app, or one that was sent to another user.
    OtherUser,
    /// Of no step near.
    Wrong,
    /// No code at all.
    Malformed(usize),
}

/// Which recovery code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Recovery {
    /// The user's.
    Right,
    /// The same, spelt in lower case and without hyphens.
    Respelt,
    /// One of the user's that is over; the number counts from the newest.
    Old(usize),
    /// Another user's.
    OtherUser,
    /// One that never was.
    Wrong,
    /// No code at all.
    Malformed,
}

impl Call {
    /// The user whose records it may touch.
    pub(crate) fn user(&self) -> Option<Who> {
        match self {
            Self::Begin(user, _)
            | Self::Inspect(user, _)
            | Self::Assess(user, _)
            | Self::BeginTotp(user, _)
            | Self::BeginSms(user, ..)
            | Self::Resend(user, _)
            | Self::SendCode(user, _)
            | Self::Cancel(user, ..)
            | Self::Confirm(user, ..)
            | Self::Remove(user, ..)
            | Self::Prefer(user, ..)
            | Self::Verify(user, ..)
            | Self::Present(user, ..)
            | Self::Issue(user, _)
            | Self::Acknowledge(user, _)
            | Self::Status(user)
            | Self::Preview(user, ..)
            | Self::Reset(user, _)
            | Self::Unlock(user, _)
            | Self::AddTotp(user, _)
            | Self::Revoke(user, _)
            | Self::FirstFactorChanged(user)
            | Self::Erase(user) => Some(*user),
            Self::Put(_) | Self::Get(_) => None,
        }
    }

    /// Which ticket it takes, if it takes one.
    pub(crate) fn which(&self) -> Option<Which> {
        match self {
            Self::Inspect(_, which)
            | Self::BeginTotp(_, which)
            | Self::BeginSms(_, which, _)
            | Self::Resend(_, which)
            | Self::SendCode(_, which)
            | Self::Cancel(_, which, _)
            | Self::Confirm(_, which, ..)
            | Self::Remove(_, which, _)
            | Self::Prefer(_, which, _)
            | Self::Verify(_, which, ..)
            | Self::Present(_, which, _)
            | Self::Issue(_, which) => Some(*which),
            _ => None,
        }
    }

    /// Whether it asks for a text message.
    pub(crate) fn texts(&self) -> bool {
        matches!(
            self,
            Self::BeginSms(..) | Self::Resend(..) | Self::SendCode(..)
        )
    }

    /// Its name in the contract.
    pub(crate) fn function(&self) -> &'static str {
        match self {
            Self::Begin(..) => "sign-in.begin",
            Self::Inspect(..) => "sign-in.inspect",
            Self::Assess(..) => "sign-in.assess",
            Self::BeginTotp(..) => "enrollment.begin-totp",
            Self::BeginSms(..) => "enrollment.begin-sms",
            Self::Resend(..) => "enrollment.resend",
            Self::SendCode(..) => "verification.send-code",
            Self::Cancel(..) => "enrollment.cancel",
            Self::Confirm(..) => "enrollment.confirm",
            Self::Remove(..) => "enrollment.remove",
            Self::Prefer(..) => "enrollment.prefer",
            Self::Verify(..) => "verification.verify",
            Self::Present(..) => "recovery.present",
            Self::Issue(..) => "recovery.issue",
            Self::Acknowledge(..) => "recovery.acknowledge",
            Self::Put(_) => "policy.put",
            Self::Get(_) => "policy.get",
            Self::Status(_) => "administration.status",
            Self::Preview(..) => "administration.preview",
            Self::Reset(..) => "administration.reset",
            Self::Unlock(..) => "administration.unlock",
            Self::AddTotp(..) => "administration.add-totp",
            Self::Revoke(..) => "administration.revoke",
            Self::FirstFactorChanged(_) => "administration.first-factor-changed",
            Self::Erase(_) => "administration.erase",
        }
    }
}

impl Method {
    /// Its name in the contract.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Sms => "sms",
        }
    }
}
