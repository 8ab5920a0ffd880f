//! Events in order, and consumers that miss none.

use std::collections::BTreeMap;

use countersign_host::event::EventId;
use countersign_host::store::{Commit, Trailed};

use super::{NOW, REALM, event, race, with_events};
use crate::kind::Place;

super::each! {
    events_come_back_in_order_and_as_they_were,
    positions_only_grow_whatever_races,
    the_events_of_one_user_stand_in_the_order_of_their_commits,
    consumers_are_moved_by_whoever_knows_where_they_stand,
    of_racing_moves_of_a_consumer_one_succeeds,
    pruning_keeps_what_a_consumer_has_not_had,
    the_trails_of_realms_are_apart,
}

async fn events_come_back_in_order_and_as_they_were(place: Place) {
    let store = &*place.store;
    assert_eq!(store.last_position(REALM).await.expect("it answers"), 0);
    assert!(all(&place, REALM).await.is_empty());
    let mut committed = Vec::new();
    for round in 0..5 {
        let users: Vec<String> = (0..=round).map(|i| format!("ü {round} {i} '%")).collect();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let commit = with_events(vec![], REALM, &users);
        committed.extend(commit.events.clone());
        store.commit(commit).await.expect("events alone");
    }
    let found = all(&place, REALM).await;
    let events: Vec<_> = found.iter().map(|it| it.event.clone()).collect();
    assert_eq!(events, committed);
    assert!(found.iter().all(|it| it.position >= 1));
    let last = found.last().expect("15 events").position;
    assert_eq!(store.last_position(REALM).await.expect("it answers"), last);
    // By pages, and from anywhere.
    let mut paged: Vec<Trailed> = Vec::new();
    loop {
        let after = paged.last().map_or(0, |it| it.position);
        let page = store.events(REALM, after, 4).await.expect("it answers");
        assert!(page.len() <= 4);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, found);
    for after in [last, last + 1, u64::MAX] {
        let none = store.events(REALM, after, 4).await.expect("it answers");
        assert!(none.is_empty(), "{after}");
    }
    let none = store.events(REALM, 0, 0).await.expect("it answers");
    assert!(none.is_empty());
}

/// A consumer reads on while many commit: what it has not had by its position never comes.
async fn positions_only_grow_whatever_races(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    let read_on = async |had: &mut Vec<Trailed>| {
        let after = had.last().map_or(0, |it| it.position);
        let page = store.events(REALM, after, 7).await.expect("it answers");
        let mut last = after;
        for it in &page {
            assert!(it.position > last, "positions do not grow");
            last = it.position;
        }
        had.extend(page);
    };
    let writers = tokio::spawn({
        let (store, other) = (store.clone(), other.clone());
        async move {
            race(RACERS, |racer| {
                let store = [&store, &other][racer % 2].clone();
                async move {
                    for i in 0..EACH {
                        let users = [format!("{racer}"), format!("{racer}-{i}")];
                        let users = users.each_ref().map(String::as_str);
                        let commit = with_events(vec![], REALM, &users);
                        store.commit(commit).await.expect("events alone");
                    }
                }
            })
            .await
        }
    });
    let mut had = Vec::new();
    while !writers.is_finished() {
        read_on(&mut had).await;
        tokio::task::yield_now().await;
    }
    writers.await.expect("no writer panics");
    // The last events may be readable a moment after their commits; what is readable is read to its end.
    for _ in 0..PATIENCE {
        read_on(&mut had).await;
        if had.len() == RACERS * EACH * 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(had, all(&place, REALM).await, "the consumer missed some");
    assert_eq!(had.len(), RACERS * EACH * 2);
    let mut ids: Vec<EventId> = had.iter().map(|it| it.event.id).collect();
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), had.len(), "an event stands there twice");
}

async fn the_events_of_one_user_stand_in_the_order_of_their_commits(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    race(RACERS, |racer| {
        let store = [&store, &other][racer % 2].clone();
        async move {
            for i in 0..EACH {
                let mut commit = Commit::new(NOW, vec![]);
                commit.events = vec![event(REALM, &format!("user-{racer}"), i as u64)];
                store.commit(commit).await.expect("events alone");
            }
        }
    })
    .await;
    let mut of: BTreeMap<Option<String>, Vec<u64>> = BTreeMap::new();
    for it in all(&place, REALM).await {
        of.entry(it.event.user.clone())
            .or_default()
            .push(it.event.at);
    }
    assert_eq!(of.len(), RACERS);
    for (user, order) in of {
        assert_eq!(order, (0..EACH as u64).collect::<Vec<_>>(), "{user:?}");
    }
}

