//! A report on a terminal.

use std::io::{self, Write};

use anstyle::Style;
use countersign_conformance::report::{Count, Report, Skip, Tried, Verdict};
use countersign_conformance::{Clause, claim};
use countersign_host::printable::Printable;

use crate::exit::Exit;
use crate::style::{BAD, BOLD, DIM, GOOD};
use crate::table::{Cell, Table};

/// Writes what failed, then a table of the files, then what it comes to.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> Result<(), Exit> {
    head(report, out)?;
    let clauses = Clause::of_the_contract();
    for fault in &report.plugin.faults {
        let fault = fault.to_string();
        writeln!(out, "{BAD}fault{BAD:#} in what it says of itself")?;
        line(out, "", &fault)?;
        writeln!(out)?;
    }
    let failures = alike(report);
    for failures in &failures {
        if let [first, others @ ..] = failures.as_slice() {
            case(first, others, &clauses, out)?;
        }
    }
    if !failures.is_empty() {
        let told = "--explain CASE runs one again, and tells all that it did and saw";
        writeln!(out, "{DIM}{told}{DIM:#}\n")?;
    }
    files(report).write(out)?;
    writeln!(out)?;
    others(report, out)?;
    duties(report, &clauses, out)?;
    let (style, verdict) = match report.conforms() {
        true => (GOOD, report.verdict()),
        false => (BAD, report.verdict()),
    };
    let seconds = report.time.as_secs_f64();
    writeln!(
        out,
        "{style}{verdict}{style:#} {DIM}in {seconds:.1} s{DIM:#}"
    )?;
    Ok(())
}

