//! A session in a lab, and what a case knows of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::case::{Call, Variables};
use crate::expression::{Scope, look_up};
use crate::lab::{Control, Lab, Session, StoredRecord, View};
use crate::pattern;
use crate::world::World;

use super::Terms;

/// A case's view of what runs.
pub(super) struct State {
    session: Box<dyn Session>,
    scope: Scope,
    /// What was there when it was last looked at.
    view: View,
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
    records: Vec<StoredRecord>,
    events: usize,
    messages: usize,
}

impl State {
    pub(super) async fn begin(
        lab: &dyn Lab,
        row: &Variables,
        terms: Terms,
    ) -> Result<Self, String> {
        let start = terms.start();
        let mut scope = Scope {
            given: row.clone(),
            now: start,
            ..Scope::default()
        };
        scope.saved.insert("start".into(), json!(start));
        scope.saved.insert("step".into(), json!(start / STEP));
        scope.saved.insert("most".into(), json!(u64::MAX));
        scope.saved.insert("revision".into(), Value::Null);
        let session = lab.begin(terms.seed).await;
        let mut session = session.map_err(|fault| fault.to_string())?;
        if start != World::START {
            let clock = session.turn(&Control::Clock { at: start }).await;
            clock.map_err(|fault| fault.to_string())?;
        }
        Ok(Self {
            session,
            scope,
            view: View::default(),
            seen: 0,
            read: 0,
            searched: 0,
            secrets: BTreeSet::new(),
            numbers: BTreeSet::new(),
        })
    }

    /// Does something to the world.
    pub(super) async fn turn(&mut self, control: Control) -> Result<(), String> {
        let done = self.session.turn(&control).await;
        done.map_err(|fault| fault.to_string())?;
        match control {
            Control::Clock { at } => self.scope.now = at,
            // The case itself changed a record.
            Control::Tamper { .. } => self.refresh().await?,
            _ => {}
        }
        Ok(())
    }

    /// Moves the clock on.
    pub(super) async fn wait(&mut self, seconds: u64) -> Result<(), String> {
        let at = self.scope.now.saturating_add(seconds);
        self.turn(Control::Clock { at }).await
    }

    /// Gives up the planned fault, and says how often it happened.
    pub(super) async fn end_fault(&mut self) -> Result<u32, String> {
        let ended = self.session.end_fault().await;
        ended.map_err(|fault| fault.to_string())
    }

