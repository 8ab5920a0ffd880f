//! That bad histories are found out, and good ones are not.

use super::*;

fn operation(begun: u64, answered: u64, action: Action) -> Operation {
    Operation {
        begun,
        answered: Some(answered),
        action,
    }
}

fn commit(begun: u64, answered: u64, changes: &[(usize, Change)], outcome: Outcome) -> Operation {
    let changes = changes.to_vec();
    operation(begun, answered, Action::Commit { changes, outcome })
}

fn swap(from: Option<u64>, to: Option<u64>) -> Change {
    Change::Swap { from, to }
}

fn put(begun: u64, answered: u64, from: Option<u64>, to: u64) -> Operation {
    let changes = [(0, swap(from, Some(to)))];
    commit(begun, answered, &changes, Outcome::Done)
}

fn add(begun: u64, answered: u64, outcome: Outcome) -> Operation {
    let change = Change::Add {
        amount: 1,
        ceiling: 2,
    };
    commit(begun, answered, &[(0, change)], outcome)
}

fn get(begun: u64, answered: u64, held: &[Option<u64>]) -> Operation {
    let seen = |held: &Option<u64>| {
        held.map(|held| Seen {
            held,
            version: held,
        })
    };
    let found = held.iter().map(seen).enumerate().collect();
    operation(begun, answered, Action::Get(found))
}

fn check(operations: Vec<Operation>) -> Result<(), Violation> {
    History::from(operations).check()
}

#[test]
fn one_thing_after_the_other_is_in_order() {
    let history = vec![
        get(0, 1, &[None]),
        put(2, 3, None, 1),
        get(4, 5, &[Some(1)]),
        put(6, 7, Some(1), 2),
        commit(8, 9, &[(0, swap(Some(1), Some(3)))], Outcome::Conflict),
        commit(10, 11, &[(0, swap(Some(2), None))], Outcome::Done),
        get(12, 13, &[None]),
        put(14, 15, None, 4),
    ];
    assert_eq!(check(history), Ok(()));
}

#[test]
fn what_overlaps_may_have_happened_in_either_order() {
    for (one, two) in [(None, Some(1)), (Some(1), Some(1)), (None, None)] {
        let history = vec![
            put(0, 100, None, 1),
            get(10, 20, &[one]),
            get(30, 40, &[two]),
        ];
        assert_eq!(check(history), Ok(()), "{one:?}, {two:?}");
    }
}

#[test]
fn a_stale_read_is_found_out() {
    let history = vec![put(0, 10, None, 1), get(11, 20, &[None])];
    assert!(check(history).is_err());
    let history = vec![
        put(0, 100, None, 1),
        get(10, 20, &[Some(1)]),
        get(30, 40, &[None]),
    ];
    assert!(check(history).is_err(), "seen once, it stays");
}

#[test]
fn a_lost_update_is_found_out() {
    let history = vec![
        put(0, 10, None, 1),
        put(20, 30, Some(1), 2),
        get(40, 50, &[Some(1)]),
    ];
    assert!(check(history).is_err());
    let history = vec![
        add(0, 10, Outcome::Done),
        add(0, 10, Outcome::Done),
        get(20, 30, &[Some(1)]),
    ];
    assert!(check(history).is_err());
}

#[test]
fn two_winners_are_found_out() {
    let history = vec![
        put(0, 10, None, 1),
        put(20, 40, Some(1), 2),
        put(20, 40, Some(1), 3),
    ];
    assert!(check(history).is_err());
    let history = vec![put(0, 10, None, 1), put(0, 10, None, 2)];
    assert!(check(history).is_err());
}

#[test]
fn a_conflict_without_another_commit_is_found_out() {
    let conflict = |begun, answered| {
        let changes = [(0, swap(Some(1), Some(3)))];
        commit(begun, answered, &changes, Outcome::Conflict)
    };
    let first = put(0, 10, None, 1);
    assert!(check(vec![first.clone(), conflict(20, 30)]).is_err());
    let history = vec![first, conflict(20, 30), put(25, 35, Some(1), 2)];
    assert_eq!(check(history), Ok(()));
}

#[test]
fn what_nobody_knows_happened_once_at_any_later_time_or_never() {
    let unknown = commit(0, 1, &[(0, swap(None, Some(1)))], Outcome::Unknown);
    for seen in [
        vec![None, None],
        vec![None, Some(1)],
        vec![Some(1), Some(1)],
    ] {
        let mut history = vec![unknown.clone()];
        for (i, held) in (1..).zip(&seen) {
            history.push(get(i * 10, i * 10 + 5, &[*held]));
        }
        assert_eq!(check(history), Ok(()), "{seen:?}");
    }
    let gone = vec![
        unknown.clone(),
        get(10, 15, &[Some(1)]),
        get(20, 25, &[None]),
    ];
    assert!(check(gone).is_err(), "it was there");
    let again = vec![
        unknown,
        get(10, 15, &[Some(1)]),
        commit(20, 25, &[(0, swap(Some(1), None))], Outcome::Done),
        get(30, 35, &[None]),
        get(40, 45, &[Some(1)]),
    ];
    assert!(check(again).is_err(), "it happened twice");
}

