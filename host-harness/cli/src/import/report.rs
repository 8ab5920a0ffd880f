//! What came of each row, for people and for machines.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::rehearsal::{Line, Outcome, Rehearsal};
use crate::style::{BAD, BOLD, DIM, GOOD};
use crate::table::{Cell, Table};

/// Writes a table, the totals, and what a rehearsal is.
pub(super) fn write(
    rehearsal: &Rehearsal,
    is_rehearsed: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = Table::default();
    for line in &rehearsal.lines {
        let (style, word, detail) = match &line.outcome {
            Outcome::Imported => (GOOD, "imported", String::new()),
            Outcome::Same => (GOOD, "the same", "changes nothing".to_owned()),
            Outcome::Refused(refusal) => (BAD, "refused", refusal.to_string()),
            Outcome::Skipped(skip) => (DIM, "skipped", skip.to_string()),
        };
        let user = line.user.as_deref().unwrap_or("-");
        table.row([
            Cell::styled(style, word),
            Cell::new(&line.place),
            Cell::new(user),
            Cell::new(&detail),
        ]);
    }
    table.write(out)?;
    if table.is_empty() {
        writeln!(out, "The file has no authenticator apps.")?;
    }
    let totals = rehearsal.totals().map(|(name, count)| match name {
        "same" => format!("{count} the same again"),
        name => format!("{count} {name}"),
    });
    writeln!(out, "\n{BOLD}{}{BOLD:#}", totals.join(", "))?;
    for warning in &rehearsal.alike {
        writeln!(out, "{BAD}warning:{BAD:#} {warning}")?;
    }
    if is_rehearsed {
        writeln!(out, "{REHEARSAL}")?;
    }
    Ok(())
}

/// Gives the same as JSON.
pub(super) fn to_json(rehearsal: &Rehearsal, system: &str, is_rehearsed: bool) -> Value {
    let rows: Vec<Value> = rehearsal.lines.iter().map(line_to_json).collect();
    let totals: serde_json::Map<String, Value> = rehearsal
        .totals()
        .into_iter()
        .map(|(name, count)| (name.to_owned(), json!(count)))
        .collect();
    json!({
        "from": system,
        "rehearsal": is_rehearsed,
        "rows": rows,
        "totals": totals,
        "warnings": rehearsal.alike,
    })
}

fn line_to_json(line: &Line) -> Value {
    let mut json = json!({
        "place": line.place,
        "user": line.user,
        "outcome": line.outcome.name(),
    });
    match &line.outcome {
        Outcome::Imported | Outcome::Same => {}
        Outcome::Refused(refusal) => {
            set(&mut json, "field", json!(refusal.field));
            set(&mut json, "why", json!(refusal.why));
        }
        Outcome::Skipped(skip) => {
            set(&mut json, "reason", json!(skip.name()));
            set(&mut json, "why", json!(skip.to_string()));
        }
    }
    json
}

fn set(json: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = json {
        fields.insert(name.to_owned(), value);
    }
}

const REHEARSAL: &str = "\
This was a rehearsal, on an empty store in memory that is gone now: nothing was imported anywhere.
--store imports them; --script keeps the calls, for a gateway to make them.";