fn head(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let plugin = &report.plugin;
    writeln!(out, "{BOLD}{}{BOLD:#}\n", Printable(&plugin.file))?;
    let claim = plugin.claim.as_ref();
    if let Some(claim) = claim {
        line(out, "says", &claim.name)?;
    }
    let levels: Vec<String> = claim
        .map(|it| it.levels.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    match (claim, levels.is_empty()) {
        (Some(claim), false) => {
            let contract = &claim.contract;
            line(
                out,
                "claims",
                &format!("{} of the contract {contract}", levels.join(", ")),
            )?;
        }
        _ if report.asked.is_some() => line(out, "claims", "no level")?,
        _ => line(out, "claims", "no level; the core is tried")?,
    }
    if let Some(digest) = &plugin.digest {
        line(out, "sha-256", digest)?;
    }
    let level = report.level;
    let mut tested = format!(
        "level {level} of the contract {}, in {}",
        claim::CONTRACT,
        report.host
    );
    if claim.is_some() && !levels.contains(&level.to_string()) {
        tested.push_str("; the plugin does not claim it");
    }
    line(out, "tested", &tested)?;
    if report.seed != 1 {
        line(out, "seed", &report.seed.to_string())?;
    }
    if !report.selection.is_empty() {
        line(out, "only", &report.selection.join(", "))?;
    }
    writeln!(out)
}

fn line(out: &mut dyn Write, head: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {DIM}{head:<8}{DIM:#}  {}", Printable(text))
}

/// Puts shortcomings together that have the same cause, as far as can be told: the same call was answered with the same.
fn alike(report: &Report) -> Vec<Vec<&Tried>> {
    let mut groups: Vec<(Option<Cause>, Vec<&Tried>)> = Vec::new();
    for tried in report.tried.iter().filter(|it| it.verdict.is_bad()) {
        let cause = cause(tried);
        let known = groups
            .iter_mut()
            .find(|(other, _)| cause.is_some() && *other == cause);
        match known {
            Some((_, group)) => group.push(tried),
            None => groups.push((cause, vec![tried])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The function that was called last, and why its answer was not right.
type Cause = (String, String);

fn cause(tried: &Tried) -> Option<Cause> {
    let Verdict::Failed(failed) = &tried.verdict else {
        return None;
    };
    let (function, _) = tried.trace.last()?.calls.last()?;
    Some((function.clone(), failed.why.clone()))
}

/// Writes a case that is a shortcoming: the clauses that it is about, where it failed, what was expected and found, and
/// which others failed alike.
fn case(
    tried: &Tried,
    alike: &[&Tried],
    clauses: &[Clause],
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = tried.verdict.name();
    writeln!(
        out,
        "{BAD}{name}{BAD:#}  {}/{BOLD}{}{BOLD:#}",
        tried.file, tried.id
    )?;
    if let Some(title) = &tried.title {
        writeln!(out, "  {DIM}{title}{DIM:#}")?;
    }
    for id in &tried.covers {
        let clause = clauses.iter().find(|it| it.id == *id);
        let sentence = clause.map_or("", Clause::first_sentence);
        writeln!(out, "  {id:<9} {sentence}")?;
    }
    match (&tried.verdict, tried.verdict.reason()) {
        (Verdict::Failed(failed), _) => {
            writeln!(out, "  {DIM}step{DIM:#}      {}", Printable(&failed.step))?;
            if let Some((function, _)) = tried.trace.last().and_then(|it| it.calls.last()) {
                writeln!(out, "  {DIM}call{DIM:#}      {}", Printable(function))?;
            }
            // The whole answer is told by --explain.
            let why = failed.why.split("; it was ").next().unwrap_or_default();
            let why = short(&Printable(why).to_string());
            writeln!(out, "  {DIM}why{DIM:#}       {why}")?;
        }
        (_, Some(reason)) => writeln!(out, "  {}", Printable(&reason))?,
        (_, None) => {}
    }
    if !alike.is_empty() {
        let named = alike.iter().take(NAMED).map(|it| it.id.as_str());
        let mut named: Vec<&str> = named.collect();
        let more = alike.len().saturating_sub(NAMED);
        let more = format!("{more} more");
        if alike.len() > NAMED {
            named.push(&more);
        }
        writeln!(out, "  {DIM}alike{DIM:#}     {}", named.join(", "))?;
    }
    writeln!(out)
}

/// Cuts a line that nobody would read to its end.
fn short(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

fn files(report: &Report) -> Table {
    let mut table = Table::default();
    table.heading([
        "file",
        "passed",
        "failed",
        "unexpected passes",
        "expected failures",
        "skipped",
        "beyond the level",
    ]);
    for (file, count) in report.by_file() {
        row(&mut table, file, &count);
    }
    row(&mut table, "all", &report.count());
    table
}

fn row(table: &mut Table, head: &str, count: &Count) {
    let cell = |style: Style, number: usize| match number {
        0 => Cell::styled(DIM, "0"),
        number => Cell::styled(style, &number.to_string()),
    };
    table.row([
        Cell::new(head),
        cell(GOOD, count.passed),
        cell(BAD, count.failed),
        cell(BAD, count.unexpected_passes),
        cell(BAD, count.expected_failures),
        cell(BAD, count.skipped),
        cell(DIM, count.beyond),
    ]);
}

/// Writes what is neither pass nor shortcoming, each with its reason; what is beyond the level is counted already.
fn others(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut any = false;
    for tried in &report.tried {
        let is_told = match &tried.verdict {
            Verdict::ExpectedFailure { .. } => true,
            Verdict::Skipped(skip) => {
                matches!(skip, Skip::Lacking(_))
            }
            Verdict::NotApplicable => report.selection.is_empty(),
            _ => false,
        };
        if let Some(reason) = tried.verdict.reason().filter(|_| is_told) {
            let name = tried.verdict.name();
            writeln!(
                out,
                "{BAD}{name}{BAD:#}  {}/{}: {}",
                tried.file,
                tried.id,
                Printable(&reason)
            )?;
            any = true;
        }
    }
    for id in &report.idle {
        writeln!(out, "{BAD}not run{BAD:#}  {id}, which was expected to fail")?;
        any = true;
    }
    match any {
        true => writeln!(out),
        false => Ok(()),
    }
}

/// Writes the duties that are not held, and how many are.
fn duties(report: &Report, clauses: &[Clause], out: &mut dyn Write) -> io::Result<()> {
    let all = report.by_duty();
    let passed = |it: &&Tried| matches!(it.verdict, Verdict::Passed);
    let failed = |it: &&Tried| matches!(it.verdict, Verdict::Failed(_));
    let applies = |it: &&Tried| {
        !matches!(
            it.verdict,
            Verdict::NotApplicable | Verdict::Skipped(Skip::Beyond(_))
        )
    };
    let mut table = Table::default();
    for (id, cases) in &all {
        let bad: Vec<&str> = cases
            .iter()
            .copied()
            .filter(failed)
            .map(|it| it.id.as_str())
            .collect();
        if bad.is_empty() {
            continue;
        }
        let clause = clauses.iter().find(|it| it.id == *id);
        table.row([
            Cell::styled(BAD, id),
            Cell::new(&format!("{} of {} cases failed", bad.len(), cases.len())),
            Cell::styled(DIM, clause.map_or("", Clause::first_sentence)),
        ]);
    }
    if !table.is_empty() {
        table.write(out)?;
        writeln!(out)?;
    }
    let tried: Vec<Vec<&Tried>> = all
        .iter()
        .map(|(_, cases)| cases.iter().copied().filter(applies).collect())
        .filter(|cases: &Vec<&Tried>| !cases.is_empty())
        .collect();
    // A failure that was expected is one all the same.
    let held = tried.iter().filter(|cases| {
        let ran = cases.iter().any(passed);
        ran && cases.iter().all(|it| it.verdict.failed().is_none())
    });
    writeln!(
        out,
        "{} duties of the contract held, of {} that these cases try",
        held.count(),
        tried.len()
    )
}

/// In characters: what two long texts take.
const LONGEST: usize = 480;

/// Cases that failed alike and are named.
const NAMED: usize = 6;