async fn consumers_are_moved_by_whoever_knows_where_they_stand(place: Place) {
    let store = &*place.store;
    let moved = async |name, from, to| {
        let moved = store.move_consumer(REALM, name, from, to).await;
        moved.expect("it answers")
    };
    let consumers = async || store.consumers(REALM).await.expect("it answers");
    assert!(consumers().await.is_empty());
    assert!(!moved("siem", 1, 2).await, "it stands at 0");
    assert!(moved("siem", 0, 3).await);
    assert!(!moved("siem", 0, 4).await, "another was there first");
    assert!(moved("siem", 3, 9).await);
    assert!(moved("mail ü", 0, 0).await, "it becomes known");
    let known = consumers().await;
    assert_eq!(known, [("mail ü".to_owned(), 0), ("siem".to_owned(), 9)]);
    store.forget_consumer(REALM, "siem").await.expect("it is");
    store.forget_consumer(REALM, "nobody").await.expect("it is");
    assert_eq!(consumers().await, [("mail ü".to_owned(), 0)]);
    assert!(moved("siem", 0, 5).await, "it begins anew");
}

async fn of_racing_moves_of_a_consumer_one_succeeds(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    for round in 0..MOVES {
        let moved = race(RACERS, |racer| {
            let store = [&store, &other][racer % 2].clone();
            let to = round + 1;
            async move { store.move_consumer(REALM, "siem", round, to).await }
        })
        .await;
        let moved = moved.into_iter().map(|it| it.expect("it answers"));
        assert_eq!(moved.filter(|it| *it).count(), 1, "round {round}");
    }
}

async fn pruning_keeps_what_a_consumer_has_not_had(place: Place) {
    let store = &*place.store;
    for at in 1..=20 {
        let mut commit = Commit::new(NOW, vec![]);
        commit.events = vec![event(REALM, "ana", at), event("other", "ana", at)];
        store.commit(commit).await.expect("events alone");
    }
    let before = all(&place, REALM).await;
    let times = async |realm| {
        let found = all(&place, realm).await;
        found.iter().map(|it| it.event.at).collect::<Vec<_>>()
    };
    let prune = async |time| store.prune(REALM, time).await.expect("it answers");
    for (name, at) in [("slow", 5), ("quick", 15)] {
        let to = before[at - 1].position;
        assert!(store.move_consumer(REALM, name, 0, to).await.expect("it"));
    }
    assert_eq!(prune(4).await, 3, "those before its time");
    assert_eq!(times(REALM).await, (4..=20).collect::<Vec<_>>());
    assert_eq!(prune(12).await, 2, "up to where the slow one has read");
    assert_eq!(times(REALM).await, (6..=20).collect::<Vec<_>>());
    store.forget_consumer(REALM, "slow").await.expect("it is");
    assert_eq!(prune(12).await, 6);
    store.forget_consumer(REALM, "quick").await.expect("it is");
    assert_eq!(prune(u64::MAX).await, 9);
    assert!(all(&place, REALM).await.is_empty());
    assert_eq!(times("other").await, (1..=20).collect::<Vec<_>>());
    // What comes after stands behind all that ever was there.
    let last = before.last().expect("20 events").position;
    store
        .commit(with_events(vec![], REALM, &["ana"]))
        .await
        .expect("events alone");
    let after = all(&place, REALM).await;
    assert!(after[0].position > last, "a consumer would miss it");
}

async fn the_trails_of_realms_are_apart(place: Place) {
    let store = &*place.store;
    for realm in ["one", "two", "one"] {
        store
            .commit(with_events(vec![], realm, &["ana", "eva"]))
            .await
            .expect("events alone");
    }
    for (realm, events) in [("one", 4), ("two", 2), ("three", 0)] {
        let found = all(&place, realm).await;
        assert_eq!(found.len(), events);
        assert!(found.iter().all(|it| it.event.realm == realm));
        let last = found.last().map_or(0, |it| it.position);
        assert_eq!(store.last_position(realm).await.expect("it answers"), last);
        assert!(store.consumers(realm).await.expect("it").is_empty());
        let moved = store.move_consumer(realm, "siem", 0, last).await;
        assert!(moved.expect("it answers"), "{realm}: one of its own");
    }
}

async fn all(place: &Place, realm: &str) -> Vec<Trailed> {
    let found = place.store.events(realm, 0, 100_000).await;
    found.expect("it answers")
}

const RACERS: usize = 16;
const EACH: usize = 6;
const MOVES: u64 = 10;
const PATIENCE: u32 = 200;
