//! What can be done to the world: one call, two at once, a fault, a move of the clock.
//!
//! A command names nothing that only exists while it runs. It says "the newest ticket that awaits a code", not which
//! one, so that every command means something in every state, and a failing sequence can be cut anywhere.

use countersign_conformance::world::{Broken, Import, Kind};

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
    /// So many wrong codes for a user's app, on as many tickets and after as many waits as it takes.
    Guess(Who, u32),
    /// More sign-ins than a user may have tickets.
    Flood(Who, u32),
    /// A function called for every user, and for one nobody knows, with a ticket that never was.
    Stranger(usize),
    /// The clock moves on.
    Wait(u64),
    /// The clock goes back.
    Back(u64),
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
    Cancel(Who, Which, Method),
    Confirm(Who, Which, Method, Code),
    Remove(Who, Which, Method),
    Prefer(Who, Which, Method),
    Verify(Who, Which, Method, Code),
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
    pub(crate) purpose: Purpose,
    pub(crate) attested: bool,
    pub(crate) known_enrolled: bool,
}

/// A session, as the gateway might keep it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) memberships: Vec<Membership>,
    pub(crate) federated: bool,
    pub(crate) age: u64,
    /// How many epochs ago it was opened.
    pub(crate) epochs_ago: u64,
    /// How long ago a factor was shown in it.
    pub(crate) factor_age: Option<u64>,
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

/// Which typed code of an authenticator app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    /// Of the app asked for, so many steps from now.
    Right(i64),
    /// The same, spelt with spaces and hyphens.
    Respelt(i64),
    /// The last one that was accepted of this user.
    LastAccepted,
    /// Of a key that is pending, on whatever ticket of this user; or, where a pending one is asked for, of the confirmed.
    OtherKey,
    /// Of a key that this user's app was replaced or removed with.
    OldKey,
    /// Of another user's app.
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

    /// Its name in the contract.
    pub(crate) fn function(&self) -> &'static str {
        match self {
            Self::Begin(..) => "sign-in.begin",
            Self::Inspect(..) => "sign-in.inspect",
            Self::Assess(..) => "sign-in.assess",
            Self::BeginTotp(..) => "enrollment.begin-totp",
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
