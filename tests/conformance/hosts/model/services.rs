//! Keys, randomness and the phone line, as the model has them.

use serde_json::{Value, json};

use super::imports::{Carried, bytes, text};
use super::memory::{Memory, digest};
use crate::hosts::flaw::Flaw;

pub(crate) fn random(length: u64, memory: &mut Memory) -> Carried {
    if memory.random_fails && !memory.has(Flaw::RandomMadeUp) {
        return Err("no randomness".to_owned());
    }
    memory.drawn += u64::from(!memory.has(Flaw::RandomRepeats));
    let length = usize::try_from(length).expect("a length") * 2;
    let short = usize::from(memory.has(Flaw::RandomShort)) * 2;
    let digits: String = (0..=length / 64)
        .map(|i| digest(&(memory.drawn, i)))
        .collect();
    Ok(json!({ "ok": &digits[..length.saturating_sub(short)] }))
}

pub(crate) fn send(message: &Value, memory: &mut Memory) -> Carried {
    let (code, number, key) = (
        text(&message["code"]),
        text(&message["number"]),
        text(&message["idempotency-key"]),
    );
    let digits = match memory.has(Flaw::SendsAnyDigits) {
        true => (6..=8).contains(&code.chars().count()) && code.chars().all(char::is_numeric),
        false => (6..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()),
    };
    if !digits && !memory.has(Flaw::SendsAnyText) {
        return Err("what is not a code".to_owned());
    }
    let fits = match memory.flaw {
        Some(Flaw::SendsToAnyDigits) => number.strip_prefix('+').is_some_and(|it| {
            (7..=15).contains(&it.chars().count()) && it.chars().all(char::is_numeric)
        }),
        Some(Flaw::SendsToLines) => is_number(number.trim_end()),
        _ => is_number(&number),
    };
    if !fits && !memory.has(Flaw::SendsToAnybody) {
        return Ok(json!({ "refused": "not-a-number" }));
    }
    if !(1..=128).contains(&key.len()) && !memory.has(Flaw::KeysUnbounded) {
        return Err("a malformed key".to_owned());
    }
    let unknown = std::mem::take(&mut memory.doubtful);
    if !(unknown && memory.has(Flaw::ForgetsUnknown)) {
        let known = !memory.sent.insert(key);
        if known && !memory.has(Flaw::IgnoresKeys) {
            return Ok(json!("already-sent"));
        }
    }
    memory.messages.push(message.clone());
    Ok(json!(if unknown { "unknown" } else { "sent" }))
}

pub(crate) fn check(asked: &Value, memory: &Memory) -> Value {
    let number = text(&asked["number"]);
    let is_refused = memory.line_refuses && !memory.has(Flaw::CheckIgnoresTheLine);
    if is_refused || !is_number(&number) && !memory.has(Flaw::CheckPermitsAnything) {
        return json!({ "refused": "not-now" });
    }
    let countries = [("+1876", "JM"), ("+1", "US"), ("+34", "ES"), ("+44", "GB")];
    let mut countries = countries.into_iter();
    let found = countries.find(|(prefix, _)| number.starts_with(prefix));
    match found {
        Some((_, country)) if !memory.has(Flaw::CountryMadeUp) => json!({ "permitted": country }),
        _ => json!({ "permitted": "ZZ" }),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+');
    digits.is_some_and(|it| (7..=15).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_digit()))
}

pub(crate) fn keyring(name: &str, with: &Value, memory: &mut Memory) -> Value {
    let failing = memory.strike(&format!("keyring.{name}")).is_some();
    let (context, data) = (text(&with["context"]), bytes(&with["data"]));
    if failing && name == "check-mac" && memory.has(Flaw::FailedCheckIsFalse) {
        return json!({ "ok": false });
    }
    if failing || data.len() / 2 > 4_096 && !memory.has(Flaw::DataUnbounded) {
        return json!({ "err": "not now" });
    }
    let context = match memory.has(Flaw::OneKeyForAll) {
        true => "any".to_owned(),
        false => context,
    };
    let drawn = |flaw| match memory.has(flaw) {
        true => memory.restarts,
        false => 0,
    };
    let tags = drawn(Flaw::TagKeysRedrawn);
    let indexes = drawn(Flaw::IndexKeysRedrawn);
    let tag = |generation: u32| digest(&(tags, generation, &context, &data));
    let active = match memory.has(Flaw::RetiredMakesTags) {
        true => 0,
        false => memory.generation,
    };
    match name {
        "mac" => json!({ "ok": { "key-id": active, "bytes": tag(active) } }),
        "check-mac" => {
            let id = with["tag"]["key-id"].as_u64().expect("an id");
            let given = text(&with["tag"]["bytes"]);
            match u32::try_from(id).ok().filter(|id| *id <= memory.generation) {
                None if memory.has(Flaw::UnknownKeyIsFalse) => json!({ "ok": false }),
                None => json!({ "err": "unknown key" }),
                Some(id) if id < active && memory.has(Flaw::RetiredForgotten) => {
                    json!({ "err": "unknown key" })
                }
                Some(id) if memory.has(Flaw::TagsByPrefix) => {
                    json!({ "ok": tag(id).starts_with(&given) })
                }
                Some(id) => json!({ "ok": tag(id) == given }),
            }
        }
        _ => {
            let rotates = memory.has(Flaw::IndexRotates);
            let of = if rotates { memory.generation } else { 0 };
            let context = match memory.has(Flaw::IndexShared) {
                true => "any",
                false => &context,
            };
            json!({ "ok": digest(&("index", indexes, of, context, &data)) })
        }
    }
}
