//! A report for programs.

use serde_json::{Value, json};

use super::{Report, Tried, VERSION, Verdict};
use crate::claim::CONTRACT;
use crate::runner::Moment;

impl Report {
    /// Writes the report as JSON. What was done and seen is there for cases that failed, expected or not.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let cases: Vec<Value> = self.tried.iter().map(case).collect();
        json!({
            "tool": { "name": "countersign", "version": VERSION },
            "contract": CONTRACT,
            "plugin": {
                "file": self.plugin.file,
                "sha256": self.plugin.digest,
                "description": self.plugin.claim,
                "faults": self.plugin.faults,
            },
            "host": self.host,
            "level": self.level,
            "asked": self.asked,
            "filters": self.selection,
            "allows-skips": self.allows_skips,
            "seed": self.seed,
            "expected-and-not-run": self.idle,
            "seconds": self.time.as_secs_f64(),
            // What the exit code says, and what it says of the whole level.
            "passes": self.conforms(),
            "complete": self.is_complete(),
            "conforms": self.conforms() && self.is_complete(),
            "verdict": self.verdict(),
            "shortcomings": self.shortcomings(),
            "count": self.count(),
            "cases": cases,
        })
    }
}

fn case(tried: &Tried) -> Value {
    let failed = tried.verdict.failed();
    let trace = failed.map(|_| &tried.trace);
    json!({
        "id": tried.id,
        "file": tried.file,
        "title": tried.title,
        "level": tried.level,
        "covers": tried.covers,
        "verdict": tried.verdict.name().replace(' ', "-"),
        "reason": tried.verdict.reason(),
        "expected-because": expected(&tried.verdict),
        "step": failed.map(|it| &it.step),
        "why": failed.map(|it| &it.why),
        "seconds": tried.time.as_secs_f64(),
        "trace": trace.map(|it| it.iter().map(moment).collect::<Vec<_>>()),
    })
}

fn expected(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::ExpectedFailure { why, .. } | Verdict::UnexpectedPass { why } => Some(why),
        _ => None,
    }
}

fn moment(moment: &Moment) -> Value {
    let calls = moment.calls.iter();
    json!({
        "step": moment.place,
        "did": moment.did,
        "calls": calls.map(|(function, args)| json!({ "function": function, "args": args })).collect::<Vec<_>>(),
        "expected": moment.expected,
        "answers": moment.answers,
        "events": moment.events,
        "expected-events": moment.expected_events,
    })
}
