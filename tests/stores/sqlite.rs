//! What only a store in a file meets.

#![allow(clippy::print_stdout, reason = "figures are for people")]

mod backup;
mod crash;
mod file;
mod full;
mod processes;
mod scratch;
mod sign_ins;
mod tending;
mod worker;

use std::future::Future;

use libtest_mimic::{Failed, Trial};

pub(crate) use self::worker::is_worker;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = file::trials();
    trials.extend(processes::trials());
    trials.extend(crash::trials());
    trials.extend(sign_ins::trials());
    trials.extend(full::trials());
    trials.extend(tending::trials());
    trials.extend(backup::trials());
    trials
}

/// Makes a trial of a test that waits for things.
fn trial<F>(name: &str, test: fn() -> F) -> Trial
where
    F: Future<Output = Result<(), Box<dyn std::error::Error>>> + 'static,
{
    Trial::test(format!("sqlite/{name}"), move || {
        runtime()
            .block_on(test())
            .map_err(|error| Failed::from(error.to_string()))
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("threads")
}
