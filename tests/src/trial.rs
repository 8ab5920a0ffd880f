//! Trials whose bodies are futures.

use std::panic::{AssertUnwindSafe, catch_unwind};

use libtest_mimic::{Failed, Trial};

/// Makes a trial of a future that needs nothing of others.
pub fn trial<F: Future<Output = ()> + Send + 'static>(
    name: &str,
    run: impl FnOnce() -> F + Send + 'static,
) -> Trial {
    Trial::test(name, move || finish(run()))
}

/// Runs a future to its end, on a runtime of its own. What it holds ends with it, while that runtime is there.
///
/// # Errors
///
/// What it said when it panicked, or why there is no runtime.
pub fn finish(run: impl Future<Output = ()>) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(run))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()))
            .unwrap_or_default()
            .into()
    })
}
