//! Why a call came to nothing.

use std::fmt;

use crate::contract::{Dependency, Failure, NotPermitted, TicketFault};
use crate::dynamic::ArgumentError;

/// Why a call came to nothing.
///
/// **Every `Err` is a refusal.** Nobody may be let in for it, whichever variant it is; there is no fail-open switch.
/// What was asked may or may not have happened, except where a variant says otherwise: a count may be one too high,
/// an acceptance never happens twice.
///
/// The texts name what went wrong and never a value: no user, company, number, ticket or code stands in them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The plugin answered, with a failure of the contract. The only variant that a correct plugin causes in a
    /// healthy system; what to do is said at each case of [`Failure`].
    #[error("the plugin refused: {}", case(.0))]
    Refused(Failure),
    /// The plugin trapped, or answered what the contract's types do not allow. A defect of the plugin.
    #[error("the plugin trapped: {0}")]
    Trap(String),
    /// The plugin ran out of what [`Limits`](crate::Limits) give it.
    #[error("the plugin ran out of {0}")]
    Limit(Limit),
    /// The plugin asked for a record that the call does not concern. A hostile plugin, or a gravely defective one;
    /// it was stopped there and then.
    #[error("the plugin reached outside the scope of the call: {0}")]
    Scope(Reached),
    /// The plugin asked the host for what the contract forbids; which rule it broke. It was stopped there and then.
    #[error("the plugin broke the contract: {0}")]
    Misuse(&'static str),
    /// The clock or the randomness failed. Nothing was asked of the plugin, or it was stopped. A store, keyring or
    /// phone line that fails is told to the plugin, and comes back as `Refused(Failure::Unavailable(_))`.
    #[error("the host failed: {}: {why}", dependency(*.import))]
    Fault {
        /// What failed.
        import: Dependency,
        /// Why.
        why: String,
    },
    /// Too many calls at once. Nothing was asked of the plugin. May be tried again after a moment.
    #[error("too many calls at once")]
    Overloaded,
    /// The arguments of [`call_json`](crate::Countersign::call_json) do not fit the function. Nothing was asked of
    /// the plugin.
    #[error(transparent)]
    Arguments(#[from] ArgumentError),
}

/// What a plugin ran out of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::memory`](crate::Limits::memory).
    Memory,
    /// [`Limits::table_elements`](crate::Limits::table_elements).
    Table,
    /// [`Limits::stack`](crate::Limits::stack).
    Stack,
    /// [`Limits::guest_time`](crate::Limits::guest_time).
    GuestTime,
    /// [`Limits::call_time`](crate::Limits::call_time).
    CallTime,
    /// [`Limits::transfer`](crate::Limits::transfer).
    Transfer,
    /// [`Limits::host_calls`](crate::Limits::host_calls).
    HostCalls,
    /// [`Limits::random`](crate::Limits::random).
    Random,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Table => "table elements",
            Self::Stack => "stack",
            Self::GuestTime => "time of its own",
            Self::CallTime => "time for the whole call",
            Self::Transfer => "bytes to hand to the host at once",
            Self::HostCalls => "calls of the host",
            Self::Random => "random bytes",
        })
    }
}

/// What kind of record a plugin reached for outside the scope of its call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reached {
    /// A user's account, in a call about no user.
    Account,
    /// A user's tickets, in a call about no user.
    Tickets,
    /// The policy of a company that the call does not name.
    Policy,
    /// A policy, to write it, in a call that is not `policy.put` of that company.
    PolicyWrite,
    /// A counter, to do something else with it than reading or adding.
    Counter,
    /// The phone line, in a call that is not to send a message: `enrollment.begin-sms` and `resend`, and
    /// `verification.send-code` are.
    PhoneLine,
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "an account in a call about no user",
            Self::Tickets => "tickets in a call about no user",
            Self::Policy => "the policy of a company that the call does not name",
            Self::PolicyWrite => "a policy to be written in a call that is not `policy.put` of it",
            Self::Counter => "a counter, for more than reading or adding",
            Self::PhoneLine => "the phone line in a call that is not to send a message",
        })
    }
}

