//! Records are sealed again under another key, and none is lost.

use std::ops::ControlFlow;
use std::sync::Arc;

use countersign_host::Store;
use countersign_host::keyring::{LocalKeyring, claim};
use countersign_host::random::SystemRandom;
use countersign_host::reseal::{Ended, Reseal, ResealError};
use countersign_host::seal::{Sealer, key_id};
use countersign_host::store::{Change, Commit, Content, Inventory, Key, Kind, MemoryStore};

const USERS: u64 = 250;

fn first() -> LocalKeyring {
    LocalKeyring::from_key([1; 32])
}

fn rotated() -> Arc<LocalKeyring> {
    Arc::new(first().rotated_to([2; 32]).expect("another key"))
}

fn account(user: &str) -> Key {
    Key {
        realm: "test".into(),
        record: Kind::Account.named(user),
    }
}

async fn filled() -> MemoryStore {
    let store = MemoryStore::new();
    claim(&store, "test", &first())
        .await
        .expect("an empty store");
    let sealer = Sealer::new(Arc::new(first()), Arc::new(SystemRandom));
    for user in 0..USERS {
        let key = account(&format!("{user:04}"));
        let value = sealer.seal(&key, b"secret").expect("there is a key");
        let put = Change::Put {
            key,
            expected: None,
            value,
            collectable_at: None,
        };
        store
            .commit(Commit::new(0, vec![put]))
            .await
            .expect("memory");
    }
    store
}

#[tokio::test]
async fn a_walk_that_was_stopped_is_gone_on_with_and_the_old_key_is_forgotten_at_the_end() {
    let store = filled().await;
    claim(&store, "test", &rotated())
        .await
        .expect("it has both keys");
    let walk = Reseal::new(Arc::new(store.clone()), "test", rotated());
    assert_eq!(walk.total().await.expect("memory"), USERS);
    let stopped = walk.run(|_| ControlFlow::Break(())).await.expect("memory");
    let Ended::Stopped(stopped) = stopped else {
        panic!("{stopped:?}")
    };
    assert!(
        stopped.resealed > 0 && stopped.resealed < USERS,
        "{stopped:?}"
    );
    let noted = store.key_notes("test").await.expect("memory").sealing;
    assert_eq!(noted.len(), 2);
    let done = walk
        .run(|_| ControlFlow::Continue(()))
        .await
        .expect("memory");
    let Ended::Complete(done) = done else {
        panic!("{done:?}")
    };
    // The last walk is one that finds nothing.
    assert_eq!(
        (done.skipped, done.resealed),
        (USERS, USERS - stopped.resealed)
    );
    let noted = store.key_notes("test").await.expect("memory").sealing;
    assert_eq!(noted, [rotated().key_id()]);
    let sealer = Sealer::new(rotated(), Arc::new(SystemRandom));
    for (key, stored) in store.records() {
        let Content::Sealed(sealed) = stored.content else {
            panic!("{key:?}")
        };
        assert_eq!(key_id(&sealed), Some(rotated().key_id()));
        assert_eq!(sealer.open(&key, &sealed).expect("it opens"), b"secret");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_users_write_meanwhile_is_not_lost() {
    let store = filled().await;
    let writing = tokio::spawn(write_each(store.clone()));
    let walk = Reseal::new(Arc::new(store.clone()), "test", rotated());
    let mut walks = 0;
    while !writing.is_finished() {
        let ended = walk.run(|_| ControlFlow::Continue(())).await;
        // The writer seals under the old key, as a gateway that was not restarted does.
        assert!(
            matches!(ended, Ok(_) | Err(ResealError::Outrun(_))),
            "{ended:?}"
        );
        walks += 1;
    }
    assert!(walks > 0);
    writing.await.expect("it writes");
    let ended = walk.run(|_| ControlFlow::Continue(())).await;
    assert!(matches!(ended, Ok(Ended::Complete(_))), "{ended:?}");
    let sealer = Sealer::new(rotated(), Arc::new(SystemRandom));
    for (key, stored) in store.records() {
        let Content::Sealed(sealed) = stored.content else {
            panic!("{key:?}")
        };
        assert_eq!(key_id(&sealed), Some(rotated().key_id()));
        assert_eq!(sealer.open(&key, &sealed).expect("it opens"), b"secret+++");
    }
}

/// Adds to every record three times, as whoever read it last.
async fn write_each(store: MemoryStore) {
    let opener = Sealer::new(rotated(), Arc::new(SystemRandom));
    let sealer = Sealer::new(Arc::new(first()), Arc::new(SystemRandom));
    for round in 0..3 * USERS {
        let key = account(&format!("{:04}", round % USERS));
        loop {
            let read = store.get(std::slice::from_ref(&key)).await.expect("memory");
            let read = read[0].clone().expect("it is there");
            let Content::Sealed(sealed) = read.content else {
                panic!("{key:?}")
            };
            let mut value = opener.open(&key, &sealed).expect("it opens");
            value.push(b'+');
            let put = Change::Put {
                key: key.clone(),
                expected: Some(read.version),
                value: sealer.seal(&key, &value).expect("there is a key"),
                collectable_at: None,
            };
            if store.commit(Commit::new(0, vec![put])).await.is_ok() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_record_that_does_not_open_stays_and_is_counted_and_the_old_key_stays_noted() {
    let store = filled().await;
    store.tamper(account("0100"), Content::Sealed(b"spoilt".to_vec()));
    let walk = Reseal::new(Arc::new(store.clone()), "test", rotated());
    let ended = walk.run(|_| ControlFlow::Continue(())).await;
    let Err(ResealError::Unreadable(found)) = ended else {
        panic!("{ended:?}")
    };
    assert_eq!((found.unreadable_accounts, found.resealed), (1, USERS - 1));
    let left = store.get(&[account("0100")]).await.expect("memory");
    let content = left[0].clone().expect("it is there").content;
    assert_eq!(content, Content::Sealed(b"spoilt".to_vec()));
    let noted = store.key_notes("test").await.expect("memory").sealing;
    assert!(noted.contains(&first().key_id()));
}
