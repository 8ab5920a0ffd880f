//! Releases of plugins, from the command that makes them to whoever gets them: signatures beside OpenSSL's, and a real
//! registry.
//!
//! A part of a trial's name as an argument runs the trials that have it. A trial whose peer is missing is shown as
//! ignored, and fails where the environment variable `COUNTERSIGN_REQUIRE` names the peer.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod access;
mod desk;
mod hostile;
mod http;
mod layout;
mod registry;
mod round_trip;
mod signatures;

use countersign_tests::peer::Peer;
use libtest_mimic::{Arguments, Trial};

use crate::desk::Desk;
use crate::registry::Registry;

fn main() {
    let mut trials = signatures::trials();
    trials.extend(round_trip::trials());
    trials.extend(layout::trials());
    trials.extend(hostile::trials());
    trials.extend(access::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Makes a trial that has a registry, which lets everybody in, and a desk.
fn trial(name: &'static str, run: fn(&Registry, &Desk)) -> Trial {
    Peer::Registry.trial(name, move || {
        run(&Registry::open(), &Desk::new(name));
        Ok(())
    })
}
