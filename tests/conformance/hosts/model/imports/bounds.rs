//! What a commit must not have, whatever is stored.

use serde_json::Value;

use super::{Caller, bytes, kind};
use crate::hosts::flaw::Flaw;
use crate::hosts::model::memory::Memory;

impl Caller {
    pub(super) fn check_bounds(
        &self,
        changes: &[Value],
        events: &[Value],
        memory: &Memory,
    ) -> Result<(), String> {
        let has = |flaw| memory.has(flaw);
        if changes.len() > 64 && !has(Flaw::ChangesUnbounded) {
            return Err("more than 64 changes".to_owned());
        }
        if events.len() > 32 && !has(Flaw::EventsUnbounded) {
            return Err("more than 32 events".to_owned());
        }
        for event in events {
            let companies = event["companies"].as_array().map_or(0, Vec::len);
            if companies > 16 && !has(Flaw::CompaniesUnbounded) {
                return Err("more than 16 companies".to_owned());
            }
            let names = event["companies"].as_array().into_iter().flatten();
            let mut names = names.chain([&event["actor"]]).filter_map(Value::as_str);
            if names.any(|it| it.len() > 128) && !has(Flaw::NamesOfEventsUnbounded) {
                return Err("a name of more than 128 bytes".to_owned());
            }
            let (kind, said) = kind(event);
            let said = said.as_str().unwrap_or_default();
            let length = match has(Flaw::TextsInCharacters) {
                true => said.chars().count(),
                false => said.len(),
            };
            let unseen = match memory.flaw {
                Some(Flaw::TextsOfResetsAlone) => kind != "reset",
                Some(Flaw::TextsOfDevicesUnbounded) => kind.starts_with("device-"),
                _ => false,
            };
            if length > 200 && !unseen {
                return Err("a text of more than 200 bytes".to_owned());
            }
        }
        let mut seen = Vec::new();
        for change in changes {
            let (name, with) = change
                .as_object()
                .and_then(|it| it.iter().next())
                .expect("one");
            let key = self.key(&with["id"], memory)?;
            let is_counter = key.1 == "quota";
            let fits = is_counter == (name == "add")
                || name == "add" && has(Flaw::AddsToRecords)
                || name == "delete" && has(Flaw::CountersDeleted);
            if !fits {
                return Err("a counter is no record".to_owned());
            }
            let writes = matches!(name.as_str(), "put" | "delete");
            if key.1 == "policy" && writes {
                let own = self.writes.as_ref() == Some(&key.0);
                let any_put = self.writes.is_some() && has(Flaw::PolicyWritableInAnyPut);
                if !own && !any_put && !has(Flaw::PolicyWritableAnywhere) {
                    return Err("a policy that is not this call's to write".to_owned());
                }
            }
            let most = match key.1.as_str() {
                "tickets" => 32_768 + usize::from(has(Flaw::TicketsOneMore)),
                "policy" if has(Flaw::PolicyUnbounded) => usize::MAX,
                "policy" => 16_384,
                _ => 16_384 + usize::from(has(Flaw::AccountOneMore)),
            };
            if name == "put" && bytes(&with["value"]).len() / 2 > most {
                return Err("a record that is too large".to_owned());
            }
            if writes
                && !has(Flaw::OverwritesUnread)
                && !has(Flaw::IgnoresExpected)
                && let Some(version) = with["expected"].as_u64()
                && !self.read.contains(&(with["id"].clone(), Some(version)))
            {
                return Err("a version that was not read".to_owned());
            }
            if seen.contains(&key) && !has(Flaw::RecordsTwice) {
                return Err("a record twice".to_owned());
            }
            seen.push(key);
        }
        Ok(())
    }
}
