//! Tables for people.

use std::io::{self, Write};

use anstyle::Style;
use countersign_host::printable::Printable;

use crate::style::{BOLD, DIM};

/// Rows of cells in columns, with a note below a row where there is more to say.
///
/// Whatever stands in it may be a stranger's words: all of it is escaped here, and stays on its line; what was escaped
/// before stays as it is. A column is as wide as
/// its widest cell, but no wider than [`WIDEST`]: a longer cell moves what stands behind it in its own row alone. The
/// last column has no width.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    cells: Vec<Cell>,
    note: Option<String>,
}

/// A text in a table.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(crate) fn new(text: &str) -> Self {
        Self::styled(Style::new(), text)
    }

    pub(crate) fn styled(style: Style, text: &str) -> Self {
        let text = Printable(text).to_string();
        Self { text, style }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl Table {
    /// Adds a row of headings.
    pub(crate) fn heading<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        self.row(texts.into_iter().map(|it| Cell::styled(BOLD, it)));
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut cells: Vec<Cell> = cells.into_iter().collect();
        if let Some((_, padded)) = cells.split_last_mut() {
            padded.iter_mut().for_each(|it| cut(&mut it.text));
        }
        self.rows.push(Row { cells, note: None });
    }

    /// Puts a note below the last row, from its second column on.
    pub(crate) fn note(&mut self, text: &str) {
        if let Some(row) = self.rows.last_mut() {
            row.note = Some(Printable(text).to_string());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let widths = self.widths();
        let first = widths.first().map_or(0, |it| it.saturating_add(GAP));
        for row in &self.rows {
            // Nothing but blanks stands behind the last cell that is filled.
            let filled = row.cells.iter().rposition(|it| !it.text.is_empty());
            for (place, (cell, width)) in row.cells.iter().zip(&widths).enumerate() {
                let Cell { text, style } = cell;
                let rest = width.saturating_sub(cell.width()).saturating_add(GAP);
                write!(out, "{style}{text}{style:#}")?;
                match Some(place) < filled {
                    true => write!(out, "{:rest$}", "")?,
                    false => break,
                }
            }
            writeln!(out)?;
            if let Some(note) = &row.note {
                writeln!(out, "{:first$}{DIM}{note}{DIM:#}", "")?;
            }
        }
        Ok(())
    }

    /// Measures each column, in characters.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            for (place, cell) in row.cells.iter().enumerate() {
                let width = cell.width().min(WIDEST);
                match widths.get_mut(place) {
                    Some(widest) => *widest = width.max(*widest),
                    None => widths.push(width),
                }
            }
        }
        widths
    }
}

/// Keeps the beginning of a text that is too long for any column.
fn cut(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
}

/// The widest column, in characters: an id of 128 bits in hexadecimal with its hyphens.
const WIDEST: usize = 36;

/// The longest cell before the last column, in characters: as many as the contract takes for a user in bytes.
const LONGEST: usize = 128;

/// Blanks between columns.
const GAP: usize = 2;

#[cfg(test)]
mod tests {
    use super::{Cell, Table};

    fn written(table: &Table) -> Vec<String> {
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let out = anstream::adapter::strip_bytes(&out).into_vec();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn rows(rows: &[[&str; 3]]) -> Table {
        let mut table = Table::default();
        for row in rows {
            table.row(row.map(Cell::new));
        }
        table
    }

    #[test]
    fn columns_are_measured_in_characters() {
        let table = rows(&[["ñandú", "a", "x"], ["ana", "bb", ""]]);
        assert_eq!(written(&table), ["ñandú  a   x", "ana    bb"]);
    }

    #[test]
    fn a_long_cell_moves_its_own_row_alone_and_is_cut_in_the_end() {
        let (long, endless) = ("n".repeat(40), "n".repeat(400));
        let lines = written(&rows(&[
            ["ana", "a", "x"],
            [&long, "a", "x"],
            [&endless, "a", "x"],
        ]));
        assert_eq!(lines[0], format!("ana{}a  x", " ".repeat(35)));
        assert_eq!(lines[1], format!("{long}  a  x"));
        assert_eq!(lines[2], format!("{}…  a  x", "n".repeat(128)));
    }

    #[test]
    fn what_strangers_wrote_is_escaped_in_cells_and_notes() {
        let mut table = rows(&[["a\u{202e}\nb", "a", "\u{1b}[2J"]]);
        table.note("c\nd");
        assert_eq!(
            written(&table),
            [r"a\u{202e}\nb  a  \u{1b}[2J", r"              c\nd"]
        );
    }
}
