//! A directory of a test's own, and what it puts into stores there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use countersign_host::contract::event::{Event, EventKind};
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::store::{Change, Commit, Content, Key, Kind, SqliteStore, Store, Stored};

use crate::kind::Directory;

/// An empty directory, gone when it is dropped.
pub(crate) struct Scratch(Directory);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(Directory::new())
    }

    /// Returns the path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Drops a store, and waits until its thread has closed the file: the last to leave removes what lies beside it.
pub(crate) fn close(store: SqliteStore, path: &Path) {
    drop(store);
    let wal = beside(path, "-wal");
    let begun = Instant::now();
    while wal.exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the file is not closed"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(crate) fn account(user: &str) -> Key {
    key(Kind::Account, user)
}

pub(crate) fn key(kind: Kind, name: &str) -> Key {
    Key {
        realm: REALM.into(),
        record: kind.named(name),
    }
}

pub(crate) fn put(key: Key, expected: Option<u64>, value: &[u8]) -> Change {
    Change::Put {
        key,
        expected,
        value: value.to_vec(),
        collectable_at: None,
    }
}

/// Makes a commit with as many events as numbers; each is the id of its event.
pub(crate) fn commit(changes: Vec<Change>, events: &[u128]) -> Commit {
    let mut commit = Commit::new(NOW, changes);
    commit.events = events.iter().map(|id| event(*id)).collect();
    commit
}

pub(crate) fn event(id: u128) -> StampedEvent {
    let event = Event {
        kind: EventKind::ChallengeIssued,
        companies: vec!["acme".to_owned()],
        actor: None,
        notify: false,
    };
    let id = EventId::from(id.to_be_bytes());
    StampedEvent::new(id, NOW, REALM, Some("mia"), Some("203.0.113.7"), event)
}

pub(crate) async fn get(store: &SqliteStore, key: Key) -> Option<Stored> {
    let mut found = store.get(&[key]).await.expect("an answer");
    found.pop().expect("one")
}

pub(crate) fn sealed(stored: Option<Stored>) -> Option<Vec<u8>> {
    stored.map(|it| match it.content {
        Content::Sealed(value) => value,
        Content::Count(_) => panic!("a counter"),
    })
}

pub(crate) const REALM: &str = "example";
pub(crate) const NOW: u64 = 1_750_000_020;
