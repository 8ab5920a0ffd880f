//! `countersign conformance-host`.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use countersign_conformance::runner::{APART, Moment, Outcome, Ran};
use countersign_conformance::{Host, HostCase, HostUnderTest, OwnHost, Remote};
use countersign_host::printable::Printable;
use serde_json::{Value, json};

use crate::conformance::explanation::clauses;
use crate::exit::Exit;
use crate::json::pretty;
use crate::plugin;
use crate::progress::Progress;
use crate::style::{BAD, BOLD, DIM, GOOD};

/// Says whether a host does its part of the contract, duty by duty
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ConformanceHost {
    /// Only cases with this in their id, or of this duty, such as STORE-4; may be repeated
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// List the cases in place of running them
    #[arg(long)]
    list: bool,
    /// Run this case, and tell all of it: duties, scripts, what was expected and what was seen
    #[arg(long, value_name = "CASE", conflicts_with_all = ["filter", "list"])]
    explain: Option<String>,
    /// Test this host, not this project's own: a program with its arguments, such as `node
    /// tests/hosts/node/host.mjs`. It speaks the protocol of `tests/hosts/README.md`, and runs with your rights
    #[arg(long, value_name = "COMMAND", conflicts_with = "list")]
    host: Option<String>,
    /// Do not count it against the host where its lab cannot do what a case needs
    #[arg(long)]
    allow_skips: bool,
    /// Print JSON in place of a table
    #[arg(long, conflicts_with = "explain")]
    json: bool,
    /// Write the component that tests hosts to a file, and run nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filter", "list", "explain", "json", "host"])]
    write_probe: Option<PathBuf>,
}

