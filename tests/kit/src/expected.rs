//! Failures that are known, each with its reason.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::case::Cases;

/// The cases that are known to fail, and why.
///
/// An expected failure is neither a pass nor a skip: the case is run, and a pass that nobody expected fails the run,
/// so that the list does not outlive what it excuses.
///
/// # Examples
///
/// ```
/// use countersign_conformance::{Cases, Expected};
///
/// let cases = Cases::of_the_contract()?;
/// let text = r#"
///     [[expected]]
///     id = "right-code-once"
///     why = "the store of this plugin is not written yet"
/// "#;
/// let expected = Expected::parse(text, &cases)?;
/// assert!(expected.why("right-code-once").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Expected(BTreeMap<String, String>);

/// Why a list of expected failures cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unusable(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    #[serde(default)]
    expected: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    why: String,
}

impl Expected {
    /// Reads a list in TOML: `[[expected]]` with `id` and `why`.
    ///
    /// # Errors
    ///
    /// [`Unusable`] for what is no such list, for an id that no case has or that is there twice, and for an empty reason.
    pub fn parse(text: &str, cases: &Cases) -> Result<Self, Unusable> {
        let listed: Listed = toml::from_str(text).map_err(|error| {
            // On one line, without the piece of the file.
            let text = error.to_string();
            let place = text.lines().next().unwrap_or_default();
            Unusable(format!("{place}: {}", error.message().replace('\n', ", ")))
        })?;
        let mut reasons = BTreeMap::new();
        for Entry { id, why } in listed.expected {
            // Reports head a case with its file before its id.
            let id = match id.rsplit_once('/') {
                Some((_, id)) => id.to_owned(),
                None => id,
            };
            if cases.find(&id).is_none() {
                let near = cases.near(&id);
                return Err(Unusable(format!("no case is called {id}{near}")));
            }
            if why.trim().is_empty() {
                return Err(Unusable(format!("{id}: expected a reason in `why`")));
            }
            if reasons.insert(id.clone(), why).is_some() {
                return Err(Unusable(format!("{id} is there twice")));
            }
        }
        Ok(Self(reasons))
    }

    /// Returns the ids of the cases that are expected to fail.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns why a case is expected to fail, if it is.
    #[must_use]
    pub fn why(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Expected, Unusable> {
        Expected::parse(text, &Cases::of_the_contract().unwrap())
    }

    #[test]
    fn an_id_that_no_case_has_is_refused_and_the_nearest_named() {
        let text = "[[expected]]\nid = \"right-code-twice\"\nwhy = \"it is late\"";
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains("right-code-once"), "{error}");
    }

    #[test]
    fn an_error_tells_its_line_on_one_line_and_a_file_before_an_id_is_no_matter() {
        let error = parse("[[expected]]\nid = 3\nwhy = \"x\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 2") && !error.contains('\n'), "{error}");
        let text = "[[expected]]\nid = \"verify/right-code-once\"\nwhy = \"it is late\"";
        assert!(parse(text).unwrap().why("right-code-once").is_some());
    }

    #[test]
    fn each_has_a_reason_and_stands_there_once() {
        let one = "[[expected]]\nid = \"right-code-once\"\nwhy = \"it is late\"\n";
        assert!(parse(one).is_ok());
        for text in [
            "[[expected]]\nid = \"right-code-once\"\n",
            "[[expected]]\nid = \"right-code-once\"\nwhy = \" \"\n",
            &one.repeat(2),
            "[[expect]]\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
