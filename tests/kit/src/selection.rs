//! Which cases are run.

use crate::case::{Case, Cases, File};

/// Texts that select cases; without one, all are.
#[derive(Clone, Debug, Default)]
pub struct Selection(Vec<String>);

impl Selection {
    /// Selects the cases that any of these texts is about: a part of their id, also with their file before it as reports
    /// have it, the name of their file, or the id of a duty that they cover.
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
        self.0.is_empty() || self.0.iter().any(|text| is_about(text, file, case))
    }

    /// Returns the first text that selects nothing, if there is one. An empty text selects nothing.
    #[must_use]
    pub fn idle(&self, cases: &Cases) -> Option<&str> {
        let selects = |text: &str| {
            let mut files = cases.files.iter();
            files.any(|file| file.cases.iter().any(|case| is_about(text, file, case)))
        };
        let mut texts = self.0.iter().map(String::as_str);
        texts.find(|text| !selects(text))
    }

    /// Returns the cases that are selected, each with its file.
    pub fn of_all<'a>(&'a self, cases: &'a Cases) -> impl Iterator<Item = (&'a File, &'a Case)> {
        let all = cases.files.iter();
        all.flat_map(|file| file.cases.iter().map(move |case| (file, case)))
            .filter(|(file, case)| self.has(file, case))
    }
}

fn is_about(text: &str, file: &File, case: &Case) -> bool {
    let has = match text.split_once('/') {
        Some((name, id)) => file.name == name && case.id == id,
        None => case.id.contains(text) || file.name == text,
    };
    let covers = || case.covers.iter().any(|id| id.eq_ignore_ascii_case(text));
    !text.is_empty() && (has || covers())
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
    fn a_text_that_selects_nothing_is_found_beside_others() {
        let cases = Cases::of_the_contract().unwrap();
        let idle = |texts: &[&str]| {
            let selection = Selection::of(texts.iter().map(|it| (*it).to_owned()).collect());
            selection.idle(&cases).map(str::to_owned)
        };
        assert_eq!(idle(&["sms", "VERIFY-3"]), None);
        assert_eq!(idle(&["sms", "smss"]).as_deref(), Some("smss"));
        assert_eq!(idle(&[""]).as_deref(), Some(""));
    }

    #[test]
    fn ids_files_and_duties_select() {
        assert_eq!(selected(&["right-code-once"]).len(), 1);
        assert_eq!(selected(&["verify/right-code-once"]).len(), 1);
        assert!(selected(&["sms/right-code-once"]).is_empty());
        let verify = selected(&["verify"]);
        assert!(verify.iter().any(|(file, _)| file == "verify"));
        let duty = selected(&["verify-3"]);
        assert!(duty.contains(&("verify".to_owned(), "right-code-once".to_owned())));
        assert!(selected(&["no-such-thing"]).is_empty());
        assert!(selected(&[""]).is_empty());
        let cases = Cases::of_the_contract().unwrap();
        assert_eq!(selected(&[]).len(), cases.all().count());
    }
}
