//! The cases of the Countersign contract, and what runs them against a plugin.
//!
//! The cases are data, in `tests/cases/*.toml`; their form is described there, so that other people's runners can use
//! them too. This crate is one such runner. It gives a [`Subject`] a [`World`] to live in, whose clock, randomness, keys
//! and store obey the case, and compares what it answers.
//!
//! The cases are the yardstick of the contract, so nothing here computes what the plugin should say: a code comes from
//! an implementation of RFC 6238 that the plugin does not use.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod authenticator;
pub mod bench;
pub mod case;
pub mod cluster;
pub mod duties;
pub mod expression;
pub mod gateway;
pub mod guessing;
pub mod history;
pub mod pattern;
pub mod peer;
pub mod policy;
pub mod runner;
pub mod subject;
pub mod tree;
pub mod trial;
pub mod visitor;
pub mod world;

pub use crate::case::{Case, Cases};
pub use crate::subject::{Fault, Instance, Subject};
pub use crate::world::World;
