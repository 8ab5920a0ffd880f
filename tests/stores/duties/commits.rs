//! What a commit does, and what it does not.

use countersign_host::store::{CommitError, Content, Kind};

use super::{
    REALM, account, add, check, commit, count, delete, key, put, put_until, quota, read, value,
    version, with_events,
};
use crate::kind::Place;

super::each! {
    a_commit_is_seen_by_every_get_after_it,
    a_get_answers_in_the_order_of_its_keys,
    what_is_not_as_expected_is_a_conflict,
    a_commit_is_all_or_nothing,
    the_events_of_a_commit_that_failed_are_not_there,
    versions_are_never_used_again,
    realms_and_kinds_are_apart,
}

// covers: STORE-1
async fn a_commit_is_seen_by_every_get_after_it(place: Place) {
    let (store, other) = (&*place.store, place.again().await);
    let ana = account("ana");
    assert_eq!(read(store, &ana).await, None);
    commit(store, vec![put(&ana, None, b"1")])
        .await
        .expect("new");
    for reader in [store, &*other] {
        assert_eq!(value(reader, &ana).await.as_deref(), Some(&b"1"[..]));
    }
    let expected = version(store, &ana).await;
    commit(&*other, vec![put(&ana, expected, b"2")])
        .await
        .expect("it is as it was read");
    for reader in [store, &*other] {
        assert_eq!(value(reader, &ana).await.as_deref(), Some(&b"2"[..]));
    }
    assert_eq!(read(store, &account("eva")).await, None);
}

// covers: STORE-1
async fn a_get_answers_in_the_order_of_its_keys(place: Place) {
    let store = &*place.store;
    let names = ["d", "b", "e", "a", "c"];
    for name in names.iter().take(4) {
        commit(store, vec![put(&account(name), None, name.as_bytes())])
            .await
            .expect("new");
    }
    commit(store, vec![add(&quota("a"), 7, 7)])
        .await
        .expect("new");
    let mut keys: Vec<_> = names.iter().map(|name| account(name)).collect();
    keys.push(quota("a"));
    keys.push(account("d"));
    let found = store.get(&keys).await.expect("it answers");
    let contents: Vec<_> = found
        .iter()
        .map(|it| it.as_ref().map(|it| &it.content))
        .collect();
    let sealed = |name: &str| Content::Sealed(name.as_bytes().to_vec());
    let [d, b, e, a] = ["d", "b", "e", "a"].map(sealed);
    let seven = Content::Count(7);
    let expected = [
        Some(&d),
        Some(&b),
        Some(&e),
        Some(&a),
        None,
        Some(&seven),
        Some(&d),
    ];
    assert_eq!(contents, expected, "the last is asked for twice");
    assert!(store.get(&[]).await.expect("it answers").is_empty());
}

// covers: STORE-2
async fn what_is_not_as_expected_is_a_conflict(place: Place) {
    let store = &*place.store;
    let (ana, eva) = (account("ana"), account("eva"));
    commit(store, vec![put(&ana, None, b"1")])
        .await
        .expect("new");
    let is = version(store, &ana).await.expect("there");
    let wrong = [None, Some(is + 1), Some(is - 1), Some(0), Some(u64::MAX)];
    let cases = wrong
        .map(|expected| (&ana, expected))
        .into_iter()
        .chain([(&eva, Some(is)), (&eva, Some(0))]);
    for (key, expected) in cases {
        for change in [
            put(key, expected, b"2"),
            delete(key, expected),
            check(key, expected),
        ] {
            let result = commit(store, vec![change]).await;
            assert!(
                matches!(result, Err(CommitError::Conflict)),
                "{expected:?}: {result:?}"
            );
        }
    }
    assert_eq!(value(store, &ana).await.as_deref(), Some(&b"1"[..]));
    for changes in [vec![check(&ana, Some(is))], vec![check(&eva, None)], vec![]] {
        commit(store, changes).await.expect("as it was read");
    }
    assert_eq!(version(store, &ana).await, Some(is), "nothing was changed");
    commit(store, vec![delete(&eva, None)])
        .await
        .expect("what is not there may be deleted as such");
    assert_eq!(read(store, &eva).await, None);
}

