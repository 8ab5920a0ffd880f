//! A report for people, as one page that needs nothing else.

use std::fmt;

use askama::Template;
use countersign_host::printable::Printable;

use super::{Report, Tried, VERSION, Verdict};
use crate::claim::CONTRACT;
use crate::clause::Clause;
use crate::runner::Moment;

/// Why there is no page. There is no such reason that this library knows.
#[derive(Debug)]
pub struct Unrendered(askama::Error);

impl Report {
    /// Writes the report as a page of HTML with its style, and without a script: which cases hold the plugin to which
    /// duty, what became of each, and what was done and seen where one failed.
    ///
    /// # Errors
    ///
    /// None in fact: it is written into memory.
    ///
    /// # Security
    ///
    /// What the plugin said is escaped twice: what is not seen as it is, and what HTML would take for its own.
    pub fn to_html(&self) -> Result<String, Unrendered> {
        Page::of(self).render().map_err(Unrendered)
    }
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    name: String,
    conforms: bool,
    verdict: String,
    facts: Vec<(&'static str, String)>,
    faults: Vec<String>,
    files: Vec<(String, super::Count)>,
    total: super::Count,
    duties: Vec<Duty>,
    cases: Vec<Row>,
}

/// A duty, with the cases that cover it.
struct Duty {
    id: String,
    text: String,
    is_bad: bool,
    cases: Vec<Mark>,
}

/// What became of a case, in a few signs.
struct Mark {
    id: String,
    sign: &'static str,
    class: &'static str,
    name: &'static str,
}

/// A case with all that is known of it.
struct Row {
    mark: Mark,
    file: String,
    title: String,
    level: String,
    milliseconds: u128,
    reason: Option<String>,
    is_bad: bool,
    clauses: Vec<(String, String)>,
    moments: Vec<Shown>,
}

/// A moment, as lines to read.
struct Shown {
    place: String,
    lines: Vec<(&'static str, String)>,
    is_last: bool,
}

impl Page {
    fn of(report: &Report) -> Self {
        let clauses = Clause::of_the_contract();
        let text = |id: &str| {
            let clause = clauses.iter().find(|it| it.id == id);
            clause.map(|it| it.text.clone()).unwrap_or_default()
        };
        let claim = report.plugin.claim.as_ref();
        let name = claim.map_or("a plugin that does not say what it is", |it| &it.name);
        let shortcomings = report.shortcomings();
        // Failures first, and otherwise in the order of the files.
        let mut cases: Vec<&Tried> = report.tried.iter().collect();
        cases.sort_by_key(|it| !it.verdict.is_bad());
        Self {
            name: shown(name),
            conforms: shortcomings.is_empty(),
            verdict: report.verdict(),
            facts: facts(report),
            faults: report
                .plugin
                .faults
                .iter()
                .map(|it| shown(&it.to_string()))
                .collect(),
            files: report
                .by_file()
                .into_iter()
                .map(|(file, count)| (file.to_owned(), count))
                .collect(),
            total: report.count(),
            duties: report
                .by_duty()
                .into_iter()
                .map(|(id, cases)| Duty {
                    id: id.to_owned(),
                    text: text(id),
                    is_bad: cases.iter().any(|it| it.verdict.is_bad()),
                    cases: cases.into_iter().map(Mark::of).collect(),
                })
                .collect(),
            cases: cases.into_iter().map(|it| Row::of(it, &text)).collect(),
        }
    }
}

impl Report {
    /// Sums the run up in a sentence.
    #[must_use]
    pub fn verdict(&self) -> String {
        let shortcomings = self.shortcomings();
        match (shortcomings.is_empty(), self.selection.is_empty()) {
            (true, true) => format!("conforms at the level {}{}", self.level, self.reserve()),
            (true, false) => format!(
                "passes what was selected of the level {}{}",
                self.level,
                self.reserve()
            ),
            // Neither way: there is nothing to judge by.
            (false, false) if self.count().ran() == 0 => {
                format!("shows nothing: {}", shortcomings.join(", "))
            }
            (false, _) => format!(
                "does not conform at the level {}: {}",
                self.level,
                shortcomings.join(", ")
            ),
        }
    }