/// What a plugin file is refused for when it is loaded. Nothing of it has run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the component cannot be read")]
    Read(#[source] std::io::Error),
    /// The file is larger than the limit.
    #[error("the component has more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The file is not the pinned one.
    #[error("the component has SHA-256 {found}, expected {expected}")]
    Digest {
        /// The pin.
        expected: crate::Digest,
        /// What the file has.
        found: crate::Digest,
    },
    /// Keys were given, and no signature is there: neither handed over nor beside the file.
    #[error("the component has no signature, and must have one")]
    Unsigned,
    /// The file of the signature cannot be read.
    #[error("the signature of the component cannot be read")]
    ReadSignature(#[source] std::io::Error),
    /// The signature has not the 64 bytes of one.
    #[error("the signature of the component has not 64 bytes")]
    MalformedSignature,
    /// No key that was given has signed the component, or none was given.
    #[error("the signature is not one of this component by a key that is trusted")]
    WrongSignature,
    /// The file is not a component, or one with features that are switched off.
    #[error("not a component: {0}")]
    NotAComponent(String),
    /// The component imports more than the contract's world. Do not load it by another way.
    #[error("the component imports more than the contract: {}", .unexpected.join(", "))]
    Imports {
        /// Each import, or function of one, that is not of the world.
        unexpected: Vec<String>,
    },
    /// The component lacks exports of the contract's world.
    #[error("the component lacks exports: {}", .missing.join(", "))]
    Exports {
        /// Each interface, or function of one, that is not there.
        missing: Vec<String>,
    },
    /// An import or export has the right name, and another type than in the contract.
    #[error("the component was built for another contract: {0}")]
    Types(String),
    /// The directory of the cache cannot be trusted; why. See [`PluginBuilder::cache`](crate::PluginBuilder::cache).
    #[error("the cache directory cannot be used: {0}")]
    Cache(String),
    /// The engine cannot be set up on this machine.
    #[error("the engine cannot be set up: {0}")]
    Engine(String),
}

/// What is missing or wrong in what a [`Countersign`](crate::Countersign) is built from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No realm was given, or one that is not 1 to 128 bytes without control characters.
    #[error("expected a realm of 1 to 128 bytes without control characters")]
    Realm,
    /// No store was given.
    #[error("expected a store")]
    Store,
    /// No keyring was given.
    #[error("expected a keyring")]
    Keyring,
}

/// Names the case of a failure, and nothing that it carries of its caller.
fn case(failure: &Failure) -> &'static str {
    match failure {
        Failure::InvalidInput(_) => "invalid-input",
        Failure::Ticket(TicketFault::Unknown) => "ticket(unknown)",
        Failure::Ticket(TicketFault::Expired) => "ticket(expired)",
        Failure::Ticket(TicketFault::Spent) => "ticket(spent)",
        Failure::Ticket(TicketFault::WrongStage) => "ticket(wrong-stage)",
        Failure::Locked(_) => "locked",
        Failure::NotPermitted(reason) => not_permitted(reason),
        Failure::RevisionConflict => "revision-conflict",
        Failure::Busy => "busy",
        Failure::Unavailable(Dependency::Store) => "unavailable(store)",
        Failure::Unavailable(Dependency::Keyring) => "unavailable(keyring)",
        Failure::Unavailable(Dependency::Sms) => "unavailable(sms)",
        Failure::Unavailable(Dependency::Clock) => "unavailable(clock)",
        Failure::Unavailable(Dependency::Random) => "unavailable(random)",
        Failure::Other(_) => "other",
    }
}

fn not_permitted(reason: &NotPermitted) -> &'static str {
    match reason {
        NotPermitted::FactorDisabled => "not-permitted(factor-disabled)",
        NotPermitted::NoSuchFactor => "not-permitted(no-such-factor)",
        NotPermitted::MethodNotAllowed => "not-permitted(method-not-allowed)",
        NotPermitted::NotPending => "not-permitted(not-pending)",
        NotPermitted::LastFactor => "not-permitted(last-factor)",
        NotPermitted::StartTooLate => "not-permitted(start-too-late)",
        NotPermitted::NoCodeSent => "not-permitted(no-code-sent)",
        NotPermitted::SendLimit(_) => "not-permitted(send-limit)",
        NotPermitted::NoRecoveryCode => "not-permitted(no-recovery-code)",
        NotPermitted::Oneself => "not-permitted(oneself)",
        NotPermitted::OtherCompany => "not-permitted(other-company)",
        NotPermitted::FirstFactorTooOld => "not-permitted(first-factor-too-old)",
        NotPermitted::NotVerified => "not-permitted(not-verified)",
        NotPermitted::OperatorOnly => "not-permitted(operator-only)",
        NotPermitted::AlreadyEnrolled => "not-permitted(already-enrolled)",
        NotPermitted::Erased => "not-permitted(erased)",
        NotPermitted::DeadlineNotInFuture => "not-permitted(deadline-not-in-future)",
        NotPermitted::Other(_) => "not-permitted(other)",
    }
}

/// Names an import as the contract does.
pub(crate) fn dependency(import: Dependency) -> &'static str {
    match import {
        Dependency::Store => "store",
        Dependency::Keyring => "keyring",
        Dependency::Sms => "sms",
        Dependency::Clock => "clock",
        Dependency::Random => "random",
    }
}
