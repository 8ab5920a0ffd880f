//! Cases as data. Their form is described in `tests/cases/README.md`.

mod call;
mod contract;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::call::{Call, Template};
use self::contract::CONTRACT;

/// Variables, by their names.
pub type Variables = BTreeMap<String, Value>;

/// All cases of a directory, and the templates they use.
#[derive(Debug)]
pub struct Cases {
    /// The files, in the order of their names.
    pub files: Vec<File>,
    /// What the cases have in common.
    pub templates: Templates,
}

/// A file of cases.
#[derive(Debug)]
pub struct File {
    /// Its name without `.toml`.
    pub name: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// One case: what is called, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// Its name, unique and for ever.
    pub id: String,
    /// The duties that it holds the plugin to.
    pub covers: Vec<String>,
    /// The level of the contract that it belongs to.
    #[serde(default)]
    pub level: Level,
    /// A plugin that claims this level is not meant.
    pub unless: Option<Level>,
    /// What it is about, where the id does not say enough.
    pub title: Option<String>,
    /// Sequences that come first.
    #[serde(default)]
    pub start: Vec<String>,
    /// The whole case is run once for each of these sets of variables.
    #[serde(default)]
    pub each: Vec<Variables>,
    /// The steps.
    pub step: Vec<Step>,
}

impl Case {
    /// Says whether a plugin that claims this level, and those below it, is meant.
    #[must_use]
    pub fn is_for(&self, claimed: Level) -> bool {
        self.level <= claimed && self.unless.is_none_or(|unless| claimed < unless)
    }
}

/// A part of the contract that a plugin implements whole, as `meta.describe` claims it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Policy and deadline, authenticator app, recovery, status and reset.
    #[default]
    Core,
    /// Text messages, trusted devices and all of `administration` too.
    Extended,
}

impl Level {
    /// Says whether a function of the contract, such as `sign-in.begin`, belongs to this level.
    #[must_use]
    pub fn has(self, function: &str) -> bool {
        self == Self::Extended || !EXTENDED.contains(&function)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Core => "core",
            Self::Extended => "extended",
        })
    }
}

/// One step. Its parts happen in the order of the fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Step {
    /// Moves the clock to a time, also back.
    pub at: Option<Value>,
    /// Moves the clock on.
    pub wait: Option<String>,
    /// Breaks the clock, or mends it: `fails`, `works`.
    pub clock: Option<String>,
    /// Breaks the random source, or mends it: `zero`, `repeats`, `stuck`, `fails`, `works`.
    pub random: Option<String>,
    /// What the phone line says of every number: `refuses`, or `works` as before.
    pub line: Option<String>,
    /// What becomes of the next messages, in order: `failed`, `refused`, `already-sent`, `lost`,
    /// `doubtful`.
    pub fates: Vec<String>,
    /// Replaces the keyring's active key.
    pub rotate_keys: bool,
    /// Puts something else in the place of a record.
    pub tamper: Option<Tamper>,
    /// Stops the host, and starts another on the same store.
    pub restart: bool,
    /// Counts all events up to now as looked at.
    pub look: bool,
    /// Sets variables.
    #[serde(rename = "let")]
    pub set: Variables,
    /// Includes a sequence.
    #[serde(rename = "do")]
    pub sequence: Option<String>,
    /// Runs the steps below once for each of these sets of variables.
    pub each: Vec<Variables>,
    /// Runs the steps below so many times.
    pub repeat: Option<u64>,
    /// The steps of `each` or `repeat`.
    pub step: Vec<Self>,
    /// The template that the call builds on.
    #[serde(rename = "use")]
    pub template: Option<String>,
    /// The function that is called, such as `sign-in.begin`.
    pub call: Option<String>,
    /// The arguments, by parameter.
    pub args: Value,
    /// A pattern that the answer matches.
    pub expect: Option<Value>,
    /// What to remember of the answer: a variable, and the path to it.
    pub save: BTreeMap<String, String>,
    /// The call is made so many times, one after the other.
    pub times: Option<u64>,
    /// Plans a fault of an import for this call.
    pub fault: Option<Planned>,
    /// The case is run again up to here for each use of each of these imports, with that use failing.
    pub sweep: Vec<String>,
    /// What the call answers when it is repeated after a commit of which nobody knew.
    pub again: Option<Value>,
    /// Makes the call, or each of `calls`, so many times at once.
    pub race: Option<usize>,
    /// The calls that race.
    pub calls: Vec<Call>,
    /// What the racing calls answer, and how often.
    pub outcomes: Vec<Outcome>,
    /// The call changes no record and notes no event.
    pub unchanged: bool,
    /// The events committed since this was last asked.
    pub events: Option<Value>,
    /// The text messages that went out since this was last asked.
    pub messages: Option<Value>,
}

/// What is put in the place of a record.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tamper {
    /// `account`, `tickets` or `policy`.
    pub record: String,
    /// Whose, or which company's.
    pub of: String,
    /// How: `flip` changes a bit of the last byte, `truncate` drops the second half, `empty` leaves nothing; `newer` is a
    /// well-sealed record of a format that is far in the future, `garbage` one of no format at all; `swap` is the same
    /// record of the user `bea`.
    pub how: String,
}

