//! What a host is asked, and what it answers, as `tests/hosts/README.md` describes it. What is done to the world is a
//! [`Control`](crate::Control), which is written as it is.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lab::Ability;

/// A line to a host.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub(super) enum Request<'a> {
    Hello,
    Begin { seed: u64 },
    Call(Call<'a>),
    Race { calls: Vec<Call<'a>> },
    EndFault,
    Look { known: usize },
}

#[derive(Debug, Serialize)]
pub(super) struct Call<'a> {
    pub(super) function: &'a str,
    pub(super) args: &'a Value,
}

/// The answer where there is nothing to say: any object.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// The answer to a call.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) answer: Value,
}

/// The answer to a race.
#[derive(Debug, Deserialize)]
pub(super) struct Answers {
    pub(super) answers: Vec<Value>,
}

/// The answer to `end-fault`.
#[derive(Debug, Deserialize)]
pub(super) struct Ended {
    pub(super) fired: u32,
}

/// What a host says of itself once it has loaded the plugin.
#[derive(Debug)]
pub(super) struct Hello {
    pub(super) host: String,
    pub(super) abilities: BTreeSet<Ability>,
}

impl Hello {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Why the host will not have the plugin, or why it cannot be spoken to.
    pub(super) fn read(answer: Value) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Raw {
            protocol: u64,
            host: String,
            abilities: BTreeSet<Ability>,
        }
        if let Some(why) = answer.get("refused").and_then(Value::as_str) {
            return Err(why.to_owned());
        }
        let Raw {
            protocol,
            host,
            abilities,
        } = read(answer)?;
        if protocol != VERSION {
            return Err(format!(
                "the host speaks protocol {protocol}, expected {VERSION}"
            ));
        }
        if !(1..=LONGEST_NAME).contains(&host.len()) {
            return Err(format!(
                "the host's name: expected 1 to {LONGEST_NAME} bytes"
            ));
        }
        Ok(Self { host, abilities })
    }
}

/// Reads an answer that is no fault.
///
/// # Errors
///
/// What does not fit.
pub(super) fn read<T: DeserializeOwned>(answer: Value) -> Result<T, String> {
    serde_json::from_value(answer)
        .map_err(|error| format!("the host's answer is not as the protocol has it: {error}"))
}

/// The protocol's version.
const VERSION: u64 = 1;
const LONGEST_NAME: usize = 64;
