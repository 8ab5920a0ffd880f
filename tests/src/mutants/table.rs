//! Who kills whom.

use std::collections::BTreeMap;
use std::fmt;

use super::{Caught, Mutant};

/// What came of all cases on all mutants.
#[derive(Debug)]
pub struct Table<'a> {
    rows: Vec<(&'a Mutant, Vec<Caught>)>,
}

impl<'a> Table<'a> {
    /// Makes the table of what caught each mutant.
    #[must_use]
    pub fn of(rows: Vec<(&'a Mutant, Vec<Caught>)>) -> Self {
        Self { rows }
    }

    /// The mutants that no case caught.
    pub fn survivors(&self) -> impl Iterator<Item = &'a Mutant> {
        let survived = |(_, caught): &&(&Mutant, Vec<Caught>)| caught.is_empty();
        self.rows.iter().filter(survived).map(|(mutant, _)| *mutant)
    }

    /// Cases named in `killed-by` that did not catch their mutant, as mutant and case.
    pub fn missed(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.rows.iter().flat_map(|(mutant, caught)| {
            let missed = mutant
                .killed_by
                .iter()
                .filter(|it| !caught.iter().any(|caught| caught.case == **it));
            missed.map(|it| (mutant.id.as_str(), it.as_str()))
        })
    }

    /// The cases without which a mutant would survive, each with those mutants.
    #[must_use]
    pub fn only_killers(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut only: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (mutant, caught) in &self.rows {
            if let [one] = caught.as_slice() {
                only.entry(&one.case).or_default().push(&mutant.id);
            }
        }
        only
    }

    /// The table in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from(HEAD);
        for (mutant, caught) in &self.rows {
            let killers = first(caught, 2);
            text.push_str(&mutant.row(&killers));
        }
        let only = self.only_killers();
        if !only.is_empty() {
            text.push_str("\n| the only case that catches | what |\n|---|---|\n");
            for (case, mutants) in only {
                text.push_str(&format!("| `{case}` | {} |\n", mutants.join(", ")));
            }
        }
        text
    }
}

/// A mutant a paragraph, then the cases that are the only ones, then how many there are of each sort.
impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (mutant, caught) in &self.rows {
            let duties = mutant.violates.join(", ");
            writeln!(f, "{} ({duties})", mutant.id)?;
            writeln!(f, "    {}", mutant.wrong)?;
            match caught.len() {
                0 => writeln!(f, "    SURVIVED")?,
                n => writeln!(f, "    {n} fail: {}", first(caught, 3))?,
            }
        }
        let only = self.only_killers();
        if !only.is_empty() {
            writeln!(f, "\nthe only case that catches")?;
        }
        for (case, mutants) in &only {
            writeln!(f, "  {case}: {}", mutants.join(", "))?;
        }
        for (mutant, case) in self.missed() {
            writeln!(f, "{mutant}: not caught by {case}, as it says")?;
        }
        let killed = self.rows.iter().filter(|(_, it)| !it.is_empty()).count();
        writeln!(
            f,
            "\n{} mutants, {killed} caught, {} survived; {} only by one case",
            self.rows.len(),
            self.survivors().count(),
            only.values().map(Vec::len).sum::<usize>(),
        )
    }
}

/// The head of a table in Markdown.
pub(super) const HEAD: &str =
    "| mutant | what is wrong | duties | caught by |\n|---|---|---|---|\n";

/// The first few cases, and how many there are besides.
fn first(caught: &[Caught], most: usize) -> String {
    let ids: Vec<&str> = caught
        .iter()
        .take(most)
        .map(|it| it.case.as_str())
        .collect();
    match caught.len().saturating_sub(ids.len()) {
        0 => ids.join(", "),
        others => format!("{} and {others} more", ids.join(", ")),
    }
}
