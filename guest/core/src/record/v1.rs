//! Version 1 of the records.
//!
//! Times are seconds since the Unix epoch. Keys are base 32, tags and ids hexadecimal. A field that is absent, or null,
//! is none, 0, false or empty.
//!
//! ```text
//! account   epoch, ever-enrolled, erased, first-factor-suspect, preferred: "totp" | "sms",
//!           app: { id, key, algorithm, digits, period, mark, confirmed-at, used-at, attempts },
//!           phone: { id, number, confirmed-at, used-at, attempts },
//!           recovery: { id, key-id, tag, issued-at, acknowledged },
//!           user-wide: { tries, rest-until }
//! attempts  streak, unredeemed, since, rest-until, disabled
//! tickets   live: [ ticket ], ended: [ { id, expired, until } ], policies: [ effective ]
//! ticket    id, key-id, tag, purpose: "sign-in" | "manage-factors" | "step-up", binding, begun-at, expires-at,
//!           stage: "challenged" | "verified" | "enrolling" | "recovering",
//!           method, factor-at (verified), required (enrolling), code-id (recovering),
//!           policy: place in policies, first-factor-fresh, first-factor-phone, failures: { app, phone, recovery },
//!           pending-app: { key, failures }
//! policy    revision and the fields of the contract
//! effective mode, deadline, zone, methods, attested, window, sms, guessing, reauth, device-days, companies
//! ```

mod account;
mod policy;
mod tickets;

pub use account::{decode_account, encode_account};
pub use policy::{decode_policy, encode_policy};
pub use tickets::{decode_tickets, encode_tickets};

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::{Fields, Unreadable, Writer};
use crate::account::hex;
use crate::method::Method;
use crate::time::Instant;
use crate::vault::Tag;

fn read_instant(fields: &mut Fields, name: &str) -> Result<Instant, Unreadable> {
    fields.number(name).map(Instant::new)
}

fn read_maybe_instant(fields: &mut Fields, name: &str) -> Result<Option<Instant>, Unreadable> {
    Ok(fields.maybe_number(name)?.map(Instant::new))
}

fn write_instant(writer: &mut Writer, name: &str, at: Instant) {
    writer.put(name, at.as_seconds());
}

fn write_maybe_instant(writer: &mut Writer, name: &str, at: Option<Instant>) {
    writer.put_if(name, at.map(Instant::as_seconds));
}

fn write_count(writer: &mut Writer, name: &str, count: u32) {
    writer.put_if(name, Some(count).filter(|it| *it > 0));
}

fn write_flag(writer: &mut Writer, name: &str, flag: bool) {
    writer.put_if(name, flag.then_some(true));
}

fn read_string(value: Value) -> Result<String, Unreadable> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Unreadable),
    }
}

fn read_method(name: &str) -> Result<Method, Unreadable> {
    match name {
        "totp" => Ok(Method::Totp),
        "sms" => Ok(Method::Sms),
        _ => Err(Unreadable),
    }
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Totp => "totp",
        Method::Sms => "sms",
    }
}

fn read_tag(fields: &mut Fields) -> Result<Tag, Unreadable> {
    let bytes = unhex(&fields.text("tag")?)?;
    Ok(Tag {
        key_id: fields.count("key-id")?,
        bytes: bytes.try_into().map_err(|_| Unreadable)?,
    })
}

fn write_tag(writer: &mut Writer, tag: &Tag) {
    writer.put("key-id", tag.key_id);
    writer.put("tag", hex(&tag.bytes));
}

fn unhex(text: &str) -> Result<Vec<u8>, Unreadable> {
    let nibble = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => {
                Ok(nibble(high).ok_or(Unreadable)? << 4 | nibble(low).ok_or(Unreadable)?)
            }
            _ => Err(Unreadable),
        })
        .collect()
}

#[cfg(test)]
mod tests;
