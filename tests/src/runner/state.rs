//! A world in which a subject runs, and what a case knows of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_host::sms::{Message, MessagePurpose};
use countersign_host::store::{Content, Key, Record, Stored};
use serde_json::{Value, json};

use crate::case::{Call, Tamper, Variables};
use crate::expression::{Scope, look_up};
use crate::pattern;
use crate::subject::{Instance, Subject};
use crate::world::World;

/// A case's view of what runs.
pub(super) struct State {
    subject: Arc<dyn Subject>,
    instance: Arc<dyn Instance>,
    world: World,
    scope: Scope,
    /// How many events were looked at.
    seen: usize,
    /// How many messages were looked at.
    read: usize,
    /// How many events were searched for secrets.
    searched: usize,
    /// What must stand in no event.
    secrets: BTreeSet<String>,
    /// The digits of every number that was given, sent to or not.
    numbers: BTreeSet<String>,
}

/// What is stored at some time.
pub(super) struct Snapshot {
    records: Vec<(Key, Stored)>,
    events: usize,
    messages: usize,
}

impl State {
    pub(super) fn new(subject: &Arc<dyn Subject>, row: &Variables) -> Self {
        let world = World::new(SEED);
        let mut scope = Scope {
            given: row.clone(),
            ..Scope::default()
        };
        scope.saved.insert("start".into(), json!(World::START));
        scope.saved.insert("most".into(), json!(u64::MAX));
        scope.saved.insert("revision".into(), Value::Null);
        Self {
            instance: subject.start(&world),
            subject: Arc::clone(subject),
            world,
            scope,
            seen: 0,
            read: 0,
            searched: 0,
            secrets: BTreeSet::new(),
            numbers: BTreeSet::new(),
        }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn instance(&self) -> Arc<dyn Instance> {
        Arc::clone(&self.instance)
    }

    pub(super) fn restart(&mut self) {
        self.instance = self.subject.start(&self.world);
    }

    pub(super) fn resolve(&mut self, value: &Value) -> Result<Value, String> {
        self.scope.now = self.world.clock().time();
        let messages = self.world.line().messages().into_iter();
        self.scope.texts = messages.map(|it| (it.number, it.code)).collect();
        self.scope.resolve(value)
    }

    pub(super) fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let value = self.resolve(value)?;
        self.save(name, value)
    }

    pub(super) fn save(&mut self, name: &str, value: Value) -> Result<(), String> {
        if self.scope.given.contains_key(name) {
            return Err(format!("${name} is given by the case, and set anew"));
        }
        self.scope.saved.insert(name.to_owned(), value);
        Ok(())
    }

    /// Makes a call, and returns its answer.
    pub(super) async fn call(&mut self, call: &Call) -> Result<Value, String> {
        let function = call.call.as_deref().ok_or("the call names no function")?;
        let args = self.arguments(call)?;
        if let Some(number) = args.get("phone").and_then(Value::as_str) {
            self.numbers.insert(digits(number));
        }
        let answer = self.instance.call(function, &args).await;
        let answer = answer.map_err(|fault| fault.to_string())?;
        self.remember_secrets(&answer);
        Ok(answer)
    }

    pub(super) fn arguments(&mut self, call: &Call) -> Result<Value, String> {
        match &call.args {
            Value::Null => Ok(json!({})),
            args => self.resolve(args),
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            records: self.world.store().records(),
            events: self.world.store().events_count(),
            messages: self.world.line().messages().len(),
        }
    }

    /// Counts all events and messages up to now as looked at.
    pub(super) fn look(&mut self) {
        self.seen = self.world.store().events_count();
        self.read = self.world.line().messages().len();
    }

    /// Compares the messages since the last look with what is expected of them.
    pub(super) fn check_messages(&mut self, expected: &Value) -> Result<(), String> {
        let expected = self.resolve(expected)?;
        let messages = self.world.line().messages();
        let new: Value = messages.iter().skip(self.read).map(message).collect();
        self.read = messages.len();
        pattern::check(&expected, &new).map_err(|why| format!("messages: {why}"))
    }

    /// Compares the events since the last look with what is expected of them.
    pub(super) fn check_events(&mut self, expected: &Value) -> Result<(), String> {
        let expected = self.resolve(expected)?;
        let expected = expected.as_array().ok_or("events are a list")?;
        let new = self.world.store().events_from(self.seen);
        self.seen = self.world.store().events_count();
        let names: Vec<String> = new.iter().map(name).collect();
        if names.len() != expected.len() {
            return Err(format!(
                "expected the events {}, found {}",
                json!(expected),
                names.join(", ")
            ));
        }
        for (expected, event) in expected.iter().zip(&new) {
            match expected.as_str() {
                Some(expected) if expected == name(event) => {}
                Some(_) => {
                    return Err(format!(
                        "expected the event {expected}, found {} in {}",
                        name(event),
                        names.join(", ")
                    ));
                }
                None => pattern::check(expected, event)?,
            }
        }
        Ok(())
    }

    /// Checks that nothing secret that was answered so far stands in an event (EVENT-3).
    pub(super) fn check_secrecy(&mut self) -> Result<(), String> {
        let mut new = self.world.store().events_from(self.searched);
        self.searched = self.searched.saturating_add(new.len());
        for fields in new.iter_mut().filter_map(Value::as_object_mut) {
            // Random digits, in which a code may stand by chance.
            fields.remove("id");
        }
        let events = json!(new).to_string();
        let messages = self.world.line().messages();
        let mut runs = events.split(|it: char| !it.is_ascii_digit());
        let sent = runs.any(|run| {
            let is_number = |it: &String| run.len() > 5 && it.ends_with(run);
            let is_code = |it: &Message| run == it.code;
            self.numbers.iter().any(is_number) || messages.iter().any(is_code)
        });
        match sent || self.secrets.iter().any(|secret| events.contains(secret)) {
            true => Err("a secret stands in an event".to_owned()),
            false => Ok(()),
        }
    }

