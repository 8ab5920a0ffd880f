//! The probe: a component of the contract's world that tests a *host*.
//!
//! It decides nothing, and is no plugin to sign anybody in with. It reads a script out of an argument of the call, carries
//! it out with its imports, and answers what they answered, always as `err(other(…))`, so that no gateway could take it
//! for an acceptance. That text is longer than a plugin's may be; a host that cuts it cannot be tested this way.
//!
//! | function | the script is in | what such a call may do |
//! |---|---|---|
//! | `administration.reset` | `reason` | a user's records, and the policies of the companies in `memberships` to read |
//! | `policy.put` | `policy.trusted-providers[0]` | the policy of `company` to write, and no user |
//! | `policy.get` | `company` | no user |
//! | `enrollment.begin-sms` | `ticket` | the phone line |
//!
//! All others answer `err(other("not-implemented"))`. What a script looks like is said in `tests/kit/README.md`.

#![cfg_attr(target_family = "wasm", no_std)]
#![deny(unsafe_code)]
#![warn(missing_docs)]
// A native build exists for the linters and editors only: it has no exports, so nothing is used.
#![cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "only a component exports")
)]

extern crate alloc;

mod answer;
mod misbehaviour;
mod script;
mod stubs;

use alloc::string::{String, ToString};

use countersign_sdk::meta;
use countersign_sdk::types::Failure;

use script::Script;

/// The probe.
#[derive(Debug)]
pub struct Probe;

countersign_sdk::export!(Probe);

impl meta::Guest for Probe {
    fn describe() -> meta::Description {
        meta::Description {
            name: concat!("countersign-probe ", env!("CARGO_PKG_VERSION")).into(),
            contract: meta::CONTRACT.into(),
            levels: [].into(),
            formats: meta::RecordFormats {
                oldest_read: 1,
                newest_read: 1,
                written: 1,
            },
        }
    }
}

/// Carries a script out, and returns what came of it.
fn carry_out(script: &str) -> Failure {
    Failure::Other(match Script::parse(script) {
        Ok(script) => script.run().to_string(),
        Err(malformed) => String::from(malformed),
    })
}
