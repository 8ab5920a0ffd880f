//! The cases for hosts, on our own host, and on hosts that are wrong on purpose.

mod flaw;
mod model;

use std::sync::{Arc, LazyLock};

use countersign_conformance::runner::Outcome;
use countersign_conformance::{
    Ability, Component, Host, HostCase, HostUnderTest, OwnHost, Refusal,
};
use countersign_host::Limits;
use libtest_mimic::{Failed, Trial};

use crate::RUNTIME;
use flaw::Flaw;
use model::ModelHost;

/// The trials: `host/ID` for our own host, `model-host/ID` for one that is right, `wrong-host/FLAW/ID` for each that is
/// wrong and a case that must fail on it; with `alone` in place of `ID` no other case fails, with `every-case` each does;
/// `lab-without-races/ID` for one whose races are none.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = of(Arc::new(OwnHost::within(limits())), "host");
    trials.extend(of(Arc::new(ModelHost(None)), "model-host"));
    trials.extend(Flaw::ALL.iter().map(|(flaw, id)| {
        Trial::test(format!("wrong-host/{flaw:?}/{id}"), move || {
            found(*flaw, id)
        })
    }));
    trials.extend(Flaw::ALONE.iter().map(|(flaw, id)| {
        Trial::test(format!("wrong-host/{flaw:?}/{id}/alone"), move || {
            fails_in(*flaw, |case| case.id == *id)
        })
    }));
    trials.extend(Flaw::ALWAYS.iter().map(|flaw| {
        Trial::test(format!("wrong-host/{flaw:?}/every-case"), move || {
            fails_in(*flaw, |_| true)
        })
    }));
    trials.extend(
        HostCase::all()
            .into_iter()
            .filter(|case| case.needs.contains(&Ability::Race))
            .map(|case| {
                let name = format!("lab-without-races/{}", case.id);
                Trial::test(name, move || skipped(&case))
            }),
    );
    trials
}

/// A host with the probe in it, or why it does not load it.
type Loaded = LazyLock<Result<HostUnderTest, Refusal>, Load>;
type Load = Box<dyn FnOnce() -> Result<HostUnderTest, Refusal> + Send>;

/// A trial for each case on a host that is right.
fn of(host: Arc<dyn Host>, name: &str) -> Vec<Trial> {
    // Once, and not where the trials are only listed.
    let load = move || RUNTIME.block_on(HostUnderTest::load(host, countersign_component::PROBE));
    let loaded: Arc<Loaded> = Arc::new(LazyLock::new(Box::new(load)));
    HostCase::all()
        .into_iter()
        .map(|case| {
            let loaded = Arc::clone(&loaded);
            Trial::test(format!("{name}/{}", case.id), move || {
                let host = LazyLock::force(&loaded).as_ref();
                let host = host.map_err(|refusal| Failed::from(refusal.to_string()))?;
                let ran = RUNTIME.block_on(case.run(host));
                ran.passed()
                    .map_err(|failed| Failed::from(failed.to_string()))
            })
        })
        .collect()
}

/// Runs a case of calls that race in a lab that makes them one after another, where it must not pass.
fn skipped(case: &HostCase) -> Result<(), Failed> {
    let host: Arc<dyn Host> = Arc::new(ModelHost(Some(Flaw::RacesOneByOne)));
    let outcome = RUNTIME.block_on(async {
        let host = HostUnderTest::load(host, countersign_component::PROBE).await?;
        Ok::<_, Refusal>(case.run(&host).await.outcome)
    });
    match outcome.map_err(|refusal| refusal.to_string())? {
        Outcome::Apart => Ok(()),
        other => Err(format!("nobody saw it: {other:?}").into()),
    }
}

/// Runs a case on a host with a flaw, which it must find.
fn found(flaw: Flaw, id: &str) -> Result<(), Failed> {
    let host: Arc<dyn Host> = Arc::new(ModelHost(Some(flaw)));
    let cases = HostCase::all();
    let case = cases.iter().find(|case| case.id == id);
    let case = case.ok_or_else(|| format!("no case is called {id}"))?;
    let outcome = RUNTIME.block_on(async {
        let host = HostUnderTest::load(host, countersign_component::PROBE).await?;
        Ok::<_, Refusal>(case.run(&host).await.outcome)
    });
    match outcome.map_err(|refusal| refusal.to_string())? {
        // What happened, and not that something was still owed after it.
        Outcome::Failed(failed) if flaw == Flaw::DiesOfRefusals => {
            match failed.why.contains("the host failed: it ended") {
                true => Ok(()),
                false => Err(failed.to_string().into()),
            }
        }
        Outcome::Failed(_) => Ok(()),
        other => Err(format!("the flaw was not found: {other:?}").into()),
    }
}

/// Runs every case on a host with a flaw: those, and no others, must fail.
fn fails_in(flaw: Flaw, must_fail: impl Fn(&HostCase) -> bool) -> Result<(), Failed> {
    let host: Arc<dyn Host> = Arc::new(ModelHost(Some(flaw)));
    let wrong: Result<Vec<String>, Refusal> = RUNTIME.block_on(async {
        let host = HostUnderTest::load(host, countersign_component::PROBE).await?;
        let mut wrong = Vec::new();
        for case in HostCase::all() {
            let outcome = case.run(&host).await.outcome;
            if matches!(outcome, Outcome::Failed(_)) != must_fail(&case) {
                wrong.push(format!("{}: {outcome:?}", case.id));
            }
        }
        Ok(wrong)
    });
    match wrong.map_err(|refusal| refusal.to_string())? {
        wrong if wrong.is_empty() => Ok(()),
        wrong => Err(wrong.join("\n").into()),
    }
}

/// As in other tests; but what never ends is tested too, and half a minute is long to wait for it.
fn limits() -> Limits {
    let mut limits = Component::limits();
    limits.guest_time = std::time::Duration::from_secs(3);
    limits
}
