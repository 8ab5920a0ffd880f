//! Counters and their ceilings.

use countersign_host::store::{Change, CommitError};

use super::{account, add, check, commit, count, put, quota, race, read, version};
use crate::kind::Place;

super::each! {
    a_ceiling_is_reached_and_not_passed,
    the_ceiling_that_is_reached_is_named_by_its_place,
    counts_near_the_largest_number_are_refused_and_not_wrapped,
    racing_adds_fill_a_counter_to_its_ceiling_and_never_conflict,
    adds_to_many_counters_in_any_order_never_conflict,
    a_counter_filled_by_some_is_full_for_all,
    counter_is_deleted_at_its_version_and_begins_anew,
}

// covers: STORE-5
async fn a_ceiling_is_reached_and_not_passed(place: Place) {
    let store = &*place.store;
    let q = quota("q");
    commit(store, vec![add(&q, 3, 5)]).await.expect("below");
    commit(store, vec![add(&q, 2, 5)]).await.expect("reached");
    for (amount, ceiling) in [(1, 5), (5, 9), (1, 0), (6, 10)] {
        let passed = commit(store, vec![add(&q, amount, ceiling)]).await;
        assert!(
            matches!(passed, Err(CommitError::CeilingReached(0))),
            "{amount} of {ceiling}: {passed:?}"
        );
    }
    assert_eq!(count(store, &q).await, Some(5));
    commit(store, vec![add(&q, 1, 6)]).await.expect("raised");
    let new = commit(store, vec![add(&quota("new"), 2, 1)]).await;
    assert!(matches!(new, Err(CommitError::CeilingReached(0))));
    assert_eq!(read(store, &quota("new")).await, None);
}

// covers: STORE-5
async fn the_ceiling_that_is_reached_is_named_by_its_place(place: Place) {
    let store = &*place.store;
    let (ana, full) = (account("ana"), quota("full"));
    commit(store, vec![add(&full, 5, 5)]).await.expect("new");
    for index in 0..5 {
        // Names on both sides of `full`, so that a store that sorts them must still find its place.
        let mut changes: Vec<_> = ["zz", "aa", "m", "b"]
            .iter()
            .map(|name| add(&quota(name), 1, 9))
            .collect();
        changes.insert(index, add(&full, 1, 5));
        let result = commit(store, changes).await;
        assert!(
            matches!(result, Err(CommitError::CeilingReached(found)) if found == index),
            "{index}: {result:?}"
        );
    }
    let changes = vec![
        put(&ana, None, b"1"),
        add(&quota("a"), 1, 9),
        check(&account("eva"), None),
        add(&full, 1, 5),
    ];
    let result = commit(store, changes).await;
    assert!(
        matches!(result, Err(CommitError::CeilingReached(3))),
        "{result:?}"
    );
    for name in ["zz", "aa", "m", "b", "a"] {
        assert_eq!(read(store, &quota(name)).await, None);
    }
}

// covers: STORE-5
async fn counts_near_the_largest_number_are_refused_and_not_wrapped(place: Place) {
    let store = &*place.store;
    let q = quota("q");
    commit(store, vec![add(&q, 5, u64::MAX)])
        .await
        .expect("below");
    for (amount, ceiling) in [
        (u64::MAX, u64::MAX),
        (u64::MAX - 4, u64::MAX),
        (u64::MAX - 2, 10),
        (1 << 63, 10),
        (u64::MAX, 4),
    ] {
        let result = commit(store, vec![add(&q, amount, ceiling)]).await;
        assert!(
            matches!(result, Err(CommitError::CeilingReached(0))),
            "{amount} of {ceiling}: {result:?}"
        );
        assert_eq!(count(store, &q).await, Some(5));
    }
    // Up to what 63 bits hold a count is exact; beyond it a store may refuse, as if the ceiling were there.
    let half = i64::MAX as u64;
    for parts in [vec![half], vec![half - 1, 1], vec![half, half, 1]] {
        let q = quota(&format!("of {} parts", parts.len()));
        let mut sum = 0_u64;
        for amount in parts {
            match commit(store, vec![add(&q, amount, u64::MAX)]).await {
                Ok(()) => sum += amount,
                Err(CommitError::CeilingReached(0)) if sum + amount > half => {}
                Err(other) => panic!("{other:?}"),
            }
            assert_eq!(count(store, &q).await, Some(sum));
        }
        for amount in [half + 2, u64::MAX] {
            let more = commit(store, vec![add(&q, amount, u64::MAX)]).await;
            assert!(
                matches!(more, Err(CommitError::CeilingReached(0))),
                "{more:?}"
            );
        }
        commit(store, vec![add(&q, 0, u64::MAX)])
            .await
            .expect("it stays");
        assert_eq!(count(store, &q).await, Some(sum));
    }
}

