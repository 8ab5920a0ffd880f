//! A trial: somebody with a browser, a gateway for them, and an end to both.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use countersign_tests::gateway::Site;
use countersign_tests::peer::Peer;
use libtest_mimic::Trial;
use tokio::runtime::Runtime;
use tokio::task::{LocalSet, spawn_local};

use crate::driver::{self, Scripts};
use crate::examination;
use crate::person::{Person, Told};
use crate::screenshots::WIDE;
use crate::told;

/// Makes a trial of a journey, named by a sentence.
pub(crate) fn trial<F>(name: &'static str, journey: fn(Person) -> F) -> Trial
where
    F: Future<Output = Told> + 'static,
{
    trial_with(name, Scripts::On, journey)
}

/// Makes a trial of a journey in a browser that may or may not run scripts.
pub(crate) fn trial_with<F>(name: &'static str, scripts: Scripts, journey: fn(Person) -> F) -> Trial
where
    F: Future<Output = Told> + 'static,
{
    let run = move || {
        RUNTIME.block_on(LocalSet::new().run_until(async {
            let site = Arc::new(Site::start().await?);
            let person = Person {
                browser: driver::open(scripts).await?,
                site,
                journey: name,
                scripts,
            };
            person.resize(WIDE.0, WIDE.1).await?;
            // A task of its own, so that the browser is closed also if it panics.
            let done = spawn_local(journey(person.clone())).await;
            let noted = examination::complaints(&person).await;
            person.browser.close().await.map_err(told)?;
            done.map_err(told)??;
            noted?;
            Ok(())
        }))
    };
    Peer::trial_of(&[Peer::Chromium, Peer::Oathtool, Peer::Zbarimg], name, run)
}

/// One for all trials.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
});
