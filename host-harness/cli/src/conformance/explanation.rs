//! A case, told from its clauses to what came of it.

use std::io::{self, Write};
use std::time::Duration;

use countersign_conformance::report::short_line;
use countersign_conformance::runner::{self, Moment, Outcome};
use countersign_conformance::{Cases, Clause, Lab};
use countersign_host::printable::Printable;

use crate::exit::Exit;
use crate::style::{BAD, BOLD, DIM, GOOD};

/// Runs a case whatever its level, and writes all of it.
pub(super) async fn write(
    cases: &Cases,
    id: &str,
    lab: &dyn Lab,
    most: Duration,
    out: &mut dyn Write,
) -> Result<(), Exit> {
    let Some((file, case)) = cases.find(id) else {
        return Err(Exit::Usage(format!("no case is called {id}")));
    };
    writeln!(
        out,
        "{BOLD}{}/{id}{BOLD:#}  {DIM}level {}{DIM:#}",
        file.name, case.level
    )?;
    if let Some(title) = &case.title {
        writeln!(out, "{title}")?;
    }
    writeln!(out, "\n{BOLD}What the contract says{BOLD:#}")?;
    for clause in Clause::of_the_contract() {
        if case.covers.contains(&clause.id) {
            writeln!(
                out,
                "  {} {DIM}{}, {}{DIM:#}",
                clause.id, clause.whose, clause.file
            )?;
            wrapped(&clause.text, out)?;
        }
    }
    let ran = runner::run_within(cases, case, lab, most).await;
    writeln!(out, "\n{BOLD}What was done and seen{BOLD:#}")?;
    if case.each.len() > 1 {
        let sets = case.each.len();
        writeln!(
            out,
            "  {DIM}It runs for {sets} sets of variables; this is the last that was run.{DIM:#}"
        )?;
    }
    let has_failed = matches!(ran.outcome, Outcome::Failed(_));
    let last = ran.trace.len().saturating_sub(1);
    for (i, moment) in ran.trace.iter().enumerate() {
        tell(moment, has_failed && i == last, out)?;
    }
    writeln!(out)?;
    match ran.outcome {
        Outcome::Passed => {
            writeln!(out, "{GOOD}passed{GOOD:#}")?;
            Ok(())
        }
        Outcome::Failed(failed) => {
            writeln!(
                out,
                "{BAD}failed{BAD:#} at step {}",
                Printable(&failed.step)
            )?;
            wrapped(&Printable(&failed.why).to_string(), out)?;
            Err(Exit::AnsweredNo(format!("{id} failed")))
        }
        Outcome::Skipped { missing } => {
            let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let missing = missing.join(", ");
            writeln!(out, "{BAD}skipped{BAD:#}: the host lacks {missing}")?;
            Err(Exit::AnsweredNo(format!("{id} was skipped")))
        }
    }
}

fn tell(moment: &Moment, differs: bool, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "  step {BOLD}{}{BOLD:#}", Printable(&moment.place))?;
    match differs {
        true => writeln!(out, "  {BAD}<- here it first differed{BAD:#}")?,
        false => writeln!(out)?,
    }
    let say = |out: &mut dyn Write, head: &str, text: &str| {
        writeln!(out, "    {DIM}{head:<8}{DIM:#}  {text}")
    };
    for did in &moment.did {
        say(out, "before", &Printable(did).to_string())?;
    }
    for (function, args) in &moment.calls {
        let call = format!("{} {}", Printable(function), short_line(args));
        say(out, "call", &call)?;
    }
    if let Some(expected) = &moment.expected {
        say(out, "expected", &short_line(expected))?;
    }
    for answer in &moment.answers {
        say(out, "answer", &short_line(answer))?;
    }
    Ok(())
}

/// Writes a text on lines of [`WIDTH`], between words.
fn wrapped(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut width = 0;
    for word in text.split(' ') {
        let more = word.chars().count().saturating_add(1);
        if width == 0 || more.saturating_add(width) > WIDTH {
            write!(out, "{}    {word}", if width == 0 { "" } else { "\n" })?;
            width = more;
        } else {
            write!(out, " {word}")?;
            width = width.saturating_add(more);
        }
    }
    writeln!(out)
}

/// In characters, beside the margin.
const WIDTH: usize = 96;
