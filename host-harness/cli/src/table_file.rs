//! Files with a table: comma-separated values below a heading (RFC 4180).

use std::fmt;

use csv::{ReaderBuilder, StringRecord, Trim};

/// The columns that a table may have.
pub(crate) trait Column: Copy + Eq {
    /// What a heading should have been, for whoever wrote another one.
    const SHAPE: &'static str;

    /// Finds a column by its name in lower case.
    fn named(name: &str) -> Option<Self>;
}

/// A table. Fields are without the blanks around them; empty lines are passed over.
#[derive(Debug)]
pub(crate) struct TableFile<C> {
    columns: Vec<C>,
    /// The line of the heading.
    heading: u64,
    /// Each record with the line that it begins on.
    records: Vec<(u64, StringRecord)>,
}

/// What is wrong with a table as a whole. It repeats nothing of it: that may be a secret.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) line: u64,
    /// What was expected.
    pub(crate) expected: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected {}", self.line, self.expected)
    }
}

impl<C: Column> TableFile<C> {
    /// Reads a table whose columns stand in any order.
    ///
    /// # Errors
    ///
    /// [`Misfit`] for a heading that is missing, names something else or something twice, and for a quote that does
    /// not end. A row with too few or too many fields is no error here: see [`Row::is_whole`].
    pub(crate) fn parse(text: &str) -> Result<Self, Misfit> {
        let mut records = records(text)?.into_iter();
        let misfit = |line, expected: &str| Misfit {
            line,
            expected: expected.to_owned(),
        };
        let (heading, names) = records.next().ok_or_else(|| misfit(1, C::SHAPE))?;
        let mut columns = Vec::new();
        for name in &names {
            let column = C::named(&name.to_ascii_lowercase());
            // Not repeated: without a heading, the first row stands here.
            let column = column.ok_or_else(|| misfit(heading, C::SHAPE))?;
            if columns.contains(&column) {
                return Err(misfit(heading, "each column once"));
            }
            columns.push(column);
        }
        Ok(Self {
            columns,
            heading,
            records: records.collect(),
        })
    }

    pub(crate) fn has(&self, column: C) -> bool {
        self.columns.contains(&column)
    }

    /// Says that the heading has not the columns that it must have.
    pub(crate) fn wrong_heading(&self) -> Misfit {
        Misfit {
            line: self.heading,
            expected: C::SHAPE.to_owned(),
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_, C>> {
        self.records.iter().map(|(line, record)| Row {
            line: *line,
            table: self,
            record,
        })
    }
}

/// A row below the heading.
#[derive(Debug)]
pub(crate) struct Row<'a, C> {
    /// Where it begins.
    pub(crate) line: u64,
    table: &'a TableFile<C>,
    record: &'a StringRecord,
}

impl<C: Column> Row<'_, C> {
    pub(crate) fn table(&self) -> &TableFile<C> {
        self.table
    }

    /// Gets what stands in a column, if anything does.
    pub(crate) fn get(&self, column: C) -> Option<&str> {
        let index = self.table.columns.iter().position(|it| *it == column)?;
        self.record.get(index).filter(|it| !it.is_empty())
    }

    /// Says what was expected of a row that has not a field for each column.
    pub(crate) fn is_whole(&self) -> Result<(), String> {
        let TableFile {
            columns, heading, ..
        } = self.table;
        match self.record.len() == columns.len() {
            true => Ok(()),
            false => Err(format!(
                "expected {} fields, as in line {heading}",
                columns.len()
            )),
        }
    }
}

/// Takes a text apart, each record with the line that it begins on.
fn records(text: &str) -> Result<Vec<(u64, StringRecord)>, Misfit> {
    // What spreadsheets put before it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    let (mut rest, mut begin, mut line) = (text, 0, 1);
    loop {
        let mut record = StringRecord::new();
        // The parser's own line is one behind where lines end in two characters, and its words may repeat the text.
        let read = reader.read_record(&mut record);
        let end = reader.position().byte();
        let length = usize::try_from(end.saturating_sub(begin)).unwrap_or(usize::MAX);
        begin = end;
        let (taken, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        let blank = taken
            .len()
            .saturating_sub(taken.trim_start_matches(['\r', '\n']).len());
        let (blank, taken) = taken.split_at_checked(blank).unwrap_or(("", taken));
        line = count('\n', blank).saturating_add(line);
        let misfit = |expected: &str| Misfit {
            line,
            expected: expected.to_owned(),
        };
        match read {
            Ok(true) => {}
            Ok(false) => return Ok(records),
            Err(_) => return Err(misfit("a row of a table")),
        }
        // A quote that does not end takes all lines behind it into its field.
        if count('"', taken).checked_rem(2) == Some(1) {
            return Err(misfit("a quote at the end of a quoted field"));
        }
        records.push((line, record));
        line = count('\n', taken).saturating_add(line);
    }
}

fn count(c: char, text: &str) -> u64 {
    u64::try_from(text.matches(c).count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Column, TableFile};

    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    enum Letter {
        A,
        B,
    }

    impl Column for Letter {
        const SHAPE: &'static str = "a heading: a, b";

        fn named(name: &str) -> Option<Self> {
            match name {
                "a" => Some(Self::A),
                "b" => Some(Self::B),
                _ => None,
            }
        }
    }

    #[test]
    fn quoted_fields_hold_commas_quotes_and_lines_and_every_row_knows_its_line() {
        for end in ["\n", "\r\n"] {
            let text = format!(
                "\u{feff}{end} B ,a{end}\"b,\"\"c\"\"{end}d\",x{end}{end}{end} ,e{end}g,h{end}"
            );
            let table = TableFile::<Letter>::parse(&text).unwrap();
            let rows: Vec<_> = table
                .rows()
                .map(|it| {
                    let text = |column| it.get(column).unwrap_or("none").to_owned();
                    (it.line, text(Letter::A), text(Letter::B))
                })
                .collect();
            let expected = [
                (3, "x", format!("b,\"c\"{end}d")),
                (7, "e", "none".to_owned()),
                (8, "h", "g".to_owned()),
            ]
            .map(|(line, a, b)| (line, a.to_owned(), b));
            assert_eq!(rows, expected);
        }
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said_with_its_line() {
        for (text, expected) in [
            ("", "line 1: expected a heading: a, b"),
            ("\n\nSecret,b\n", "line 3: expected a heading: a, b"),
            ("a,b,A\n", "line 1: expected each column once"),
            (
                "a,b\r\nc,d\r\ne,\"f\r\n",
                "line 3: expected a quote at the end of a quoted field",
            ),
        ] {
            let misfit = TableFile::<Letter>::parse(text).unwrap_err();
            assert_eq!(misfit.to_string(), expected);
        }
    }

    #[test]
    fn a_row_that_is_not_whole_says_of_how_many_fields() {
        let table = TableFile::<Letter>::parse("\na,b\nc\n").unwrap();
        let row = table.rows().next().unwrap();
        assert_eq!(
            row.is_whole().unwrap_err(),
            "expected 2 fields, as in line 2"
        );
    }
}
