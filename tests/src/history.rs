//! What callers did to a store and what they were told, and whether one store, doing one thing after the other, could have
//! told them that.
//!
//! A [`History`] is what several callers recorded at once, each operation with when it was begun and when it was answered.
//! [`History::check`] looks for an order in which all of it makes sense: every operation takes effect at one moment between
//! its beginning and its answer (linearizability; Wing and Gong, 1993, with the memory of Lowe, 2017). An operation that was
//! never answered, or answered with "unknown", has taken effect at any later moment, or never.
//!
//! It knows the two things that a store of `countersign_host` holds: records that are replaced by whoever read them last, and
//! counters that are raised to a ceiling. A record's values are numbers, and no two commits of a history may put the same one:
//! a value then stands for the version it was read at.

mod order;
mod recorder;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

pub use self::recorder::{Recorder, Started};

/// Operations of several callers on one store, which was empty before.
///
/// # Examples
///
/// ```
/// use countersign_tests::history::{Action, Change, History, Operation, Outcome, Seen};
///
/// let put = Operation {
///     begun: 0,
///     answered: Some(10),
///     action: Action::Commit {
///         changes: vec![(0, Change::Swap { from: None, to: Some(7) })],
///         outcome: Outcome::Done,
///     },
/// };
/// let stale = Operation {
///     begun: 20,
///     answered: Some(30),
///     action: Action::Get(vec![(0, None)]),
/// };
/// assert!(History::from(vec![put.clone()]).check().is_ok());
/// assert!(History::from(vec![put, stale]).check().is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct History(Vec<Operation>);

/// What one caller did.
#[derive(Clone, Debug)]
pub struct Operation {
    /// When it was begun: nanoseconds on a clock that all callers share.
    pub begun: u64,
    /// When it was answered; none if it never was.
    pub answered: Option<u64>,
    /// What it was, and what was answered.
    pub action: Action,
}

/// What was done, and what was answered. Records and counters are numbers.
#[derive(Clone, Debug)]
pub enum Action {
    /// What was read. A read that was not answered need not be recorded: it says nothing.
    Get(Vec<(usize, Option<Seen>)>),
    /// What was to be changed, all or nothing.
    Commit {
        /// The changes, each with what it is about.
        changes: Vec<(usize, Change)>,
        /// What was answered.
        outcome: Outcome,
    },
}

/// What was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// A record's value, or a counter's count.
    pub held: u64,
    /// The version.
    pub version: u64,
}

/// A part of a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// Replaces, makes or deletes a record that is as it was read.
    Swap {
        /// The value that was read; none to say that there was no record.
        from: Option<u64>,
        /// The new value; none to delete it.
        to: Option<u64>,
    },
    /// Changes nothing, but fails the commit if the record is not as it was read.
    Check(Option<u64>),
    /// Raises a counter.
    Add {
        /// By how much.
        amount: u64,
        /// What it must not pass.
        ceiling: u64,
    },
}

/// What was answered to a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It happened.
    Done,
    /// It did not: a record was not as it was read.
    Conflict,
    /// It did not: the counter of the change at this index would have passed its ceiling.
    Ceiling(usize),
    /// It happened or not, and if not, it still may.
    Unknown,
}

/// Why no order makes sense of a history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation(String);

impl History {
    /// Says how many operations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there is no operation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says how many commits were answered in this way.
    #[must_use]
    pub fn count(&self, wanted: impl Fn(Outcome) -> bool) -> usize {
        let commits = self.0.iter().filter(|it| match it.action {
            Action::Get(_) => false,
            Action::Commit { outcome, .. } => wanted(outcome),
        });
        commits.count()
    }

    /// Looks for an order of the operations that explains every answer.
    ///
    /// What is never touched together is looked at apart. The time it takes grows with the number of operations that
    /// overlap, not with the length of the history.
    ///
    /// # Errors
    ///
    /// [`Violation`] says how far an order goes and what then fits nowhere; or that a version stood for two values; or that
    /// the history is too tangled for this to find out, which is no pass.
    pub fn check(&self) -> Result<(), Violation> {
        self.check_versions()?;
        self.parts().iter().try_for_each(|part| order::find(part))
    }

    /// A version stands for one value of its record for ever (STORE-4).
    fn check_versions(&self) -> Result<(), Violation> {
        let mut values: HashMap<(usize, u64), u64> = HashMap::new();
        for operation in &self.0 {
            let Action::Get(found) = &operation.action else {
                continue;
            };
            for (key, seen) in found {
                let Some(seen) = seen else { continue };
                let known = *values.entry((*key, seen.version)).or_insert(seen.held);
                if known != seen.held {
                    return Err(Violation(format!(
                        "version {} of {key} stood for {known} and for {}",
                        seen.version, seen.held
                    )));
                }
            }
        }
        Ok(())
    }

    /// The operations apart by what they touch together, each part in the order in which they were begun.
    fn parts(&self) -> Vec<Vec<&Operation>> {
        let mut groups: BTreeMap<usize, usize> = BTreeMap::new();
        for operation in &self.0 {
            let touched = operation.touched();
            let group = |groups: &BTreeMap<usize, usize>, key: &usize| {
                groups.get(key).copied().unwrap_or(*key)
            };
            let of: Vec<usize> = touched.iter().map(|key| group(&groups, key)).collect();
            let least = of.iter().min().copied().unwrap_or(0);
            for key in &touched {
                groups.entry(*key).or_insert(least);
            }
            for it in groups.values_mut().filter(|it| of.contains(it)) {
                *it = least;
            }
        }
        let mut parts: BTreeMap<usize, Vec<&Operation>> = BTreeMap::new();
        for operation in &self.0 {
            let key = operation.touched().first().copied().unwrap_or(0);
            let group = groups.get(&key).copied().unwrap_or(key);
            parts.entry(group).or_default().push(operation);
        }
        let mut parts: Vec<_> = parts.into_values().collect();
        for part in &mut parts {
            part.sort_by_key(|it| it.begun);
        }
        parts
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut operations: Vec<&Operation> = self.0.iter().collect();
        operations.sort_by_key(|it| it.begun);
        for it in operations {
            writeln!(f, "{} to {:?}: {:?}", it.begun, it.answered, it.action)?;
        }
        Ok(())
    }
}

impl From<Vec<Operation>> for History {
    fn from(operations: Vec<Operation>) -> Self {
        Self(operations)
    }
}

impl Operation {
    fn touched(&self) -> Vec<usize> {
        match &self.action {
            Action::Get(found) => found.iter().map(|(key, _)| *key).collect(),
            Action::Commit { changes, .. } => changes.iter().map(|(key, _)| *key).collect(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}
