//! The tests of Countersign as a whole, and what they share: subjects, a site, servers of others, recorded histories, a
//! simulated year of guessing, the benchmarks.
//!
//! What runs the cases of the contract is the package beside this one, `countersign-conformance`, which anybody can use.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod bench;
pub mod cluster;
pub mod duties;
pub mod gateway;
pub mod guessing;
pub mod guest_build;
pub mod history;
pub mod mutants;
pub mod peer;
pub mod policy;
pub mod subject;
pub mod tree;
pub mod trial;
pub mod visitor;