    /// Says what was forgiven, since it is no pass.
    fn reserve(&self) -> String {
        let count = self.count();
        let forgiven = [
            (count.expected_failures, "expected to fail"),
            (count.skipped, "skipped"),
        ];
        let forgiven: Vec<String> = forgiven
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} {what}"))
            .collect();
        match forgiven.is_empty() {
            true => String::new(),
            false => format!(", but for cases: {}", forgiven.join(", ")),
        }
    }
}

impl Mark {
    fn of(tried: &Tried) -> Self {
        let (sign, class) = match &tried.verdict {
            Verdict::Passed => ("✓", "good"),
            Verdict::Failed(_) => ("✗", "bad"),
            Verdict::ExpectedFailure { .. } => ("(✗)", "known"),
            Verdict::UnexpectedPass { .. } => ("(✓)", "bad"),
            Verdict::Skipped(_) => ("–", "none"),
            Verdict::NotApplicable => ("·", "none"),
        };
        Self {
            id: tried.id.clone(),
            sign,
            class,
            name: tried.verdict.name(),
        }
    }
}

impl Row {
    fn of(tried: &Tried, text: &impl Fn(&str) -> String) -> Self {
        let failed = tried.verdict.failed();
        // What passed is told by `--explain`; here it would bury the rest.
        let moments = failed.map_or(&[][..], |_| &tried.trace);
        Self {
            mark: Mark::of(tried),
            file: tried.file.clone(),
            title: tried.title.clone().unwrap_or_default(),
            level: tried.level.to_string(),
            milliseconds: tried.time.as_millis(),
            reason: tried.verdict.reason().map(|it| shown(&it)),
            is_bad: tried.verdict.is_bad(),
            clauses: tried
                .covers
                .iter()
                .map(|id| (id.clone(), text(id)))
                .collect(),
            moments: moments
                .iter()
                .enumerate()
                .map(|(i, it)| Shown::of(it, i.saturating_add(1) == moments.len()))
                .collect(),
        }
    }
}

impl Shown {
    fn of(moment: &Moment, is_last: bool) -> Self {
        Self {
            place: shown(&moment.place),
            lines: moment.lines(),
            is_last,
        }
    }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let plugin = &report.plugin;
    let claim = plugin.claim.as_ref();
    let levels: Vec<String> = claim
        .map(|it| it.levels.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    let claims = match (claim, levels.is_empty()) {
        (None, _) => "nothing: it does not answer".to_owned(),
        (Some(_), true) => "no level".to_owned(),
        (Some(claim), false) => format!(
            "{} of countersign:mfa@{}",
            levels.join(", "),
            shown(&claim.contract)
        ),
    };
    let mut facts = vec![
        ("file", shown(&plugin.file)),
        (
            "SHA-256",
            plugin
                .digest
                .clone()
                .unwrap_or_else(|| "unknown".to_owned()),
        ),
        ("claims", claims),
        (
            "tested at",
            format!("level {} of countersign:mfa@{CONTRACT}", report.level),
        ),
        ("in the host", shown(&report.host)),
        ("with the seed", report.seed.to_string()),
        ("by", format!("countersign {VERSION}")),
        ("within", format!("{:.1} s", report.time.as_secs_f64())),
    ];
    if !report.idle.is_empty() {
        facts.push(("expected to fail, not run", report.idle.join(", ")));
    }
    if !report.selection.is_empty() {
        facts.push(("selected by", shown(&report.selection.join(", "))));
    }
    facts
}

fn shown(text: &str) -> String {
    Printable(text).to_string()
}

impl fmt::Display for Unrendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Unrendered {}
