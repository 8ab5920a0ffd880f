//! Which answers were reached: a sequence that never gets anywhere shows nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

thread_local!(static REACHED: RefCell<BTreeMap<String, u32>> = const { RefCell::new(BTreeMap::new()) });

/// Counts an answer by its function and cases, without what they carry.
pub(crate) fn count(function: &str, answer: &Value) {
    note(format!("{function} {}", cases(answer, 3)));
}

/// Counts something else that was reached.
pub(crate) fn note(what: String) {
    REACHED.with_borrow_mut(|reached| *reached.entry(what).or_default() += 1);
}

/// All of it, as a table.
pub(crate) fn table() -> String {
    REACHED.with_borrow(|reached| {
        let mut table = String::new();
        for (what, times) in reached {
            let _ = writeln!(table, "{times:>7}  {what}");
        }
        table
    })
}

/// What of this was never reached.
pub(crate) fn missing<'a>(wanted: &[&'a str]) -> Vec<&'a str> {
    let reached = |it: &&&str| REACHED.with_borrow(|reached| reached.contains_key(**it));
    wanted.iter().filter(|it| !reached(it)).copied().collect()
}

/// The names of a variant's cases, as deep as they go.
fn cases(value: &Value, depth: usize) -> String {
    match value {
        Value::Object(fields) if fields.len() == 1 && depth > 0 => {
            let (name, inner) = fields.iter().next().expect("there is one");
            match cases(inner, depth - 1) {
                deeper if deeper.is_empty() => name.clone(),
                deeper => format!("{name}.{deeper}"),
            }
        }
        Value::Object(fields) => fields
            .get("reason")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
}
