//! How the demo tells.

use std::io::Write;

use anstyle::Style;

use crate::exit::Exit;
use crate::style::{BAD, BOLD, DIM, GOOD, QR};

/// Writes a story: headings, what people do, the calls it takes, and what is answered.
pub(super) struct Teller<'a> {
    out: &'a mut dyn Write,
    chapters: usize,
    pace: Pace,
    /// Where the line of a brief call has got to; none if what was written last is no such line.
    column: Option<usize>,
    /// When the next thing happens, if the clock was moved since the last.
    moved: Option<String>,
}

/// How much is told of a call.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Pace {
    /// All.
    Full,
    /// A line, for what was told before.
    Brief,
}

impl<'a> Teller<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            chapters: 0,
            pace: Pace::Full,
            column: None,
            moved: None,
        }
    }

    /// Opens with a title, and what the reader must know.
    pub(super) fn title(&mut self, title: &str, facts: &[(&str, String)]) -> Result<(), Exit> {
        writeln!(self.out, "\n{BOLD}{title}{BOLD:#}\n")?;
        for (head, fact) in facts {
            let mut head = *head;
            for line in wrapped(fact, WIDTH.saturating_sub(13)) {
                writeln!(self.out, "  {DIM}{head:<9}{DIM:#}  {line}")?;
                head = "";
            }
        }
        Ok(())
    }

    /// Opens a chapter, with the time on the right.
    pub(super) fn chapter(&mut self, heading: &str, time: &str) -> Result<(), Exit> {
        self.chapters = self.chapters.saturating_add(1);
        self.moved = None;
        self.column = None;
        let heading = format!("{}. {heading}", self.chapters);
        let gap = WIDTH
            .saturating_sub(heading.chars().count())
            .saturating_sub(time.chars().count());
        writeln!(
            self.out,
            "\n\n{BOLD}{heading}{BOLD:#}{}{DIM}{time}{DIM:#}",
            " ".repeat(gap)
        )?;
        writeln!(self.out, "{DIM}{}{DIM:#}", "─".repeat(WIDTH))?;
        Ok(())
    }

    /// Says what happens, in plain words.
    pub(super) fn says(&mut self, text: &str) -> Result<(), Exit> {
        self.column = None;
        writeln!(self.out)?;
        if let Some(time) = self.moved.take() {
            writeln!(self.out, "{DIM}{time}{DIM:#}")?;
        }
        self.lines("", "", text, Style::new())
    }

    /// Notes that the clock was moved, for what is said next.
    pub(super) fn moved(&mut self, time: String) {
        self.moved = Some(time);
    }

    /// Tells the next calls in a line each, with neither events nor what a page shows: the reader knows them.
    pub(super) fn briefly(&mut self) {
        self.pace = Pace::Brief;
    }

    /// Tells calls in full again.
    pub(super) fn fully(&mut self) {
        self.pace = Pace::Full;
    }

    /// Shows the call that it takes.
    pub(super) fn call(&mut self, text: &str) -> Result<(), Exit> {
        if self.pace == Pace::Brief {
            if self.column.is_none() {
                writeln!(self.out)?;
            }
            let text = clause(text);
            self.column = Some(text.chars().count().saturating_add(4));
            write!(self.out, "    {DIM}{text}{DIM:#}")?;
            return Ok(());
        }
        self.column = None;
        writeln!(self.out)?;
        self.lines("    ", "      ", text, DIM)
    }

    /// Sums up an answer.
    pub(super) fn answer(&mut self, text: &str) -> Result<(), Exit> {
        self.marked(GOOD, text)
    }

    /// Sums up an answer that is a refusal.
    pub(super) fn refusal(&mut self, text: &str) -> Result<(), Exit> {
        self.marked(BAD, text)
    }

    /// Shows what went into the audit trail.
    pub(super) fn event(&mut self, text: &str) -> Result<(), Exit> {
        if self.pace != Pace::Full {
            return Ok(());
        }
        self.lines("      audit: ", "             ", text, DIM)
    }

    /// Shows what a page would show: lines that are not broken.
    pub(super) fn shows(&mut self, lines: &[(&str, &str)]) -> Result<(), Exit> {
        if self.pace != Pace::Full {
            return Ok(());
        }
        writeln!(self.out)?;
        for (head, line) in lines {
            writeln!(self.out, "      {DIM}{head:<15}{DIM:#}{BOLD}{line}{BOLD:#}")?;
        }
        Ok(())
    }

    /// Shows what a phone shows, a line of its own each; between brief calls only what comes first.
    pub(super) fn message(&mut self, text: &str) -> Result<(), Exit> {
        let mut head = "text message";
        let mut text = text;
        if self.pace == Pace::Brief {
            text = text.lines().next().unwrap_or_default();
        } else {
            writeln!(self.out)?;
        }
        for line in text.lines().filter(|line| !line.is_empty()) {
            for line in wrapped(line, WIDTH.saturating_sub(21)) {
                writeln!(self.out, "      {DIM}{head:<15}{DIM:#}{BOLD}{line}{BOLD:#}")?;
                head = "";
            }
        }
        Ok(())
    }

    /// Shows what is to be copied, at the edge: a terminal breaks it, and copies it whole.
    pub(super) fn copyable(&mut self, text: &str) -> Result<(), Exit> {
        writeln!(self.out, "\n{text}")?;
        Ok(())
    }

    /// Draws a QR code.
    pub(super) fn qr(&mut self, lines: &[String]) -> Result<(), Exit> {
        writeln!(self.out)?;
        for line in lines {
            writeln!(self.out, "      {QR}{line}{QR:#}")?;
        }
        Ok(())
    }

    /// Asks for a line, and leaves the cursor behind the question.
    pub(super) fn asks(&mut self, question: &str) -> Result<(), Exit> {
        write!(self.out, "\n  {BOLD}{question}{BOLD:#} ")?;
        self.out.flush()?;
        Ok(())
    }

    /// Ends the line of a question that was not answered.
    pub(super) fn unanswered(&mut self) -> Result<(), Exit> {
        writeln!(self.out)?;
        Ok(())
    }

    fn marked(&mut self, style: Style, text: &str) -> Result<(), Exit> {
        if self.pace != Pace::Full {
            let text = clause(text);
            let width = text.chars().count().saturating_add(3);
            let column = self.column.unwrap_or_default();
            let gap = match column.saturating_add(width) <= WIDTH {
                true => " ",
                false => "\n    ",
            };
            writeln!(self.out, "{gap}{style}→{style:#} {text}")?;
            return Ok(());
        }
        for (i, line) in wrapped(text, WIDTH.saturating_sub(6)).iter().enumerate() {
            let mark = match i {
                0 => "→",
                _ => " ",
            };
            writeln!(self.out, "    {style}{mark}{style:#} {line}")?;
        }
        Ok(())
    }

    fn lines(&mut self, first: &str, further: &str, text: &str, style: Style) -> Result<(), Exit> {
        let mut indent = first;
        let width = WIDTH.saturating_sub(further.chars().count());
        for line in wrapped(text, width) {
            writeln!(self.out, "{style}{indent}{line}{style:#}")?;
            indent = further;
        }
        Ok(())
    }
}

