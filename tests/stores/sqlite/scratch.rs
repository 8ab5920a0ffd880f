//! A directory of a test's own, and what it puts into stores there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use countersign_host::contract::event::{Event, EventKind};
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::store::{Change, Commit, Content, Key, Kind, SqliteStore, Store, Stored};

/// An empty directory, gone when it is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "sqlite-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    /// Returns the path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
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
