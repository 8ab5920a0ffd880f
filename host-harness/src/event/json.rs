//! Events as JSON, both ways.

use serde_json::{Map, Value, json};

use super::{EventId, StampedEvent};
use crate::contract::event::{
    Binding, Bound, ChallengeFailure, Event, EventKind, FailedChallenge, Lock, Removal, Removed,
    Suspicion,
};
use crate::contract::{Actor, Deadline, Method};

/// What was read is no event in the form of [`StampedEvent::to_json`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no event: {field} is missing, or not as it is written")]
pub struct NotAnEvent {
    /// The field.
    pub field: &'static str,
}

/// Returns the name of a kind.
pub(super) fn name(kind: &EventKind) -> &'static str {
    describe(kind).0
}

/// Writes an event.
pub(super) fn write(event: &StampedEvent) -> Value {
    let (name, detail) = describe(&event.event.kind);
    let mut json = json!({
        "id": event.id.to_string(),
        "at": event.at,
        "realm": event.realm,
        "event": name,
        "companies": event.event.companies,
        "notify": event.event.notify,
    });
    let optional = [
        ("user", event.user.as_ref().map(|it| json!(it))),
        ("client", event.client.as_ref().map(|it| json!(it))),
        ("actor", event.event.actor.as_ref().map(actor)),
        ("detail", (!detail.is_null()).then_some(detail)),
    ];
    if let Value::Object(fields) = &mut json {
        for (name, value) in optional {
            fields.extend(value.map(|value| (name.to_owned(), value)));
        }
    }
    json
}

/// Reads an event.
pub(super) fn read(json: &Value) -> Result<StampedEvent, NotAnEvent> {
    let Value::Object(fields) = json else {
        return Err(NotAnEvent { field: "it" });
    };
    let fields = Fields(fields);
    let companies = fields.required("companies", Value::as_array)?;
    let companies = companies
        .iter()
        .map(|it| it.as_str().map(str::to_owned))
        .collect::<Option<_>>();
    Ok(StampedEvent {
        id: fields.required("id", |it| it.as_str().and_then(EventId::parse))?,
        at: fields.number("at")?,
        realm: fields.text("realm")?,
        user: fields.optional("user", text)?,
        client: fields.optional("client", text)?,
        event: Event {
            kind: kind(&fields)?,
            companies: companies.ok_or(NotAnEvent { field: "companies" })?,
            actor: fields.optional("actor", an_actor)?,
            notify: fields.required("notify", Value::as_bool)?,
        },
    })
}

/// The fields of an object, by name.
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn required<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, NotAnEvent> {
        self.0.get(field).and_then(read).ok_or(NotAnEvent { field })
    }

    fn optional<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, NotAnEvent> {
        self.0
            .get(field)
            .map(|it| read(it).ok_or(NotAnEvent { field }))
            .transpose()
    }

    fn text(&self, field: &'static str) -> Result<String, NotAnEvent> {
        self.required(field, text)
    }

    fn number(&self, field: &'static str) -> Result<u64, NotAnEvent> {
        self.required(field, Value::as_u64)
    }

    fn small(&self, field: &'static str) -> Result<u32, NotAnEvent> {
        self.required(field, |it| it.as_u64().and_then(|it| it.try_into().ok()))
    }

    fn flag(&self, field: &'static str) -> Result<bool, NotAnEvent> {
        self.required(field, Value::as_bool)
    }

    fn method(&self) -> Result<Method, NotAnEvent> {
        self.required("method", |it| {
            [Method::Totp, Method::Sms]
                .into_iter()
                .find(|one| it.as_str() == Some(method(*one)))
        })
    }
}

