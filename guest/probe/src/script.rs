//! What a script wants done.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use countersign_sdk::bindings::countersign::mfa::keyring::{self, Context, Tag};
use countersign_sdk::bindings::countersign::mfa::sms::{self, Message, MessagePurpose};
use countersign_sdk::bindings::countersign::mfa::store::{
    self, Add, Change, Event, EventKind, Put, RecordId, Seen, UserRecord,
};
use countersign_sdk::bindings::wasi::clocks::wall_clock;
use countersign_sdk::bindings::wasi::random::random;
use countersign_sdk::types::{Actor, Deadline};
use serde_json::{Value, json};

use crate::answer;
use crate::misbehaviour;

/// Steps, in their order.
pub(crate) struct Script(Vec<Value>);

/// Why a script cannot be carried out.
pub(crate) type Malformed = &'static str;

impl Script {
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|_| "the probe expected a script: a JSON array")
    }

    /// Carries all steps out, and returns what came of each.
    pub(crate) fn run(self) -> Value {
        let mut read = Read::default();
        let mut answers = Vec::with_capacity(self.0.len());
        for step in &self.0 {
            answers.push(match run(step, &mut read) {
                Ok(answer) => answer,
                Err(malformed) => json!({ "malformed": malformed }),
            });
        }
        Value::Array(answers)
    }
}

/// The versions that this call has read, the latest last: what `"read"` stands for.
#[derive(Default)]
struct Read(Vec<(Value, Option<u64>)>);

fn run(step: &Value, read: &mut Read) -> Result<Value, Malformed> {
    if let Some(name) = step.as_str() {
        return bare(name);
    }
    let step = step.as_object().ok_or("a step is an object or a name")?;
    let (name, with) = step.iter().next().ok_or("a step has one entry")?;
    match name.as_str() {
        "get" => get(with, read),
        "commit" => {
            let changes = list(with, "changes")
                .map(|it| change(it, read))
                .collect::<Result<Vec<Change>, Malformed>>()?;
            let events = list(with, "events")
                .map(event)
                .collect::<Result<Vec<Event>, Malformed>>()?;
            Ok(answer::committed(store::commit(&changes, &events)))
        }
        "mac" => {
            let tag = keyring::mac(context(with)?, &data(with, "data")?);
            Ok(answer::result(tag, answer::tag))
        }
        "check-mac" => {
            let given = with.get("tag").ok_or("tag")?;
            let tag = Tag {
                key_id: number(given, "key-id")?.try_into().map_err(|_| "key-id")?,
                bytes: data(given, "bytes")?,
            };
            let checked = keyring::check_mac(context(with)?, &data(with, "data")?, &tag);
            Ok(answer::result(checked, |it| json!(it)))
        }
        "index" => {
            let index = keyring::index(context(with)?, &data(with, "data")?);
            Ok(answer::result(index, |it| json!(answer::hex(&it))))
        }
        "sms-check" => {
            let (company, number) = (text(with, "company")?, text(with, "number")?);
            let permission = sms::check(&company, &number, purpose(with)?);
            Ok(answer::result(permission, answer::permission))
        }
        "sms-send" => {
            let message = Message {
                company: text(with, "company")?,
                number: text(with, "number")?,
                code: text(with, "code")?,
                purpose: purpose(with)?,
                valid_minutes: 10,
                idempotency_key: text(with, "idempotency-key")?,
            };
            Ok(json!({ "ok": answer::outcome(sms::send(&message)) }))
        }
        "random" => {
            let bytes = random::get_random_bytes(with.as_u64().ok_or("random")?);
            Ok(json!({ "ok": answer::hex(&bytes) }))
        }
        _ => Err("no such step"),
    }
}

fn bare(name: &str) -> Result<Value, Malformed> {
    match name {
        "clock" => {
            let now = wall_clock::now();
            Ok(json!({ "ok": { "seconds": now.seconds, "nanoseconds": now.nanoseconds } }))
        }
        "random-u64" => Ok(json!({ "ok": random::get_random_u64() })),
        "remember" => Ok(json!({ "ok": misbehaviour::remember() })),
        "trap" => misbehaviour::trap(),
        "endless" => misbehaviour::endless(),
        "grow" => misbehaviour::grow(),
        "recurse" => Ok(json!({ "ok": misbehaviour::recurse(0) })),
        _ => Err("no such step"),
    }
}

fn get(ids: &Value, read: &mut Read) -> Result<Value, Malformed> {
    let named = ids.as_array().ok_or("get takes a list")?;
    let ids = named
        .iter()
        .map(record_id)
        .collect::<Result<Vec<RecordId>, Malformed>>()?;
    let found = store::get(&ids);
    if let Ok(found) = &found {
        for (id, record) in named.iter().zip(found) {
            let version = record.as_ref().map(|it| it.version);
            read.0.push((id.clone(), version));
        }
    }
    Ok(answer::result(found, answer::records))
}

fn change(change: &Value, read: &Read) -> Result<Change, Malformed> {
    let (name, with) = change
        .as_object()
        .and_then(|it| it.iter().next())
        .ok_or("a change is an object with one entry")?;
    let named = with.get("id").ok_or("id")?;
    let id = record_id(named)?;
    Ok(match name.as_str() {
        "put" => Change::Put(Put {
            id,
            expected: read.expected(named, with)?,
            value: data(with, "value")?,
            collectable_at: with.get("collectable-at").and_then(Value::as_u64),
        }),
        "delete" => Change::Delete(Seen {
            id,
            expected: read.expected(named, with)?,
        }),
        "check" => Change::Check(Seen {
            id,
            expected: read.expected(named, with)?,
        }),
        "add" => Change::Add(Add {
            id,
            amount: number(with, "amount")?,
            ceiling: number(with, "ceiling")?,
            collectable_at: number(with, "collectable-at")?,
        }),
        _ => return Err("no such change"),
    })
}

