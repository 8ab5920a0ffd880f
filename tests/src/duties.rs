//! The duties of the contract, and what holds somebody to each.
//!
//! A duty stands in `wit/` in bold, before whose it is: `**SIGN-3** (plugin)`. A case names those that it covers; so does
//! a Rust test, in a line before it that begins with `// covers:`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::tree::{files, named};
use countersign_conformance::HostCase;
use countersign_conformance::case::Cases;

/// All duties, in the order of the contract's files, and all that claims to cover one.
#[derive(Clone, Debug, Default)]
pub struct Duties {
    /// As they are stated.
    pub stated: Vec<Stated>,
    /// What covers each id; also ids that no file states.
    pub covers: BTreeMap<String, Vec<Cover>>,
}

/// A duty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stated {
    /// Its id, such as `SIGN-3`.
    pub id: String,
    /// Whose it is: `plugin`, `host` or `gateway`.
    pub whose: String,
    /// Where it stands.
    pub file: String,
}

/// What holds somebody to a duty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cover {
    /// A case.
    Case {
        /// Its id.
        id: String,
        /// The name of its file, without the ending.
        file: String,
    },
    /// A case for hosts.
    HostCase {
        /// Its id.
        id: String,
    },
    /// A Rust test.
    Test {
        /// Its name.
        name: String,
        /// Its file.
        file: String,
    },
}

impl Duties {
    /// Reads the contract, the cases and the tests of this tree.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or a `// covers:` line that names no id or stands before no test.
    pub fn of_this_tree() -> Result<Self, Box<dyn Error>> {
        let mut duties = Self::default();
        for path in files("wit", &[".wit"]) {
            let text = fs::read_to_string(&path)?;
            let stated = stated(&text).map(|(id, whose)| Stated {
                id: id.to_owned(),
                whose: whose.to_owned(),
                file: named(&path),
            });
            duties.stated.extend(stated);
        }
        let cases = Cases::of_the_contract()?;
        for (file, case) in cases
            .files
            .iter()
            .flat_map(|file| file.cases.iter().map(move |case| (&file.name, case)))
        {
            for id in &case.covers {
                let cover = Cover::Case {
                    id: case.id.clone(),
                    file: file.clone(),
                };
                duties.covers.entry(id.clone()).or_default().push(cover);
            }
        }
        for case in HostCase::all() {
            // What no interface of ours states has no id.
            for id in case.covers.iter().filter(|id| is_id(id)) {
                let cover = Cover::HostCase {
                    id: case.id.to_owned(),
                };
                let covers = duties.covers.entry((*id).to_owned());
                covers.or_default().push(cover);
            }
        }
        for path in MARKED.iter().flat_map(|it| files(it, &[".rs"])) {
            duties.read_tests(&path)?;
        }
        Ok(duties)
    }

    /// Returns what covers a duty.
    #[must_use]
    pub fn covers_of(&self, id: &str) -> &[Cover] {
        self.covers.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns the duties that nothing covers.
    pub fn uncovered(&self) -> impl Iterator<Item = &Stated> {
        self.stated
            .iter()
            .filter(|it| self.covers_of(&it.id).is_empty())
    }

    fn read_tests(&mut self, path: &PathBuf) -> Result<(), Box<dyn Error>> {
        let text = fs::read_to_string(path)?;
        let mut marked: Vec<&str> = Vec::new();
        for line in text.lines().map(str::trim) {
            if let Some(ids) = line.strip_prefix(MARK) {
                for id in ids.split(',').map(str::trim) {
                    if !is_id(id) {
                        return Err(format!("{}: {id} is no id", named(path)).into());
                    }
                    marked.push(id);
                }
            }
            let Some(name) = function(line).filter(|_| !marked.is_empty()) else {
                continue;
            };
            for id in marked.drain(..) {
                let cover = Cover::Test {
                    name: name.to_owned(),
                    file: named(path),
                };
                self.covers.entry(id.to_owned()).or_default().push(cover);
            }
        }
        match marked.first() {
            Some(id) => Err(format!("{}: no test after {id}", named(path)).into()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Cover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case { id, file } => write!(f, "case {file}/{id}"),
            Self::HostCase { id } => write!(f, "host case {id}"),
            Self::Test { name, file } => write!(f, "test {name} in {file}"),
        }
    }
}

/// One duty a line or more, then how many there are of each sort.
impl fmt::Display for Duties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut file = "";
        for duty in &self.stated {
            if duty.file != file {
                file = &duty.file;
                writeln!(f, "{file}")?;
            }
            let covers = self.covers_of(&duty.id);
            let title = format!("  {:<10} {:<8}", duty.id, duty.whose);
            match covers.split_first() {
                None => writeln!(f, "{title} UNCOVERED")?,
                Some((first, others)) => {
                    writeln!(f, "{title} {first}")?;
                    for cover in others {
                        writeln!(f, "  {:19} {cover}", "")?;
                    }
                }
            }
        }
        writeln!(
            f,
            "{} duties, {} uncovered",
            self.stated.len(),
            self.uncovered().count()
        )
    }
}

/// Says whether a text has the form of an id, such as `SIGN-3`.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        let all = |text: &str, which: fn(&u8) -> bool| {
            !text.is_empty() && text.bytes().all(|b| which(&b))
        };
        all(area, u8::is_ascii_uppercase) && all(number, u8::is_ascii_digit)
    })
}

/// The duties in a file of the contract, each with whose it is.
fn stated(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.split("**");
    let after = text.split("**").skip(1);
    parts.zip(after).filter_map(|(id, after)| {
        let whose = after.strip_prefix(" (")?.split_once(')')?.0;
        is_id(id).then_some((id, whose))
    })
}

/// The name of the function that a line begins.
fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    let end = |c: char| !c.is_alphanumeric() && c != '_';
    line.strip_prefix("fn ")?.split(end).next()
}

/// Where Rust tests say which duties they hold somebody to.
const MARKED: [&str; 2] = ["tests", "host-harness/tests"];

/// What such a line begins with.
const MARK: &str = "// covers:";