/// Returns the beginning of a text, up to its first stop; all of a failure.
fn clause(text: &str) -> &str {
    match text.strip_prefix("err:") {
        Some(_) => text,
        None => text.split([',', ';']).next().unwrap_or(text),
    }
}

/// Breaks a text between words; a word that is too long has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count().saturating_add(length) < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Columns that are filled.
const WIDTH: usize = 84;

#[cfg(test)]
mod tests {
    use super::{Teller, wrapped};

    #[test]
    fn brief_calls_are_a_line_each_and_break_only_where_they_are_too_long() {
        let mut out = Vec::new();
        let mut teller = Teller::new(&mut out);
        teller.briefly();
        teller.call("sign-in.begin  ana, member of acme").unwrap();
        teller
            .answer("enroll: required; authenticator app")
            .unwrap();
        teller.event("enrollment-offered").unwrap();
        teller.call("recovery.issue  ana, the ticket").unwrap();
        let long = format!("err: {}, and why", "x".repeat(50));
        teller.refusal(&long).unwrap();
        teller.fully();
        teller.call("meta.describe").unwrap();
        let told = anstream::adapter::strip_bytes(&out).into_vec();
        let expected = format!(
            "\n    sign-in.begin  ana → enroll: required\n    recovery.issue  ana\n    → {long}\n\
             \n    meta.describe\n"
        );
        assert_eq!(String::from_utf8(told).unwrap(), expected);
    }

    #[test]
    fn lines_break_between_words_and_a_long_word_stays_whole() {
        assert_eq!(wrapped("ab cd efghijkl m", 6), ["ab cd", "efghijkl", "m"]);
    }
}
