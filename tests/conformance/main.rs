//! Every case against every subject, programs of others against the component, and cases against wrong plugins.
//!
//! The trials are called `component/verify/right-code-once`: subject, file, id. A part of such a name as an argument
//! runs the trials that have it. A trial whose peer is missing is shown as ignored, and fails where the environment
//! variable `COUNTERSIGN_REQUIRE` names the peer.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]

mod authenticators;
mod hostile_hosts;
mod hostile_plugins;
mod hosts;
mod junit;
mod mutants;
mod python;

use std::sync::{Arc, LazyLock};

use countersign_conformance::{Cases, Lab, Level, Local, runner};
use countersign_tests::peer::Peer;
use countersign_tests::subject;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

fn main() {
    let cases = match Cases::of_the_contract() {
        Ok(cases) => Arc::new(cases),
        Err(error) => panic!("{error}"),
    };
    let mut trials = authenticators::trials();
    trials.extend(hostile_hosts::trials());
    trials.extend(hostile_plugins::trials());
    trials.extend(junit::trials(&cases));
    trials.extend(python::trials(&cases));
    trials.extend(mutants::trials(&cases));
    trials.extend(hosts::trials());
    for subject in subject::all() {
        let lab: Arc<dyn Lab> = Arc::new(Local::of(subject));
        // Every subject of this tree claims the extended level.
        for (file, case) in cases.required_of(Level::Extended) {
            let name = format!("{}/{}/{}", lab.name(), file.name, case.id);
            let (cases, case, lab) = (Arc::clone(&cases), case.clone(), Arc::clone(&lab));
            trials.push(Trial::test(name, move || {
                let ran = RUNTIME.block_on(runner::run(&cases, &case, &*lab));
                ran.passed()
                    .map_err(|failed| Failed::from(failed.to_string()))
            }));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// A trial that needs a program of others.
fn with_peer(
    peer: Peer,
    name: &str,
    trial: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    peer.trial(format!("{}/{name}", peer.name()), trial)
}

/// One for all trials, with threads of its own, so that calls that race do.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .expect("a runtime starts")
});
