//! Records whose time is over.

use countersign_host::store::{Change, CommitError};

use super::{account, add, commit, commit_at, count, put, put_until, quota, read, value, version};
use crate::kind::Place;

super::each! {
    what_is_collectable_is_as_if_it_had_never_been_after_its_time,
    what_is_put_again_without_an_end_is_kept,
    a_counter_lives_as_long_as_its_longest_add_says,
    collecting_leaves_what_is_not_over,
    the_end_of_time_is_never_over,
}

async fn what_is_collectable_is_as_if_it_had_never_been_after_its_time(place: Place) {
    let store = &*place.store;
    let ana = account("ana");
    let changes = vec![put_until(&ana, None, b"1", 1_500), add(&quota("q"), 5, 5)];
    commit(store, changes).await.expect("new");
    commit_at(store, 1_500, vec![])
        .await
        .expect("nothing to do");
    assert!(read(store, &ana).await.is_some(), "at its time it is there");
    store.collect(1_501).await.expect("it answers");
    assert_eq!(read(store, &ana).await, None);
    assert!(read(store, &quota("q")).await.is_some());
    store.collect(2_001).await.expect("it answers");
    let anew = Change::Add {
        key: quota("q"),
        amount: 5,
        ceiling: 5,
        collectable_at: 3_000,
    };
    commit_at(store, 2_001, vec![anew]).await.expect("from 0");
    assert_eq!(count(store, &quota("q")).await, Some(5));
}

async fn what_is_put_again_without_an_end_is_kept(place: Place) {
    let store = &*place.store;
    let ana = account("ana");
    commit(store, vec![put_until(&ana, None, b"1", 1_500)])
        .await
        .expect("new");
    commit(store, vec![put(&ana, version(store, &ana).await, b"2")])
        .await
        .expect("as it was read");
    store.collect(u64::MAX).await.expect("it answers");
    assert_eq!(value(store, &ana).await, Some(b"2".to_vec()));
    commit(
        store,
        vec![put_until(&ana, version(store, &ana).await, b"3", 1_600)],
    )
    .await
    .expect("as it was read");
    store.collect(1_601).await.expect("it answers");
    assert_eq!(read(store, &ana).await, None);
}

// covers: STORE-5
async fn a_counter_lives_as_long_as_its_longest_add_says(place: Place) {
    let store = &*place.store;
    let q = quota("q");
    let add_until = |collectable_at| Change::Add {
        key: q.clone(),
        amount: 1,
        ceiling: 3,
        collectable_at,
    };
    for until in [3_000, 1_500, 2_000] {
        commit(store, vec![add_until(until)]).await.expect("below");
    }
    commit_at(store, 3_000, vec![])
        .await
        .expect("nothing to do");
    store.collect(3_000).await.expect("it answers");
    let full = commit_at(store, 3_000, vec![add_until(4_000)]).await;
    assert!(
        matches!(full, Err(CommitError::CeilingReached(0))),
        "a shorter add forgot a longer one: {full:?}"
    );
    store.collect(3_001).await.expect("it answers");
    commit_at(store, 3_001, vec![add_until(4_000)])
        .await
        .expect("from 0");
    assert_eq!(count(store, &q).await, Some(1));
}

async fn collecting_leaves_what_is_not_over(place: Place) {
    let store = &*place.store;
    for i in 0..50_u64 {
        let key = account(&format!("user-{i}"));
        commit(store, vec![put_until(&key, None, b"1", 2_000 + i)])
            .await
            .expect("new");
    }
    assert_eq!(store.collect(2_020).await.expect("it answers"), 20);
    assert_eq!(store.collect(2_020).await.expect("it answers"), 0);
    for i in 0..50_u64 {
        let there = read(store, &account(&format!("user-{i}"))).await.is_some();
        assert_eq!(there, i >= 20, "{i}");
    }
}

async fn the_end_of_time_is_never_over(place: Place) {
    let store = &*place.store;
    let ana = account("ana");
    let change = Change::Add {
        key: quota("q"),
        amount: 1,
        ceiling: 1,
        collectable_at: u64::MAX,
    };
    let changes = vec![put_until(&ana, None, b"1", u64::MAX), change];
    commit(store, changes).await.expect("new");
    for now in [i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
        commit_at(store, now, vec![]).await.expect("nothing to do");
        store.collect(now).await.expect("it answers");
        assert!(read(store, &ana).await.is_some(), "{now}");
        assert_eq!(count(store, &quota("q")).await, Some(1), "{now}");
    }
}
