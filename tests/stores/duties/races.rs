//! Commits that come at once.

use std::collections::BTreeSet;

use countersign_host::store::{CommitError, Content};

use super::{account, check, commit, delete, put, race, read, version};
use crate::kind::Place;

super::each! {
    of_racing_commits_with_one_version_one_succeeds,
    of_racing_creations_one_succeeds,
    of_two_commits_that_check_each_other_at_most_one_succeeds,
    of_a_put_and_a_check_of_the_same_version_both_are_not_stale,
    nothing_that_was_answered_is_lost,
    two_records_put_together_are_read_together,
}

// V-06
// covers: STORE-2
async fn of_racing_commits_with_one_version_one_succeeds(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    let ana = account("ana");
    let mut versions = BTreeSet::new();
    for round in 0..ROUNDS {
        let expected = version(&*store, &ana).await;
        let answers = race(RACERS, |racer| {
            let store = [&store, &other][racer % 2].clone();
            // Every other round deletes what there is, so that the next begins with nothing.
            let change = match round % 4 {
                3 => delete(&ana, expected),
                _ => put(&ana, expected, &[round as u8, racer as u8]),
            };
            async move { commit(&*store, vec![change]).await }
        })
        .await;
        let winner = only_winner(&answers);
        match read(&*store, &ana).await {
            None => assert_eq!(round % 4, 3),
            Some(stored) => {
                let value = Content::Sealed(vec![round as u8, winner as u8]);
                assert_eq!(stored.content, value, "it is what the winner put");
                assert!(versions.insert(stored.version), "a version came again");
            }
        }
    }
}

// covers: STORE-2
async fn of_racing_creations_one_succeeds(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    for round in 0..ROUNDS {
        let ana = account(&format!("ana-{round}"));
        let answers = race(RACERS, |racer| {
            let store = [&store, &other][racer % 2].clone();
            let change = put(&ana, None, &[racer as u8]);
            async move { commit(&*store, vec![change]).await }
        })
        .await;
        only_winner(&answers);
    }
}

/// Each of two puts one record and relies on the other: if both succeeded, each would have relied on what is no more.
// covers: STORE-2
async fn of_two_commits_that_check_each_other_at_most_one_succeeds(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    let keys = [account("account"), account("tickets")];
    let mut none = 0;
    for round in 0..ROUNDS * 2 {
        let expected = [
            version(&*store, &keys[0]).await,
            version(&*store, &keys[1]).await,
        ];
        let answers = race(2, |racer| {
            let store = [&store, &other][racer % 2].clone();
            let mut changes = vec![
                put(&keys[racer], expected[racer], &[round as u8]),
                check(&keys[1 - racer], expected[1 - racer]),
            ];
            if round % 2 == 0 {
                changes.reverse();
            }
            async move { commit(&*store, changes).await }
        })
        .await;
        let won = answers.iter().filter(|it| it.is_ok()).count();
        assert!(won <= 1, "both succeeded in round {round}");
        none += usize::from(won == 0);
        only_conflicts(&answers);
    }
    assert_eq!(none, 0, "neither succeeded, and nothing else came first");
}

/// A check that was answered may be placed before the put, never after it.
// covers: STORE-2
async fn of_a_put_and_a_check_of_the_same_version_both_are_not_stale(place: Place) {
    let store = place.store.clone();
    let (ana, eva) = (account("ana"), account("eva"));
    for round in 0..ROUNDS {
        let (of_ana, of_eva) = (version(&*store, &ana).await, version(&*store, &eva).await);
        let answers = race(2, |racer| {
            let store = store.clone();
            let changes = match racer {
                0 => vec![put(&ana, of_ana, &[round as u8])],
                _ => vec![check(&ana, of_ana), put(&eva, of_eva, &[round as u8])],
            };
            async move { commit(&*store, changes).await }
        })
        .await;
        assert!(answers[0].is_ok(), "nobody else puts it: {answers:?}");
        only_conflicts(&answers);
        let now = version(&*store, &eva).await;
        assert_eq!(answers[1].is_ok(), now != of_eva, "it tells what it did");
    }
}

// covers: STORE-1, STORE-2
async fn nothing_that_was_answered_is_lost(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    let ana = account("ana");
    let added = race(RACERS, |racer| {
        let store = [&store, &other][racer % 2].clone();
        let ana = ana.clone();
        async move {
            let mut added = Vec::new();
            for i in 0..3_u8 {
                loop {
                    let stored = read(&*store, &ana).await;
                    let expected = stored.as_ref().map(|it| it.version);
                    let mut value = match stored.map(|it| it.content) {
                        Some(Content::Sealed(bytes)) => bytes,
                        _ => Vec::new(),
                    };
                    value.extend([racer as u8, i]);
                    match commit(&*store, vec![put(&ana, expected, &value)]).await {
                        Ok(()) => break,
                        Err(CommitError::Conflict) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                added.push([racer as u8, i]);
            }
            added
        }
    })
    .await;
    let value = super::value(&*store, &ana).await.expect("there");
    let mut found: Vec<_> = value.as_chunks::<2>().0.to_vec();
    let mut added: Vec<_> = added.into_iter().flatten().collect();
    found.sort_unstable();
    added.sort_unstable();
    assert_eq!(found, added);
}

// covers: STORE-1, STORE-3
async fn two_records_put_together_are_read_together(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    let keys = [
        account("ana"),
        super::key(countersign_host::store::Kind::Tickets, "ana"),
    ];
    let both = |n: u8, expected: [Option<u64>; 2]| {
        vec![
            put(&keys[0], expected[0], &[n]),
            put(&keys[1], expected[1], &[n]),
        ]
    };
    commit(&*store, both(0, [None, None])).await.expect("new");
    let seen = race(8, |racer| {
        let store = [&store, &other][racer % 2].clone();
        let keys = keys.clone();
        async move {
            let mut last = 0;
            for n in 1..=SNAPSHOTS {
                let found = store.get(&keys).await.expect("it answers");
                let found: Vec<_> = found.into_iter().map(|it| it.expect("there")).collect();
                let held = |i: usize| match &found[i].content {
                    Content::Sealed(bytes) => bytes[0],
                    Content::Count(_) => panic!("a counter"),
                };
                assert_eq!(held(0), held(1), "two records of two commits");
                assert!(held(0) >= last, "an older one than before");
                last = held(0);
                if racer < 2 {
                    let changes = vec![
                        put(&keys[0], Some(found[0].version), &[last + 1]),
                        put(&keys[1], Some(found[1].version), &[last + 1]),
                    ];
                    match commit(&*store, changes).await {
                        Ok(()) | Err(CommitError::Conflict) => {}
                        Err(other) => panic!("{n}: {other:?}"),
                    }
                }
            }
            last
        }
    })
    .await;
    assert!(seen.iter().any(|it| *it > 1), "nothing was put meanwhile");
}

fn only_winner(answers: &[Result<(), CommitError>]) -> usize {
    only_conflicts(answers);
    let mut winners = (0..answers.len()).filter(|i| answers[*i].is_ok());
    let winner = winners.next().expect("one succeeds");
    assert_eq!(winners.next(), None, "two succeeded");
    winner
}

fn only_conflicts(answers: &[Result<(), CommitError>]) {
    for answer in answers {
        assert!(
            matches!(answer, Ok(()) | Err(CommitError::Conflict)),
            "{answer:?}"
        );
    }
}

const RACERS: usize = 32;
const ROUNDS: usize = 12;
const SNAPSHOTS: u8 = 40;
