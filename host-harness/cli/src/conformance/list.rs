//! The cases, as a list.

use std::io::Write;

use countersign_conformance::{Case, Cases, Level, Selection};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::json::pretty;
use crate::style::DIM;
use crate::table::{Cell, Table};

/// Writes the cases that are selected, up to a level.
pub(super) fn write(
    cases: &Cases,
    selection: &Selection,
    level: Option<Level>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<(), Exit> {
    let selected = selection
        .of_all(cases)
        .filter(|(_, case)| level.is_none_or(|level| case.is_for(level)));
    if as_json {
        let all: Vec<Value> = selected
            .map(|(file, case)| to_json(&file.name, case))
            .collect();
        return Ok(writeln!(out, "{}", pretty(&json!(all)))?);
    }
    let mut table = Table::default();
    table.heading(["case", "file", "level", "duties"]);
    for (file, case) in selected {
        table.row([
            Cell::new(&case.id),
            Cell::styled(DIM, &file.name),
            Cell::new(&case.level.to_string()),
            Cell::new(&case.covers.join(" ")),
        ]);
        if let Some(title) = &case.title {
            table.note(title);
        }
    }
    Ok(table.write(out)?)
}

fn to_json(file: &str, case: &Case) -> Value {
    json!({
        "id": case.id,
        "file": file,
        "level": case.level,
        "unless": case.unless,
        "covers": case.covers,
        "title": case.title,
    })
}
