//! Tests of the tree, and of what cases cannot say. Names are sentences.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]

mod assertion;
mod canary;
mod contract;
mod events;
mod guessing;
mod host;
#[allow(dead_code, reason = "the host's own tests use all of it")]
#[path = "../../host-harness/tests/hostile/mod.rs"]
mod hostile;
mod kit;
mod preview;
mod profiles;
mod readme;
mod regressions;
mod rotation;
mod security;
mod tidy;

use std::fs;
use std::path::Path;

use countersign_tests::tree::root;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
