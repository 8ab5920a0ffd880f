//! Which cases are run.

use crate::case::{Case, Cases, File};

/// Texts that select cases; without one, all are.
#[derive(Clone, Debug, Default)]
pub struct Selection(Vec<String>);

impl Selection {
    /// Selects the cases that any of these texts is about: a part of their id, the name of their file, or the id of a
    /// duty that they cover.
    #[must_use]
    pub fn of(texts: Vec<String>) -> Self {
        Self(texts)
    }

    /// Returns the texts.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.0
    }

    /// Says whether a case of a file is selected.
    #[must_use]
    pub fn has(&self, file: &File, case: &Case) -> bool {
        let is_about = |text: &String| {
            case.id.contains(text.as_str())
                || file.name == *text
                || case.covers.iter().any(|id| id.eq_ignore_ascii_case(text))
        };
        self.0.is_empty() || self.0.iter().any(is_about)
    }

    /// Returns the cases that are selected, each with its file.
    pub fn of_all<'a>(&'a self, cases: &'a Cases) -> impl Iterator<Item = (&'a File, &'a Case)> {
        let all = cases.files.iter();
        all.flat_map(|file| file.cases.iter().map(move |case| (file, case)))
            .filter(|(file, case)| self.has(file, case))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(texts: &[&str]) -> Vec<(String, String)> {
        let cases = Cases::of_the_contract().unwrap();
        let selection = Selection::of(texts.iter().map(|it| (*it).to_owned()).collect());
        selection
            .of_all(&cases)
            .map(|(file, case)| (file.name.clone(), case.id.clone()))
            .collect()
    }

    #[test]
    fn ids_files_and_duties_select() {
        assert_eq!(selected(&["right-code-once"]).len(), 1);
        let verify = selected(&["verify"]);
        assert!(verify.iter().any(|(file, _)| file == "verify"));
        let duty = selected(&["verify-3"]);
        assert!(duty.contains(&("verify".to_owned(), "right-code-once".to_owned())));
        assert!(selected(&["no-such-thing"]).is_empty());
        let cases = Cases::of_the_contract().unwrap();
        assert_eq!(selected(&[]).len(), cases.all().count());
    }
}
