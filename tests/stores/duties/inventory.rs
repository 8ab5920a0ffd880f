//! What tools see of a store.

use countersign_host::store::{CommitError, Content, Kind};

use super::{REALM, account, add, commit, delete, key, put, put_until, quota, race, read, version};
use crate::kind::Place;

super::each! {
    records_are_listed_by_pages_in_the_order_of_their_bytes,
    a_record_is_listed_as_it_is,
    what_is_written_meanwhile_disturbs_no_listing,
    the_key_of_the_index_is_noted_once,
    keys_that_seal_are_noted_and_forgotten,
    of_racing_notes_of_an_index_all_find_the_same,
    a_closed_store_is_unavailable_and_has_lost_nothing,
}

async fn a_closed_store_is_unavailable_and_has_lost_nothing(place: Place) {
    let store = &*place.store;
    let one = account("one");
    for number in 0..20 {
        let changes = vec![put(&account(&number.to_string()), None, b"1")];
        commit(store, changes).await.expect("new");
    }
    commit(store, vec![put(&one, None, b"1")])
        .await
        .expect("new");
    for _ in 0..2 {
        store.close().await.expect("it closes, also twice");
    }
    assert!(store.get(std::slice::from_ref(&one)).await.is_err());
    let late = commit(store, vec![put(&account("late"), None, b"1")]).await;
    assert!(matches!(late, Err(CommitError::Unavailable(_))), "{late:?}");
    assert!(store.last_position(REALM).await.is_err());
    assert!(store.key_notes(REALM).await.is_err());
    assert!(store.count(REALM, Kind::Account).await.is_err());
    if let Some(path) = place.address.strip_prefix("sqlite:") {
        let wal = format!("{path}-wal");
        assert!(!std::path::Path::new(&wal).exists(), "{wal}");
    }
    if place.kind != crate::kind::Kind::Memory {
        let again = place.again().await;
        assert_eq!(again.count(REALM, Kind::Account).await.ok(), Some(21));
    }
}

async fn records_are_listed_by_pages_in_the_order_of_their_bytes(place: Place) {
    let store = &*place.store;
    let mut names: Vec<String> = (0..45).map(|i| format!("user-{i}")).collect();
    names.extend(
        [
            "Z", "a", "ä", "z", "ß", "😀", "~", "%", "_", "\u{ffff}", "A",
        ]
        .map(String::from),
    );
    for name in &names {
        let changes = vec![put(&account(name), None, b"1"), add(&quota(name), 1, 1)];
        commit(store, changes).await.expect("new");
    }
    let mut elsewhere = account("elsewhere");
    elsewhere.realm = "other".into();
    commit(store, vec![put(&elsewhere, None, b"1")])
        .await
        .expect("new");
    names.sort();
    for limit in [1, 7, 56, 100] {
        let mut listed: Vec<String> = Vec::new();
        loop {
            let after = listed.last().map(String::as_str);
            let page = store.list(REALM, Kind::Account, after, limit).await;
            let page = page.expect("it answers");
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            listed.extend(page.into_iter().map(|it| it.name));
        }
        assert_eq!(listed, names, "pages of {limit}");
    }
    for (realm, kind, found) in [
        (REALM, Kind::Account, names.len()),
        (REALM, Kind::Quota, names.len()),
        (REALM, Kind::Policy, 0),
        ("other", Kind::Account, 1),
        ("nowhere", Kind::Account, 0),
    ] {
        let count = store.count(realm, kind).await.expect("it answers");
        assert_eq!(count, found as u64, "{realm}, {kind}");
    }
    let none = store.list(REALM, Kind::Account, None, 0).await;
    assert!(none.expect("it answers").is_empty());
}

