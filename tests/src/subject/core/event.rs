//! Events, from the core's words to the contract's.

use countersign_core::event::{Actor, Binding, Event, EventKind, Flaw, Removal};
use countersign_core::method::Method;
use countersign_host::contract;
use countersign_host::contract::event as to;

pub(super) fn to_contract(event: &Event) -> to::Event {
    to::Event {
        kind: kind(&event.kind),
        companies: event.companies.iter().map(ToString::to_string).collect(),
        actor: event.actor.as_ref().map(|actor| match actor {
            Actor::User(id) => contract::Actor::User(id.clone()),
            Actor::Operator(id) => contract::Actor::Operator(id.clone()),
        }),
        notify: event.kind.is_for_the_user(),
    }
}

fn kind(kind: &EventKind) -> to::EventKind {
    match kind {
        EventKind::PolicyChanged(revision) => to::EventKind::PolicyChanged(*revision),
        EventKind::DeadlineSet(deadline) => to::EventKind::DeadlineSet(contract::Deadline {
            at: deadline.at.as_seconds(),
            zone: deadline.zone.clone(),
        }),
        EventKind::EnrollmentOffered { required } => to::EventKind::EnrollmentOffered(*required),
        EventKind::EnrollmentBegun(it) => to::EventKind::EnrollmentBegun(method(*it)),
        EventKind::EnrollmentConfirmed(it, how) => to::EventKind::EnrollmentConfirmed(to::Bound {
            method: method(*it),
            binding: match how {
                Binding::First => to::Binding::First,
                Binding::Second => to::Binding::Second,
                Binding::Replacement => to::Binding::Replacement,
                Binding::Recovery => to::Binding::Recovery,
            },
        }),
        EventKind::EnrollmentCancelled(it) => to::EventKind::EnrollmentCancelled(method(*it)),
        EventKind::EnrollmentFailed { discarded } => to::EventKind::EnrollmentFailed(*discarded),
        EventKind::FactorRemoved(it, why) => to::EventKind::FactorRemoved(to::Removed {
            method: method(*it),
            removal: match why {
                Removal::Owner => to::Removal::Owner,
                Removal::Recovery => to::Removal::Recovery,
                Removal::Reset => to::Removal::Reset,
            },
        }),
        EventKind::FactorDisabled(it) => to::EventKind::FactorDisabled(method(*it)),
        EventKind::FactorPreferred(it) => to::EventKind::FactorPreferred(method(*it)),
        EventKind::ChallengeIssued => to::EventKind::ChallengeIssued,
        EventKind::ChallengePassed(it) => to::EventKind::ChallengePassed(method(*it)),
        EventKind::ChallengeFailed(it, flaw) => {
            to::EventKind::ChallengeFailed(to::FailedChallenge {
                method: method(*it),
                reason: match flaw {
                    Flaw::Wrong => to::ChallengeFailure::Wrong,
                    Flaw::Replayed => to::ChallengeFailure::Replayed,
                    Flaw::Expired => to::ChallengeFailure::Expired,
                },
            })
        }
        EventKind::SmsRequested => to::EventKind::SmsRequested,
        EventKind::SmsSent => to::EventKind::SmsSent,
        EventKind::SmsFailed(why) => to::EventKind::SmsFailed(why.clone()),
        EventKind::SmsRefused(why) => to::EventKind::SmsRefused(why.clone()),
        EventKind::RecoveryIssued(id) => to::EventKind::RecoveryIssued(id.clone()),
        EventKind::RecoveryAcknowledged(id) => to::EventKind::RecoveryAcknowledged(id.clone()),
        EventKind::RecoveryPresented(id) => to::EventKind::RecoveryPresented(id.clone()),
        EventKind::RecoveryAbandoned(id) => to::EventKind::RecoveryAbandoned(id.clone()),
        EventKind::RecoveryUsed(id) => to::EventKind::RecoveryUsed(id.clone()),
        EventKind::RecoveryFailed => to::EventKind::RecoveryFailed,
        EventKind::RecoveryRevoked(id) => to::EventKind::RecoveryRevoked(id.clone()),
        EventKind::Locked {
            method: it,
            until,
            streak,
        } => to::EventKind::Locked(to::Lock {
            method: method(*it),
            until: until.as_seconds(),
            streak: *streak,
        }),
        EventKind::UserLocked(until) => to::EventKind::UserLocked(until.as_seconds()),
        EventKind::Unlocked(it) => to::EventKind::Unlocked(method(*it)),
        EventKind::GuessingSuspected(it, unredeemed) => {
            to::EventKind::GuessingSuspected(to::Suspicion {
                method: method(*it),
                unredeemed: *unredeemed,
            })
        }
        EventKind::Reset(reason) => to::EventKind::Reset(reason.clone()),
        EventKind::Imported(it) => to::EventKind::Imported(method(*it)),
        EventKind::TicketsRevoked => to::EventKind::TicketsRevoked,
        EventKind::DeviceTrusted(id) => to::EventKind::DeviceTrusted(id.clone()),
        EventKind::DeviceRevoked(id) => to::EventKind::DeviceRevoked(id.clone()),
        EventKind::FirstFactorChanged => to::EventKind::FirstFactorChanged,
        EventKind::Erased => to::EventKind::Erased,
    }
}

fn method(method: Method) -> contract::Method {
    match method {
        Method::Totp => contract::Method::Totp,
        Method::Sms => contract::Method::Sms,
    }
}
