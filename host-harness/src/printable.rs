//! Text of strangers on a terminal or in a log, where it must not look like something else.
//!
//! Names of users and companies, reasons, and addresses of clients are other people's words. Control characters in
//! them can begin a new line or recolour a terminal; marks that turn the direction of writing, or that cannot be seen,
//! can make one name look like another. What is written here has them escaped, and stays on one line.

use std::fmt::{self, Write};

use serde_json::Value;

/// Shows a text with everything escaped that is not seen as it is, as in `a\u{202e}b`.
///
/// # Examples
///
/// ```
/// use countersign_host::printable::Printable;
///
/// assert_eq!(Printable("ana\n\u{202e}\u{1b}[2J").to_string(), r"ana\n\u{202e}\u{1b}[2J");
/// assert_eq!(Printable("Ana Núñez 安").to_string(), "Ana Núñez 安");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match is_deceptive(c) {
                true => write!(f, "{}", c.escape_default())?,
                false => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Writes JSON on one line, with everything escaped that is not seen as it is. It is read back as the same value.
///
/// # Examples
///
/// ```
/// use countersign_host::printable::json_line;
/// use serde_json::json;
///
/// let line = json_line(&json!({ "reason": "a\n\u{2028}b" }));
/// assert_eq!(line, r#"{"reason":"a\n\u2028b"}"#);
/// ```
#[must_use]
pub fn json_line(json: &Value) -> String {
    let text = json.to_string();
    let mut line = String::with_capacity(text.len());
    // Outside strings JSON is ASCII without any of these, so that each that is found stands inside one.
    for c in text.chars() {
        match is_deceptive(c) {
            true => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
            false => line.push(c),
        }
    }
    line
}

/// Says whether a character does something to what stands around it, or is not seen at all: control characters
/// (Cc), format characters (Cf) and the separators of lines and paragraphs (Zl, Zp).
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || UNSEEN
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&c))
}

/// Unicode 16.0, general categories Cf, Zl and Zp; whole blocks where nothing else is assigned between.
const UNSEEN: [(char, char); 19] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e007f}'),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_of_json_is_seen_as_it_is_and_read_back_the_same() {
        let nasty = "a\n\r\t\0\u{1b}[31m\u{7f}\u{85}\u{9b}\u{200b}\u{200f}\u{2028}\u{2029}\u{202e}\u{2066}\u{feff}\
            \u{e0041}\\\"\u{1f600}é";
        let json = json!({ nasty: [nasty, 7, null] });
        let line = json_line(&json);
        assert!(!line.chars().any(is_deceptive), "{line:?}");
        assert!(line.contains("\\udb40\\udc41"), "{line}");
        assert!(line.contains("\u{1f600}é"), "{line}");
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read, json);
        assert!(!Printable(nasty).to_string().chars().any(is_deceptive));
    }

    #[test]
    fn what_turns_the_direction_of_writing_is_known() {
        // Unicode Standard Annex #9, section 2.
        let marks = "\u{61c}\u{200e}\u{200f}";
        let controls = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for c in marks.chars().chain(controls) {
            assert!(is_deceptive(c), "{c:?}");
        }
    }
}
