//! What the model remembers between calls.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use countersign_conformance::case::FaultKind;
use countersign_conformance::{Fault, Place, World};
use serde_json::Value;

use crate::hosts::flaw::Flaw;

/// Whose record, and which.
pub(crate) type Key = (String, String);

#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The value; of a counter its digits.
    pub(crate) value: String,
    pub(crate) version: u64,
    pub(crate) collectable_at: Option<u64>,
    /// Where it was sealed for, under which key, and whether somebody altered it.
    pub(crate) sealed_for: Key,
    pub(crate) generation: u32,
    pub(crate) altered: bool,
}

pub(crate) struct Memory {
    pub(crate) flaw: Option<Flaw>,
    pub(crate) records: BTreeMap<Key, Held>,
    pub(crate) version: u64,
    pub(crate) events: Vec<Value>,
    pub(crate) event_ids: u64,
    pub(crate) messages: Vec<Value>,
    pub(crate) sent: BTreeSet<String>,
    pub(crate) clock: u64,
    pub(crate) clock_fails: bool,
    pub(crate) random_fails: bool,
    pub(crate) drawn: u64,
    pub(crate) doubtful: bool,
    pub(crate) generation: u32,
    pub(crate) fault: Option<(String, FaultKind)>,
    pub(crate) remembered: u32,
    pub(crate) is_broken: bool,
    /// How often it was started anew: what goes into keys that do not outlive that.
    pub(crate) restarts: u32,
    pub(crate) line_refuses: bool,
    /// While calls race, each having read.
    pub(crate) is_racing: bool,
}

impl Memory {
    pub(crate) fn new(flaw: Option<Flaw>) -> Self {
        Self {
            flaw,
            records: BTreeMap::new(),
            version: 0,
            events: Vec::new(),
            event_ids: 0,
            messages: Vec::new(),
            sent: BTreeSet::new(),
            clock: World::START,
            clock_fails: false,
            random_fails: false,
            drawn: 0,
            doubtful: false,
            generation: 0,
            fault: None,
            remembered: 0,
            is_broken: false,
            restarts: 0,
            line_refuses: false,
            is_racing: false,
        }
    }

    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    pub(crate) fn restart(&mut self) {
        if self.has(Flaw::ForgetsOnRestart) {
            self.records.clear();
        }
        if self.has(Flaw::CountersForgotten) {
            self.records.retain(|key, _| key.1 != "quota");
        }
        if self.has(Flaw::VersionsRestart) {
            let held = self.records.values().map(|it| it.version);
            self.version = held.max().unwrap_or(0);
        }
        self.restarts += 1;
        if self.has(Flaw::EventIdsRestart) {
            self.event_ids = 0;
        }
        if self.has(Flaw::KeysInMemory) {
            self.sent.clear();
        }
    }

    /// Says how this use of an import fails, if it does.
    pub(crate) fn strike(&mut self, import: &str) -> Option<FaultKind> {
        let planned = self.fault.take_if(|(planned, _)| planned == import);
        planned.map(|(_, kind)| kind)
    }

    /// Stops a call, in whatever way the host does that.
    pub(crate) fn refused(&mut self, why: String) -> Fault {
        self.is_broken |= self.has(Flaw::RefusesFromThenOn);
        match self.has(Flaw::DiesOfRefusals) {
            true => Fault::Gone(format!("the host failed: it ended; it said: {why}")),
            false => Fault::Stopped(why),
        }
    }

    pub(crate) fn tamper(&mut self, record: &str, of: &str, how: &str, from: Option<&Place>) {
        let key = (of.to_owned(), record.to_owned());
        let source = match from {
            Some(from) => (from.of.clone(), from.record.clone()),
            None => ("bea".to_owned(), record.to_owned()),
        };
        let other = self.records.get(&source).cloned();
        let held = self.records.get_mut(&key).expect("a record");
        match how {
            "swap" => {
                let other = other.expect("a source");
                held.value = other.value;
                held.sealed_for = other.sealed_for;
            }
            _ => held.altered = true,
        }
    }

    /// Opens a record, if it can be opened.
    pub(crate) fn open(&self, key: &Key, held: &Held) -> Result<String, &'static str> {
        if held.altered && !self.has(Flaw::ChecksNoSeal) {
            return Err("altered");
        }
        let from = &held.sealed_for;
        let is_at_home = match self.flaw {
            Some(Flaw::SealNamesNoUser) => true,
            Some(Flaw::SealNamesNoRecord) => from.0 == key.0,
            Some(Flaw::SealNamesNoCompany) => {
                from == key || key.1 == "policy" && from.1 == "policy"
            }
            _ => from == key,
        };
        if !is_at_home {
            return Err("moved");
        }
        if held.generation != self.generation && self.has(Flaw::SealKeysForgotten) {
            return Err("sealed with a key that nobody knows");
        }
        Ok(held.value.clone())
    }

    /// What lies in the store, as somebody sees it who cannot open it.
    pub(crate) fn shown(&self, key: &Key, held: &Held) -> String {
        let is_plain = match self.flaw {
            Some(Flaw::StoresPlainValues) => true,
            Some(Flaw::StoresPlainTickets) => key.1 == "tickets",
            Some(Flaw::StoresPlainPolicies) => key.1 == "policy",
            _ => false,
        };
        match is_plain {
            true => held.value.clone(),
            false => digest(&(&held.value, &held.sealed_for, held.altered)),
        }
    }

    pub(crate) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    pub(crate) fn collect(&mut self) {
        let (now, early) = (self.clock, self.has(Flaw::CollectsEarly));
        let early_counters = self.has(Flaw::CollectsCountersEarly);
        self.records.retain(|key, held| {
            let early = early || early_counters && key.1 == "quota";
            held.collectable_at
                .is_none_or(|at| at > now || at == now && !early)
        });
    }
}

/// 64 hexadecimal digits of anything: no one-way function, but different for what differs.
pub(crate) fn digest(of: &impl Hash) -> String {
    (0..4_u8)
        .map(|part| {
            let mut hasher = DefaultHasher::new();
            (part, of).hash(&mut hasher);
            format!("{:016x}", hasher.finish())
        })
        .collect()
}
