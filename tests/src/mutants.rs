//! Deliberately wrong plugins, each of which some case must catch: whether the cases see what they claim to see.
//!
//! The mutants are data, in `tests/mutants/*.toml`; their form is described there. All of them are compiled into one
//! component ([`Build`]), in which a marker says which one is active. Each becomes a component of its own by writing its
//! id over the marker.

mod build;
mod table;
mod tree;
mod trial;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;

use countersign_conformance::Cases;
use serde::Deserialize;

pub use self::build::Build;
pub use self::table::Table;
pub use self::trial::{Caught, runtime, try_all, try_one};
use crate::duties::Duties;
use crate::tree::{files, named, root};

/// A failure of whatever kind, to be shown.
pub type Fault = Box<dyn Error + Send + Sync>;

/// A deliberately wrong plugin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mutant {
    /// Its name, unique and for ever.
    pub id: String,
    /// What is wrong with it, and what somebody would get of it.
    pub wrong: String,
    /// The duties that it violates.
    pub violates: Vec<String>,
    /// The cases that are known to catch it.
    #[serde(default)]
    pub killed_by: Vec<String>,
    /// What is changed for it.
    pub change: Vec<Change>,
}

/// A change of one of the plugin's sources.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The file, below `guest/`.
    pub file: String,
    /// A text that stands there exactly once.
    pub find: String,
    /// What takes its place. In it `mutant!("id")` is true where that mutant is the active one.
    pub replace: String,
}

impl Mutant {
    /// A row of a table in Markdown.
    fn row(&self, caught_by: &str) -> String {
        let (id, wrong, violates) = (&self.id, &self.wrong, self.violates.join(", "));
        format!("| `{id}` | {wrong} | {violates} | {caught_by} |\n")
    }
}

/// Reads all mutants of this tree.
///
/// # Errors
///
/// The file that cannot be read, and the place in it.
pub fn of_this_tree() -> Result<Vec<Mutant>, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct MutantFile {
        mutant: Vec<Mutant>,
    }
    let mut all = Vec::new();
    for path in files("tests/mutants", &[".toml"]) {
        let read: MutantFile = toml::from_str(&fs::read_to_string(&path)?)
            .map_err(|error| format!("{}: {error}", named(&path)))?;
        all.extend(read.mutant);
    }
    Ok(all)
}

/// The table of all mutants in Markdown, each with the cases that it names, as it stands in `tests/mutants/README.md`.
#[must_use]
pub fn markdown(mutants: &[Mutant]) -> String {
    let mut text = String::from(table::HEAD);
    for mutant in mutants {
        text.push_str(&mutant.row(&mutant.killed_by.join(", ")));
    }
    text
}

/// Returns what is not in order with the mutants themselves, a line each.
///
/// # Errors
///
/// A contract or tests that cannot be read.
pub fn disorder(mutants: &[Mutant], cases: &Cases) -> Result<Vec<String>, Fault> {
    let duties = Duties::of_this_tree().map_err(|error| error.to_string())?;
    let stated: BTreeSet<&str> = duties.stated.iter().map(|it| it.id.as_str()).collect();
    let mut ids = BTreeSet::new();
    let mut found = Vec::new();
    for mutant in mutants {
        let id = &mutant.id;
        if !ids.insert(id) {
            found.push(format!("two mutants are called {id}"));
        }
        let is_kebab = id.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
        if id.is_empty() || id.len() > build::LONGEST_ID || !is_kebab {
            found.push(format!(
                "{id}: expected at most {} small letters and hyphens",
                build::LONGEST_ID
            ));
        }
        if mutant.violates.is_empty() || mutant.killed_by.is_empty() {
            found.push(format!("{id}: names no duty, or no case"));
        }
        let unknown = mutant
            .violates
            .iter()
            .filter(|it| !stated.contains(it.as_str()));
        found.extend(unknown.map(|it| format!("{id}: no duty is called {it}")));
        let mut covered = BTreeSet::new();
        for killer in &mutant.killed_by {
            match cases.all().find(|it| it.id == *killer) {
                Some(case) => covered.extend(&case.covers),
                None => found.push(format!("{id}: no case is called {killer}")),
            }
        }
        let areas: BTreeSet<&str> = covered.iter().filter_map(|it| area(it)).collect();
        if !mutant
            .violates
            .iter()
            .any(|it| area(it).is_some_and(|it| areas.contains(it)))
        {
            found.push(format!("{id}: no case of its duties' areas is named"));
        }
        let own = format!("mutant!(\"{id}\")");
        for change in &mutant.change {
            if !change.replace.contains(&own) {
                found.push(format!("{id}: changes {} for another", change.file));
            }
        }
    }
    found.extend(tree::misplaced(mutants));
    let page = fs::read_to_string(root().join("tests/mutants/README.md"))?;
    if !page.contains(&markdown(mutants)) {
        let told =
            "the table of tests/mutants/README.md is not what `cargo wrong-plugins --named` prints";
        found.push(told.to_owned());
    }
    Ok(found)
}

/// The area of a duty: `VERIFY` of `VERIFY-3`.
fn area(duty: &str) -> Option<&str> {
    duty.split_once('-').map(|(area, _)| area)
}