/// As the host does to take back that a message went out.
async fn counter_is_deleted_at_its_version_and_begins_anew(place: Place) {
    let store = &*place.store;
    let q = quota("q");
    commit(store, vec![add(&q, 1, 1)]).await.expect("below");
    let first = read(store, &q).await.expect("it is there").version;
    let delete = |version| Change::Delete {
        key: q.clone(),
        expected: Some(version),
    };
    let other = commit(store, vec![delete(first + 1)]).await;
    assert!(matches!(other, Err(CommitError::Conflict)), "{other:?}");
    let full = commit(store, vec![add(&q, 1, 1)]).await;
    assert!(
        matches!(full, Err(CommitError::CeilingReached(0))),
        "{full:?}"
    );
    commit(store, vec![delete(first)]).await.expect("as read");
    assert_eq!(read(store, &q).await, None);
    commit(store, vec![add(&q, 1, 1)]).await.expect("anew");
    assert_ne!(read(store, &q).await.expect("there").version, first);
}

// covers: STORE-5
async fn racing_adds_fill_a_counter_to_its_ceiling_and_never_conflict(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    for round in 0..ROUNDS {
        let q = quota(&format!("q-{round}"));
        let ceiling = RACERS * EACH * 3 / 4;
        let added = race(RACERS, |racer| {
            let store = [&store, &other][racer % 2].clone();
            let q = q.clone();
            async move {
                let mut added = 0;
                for _ in 0..EACH {
                    match commit(&*store, vec![add(&q, 1, ceiling as u64)]).await {
                        Ok(()) => added += 1,
                        Err(CommitError::CeilingReached(0)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                added
            }
        })
        .await;
        assert_eq!(added.iter().sum::<usize>(), ceiling);
        assert_eq!(count(&*store, &q).await, Some(ceiling as u64));
    }
}

// covers: STORE-5
async fn adds_to_many_counters_in_any_order_never_conflict(place: Place) {
    let store = place.store.clone();
    let names = ["company", "number", "user", "day"];
    // Each racer names the counters in an order of its own: two that lock them one after the other would wait for each
    // other for ever.
    race(RACERS, |racer| {
        let store = store.clone();
        async move {
            for i in 0..EACH {
                let mut changes: Vec<_> = names
                    .iter()
                    .map(|name| add(&quota(name), 1, u64::MAX))
                    .collect();
                changes.rotate_left(racer % names.len());
                if racer % 2 == 0 {
                    changes.reverse();
                }
                let own = account(&format!("user-{racer}"));
                let expected = version(&*store, &own).await;
                changes.insert(i % 3, put(&own, expected, b"1"));
                commit(&*store, changes).await.expect("no adds conflict");
            }
        }
    })
    .await;
    for name in names {
        let all = (RACERS * EACH) as u64;
        assert_eq!(count(&*store, &quota(name)).await, Some(all));
    }
}

// covers: STORE-5
async fn a_counter_filled_by_some_is_full_for_all(place: Place) {
    let store = place.store.clone();
    let q = quota("q");
    // Amounts that do not divide the ceiling: what is left over is too little for all but the small.
    let added = race(RACERS, |racer| {
        let (store, q) = (store.clone(), q.clone());
        let amount = 3 + racer as u64 % 5;
        async move {
            match commit(&*store, vec![add(&q, amount, 50)]).await {
                Ok(()) => amount,
                Err(CommitError::CeilingReached(0)) => 0,
                Err(other) => panic!("{other:?}"),
            }
        }
    })
    .await;
    let sum: u64 = added.iter().sum();
    assert!((44..=50).contains(&sum), "{sum}");
    assert_eq!(count(&*store, &q).await, Some(sum));
}

const RACERS: usize = 32;
const EACH: usize = 4;
const ROUNDS: usize = 2;
