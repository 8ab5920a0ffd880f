//! The search for an order.

use std::collections::{BTreeMap, HashSet};

use super::{Action, Change, Operation, Outcome, Violation};

/// Looks for an order of operations, which come in the order in which they were begun.
pub(super) fn find(operations: &[&Operation]) -> Result<(), Violation> {
    let mut stack = vec![Placed::none(operations.len())];
    let mut seen: HashSet<Placed> = HashSet::new();
    let mut furthest = Placed::none(operations.len());
    while let Some(mut placed) = stack.pop() {
        placed.settle(operations);
        if placed.answered_all(operations) {
            return Ok(());
        }
        if placed.count > furthest.count {
            furthest = placed.clone();
        }
        // The last that is pushed is tried first: the earliest begun.
        for place in placed.next(operations).into_iter().rev() {
            let Some(operation) = operations.get(place) else {
                continue;
            };
            if let Some(state) = operation.effect(&placed.state) {
                let mut after = placed.clone();
                after.state = state;
                after.place(place);
                if seen.insert(after.clone()) {
                    stack.push(after);
                }
            }
        }
        if seen.len() > MOST_SEEN {
            return Err(Violation("too many orders to try".to_owned()));
        }
    }
    Err(furthest.violation(operations))
}

/// What is held, by record or counter; what is not there is not in it.
type State = BTreeMap<usize, u64>;

/// The operations that stand in the order so far, and what is held after them.
#[derive(Clone, Eq, Hash, PartialEq)]
struct Placed {
    /// A bit for each operation.
    done: Vec<u64>,
    count: usize,
    /// All before it are placed.
    first: usize,
    state: State,
}

impl Placed {
    fn none(operations: usize) -> Self {
        Self {
            done: vec![0; operations.div_ceil(64)],
            count: 0,
            first: 0,
            state: State::new(),
        }
    }

    fn has(&self, place: usize) -> bool {
        let word = self.done.get(place / 64).copied().unwrap_or(0);
        word & bit(place) != 0
    }

    fn place(&mut self, place: usize) {
        if let Some(word) = self.done.get_mut(place / 64) {
            *word |= bit(place);
        }
        self.count = self.count.saturating_add(1);
        while self.has(self.first) {
            self.first = self.first.saturating_add(1);
        }
    }

    /// The operations that may come next: those begun before any that is left was answered.
    fn next(&self, operations: &[&Operation]) -> Vec<usize> {
        let mut until = u64::MAX;
        let mut next = Vec::new();
        for (place, operation) in operations.iter().enumerate().skip(self.first) {
            if operation.begun > until {
                break;
            }
            if !self.has(place) {
                until = until.min(operation.until());
                next.push(place);
            }
        }
        next.retain(|place| operations.get(*place).is_some_and(|it| it.begun <= until));
        next
    }

    /// Places what changes nothing and fits now. If there is an order that has it later, there is one that has it now.
    fn settle(&mut self, operations: &[&Operation]) {
        loop {
            let next = self.next(operations);
            let fitting = next.into_iter().find(|place| {
                let operation = operations.get(*place);
                operation.is_some_and(|it| it.is_neutral() && it.effect(&self.state).is_some())
            });
            match fitting {
                Some(place) => self.place(place),
                None => return,
            }
        }
    }

    /// Says whether nothing is left but what nobody knows of.
    fn answered_all(&self, operations: &[&Operation]) -> bool {
        let mut left = operations.iter().enumerate().skip(self.first);
        left.all(|(place, operation)| self.has(place) || operation.until() == u64::MAX)
    }

    fn violation(&self, operations: &[&Operation]) -> Violation {
        let fitting_nowhere: Vec<_> = self
            .next(operations)
            .into_iter()
            .filter_map(|place| operations.get(place))
            .collect();
        Violation(format!(
            "an order of {} of {} operations leads to {:?}, and none of these can come next: {fitting_nowhere:#?}",
            self.count,
            operations.len(),
            self.state
        ))
    }
}

impl Operation {
    /// Until when it has taken effect at the latest; for ever where nobody knows whether it has.
    fn until(&self) -> u64 {
        match &self.action {
            Action::Commit {
                outcome: Outcome::Unknown,
                ..
            } => u64::MAX,
            _ => self.answered.unwrap_or(u64::MAX),
        }
    }

    fn is_neutral(&self) -> bool {
        match &self.action {
            Action::Get(_) => true,
            Action::Commit { changes, outcome } => match outcome {
                Outcome::Conflict | Outcome::Ceiling(_) => true,
                Outcome::Unknown => false,
                Outcome::Done => changes
                    .iter()
                    .all(|(_, change)| matches!(change, Change::Check(_))),
            },
        }
    }

    /// What is held after it, if its answer is right for what is held before it.
    fn effect(&self, state: &State) -> Option<State> {
        let held = |key: &usize| state.get(key).copied();
        match &self.action {
            Action::Get(found) => found
                .iter()
                .all(|(key, seen)| seen.map(|seen| seen.held) == held(key))
                .then(|| state.clone()),
            Action::Commit { changes, outcome } => match outcome {
                Outcome::Done | Outcome::Unknown => {
                    let mut after = state.clone();
                    for (key, change) in changes {
                        match change.make(held(key))? {
                            Some(value) => after.insert(*key, value),
                            None => after.remove(key),
                        };
                    }
                    Some(after)
                }
                Outcome::Conflict => changes
                    .iter()
                    .any(|(key, change)| {
                        !matches!(change, Change::Add { .. }) && change.make(held(key)).is_none()
                    })
                    .then(|| state.clone()),
                Outcome::Ceiling(index) => changes
                    .get(*index)
                    .is_some_and(|(key, change)| {
                        matches!(change, Change::Add { .. }) && change.make(held(key)).is_none()
                    })
                    .then(|| state.clone()),
            },
        }
    }
}

impl Change {
    /// What is held after it; the outer none if it cannot be made.
    fn make(self, held: Option<u64>) -> Option<Option<u64>> {
        match self {
            Self::Swap { from, to } => (held == from).then_some(to),
            Self::Check(expected) => (held == expected).then_some(held),
            Self::Add { amount, ceiling } => {
                let sum = held.unwrap_or(0).checked_add(amount)?;
                (sum <= ceiling).then_some(Some(sum))
            }
        }
    }
}

fn bit(place: usize) -> u64 {
    1 << (place % 64)
}

/// Some hundred megabytes.
const MOST_SEEN: usize = 500_000;
