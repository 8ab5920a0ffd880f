//! How the output looks. Where it is no terminal, or does not want colours, the stream takes them out again.

use anstyle::{Ansi256Color, AnsiColor, Color, Style};

/// What is about the rest.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Headings.
pub(crate) const BOLD: Style = Style::new().bold();
/// What went as it should.
pub(crate) const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// What did not, or was refused.
pub(crate) const BAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// What is fatal.
pub(crate) const ERROR: Style = Style::new()
    .bold()
    .fg_color(Some(Color::Ansi(AnsiColor::Red)));
/// A QR code: white on black whatever the terminal's own colours are, or scanners see a negative.
pub(crate) const QR: Style = Style::new()
    .fg_color(Some(Color::Ansi256(Ansi256Color(231))))
    .bg_color(Some(Color::Ansi256(Ansi256Color(16))));
