//! The imports, as the model has them.

mod bounds;

use countersign_conformance::Fault;
use countersign_conformance::case::FaultKind;
use serde_json::{Value, json};

use super::memory::{Held, Key, Memory, digest};
use super::services::{check, keyring, random, send};
use crate::hosts::flaw::Flaw;

/// A call under way.
pub(crate) struct Caller {
    user: Option<String>,
    companies: Vec<String>,
    writes: Option<String>,
    /// How many messages it may still send; none where it is about no message.
    texts: Option<u32>,
    script: Vec<Value>,
    read: Vec<(Value, Option<u64>)>,
    remembered: u32,
    ticks: u64,
}

/// What comes of a step; an error stops the call.
pub(crate) type Carried = Result<Value, String>;

impl Caller {
    pub(crate) fn of(function: &str, args: &Value, memory: &Memory) -> Result<Self, Fault> {
        if memory.has(Flaw::RefusesEverything) {
            return Err(Fault::Stopped("no".to_owned()));
        }
        if memory.has(Flaw::IsGone) {
            return Err(Fault::Gone("the host failed: it ended".to_owned()));
        }
        if memory.clock_fails && !memory.has(Flaw::ClockMadeUp) {
            return Err(Fault::Stopped("no clock".to_owned()));
        }
        if memory.is_broken {
            return Err(Fault::Stopped("still broken".to_owned()));
        }
        let memberships = [&args["memberships"], &args["request"]["memberships"]];
        let memberships = memberships
            .into_iter()
            .filter_map(Value::as_array)
            .flatten();
        let companies = memberships
            .map(|it| &it["company"])
            .chain([&args["company"], &args["hypothetical"]["company"]])
            .filter_map(Value::as_str);
        let mut companies: Vec<String> = companies.map(str::to_owned).collect();
        if function == "policy.get" && memory.has(Flaw::EveryCompanyInPolicyGet) {
            companies.extend(["acme", "globex", "evil"].map(str::to_owned));
        }
        let writes = match function {
            "policy.put" => companies.first().cloned(),
            "verification.verify" if memory.has(Flaw::PolicyWritableInVerify) => {
                companies.push("globex".to_owned());
                companies.last().cloned()
            }
            _ => None,
        };
        let texts = [
            "enrollment.begin-sms",
            "enrollment.resend",
            "verification.send-code",
        ];
        let is_status = function == "administration.status";
        let user = match (!args["user"].is_null(), memory.has(Flaw::NobodyIsSomebody)) {
            (true, _) if is_status && memory.has(Flaw::StatusIsAnas) => Some("ana".to_owned()),
            (true, _) => Some(text(&args["user"])),
            (false, true) => Some("ana".to_owned()),
            (false, false) => None,
        };
        Ok(Self {
            user: match memory.has(Flaw::IdsCutAtSlash) {
                true => user.map(|it| text(&json!(it.split('/').next()))),
                false => user,
            },
            companies,
            writes,
            texts: texts.contains(&function).then_some(1),
            script: serde_json::from_str(&text(script_in(function, args))).expect("a script"),
            read: Vec::new(),
            remembered: match memory.has(Flaw::KeepsInstance) {
                true => memory.remembered,
                false => 0,
            },
            ticks: 0,
        })
    }

