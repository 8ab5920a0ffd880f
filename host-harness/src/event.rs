//! What happened, with what the host knows of it.

mod json;

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

pub use self::json::NotAnEvent;
use crate::contract::event::{Event, EventKind};
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
        json::name(&self.event.kind)
    }

    /// Returns the event as one JSON object, with the contract's names.
    ///
    /// `detail` holds what the kind carries, and is left out where it carries nothing. Control characters are escaped
    /// by JSON, so that one event stays one line.
    pub fn to_json(&self) -> Value {
        json::write(self)
    }

    /// Reads back what [`to_json`](Self::to_json) made, as a store that keeps events does.
    ///
    /// # Errors
    ///
    /// [`NotAnEvent`] names the field.
    pub fn from_json(json: &Value) -> Result<Self, NotAnEvent> {
        json::read(json)
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

impl EventId {
    /// Reads an id as it is displayed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
        digits
            .then(|| u128::from_str_radix(text, 16).ok().map(Self))
            .flatten()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
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