// covers: STORE-3
async fn a_commit_is_all_or_nothing(place: Place) {
    let store = &*place.store;
    let (ana, eva, old, full) = (account("ana"), account("eva"), account("old"), quota("q"));
    commit(store, vec![put(&old, None, b"0"), add(&full, 3, 3)])
        .await
        .expect("new");
    let is = version(store, &old).await;
    let stale = Some(is.expect("there") + 1);
    let failing = [
        vec![put(&ana, None, b"1"), put(&eva, Some(9), b"1")],
        vec![put(&ana, None, b"1"), check(&old, stale)],
        vec![
            delete(&old, is),
            put(&ana, None, b"1"),
            check(&eva, Some(9)),
        ],
        vec![put(&old, is, b"1"), put(&ana, None, b"1"), add(&full, 1, 3)],
        vec![add(&quota("new"), 1, 1), put(&eva, Some(9), b"1")],
        vec![add(&quota("new"), 1, 1), delete(&old, stale)],
        vec![
            add(&quota("new"), 1, 1),
            put(&old, is, b"1"),
            add(&full, 1, 3),
        ],
    ];
    for changes in failing {
        let shown = format!("{changes:?}");
        let mut whole = with_events(changes, REALM, &["ana"]);
        whole
            .events
            .extend(with_events(vec![], REALM, &["eva"]).events);
        store.commit(whole).await.expect_err("one part fails");
        for absent in [&ana, &eva, &quota("new")] {
            assert_eq!(read(store, absent).await, None, "{shown}");
        }
        assert_eq!(version(store, &old).await, is, "{shown}");
        assert_eq!(count(store, &full).await, Some(3), "{shown}");
        assert_eq!(store.last_position(REALM).await.expect("it answers"), 0);
    }
    let changes = vec![
        put(&ana, None, b"1"),
        delete(&old, is),
        check(&eva, None),
        add(&full, 0, 3),
        add(&quota("new"), 2, 2),
    ];
    let whole = with_events(changes, REALM, &["ana", "eva"]);
    store.commit(whole).await.expect("every part can be made");
    assert!(read(store, &ana).await.is_some());
    assert_eq!(read(store, &old).await, None);
    assert_eq!(count(store, &quota("new")).await, Some(2));
    let events = store.events(REALM, 0, 10).await.expect("it answers");
    assert_eq!(events.len(), 2);
}

// covers: STORE-3
async fn the_events_of_a_commit_that_failed_are_not_there(place: Place) {
    let store = &*place.store;
    let ana = account("ana");
    let first = with_events(vec![put(&ana, None, b"1")], REALM, &["first"]);
    let kept = first.events.clone();
    store.commit(first).await.expect("new");
    let again = with_events(vec![put(&ana, None, b"2")], REALM, &["second", "third"]);
    assert!(matches!(
        store.commit(again).await,
        Err(CommitError::Conflict)
    ));
    let alone = with_events(vec![], REALM, &["fourth"]);
    let last = alone.events.clone();
    store.commit(alone).await.expect("an event alone");
    let found = store.events(REALM, 0, 10).await.expect("it answers");
    let found: Vec<_> = found.into_iter().map(|it| it.event).collect();
    assert_eq!(found, [kept, last].concat());
}

// covers: STORE-4
async fn versions_are_never_used_again(place: Place) {
    let store = &*place.store;
    let (ana, eva) = (account("ana"), account("eva"));
    let mut seen = Vec::new();
    let mut note = |version: Option<u64>| {
        let version = version.expect("it is there");
        assert!(!seen.contains(&version), "{version} again in {seen:?}");
        seen.push(version);
        Some(version)
    };
    for round in 0..6 {
        let changes = vec![put_until(&ana, None, b"1", 1_500 + round)];
        commit(store, changes).await.expect("new");
        let first = note(version(store, &ana).await);
        let changes = vec![put_until(&ana, first, b"1", 1_500 + round)];
        commit(store, changes).await.expect("as it was read");
        let second = note(version(store, &ana).await);
        // Others' commits in between must not bring a version back either.
        commit(store, vec![put(&eva, version(store, &eva).await, b"1")])
            .await
            .expect("as it was read");
        if round % 2 == 0 {
            commit(store, vec![delete(&ana, second)])
                .await
                .expect("as it was read");
        } else {
            store.collect(1_501 + round).await.expect("it answers");
        }
        assert_eq!(read(store, &ana).await, None, "round {round}");
        let stale = commit(store, vec![put(&ana, second, b"2")]).await;
        assert!(matches!(stale, Err(CommitError::Conflict)));
    }
}

async fn realms_and_kinds_are_apart(place: Place) {
    let store = &*place.store;
    let mut keys = vec![
        account("acme"),
        key(Kind::Tickets, "acme"),
        key(Kind::Policy, "acme"),
    ];
    let mut other = account("acme");
    other.realm = "other".into();
    keys.push(other);
    keys.push(account("Acme"));
    keys.push(account("acme "));
    for (i, key) in (0_u8..).zip(&keys) {
        commit(store, vec![put(key, None, &[i])])
            .await
            .expect("another record");
    }
    commit(store, vec![add(&quota("acme"), 1, 1)])
        .await
        .expect("another record");
    for (i, key) in (0_u8..).zip(&keys) {
        assert_eq!(value(store, key).await, Some(vec![i]), "{key:?}");
    }
    commit(
        store,
        vec![delete(&keys[0], version(store, &keys[0]).await)],
    )
    .await
    .expect("as it was read");
    for key in &keys[1..] {
        assert!(read(store, key).await.is_some(), "{key:?}");
    }
}
