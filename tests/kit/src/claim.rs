//! What a plugin says of itself, held to the contract.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::case::Level;
use crate::lab::Lab;

/// What `meta.describe` answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Claim {
    /// The plugin's name and version, in its own words.
    pub name: String,
    /// The version of the contract that it was built for.
    pub contract: String,
    /// The levels that it claims.
    pub levels: Vec<Level>,
    /// The formats of its records.
    pub formats: Formats,
}

/// The formats of a plugin's records.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Formats {
    /// The oldest that is read.
    pub oldest_read: u32,
    /// The newest that is read.
    pub newest_read: u32,
    /// The one that is written.
    pub written: u32,
}

/// What is wrong with a description.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Unfit {
    /// Where the contract says otherwise: a duty, or a field of `meta.description`.
    pub clause: String,
    /// What was expected there, and what was found.
    pub why: String,
}

impl Claim {
    /// Asks the plugin in a lab what it is, twice, and says what of it is not as the contract has it.
    ///
    /// There is no claim where the plugin does not answer in so much time, or answers what is no description; why stands in what is
    /// wrong.
    pub async fn ask(lab: &dyn Lab, most: Duration) -> (Option<Self>, Vec<Unfit>) {
        let answers = tokio::time::timeout(most, describe_twice(lab)).await;
        let answers = answers.unwrap_or_else(|_| {
            let most = most.as_secs();
            Err(crate::Fault::Gone(format!(
                "it took more than {most} seconds"
            )))
        });
        let unfit = |why: String| Unfit::new("META-1", why);
        let (first, second) = match answers {
            Ok(answers) => answers,
            Err(why) => {
                return (
                    None,
                    vec![unfit(format!("meta.describe has no answer: {why}"))],
                );
            }
        };
        let claim: Self = match serde_json::from_value(first.clone()) {
            Ok(claim) => claim,
            Err(why) => return (None, vec![unfit(format!("no description: {why}"))]),
        };
        let mut faults = claim.faults();
        if first != second {
            faults.push(unfit(format!("answered {first}, and then {second}")));
        }
        (Some(claim), faults)
    }

    /// Returns the highest level that is claimed, if any is.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.levels.iter().max().copied()
    }

    /// Says what of it is not as the contract has it.
    #[must_use]
    pub fn faults(&self) -> Vec<Unfit> {
        let mut faults = Vec::new();
        let bytes = self.name.len();
        if bytes > LONGEST_NAME {
            let why = format!("expected at most {LONGEST_NAME} bytes, found {bytes}");
            faults.push(Unfit::new("meta.description.name", why));
        }
        if self.contract != CONTRACT {
            let why = format!("expected {CONTRACT}, found {}", self.contract);
            faults.push(Unfit::new("meta.description.contract", why));
        }
        let is_core = self.levels.contains(&Level::Core);
        if self.levels.contains(&Level::Extended) && !is_core {
            let why = "expected core beside extended, which is everything".to_owned();
            faults.push(Unfit::new("meta.description.levels", why));
        }
        let formats = &self.formats;
        let read = formats.oldest_read..=formats.newest_read;
        if !read.contains(&formats.written) {
            let Formats {
                oldest_read,
                newest_read,
                written,
            } = formats;
            let why = format!(
                "expected that what it writes can be read: writes {written}, reads {oldest_read} to {newest_read}"
            );
            faults.push(Unfit::new("meta.description.formats", why));
        }
        faults
    }
}

impl Unfit {
    fn new(clause: &str, why: String) -> Self {
        Self {
            clause: clause.to_owned(),
            why,
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.clause, self.why)
    }
}

async fn describe_twice(lab: &dyn Lab) -> Result<(Value, Value), crate::Fault> {
    let mut session = lab.begin(SEED).await?;
    let none = json!({});
    let first = session.call("meta.describe", &none).await?;
    let second = session.call("meta.describe", &none).await?;
    Ok((first, second))
}

/// The version of the contract that the cases are about.
pub const CONTRACT: &str = "0.1.0";

/// `meta.description.name` in `wit/meta.wit`, in bytes.
const LONGEST_NAME: usize = 128;

/// Any: a description draws nothing.
const SEED: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn clauses(change: impl FnOnce(&mut Claim)) -> Vec<String> {
        let mut claim = Claim {
            name: "a plugin 1.0".to_owned(),
            contract: CONTRACT.to_owned(),
            levels: vec![Level::Core, Level::Extended],
            formats: Formats {
                oldest_read: 1,
                newest_read: 2,
                written: 2,
            },
        };
        change(&mut claim);
        let faults = claim.faults();
        faults.into_iter().map(|it| it.clause).collect()
    }

    #[test]
    fn a_description_within_its_bounds_has_no_fault() {
        assert!(clauses(|_| {}).is_empty());
        assert!(clauses(|it| it.name = "é".repeat(64)).is_empty());
        assert!(clauses(|it| it.levels = vec![Level::Core]).is_empty());
    }

    #[test]
    fn each_field_out_of_bounds_is_named() {
        let name = clauses(|it| it.name = "é".repeat(65));
        assert_eq!(name, ["meta.description.name"]);
        let contract = clauses(|it| it.contract = "0.2.0".to_owned());
        assert_eq!(contract, ["meta.description.contract"]);
        let levels = clauses(|it| it.levels = vec![Level::Extended]);
        assert_eq!(levels, ["meta.description.levels"]);
        let formats = clauses(|it| it.formats.written = 3);
        assert_eq!(formats, ["meta.description.formats"]);
    }
}