    pub(super) fn resolve(&self, value: &Value) -> Result<Value, String> {
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
    pub(super) async fn call(&mut self, function: &str, args: &Value) -> Result<Value, String> {
        if let Some(number) = args.get("phone").and_then(Value::as_str) {
            self.numbers.insert(digits(number));
        }
        let answer = self.session.call(function, args).await;
        let answer = answer.map_err(|fault| fault.to_string());
        self.refresh().await?;
        let answer = answer?;
        self.remember_secrets(&answer);
        Ok(answer)
    }

    /// Makes calls at once.
    pub(super) async fn race(&mut self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, String> {
        let answers = self.session.race(calls).await;
        let answers = answers.map_err(|fault| fault.to_string())?;
        self.refresh().await?;
        for answer in &answers {
            self.remember_secrets(answer);
        }
        Ok(answers)
    }

    pub(super) fn arguments(&self, call: &Call) -> Result<Value, String> {
        match &call.args {
            Value::Null => Ok(json!({})),
            args => self.resolve(args),
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            records: self.view.records.clone(),
            events: self.view.events.len(),
            messages: self.view.messages.len(),
        }
    }

    /// Says how many events there are.
    pub(super) fn events(&self) -> usize {
        self.view.events.len()
    }

    /// Names the events after the first so many.
    pub(super) fn events_since(&self, count: usize) -> Vec<String> {
        self.view.events.iter().skip(count).map(name).collect()
    }

    /// Counts all events and messages up to now as looked at.
    pub(super) fn look(&mut self) {
        self.seen = self.view.events.len();
        self.read = self.view.messages.len();
    }

    /// Compares the messages since the last look with what is expected of them.
    pub(super) fn check_messages(&mut self, expected: &Value) -> Result<(), String> {
        let expected = self.resolve(expected)?;
        let new: Value = self.view.messages.iter().skip(self.read).cloned().collect();
        self.read = self.view.messages.len();
        pattern::check(&expected, &new).map_err(|why| format!("messages: {why}"))
    }

    /// Compares the events since the last look with what is expected of them.
    pub(super) fn check_events(&mut self, expected: &Value) -> Result<(), String> {
        let expected = self.resolve(expected)?;
        let expected = expected.as_array().ok_or("events are a list")?;
        let new = self.view.events.get(self.seen..).unwrap_or_default();
        self.seen = self.view.events.len();
        let names: Vec<String> = new.iter().map(name).collect();
        if names.len() != expected.len() {
            return Err(format!(
                "expected the events {}, found {}",
                json!(expected),
                names.join(", ")
            ));
        }
        for (expected, event) in expected.iter().zip(new) {
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
        let new = self.view.events.get(self.searched..).unwrap_or_default();
        self.searched = self.view.events.len();
        let mut new = new.to_vec();
        for fields in new.iter_mut().filter_map(Value::as_object_mut) {
            // Random digits, in which a code may stand by chance.
            fields.remove("id");
        }
        let events = json!(new).to_string();
        let mut runs = events.split(|it: char| !it.is_ascii_digit());
        let sent = runs.any(|run| {
            let is_number = |it: &String| run.len() > 5 && it.ends_with(run);
            let is_code = |(_, code): &(String, String)| run == code;
            self.numbers.iter().any(is_number) || self.scope.texts.iter().any(is_code)
        });
        match sent || self.secrets.iter().any(|secret| events.contains(secret)) {
            true => Err("a secret stands in an event".to_owned()),
            false => Ok(()),
        }
    }

    /// Looks at what there is now.
    async fn refresh(&mut self) -> Result<(), String> {
        let known = self.view.events.len();
        let looked = self.session.look(known).await;
        let mut view = looked.map_err(|fault| fault.to_string())?;
        let mut events = std::mem::take(&mut self.view.events);
        events.append(&mut view.events);
        view.events = events;
        self.view = view;
        self.scope.texts = self.view.messages.iter().filter_map(text).collect();
        Ok(())
    }

    fn remember_secrets(&mut self, answer: &Value) {
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
}

impl Snapshot {
    pub(super) fn check_unchanged(&self, state: &State) -> Result<(), String> {
        self.check_records(state, |_| false)?;
        match state.view.events.len() == self.events {
            true => Ok(()),
            false => Err("an event was noted, and must not be".to_owned()),
        }
    }

    /// Checks that nothing changed but that a refused message was noted and, among the tickets, counted.
    pub(super) fn check_refused(&self, state: &State) -> Result<(), String> {
        let new = state.view.events.get(self.events..).unwrap_or_default();
        let noted = match new {
            [] => false,
            [event] if name(event) == "sms-refused" => true,
            _ => return Err("an event was noted, and must not be".to_owned()),
        };
        self.check_records(state, |it| noted && it.record == "tickets")
    }

    fn check_records(
        &self,
        state: &State,
        may_change: impl Fn(&StoredRecord) -> bool,
    ) -> Result<(), String> {
        let now = &state.view.records;
        let changed: Vec<String> = now
            .iter()
            .filter(|record| !self.records.contains(record))
            .chain(
                self.records
                    .iter()
                    .filter(|record| !now.contains(record) && !is_collected(record, now)),
            )
            .filter(|record| !may_change(record))
            .map(|record| format!("{} of {}", record.record, record.of))
            .collect();
        if !changed.is_empty() {
            return Err(format!("changed, and must not: {}", changed.join(", ")));
        }
        if state.view.messages.len() != self.messages {
            return Err("a message went out, and must not".to_owned());
        }
        Ok(())
    }
}

/// Says whether a counter is gone. Nobody but the store takes one away, once its window is over.
fn is_collected(record: &StoredRecord, now: &[StoredRecord]) -> bool {
    let is_there = now
        .iter()
        .any(|it| it.record == record.record && it.of == record.of);
    record.record == "quota" && !is_there
}

/// The digits of a number, as it may have been typed.
fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Number and code of a message.
fn text(message: &Value) -> Option<(String, String)> {
    let field = |name: &str| message.get(name)?.as_str().map(str::to_owned);
    Some((field("number")?, field("code")?))
}

/// The name of an event, with `!` behind it if the user must be told.
fn name(event: &Value) -> String {
    let text = |path: &str| look_up(event, path).and_then(|it| it.as_str().map(str::to_owned));
    let notify = look_up(event, "notify") == Some(json!(true));
    let mark = if notify { "!" } else { "" };
    format!("{}{mark}", text("event").unwrap_or_default())
}

/// Of a code of an app, in seconds (RFC 6238, section 4.1).
const STEP: u64 = 30;

/// Fields of answers that hold secrets.
const SECRET: [&str; 6] = [
    "secret",
    "grouped-key",
    "uri",
    "code",
    "ticket",
    "device-token",
];