impl ConformanceHost {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        if let Some(path) = &self.write_probe {
            return fs::write(path, countersign_component::PROBE)
                .map_err(|error| Exit::Fault(format!("cannot write {}: {error}", path.display())));
        }
        let cases = self.selected()?;
        if self.list {
            return self.write_list(&cases, out);
        }
        let host = HostUnderTest::load(self.host()?, countersign_component::PROBE).await;
        let host = host
            .map_err(|refusal| Exit::Refused(format!("it does not load the probe: {refusal}")))?;
        let begun = Instant::now();
        let mut tried = Vec::with_capacity(cases.len());
        let progress = Progress::of("cases", u64::try_from(cases.len()).ok());
        for case in cases {
            let ran = case.run(&host).await;
            progress.add(1);
            tried.push((case, ran));
        }
        drop(progress);
        if self.explain.is_some() {
            explain(&tried, out)?;
        } else if self.json {
            let report = self.to_json(host.name(), &tried);
            writeln!(out, "{}", pretty(&report))?;
        } else {
            writeln!(out, "{BOLD}{}{BOLD:#}\n", Printable(host.name()))?;
            for (case, ran) in &tried {
                write_row(case, ran, out)?;
            }
        }
        let (passes, verdict) = self.verdict(&tried);
        if !self.json {
            let seconds = begun.elapsed().as_secs_f64();
            let style = if passes { GOOD } else { BAD };
            writeln!(
                out,
                "\n{style}{verdict}{style:#} {DIM}in {seconds:.1} s{DIM:#}"
            )?;
        }
        match passes {
            true => Ok(()),
            false => Err(Exit::AnsweredNo(format!("the host {verdict}"))),
        }
    }

    /// Returns the host that was asked for.
    fn host(&self) -> Result<Arc<dyn Host>, Exit> {
        let Some(command) = &self.host else {
            return Ok(Arc::new(OwnHost::within(plugin::relaxed_limits())));
        };
        let host =
            Remote::parse(command).map_err(|error| Exit::Usage(format!("--host: {error}")))?;
        Ok(Arc::new(host))
    }

    fn selected(&self) -> Result<Vec<HostCase>, Exit> {
        let is_about = |text: &String, case: &HostCase| {
            let mut duties = case.covers.iter();
            let has = case.id.contains(text.as_str()) && !text.is_empty();
            has || duties.any(|it| it.eq_ignore_ascii_case(text))
        };
        let mut cases = HostCase::all();
        // Also where others select something: it is most likely a typing error.
        let mut texts = self.filter.iter();
        let idle = texts.find(|text| !cases.iter().any(|case| is_about(text, case)));
        let unknown = match &self.explain {
            Some(id) => Some(id).filter(|id| !cases.iter().any(|case| case.id == **id)),
            None => idle,
        };
        if let Some(text) = unknown {
            return Err(Exit::Usage(format!(
                "no case or duty is called {text:?}; --list shows all"
            )));
        }
        cases.retain(|case| match &self.explain {
            Some(id) => case.id == id,
            None => self.filter.is_empty() || self.filter.iter().any(|it| is_about(it, case)),
        });
        Ok(cases)
    }

    fn write_list(&self, cases: &[HostCase], out: &mut dyn Write) -> Result<(), Exit> {
        if self.json {
            let list: Vec<Value> = cases.iter().map(described).collect();
            writeln!(out, "{}", pretty(&json!(list)))?;
            return Ok(());
        }
        for case in cases {
            let duties = case.covers.join(", ");
            writeln!(out, "{BOLD}{}{BOLD:#}  {DIM}{duties}{DIM:#}", case.id)?;
            writeln!(out, "  {}", case.title)?;
        }
        Ok(())
    }

    fn to_json(&self, host: &str, tried: &[(HostCase, Ran)]) -> Value {
        let count = Count::of(tried);
        let (passes, verdict) = self.verdict(tried);
        let is_complete = self.filter.is_empty() && count.skipped == 0;
        json!({
            "host": host,
            "filters": self.filter,
            "allows-skips": self.allow_skips,
            "passes": passes,
            "complete": is_complete,
            "conforms": passes && is_complete,
            "verdict": verdict,
            "count": { "passed": count.passed, "failed": count.failed, "skipped": count.skipped },
            "cases": tried.iter().map(to_json).collect::<Vec<_>>(),
        })
    }

    /// Says whether all is well, and sums it up in words.
    fn verdict(&self, tried: &[(HostCase, Ran)]) -> (bool, String) {
        let Count {
            passed,
            failed,
            skipped,
        } = Count::of(tried);
        let reserve = match skipped {
            0 => String::new(),
            _ => format!(", but for {skipped} skipped"),
        };
        let is_all = self.filter.is_empty() && self.explain.is_none();
        match (passed, failed, skipped) {
            // A run of nothing shows nothing.
            (0, 0, _) => (false, format!("shows nothing: all {skipped} were skipped")),
            (_, 0, skipped) if skipped == 0 || self.allow_skips => {
                let verdict = if is_all {
                    "conforms"
                } else {
                    "passes what was selected"
                };
                (true, format!("{verdict}: {passed} passed{reserve}"))
            }
            _ => (
                false,
                format!("does not conform: {failed} failed, {skipped} skipped"),
            ),
        }
    }
}

/// How many cases came out how.
#[derive(Clone, Copy, Debug)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Count {
    fn of(tried: &[(HostCase, Ran)]) -> Self {
        let count = |which: fn(&Outcome) -> bool| {
            let outcomes = tried.iter().filter(|(_, ran)| which(&ran.outcome));
            outcomes.count()
        };
        Self {
            passed: count(|it| matches!(it, Outcome::Passed)),
            failed: count(|it| matches!(it, Outcome::Failed(_))),
            skipped: count(|it| matches!(it, Outcome::Skipped { .. } | Outcome::Apart)),
        }
    }
}