    pub(crate) fn script(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.script)
    }

    pub(crate) fn carry_out(&mut self, step: &Value, memory: &mut Memory) -> Carried {
        if let Some(name) = step.as_str() {
            return self.bare(name, memory);
        }
        let (name, with) = step
            .as_object()
            .and_then(|it| it.iter().next())
            .expect("a step");
        match name.as_str() {
            "get" => self.get(with, memory),
            "commit" => self.commit(with, memory),
            "random" => random(with.as_u64().expect("a length"), memory),
            "sms-check" => {
                if self.texts.is_none() && !memory.has(Flaw::AsksAnywhere) {
                    return Err("a call that is about no message".to_owned());
                }
                Ok(json!({ "ok": check(with, memory) }))
            }
            "sms-send" => {
                self.texts = match self.texts {
                    Some(0) if memory.has(Flaw::TextsTwice) => Some(0),
                    Some(0) => return Err("two messages in a call".to_owned()),
                    Some(left) => Some(left - 1),
                    None if memory.has(Flaw::TextsAnywhere) => None,
                    None => return Err("a call that is about no message".to_owned()),
                };
                Ok(json!({ "ok": send(with, memory)? }))
            }
            _ => Ok(keyring(name, with, memory)),
        }
    }

    fn bare(&mut self, name: &str, memory: &mut Memory) -> Carried {
        match name {
            "clock" => {
                self.ticks += u64::from(memory.has(Flaw::ClockGoesOn));
                let seconds = memory.clock + self.ticks;
                Ok(json!({ "ok": { "seconds": seconds, "nanoseconds": 0 } }))
            }
            "random-u64" => {
                memory.drawn += 1;
                Ok(json!({ "ok": memory.drawn }))
            }
            "remember" => {
                let before = self.remembered;
                self.remembered += 1;
                memory.remembered = self.remembered;
                Ok(json!({ "ok": before }))
            }
            _ if memory.has(Flaw::TrapIsAnswered) => Ok(json!({ "ok": null })),
            _ => {
                memory.is_broken = memory.has(Flaw::TrapStaysBroken);
                Err(format!("the plugin came to its end: {name}"))
            }
        }
    }

    /// Names a record, if the call reaches it.
    fn key(&self, id: &Value, memory: &Memory) -> Result<Key, String> {
        if let Some(kind) = id.as_str() {
            let user = self.user.clone().ok_or("a call about nobody")?;
            return Ok((user, kind.to_owned()));
        }
        if let Some(company) = id["policy"].as_str() {
            let named = self.companies.iter().any(|it| it == company);
            return match named || company == "*" || memory.has(Flaw::EveryCompany) {
                true => Ok((company.to_owned(), "policy".to_owned())),
                false => Err("a company that was not named".to_owned()),
            };
        }
        let name = text(&id["quota"]);
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/:-".contains(&b);
        let fits = (1..=128).contains(&name.len()) && name.bytes().all(allowed);
        if !fits && !memory.has(Flaw::NamesUnchecked) {
            return Err("a malformed name".to_owned());
        }
        Ok(match memory.has(Flaw::CountersPerUser) {
            true => (format!("{name} of {:?}", self.user), "quota".to_owned()),
            false => (name, "quota".to_owned()),
        })
    }

    fn get(&mut self, ids: &Value, memory: &mut Memory) -> Carried {
        let ids = ids.as_array().expect("ids");
        if ids.len() > 64 && !memory.has(Flaw::IdsUnbounded) {
            return Err("more than 64 ids".to_owned());
        }
        if memory.strike("store.get").is_some() {
            return Ok(match memory.has(Flaw::FailedGetIsNone) {
                true => json!({ "ok": vec![Value::Null; ids.len()] }),
                false => json!({ "err": "down" }),
            });
        }
        let mut found = Vec::new();
        for id in ids {
            let key = self.key(id, memory)?;
            let Some(held) = memory.records.get(&key) else {
                self.read.push((id.clone(), None));
                if !memory.has(Flaw::GetSkipsMissing) {
                    found.push(Value::Null);
                }
                continue;
            };
            let value = match memory.open(&key, held) {
                Ok(value) => value,
                Err(why) => return Ok(json!({ "err": why })),
            };
            self.read.push((id.clone(), Some(held.version)));
            found.push(match (key.1.as_str(), value.len()) {
                ("quota", _) => json!({ "version": held.version, "count": number(&value) }),
                (_, 513..) => json!({ "version": held.version, "length": value.len() / 2 }),
                _ => json!({ "version": held.version, "bytes": value }),
            });
        }
        Ok(json!({ "ok": found }))
    }

    fn commit(&mut self, with: &Value, memory: &mut Memory) -> Carried {
        let changes = with["changes"].as_array().expect("changes");
        let events = with["events"].as_array().expect("events");
        self.check_bounds(changes, events, memory)?;
        let failing = memory.strike("store.commit");
        let unavailable = match memory.flaw {
            Some(Flaw::UnknownCommitIsConflict) => json!({ "err": "conflict" }),
            Some(Flaw::UnknownCommitIsDone) => json!({ "ok": null }),
            _ => json!({ "err": { "unavailable": "down" } }),
        };
        if failing == Some(FaultKind::FailBefore) {
            return Ok(unavailable);
        }
        memory.collect();
        if memory.has(Flaw::NotesEventsFirst) {
            self.note(events, memory);
        }
        let before = memory.records.clone();
        for (index, change) in changes.iter().enumerate() {
            if let Err(why) = self.change(index, change, memory)? {
                if !memory.has(Flaw::CommitsInParts) {
                    memory.records = before;
                }
                return Ok(json!({ "err": why }));
            }
        }
        if !memory.has(Flaw::NotesEventsFirst) && !memory.has(Flaw::DropsEvents) {
            self.note(events, memory);
        }
        Ok(match failing {
            Some(_) => unavailable,
            None => json!({ "ok": null }),
        })
    }

    fn change(
        &self,
        index: usize,
        change: &Value,
        memory: &mut Memory,
    ) -> Result<Result<(), Value>, String> {
        let (name, with) = change
            .as_object()
            .and_then(|it| it.iter().next())
            .expect("one");
        let key = self.key(&with["id"], memory)?;
        let held = memory.records.get(&key).cloned();
        if name == "add" {
            return Ok(self.add(index, with, key, held, memory));
        }
        let expected = match with["expected"].as_str() {
            Some(_) => self.last_read(&with["id"]),
            None => with["expected"].as_u64(),
        };
        let stands = held.as_ref().map(|it| it.version) == expected
            || memory.has(Flaw::IgnoresExpected)
            || memory.is_racing && memory.has(Flaw::RacesUnchecked)
            || expected.is_none() && memory.has(Flaw::NoneReplaces)
            || name == "check" && memory.has(Flaw::IgnoresChecks)
            || name == "check"
                && memory.has(Flaw::ChecksPresenceOnly)
                && held.is_some() == expected.is_some();
        if !stands {
            return Ok(Err(json!("conflict")));
        }
        match name.as_str() {
            "put" => {
                let value = bytes(&with["value"]);
                let at = with["collectable-at"].as_u64();
                self.write(key, value, at, held.is_none(), memory);
            }
            "delete" => {
                memory.records.remove(&key);
            }
            _ => {}
        }
        Ok(Ok(()))
    }

    fn add(
        &self,
        index: usize,
        with: &Value,
        key: Key,
        held: Option<Held>,
        memory: &mut Memory,
    ) -> Result<(), Value> {
        let stale = held.as_ref().map(|it| it.version) != self.last_read(&with["id"]);
        if memory.has(Flaw::AddsConflict) && stale && !self.read.is_empty() {
            return Err(json!("conflict"));
        }
        let (amount, ceiling) = (with["amount"].as_u64(), with["ceiling"].as_u64());
        let (amount, ceiling) = (amount.expect("a number"), ceiling.expect("a number"));
        let before = held.as_ref().map_or(0, |it| number(&it.value));
        let sum = match memory.has(Flaw::CeilingWraps) {
            true => Some(before.wrapping_add(amount)),
            false => before.checked_add(amount),
        };
        let most = ceiling.saturating_add(u64::from(memory.has(Flaw::CeilingOneMore)));
        match sum.filter(|sum| *sum <= most) {
            Some(sum) => {
                let (at, until) = (
                    with["collectable-at"].as_u64(),
                    held.as_ref().and_then(|it| it.collectable_at),
                );
                let at = match memory.flaw {
                    Some(Flaw::LastAddCollects) => at,
                    Some(Flaw::FirstAddCollects) => until.or(at),
                    _ => at.max(until),
                };
                self.write(key, sum.to_string(), at, held.is_none(), memory);
                Ok(())
            }
            None if memory.has(Flaw::CeilingNamesAnyChange) => Err(json!({ "ceiling-reached": 0 })),
            None => Err(json!({ "ceiling-reached": index })),
        }
    }

    fn write(&self, key: Key, value: String, at: Option<u64>, is_new: bool, memory: &mut Memory) {
        let counted = memory.next_version();
        let reuses = memory.has(Flaw::ReusesVersionsDeleted)
            || memory.has(Flaw::ReusesVersionsCollected) && at.is_some();
        let last = memory.records.get(&key).map_or(0, |it| it.version);
        let version = match (reuses, is_new) {
            (true, true) => 1,
            (true, false) => last + 1,
            (false, _) => counted,
        };
        let held = Held {
            value,
            version,
            collectable_at: at,
            sealed_for: key.clone(),
            generation: memory.generation,
            altered: false,
        };
        memory.records.insert(key, held);
    }

    fn last_read(&self, id: &Value) -> Option<u64> {
        let found = self.read.iter().rev().find(|(it, _)| it == id);
        found.and_then(|(_, version)| *version)
    }

    fn note(&self, events: &[Value], memory: &mut Memory) {
        for event in events {
            memory.event_ids += 1;
            let (kind, detail) = kind(event);
            let user = match event["actor"].as_str() {
                Some(actor) if memory.has(Flaw::UserFromActor) => Some(actor.to_owned()),
                _ => self.user.clone(),
            };
            let at = match memory.has(Flaw::TimeOfStart) {
                true => countersign_conformance::World::START,
                false => memory.clock,
            };
            let id = digest(&memory.event_ids);
            let realm = match memory.flaw {
                Some(Flaw::RealmOfTheFirst) if memory.event_ids > 1 => None,
                Some(Flaw::RealmMadeUp) => Some("model"),
                _ => Some("conformance"),
            };
            memory.events.push(json!({
                "id": id, "at": at, "realm": realm, "user": user, "event": kind, "detail": { "what": detail },
            }));
        }
    }
}

