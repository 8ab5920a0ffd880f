//! What was set, key by key, from the file and from the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::Secret;

/// Hands out settings by their keys, and keeps what was wrong with any of them.
pub(super) struct Reader {
    /// The file, as people know it.
    file: String,
    /// What relative paths begin at.
    base: PathBuf,
    settings: BTreeMap<String, Setting>,
    known: BTreeSet<String>,
    problems: Vec<Problem>,
}

struct Setting {
    place: Place,
    value: Value,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Place {
    Line(usize),
    Variable(String),
    /// It stands nowhere, and should.
    Nowhere,
}

enum Value {
    Text(Zeroizing<String>),
    Number(i64),
    Flag(bool),
    List(Vec<String>),
    Table,
    /// Of no type that any setting has.
    Other,
}

/// What is wrong with one setting. The value is never in it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Problem {
    place: Place,
    file: String,
    key: String,
    expected: String,
}

impl Reader {
    /// Reads the text of a file, and the environment over it.
    pub(super) fn new(
        path: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let mut reader = Self {
            file: name.to_string_lossy().into_owned(),
            base: path.parent().unwrap_or(Path::new("")).to_owned(),
            settings: BTreeMap::new(),
            known: BTreeSet::new(),
            problems: Vec::new(),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let place = Place::Line(error.span().map_or(1, |it| line_of(text, it.start)));
            reader.problem(place, "", format!("TOML: {}", error.message()));
        }
        if errors.is_empty() {
            reader.add_table("", table.get_ref(), text);
        }
        for (name, value) in environment {
            reader.add_variable(name, value);
        }
        reader
    }

