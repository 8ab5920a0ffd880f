//! The conformance kit itself: what becomes of plugins and hosts that do not do what they should.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countersign_conformance::report::{Skip, Verdict};
use countersign_conformance::{
    Ability, Cases, Component, Expected, Fault, Instance, Lab, Level, Local, Report, Selection,
    Session, Subject, Suite, World,
};
use countersign_host::Plugin;
use countersign_tests::subject::Core;
use serde_json::{Value, json};

use crate::hostile::Hostile;

/// The core, claiming and doing other things than it does.
#[derive(Clone, Copy)]
enum Odd {
    /// Claims the core level, and has no more.
    CoreAlone,
    /// Claims the core level, and has more all the same.
    MoreThanClaimed,
    /// Never answers when a ticket is inspected.
    Hangs,
    /// Describes itself otherwise each time.
    Fickle,
}

impl Subject for Odd {
    fn name(&self) -> &'static str {
        "odd"
    }

    fn start(&self, world: &World) -> Arc<dyn Instance> {
        Arc::new(Running {
            odd: *self,
            calls: AtomicU32::new(0),
            core: Core.start(world),
        })
    }
}

struct Running {
    odd: Odd,
    calls: AtomicU32,
    core: Arc<dyn Instance>,
}

#[async_trait]
impl Instance for Running {
    async fn call(&self, function: &str, args: &Value) -> Result<Value, Fault> {
        let is_beyond = !Level::Core.has(function);
        match self.odd {
            Odd::CoreAlone if is_beyond => Ok(json!({ "err": { "other": "not-implemented" } })),
            Odd::Hangs if function == "sign-in.inspect" => pending().await,
            _ => {
                let mut answer = self.core.call(function, args).await?;
                let claims_less = matches!(self.odd, Odd::CoreAlone | Odd::MoreThanClaimed);
                if function == "meta.describe" && claims_less {
                    answer["levels"] = json!(["core"]);
                }
                if function == "meta.describe" && matches!(self.odd, Odd::Fickle) {
                    answer["name"] = json!(self.calls.fetch_add(1, Ordering::Relaxed).to_string());
                    answer["formats"]["written"] = json!(9);
                }
                Ok(answer)
            }
        }
    }
}

/// A lab that cannot do everything.
struct Less(Local, BTreeSet<Ability>);

#[async_trait]
impl Lab for Less {
    fn name(&self) -> &'static str {
        "less"
    }

    fn abilities(&self) -> &BTreeSet<Ability> {
        &self.1
    }

    async fn begin(&self, seed: u64) -> Result<Box<dyn Session>, Fault> {
        self.0.begin(seed).await
    }
}

fn suite(lab: impl Lab + 'static, filters: &[&str]) -> Suite {
    let cases = Cases::of_the_contract().expect("the cases are readable");
    let mut suite = Suite::new(Arc::new(cases), Arc::new(lab));
    suite.selection = Selection::of(filters.iter().map(|it| (*it).to_owned()).collect());
    suite.jobs = 4;
    suite
}

fn odd(odd: Odd, filters: &[&str]) -> Suite {
    suite(Local::of(Arc::new(odd)), filters)
}

async fn run(suite: &Suite) -> Report {
    suite.run("odd.wasm", None, |_| {}).await
}