/// Where a function's script is.
fn script_in<'a>(function: &str, args: &'a Value) -> &'a Value {
    match function {
        "sign-in.begin" => &args["request"]["first-factor"]["kind"]["federated"],
        "sign-in.assess" => &args["session"]["first-factor"]["kind"]["federated"],
        "administration.preview" => &args["first-factor"]["kind"]["federated"],
        "administration.reset" => &args["reason"],
        "administration.add-totp" => &args["uri"],
        "administration.unlock" | "administration.revoke" | "administration.erase" => {
            &args["actor"]["operator"]
        }
        "administration.status" | "administration.first-factor-changed" => &args["user"],
        "recovery.acknowledge" => &args["code-id"],
        "policy.get" => &args["company"],
        "policy.put" => &args["policy"]["trusted-providers"][0],
        _ => &args["ticket"],
    }
}

/// The name of an event, and what it carries.
fn kind(event: &Value) -> (String, Value) {
    let fields = event.as_object().expect("an event");
    let found = fields
        .iter()
        .find(|(name, _)| !["companies", "actor"].contains(&name.as_str()));
    let (name, with) = found.expect("a kind");
    (name.clone(), with.clone())
}

/// Hexadecimal digits, as the script has them or fills them.
pub(crate) fn bytes(value: &Value) -> String {
    match value["fill"].as_u64() {
        Some(length) => "07".repeat(usize::try_from(length).expect("a length")),
        None => text(value),
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(digits: &str) -> u64 {
    digits.parse().expect("a number")
}
