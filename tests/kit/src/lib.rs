//! The conformance kit of the Countersign contract: the cases, and what runs them against any plugin, in any host.
//!
//! The cases are data, in `tests/cases/*.toml`; their form is described there, so that other people's runners can use
//! them too. They are part of this library ([`Cases::of_the_contract`]). A plugin is tested in a [`Lab`]: in a
//! [`World`] whose clock, randomness, keys, store and phone line obey the case ([`Local`]), or in a host of somebody else
//! ([`Remote`]).
//! What it answers is compared with what the case wants ([`runner::run`]).
//!
//! A host is tested the other way round: by a component, the probe, that has its imports do what a duty is about
//! ([`HostCase`]).
//!
//! The cases are the yardstick of the contract, so nothing here computes what the plugin should say: a code comes from
//! an implementation of RFC 6238 that the plugin does not use.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod authenticator;
pub mod case;
pub mod claim;
pub mod clause;
pub mod expected;
pub mod expression;
pub mod host;
pub mod host_suite;
pub mod hostile;
pub mod hostile_host;
pub mod lab;
pub mod local;
pub mod pattern;
pub mod remote;
pub mod report;
pub mod runner;
pub mod selection;
pub mod subject;
pub mod suite;
mod wit;
pub mod world;

pub use crate::case::{Case, Cases, Level};
pub use crate::claim::Claim;
pub use crate::clause::Clause;
pub use crate::expected::Expected;
pub use crate::host::{Host, OwnHost, Refusal};
pub use crate::host_suite::{HostCase, HostUnderTest};
pub use crate::hostile::HostilePlugin;
pub use crate::hostile_host::{Harm, HostileHost};
pub use crate::lab::{Ability, Control, Lab, Place, Session, View};
pub use crate::local::Local;
pub use crate::remote::Remote;
pub use crate::report::Report;
pub use crate::selection::Selection;
pub use crate::subject::{Component, Fault, Instance, Subject};
pub use crate::suite::Suite;
pub use crate::world::World;
