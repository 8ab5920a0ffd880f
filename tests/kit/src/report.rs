//! What became of a run: the model of all reports.

mod html;
mod json;
mod junit;

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_host::printable::json_line;
use serde_json::Value;

use crate::case::{Case, Level};
use crate::claim::{Claim, Unfit};
use crate::lab::Ability;
use crate::runner::{Failed, Moment};

pub use self::html::Unrendered;

/// A run of the suite against a plugin.
///
/// # Security
///
/// The plugin's name and answers are a stranger's words, and stand here as they are. [`to_junit`](Self::to_junit),
/// [`to_html`](Self::to_html) and [`to_json`](Self::to_json) escape them; whoever prints them elsewhere must too.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was tested.
    pub plugin: Plugin,
    /// In which host.
    pub host: String,
    /// The level that was asked for, if one was.
    pub asked: Option<Level>,
    /// The level that was required.
    pub level: Level,
    /// What selected the cases; nothing if all were run.
    pub selection: Vec<String>,
    /// Whether a required case that the host cannot do is no shortcoming.
    pub allows_skips: bool,
    /// What the worlds were drawn from.
    pub seed: u64,
    /// How long it took.
    pub time: Duration,
    /// Cases that were expected to fail, were selected, and were not run: what the list says of them is untried.
    pub idle: Vec<String>,
    /// Every case that was selected, in the order of the files.
    pub tried: Vec<Tried>,
}

/// A plugin that was tested.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The name of its file.
    pub file: String,
    /// The SHA-256 of the file, if it is known.
    pub digest: Option<String>,
    /// What it says of itself, if it does.
    pub claim: Option<Claim>,
    /// What of that is not as the contract has it.
    pub faults: Vec<Unfit>,
}

/// A case, and what became of it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The case's id.
    pub id: String,
    /// The name of its file.
    pub file: String,
    /// What it is about, where the id does not say enough.
    pub title: Option<String>,
    /// Its level.
    pub level: Level,
    /// The duties that it covers.
    pub covers: Vec<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// How long it took.
    pub time: Duration,
    /// What was done and seen.
    pub trace: Vec<Moment>,
}

/// What became of a case.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Everything was as it must be.
    Passed,
    /// Something was not.
    Failed(Failed),
    /// It failed, as it was known to.
    ExpectedFailure {
        /// Where and how.
        failed: Failed,
        /// Why that was expected.
        why: String,
    },
    /// It passed, although it was known to fail: the list of expected failures is out of date.
    UnexpectedPass {
        /// Why a failure was expected.
        why: String,
    },
    /// It was not run.
    Skipped(Skip),
    /// It is not about a plugin of this level.
    NotApplicable,
}

/// Why a case was not run.
#[derive(Clone, Debug)]
pub enum Skip {
    /// The host cannot do all that it needs. It was required all the same.
    Lacking(Vec<Ability>),
    /// It is beyond this level, the one that was required.
    Beyond(Level),
}

/// How many cases came out how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Count {
    /// Passed.
    pub passed: usize,
    /// Failed, and nobody expected it.
    pub failed: usize,
    /// Failed, as expected.
    pub expected_failures: usize,
    /// Passed, and nobody expected it.
    pub unexpected_passes: usize,
    /// Not run, although required.
    pub skipped: usize,
    /// Not run, being beyond the level that was required.
    pub beyond: usize,
    /// Not about a plugin of this level.
    pub not_applicable: usize,
}