    fn add_table(&mut self, prefix: &str, table: &DeTable<'_>, text: &str) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let place = Place::Line(line_of(text, name.span().start));
            let value = match value.get_ref() {
                DeValue::String(it) => Value::Text(Zeroizing::new(it.to_string())),
                DeValue::Integer(it) => {
                    i64::from_str_radix(it.as_str(), it.radix()).map_or(Value::Other, Value::Number)
                }
                DeValue::Boolean(it) => Value::Flag(*it),
                DeValue::Array(it) => it
                    .iter()
                    .map(|it| it.get_ref().as_str().map(str::to_owned))
                    .collect::<Option<_>>()
                    .map_or(Value::Other, Value::List),
                DeValue::Table(it) => {
                    self.add_table(&format!("{key}."), it, text);
                    Value::Table
                }
                DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
            };
            self.settings.insert(key, Setting { place, value });
        }
    }

    /// `COUNTERSIGN_GATEWAY_MAIL__PASSWORD_FILE` is `mail.password-file`.
    fn add_variable(&mut self, name: String, value: String) {
        let Some(key) = name.strip_prefix(PREFIX) else {
            return;
        };
        let key = key
            .to_ascii_lowercase()
            .replace("__", ".")
            .replace('_', "-");
        let setting = Setting {
            place: Place::Variable(name),
            value: Value::Text(Zeroizing::new(value)),
        };
        self.settings.insert(key, setting);
    }

    /// Says whether a table stands there, or a key of it is set.
    pub(super) fn has(&mut self, table: &str) -> bool {
        self.known.insert(table.to_owned());
        let setting = self.settings.get(table).map(|it| &it.value);
        if !matches!(setting, None | Some(Value::Table)) {
            self.wrong(table, "a table");
        }
        let of = format!("{table}.");
        self.settings
            .keys()
            .any(|key| key == table || key.starts_with(&of))
    }

    /// Notes what is wrong with a key, wherever it was set.
    pub(super) fn wrong(&mut self, key: &str, expected: impl Into<String>) {
        let place = self.settings.get(key).map(|it| it.place.clone());
        self.problem(place.unwrap_or(Place::Nowhere), key, expected.into());
    }

    fn problem(&mut self, place: Place, key: &str, expected: String) {
        self.problems.push(Problem {
            place,
            file: self.file.clone(),
            key: key.to_owned(),
            expected,
        });
    }

    /// Returns a text, if it is set and what `parse` takes.
    pub(super) fn text<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.known.insert(key.to_owned());
        let parsed = match &self.settings.get(key)?.value {
            Value::Text(text) => parse(text),
            _ => None,
        };
        if parsed.is_none() {
            self.wrong(key, expected);
        }
        parsed
    }

    /// Returns a text that must be set.
    pub(super) fn needed<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.text(key, expected, parse);
        if !self.settings.contains_key(key) {
            self.wrong(key, expected);
        }
        found
    }

    pub(super) fn number(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        self.known.insert(key.to_owned());
        let number = match self.settings.get(key).map(|it| &it.value) {
            None => return default,
            Some(Value::Number(it)) => u32::try_from(*it).ok(),
            Some(Value::Text(it)) if self.is_variable(key) => it.parse().ok(),
            Some(_) => None,
        };
        number.filter(|it| range.contains(it)).unwrap_or_else(|| {
            self.wrong(key, format!("{} to {}", range.start(), range.end()));
            default
        })
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        self.known.insert(key.to_owned());
        let flag = match self.settings.get(key).map(|it| &it.value) {
            None => return false,
            Some(Value::Flag(it)) => Some(*it),
            Some(Value::Text(it)) if self.is_variable(key) => it.parse().ok(),
            Some(_) => None,
        };
        flag.unwrap_or_else(|| {
            self.wrong(key, "true or false");
            false
        })
    }

    /// Returns the members of a list; in a variable, commas stand between them.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        self.known.insert(key.to_owned());
        let members = match self.settings.get(key).map(|it| &it.value) {
            None => return Vec::new(),
            Some(Value::List(it)) => it.iter().map(|it| parse(it)).collect(),
            Some(Value::Text(it)) if it.is_empty() => Some(Vec::new()),
            Some(Value::Text(it)) if self.is_variable(key) => {
                it.split(',').map(|it| parse(it.trim())).collect()
            }
            Some(_) => None,
        };
        members.unwrap_or_else(|| {
            self.wrong(key, expected);
            Vec::new()
        })
    }

    /// Returns a path, from the file's directory if it is relative.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let base = self.base.clone();
        let path = |it: &str| (!it.is_empty()).then(|| base.join(it));
        self.text(key, "a path", path)
    }

    /// Returns a secret: the one of a variable, or the file that `KEY-file` names.
    pub(super) fn secret(&mut self, key: &str) -> Option<Secret> {
        let of_file = format!("{key}-file");
        let file = self.path(&of_file).map(Secret::File);
        self.known.insert(key.to_owned());
        let Some(setting) = self.settings.get(key) else {
            return file;
        };
        match (&setting.place, &setting.value) {
            (Place::Variable(_), Value::Text(it)) if !it.is_empty() => {
                Some(Secret::Given(it.clone()))
            }
            (Place::Variable(_), _) => {
                self.wrong(key, "a secret");
                file
            }
            _ => {
                let name = key.replace('.', "__").replace('-', "_");
                let name = name.to_ascii_uppercase();
                self.wrong(
                    key,
                    format!(
                        "no secret in this file, but {of_file}, or the variable {PREFIX}{name}"
                    ),
                );
                file
            }
        }
    }

    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// Says whether the environment has set a key.
    pub(super) fn is_variable(&self, key: &str) -> bool {
        let place = self.settings.get(key).map(|it| &it.place);
        matches!(place, Some(Place::Variable(_)))
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.settings.contains_key(key)
    }

    /// Returns every key that was asked for.
    #[cfg(test)]
    pub(super) fn known(&self) -> &BTreeSet<String> {
        &self.known
    }

    /// Returns what was wrong, in the order of the file; what nobody asked for is wrong too.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        let unknown: Vec<String> = self
            .settings
            .keys()
            .filter(|key| !self.known.contains(*key))
            .cloned()
            .collect();
        for key in unknown {
            // Of a table that is unknown, its keys are enough said by its name.
            let parent = key.rsplit_once('.').map(|(parent, _)| parent);
            let is_told = parent.is_some_and(|it| !self.known.contains(it) && self.is_set(it));
            if !is_told {
                self.wrong(&key, "the name of a setting");
            }
        }
        self.problems.sort();
        self.problems.dedup();
        self.problems
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            key,
            expected,
            ..
        } = self;
        match &self.place {
            Place::Variable(name) => write!(f, "{name}: expected {expected}"),
            Place::Line(line) if key.is_empty() => write!(f, "{file}:{line}: expected {expected}"),
            Place::Line(line) => write!(f, "{file}:{line}: {key}: expected {expected}"),
            Place::Nowhere => write!(f, "{file}: {key}: expected {expected}"),
        }
    }
}

/// Counts from 1.
fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    breaks.saturating_add(1)
}

/// What the names of all variables of the gateway begin with.
pub(super) const PREFIX: &str = "COUNTERSIGN_GATEWAY_";
