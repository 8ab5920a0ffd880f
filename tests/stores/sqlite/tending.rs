//! What is collected and pruned, in pieces, and numbers that SQLite does not have.

use std::error::Error;

use countersign_host::store::{
    Change, CommitError, Content, Inventory, Kind, SqliteStore, Store, Trail,
};
use libtest_mimic::Trial;

use super::scratch::{NOW, REALM, Scratch, account, commit, get, key, put};
use super::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "commits_collect_more_than_they_make",
            commits_collect_more_than_they_make,
        ),
        trial(
            "collecting_and_pruning_go_on_over_many_pieces",
            collecting_and_pruning_go_on_over_many_pieces,
        ),
        trial(
            "positions_do_not_come_back_after_pruning",
            positions_do_not_come_back_after_pruning,
        ),
        trial(
            "numbers_that_sqlite_does_not_have_are_never_wrapped",
            numbers_that_sqlite_does_not_have_are_never_wrapped,
        ),
        trial(
            "callers_that_stop_waiting_do_no_harm",
            callers_that_stop_waiting_do_no_harm,
        ),
    ]
}

async fn commits_collect_more_than_they_make() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.file("mfa.db")).await?;
    for number in 0..200_u64 {
        let mut one = commit(vec![ticket(number, NOW + number)], &[]);
        one.now = NOW + number;
        store.commit(one).await?;
    }
    // Each was collectable a second after it was put.
    assert!(store.count(REALM, Kind::Tickets).await? <= 2);
    Ok(())
}

async fn collecting_and_pruning_go_on_over_many_pieces() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.file("mfa.db")).await?;
    for batch in 0..40_u64 {
        let changes = (0..50).map(|it| ticket(batch * 50 + it, NOW + 10));
        let mut events = commit(changes.collect(), &[1; 50]);
        for (number, event) in events.events.iter_mut().enumerate() {
            // Clocks differ, so that times are not in order.
            event.at = NOW + (number as u64 % 2) * 100;
        }
        store.commit(events).await?;
    }
    assert_eq!(store.collect(NOW + 10).await?, 0);
    assert_eq!(store.collect(NOW + 11).await?, 2_000);
    assert_eq!(store.count(REALM, Kind::Tickets).await?, 0);

    assert!(store.move_consumer(REALM, "siem", 0, 1_500).await?);
    assert_eq!(store.prune(REALM, NOW + 1).await?, 750);
    assert_eq!(store.prune("other", NOW + 1_000).await?, 0);
    store.forget_consumer(REALM, "siem").await?;
    assert_eq!(store.prune(REALM, NOW + 1).await?, 250);
    assert_eq!(store.prune(REALM, NOW + 101).await?, 1_000);
    assert_eq!(store.events(REALM, 0, 10).await?, []);
    Ok(())
}

async fn positions_do_not_come_back_after_pruning() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.file("mfa.db")).await?;
    store.commit(commit(vec![], &[1, 2, 3])).await?;
    assert_eq!(store.prune(REALM, u64::MAX).await?, 3);
    store.commit(commit(vec![], &[4])).await?;
    assert_eq!(store.last_position(REALM).await?, 4);
    Ok(())
}

async fn numbers_that_sqlite_does_not_have_are_never_wrapped() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.file("mfa.db")).await?;
    store.commit(commit(vec![ticket(1, u64::MAX)], &[])).await?;
    assert_eq!(store.collect(u64::MAX).await?, 0);
    let listed = store.list(REALM, Kind::Tickets, None, 10).await?;
    assert_eq!(listed[0].collectable_at, Some(u64::MAX));

    let add = |amount| Change::Add {
        key: key(Kind::Quota, "much"),
        amount,
        ceiling: u64::MAX,
        collectable_at: u64::MAX,
    };
    let most = i64::MAX as u64;
    store.commit(commit(vec![add(most)], &[])).await?;
    for amount in [1, most, u64::MAX] {
        let refused = store.commit(commit(vec![add(amount)], &[])).await;
        assert!(matches!(refused, Err(CommitError::CeilingReached(0))));
    }
    let counted = get(&store, key(Kind::Quota, "much")).await;
    assert_eq!(counted.map(|it| it.content), Some(Content::Count(most)));

    let version = get(&store, key(Kind::Tickets, "1"))
        .await
        .map(|it| it.version);
    for expected in [
        None,
        Some(0),
        Some(u64::MAX),
        version.map(|it| it + (1 << 63)),
    ] {
        let change = put(key(Kind::Tickets, "1"), expected, b"two");
        let refused = store.commit(commit(vec![change], &[])).await;
        assert!(matches!(refused, Err(CommitError::Conflict)));
    }
    assert_eq!(store.events(REALM, u64::MAX, usize::MAX).await?, []);
    assert!(
        store
            .move_consumer(REALM, "siem", 0, u64::MAX)
            .await
            .is_err()
    );
    Ok(())
}

async fn callers_that_stop_waiting_do_no_harm() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.file("mfa.db")).await?;
    for number in 0..300_u32 {
        let change = put(account(&number.to_string()), None, b"one");
        let committing = store.commit(commit(vec![change], &[number.into()]));
        let _ =
            tokio::time::timeout(std::time::Duration::from_micros(number.into()), committing).await;
        let key = [account(&number.to_string())];
        let reading = store.get(&key);
        let _ =
            tokio::time::timeout(std::time::Duration::from_micros(number.into()), reading).await;
    }
    let last = commit(vec![put(account("last"), None, b"one")], &[300]);
    store.commit(last).await?;
    // Made whole or not at all.
    let there = store.count(REALM, Kind::Account).await?;
    assert_eq!(
        store.events(REALM, 0, usize::MAX).await?.len() as u64,
        there
    );
    Ok(())
}

fn ticket(number: u64, collectable_at: u64) -> Change {
    Change::Put {
        key: key(Kind::Tickets, &number.to_string()),
        expected: None,
        value: vec![7; 100],
        collectable_at: Some(collectable_at),
    }
}
