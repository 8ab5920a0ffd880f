//! Events as JSON, both ways: a store that keeps them reads back what was committed.

use countersign_host::contract::event::{
    Binding, Bound, ChallengeFailure, Event, EventKind, FailedChallenge, Lock, Removal, Removed,
    Suspicion,
};
use countersign_host::contract::{Actor, Deadline, Method};
use countersign_host::event::{EventId, StampedEvent};
use proptest::prelude::*;
use serde_json::{Value, json};

fn text() -> String {
    "\u{202e}\"7\n".to_owned()
}

fn kinds() -> Vec<EventKind> {
    let mut kinds = vec![
        EventKind::PolicyChanged(u64::MAX),
        EventKind::DeadlineSet(Deadline {
            at: 7,
            zone: "Europe/Madrid".to_owned(),
        }),
        EventKind::EnrollmentOffered(true),
        EventKind::EnrollmentFailed(false),
        EventKind::ChallengeIssued,
        EventKind::SmsRequested,
        EventKind::SmsSent,
        EventKind::RecoveryFailed,
        EventKind::UserLocked(9),
        EventKind::TicketsRevoked,
        EventKind::FirstFactorChanged,
        EventKind::Erased,
    ];
    for method in [Method::Totp, Method::Sms] {
        kinds.extend([
            EventKind::EnrollmentBegun(method),
            EventKind::EnrollmentCancelled(method),
            EventKind::FactorDisabled(method),
            EventKind::FactorPreferred(method),
            EventKind::ChallengePassed(method),
            EventKind::Unlocked(method),
            EventKind::Imported(method),
            EventKind::Locked(Lock {
                method,
                until: 1,
                streak: u32::MAX,
            }),
            EventKind::GuessingSuspected(Suspicion {
                method,
                unredeemed: 10,
            }),
        ]);
        for binding in [
            Binding::First,
            Binding::Second,
            Binding::Replacement,
            Binding::Recovery,
        ] {
            kinds.push(EventKind::EnrollmentConfirmed(Bound { method, binding }));
        }
        for removal in [Removal::Owner, Removal::Recovery, Removal::Reset] {
            kinds.push(EventKind::FactorRemoved(Removed { method, removal }));
        }
        for reason in [
            ChallengeFailure::Wrong,
            ChallengeFailure::Replayed,
            ChallengeFailure::Expired,
        ] {
            kinds.push(EventKind::ChallengeFailed(FailedChallenge {
                method,
                reason,
            }));
        }
    }
    let of_texts = [
        EventKind::SmsFailed,
        EventKind::SmsRefused,
        EventKind::RecoveryIssued,
        EventKind::RecoveryAcknowledged,
        EventKind::RecoveryPresented,
        EventKind::RecoveryAbandoned,
        EventKind::RecoveryUsed,
        EventKind::RecoveryRevoked,
        EventKind::Reset,
        EventKind::DeviceTrusted,
        EventKind::DeviceRevoked,
        EventKind::Other,
    ];
    kinds.extend(of_texts.map(|kind| kind(text())));
    kinds
}

fn event(kind: EventKind, actor: Option<Actor>, user: Option<&str>) -> StampedEvent {
    let event = Event {
        kind,
        companies: vec!["acme".to_owned(), text()],
        actor,
        notify: true,
    };
    StampedEvent::new(EventId::from([0xa7; 16]), 1_000, "test", user, user, event)
}

#[test]
fn every_kind_is_read_back_as_it_was_written() {
    let mut names = std::collections::BTreeSet::new();
    for kind in kinds() {
        for (actor, user) in [
            (None, None),
            (Some(Actor::User("ana".to_owned())), Some("ana")),
            (Some(Actor::Operator(text())), None),
        ] {
            let event = event(kind.clone(), actor, user);
            names.insert(event.name());
            let written = event.to_json().to_string();
            let read: Value = serde_json::from_str(&written).expect("it is JSON");
            assert_eq!(StampedEvent::from_json(&read), Ok(event), "{written}");
        }
    }
    // As many as wit/store.wit has.
    assert_eq!(names.len(), 36, "{names:?}");
}

#[test]
fn a_kind_of_a_newer_version_is_read_as_another() {
    let mut json = event(EventKind::Erased, None, Some("ana")).to_json();
    json["event"] = json!("teleported");
    json["detail"] = json!({ "where": "elsewhere" });
    let read = StampedEvent::from_json(&json).expect("it is an event");
    assert_eq!(read.event.kind, EventKind::Other("teleported".to_owned()));
}

#[test]
fn what_is_wrong_is_named() {
    let lock = Lock {
        method: Method::Totp,
        until: 1,
        streak: 5,
    };
    let json = event(EventKind::Locked(lock), None, Some("ana")).to_json();
    for (path, wrong, field) in [
        ("/id", json!("07"), "id"),
        ("/at", json!(-1), "at"),
        ("/realm", json!(1), "realm"),
        ("/user", json!(null), "user"),
        ("/companies", json!([1]), "companies"),
        ("/notify", json!("yes"), "notify"),
        ("/detail", json!(1), "detail"),
        ("/detail/streak", json!(1_u64 << 32), "streak"),
        ("/detail/method", json!("email"), "method"),
    ] {
        let mut json = json.clone();
        *json.pointer_mut(path).expect("it is there") = wrong;
        let refused = StampedEvent::from_json(&json).expect_err(path);
        assert_eq!(refused.field, field);
    }
    assert!(StampedEvent::from_json(&json!([])).is_err());
    for actor in [
        json!({}),
        json!({ "operator": "op", "user": "ana" }),
        json!({ "admin": "x" }),
    ] {
        let mut json = json.clone();
        json["actor"] = actor;
        let refused = StampedEvent::from_json(&json).expect_err("it is nobody");
        assert_eq!(refused.field, "actor");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_back(text in "\\PC{0,40}|.{0,40}", user in ".{1,40}") {
        let event = event(EventKind::Reset(text.clone()), Some(Actor::User(text)), Some(&user));
        let written = event.to_json().to_string();
        let read: Value = serde_json::from_str(&written).expect("it is JSON");
        prop_assert_eq!(StampedEvent::from_json(&read), Ok(event));
    }
}
