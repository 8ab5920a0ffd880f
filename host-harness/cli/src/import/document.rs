//! A parsed file, and the way into it.
//!
//! The errors of typed parsers repeat what they found, which may be a secret. So a file is parsed into a tree, and the
//! tree is walked with names; an error says where, and what was expected there.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
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
        let mut json = serde_json::Deserializer::from_str(text);
        let document = Self::next(&mut json, &mut Budget::of(MOST_JSON))?;
        json.end().map_err(|it| not_json(&it))?;
        Ok(document)
    }

    /// Parses JSON values that follow one another.
    pub(super) fn parse_all_json(text: &str) -> Result<Vec<Self>, Refusal> {
        let mut json = serde_json::Deserializer::from_str(text);
        let mut budget = Budget::of(MOST_JSON);
        let mut documents = Vec::new();
        while json.end().is_err() {
            documents.push(Self::next(&mut json, &mut budget)?);
        }
        Ok(documents)
    }

    fn next(
        json: &mut serde_json::Deserializer<serde_json::de::StrRead<'_>>,
        budget: &mut Budget,
    ) -> Result<Self, Refusal> {
        let read = Tree(budget).deserialize(json);
        read.map(Self).map_err(|error| match budget.is_spent() {
            true => budget.refused(place(&error)),
            false => not_json(&error),
        })
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

/// How much memory a tree may still take.
///
/// A few bytes of text can become a hundred times as many: `{"a":0}` is a node of a map.
pub(super) struct Budget {
    most: usize,
    left: Option<usize>,
}

impl Budget {
    pub(super) fn of(most: usize) -> Self {
        Self {
            most,
            left: Some(most),
        }
    }

    /// Takes what the next element takes of a list that has so many: lists make room for four, and then for twice as
    /// many.
    #[must_use]
    pub(super) fn take_item(&mut self, items: usize) -> bool {
        match items {
            0 => self.take(ROOM.saturating_mul(size_of::<Value>())),
            ROOM.. if items.is_power_of_two() => {
                self.take(items.saturating_mul(size_of::<Value>()))
            }
            _ => true,
        }
    }

    /// Takes what the next field takes of an object that has so many.
    #[must_use]
    pub(super) fn take_field(&mut self, fields: usize) -> bool {
        match fields.is_multiple_of(FIELDS) {
            true => self.take(FIELDS.saturating_mul(size_of::<(String, Value)>())),
            false => true,
        }
    }

    fn take(&mut self, bytes: usize) -> bool {
        self.left = self.left.and_then(|it| it.checked_sub(bytes));
        !self.is_spent()
    }

    fn is_spent(&self) -> bool {
        self.left.is_none()
    }

    /// Says where it was spent.
    pub(super) fn refused(&self, place: String) -> Refusal {
        let mebibytes = self.most >> 20;
        let expected = format!("what fits into {mebibytes} MiB of memory; import it in parts");
        Refusal::expected(place, &expected)
    }
}

/// Reads JSON into a tree, as [`Value`] itself does, within a budget.
struct Tree<'a>(&'a mut Budget);

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Tree(self.0))? {
            if !self.0.take_item(items.len()) {
                return Err(A::Error::custom("more than the budget"));
            }
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            if !self.0.take_field(fields.len()) {
                return Err(A::Error::custom("more than the budget"));
            }
            let value = object.next_value_seed(Tree(self.0))?;
            fields.insert(name, value);
        }
        Ok(fields.into())
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

    /// Gets the elements of a list, one after the other: the ways to all of them take more than the list.
    pub(super) fn items(
        &self,
        expected: &str,
    ) -> Result<impl Iterator<Item = Self> + use<'a>, Refusal> {
        let Value::Array(items) = self.value else {
            return Err(self.refused(expected));
        };
        let path = self.path.clone();
        let node = move |(index, value)| Self {
            value,
            path: format!("{path}[{index}]"),
        };
        Ok(items.iter().enumerate().map(node))
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
    match error.is_eof() {
        true => Refusal::expected(place(error), "more JSON; it ends too early"),
        false => Refusal::expected(place(error), "JSON"),
    }
}

fn place(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What 128 MiB of people and apps take.
const MOST_JSON: usize = 512 << 20;

/// The list of the standard library makes room for so many at first.
const ROOM: usize = 4;

/// The map of the standard library makes room for so many at a time.
const FIELDS: usize = 11;

#[cfg(test)]
mod tests {
    use super::{Budget, Document};

    #[test]
    fn an_error_says_where_and_never_what() {
        let document = Document::parse_json(r#"{"a": [{"b": "SECRET"}]}"#).unwrap();
        let b = document
            .root()
            .get("a")
            .unwrap()
            .items("")
            .unwrap()
            .next()
            .unwrap();
        let error = b.get("b").unwrap().number().unwrap_err();
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
    fn what_would_take_far_more_memory_than_its_text_is_refused_where_it_does() {
        for (element, most) in [
            (r#"{"a":0}"#, 1_600),
            ("[0]", 6_600),
            ("0", 32_768),
            ("\"a\"", 32_768),
        ] {
            let read = |count: usize| {
                let text = format!("[{element}{}]", format!(",{element}").repeat(count));
                let mut json = serde_json::Deserializer::from_str(&text);
                let read = Document::next(&mut json, &mut Budget::of(1 << 20));
                read.map(|_| ()).map_err(|it| it.to_string())
            };
            assert_eq!(read(most / 3), Ok(()), "{element}");
            let refusal = read(most).unwrap_err();
            assert!(refusal.starts_with("line 1 column "), "{refusal}");
            let expected = ": expected what fits into 1 MiB of memory; import it in parts";
            assert!(refusal.ends_with(expected), "{refusal}");
        }
    }

    #[test]
    fn values_that_follow_one_another_are_read_within_one_budget() {
        let pages = Document::parse_all_json("{\"a\": 1}\n[2] ").unwrap();
        assert_eq!(pages.len(), 2);
        assert!(Document::parse_all_json(" ").unwrap().is_empty());
        let error = Document::parse_all_json("[1] [").unwrap_err().to_string();
        assert!(
            error.starts_with("line 1 column 5: expected more JSON"),
            "{error}"
        );
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