/// Reads what [`describe`] wrote.
fn kind(event: &Fields<'_>) -> Result<EventKind, NotAnEvent> {
    let none = Map::new();
    let detail = event.optional("detail", Value::as_object)?;
    let detail = Fields(detail.unwrap_or(&none));
    let name = event.required("event", Value::as_str)?;
    Ok(match name {
        "policy-changed" => EventKind::PolicyChanged(detail.number("revision")?),
        "deadline-set" => EventKind::DeadlineSet(Deadline {
            at: detail.number("deadline")?,
            zone: detail.text("zone")?,
        }),
        "enrollment-offered" => EventKind::EnrollmentOffered(detail.flag("required")?),
        "enrollment-begun" => EventKind::EnrollmentBegun(detail.method()?),
        "enrollment-confirmed" => EventKind::EnrollmentConfirmed(Bound {
            method: detail.method()?,
            binding: detail.required("binding", |it| one_of(&BINDINGS, binding, it))?,
        }),
        "enrollment-cancelled" => EventKind::EnrollmentCancelled(detail.method()?),
        "enrollment-failed" => EventKind::EnrollmentFailed(detail.flag("discarded")?),
        "factor-removed" => EventKind::FactorRemoved(Removed {
            method: detail.method()?,
            removal: detail.required("removal", |it| one_of(&REMOVALS, removal, it))?,
        }),
        "factor-disabled" => EventKind::FactorDisabled(detail.method()?),
        "factor-preferred" => EventKind::FactorPreferred(detail.method()?),
        "challenge-issued" => EventKind::ChallengeIssued,
        "challenge-passed" => EventKind::ChallengePassed(detail.method()?),
        "challenge-failed" => EventKind::ChallengeFailed(FailedChallenge {
            method: detail.method()?,
            reason: detail.required("reason", |it| one_of(&FAILURES, failure, it))?,
        }),
        "sms-requested" => EventKind::SmsRequested,
        "sms-sent" => EventKind::SmsSent,
        "sms-failed" => EventKind::SmsFailed(detail.text("why")?),
        "sms-refused" => EventKind::SmsRefused(detail.text("why")?),
        "recovery-issued" => EventKind::RecoveryIssued(detail.text("id")?),
        "recovery-acknowledged" => EventKind::RecoveryAcknowledged(detail.text("id")?),
        "recovery-presented" => EventKind::RecoveryPresented(detail.text("id")?),
        "recovery-abandoned" => EventKind::RecoveryAbandoned(detail.text("id")?),
        "recovery-used" => EventKind::RecoveryUsed(detail.text("id")?),
        "recovery-failed" => EventKind::RecoveryFailed,
        "recovery-revoked" => EventKind::RecoveryRevoked(detail.text("id")?),
        "locked" => EventKind::Locked(Lock {
            method: detail.method()?,
            until: detail.number("until")?,
            streak: detail.small("streak")?,
        }),
        "user-locked" => EventKind::UserLocked(detail.number("until")?),
        "unlocked" => EventKind::Unlocked(detail.method()?),
        "guessing-suspected" => EventKind::GuessingSuspected(Suspicion {
            method: detail.method()?,
            unredeemed: detail.small("unredeemed")?,
        }),
        "reset" => EventKind::Reset(detail.text("reason")?),
        "imported" => EventKind::Imported(detail.method()?),
        "tickets-revoked" => EventKind::TicketsRevoked,
        "device-trusted" => EventKind::DeviceTrusted(detail.text("id")?),
        "device-revoked" => EventKind::DeviceRevoked(detail.text("id")?),
        "first-factor-changed" => EventKind::FirstFactorChanged,
        "erased" => EventKind::Erased,
        "other" => EventKind::Other(detail.text("what")?),
        // A newer version wrote it. Whoever reads on must not be kept from what comes behind it.
        newer => EventKind::Other(newer.to_owned()),
    })
}

fn text(it: &Value) -> Option<String> {
    it.as_str().map(str::to_owned)
}

fn an_actor(it: &Value) -> Option<Actor> {
    let fields = it.as_object()?;
    let (name, id) = fields.iter().next().filter(|_| fields.len() == 1)?;
    match name.as_str() {
        "user" => text(id).map(Actor::User),
        "operator" => text(id).map(Actor::Operator),
        _ => None,
    }
}

/// Finds what is written as `it`.
fn one_of<T: Copy>(all: &[T], written: fn(T) -> &'static str, it: &Value) -> Option<T> {
    all.iter()
        .copied()
        .find(|one| it.as_str() == Some(written(*one)))
}