impl Read {
    fn expected(&self, id: &Value, change: &Value) -> Result<Option<u64>, Malformed> {
        match change.get("expected") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(word)) if word == "read" => {
                let found = self.0.iter().rev().find(|(it, _)| it == id);
                Ok(found.and_then(|(_, version)| *version))
            }
            Some(version) => version.as_u64().map(Some).ok_or("expected"),
        }
    }
}

fn record_id(id: &Value) -> Result<RecordId, Malformed> {
    Ok(match id.as_str() {
        Some("account") => RecordId::User(UserRecord::Account),
        Some("tickets") => RecordId::User(UserRecord::Tickets),
        Some(_) => return Err("no such record"),
        None => match (text(id, "policy"), text(id, "quota")) {
            (Ok(company), _) => RecordId::Policy(company),
            (_, Ok(name)) => RecordId::Quota(name),
            _ => return Err("no such record"),
        },
    })
}

fn event(event: &Value) -> Result<Event, Malformed> {
    let (name, with) = event
        .as_object()
        .and_then(|it| it.iter().find(|(name, _)| EVENTS.contains(&name.as_str())))
        .ok_or("no such event")?;
    let said = || with.as_str().map(str::to_string).ok_or("the event's text");
    let kind = match name.as_str() {
        "challenge-issued" => EventKind::ChallengeIssued,
        "reset" => EventKind::Reset(said()?),
        "sms-failed" => EventKind::SmsFailed(said()?),
        "sms-refused" => EventKind::SmsRefused(said()?),
        "recovery-issued" => EventKind::RecoveryIssued(said()?),
        "recovery-acknowledged" => EventKind::RecoveryAcknowledged(said()?),
        "recovery-presented" => EventKind::RecoveryPresented(said()?),
        "recovery-abandoned" => EventKind::RecoveryAbandoned(said()?),
        "recovery-used" => EventKind::RecoveryUsed(said()?),
        "recovery-revoked" => EventKind::RecoveryRevoked(said()?),
        "device-trusted" => EventKind::DeviceTrusted(said()?),
        "device-revoked" => EventKind::DeviceRevoked(said()?),
        "deadline-set" => EventKind::DeadlineSet(Deadline {
            at: 0,
            zone: said()?,
        }),
        _ => EventKind::Other(said()?),
    };
    let actor = match event.get("actor") {
        Some(actor) => Some(Actor::User(actor.as_str().ok_or("actor")?.into())),
        None => None,
    };
    Ok(Event {
        kind,
        companies: list(event, "companies")
            .filter_map(|it| it.as_str().map(String::from))
            .collect(),
        actor,
        notify: false,
    })
}

fn context(with: &Value) -> Result<Context, Malformed> {
    Ok(match with.get("context").and_then(Value::as_str) {
        Some("ticket") => Context::Ticket,
        Some("recovery-code") => Context::RecoveryCode,
        Some("device") => Context::Device,
        Some("random-hedge") => Context::RandomHedge,
        Some("phone-index") => Context::PhoneIndex,
        _ => return Err("no such context"),
    })
}

fn purpose(with: &Value) -> Result<MessagePurpose, Malformed> {
    Ok(match with.get("purpose").and_then(Value::as_str) {
        Some("enroll") => MessagePurpose::Enroll,
        None | Some("sign-in") => MessagePurpose::SignIn,
        Some("manage-factors") => MessagePurpose::ManageFactors,
        Some("step-up") => MessagePurpose::StepUp,
        _ => return Err("no such purpose"),
    })
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text(of: &Value, name: &'static str) -> Result<String, Malformed> {
    let found = of.get(name).and_then(Value::as_str);
    found.map(String::from).ok_or(name)
}

fn number(of: &Value, name: &'static str) -> Result<u64, Malformed> {
    of.get(name).and_then(Value::as_u64).ok_or(name)
}

/// Reads bytes: hexadecimal digits, or `{"fill": n}` for as many of one and the same.
fn data(of: &Value, name: &'static str) -> Result<Vec<u8>, Malformed> {
    let given = of.get(name).ok_or(name)?;
    if let Some(filled) = given.get("fill").and_then(Value::as_u64) {
        let length = usize::try_from(filled).map_err(|_| name)?;
        return Ok(alloc::vec![FILLED_WITH; length]);
    }
    let digits = given.as_str().ok_or(name)?.as_bytes();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = core::str::from_utf8(pair).map_err(|_| name)?;
            u8::from_str_radix(pair, 16).map_err(|_| name)
        })
        .collect()
}

const EVENTS: [&str; 14] = [
    "challenge-issued",
    "reset",
    "sms-failed",
    "sms-refused",
    "recovery-issued",
    "recovery-acknowledged",
    "recovery-presented",
    "recovery-abandoned",
    "recovery-used",
    "recovery-revoked",
    "device-trusted",
    "device-revoked",
    "deadline-set",
    "other",
];
const FILLED_WITH: u8 = 7;
