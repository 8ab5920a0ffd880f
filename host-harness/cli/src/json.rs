//! JSON on a terminal.

use countersign_host::printable::json_line;
use serde_json::Value;

/// Writes JSON on many lines, with everything escaped that is not seen as it is. It is read back as the same value.
pub(crate) fn pretty(json: &Value) -> String {
    let text = format!("{json:#}");
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // A line ends only between values: inside a string it is escaped already.
            '\n' | ' '..='~' => seen.push(c),
            c => {
                let quoted = json_line(&Value::String(c.to_string()));
                seen.push_str(quoted.trim_matches('"'));
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::pretty;

    #[test]
    fn what_is_not_seen_is_escaped_and_the_value_stays_the_same() {
        let nasty = "a\"\\\n\u{1b}[31m\u{7f}\u{9b}\u{202e}\u{2066}\u{feff}\u{e0041}\u{1f600}é\"";
        let json = json!({ nasty: [nasty, 7, null] });
        let text = pretty(&json);
        for (c, escaped) in [('\u{202e}', "\\u202e"), ('\u{e0041}', "\\udb40\\udc41")] {
            assert!(!text.contains(c) && text.contains(escaped), "{text:?}");
        }
        let controls = text.chars().filter(|it| it.is_control());
        assert!(
            controls.clone().all(|it| it == '\n') && controls.count() == 6,
            "{text:?}"
        );
        assert!(text.contains("\u{1f600}é"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json);
    }
}
