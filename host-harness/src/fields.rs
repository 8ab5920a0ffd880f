//! JSON objects that people write, read field by field: what does not fit is named with what was expected.

use serde_json::{Map, Value};

use crate::dynamic::ArgumentError;

pub(crate) type Fit<T> = Result<T, ArgumentError>;

/// An object that is being read. It notes which fields it was asked for, so that none is left over unseen.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    path: &'a str,
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Begins to read the object at `path`.
    pub(crate) fn of(path: &'a str, json: &'a Value) -> Fit<Self> {
        match json {
            Value::Object(object) => Ok(Self {
                path,
                object,
                known: Vec::new(),
            }),
            _ => Err(misfit(path, "an object")),
        }
    }

    /// Returns a field, if it is there and not `null`.
    pub(crate) fn find(&mut self, name: &'static str) -> Option<(String, &'a Value)> {
        self.known.push(name);
        let value = self.object.get(name).filter(|it| !it.is_null())?;
        Some((self.at(name), value))
    }

    /// Returns a field that must be there.
    pub(crate) fn need(&mut self, name: &'static str, expected: &str) -> Fit<(String, &'a Value)> {
        self.find(name)
            .ok_or_else(|| misfit(&self.at(name), expected))
    }

    /// Reads a text.
    pub(crate) fn text(&mut self, name: &'static str) -> Fit<String> {
        let (path, value) = self.need(name, TEXT)?;
        text(&path, value)
    }

    /// Reads a whole number.
    pub(crate) fn whole<T: TryFrom<u64>>(&mut self, name: &'static str) -> Fit<T> {
        let (path, value) = self.need(name, WHOLE)?;
        whole(&path, value)
    }

    /// Reads `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str) -> Fit<bool> {
        let (path, value) = self.need(name, FLAG)?;
        value.as_bool().ok_or_else(|| misfit(&path, FLAG))
    }

    /// Reads a word of a list of them.
    pub(crate) fn word<T: Copy>(&mut self, name: &'static str, words: &Words<T>) -> Fit<T> {
        let (path, value) = self.need(name, &one_of(words))?;
        word(&path, value, words)
    }

    /// Reads an array, item by item.
    pub(crate) fn list<T>(
        &mut self,
        name: &'static str,
        item: impl Fn(&str, &Value) -> Fit<T>,
    ) -> Fit<Vec<T>> {
        let (path, value) = self.need(name, ARRAY)?;
        list(&path, value, item)
    }

    /// Refuses fields that nobody asked for.
    pub(crate) fn end(self) -> Fit<()> {
        let unknown = |name: &&String| !self.known.contains(&name.as_str());
        match self.object.keys().find(unknown) {
            Some(name) => Err(misfit(
                &self.at(name),
                &format!("no such field; there are: {}", self.known.join(", ")),
            )),
            None => Ok(()),
        }
    }

    fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

/// Words of the contract, each with what it stands for.
pub(crate) type Words<T> = [(&'static str, T)];

/// Returns the word for a value; each value of an enumeration stands in its table.
pub(crate) fn name_of<T: PartialEq>(value: &T, words: &Words<T>) -> &'static str {
    let found = words.iter().find(|(_, it)| it == value);
    found.map_or("", |(name, _)| name)
}

pub(crate) fn text(path: &str, json: &Value) -> Fit<String> {
    let text = json.as_str().ok_or_else(|| misfit(path, TEXT))?;
    Ok(text.to_owned())
}

pub(crate) fn whole<T: TryFrom<u64>>(path: &str, json: &Value) -> Fit<T> {
    let whole = json.as_u64().and_then(|it| T::try_from(it).ok());
    whole.ok_or_else(|| misfit(path, WHOLE))
}

pub(crate) fn word<T: Copy>(path: &str, json: &Value, words: &Words<T>) -> Fit<T> {
    let named = |name: &str| words.iter().find(|(it, _)| *it == name);
    match json.as_str().and_then(named) {
        Some((_, value)) => Ok(*value),
        None => Err(misfit(path, &one_of(words))),
    }
}

pub(crate) fn list<T>(
    path: &str,
    json: &Value,
    item: impl Fn(&str, &Value) -> Fit<T>,
) -> Fit<Vec<T>> {
    let items = json.as_array().ok_or_else(|| misfit(path, ARRAY))?;
    let each = items.iter().enumerate();
    each.map(|(i, json)| item(&format!("{path}[{i}]"), json))
        .collect()
}

/// Reads text as JSON.
pub(crate) fn parse(path: &str, text: &str) -> Fit<Value> {
    serde_json::from_str(text).map_err(|error| misfit(path, &format!("JSON: {error}")))
}

pub(crate) fn misfit(path: &str, expected: &str) -> ArgumentError {
    ArgumentError {
        path: path.to_owned(),
        expected: expected.to_owned(),
    }
}

fn one_of<T>(words: &Words<T>) -> String {
    let words: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    words.join(" or ")
}

const ARRAY: &str = "an array";
const FLAG: &str = "true or false";
const TEXT: &str = "a string";
const WHOLE: &str = "a whole number";