    pub(super) fn remember_secrets(&mut self, answer: &Value) {
        match answer {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(text) if SECRET.contains(&name.as_str()) => {
                            self.secrets.insert(text.to_owned());
                        }
                        _ => self.remember_secrets(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.remember_secrets(item)),
            _ => {}
        }
    }

    /// Puts something else in the place of a record.
    pub(super) fn tamper(&mut self, tamper: &Tamper) -> Result<(), String> {
        let of: Arc<str> = tamper.of.as_str().into();
        let record = |of: Arc<str>| match tamper.record.as_str() {
            "account" => Ok(Record::Account { user: of }),
            "tickets" => Ok(Record::Tickets { user: of }),
            "policy" => Ok(Record::Policy { company: of }),
            other => Err(format!("no record is called {other}")),
        };
        let key = self.world.key(record(of)?);
        let mut bytes = self.sealed(&key)?;
        let sealed_anew = |text: &[u8]| {
            let sealed = self.world.sealer().seal(&key, text);
            sealed.map_err(|error| error.to_string())
        };
        let how = self.scope.resolve(&json!(tamper.how))?;
        match how.as_str().unwrap_or_default() {
            "flip" => {
                if let Some(last) = bytes.last_mut() {
                    *last ^= 1;
                }
            }
            "truncate" => bytes.truncate(bytes.len() / 2),
            "empty" => bytes.clear(),
            "newer" => bytes = sealed_anew(br#"{"format":999,"reader":999}"#)?,
            "garbage" => bytes = sealed_anew(b"not a record")?,
            "swap" => bytes = self.sealed(&self.world.key(record("bea".into())?))?,
            other => return Err(format!("no way to tamper is called {other}")),
        }
        self.world.store().tamper(key, Content::Sealed(bytes));
        Ok(())
    }

    fn sealed(&self, key: &Key) -> Result<Vec<u8>, String> {
        let records = self.world.store().records();
        let found = records.into_iter().find(|(it, _)| it == key);
        match found.map(|(_, stored)| stored.content) {
            Some(Content::Sealed(bytes)) => Ok(bytes),
            _ => Err(format!("no such record: {:?}", key.record)),
        }
    }
}

impl Snapshot {
    pub(super) fn check_unchanged(&self, state: &State) -> Result<(), String> {
        self.check_records(state, |_| false)?;
        match state.world.store().events_count() == self.events {
            true => Ok(()),
            false => Err("an event was noted, and must not be".to_owned()),
        }
    }

    /// Checks that nothing changed but that a refused message was noted and, among the tickets, counted.
    pub(super) fn check_refused(&self, state: &State) -> Result<(), String> {
        let new = state.world.store().events_from(self.events);
        let noted = match new.as_slice() {
            [] => false,
            [event] if name(event) == "sms-refused" => true,
            _ => return Err("an event was noted, and must not be".to_owned()),
        };
        self.check_records(state, |key| {
            noted && matches!(key.record, Record::Tickets { .. })
        })
    }

    fn check_records(
        &self,
        state: &State,
        may_change: impl Fn(&Key) -> bool,
    ) -> Result<(), String> {
        let now = state.snapshot();
        let changed: Vec<String> = now
            .records
            .iter()
            .filter(|record| !self.records.contains(record))
            .chain(
                self.records
                    .iter()
                    .filter(|record| !now.records.contains(record) && !is_collected(record, &now)),
            )
            .filter(|(key, _)| !may_change(key))
            .map(|(key, _)| format!("{} of {}", key.record.kind(), key.record.name()))
            .collect();
        if !changed.is_empty() {
            return Err(format!("changed, and must not: {}", changed.join(", ")));
        }
        if now.messages != self.messages {
            return Err("a message went out, and must not".to_owned());
        }
        Ok(())
    }
}

/// Says whether a counter is gone. Nobody but the store takes one away, once its window is over.
fn is_collected((key, _): &(Key, Stored), now: &Snapshot) -> bool {
    let is_there = now.records.iter().any(|(it, _)| it == key);
    matches!(key.record, Record::Quota { .. }) && !is_there
}

/// The digits of a number, as it may have been typed.
fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// A message, as a case sees it.
fn message(message: &Message) -> Value {
    json!({
        "company": message.company,
        "number": message.number,
        "code": message.code,
        "purpose": match message.purpose {
            MessagePurpose::Enroll => "enroll",
            MessagePurpose::SignIn => "sign-in",
            MessagePurpose::ManageFactors => "manage-factors",
            MessagePurpose::StepUp => "step-up",
        },
        "valid-minutes": message.valid_minutes,
        "idempotency-key": message.idempotency_key,
    })
}

/// The name of an event, with `!` behind it if the user must be told.
fn name(event: &Value) -> String {
    let text = |path: &str| look_up(event, path).and_then(|it| it.as_str().map(str::to_owned));
    let notify = look_up(event, "notify") == Some(json!(true));
    let mark = if notify { "!" } else { "" };
    format!("{}{mark}", text("event").unwrap_or_default())
}

/// Fields of answers that hold secrets.
const SECRET: [&str; 6] = [
    "secret",
    "grouped-key",
    "uri",
    "code",
    "ticket",
    "device-token",
];

/// Every case begins with the same randomness.
const SEED: u64 = 1;
