//! A parsed file, and the way into it.
//!
//! The errors of typed parsers repeat what they found, which may be a secret. So a file is parsed into a tree, and the
//! tree is walked with names; an error says where, and what was expected there.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroize;

use super::row::Refusal;

/// A tree that is wiped on drop, and never printed.
///
/// What its parser copied meanwhile is not wiped.
pub(super) struct Document(Value);

impl Document {
    pub(super) fn new(value: Value) -> Self {
        Self(value)
    }

    /// Parses one JSON value.
    pub(super) fn parse_json(text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|it| not_json(&it))
    }

    /// Parses JSON values that follow one another.
    pub(super) fn parse_all_json(text: &str) -> Result<Vec<Self>, Refusal> {
        serde_json::Deserializer::from_str(text)
            .into_iter()
            .map(|it| it.map(Self).map_err(|it| not_json(&it)))
            .collect()
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node {
            value: &self.0,
            path: String::new(),
        }
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document(..)")
    }
}

/// A value in a document, with the way to it.
#[derive(Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Node<'a> {
    /// The way to it, from the document or the row it was rooted at.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The same value as a root of its own, so that what is wrong in a row is named within the row.
    pub(super) fn rooted(&self) -> Self {
        Self {
            value: self.value,
            path: String::new(),
        }
    }

    /// Gets a field; none if it is not there, is null, or this is no object.
    pub(super) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|it| !it.is_null())?;
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        Some(Self { value, path })
    }

    /// Gets a field that must be there.
    pub(super) fn need(&self, name: &str, expected: &str) -> Result<Self, Refusal> {
        self.get(name).ok_or_else(|| {
            let field = match self.path.as_str() {
                "" => name.to_owned(),
                path => format!("{path}.{name}"),
            };
            Refusal::expected(field, expected)
        })
    }

    pub(super) fn is_object(&self) -> bool {
        self.value.is_object()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Gets the elements of a list.
    pub(super) fn items(&self, expected: &str) -> Result<Vec<Self>, Refusal> {
        let Value::Array(items) = self.value else {
            return Err(self.refused(expected));
        };
        let node = |(index, value)| Self {
            value,
            path: format!("{}[{index}]", self.path),
        };
        Ok(items.iter().enumerate().map(node).collect())
    }

    pub(super) fn text(&self, expected: &str) -> Result<&'a str, Refusal> {
        self.value.as_str().ok_or_else(|| self.refused(expected))
    }

    /// Gets a whole number, also where it is written as text, as some systems do.
    pub(super) fn number(&self) -> Result<u64, Refusal> {
        let number = match self.value {
            Value::Number(number) => number.as_u64(),
            // `parse` alone would take a sign.
            Value::String(text) if text.bytes().all(|it| it.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.refused("a whole number"))
    }

    /// Gets a number with a fraction, also where it is written as text.
    pub(super) fn fraction(&self) -> Result<f64, Refusal> {
        let number = match self.value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let finite = number.filter(|it| it.is_finite());
        finite.ok_or_else(|| self.refused("a number"))
    }

    /// Gets true or false.
    pub(super) fn flag(&self) -> Result<bool, Refusal> {
        self.value
            .as_bool()
            .ok_or_else(|| self.refused("true or false"))
    }

    /// Says that this should have been something else.
    pub(super) fn refused(&self, expected: &str) -> Refusal {
        match self.path.as_str() {
            "" => Refusal {
                field: None,
                why: format!("expected {expected}"),
            },
            path => Refusal::expected(path, expected),
        }
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.path)
    }
}

/// Says where JSON ends to be JSON. The parser's own words are not repeated.
fn not_json(error: &serde_json::Error) -> Refusal {
    let place = format!("line {} column {}", error.line(), error.column());
    match error.is_eof() {
        true => Refusal::expected(place, "more JSON; it ends too early"),
        false => Refusal::expected(place, "JSON"),
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn an_error_says_where_and_never_what() {
        let document = Document::parse_json(r#"{"a": [{"b": "SECRET"}]}"#).unwrap();
        let b = document.root().get("a").unwrap().items("").unwrap()[0].get("b");
        let error = b.unwrap().number().unwrap_err();
        assert_eq!(error.to_string(), "a[0].b: expected a whole number");
        for (text, expected) in [
            ("{\"a\": SECRET", "line 1 column 7: expected JSON"),
            (
                "{\"a\":\n \"SECRET\"",
                "line 2 column 9: expected more JSON; it ends too early",
            ),
        ] {
            let error = Document::parse_json(text).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_number_may_be_written_as_text_but_with_no_sign() {
        for (text, number) in [
            (r#"{"n": 30}"#, Some(30)),
            (r#"{"n": "30"}"#, Some(30)),
            (r#"{"n": "+30"}"#, None),
            (r#"{"n": "-30"}"#, None),
            (r#"{"n": ""}"#, None),
            (r#"{"n": 30.5}"#, None),
            (r#"{"n": true}"#, None),
        ] {
            let document = Document::parse_json(text).unwrap();
            let found = document.root().get("n").unwrap().number();
            assert_eq!(found.ok(), number, "{text}");
        }
    }
}
