//! The probe: a component of the contract's world that tests a *host*.
//!
//! It decides nothing, and is no plugin to sign anybody in with. It reads a script out of an argument of the call, carries
//! it out with its imports, and answers what they answered, always as `err(other(…))`, so that no gateway could take it
//! for an acceptance. That text is longer than a plugin's may be; a host that cuts it cannot be tested this way.
//!
//! | function | the script is in | what such a call may do |
//! |---|---|---|
//! | `sign-in.begin`, `sign-in.assess`, `administration.preview` | `first-factor.kind.federated` | a user's records; the policies of the companies that are named, to read |
//! | `administration.reset` | `reason` | the same |
//! | `enrollment.begin-sms`, `enrollment.resend`, `verification.send-code` | `ticket` | a user's records; the phone line |
//! | every other function with a `ticket` | `ticket` | a user's records |
//! | `recovery.acknowledge`; `administration.unlock`, `.revoke`, `.erase`; `.add-totp` | `code-id`; `actor`; `uri` | the same |
//! | `administration.status`, `.first-factor-changed` | `user` | the records of whoever is called so |
//! | `policy.put` | `policy.trusted-providers[0]` | the policy of `company`, to write; no user's records |
//! | `policy.get` | `company` | no user's records |
//!
//! Every function but `meta.describe` is one of them. What a script looks like is said in `tests/kit/README.md`.

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
