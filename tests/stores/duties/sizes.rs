//! The largest that the contract allows, and names as people have them.

use countersign_host::store::{Kind, Record};

use super::{REALM, account, commit, event, key, put, read, value, version};
use crate::kind::Place;

super::each! {
    the_largest_value_comes_back_as_it_was,
    any_bytes_come_back_as_they_were,
    names_are_compared_byte_for_byte,
    the_most_changes_and_events_go_into_one_commit,
}

async fn the_largest_value_comes_back_as_it_was(place: Place) {
    let store = &*place.store;
    let tickets = key(Kind::Tickets, "ana");
    // What a sealed value is larger by than what is in it.
    for length in [0, 1, 32_768, 32_768 + 128] {
        let large: Vec<u8> = (0..length).map(|i: usize| (i % 251) as u8).collect();
        commit(
            store,
            vec![put(&tickets, version(store, &tickets).await, &large)],
        )
        .await
        .expect("as it was read");
        assert!(value(store, &tickets).await == Some(large), "{length}");
    }
}

async fn any_bytes_come_back_as_they_were(place: Place) {
    let store = &*place.store;
    let ana = account("ana");
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [all, b"\0\0".to_vec(), b"\\x41'\"%_".to_vec(), vec![0xff; 3]] {
        commit(store, vec![put(&ana, version(store, &ana).await, &bytes)])
            .await
            .expect("as it was read");
        assert_eq!(value(store, &ana).await, Some(bytes));
    }
}

async fn names_are_compared_byte_for_byte(place: Place) {
    let store = &*place.store;
    for (i, name) in (0_u8..).zip(names()) {
        for kind in [Kind::Account, Kind::Tickets, Kind::Policy] {
            commit(store, vec![put(&key(kind, &name), None, &[i])])
                .await
                .unwrap_or_else(|error| panic!("{name:?} is another name: {error}"));
        }
    }
    for (i, name) in (0_u8..).zip(names()) {
        for kind in [Kind::Account, Kind::Tickets, Kind::Policy] {
            assert_eq!(value(store, &key(kind, &name)).await, Some(vec![i]));
        }
    }
    for kind in [Kind::Account, Kind::Tickets, Kind::Policy] {
        let mut expected = names();
        expected.sort();
        let listed = store.list(REALM, kind, None, 100).await.expect("listed");
        let listed: Vec<_> = listed.into_iter().map(|it| it.name).collect();
        assert_eq!(listed, expected);
    }
}

async fn the_most_changes_and_events_go_into_one_commit(place: Place) {
    let store = &*place.store;
    let keys: Vec<_> = (0..64).map(|i| account(&format!("user-{i:02}"))).collect();
    let changes = keys
        .iter()
        .map(|key| put(key, None, &[7; 16_384]))
        .collect();
    let mut whole = countersign_host::store::Commit::new(super::NOW, changes);
    whole.events = (0..32)
        .map(|i| event(REALM, &format!("user-{i}"), i))
        .collect();
    let events = whole.events.clone();
    store.commit(whole).await.expect("64 changes and 32 events");
    let found = store.get(&keys).await.expect("64 keys");
    assert!(found.iter().all(Option::is_some));
    let trail = store.events(REALM, 0, 100).await.expect("it answers");
    let trail: Vec<_> = trail.into_iter().map(|it| it.event).collect();
    assert!(trail == events, "in order, and as they were");
    assert!(read(store, &account("user-64")).await.is_none());
}

/// Names of at most 128 bytes without control characters, all different byte for byte.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "ana",
        "Ana",
        "ANA",
        "ana ",
        " ana",
        "an",
        "ana%",
        "ana_",
        "an_",
        "a%",
        "%",
        "_",
        "*",
        "'",
        "''",
        "\"ana\"",
        "ana'; DROP TABLE records; --",
        "$1",
        "?",
        "\\",
        "\\x616e61",
        // One composed, one decomposed: two people.
        "j\u{f6}rg",
        "jo\u{308}rg",
        "JÖRG",
        "straße",
        "strasse",
        "ı",
        "i",
        "ana\u{200b}",
        "😀",
        "\u{ffff}",
        "null",
        "NULL",
        "0",
        "00",
        "1e3",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(128));
    names.push("x".repeat(127));
    names.push("ü".repeat(64));
    names.push("%".repeat(128));
    debug_assert!(names.iter().all(|name| {
        let record = Record::Account {
            user: name.as_str().into(),
        };
        record.name().len() <= 128
    }));
    names
}
