//! Counts, and their ceilings.

use std::collections::BTreeSet;

use countersign_gateway::directory::Counted;

use super::{NOW, Place, RACERS};
use crate::duties::race;

super::each! {
    a_count_goes_up_to_its_ceiling_and_ends_with_its_first,
    a_ceiling_of_nothing_counts_nothing,
    one_that_is_taken_back_leaves_the_others_counted,
    ceilings_hold_whatever_races,
}

async fn a_count_goes_up_to_its_ceiling_and_ends_with_its_first(place: Place) {
    let count = async |key: u8, now: u64, ends_at: u64| {
        let counted = place.directory.count(&[key; 32], now, ends_at, 3).await;
        counted.expect("it answers")
    };
    for nth in 1..=3 {
        // The ends of later ones are not looked at.
        let ends_at = NOW + 10 * u64::from(nth);
        assert_eq!(count(1, NOW, ends_at).await, Counted::Nth(nth));
    }
    let full = Counted::Full { ends_at: NOW + 10 };
    assert_eq!(count(1, NOW, NOW + 99).await, full);
    assert_eq!(count(1, NOW + 9, NOW + 99).await, full);
    assert_eq!(count(2, NOW, NOW + 99).await, Counted::Nth(1));
    assert_eq!(count(1, NOW + 10, NOW + 20).await, Counted::Nth(1));
    assert_eq!(count(1, NOW + 19, NOW + 99).await, Counted::Nth(2));
    assert_eq!(count(1, NOW + 20, NOW + 99).await, Counted::Nth(1));
}

async fn a_ceiling_of_nothing_counts_nothing(place: Place) {
    let key = [1; 32];
    let none = place.directory.count(&key, NOW, NOW + 10, 0).await;
    let full = Counted::Full { ends_at: NOW + 10 };
    assert_eq!(none.expect("it answers"), full);
    let first = place.directory.count(&key, NOW, NOW + 10, 1).await;
    assert_eq!(first.expect("it answers"), Counted::Nth(1));
    let none = place.directory.count(&key, NOW, NOW + 99, 0).await;
    assert_eq!(none.expect("it answers"), full);
}

async fn one_that_is_taken_back_leaves_the_others_counted(place: Place) {
    let key = [1; 32];
    let count = || place.directory.count(&key, NOW, NOW + 10, 2);
    assert_eq!(count().await.expect("it answers"), Counted::Nth(1));
    assert_eq!(count().await.expect("it answers"), Counted::Nth(2));
    place
        .directory
        .uncount(&key)
        .await
        .expect("it is taken back");
    assert_eq!(count().await.expect("it answers"), Counted::Nth(2));
    let full = Counted::Full { ends_at: NOW + 10 };
    assert_eq!(count().await.expect("it answers"), full);
    for _ in 0..5 {
        place
            .directory
            .uncount(&key)
            .await
            .expect("it changes nothing below none");
    }
    assert_eq!(count().await.expect("it answers"), Counted::Nth(1));
}

async fn ceilings_hold_whatever_races(place: Place) {
    let (one, other) = (place.directory.clone(), place.again().await);
    let answers = race(RACERS, |racer| {
        let directory = [&one, &other][racer % 2].clone();
        async move { directory.count(&[1; 32], NOW, NOW + 10, 10).await }
    })
    .await;
    let mut counted = BTreeSet::new();
    for answer in answers {
        match answer.expect("it answers") {
            Counted::Nth(nth) => assert!(counted.insert(nth), "{nth} came twice"),
            Counted::Full { ends_at } => assert_eq!(ends_at, NOW + 10),
        }
    }
    assert_eq!(counted, (1..=10).collect());
}
