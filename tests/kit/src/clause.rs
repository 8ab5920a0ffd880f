//! The duties of the contract, in its own words.
//!
//! They are read from the files of `wit/`, which are part of this library: what a report quotes is what the contract
//! says.

use std::fmt;

use serde::Serialize;

use crate::wit::FILES;

/// A duty, as the contract states it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Clause {
    /// Its id, such as `VERIFY-3`, never used for another.
    pub id: String,
    /// Whose duty it is: `plugin`, `host` or `gateway`.
    pub whose: String,
    /// The file that states it, such as `wit/verification.wit`.
    pub file: String,
    /// What it says, on one line, without its id.
    pub text: String,
}

impl Clause {
    /// Returns all duties, in the order of the contract's files.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_conformance::Clause;
    ///
    /// let clauses = Clause::of_the_contract();
    /// let replay = clauses.iter().find(|it| it.id == "VERIFY-3").unwrap();
    /// assert_eq!(replay.whose, "plugin");
    /// assert!(replay.text.contains("never be accepted again"));
    /// ```
    #[must_use]
    pub fn of_the_contract() -> Vec<Self> {
        FILES
            .iter()
            .flat_map(|(file, text)| read(file, text))
            .collect()
    }

    /// Returns the first sentence: up to the first full stop, or colon, that ends a clause.
    #[must_use]
    pub fn first_sentence(&self) -> &str {
        let end = [". ", ": "]
            .iter()
            .filter_map(|it| self.text.find(it))
            .min();
        let sentence = end.and_then(|end| self.text.get(..end));
        sentence.unwrap_or(&self.text).trim_end_matches('.')
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.id, self.whose, self.text)
    }
}

/// Reads the duties of a file: each is an item of a list in a doc comment, with its id in bold.
fn read(file: &str, text: &str) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        let Some(line) = line.trim_start().strip_prefix("///") else {
            is_open = false;
            continue;
        };
        if let Some(clause) = begin(file, line.trim()) {
            clauses.push(clause);
            is_open = true;
        } else if line.starts_with("   ") && is_open {
            if let Some(last) = clauses.last_mut() {
                last.text.push(' ');
                last.text.push_str(line.trim());
            }
        } else {
            is_open = false;
        }
    }
    clauses
}

/// Reads the line in which a duty begins: `- **SIGN-3** (plugin): MUST …`.
fn begin(file: &str, line: &str) -> Option<Clause> {
    let (id, rest) = line.strip_prefix("- **")?.split_once("** (")?;
    let (whose, text) = rest.split_once(')')?;
    let text = text.trim_start_matches(':').trim();
    Some(Clause {
        id: id.to_owned(),
        whose: whose.to_owned(),
        file: file.to_owned(),
        text: text.to_owned(),
    })
}