/// A planned fault.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Planned {
    /// The import, such as `store.commit`.
    pub import: String,
    /// The first use of it that fails, counted from 1.
    #[serde(default = "one")]
    pub on: u32,
    /// How many uses fail.
    #[serde(default = "one")]
    pub times: u32,
    /// How.
    #[serde(default)]
    pub kind: FaultKind,
}

/// How an import fails.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Nothing happened.
    #[default]
    FailBefore,
    /// Everything happened.
    FailAfter,
    /// Another commit came first.
    Conflict,
}

/// An answer of a race, and how often it comes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Outcome {
    /// The pattern.
    pub is: Value,
    /// A number, or a range such as `"1..4"`, both ends included.
    pub count: Value,
    /// What to remember of the last such answer.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
}

/// What the cases have in common.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Templates {
    /// Calls to build on.
    pub call: BTreeMap<String, Template>,
    /// Steps to include.
    pub sequence: BTreeMap<String, Vec<Step>>,
}

/// A file of cases that cannot be read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    file: PathBuf,
    why: String,
}

impl Cases {
    /// Returns the cases of the contract, which are part of this library.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] names the file and the place in it. Tests see to it that there is none.
    pub fn of_the_contract() -> Result<Self, Unreadable> {
        Self::parse(
            CONTRACT
                .iter()
                .map(|(name, text)| (PathBuf::from(name), *text)),
        )
    }

    /// Reads the cases of a directory: all files of it that end in `.toml`.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] names the file and the place in it.
    pub fn read(directory: &Path) -> Result<Self, Unreadable> {
        let unreadable = |file: &Path, error: std::io::Error| Unreadable {
            file: file.to_owned(),
            why: error.to_string(),
        };
        let mut paths = fs::read_dir(directory)
            .map_err(|error| unreadable(directory, error))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unreadable(directory, error))?;
        paths.retain(|path| path.extension().is_some_and(|it| it == "toml"));
        paths.sort();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            files.push((path, text));
        }
        Self::parse(files)
    }

    /// Returns the cases that a plugin must pass which claims this level, and those below it, each with its file.
    ///
    /// [`all`](Self::all) has more: those beyond the level, and those that are about plugins without it.
    pub fn required_of(&self, claimed: Level) -> impl Iterator<Item = (&File, &Case)> {
        let of_file = move |file| cases_of(file).filter(move |(_, case)| case.is_for(claimed));
        self.files.iter().flat_map(of_file)
    }

    /// Returns every case.
    pub fn all(&self) -> impl Iterator<Item = &Case> {
        self.files.iter().flat_map(|file| &file.cases)
    }

    /// Returns the case of an id, and its file.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(&File, &Case)> {
        self.files.iter().find_map(|file| {
            let case = file.cases.iter().find(|case| case.id == id)?;
            Some((file, case))
        })
    }

    /// Says which ids are like a text, to be put behind an error about it; nothing where none is.
    #[must_use]
    pub fn near(&self, text: &str) -> String {
        match self.nearest(text).join(", ") {
            near if near.is_empty() => near,
            near => format!("; near it: {near}"),
        }
    }

    /// Returns the ids that are most like a text, the nearest first; none where nothing is like it.
    fn nearest(&self, text: &str) -> Vec<&str> {
        let mut ids: Vec<&str> = self.all().map(|case| case.id.as_str()).collect();
        let likeness = |id: &str| strsim::sorensen_dice(text, id);
        ids.retain(|id| likeness(id) >= LIKE);
        ids.sort_by(|one, other| likeness(other).total_cmp(&likeness(one)));
        ids.truncate(NEAREST);
        ids
    }

    fn parse<T: AsRef<str>>(
        files: impl IntoIterator<Item = (PathBuf, T)>,
    ) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct CaseFile {
            case: Vec<Case>,
        }
        let mut cases = Self {
            files: Vec::new(),
            templates: Templates::default(),
        };
        for (path, text) in files {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            match &*name {
                "templates" => cases.templates = parse(&path, text.as_ref())?,
                _ => cases.files.push(File {
                    name: name.clone().into_owned(),
                    cases: parse::<CaseFile>(&path, text.as_ref())?.case,
                }),
            }
        }
        Ok(cases)
    }
}

impl Step {
    /// Returns the step's own call, if it makes one.
    #[must_use]
    pub fn own_call(&self) -> Option<Call> {
        let call = Call {
            template: self.template.clone(),
            call: self.call.clone(),
            args: self.args.clone(),
            expect: self.expect.clone(),
            save: self.save.clone(),
        };
        call.is_one().then_some(call)
    }
}

fn cases_of(file: &File) -> impl Iterator<Item = (&File, &Case)> {
    file.cases.iter().map(move |case| (file, case))
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Unreadable> {
    toml::from_str(text).map_err(|error| Unreadable {
        file: path.to_owned(),
        why: error.to_string(),
    })
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.why)
    }
}

impl std::error::Error for Unreadable {}

fn one() -> u32 {
    1
}

/// Of two texts with as many pairs of letters in common as each has others.
const LIKE: f64 = 0.4;

/// How many ids are suggested in the place of one that no case has.
const NEAREST: usize = 3;

/// Functions that the core level has not.
const EXTENDED: [&str; 9] = [
    "administration.add-totp",
    "administration.erase",
    "administration.first-factor-changed",
    "administration.preview",
    "administration.revoke",
    "administration.unlock",
    "enrollment.begin-sms",
    "enrollment.resend",
    "verification.send-code",
];