impl Report {
    /// Says whether the plugin conforms, as far as the cases that were selected tell.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.shortcomings().is_empty()
    }

    /// Says whether every case of the level was run and passed: nothing was left out, skipped or expected to fail.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let count = self.count();
        self.selection.is_empty() && count.skipped == 0 && count.expected_failures == 0
    }

    /// Says why the plugin does not conform, each reason in a few words.
    #[must_use]
    pub fn shortcomings(&self) -> Vec<String> {
        let count = self.count();
        let mut reasons = Vec::new();
        let mut note = |number: usize, one: &str, more: &str| match number {
            0 => {}
            1 => reasons.push(format!("1 {one}")),
            number => reasons.push(format!("{number} {more}")),
        };
        note(count.failed, "case failed", "cases failed");
        let passes = count.unexpected_passes;
        note(
            passes,
            "case passed unexpectedly",
            "cases passed unexpectedly",
        );
        if !self.allows_skips {
            note(
                count.skipped,
                "required case was skipped",
                "required cases were skipped",
            );
        }
        // A run of nothing shows nothing.
        if reasons.is_empty() && count.ran() == 0 {
            let beyond = count.beyond.saturating_add(count.not_applicable);
            reasons.push(match beyond {
                0 => "no case that was selected was run".to_owned(),
                _ => format!(
                    "no case that was selected was run, being about other levels than {}",
                    self.level
                ),
            });
        }
        let faults = self.plugin.faults.len();
        let mut note = |number: usize, one: &str, more: &str| match number {
            0 => {}
            1 => reasons.push(format!("1 {one}")),
            number => reasons.push(format!("{number} {more}")),
        };
        note(
            faults,
            "fault in what the plugin says of itself",
            "faults in what the plugin says of itself",
        );
        let claims = self
            .plugin
            .claim
            .as_ref()
            .is_some_and(|it| !it.levels.is_empty());
        if self.asked.is_none() && !claims {
            reasons.push("the plugin claims no level".to_owned());
        }
        reasons
    }

    /// Counts the cases.
    #[must_use]
    pub fn count(&self) -> Count {
        Count::of(&self.tried)
    }

    /// Counts the cases of each file.
    #[must_use]
    pub fn by_file(&self) -> Vec<(&str, Count)> {
        let mut files: Vec<(&str, Count)> = Vec::new();
        for tried in &self.tried {
            match files.last_mut() {
                Some((file, count)) if *file == tried.file => count.add(&tried.verdict),
                _ => files.push((&tried.file, Count::of([tried]))),
            }
        }
        files
    }

    /// Returns the cases of each duty that one covers, in the order of the ids' areas and numbers.
    #[must_use]
    pub fn by_duty(&self) -> Vec<(&str, Vec<&Tried>)> {
        let mut duties: BTreeMap<(&str, u64), (&str, Vec<&Tried>)> = BTreeMap::new();
        for tried in &self.tried {
            for id in &tried.covers {
                let (area, number) = id.split_once('-').unwrap_or((id, ""));
                let place = (area, number.parse().unwrap_or(u64::MAX));
                let (_, cases) = duties.entry(place).or_insert((id, Vec::new()));
                cases.push(tried);
            }
        }
        duties.into_values().collect()
    }
}

impl Tried {
    /// Begins with a case that nothing is known of yet.
    pub(crate) fn new(file: &str, case: &Case) -> Self {
        Self {
            id: case.id.clone(),
            file: file.to_owned(),
            title: case.title.clone(),
            level: case.level,
            covers: case.covers.clone(),
            // Until something better is known of it.
            verdict: Verdict::Failed(Failed {
                step: "start".to_owned(),
                why: "it was not run".to_owned(),
            }),
            time: Duration::ZERO,
            trace: Vec::new(),
        }
    }
}

impl Verdict {
    /// Names it: `passed`, `failed`, `expected failure`, `unexpected pass`, `skipped`, `not applicable`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::ExpectedFailure { .. } => "expected failure",
            Self::UnexpectedPass { .. } => "unexpected pass",
            Self::Skipped(_) => "skipped",
            Self::NotApplicable => "not applicable",
        }
    }

    /// Says whether it is a shortcoming, whatever skips are worth.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::UnexpectedPass { .. })
    }

    /// Returns where and how the case failed, expected or not.
    #[must_use]
    pub fn failed(&self) -> Option<&Failed> {
        match self {
            Self::Failed(failed) | Self::ExpectedFailure { failed, .. } => Some(failed),
            _ => None,
        }
    }

    /// Says why it is what it is; nothing of a pass.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Passed => None,
            Self::Failed(failed) => Some(failed.to_string()),
            Self::ExpectedFailure { failed, why } => Some(format!("{failed}; expected: {why}")),
            Self::UnexpectedPass { why } => Some(format!("a failure was expected: {why}")),
            Self::Skipped(Skip::Lacking(missing)) => {
                let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
                Some(format!("the host lacks {}", missing.join(", ")))
            }
            Self::Skipped(Skip::Beyond(level)) => Some(format!("beyond the level {level}")),
            Self::NotApplicable => Some("not about a plugin of this level".to_owned()),
        }
    }
}

impl Count {
    /// How many were run.
    #[must_use]
    pub fn ran(&self) -> usize {
        [
            self.passed,
            self.failed,
            self.expected_failures,
            self.unexpected_passes,
        ]
        .iter()
        .sum()
    }

    fn of<'a>(tried: impl IntoIterator<Item = &'a Tried>) -> Self {
        let mut count = Self::default();
        for one in tried {
            count.add(&one.verdict);
        }
        count
    }

    fn add(&mut self, verdict: &Verdict) {
        let number = match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::ExpectedFailure { .. } => &mut self.expected_failures,
            Verdict::UnexpectedPass { .. } => &mut self.unexpected_passes,
            Verdict::Skipped(Skip::Lacking(_)) => &mut self.skipped,
            Verdict::Skipped(Skip::Beyond(_)) => &mut self.beyond,
            Verdict::NotApplicable => &mut self.not_applicable,
        };
        *number = number.saturating_add(1);
    }
}

/// Shows JSON as reports do: on one line that is not longer than anybody reads, escaped for a terminal.
#[must_use]
pub fn short_line(json: &Value) -> String {
    let mut line = json_line(json);
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// In characters.
const LONGEST: usize = 2_000;

/// The version of this library, and of the command with it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
