//! Lines of a report, for people, spreadsheets and programs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use countersign_host::printable::json_line;

use super::row::{Factor, Row};
use crate::style::{BAD, BOLD, GOOD};
use crate::table::{Cell, Table};

/// Writes rows as they come, and keeps none.
pub(super) enum Writer<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Json(&'a mut dyn Write),
    Table {
        out: &'a mut dyn Write,
        is_begun: bool,
    },
}

impl<'a> Writer<'a> {
    pub(super) fn csv(out: &'a mut dyn Write) -> io::Result<Self> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(HEADING).map_err(broken)?;
        Ok(Self::Csv(Box::new(csv)))
    }

    pub(super) fn json(out: &'a mut dyn Write) -> Self {
        Self::Json(out)
    }

    pub(super) fn table(out: &'a mut dyn Write) -> Self {
        Self::Table {
            out,
            is_begun: false,
        }
    }

    pub(super) fn rows(&mut self, rows: &[Row]) -> io::Result<()> {
        match self {
            Self::Csv(csv) => {
                for row in rows {
                    csv.write_record(fields(row).iter().map(|it| harmless(it).into_owned()))
                        .map_err(broken)?;
                }
            }
            Self::Json(out) => {
                for row in rows {
                    writeln!(out, "{}", json_line(&row.to_json()))?;
                }
            }
            Self::Table { out, is_begun } => {
                let mut table = Table::default();
                if !*is_begun {
                    table.heading([
                        "user", "standing", "app", "phone", "recovery", "devices", "",
                    ]);
                    *is_begun = true;
                }
                rows.iter().for_each(|row| table.row(cells(row)));
                table.write(out)?;
            }
        }
        Ok(())
    }

    /// Ends with how many users have which standing: below a table, and on the error stream where the output is for a
    /// program.
    pub(super) fn end(self, summary: &BTreeMap<&'static str, u64>) -> io::Result<()> {
        let counts = summary
            .iter()
            .map(|(name, count)| format!("{count} {name}"));
        let counts = match summary.is_empty() {
            true => "nobody has a record".to_owned(),
            false => counts.collect::<Vec<_>>().join(", "),
        };
        match self {
            Self::Csv(mut csv) => {
                csv.flush()?;
                anstream::eprintln!("{counts}");
            }
            Self::Json(_) => anstream::eprintln!("{counts}"),
            Self::Table { out, is_begun } => {
                let gap = if is_begun { "\n" } else { "" };
                writeln!(out, "{gap}{BOLD}{counts}{BOLD:#}")?;
            }
        }
        Ok(())
    }
}

/// Keeps what kind of error it was: a reader that has seen enough is none.
fn broken(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn cells(row: &Row) -> [Cell; 7] {
    let state = |it: &Option<Factor>| it.as_ref().map_or("-", |it| it.state);
    let style = if row.is_good { GOOD } else { BAD };
    let mut notes = Vec::new();
    if row.is_listed == Some(false) {
        notes.push("not in the list");
    }
    if row.change_first_factor {
        notes.push("must change the password");
    }
    [
        Cell::new(&row.user),
        Cell::styled(style, row.standing),
        Cell::new(state(&row.app)),
        Cell::new(state(&row.phone)),
        Cell::new(row.recovery),
        Cell::new(&row.devices.to_string()),
        Cell::new(&notes.join(", ")),
    ]
}

fn fields(row: &Row) -> [String; HEADING.len()] {
    let state = |it: &Option<Factor>| it.as_ref().map_or(String::new(), |it| it.state.to_owned());
    let confirmed = |it: &Option<Factor>| it.as_ref().map(|it| it.confirmed_at);
    let used = |it: &Option<Factor>| it.as_ref().and_then(|it| it.used_at);
    let hint = row.phone.as_ref().and_then(|it| it.hint.clone());
    let time = |at: Option<u64>| at.map_or(String::new(), |at| at.to_string());
    [
        row.user.clone(),
        row.standing.to_owned(),
        state(&row.app),
        time(confirmed(&row.app)),
        time(used(&row.app)),
        state(&row.phone),
        hint.unwrap_or_default(),
        time(confirmed(&row.phone)),
        time(used(&row.phone)),
        row.recovery.to_owned(),
        row.devices.to_string(),
        row.ever_enrolled.to_string(),
        row.change_first_factor.to_string(),
        row.is_listed.map_or(String::new(), |it| it.to_string()),
    ]
}

/// Keeps a spreadsheet from running a name as a formula.
///
/// # Security
///
/// Whoever chooses their own user name would otherwise run commands on the machine of whoever opens the report (OWASP,
/// "CSV Injection").
fn harmless(field: &str) -> Cow<'_, str> {
    match field.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        true => Cow::Owned(format!("'{field}")),
        false => Cow::Borrowed(field),
    }
}

const HEADING: [&str; 14] = [
    "user",
    "standing",
    "app",
    "app_confirmed_at",
    "app_used_at",
    "phone",
    "phone_hint",
    "phone_confirmed_at",
    "phone_used_at",
    "recovery",
    "devices",
    "ever_enrolled",
    "change_first_factor",
    "listed",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Row, Writer};

    #[test]
    fn a_name_that_is_a_formula_is_a_text_in_a_spreadsheet_and_itself_in_json() {
        let formula = r#"=HYPERLINK("http://evil.example";"x"),"#;
        let rows = ["@SUM(1)", "+1", "-1", "ana", formula].map(|it| Row::unknown(it.to_owned()));
        let mut out = Vec::new();
        let mut csv = Writer::csv(&mut out).unwrap();
        csv.rows(&rows).unwrap();
        csv.end(&BTreeMap::new()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let begins = [
            "user,",
            "'@SUM(1),",
            "'+1,",
            "'-1,",
            "ana,",
            "\"'=HYPERLINK(",
        ];
        for (line, begin) in text.lines().zip(begins) {
            assert!(line.starts_with(begin), "{line}");
        }
        let mut out = Vec::new();
        Writer::json(&mut out).rows(&rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#""user":"=HYPERLINK(\"http"#), "{text}");
    }
}
