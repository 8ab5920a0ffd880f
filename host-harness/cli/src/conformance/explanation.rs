//! A case, told from its clauses to what came of it.

use std::io::{self, Write};

use countersign_conformance::report::short_line;
use countersign_conformance::runner::{self, APART, Moment, Outcome, Terms};
use countersign_conformance::{Cases, Clause, Lab};
use countersign_host::printable::Printable;
use serde_json::json;

use crate::exit::Exit;
use crate::style::{BAD, BOLD, DIM, GOOD};

/// Runs a case whatever its level, and writes all of it.
pub(super) async fn write(
    cases: &Cases,
    id: &str,
    lab: &dyn Lab,
    terms: Terms,
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
    clauses(&case.covers, out)?;
    let ran = runner::run_on(cases, case, lab, terms).await;
    writeln!(out, "\n{BOLD}What was done and seen{BOLD:#}")?;
    for (i, set) in case.each.iter().enumerate().take(ran.set.saturating_add(1)) {
        let (number, sets) = (i.saturating_add(1), case.each.len());
        let (set, told) = (
            short_line(&json!(set)),
            if i < ran.set { "passed" } else { "told here" },
        );
        writeln!(out, "  set {number} of {sets}  {set}  {DIM}{told}{DIM:#}")?;
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
        Outcome::Apart => {
            writeln!(out, "{BAD}skipped{BAD:#}: {APART}")?;
            Err(Exit::AnsweredNo(format!("{id} was skipped")))
        }
    }
}

/// Writes what the contract says, by the ids of its duties.
pub(crate) fn clauses<T: AsRef<str>>(ids: &[T], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{BOLD}What the contract says{BOLD:#}")?;
    for clause in Clause::of_the_contract() {
        if ids.iter().any(|id| id.as_ref() == clause.id) {
            let (id, whose, file) = (&clause.id, &clause.whose, &clause.file);
            writeln!(out, "  {id} {DIM}{whose}, {file}{DIM:#}")?;
            wrapped(&clause.text, out)?;
        }
    }
    Ok(())
}

fn tell(moment: &Moment, differs: bool, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "  step {BOLD}{}{BOLD:#}", Printable(&moment.place))?;
    match differs {
        true => writeln!(out, "  {BAD}<- here it first differed{BAD:#}")?,
        false => writeln!(out)?,
    }
    for (head, text) in moment.lines() {
        writeln!(out, "    {DIM}{head:<8}{DIM:#}  {text}")?;
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