async fn a_record_is_listed_as_it_is(place: Place) {
    let store = &*place.store;
    let tickets = key(Kind::Tickets, "ana");
    let changes = vec![
        put(&account("ana"), None, b"account"),
        put_until(&tickets, None, b"tickets", 1_500),
        add(&quota("q"), 7, 9),
    ];
    commit(store, changes).await.expect("new");
    for (key, content, collectable_at) in [
        (account("ana"), Content::Sealed(b"account".to_vec()), None),
        (tickets, Content::Sealed(b"tickets".to_vec()), Some(1_500)),
        (quota("q"), Content::Count(7), Some(2_000)),
    ] {
        let listed = store.list(REALM, key.record.kind(), None, 9).await;
        let listed = listed.expect("it answers");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].name, key.record.name());
        assert_eq!(listed[0].content, content);
        assert_eq!(Some(listed[0].version), version(store, &key).await);
        assert_eq!(listed[0].collectable_at, collectable_at);
    }
    let ana = account("ana");
    commit(store, vec![delete(&ana, version(store, &ana).await)])
        .await
        .expect("as it was read");
    assert_eq!(store.count(REALM, Kind::Account).await.expect("it"), 0);
    assert_eq!(read(store, &ana).await, None);
}

async fn what_is_written_meanwhile_disturbs_no_listing(place: Place) {
    let store = place.store.clone();
    for i in 0..40 {
        commit(
            &*store,
            vec![put(&account(&format!("stays-{i:02}")), None, b"1")],
        )
        .await
        .expect("new");
    }
    race(4, |racer| {
        let store = store.clone();
        async move {
            for i in 0..30 {
                if racer == 0 {
                    let mut listed: Vec<String> = Vec::new();
                    loop {
                        let after = listed.last().map(String::as_str);
                        let page = store.list(REALM, Kind::Account, after, 11).await;
                        let page = page.expect("it answers");
                        if page.is_empty() {
                            break;
                        }
                        listed.extend(page.into_iter().map(|it| it.name));
                    }
                    let stays = listed.iter().filter(|it| it.starts_with("stays"));
                    assert_eq!(stays.count(), 40);
                    assert!(listed.is_sorted(), "a record is listed twice");
                } else {
                    let key = account(&format!("comes-{racer}-{i}"));
                    commit(&*store, vec![put(&key, None, b"1")])
                        .await
                        .expect("new");
                    let expected = version(&*store, &key).await;
                    commit(&*store, vec![delete(&key, expected)])
                        .await
                        .expect("as it was read");
                }
            }
        }
    })
    .await;
}

async fn the_key_of_the_index_is_noted_once(place: Place) {
    let store = &*place.store;
    let empty = store.key_notes(REALM).await.expect("it answers");
    assert_eq!((empty.index, empty.sealing), (None, vec![]));
    for index in [7, 7, 9] {
        let notes = store.note_key(REALM, index, 7).await.expect("it answers");
        assert_eq!((notes.index, notes.sealing), (Some(7), vec![7]));
    }
    let other = store.note_key("other", 9, 9).await.expect("it answers");
    assert_eq!(other.index, Some(9), "another realm has another");
}

async fn keys_that_seal_are_noted_and_forgotten(place: Place) {
    let store = &*place.store;
    for key in [u32::MAX, 3, 9, 3, 0] {
        store.note_key(REALM, 9, key).await.expect("it answers");
    }
    let sealing = async || {
        let notes = store.key_notes(REALM).await.expect("it answers");
        assert_eq!(notes.index, Some(9));
        notes.sealing
    };
    assert_eq!(sealing().await, [0, 3, 9, u32::MAX]);
    for key in [3, 4] {
        store.forget_key(REALM, key).await.expect("it answers");
    }
    store.forget_key("other", 9).await.expect("it answers");
    assert_eq!(sealing().await, [0, 9, u32::MAX]);
}

async fn of_racing_notes_of_an_index_all_find_the_same(place: Place) {
    let (store, other) = (place.store.clone(), place.again().await);
    for round in 0..8 {
        let realm = format!("realm-{round}");
        let found = race(16, |racer| {
            let store = [&store, &other][racer % 2].clone();
            let (realm, key) = (realm.clone(), racer as u32);
            async move { store.note_key(&realm, key, key).await }
        })
        .await;
        let indices: Vec<_> = found
            .into_iter()
            .map(|it| it.expect("it answers").index)
            .collect();
        assert!(indices[0].is_some());
        assert!(indices.iter().all(|it| *it == indices[0]), "{indices:?}");
        let notes = store.key_notes(&realm).await.expect("it answers");
        assert_eq!(notes.index, indices[0]);
        // Whoever has another index must not seal, and leaves no note.
        assert_eq!(notes.sealing, Vec::from_iter(indices[0]));
    }
}
