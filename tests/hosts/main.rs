//! Every case against the component in the example hosts of other languages, every case for hosts and every hostile plugin
//! on these, and what the kit makes of hosts that fail.
//!
//! The trials are called `host-node/verify/right-code-once`: host, file, id; those for hosts `host-node/duties/ID`, and
//! hostile plugins `host-node/hostile/ID`. Where the host's language or packages are
//! missing they are shown as ignored, and fail where `COUNTERSIGN_REQUIRE` names the peer.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]

mod faulty;
mod hostile;
mod refusals;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use countersign_conformance::{
    Ability, Cases, Host, HostCase, HostUnderTest, Lab, Level, Refusal, Remote, runner,
};
use countersign_tests::peer::Peer;
use countersign_tests::tree;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

fn main() {
    let cases = match Cases::of_the_contract() {
        Ok(cases) => Arc::new(cases),
        Err(error) => panic!("{error}"),
    };
    let mut trials = faulty::trials();
    let hosts = [
        Example::of("host-node", Peer::Jco, "node/host.mjs"),
        Example::of("host-python", Peer::WasmtimePy, "python/host.py"),
    ];
    for host in &hosts {
        trials.extend(refusals::trials(host));
        trials.extend(hostile::trials(host));
        trials.push(host.trial("no-case-is-skipped", |lab| {
            // A host that can do less has its cases skipped, which would go by unseen.
            match *lab.abilities() == BTreeSet::from(Ability::ALL) {
                true => Ok(()),
                false => Err(format!("it can do no more than {:?}", lab.abilities()).into()),
            }
        }));
        for (file, case) in cases.required_of(Level::Extended) {
            let name = format!("{}/{}", file.name, case.id);
            let (cases, case) = (Arc::clone(&cases), case.clone());
            trials.push(host.trial(&name, move |lab| {
                let ran = RUNTIME.block_on(runner::run(&cases, &case, &*lab));
                ran.passed()
                    .map_err(|failed| Failed::from(failed.to_string()))
            }));
        }
    }
    for host in &hosts {
        // Nothing in JavaScript interrupts what runs: see the README beside.
        let endless = |case: &HostCase| case.id == ENDLESS && host.peer == Peer::Jco;
        let cases = HostCase::all().into_iter();
        trials.extend(
            cases
                .filter(|case| !endless(case))
                .map(|case| host.duty(case)),
        );
    }
    trials.extend(hosts.iter().filter(|it| it.peer == Peer::Jco).map(hangs));
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    // Before this process ends, so that theirs do, and the file of the component goes.
    drop(hosts);
    conclusion.exit();
}

/// An example host, which is started when the first trial needs it.
#[derive(Clone)]
struct Example {
    name: &'static str,
    peer: Peer,
    remote: Remote,
    /// What came of that: a host that does not start is not started again for each trial.
    loaded: Arc<OnceCell<Result<Arc<dyn Lab>, String>>>,
    /// The same with the probe in it.
    probed: Arc<OnceCell<Result<HostUnderTest, String>>>,
}

impl Example {
    /// Takes a host of this tree by the path of its program.
    fn of(name: &'static str, peer: Peer, path: &str) -> Self {
        let program: PathBuf = tree::root().join("tests/hosts").join(path);
        Self {
            name,
            peer,
            remote: Remote::new(peer.program(), [program.display().to_string()]),
            loaded: Arc::default(),
            probed: Arc::default(),
        }
    }

    /// Makes a trial on the host with our component in it.
    fn trial(
        &self,
        name: &str,
        run: impl FnOnce(Arc<dyn Lab>) -> Result<(), Failed> + Send + 'static,
    ) -> Trial {
        let host = self.clone();
        self.peer.trial(format!("{}/{name}", self.name), move || {
            let load = async || {
                let loaded = host.remote.load(countersign_component::WASM).await;
                loaded.map_err(|refusal| refusal.to_string())
            };
            run(RUNTIME.block_on(host.loaded.get_or_init(load)).clone()?)
        })
    }

    /// Makes a trial of a case for hosts.
    fn duty(&self, case: HostCase) -> Trial {
        let host = self.clone();
        let name = format!("{}/duties/{}", self.name, case.id);
        self.peer.trial(name, move || {
            let load = async || {
                // A busy machine takes its time to take memory until there is none left.
                let host = host.remote.clone();
                let host = Arc::new(host.within(Duration::from_secs(120), Duration::from_secs(85)));
                let loaded = HostUnderTest::load(host, countersign_component::PROBE).await;
                loaded.map_err(|refusal| refusal.to_string())
            };
            let probed = RUNTIME.block_on(host.probed.get_or_init(load));
            let probed = probed.as_ref().map_err(Failed::from)?;
            let ran = RUNTIME.block_on(case.run(probed));
            ran.passed()
                .map_err(|failed| Failed::from(failed.to_string()))
        })
    }

    /// Makes a trial on what the host says of another component.
    fn load_trial(
        &self,
        name: &str,
        component: Vec<u8>,
        run: impl FnOnce(Result<Arc<dyn Lab>, Refusal>) -> Result<(), Failed> + Send + 'static,
    ) -> Trial {
        let remote = self.remote.clone();
        self.peer.trial(format!("{}/{name}", self.name), move || {
            run(RUNTIME.block_on(remote.load(&component)))
        })
    }
}

/// Makes a trial of what is said of a host that cannot end a call: what happened, and not that it refused.
fn hangs(host: &Example) -> Trial {
    let name = format!("{}/an-endless-loop-is-told-as-no-answer", host.name);
    let remote = host.remote.clone();
    let remote = remote.within(Duration::from_secs(120), Duration::from_secs(10));
    host.peer.trial(name, move || {
        let ran = RUNTIME.block_on(async {
            let under_test =
                HostUnderTest::load(Arc::new(remote), countersign_component::PROBE).await?;
            let cases = HostCase::all();
            let case = cases.iter().find(|case| case.id == ENDLESS);
            Ok::<_, Refusal>(case.expect("it is a case").run(&under_test).await)
        });
        match ran.map_err(|refusal| refusal.to_string())?.outcome {
            runner::Outcome::Failed(failed) if failed.why.contains(NO_ANSWER) => Ok(()),
            other => Err(format!("expected {NO_ANSWER}, found {other:?}").into()),
        }
    })
}

const NO_ANSWER: &str = "no answer within 10 seconds";
/// The case for hosts whose component never ends its call.
const ENDLESS: &str = "world-endless-loop-is-a-refusal";

/// One for all trials, since a host's processes are used in the runtime that started them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
});
