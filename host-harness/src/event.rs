//! What happened, with what the host knows of it.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::contract::event::{
    Binding, ChallengeFailure, Event, EventKind, FailedChallenge, Removal,
};
use crate::contract::{Actor, Method};
use crate::random::{Random, RandomError};

/// An event as it is kept: the plugin's word, and id, time, realm, user and client by the host's (SCOPE-3).
///
/// No secret, code or whole telephone number stands in it. It names a user, so it is personal data.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StampedEvent {
    /// Which. An event that comes twice has the same one; no other has it.
    pub id: EventId,
    /// When: seconds since 1970.
    pub at: u64,
    /// The realm.
    pub realm: String,
    /// The call's user; none where a policy is concerned.
    pub user: Option<String>,
    /// Who called, as [`for_client`](crate::Countersign::for_client) was told.
    pub client: Option<String>,
    /// What.
    pub event: Event,
}

impl StampedEvent {
    /// Stamps an event.
    ///
    /// The host does this for every event that a plugin notes. An embedder meets it only to test a store of its own,
    /// or to note what happened elsewhere.
    pub fn new(
        id: EventId,
        at: u64,
        realm: &str,
        user: Option<&str>,
        client: Option<&str>,
        event: Event,
    ) -> Self {
        Self {
            id,
            at,
            realm: realm.to_owned(),
            user: user.map(str::to_owned),
            client: client.map(str::to_owned),
            event,
        }
    }

    /// Returns the event's name, such as `challenge-passed`.
    pub fn name(&self) -> &'static str {
        describe(&self.event.kind).0
    }

    /// Returns the event as one JSON object, with the contract's names.
    ///
    /// `detail` holds what the kind carries, and is left out where it carries nothing. Control characters are escaped
    /// by JSON, so that one event stays one line.
    pub fn to_json(&self) -> Value {
        let (name, detail) = describe(&self.event.kind);
        let mut json = json!({
            "id": self.id.to_string(),
            "at": self.at,
            "realm": self.realm,
            "event": name,
            "companies": self.event.companies,
            "notify": self.event.notify,
        });
        let optional = [
            ("user", self.user.as_ref().map(|it| json!(it))),
            ("client", self.client.as_ref().map(|it| json!(it))),
            ("actor", self.event.actor.as_ref().map(actor)),
            ("detail", (!detail.is_null()).then_some(detail)),
        ];
        if let Value::Object(fields) = &mut json {
            for (name, value) in optional {
                fields.extend(value.map(|value| (name.to_owned(), value)));
            }
        }
        json
    }
}

impl Serialize for StampedEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// What an event is known by: 16 random bytes, written as 32 hexadecimal digits.
///
/// It says nothing, except that those of one call follow one another: its first one is drawn, the others count on.
///
/// # Examples
///
/// ```
/// use countersign_host::event::EventId;
/// use countersign_host::random::SystemRandom;
///
/// let id = EventId::draw(&SystemRandom)?;
/// assert_ne!(id, id.following());
/// assert_eq!(EventId::from([7; 16]).to_string(), "07070707070707070707070707070707");
/// # Ok::<(), countersign_host::random::RandomError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EventId(u128);

impl EventId {
    /// Draws an id that no other event has.
    ///
    /// # Errors
    ///
    /// That of the source.
    pub fn draw(random: &(impl Random + ?Sized)) -> Result<Self, RandomError> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(bytes.into())
    }

    /// Returns the id of the event that comes next in the same call.
    #[must_use]
    pub fn following(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl From<[u8; 16]> for EventId {
    fn from(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
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
    let reason = match it.reason {
        ChallengeFailure::Wrong => "wrong",
        ChallengeFailure::Replayed => "replayed",
        ChallengeFailure::Expired => "expired",
    };
    json!({ "method": method(it.method), "reason": reason })
}

fn actor(it: &Actor) -> Value {
    match it {
        Actor::User(id) => json!({ "user": id }),
        Actor::Operator(id) => json!({ "operator": id }),
    }
}

/// The text that a plugin put into an event, if it has one.
pub(crate) fn text(kind: &EventKind) -> Option<&str> {
    match kind {
        EventKind::DeadlineSet(deadline) => Some(&deadline.zone),
        EventKind::SmsFailed(text)
        | EventKind::SmsRefused(text)
        | EventKind::RecoveryIssued(text)
        | EventKind::RecoveryAcknowledged(text)
        | EventKind::RecoveryPresented(text)
        | EventKind::RecoveryAbandoned(text)
        | EventKind::RecoveryUsed(text)
        | EventKind::RecoveryRevoked(text)
        | EventKind::Reset(text)
        | EventKind::DeviceTrusted(text)
        | EventKind::DeviceRevoked(text)
        | EventKind::Other(text) => Some(text),
        _ => None,
    }
}
