//! What only a store in a file meets.

mod file;
mod scratch;

use std::future::Future;

use libtest_mimic::{Failed, Trial};

pub(crate) fn trials() -> Vec<Trial> {
    file::trials()
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
