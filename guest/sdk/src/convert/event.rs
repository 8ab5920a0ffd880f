//! Events, from the core to the contract.

use alloc::string::ToString;

use countersign_core::event::{Actor, Binding, Event, EventKind, Flaw, Removal};

use super::output::method;
use crate::bindings::countersign::mfa::store as wit;
use crate::bindings::countersign::mfa::types;

pub(crate) fn event_to_wit(event: &Event) -> wit::Event {
    wit::Event {
        notify: event.kind.is_for_the_user(),
        kind: kind(event.kind.clone()),
        companies: event.companies.iter().map(ToString::to_string).collect(),
        actor: event.actor.clone().map(|actor| match actor {
            Actor::User(id) => types::Actor::User(id),
            Actor::Operator(id) => types::Actor::Operator(id),
        }),
    }
}

fn kind(kind: EventKind) -> wit::EventKind {
    match kind {
        EventKind::PolicyChanged(revision) => wit::EventKind::PolicyChanged(revision),
        EventKind::DeadlineSet(deadline) => wit::EventKind::DeadlineSet(types::Deadline {
            at: deadline.at.as_seconds(),
            zone: deadline.zone,
        }),
        EventKind::EnrollmentOffered { required } => wit::EventKind::EnrollmentOffered(required),
        EventKind::EnrollmentBegun(it) => wit::EventKind::EnrollmentBegun(method(it)),
        EventKind::EnrollmentConfirmed(it, how) => {
            wit::EventKind::EnrollmentConfirmed(wit::Bound {
                method: method(it),
                binding: match how {
                    Binding::First => wit::Binding::First,
                    Binding::Second => wit::Binding::Second,
                    Binding::Replacement => wit::Binding::Replacement,
                    Binding::Recovery => wit::Binding::Recovery,
                },
            })
        }
        EventKind::EnrollmentCancelled(it) => wit::EventKind::EnrollmentCancelled(method(it)),
        EventKind::EnrollmentFailed { discarded } => wit::EventKind::EnrollmentFailed(discarded),
        EventKind::FactorRemoved(it, why) => wit::EventKind::FactorRemoved(wit::Removed {
            method: method(it),
            removal: match why {
                Removal::Owner => wit::Removal::Owner,
                Removal::Recovery => wit::Removal::Recovery,
                Removal::Reset => wit::Removal::Reset,
            },
        }),
        EventKind::FactorDisabled(it) => wit::EventKind::FactorDisabled(method(it)),
        EventKind::FactorPreferred(it) => wit::EventKind::FactorPreferred(method(it)),
        EventKind::ChallengeIssued => wit::EventKind::ChallengeIssued,
        EventKind::ChallengePassed(it) => wit::EventKind::ChallengePassed(method(it)),
        EventKind::ChallengeFailed(it, flaw) => {
            wit::EventKind::ChallengeFailed(wit::FailedChallenge {
                method: method(it),
                reason: match flaw {
                    Flaw::Wrong => wit::ChallengeFailure::Wrong,
                    Flaw::Replayed => wit::ChallengeFailure::Replayed,
                    Flaw::Expired => wit::ChallengeFailure::Expired,
                },
            })
        }
        EventKind::SmsRequested => wit::EventKind::SmsRequested,
        EventKind::SmsSent => wit::EventKind::SmsSent,
        EventKind::SmsFailed(why) => wit::EventKind::SmsFailed(why),
        EventKind::SmsRefused(why) => wit::EventKind::SmsRefused(why),
        EventKind::RecoveryIssued(id) => wit::EventKind::RecoveryIssued(id),
        EventKind::RecoveryAcknowledged(id) => wit::EventKind::RecoveryAcknowledged(id),
        EventKind::RecoveryPresented(id) => wit::EventKind::RecoveryPresented(id),
        EventKind::RecoveryAbandoned(id) => wit::EventKind::RecoveryAbandoned(id),
        EventKind::RecoveryUsed(id) => wit::EventKind::RecoveryUsed(id),
        EventKind::RecoveryFailed => wit::EventKind::RecoveryFailed,
        EventKind::RecoveryRevoked(id) => wit::EventKind::RecoveryRevoked(id),
        EventKind::Locked {
            method: it,
            until,
            streak,
        } => wit::EventKind::Locked(wit::Lock {
            method: method(it),
            until: until.as_seconds(),
            streak,
        }),
        EventKind::UserLocked(until) => wit::EventKind::UserLocked(until.as_seconds()),
        EventKind::Unlocked(it) => wit::EventKind::Unlocked(method(it)),
        EventKind::GuessingSuspected(it, unredeemed) => {
            wit::EventKind::GuessingSuspected(wit::Suspicion {
                method: method(it),
                unredeemed,
            })
        }
        EventKind::Reset(reason) => wit::EventKind::Reset(reason),
        EventKind::Imported(it) => wit::EventKind::Imported(method(it)),
        EventKind::TicketsRevoked => wit::EventKind::TicketsRevoked,
        EventKind::DeviceTrusted(id) => wit::EventKind::DeviceTrusted(id),
        EventKind::DeviceRevoked(id) => wit::EventKind::DeviceRevoked(id),
        EventKind::FirstFactorChanged => wit::EventKind::FirstFactorChanged,
        EventKind::Erased => wit::EventKind::Erased,
    }
}
