//! Runs the cases of the contract against a plugin, and says what became of each.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::case::{Case, Cases, Level};
use crate::claim::Claim;
use crate::expected::Expected;
use crate::lab::{Ability, Lab};
use crate::report::{Plugin, Report, Skip, Tried, Verdict};
use crate::runner::{self, Failed, Outcome, Ran, Terms};
use crate::selection::Selection;

/// What is run, and how.
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
///
/// use countersign_conformance::{Cases, Component, Local, Suite};
///
/// # async fn test() -> Result<(), Box<dyn std::error::Error>> {
/// let plugin = countersign_host::Plugin::load_file("plugin.wasm")?;
/// let digest = plugin.digest();
/// let lab = Local::of(Arc::new(Component::of("countersign-host", plugin)));
/// let suite = Suite::new(Arc::new(Cases::of_the_contract()?), Arc::new(lab));
/// let report = suite.run("plugin.wasm", Some(digest.to_string()), |_| {}).await;
/// assert!(report.conforms(), "{:?}", report.shortcomings());
/// # Ok(())
/// # }
/// ```
pub struct Suite {
    cases: Arc<Cases>,
    lab: Arc<dyn Lab>,
    /// The level that is required; that which the plugin claims unless set, and `core` where it claims none.
    pub level: Option<Level>,
    /// Which cases; all unless set.
    pub selection: Selection,
    /// Which failures are known.
    pub expected: Expected,
    /// Whether a case that the lab cannot do is no shortcoming.
    pub allows_skips: bool,
    /// How many cases run at once; 1 unless set.
    pub jobs: usize,
    /// On what terms each case is run; with a minute's time and the seed 1 unless set.
    pub terms: Terms,
}

impl Suite {
    /// Takes the cases, and where they are run.
    #[must_use]
    pub fn new(cases: Arc<Cases>, lab: Arc<dyn Lab>) -> Self {
        Self {
            cases,
            lab,
            level: None,
            selection: Selection::default(),
            expected: Expected::default(),
            allows_skips: false,
            jobs: 1,
            terms: Terms {
                most: Duration::from_secs(60),
                ..Terms::default()
            },
        }
    }

    /// Asks the plugin what it claims, runs the cases that are selected, and reports. `file` and `digest` say in the
    /// report what was tested. `noted` is told of each case when it is done.
    ///
    /// A plugin that traps or hangs fails the cases in which it does, and no other.
    pub async fn run(
        &self,
        file: &str,
        digest: Option<String>,
        noted: impl Fn(&Tried) + Send + Sync,
    ) -> Report {
        let begun = Instant::now();
        let (claim, faults) = Claim::ask(&*self.lab, self.terms.most).await;
        let claimed = claim.as_ref().and_then(Claim::level);
        let level = self.level.or(claimed).unwrap_or_default();
        let tried = self.run_all(level, claimed, noted).await;
        Report {
            plugin: Plugin {
                file: file.to_owned(),
                digest,
                claim,
                faults,
            },
            host: self.lab.name().to_owned(),
            asked: self.level,
            level,
            selection: self.selection.texts().to_vec(),
            allows_skips: self.allows_skips,
            seed: self.terms.seed,
            time: begun.elapsed(),
            idle: self.idle(&tried),
            tried,
        }
    }

    async fn run_all(
        &self,
        level: Level,
        claimed: Option<Level>,
        noted: impl Fn(&Tried),
    ) -> Vec<Tried> {
        let places = Arc::new(Semaphore::new(self.jobs.max(1)));
        let mut running = JoinSet::new();
        let mut tried = Vec::new();
        for (place, (file, case)) in self.selection.of_all(&self.cases).enumerate() {
            let mut one = Tried::new(&file.name, case);
            one.verdict = match unfit(case, level, claimed) {
                Some(verdict) => verdict,
                None => {
                    let (cases, lab) = (Arc::clone(&self.cases), Arc::clone(&self.lab));
                    let (places, case) = (Arc::clone(&places), case.clone());
                    let terms = self.terms;
                    running.spawn(async move {
                        // Never closed; without a place it would run all the same.
                        let _place = places.acquire().await;
                        let begun = Instant::now();
                        // A task of its own, so that what panics is known by its case.
                        let ran = tokio::spawn(async move {
                            runner::run_on(&cases, &case, &*lab, terms).await
                        });
                        (place, ran.await, begun.elapsed())
                    });
                    tried.push(one);
                    continue;
                }
            };
            noted(&one);
            tried.push(one);
        }
        while let Some(done) = running.join_next().await {
            let Ok((place, ran, time)) = done else {
                continue;
            };
            if let Some(one) = tried.get_mut(place) {
                let ran = ran.unwrap_or_else(|error| {
                    Ran::untold(Outcome::Failed(Failed {
                        step: "start".to_owned(),
                        why: format!("the suite itself failed: {error}"),
                    }))
                });
                one.verdict = self.judge(&one.id, ran.outcome);
                one.trace = ran.trace;
                one.time = time;
                noted(one);
            }
        }
        tried
    }

    /// Returns the cases that were expected to fail, were selected, and were not run.
    fn idle(&self, tried: &[Tried]) -> Vec<String> {
        let expected: BTreeSet<&str> = self.expected.ids().collect();
        tried
            .iter()
            .filter(|it| matches!(it.verdict, Verdict::Skipped(_) | Verdict::NotApplicable))
            .filter(|it| expected.contains(it.id.as_str()))
            .map(|it| it.id.clone())
            .collect()
    }

    /// Compares what became of a case with what was expected of it.
    fn judge(&self, id: &str, outcome: Outcome) -> Verdict {
        let expected = self.expected.why(id).map(str::to_owned);
        match (outcome, expected) {
            (Outcome::Passed, None) => Verdict::Passed,
            (Outcome::Passed, Some(why)) => Verdict::UnexpectedPass { why },
            (Outcome::Failed(failed), None) => Verdict::Failed(failed),
            (Outcome::Failed(failed), Some(why)) => Verdict::ExpectedFailure { failed, why },
            (Outcome::Skipped { missing }, _) => Verdict::Skipped(Skip::Lacking(missing)),
            (Outcome::Apart, _) => Verdict::Skipped(Skip::Lacking(vec![Ability::Race])),
        }
    }
}

/// Returns what becomes of a case that is not run.
fn unfit(case: &Case, level: Level, claimed: Option<Level>) -> Option<Verdict> {
    if case.level > level {
        return Some(Verdict::Skipped(Skip::Beyond(level)));
    }
    // Whoever is asked for more than it claims is held to all of it.
    let highest = claimed.map_or(level, |claimed| claimed.max(level));
    (!case.is_for(highest)).then_some(Verdict::NotApplicable)
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite")
            .field("lab", &self.lab.name())
            .field("level", &self.level)
            .field("selection", &self.selection)
            .finish_non_exhaustive()
    }
}