#[test]
fn an_unanswered_operation_may_still_happen() {
    let mut late = put(0, 1, None, 1);
    late.answered = None;
    let history = vec![late, get(10, 20, &[None]), get(1_000, 2_000, &[Some(1)])];
    assert_eq!(check(history), Ok(()));
}

#[test]
fn a_ceiling_that_is_passed_or_named_too_early_is_found_out() {
    let done = |at| add(at, at + 1, Outcome::Done);
    let reached = |at| add(at, at + 1, Outcome::Ceiling(0));
    assert_eq!(check(vec![done(0), done(10), reached(20)]), Ok(()));
    assert!(check(vec![done(0), done(10), done(20)]).is_err());
    assert!(check(vec![done(0), reached(10)]).is_err());
    let conflict = add(10, 20, Outcome::Conflict);
    assert!(
        check(vec![done(0), conflict]).is_err(),
        "adds never conflict"
    );
}

#[test]
fn two_records_put_together_and_seen_apart_are_found_out() {
    let both = |begun, answered, from: Option<u64>, to| {
        let changes = [(0, swap(from, Some(to))), (1, swap(from, Some(to)))];
        commit(begun, answered, &changes, Outcome::Done)
    };
    let first = both(0, 10, None, 1);
    let second = both(20, 100, Some(1), 2);
    for (held, good) in [([1, 1], true), ([2, 2], true), ([1, 2], false)] {
        let history = vec![
            first.clone(),
            second.clone(),
            get(30, 40, &held.map(Some)),
            get(110, 120, &[Some(2), Some(2)]),
        ];
        assert_eq!(check(history).is_ok(), good, "{held:?}");
    }
}

#[test]
fn write_skew_is_found_out() {
    // Each puts one record and says that the other has not changed.
    let commit = |mine, other, to, outcome| {
        let changes = [(mine, swap(None, Some(to))), (other, Change::Check(None))];
        commit(0, 10, &changes, outcome)
    };
    let one = commit(0, 1, 7, Outcome::Done);
    assert!(check(vec![one.clone(), commit(1, 0, 8, Outcome::Done)]).is_err());
    assert_eq!(check(vec![one, commit(1, 0, 8, Outcome::Conflict)]), Ok(()));
}

#[test]
fn a_version_that_stands_for_two_values_is_found_out() {
    let seen = |begun, held| {
        let seen = Seen { held, version: 9 };
        operation(begun, begun + 1, Action::Get(vec![(0, Some(seen))]))
    };
    let history = vec![
        put(0, 1, None, 1),
        seen(2, 1),
        put(4, 5, Some(1), 2),
        seen(6, 2),
    ];
    assert!(check(history).is_err());
}

/// Operations that really took effect one after the other, each somewhere within its time, are always in order; and no
/// longer if one of their reads is given another answer.
#[test]
fn what_has_an_order_is_never_found_out_and_what_has_none_always_is() {
    let mut dice = 0x9e37_79b9_u64;
    let mut below = move |bound: u64| {
        // An LCG of Knuth's (MMIX), of which the upper half is good.
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % bound
    };
    for round in 0..200 {
        let mut held = [None, None];
        let mut history = Vec::new();
        for i in 1..60_u64 {
            let (begun, answered) = (100 * i - below(400).min(100 * i), 100 * i + below(400));
            let mine = below(2) as usize;
            let read = match below(3) {
                0 => Some(i - 1),
                _ => held[mine],
            };
            let changes = [
                (mine, swap(read, Some(i))),
                (1 - mine, Change::Check(held[1 - mine])),
            ];
            let outcome = match read == held[mine] {
                true => Outcome::Done,
                false => Outcome::Conflict,
            };
            if below(3) == 0 {
                history.push(get(begun, answered, &held));
            } else {
                history.push(commit(begun, answered, &changes, outcome));
                if outcome == Outcome::Done {
                    held[mine] = Some(i);
                }
            }
        }
        assert_eq!(check(history.clone()), Ok(()), "round {round}");
        history.push(get(100_000, 100_001, &[held[0], Some(1_000)]));
        assert!(check(history).is_err(), "round {round}");
    }
}
