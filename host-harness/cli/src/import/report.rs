//! What came of each row, for people and for machines.

use std::io::{self, Write};

use countersign_host::printable::Printable;
use serde_json::{Value, json};

use super::rehearsal::{Line, Outcome, Rehearsal};
use crate::style::{BAD, BOLD, DIM, GOOD};

/// Writes a table, the totals, and what a rehearsal is.
pub(super) fn write(rehearsal: &Rehearsal, out: &mut dyn Write) -> io::Result<()> {
    let lines: Vec<[String; 3]> = rehearsal.lines.iter().map(columns).collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|cells| cells.get(column));
        let widest = cells.map(|it| it.chars().count()).max();
        widest.unwrap_or_default().min(WIDEST)
    };
    let (place_width, user_width) = (width(0), width(1));
    for (line, [place, user, detail]) in rehearsal.lines.iter().zip(&lines) {
        let (style, word) = match line.outcome {
            Outcome::Imported => (GOOD, "imported"),
            Outcome::Same => (GOOD, "the same"),
            Outcome::Refused(_) => (BAD, "refused"),
            Outcome::Skipped(_) => (DIM, "skipped"),
        };
        let row = format!("{place:<place_width$}  {user:<user_width$}  {detail}");
        writeln!(out, "{style}{word:<8}{style:#}  {}", row.trim_end())?;
    }
    if lines.is_empty() {
        writeln!(out, "The file has no authenticator apps.")?;
    }
    let totals = rehearsal.totals().map(|(name, count)| match name {
        "same" => format!("{count} the same again"),
        name => format!("{count} {name}"),
    });
    writeln!(out, "\n{BOLD}{}{BOLD:#}", totals.join(", "))?;
    writeln!(out, "{REHEARSAL}")
}

/// Gives the same as JSON.
pub(super) fn to_json(rehearsal: &Rehearsal, system: &str) -> Value {
    let rows: Vec<Value> = rehearsal.lines.iter().map(line_to_json).collect();
    let totals: serde_json::Map<String, Value> = rehearsal
        .totals()
        .into_iter()
        .map(|(name, count)| (name.to_owned(), json!(count)))
        .collect();
    json!({ "from": system, "rehearsal": true, "rows": rows, "totals": totals })
}

/// Place, user and detail, without control characters and within bounds: they are the file's.
fn columns(line: &Line) -> [String; 3] {
    let detail = match &line.outcome {
        Outcome::Imported => String::new(),
        Outcome::Same => "changes nothing".to_owned(),
        Outcome::Refused(refusal) => refusal.to_string(),
        Outcome::Skipped(skip) => skip.to_string(),
    };
    let user = line.user.as_deref().unwrap_or("-");
    [
        shown(&line.place),
        shown(user),
        Printable(&detail).to_string(),
    ]
}

fn shown(text: &str) -> String {
    let text = Printable(text).to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
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
There is no other store yet. --script keeps the calls, for a gateway to make them.";

/// In characters; what does not fit moves its line's columns.
const WIDEST: usize = 36;

/// In characters, as many as the contract takes for a user in bytes.
const LONGEST: usize = 128;
