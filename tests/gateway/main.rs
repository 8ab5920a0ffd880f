//! The reference gateway, with the programs of others that it works with.
//!
//! A part of a trial's name as an argument runs the trials that have it. A trial whose peer is missing is shown as
//! ignored, and fails where the environment variable `COUNTERSIGN_REQUIRE` names the peer.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]

mod administration;
mod decisions;
mod front;
mod journeys;
mod load;
mod mail_server;
mod notices;
mod openapi;
mod place;
mod reminders;
mod security;
mod smtp;
mod wire;

use libtest_mimic::Arguments;

fn main() {
    let mut trials = smtp::trials();
    trials.extend(administration::trials());
    trials.extend(notices::trials());
    trials.extend(reminders::trials());
    trials.extend(journeys::trials());
    trials.extend(decisions::trials());
    trials.extend(load::trials());
    trials.extend(openapi::trials());
    trials.extend(security::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
