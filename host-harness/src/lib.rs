//! Loads a Countersign plugin, and gives it one user's records a call.
//!
//! A gateway has checked a password. It asks the plugin, a sandboxed WebAssembly component, what comes next: let in,
//! nudge, challenge, or make the user enroll. The plugin decides. This library is everything around it: it keeps
//! state, keys, clock, randomness and phone line, and holds the plugin to the contract in `wit/`.
//!
//! ```
//! use countersign_host::contract::policy::{Mode, Policy};
//! use countersign_host::contract::sign_in::{BeginOutcome, BeginRequest};
//! use countersign_host::contract::verification::{Verified, VerifyVerdict};
//! use countersign_host::contract::{
//!     Actor, Assertion, FirstFactor, Membership, Method, Purpose,
//! };
//! use countersign_host::keyring::LocalKeyring;
//! use countersign_host::store::MemoryStore;
//! use countersign_host::{Countersign, Error, Plugin};
//!
//! /// Loads the plugin, once; `key` is 32 random bytes from a secret store.
//! async fn load(path: &str, key: [u8; 32]) -> Result<Countersign, Box<dyn std::error::Error>> {
//!     let plugin = Plugin::builder().load_file(path)?;
//!     let mfa = Countersign::builder(plugin)
//!         .realm("example")
//!         .store(MemoryStore::new())
//!         .keyring(LocalKeyring::from_key(key))
//!         .faults(|fault: &countersign_host::fault::Fault| eprintln!("{fault}"))
//!         .build()?;
//!     // Until a company, or `*` for all others, has a policy, every `begin` is refused.
//!     let policy = Policy::app_only(Mode::Voluntary);
//!     let setup = Actor::Operator("setup".into());
//!     mfa.policy().put("*", &policy, None, &setup, false).await?;
//!     Ok(mfa)
//! }
//!
//! /// Says what comes next for a user whose password was right a moment ago.
//! async fn password_was_right(
//!     mfa: &Countersign,
//!     user: &str,
//!     address: &str,
//! ) -> Result<BeginOutcome, Error> {
//!     let request = BeginRequest {
//!         memberships: vec![Membership {
//!             company: "acme".into(),
//!             roles: vec![],
//!             active: true,
//!         }],
//!         first_factor: FirstFactor::password(), // a moment ago
//!         purpose: Purpose::SignIn,
//!         device_token: None,
//!         binding_attested: false,
//!         known_enrolled: false,
//!     };
//!     mfa.for_client(address).sign_in().begin(user, &request).await
//! }
//!
//! /// Takes a code on the ticket of a challenge. Only an assertion of this user, for this purpose, opens the session:
//! /// keep its `epoch`, `factor_at` and `valid_until` there, for `assess`.
//! async fn code_was_typed(
//!     mfa: &Countersign,
//!     user: &str,
//!     ticket: &str,
//!     code: &str,
//! ) -> Result<Option<Assertion>, Error> {
//!     let verdict = mfa.verification().verify(user, ticket, Method::Totp, code, false).await?;
//!     Ok(match verdict {
//!         VerifyVerdict::Accepted(Verified::Done(it))
//!             if it.is_for(user, &Purpose::SignIn) =>
//!         {
//!             Some(it)
//!         }
//!         // Wrong, or an allowed factor must be enrolled first. Every error is a refusal too.
//!         _ => None,
//!     })
//! }
//! ```
//!
//! It loads plugins of `countersign:mfa@0.1.0`, and needs a tokio runtime with its timer enabled.
//!
//! # What it holds
//!
//! * A component that imports more than the contract is refused when it is loaded, by name ([`LoadError::Imports`]).
//! * Each call runs in an instance of its own, within [`Limits`], and is dropped afterwards.
//! * A call reaches the records of its user, the policies of the companies that it names, and counters: nothing else,
//!   whatever the plugin does ([`Error::Scope`]).
//! * Values are sealed whole before they reach a [`Store`], each for its own place ([`seal`]).
//! * Keys stay here; the plugin has tags made and checked ([`keyring`]).
//! * Whatever goes wrong is an [`Error`], and every error is a refusal.
//!
//! # What stands around it
//!
//! [`profile`] has policies to begin with and to be measured by, [`preview`] says what a policy would mean for many
//! people before they meet it, and [`sink`] hands events on to a log or a collector.
//!
//! # What it does not hold
//!
//! A plugin that lies (pin its [`Digest`], or have it [signed](signature)), a database that its owner rolled back, and what an embedder prints: see
//! [`contract`] for the types that hold secrets.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod assertion;
mod bindings;
mod call;
pub mod calls;
pub mod clock;
pub mod contract;
mod countersign;
mod digest;
mod dynamic;
mod error;
pub mod event;
mod exports;
pub mod fault;
mod fields;
mod fingerprint;
mod imports;
mod interfaces;
pub mod keyring;
mod limits;
mod meter;
mod plugin;
mod policy;
pub mod preview;
pub mod printable;
pub mod profile;
pub mod random;
pub mod reseal;
mod scope;
pub mod seal;
pub mod signature;
pub mod sink;
pub mod sms;
pub mod store;

#[cfg(feature = "bench")]
#[doc(hidden)]
pub use crate::call::Kept;
pub use crate::countersign::{Countersign, CountersignBuilder};
pub use crate::digest::{Digest, NotADigest};
pub use crate::dynamic::{ArgumentError, Parameter, Signature};
pub use crate::error::{BuildError, Error, Limit, LoadError, Reached};
pub use crate::interfaces::{
    Administration, Enrollment, Meta, Policies, Recovery, SignIn, Verification,
};
pub use crate::limits::Limits;
pub use crate::plugin::{Inspection, Plugin, PluginBuilder, Verdict};
pub use crate::store::Store;
