//! Web servers that ask the gateway before they let anybody through to an app, set up as the files in the gateway's
//! `deploy/` say.
//!
//! A part of a trial's name as an argument runs the trials that have it. A trial whose peer is missing is shown as
//! ignored, and fails where the environment variable `COUNTERSIGN_REQUIRE` names the peer.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]

mod app;
mod caller;
mod fences;
mod headers;
mod passage;
mod person;
mod several;
mod stand;
mod web_server;

use countersign_tests::trial::finish;
use libtest_mimic::{Arguments, Trial};

use crate::stand::Stand;
use crate::web_server::Kind;

fn main() {
    let mut trials = Vec::new();
    for kind in [Kind::Nginx, Kind::Caddy] {
        trials.extend(passage::trials(kind));
        trials.extend(headers::trials(kind));
        trials.extend(fences::trials(kind));
    }
    trials.extend(several::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Makes a trial of one kind of web server.
fn trial<F: Future<Output = ()>>(
    kind: Kind,
    name: &str,
    run: impl FnOnce(Stand) -> F + Send + 'static,
) -> Trial {
    let name = format!("{}/{name}", kind.peer().name());
    kind.peer().trial(name, move || {
        finish(async { run(Stand::of(kind).await).await })
    })
}