fn write_row(case: &HostCase, ran: &Ran, out: &mut dyn Write) -> io::Result<()> {
    let duties = case.covers.join(", ");
    let (style, word) = match &ran.outcome {
        Outcome::Passed => (GOOD, "passed "),
        Outcome::Skipped { .. } | Outcome::Apart => (DIM, "skipped"),
        Outcome::Failed(_) => (BAD, "failed "),
    };
    writeln!(
        out,
        "{style}{word}{style:#}  {}  {DIM}{duties}{DIM:#}",
        case.id
    )?;
    if let Some(why) = reason(&ran.outcome) {
        writeln!(out, "         {}", case.title)?;
        // It may repeat the host's words.
        writeln!(out, "         {}", Printable(&why))?;
    }
    Ok(())
}

/// Tells the one case that was run.
fn explain(tried: &[(HostCase, Ran)], out: &mut dyn Write) -> Result<(), Exit> {
    for (case, ran) in tried {
        writeln!(out, "{}", case.title)?;
        clauses(case.covers, out)?;
        writeln!(out, "\n{BOLD}What was done and seen{BOLD:#}")?;
        for moment in &ran.trace {
            write_moment(moment, out)?;
        }
        writeln!(out)?;
        write_row(case, ran, out)?;
    }
    Ok(())
}

fn write_moment(moment: &Moment, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", moment.place)?;
    for (head, text) in moment.lines() {
        writeln!(out, "  {DIM}{head:<8}{DIM:#}  {text}")?;
    }
    Ok(())
}

fn described(case: &HostCase) -> Value {
    json!({ "id": case.id, "title": case.title, "covers": case.covers, "needs": case.needs })
}

fn to_json((case, ran): &(HostCase, Ran)) -> Value {
    let mut json = described(case);
    if let Value::Object(fields) = &mut json {
        let outcome = match &ran.outcome {
            Outcome::Passed => "passed",
            Outcome::Skipped { .. } | Outcome::Apart => "skipped",
            Outcome::Failed(_) => "failed",
        };
        fields.insert("outcome".to_owned(), json!(outcome));
        fields.insert("why".to_owned(), json!(reason(&ran.outcome)));
    }
    json
}

fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Passed => None,
        Outcome::Skipped { missing } => {
            let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
            Some(format!("the lab lacks {}", missing.join(", ")))
        }
        Outcome::Apart => Some(APART.to_owned()),
        Outcome::Failed(failed) => Some(failed.to_string()),
    }
}

const EXIT_CODES: &str = "\
The host is given a component, the probe, in place of a plugin, which has its imports do what a duty of the host is \
about. Without --host it tests this project's own, over a store in memory. Ids of cases do not change between versions.

Exit codes:
  0    every case that was selected passed; with --allow-skips, or was skipped, but not all
  1    a file cannot be written
  2    the command line cannot be used, or names a case that is not there
  3    the host does not load the probe
  4    it does not conform, or a case was skipped; the report says which, and why
  130  Ctrl-C";

#[cfg(test)]
mod tests {
    use clap::Parser;
    use countersign_conformance::Ability;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        host: ConformanceHost,
    }

    fn verdict(args: &[&str], outcomes: &[Outcome]) -> (bool, String) {
        let command = Command::parse_from([&["command"], args].concat());
        let cases = HostCase::all().into_iter().zip(outcomes);
        let tried: Vec<(HostCase, Ran)> = cases
            .map(|(case, outcome)| {
                let ran = Ran {
                    outcome: outcome.clone(),
                    trace: Vec::new(),
                    set: 0,
                };
                (case, ran)
            })
            .collect();
        command.host.verdict(&tried)
    }

    #[test]
    fn skips_may_be_allowed_and_a_run_of_nothing_never_passes() {
        let skipped = Outcome::Skipped {
            missing: vec![Ability::RotateKeys],
        };
        let all = [Outcome::Passed, skipped.clone()];
        assert!(!verdict(&[], &all).0);
        let (passes, told) = verdict(&["--allow-skips"], &all);
        assert!(passes && told.contains("1 skipped"), "{told}");
        let (passes, told) = verdict(&["--allow-skips"], &[skipped.clone(), skipped]);
        assert!(!passes && told.contains("shows nothing"), "{told}");
        assert!(verdict(&[], &[Outcome::Passed]).0);
    }
}