fn verdict<'a>(report: &'a Report, id: &str) -> &'a Verdict {
    let tried = report.tried.iter().find(|it| it.id == id);
    &tried
        .unwrap_or_else(|| panic!("{id} was not tried"))
        .verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn the_core_level_can_be_passed_by_a_plugin_that_has_no_more() {
    let report = run(&odd(Odd::CoreAlone, &[])).await;
    assert!(report.conforms(), "{:?}", report.shortcomings());
    assert_eq!(report.level, Level::Core);
    let beyond = verdict(&report, "every-spelling-is-one-number");
    let skipped = matches!(beyond, Verdict::Skipped(Skip::Beyond(Level::Core)));
    assert!(skipped, "{beyond:?}");
    let count = report.count();
    assert!(count.passed > 100 && count.beyond > 50, "{count:?}");
    assert_eq!(count.skipped, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_does_more_than_it_claims_does_not_conform() {
    let report = run(&odd(Odd::MoreThanClaimed, &["META-2"])).await;
    assert_eq!(report.shortcomings(), ["1 case failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_about_a_plugin_is_neither_passed_nor_skipped() {
    let report = run(&suite(Local::of(Arc::new(Core)), &["META-2", "META-1"])).await;
    let count = report.count();
    assert_eq!(
        (count.not_applicable, count.passed, count.skipped),
        (1, 1, 0)
    );
    assert!(report.conforms());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_hangs_fails_where_it_does_and_nowhere_else() {
    let mut suite = odd(Odd::Hangs, &["stages", "right-code-once"]);
    suite.terms.most = Duration::from_millis(1_500);
    let report = run(&suite).await;
    assert!(matches!(
        verdict(&report, "right-code-once"),
        Verdict::Passed
    ));
    let failed = report.tried.iter().filter_map(|it| it.verdict.failed());
    let late = failed.filter(|it| it.why.contains("not done after 1.5 s"));
    assert!(late.count() > 0, "{:?}", report.count());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_that_changes_or_makes_no_sense_is_a_shortcoming() {
    let report = run(&odd(Odd::Fickle, &["right-code-once"])).await;
    let faults = report.plugin.faults.iter();
    let clauses: Vec<_> = faults.map(|it| it.clause.as_str()).collect();
    assert_eq!(clauses, ["meta.description.formats", "META-1"]);
    assert!(!report.conforms());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_the_host_cannot_do_is_no_pass() {
    let mut abilities = BTreeSet::from(Ability::ALL);
    abilities.remove(&Ability::Restart);
    let lab = Less(Local::of(Arc::new(Core)), abilities);
    let mut suite = suite(
        lab,
        &["a-used-code-stays-used-after-a-restart", "right-code-once"],
    );
    let report = run(&suite).await;
    assert_eq!(report.shortcomings(), ["1 required case was skipped"]);
    let reason = verdict(&report, "a-used-code-stays-used-after-a-restart").reason();
    assert_eq!(reason.as_deref(), Some("the host lacks restart"));
    let failures = |report: &Report| report.to_junit().unwrap().matches("<failure").count();
    // The case, and the verdict.
    assert_eq!(failures(&report), 2);
    suite.allows_skips = true;
    let report = run(&suite).await;
    assert!(report.conforms());
    assert_eq!((report.count().passed, report.count().skipped), (1, 1));
    assert_eq!(failures(&report), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expected_failure_is_no_shortcoming_and_an_unexpected_pass_is_one() {
    let expecting = |odd_one: Odd, id: &str| {
        let mut suite = odd(odd_one, &[id]);
        let text = format!("[[expected]]\nid = \"{id}\"\nwhy = \"a known gap\"");
        let cases = Cases::of_the_contract().expect("the cases are readable");
        suite.expected = Expected::parse(&text, &cases).expect("it is a list");
        suite
    };
    let beyond = "what-is-beyond-the-core-is-not-implemented";
    let report = run(&expecting(Odd::MoreThanClaimed, beyond)).await;
    assert!(report.conforms(), "{:?}", report.shortcomings());
    assert_eq!(
        (report.count().expected_failures, report.count().passed),
        (1, 0)
    );
    let report = run(&expecting(Odd::CoreAlone, beyond)).await;
    assert_eq!(report.shortcomings(), ["1 case passed unexpectedly"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_traps_everywhere_and_claims_nothing_fails_every_case_and_the_run_goes_on() {
    let component = Hostile::default().component();
    let plugin = Plugin::load(&component).expect("it loads");
    let lab = Local::of(Arc::new(Component::of("host", plugin)));
    let report = run(&suite(lab, &["verify", "policy"])).await;
    assert_eq!(report.level, Level::Core);
    let count = report.count();
    assert_eq!(count.passed, 0, "{count:?}");
    assert!(count.failed > 30, "{count:?}");
    let last = report.shortcomings().pop();
    assert_eq!(last.as_deref(), Some("the plugin claims no level"));
}
