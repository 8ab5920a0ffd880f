//! What every store must do: STORE-1 to STORE-5 and STORE-7, with real concurrency, and what tools count on.

mod collection;
mod commits;
mod counters;
mod inventory;
mod races;
mod sizes;
mod trail;

use std::sync::Arc;

use countersign_host::contract::event::{Event, EventKind};
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::random::SystemRandom;
use countersign_host::store::{Change, Commit, CommitError, Content, Database, Key, Kind, Stored};
use libtest_mimic::Trial;
use tokio::sync::Barrier;

use crate::kind;

pub(crate) fn trials() -> Vec<Trial> {
    let each = kind::Kind::ALL.into_iter();
    each.flat_map(|kind| {
        let mut trials = commits::trials(kind);
        trials.extend(collection::trials(kind));
        trials.extend(counters::trials(kind));
        trials.extend(inventory::trials(kind));
        trials.extend(races::trials(kind));
        trials.extend(sizes::trials(kind));
        trials.extend(trail::trials(kind));
        trials
    })
    .collect()
}

/// The trials of a kind of store: functions of a [`Place`](kind::Place), by their names.
macro_rules! each {
    ($($name:ident,)*) => {
        pub(super) fn trials(kind: crate::kind::Kind) -> Vec<libtest_mimic::Trial> {
            vec![$(kind.trial(stringify!($name), $name)),*]
        }
    };
}
pub(crate) use each;

pub(crate) fn account(user: &str) -> Key {
    key(Kind::Account, user)
}

pub(crate) fn quota(name: &str) -> Key {
    key(Kind::Quota, name)
}

pub(crate) fn key(kind: Kind, name: &str) -> Key {
    Key {
        realm: REALM.into(),
        record: kind.named(name),
    }
}

pub(crate) fn put(key: &Key, expected: Option<u64>, value: &[u8]) -> Change {
    Change::Put {
        key: key.clone(),
        expected,
        value: value.to_vec(),
        collectable_at: None,
    }
}

pub(crate) fn put_until(key: &Key, expected: Option<u64>, value: &[u8], until: u64) -> Change {
    Change::Put {
        key: key.clone(),
        expected,
        value: value.to_vec(),
        collectable_at: Some(until),
    }
}

pub(crate) fn delete(key: &Key, expected: Option<u64>) -> Change {
    Change::Delete {
        key: key.clone(),
        expected,
    }
}

pub(crate) fn check(key: &Key, expected: Option<u64>) -> Change {
    Change::Check {
        key: key.clone(),
        expected,
    }
}

pub(crate) fn add(key: &Key, amount: u64, ceiling: u64) -> Change {
    Change::Add {
        key: key.clone(),
        amount,
        ceiling,
        collectable_at: 2_000,
    }
}

pub(crate) async fn read(store: &dyn Database, key: &Key) -> Option<Stored> {
    let found = store.get(std::slice::from_ref(key)).await;
    let mut found = found.expect("it answers");
    assert_eq!(found.len(), 1, "one answer to one key");
    found.remove(0)
}

pub(crate) async fn version(store: &dyn Database, key: &Key) -> Option<u64> {
    read(store, key).await.map(|it| it.version)
}

pub(crate) async fn value(store: &dyn Database, key: &Key) -> Option<Vec<u8>> {
    read(store, key).await.map(|stored| match stored.content {
        Content::Sealed(bytes) => bytes,
        Content::Count(_) => panic!("a counter"),
    })
}

pub(crate) async fn count(store: &dyn Database, key: &Key) -> Option<u64> {
    read(store, key).await.map(|stored| match stored.content {
        Content::Sealed(_) => panic!("a record"),
        Content::Count(count) => count,
    })
}

pub(crate) async fn commit(store: &dyn Database, changes: Vec<Change>) -> Result<(), CommitError> {
    commit_at(store, NOW, changes).await
}

pub(crate) async fn commit_at(
    store: &dyn Database,
    now: u64,
    changes: Vec<Change>,
) -> Result<(), CommitError> {
    store.commit(Commit::new(now, changes)).await
}

/// A commit with an event for each name of a user.
pub(crate) fn with_events(changes: Vec<Change>, realm: &str, users: &[&str]) -> Commit {
    let mut commit = Commit::new(NOW, changes);
    commit.events = users.iter().map(|user| event(realm, user, NOW)).collect();
    commit
}

pub(crate) fn event(realm: &str, user: &str, at: u64) -> StampedEvent {
    let event = Event {
        kind: EventKind::Reset("as a trial".to_owned()),
        companies: vec!["acme".to_owned()],
        actor: None,
        notify: true,
    };
    let id = EventId::draw(&SystemRandom).expect("there is randomness");
    StampedEvent::new(id, at, realm, Some(user), None, event)
}

/// Makes calls at once, and returns their answers.
pub(crate) async fn race<F, T>(racers: usize, call: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = Arc::new(Barrier::new(racers));
    let tasks: Vec<_> = (0..racers)
        .map(|racer| {
            let (call, start) = (call(racer), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                call.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(racers);
    for task in tasks {
        answers.push(task.await.expect("no racer panics"));
    }
    answers
}

pub(crate) const REALM: &str = "test";
pub(crate) const NOW: u64 = 1_000;
