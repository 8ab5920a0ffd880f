//! One suite for every store: STORE-1 to STORE-5.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_host::Store;
use countersign_host::store::{
    Change, Commit, CommitError, Content, Key, MemoryStore, Record, Stored,
};

fn account(user: &str) -> Key {
    Key {
        realm: "test".into(),
        record: Record::Account { user: user.into() },
    }
}

fn quota(name: &str) -> Key {
    Key {
        realm: "test".into(),
        record: Record::Quota { name: name.into() },
    }
}

fn put(key: &Key, expected: Option<u64>, value: &[u8]) -> Change {
    Change::Put {
        key: key.clone(),
        expected,
        value: value.to_vec(),
        collectable_at: None,
    }
}

fn add(key: &Key, amount: u64, ceiling: u64) -> Change {
    Change::Add {
        key: key.clone(),
        amount,
        ceiling,
        collectable_at: 2_000,
    }
}

async fn read(store: &impl Store, key: &Key) -> Option<Stored> {
    let found = store.get(std::slice::from_ref(key)).await;
    found.expect("it answers").remove(0)
}

async fn commit(store: &impl Store, changes: Vec<Change>) -> Result<(), CommitError> {
    store.commit(Commit::new(1_000, changes)).await
}

fn value(stored: &Stored) -> &[u8] {
    match &stored.content {
        Content::Sealed(bytes) => bytes,
        Content::Count(_) => panic!("a counter"),
    }
}

// covers: STORE-1
#[tokio::test]
async fn a_commit_is_seen_by_every_get_after_it() {
    let store = MemoryStore::new();
    let key = account("ana");
    assert_eq!(read(&store, &key).await, None);
    commit(&store, vec![put(&key, None, b"1")])
        .await
        .expect("new");
    let first = read(&store.clone(), &key).await.expect("it is there");
    assert_eq!(value(&first), b"1");
    commit(&store, vec![put(&key, Some(first.version), b"2")])
        .await
        .expect("it is as it was read");
    assert_eq!(value(&read(&store, &key).await.expect("there")), b"2");
    assert_eq!(read(&store, &account("eva")).await, None);
}

// covers: STORE-2
#[tokio::test]
async fn what_is_not_as_expected_is_a_conflict() {
    let store = MemoryStore::new();
    let key = account("ana");
    commit(&store, vec![put(&key, None, b"1")])
        .await
        .expect("new");
    let version = read(&store, &key).await.expect("there").version;
    let other = Some(version.wrapping_add(1));
    let key = || key.clone();
    for expected in [None, other] {
        for change in [
            put(&key(), expected, b"2"),
            Change::Delete {
                key: key(),
                expected,
            },
            Change::Check {
                key: key(),
                expected,
            },
        ] {
            let result = commit(&store, vec![change]).await;
            assert!(matches!(result, Err(CommitError::Conflict)));
        }
    }
    assert_eq!(value(&read(&store, &key()).await.expect("there")), b"1");
}

// covers: STORE-3
#[tokio::test]
async fn a_commit_happens_whole_or_not_at_all() {
    let store = MemoryStore::new();
    let (ana, eva, count) = (account("ana"), account("eva"), quota("q"));
    let failing = [
        vec![put(&ana, None, b"1"), put(&eva, Some(9), b"1")],
        vec![put(&ana, None, b"1"), add(&count, 2, 1)],
        vec![add(&count, 1, 1), put(&eva, Some(9), b"1")],
    ];
    for changes in failing {
        commit(&store, changes).await.expect_err("one part fails");
        assert!(store.records().is_empty());
    }
}

// covers: STORE-4
#[tokio::test]
async fn versions_are_never_used_again() {
    let store = MemoryStore::new();
    let key = account("ana");
    let mut seen = Vec::new();
    for _ in 0..5 {
        commit(&store, vec![put(&key, None, b"1")])
            .await
            .expect("new");
        let version = read(&store, &key).await.expect("there").version;
        assert!(!seen.contains(&version));
        seen.push(version);
        let delete = Change::Delete {
            key: key.clone(),
            expected: Some(version),
        };
        commit(&store, vec![delete]).await.expect("as it was read");
    }
}

// covers: STORE-5
#[tokio::test]
async fn a_ceiling_is_reached_and_not_passed() {
    let store = MemoryStore::new();
    let key = quota("q");
    commit(&store, vec![add(&key, 3, 5)]).await.expect("below");
    commit(&store, vec![add(&key, 2, 5)])
        .await
        .expect("reached");
    let changes = vec![add(&quota("other"), 1, 1), add(&key, 1, 5)];
    let passed = commit(&store, changes).await;
    assert!(matches!(passed, Err(CommitError::CeilingReached(1))));
    let huge = commit(&store, vec![add(&key, u64::MAX, u64::MAX)]).await;
    assert!(matches!(huge, Err(CommitError::CeilingReached(0))));
    let count = read(&store, &key).await.expect("there").content;
    assert_eq!(count, Content::Count(5));
    assert_eq!(read(&store, &quota("other")).await, None);
}

#[tokio::test]
async fn what_is_collectable_is_as_if_it_had_never_been_after_its_time() {
    let store = MemoryStore::new();
    let key = account("ana");
    let change = Change::Put {
        key: key.clone(),
        expected: None,
        value: b"1".to_vec(),
        collectable_at: Some(1_500),
    };
    let at = |now, changes| store.commit(Commit::new(now, changes));
    at(1_000, vec![change, add(&quota("q"), 5, 5)])
        .await
        .expect("new");
    at(1_500, vec![]).await.expect("nothing to do");
    assert!(read(&store, &key).await.is_some());
    at(1_501, vec![]).await.expect("nothing to do");
    assert!(read(&store, &key).await.is_none());
    at(2_001, vec![add(&quota("q"), 5, 5)])
        .await
        .expect("from 0");
}

// V-06
// covers: STORE-2
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_commits_with_one_version_one_succeeds() {
    let store = MemoryStore::new();
    let key = account("ana");
    commit(&store, vec![put(&key, None, b"0")])
        .await
        .expect("new");
    for round in 0..200 {
        let version = read(&store, &key).await.map(|it| it.version);
        let won = race(8, |racer| {
            let (store, key) = (store.clone(), key.clone());
            let changes = vec![put(&key, version, &[round, racer])];
            async move { commit(&store, changes).await.is_ok() }
        })
        .await;
        assert_eq!(won, 1, "round {round}");
    }
}

// covers: STORE-5
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_adds_fill_a_counter_to_its_ceiling_and_never_conflict() {
    let store = MemoryStore::new();
    let key = quota("q");
    let won = race(40, |_| {
        let (store, key) = (store.clone(), key.clone());
        async move {
            match commit(&store, vec![add(&key, 1, 25)]).await {
                Ok(()) => true,
                Err(CommitError::CeilingReached(0)) => false,
                Err(other) => panic!("{other:?}"),
            }
        }
    })
    .await;
    assert_eq!(won, 25);
}

/// Runs calls at once, and counts those that answer true.
async fn race<F>(racers: u8, call: impl Fn(u8) -> F) -> u64
where
    F: Future<Output = bool> + Send + 'static,
{
    let won = Arc::new(AtomicU64::new(0));
    let start = Arc::new(tokio::sync::Barrier::new(racers.into()));
    let tasks: Vec<_> = (0..racers)
        .map(|racer| {
            let (call, won, start) = (call(racer), won.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                if call.await {
                    won.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no racer panics");
    }
    won.load(Ordering::SeqCst)
}