/// Returns the name of a kind in the contract, and what it carries.
fn describe(kind: &EventKind) -> (&'static str, Value) {
    match kind {
        EventKind::PolicyChanged(revision) => ("policy-changed", json!({ "revision": revision })),
        EventKind::DeadlineSet(deadline) => (
            "deadline-set",
            json!({ "deadline": deadline.at, "zone": deadline.zone }),
        ),
        EventKind::EnrollmentOffered(required) => {
            ("enrollment-offered", json!({ "required": required }))
        }
        EventKind::EnrollmentBegun(it) => ("enrollment-begun", of_method(*it)),
        EventKind::EnrollmentConfirmed(it) => (
            "enrollment-confirmed",
            json!({ "method": method(it.method), "binding": binding(it.binding) }),
        ),
        EventKind::EnrollmentCancelled(it) => ("enrollment-cancelled", of_method(*it)),
        EventKind::EnrollmentFailed(discarded) => {
            ("enrollment-failed", json!({ "discarded": discarded }))
        }
        EventKind::FactorRemoved(it) => (
            "factor-removed",
            json!({ "method": method(it.method), "removal": removal(it.removal) }),
        ),
        EventKind::FactorDisabled(it) => ("factor-disabled", of_method(*it)),
        EventKind::FactorPreferred(it) => ("factor-preferred", of_method(*it)),
        EventKind::ChallengeIssued => ("challenge-issued", Value::Null),
        EventKind::ChallengePassed(it) => ("challenge-passed", of_method(*it)),
        EventKind::ChallengeFailed(it) => ("challenge-failed", failed_challenge(it)),
        EventKind::SmsRequested => ("sms-requested", Value::Null),
        EventKind::SmsSent => ("sms-sent", Value::Null),
        EventKind::SmsFailed(why) => ("sms-failed", json!({ "why": why })),
        EventKind::SmsRefused(why) => ("sms-refused", json!({ "why": why })),
        EventKind::RecoveryIssued(id) => ("recovery-issued", json!({ "id": id })),
        EventKind::RecoveryAcknowledged(id) => ("recovery-acknowledged", json!({ "id": id })),
        EventKind::RecoveryPresented(id) => ("recovery-presented", json!({ "id": id })),
        EventKind::RecoveryAbandoned(id) => ("recovery-abandoned", json!({ "id": id })),
        EventKind::RecoveryUsed(id) => ("recovery-used", json!({ "id": id })),
        EventKind::RecoveryFailed => ("recovery-failed", Value::Null),
        EventKind::RecoveryRevoked(id) => ("recovery-revoked", json!({ "id": id })),
        EventKind::Locked(it) => (
            "locked",
            json!({ "method": method(it.method), "until": it.until, "streak": it.streak }),
        ),
        EventKind::UserLocked(until) => ("user-locked", json!({ "until": until })),
        EventKind::Unlocked(it) => ("unlocked", of_method(*it)),
        EventKind::GuessingSuspected(it) => (
            "guessing-suspected",
            json!({ "method": method(it.method), "unredeemed": it.unredeemed }),
        ),
        EventKind::Reset(reason) => ("reset", json!({ "reason": reason })),
        EventKind::Imported(it) => ("imported", of_method(*it)),
        EventKind::TicketsRevoked => ("tickets-revoked", Value::Null),
        EventKind::DeviceTrusted(id) => ("device-trusted", json!({ "id": id })),
        EventKind::DeviceRevoked(id) => ("device-revoked", json!({ "id": id })),
        EventKind::FirstFactorChanged => ("first-factor-changed", Value::Null),
        EventKind::Erased => ("erased", Value::Null),
        EventKind::Other(what) => ("other", json!({ "what": what })),
    }
}

fn of_method(it: Method) -> Value {
    json!({ "method": method(it) })
}

fn method(it: Method) -> &'static str {
    match it {
        Method::Totp => "totp",
        Method::Sms => "sms",
    }
}

fn binding(it: Binding) -> &'static str {
    match it {
        Binding::First => "first",
        Binding::Second => "second",
        Binding::Replacement => "replacement",
        Binding::Recovery => "recovery",
    }
}

fn removal(it: Removal) -> &'static str {
    match it {
        Removal::Owner => "owner",
        Removal::Recovery => "recovery",
        Removal::Reset => "reset",
    }
}

fn failed_challenge(it: &FailedChallenge) -> Value {
    json!({ "method": method(it.method), "reason": failure(it.reason) })
}

fn failure(it: ChallengeFailure) -> &'static str {
    match it {
        ChallengeFailure::Wrong => "wrong",
        ChallengeFailure::Replayed => "replayed",
        ChallengeFailure::Expired => "expired",
    }
}

fn actor(it: &Actor) -> Value {
    match it {
        Actor::User(id) => json!({ "user": id }),
        Actor::Operator(id) => json!({ "operator": id }),
    }
}

const BINDINGS: [Binding; 4] = [
    Binding::First,
    Binding::Second,
    Binding::Replacement,
    Binding::Recovery,
];
const REMOVALS: [Removal; 3] = [Removal::Owner, Removal::Recovery, Removal::Reset];
const FAILURES: [ChallengeFailure; 3] = [
    ChallengeFailure::Wrong,
    ChallengeFailure::Replayed,
    ChallengeFailure::Expired,
];
