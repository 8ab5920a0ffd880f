//! What the imports answered, as JSON.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use countersign_sdk::bindings::countersign::mfa::keyring::Tag;
use countersign_sdk::bindings::countersign::mfa::sms::{Outcome, Permission};
use countersign_sdk::bindings::countersign::mfa::store::{CommitFailure, Content, Versioned};
use serde_json::{Value, json};

/// An answer that a function of the contract may refuse.
pub(crate) fn result<T>(answer: Result<T, String>, ok: impl FnOnce(T) -> Value) -> Value {
    match answer {
        Ok(it) => json!({ "ok": ok(it) }),
        Err(why) => json!({ "err": why }),
    }
}

pub(crate) fn records(found: Vec<Option<Versioned>>) -> Value {
    found.into_iter().map(|it| it.map(record)).collect()
}

pub(crate) fn committed(answer: Result<(), CommitFailure>) -> Value {
    match answer {
        Ok(()) => json!({ "ok": null }),
        Err(CommitFailure::Conflict) => json!({ "err": "conflict" }),
        Err(CommitFailure::CeilingReached(index)) => json!({ "err": { "ceiling-reached": index } }),
        Err(CommitFailure::Unavailable(why)) => json!({ "err": { "unavailable": why } }),
    }
}

pub(crate) fn tag(tag: Tag) -> Value {
    json!({ "key-id": tag.key_id, "bytes": hex(&tag.bytes) })
}

pub(crate) fn permission(permission: Permission) -> Value {
    match permission {
        Permission::Permitted(country) => json!({ "permitted": country }),
        Permission::Refused(why) => json!({ "refused": why }),
    }
}

pub(crate) fn outcome(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Sent => json!("sent"),
        Outcome::AlreadySent => json!("already-sent"),
        Outcome::Refused(why) => json!({ "refused": why }),
        Outcome::Failed(why) => json!({ "failed": why }),
        Outcome::Unknown => json!("unknown"),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn record(record: Versioned) -> Value {
    let version = record.version;
    match record.content {
        Content::Bytes(bytes) if bytes.len() > SHOWN => {
            json!({ "version": version, "length": bytes.len() })
        }
        Content::Bytes(bytes) => json!({ "version": version, "bytes": hex(&bytes) }),
        Content::Count(count) => json!({ "version": version, "count": count }),
    }
}

/// Of a longer record its length says enough.
const SHOWN: usize = 256;
