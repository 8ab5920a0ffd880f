//! Committed events are handed to a sink, and no sink harms a commit.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign_host::Store;
use countersign_host::contract::event::{Event, EventKind};
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::fault::Fault;
use countersign_host::random::SystemRandom;
use countersign_host::sink::{JsonLines, Relay, Sink};
use countersign_host::store::{
    Change, Commit, CommitError, Key, MemoryStore, Record, Stored, Unavailable,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What was written, and what was reported.
#[derive(Clone, Default)]
pub(crate) struct Page {
    pub(crate) bytes: Arc<Mutex<Vec<u8>>>,
    faults: Arc<Mutex<Vec<String>>>,
}

impl Page {
    pub(crate) fn lines(&self) -> Vec<Value> {
        let bytes = self.bytes.lock().expect("whole").clone();
        let text = String::from_utf8(bytes).expect("it is UTF-8");
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("each line is JSON")
    }

    /// The reasons of the resets that were written, `gap` and the number missing for a gap.
    fn reasons(&self) -> Vec<String> {
        let reason = |line: Value| match line["event"].as_str() {
            Some("gap") => format!("gap {}", line["missing"]),
            _ => line["detail"]["reason"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        self.lines().into_iter().map(reason).collect()
    }

    fn faults(&self) -> Vec<String> {
        self.faults.lock().expect("whole").clone()
    }

    fn behind<S: Store>(&self, store: S, sink: impl Sink + 'static) -> Relay<S> {
        let faults = self.faults.clone();
        let note = move |it: &Fault| {
            faults
                .lock()
                .expect("whole")
                .push(format!("{}: {it}", it.realm))
        };
        Relay::new(store, sink, note).expect("it starts")
    }

    fn relay<S: Store>(&self, store: S) -> Relay<S> {
        self.behind(store, JsonLines::new(self.clone()))
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.lock().expect("whole").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sink that fails, waits or panics as it is told.
#[derive(Clone)]
struct Moody {
    page: JsonLinesOf,
    fails: Arc<AtomicUsize>,
    panics: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
}

type JsonLinesOf = Arc<Mutex<JsonLines<Page>>>;

impl Moody {
    fn new(page: &Page) -> Self {
        Self {
            page: Arc::new(Mutex::new(JsonLines::new(page.clone()))),
            fails: Arc::default(),
            panics: Arc::default(),
            held: Arc::default(),
        }
    }

    fn mood(&self) -> io::Result<()> {
        while self.held.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!self.panics.swap(false, Ordering::SeqCst), "a bad day");
        let left = self.fails.load(Ordering::SeqCst);
        self.fails.store(left.saturating_sub(1), Ordering::SeqCst);
        match left {
            0 => Ok(()),
            _ => Err(io::Error::other("no space")),
        }
    }
}

impl Sink for Moody {
    fn take(&mut self, event: &StampedEvent) -> io::Result<()> {
        self.mood()?;
        self.page.lock().expect("whole").take(event)
    }

    fn gap(&mut self, missing: u64) -> io::Result<()> {
        self.mood()?;
        self.page.lock().expect("whole").gap(missing)
    }
}

pub(crate) fn id() -> EventId {
    EventId::draw(&SystemRandom).expect("there is randomness")
}

pub(crate) fn reset(user: &str, reason: &str) -> StampedEvent {
    let event = Event {
        kind: EventKind::Reset(reason.to_owned()),
        companies: vec!["acme".to_owned()],
        actor: None,
        notify: true,
    };
    StampedEvent::new(id(), 1_000, "test", Some(user), None, event)
}

fn commit(user: &str, reasons: &[&str]) -> Commit {
    let mut commit = Commit::new(1_000, Vec::new());
    commit.events = reasons.iter().map(|it| reset(user, it)).collect();
    commit
}

async fn drained<S: Store>(relay: &Relay<S>) {
    assert!(
        relay.drain(Duration::from_secs(20)).await,
        "it did not drain"
    );
}

#[tokio::test]
async fn what_was_committed_is_handed_on_in_order() {
    let page = Page::default();
    let store = MemoryStore::new();
    let relay = page.relay(store.clone());
    relay.commit(commit("ana", &["1", "2"])).await.expect("ok");
    relay
        .clone()
        .commit(commit("eva", &["3"]))
        .await
        .expect("ok");
    relay
        .commit(Commit::new(1_000, Vec::new()))
        .await
        .expect("ok");
    drained(&relay).await;
    let committed: Vec<Value> = store.events().iter().map(StampedEvent::to_json).collect();
    assert_eq!(page.lines(), committed);
    assert_eq!(page.reasons(), ["1", "2", "3"]);
    assert_eq!(page.lines()[0]["notify"], json!(true));
    assert_eq!((relay.missing(), page.faults()), (0, Vec::new()));
}

#[tokio::test]
async fn a_commit_that_was_refused_leaves_nothing() {
    let page = Page::default();
    let relay = page.relay(MemoryStore::new());
    let key = Key {
        realm: "test".into(),
        record: Record::Account { user: "ana".into() },
    };
    let mut refused = commit("ana", &["never"]);
    refused.changes = vec![Change::Check {
        key,
        expected: Some(7),
    }];
    let done = relay.commit(refused).await;
    assert!(matches!(done, Err(CommitError::Conflict)), "{done:?}");
    drained(&relay).await;
    assert_eq!((page.lines(), page.faults()), (Vec::new(), Vec::new()));
}

/// A store that makes a commit at once, and says so of `slow` ones only when it is told to.
#[derive(Default)]
struct Late {
    memory: MemoryStore,
    may_answer: Notify,
}

#[async_trait]
impl Store for Late {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        self.memory.get(keys).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let is_slow = commit.events[0].event.kind == EventKind::Reset("slow".to_owned());
        self.memory.commit(commit).await?;
        if is_slow {
            self.may_answer.notified().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_commit_does_not_overtake_another_of_its_user_and_does_not_wait_for_other_users() {
    let page = Page::default();
    let late = Arc::new(Late::default());
    let relay = page.relay(late.clone());
    let spawn = |user: &'static str, reason: &'static str| {
        let relay = relay.clone();
        tokio::spawn(async move { relay.commit(commit(user, &[reason])).await })
    };
    let slow = spawn("ana", "slow");
    while late.memory.events().is_empty() {
        tokio::task::yield_now().await;
    }
    let quick = spawn("ana", "quick");
    // Would wait for ever if it waited for ana.
    relay.commit(commit("eva", &["other"])).await.expect("ok");
    late.may_answer.notify_one();
    slow.await.expect("it ends").expect("ok");
    quick.await.expect("it ends").expect("ok");
    drained(&relay).await;
    assert_eq!(page.reasons(), ["other", "slow", "quick"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_user_keep_their_order_whatever_races() {
    let page = Page::default();
    let store = MemoryStore::new();
    let relay = page.relay(store.clone());
    let users = ["ana", "ben", "eva"];
    let racing = (0..300).map(|i| {
        let relay = relay.clone();
        let user = users[i % 3];
        tokio::spawn(async move { relay.commit(commit(user, &[&i.to_string()])).await })
    });
    for done in racing.collect::<Vec<_>>() {
        done.await.expect("it ends").expect("ok");
    }
    drained(&relay).await;
    let of = |user: &str, lines: &[Value]| -> Vec<Value> {
        lines
            .iter()
            .filter(|it| it["user"] == user)
            .cloned()
            .collect()
    };
    let committed: Vec<Value> = store.events().iter().map(StampedEvent::to_json).collect();
    for user in users {
        assert_eq!(of(user, &page.lines()), of(user, &committed), "{user}");
        assert_eq!(of(user, &committed).len(), 100);
    }
}

#[tokio::test]
async fn a_sink_that_fails_for_a_moment_misses_nothing() {
    let page = Page::default();
    let moody = Moody::new(&page);
    let relay = page.behind(MemoryStore::new(), moody.clone());
    moody.fails.store(2, Ordering::SeqCst);
    relay.commit(commit("ana", &["1"])).await.expect("ok");
    drained(&relay).await;
    moody.panics.store(true, Ordering::SeqCst);
    relay.commit(commit("ana", &["2"])).await.expect("ok");
    drained(&relay).await;
    assert_eq!(page.reasons(), ["1", "2"]);
    assert_eq!((relay.missing(), page.faults()), (0, Vec::new()));
}

#[tokio::test]
async fn a_sink_that_fails_is_reported_once_and_finds_the_gap_marked() {
    let page = Page::default();
    let moody = Moody::new(&page);
    let relay = page.behind(MemoryStore::new(), moody.clone());
    moody.fails.store(usize::MAX, Ordering::SeqCst);
    for reason in ["1", "2", "3"] {
        relay.commit(commit("ana", &[reason])).await.expect("ok");
    }
    drained(&relay).await;
    assert_eq!((page.reasons(), relay.missing()), (Vec::new(), 3));
    let faults = page.faults();
    assert_eq!(
        faults,
        ["test: sink: the sink of events fails, and some are left out: no space"]
    );
    moody.fails.store(0, Ordering::SeqCst);
    relay.commit(commit("ana", &["4"])).await.expect("ok");
    drained(&relay).await;
    assert_eq!(page.reasons(), ["gap 3", "4"]);
}

/// Takes each event, and says the first time that it did not.
struct Forgetful(JsonLinesOf, bool);

impl Sink for Forgetful {
    fn take(&mut self, event: &StampedEvent) -> io::Result<()> {
        self.0.lock().expect("whole").take(event)?;
        match std::mem::replace(&mut self.1, true) {
            true => Ok(()),
            false => Err(io::Error::other("it was written, and the answer lost")),
        }
    }

    fn gap(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_event_that_comes_twice_has_one_id_and_no_other_event_has_it() {
    let page = Page::default();
    let lines = Arc::new(Mutex::new(JsonLines::new(page.clone())));
    let relay = page.behind(MemoryStore::new(), Forgetful(lines, false));
    for reasons in [&["1", "2"][..], &["3"]] {
        relay.commit(commit("ana", reasons)).await.expect("ok");
    }
    drained(&relay).await;
    assert_eq!(page.reasons(), ["1", "1", "2", "3"]);
    let ids: Vec<Value> = page
        .lines()
        .into_iter()
        .map(|it| it["id"].clone())
        .collect();
    assert_eq!(ids[0], ids[1]);
    for (i, id) in ids.iter().enumerate().skip(1) {
        assert!(!ids[i + 1..].contains(id), "{ids:?}");
    }
}

#[tokio::test]
async fn a_sink_that_hangs_delays_no_commit_and_finds_the_gap_marked() {
    let page = Page::default();
    let moody = Moody::new(&page);
    let relay = page.behind(MemoryStore::new(), moody.clone());
    moody.held.store(true, Ordering::SeqCst);
    for i in 0..1_100 {
        let commit = relay.commit(commit("ana", &[&i.to_string()]));
        let done = tokio::time::timeout(Duration::from_secs(5), commit).await;
        done.expect("it does not wait").expect("ok");
    }
    assert!(!relay.drain(Duration::from_millis(10)).await);
    let missing = relay.missing();
    // One may be in the sink's hands, and 1,024 waiting.
    assert!((75..=76).contains(&missing), "{missing}");
    assert_eq!(
        page.faults(),
        ["test: sink: the sink of events is too slow: some are left out"]
    );
    moody.held.store(false, Ordering::SeqCst);
    drained(&relay).await;
    relay.commit(commit("ana", &["after"])).await.expect("ok");
    drained(&relay).await;
    let reasons = page.reasons();
    let expected: Vec<String> = (0..1_100 - missing).map(|it| it.to_string()).collect();
    let (before, rest) = reasons.split_at(expected.len());
    assert_eq!(before, expected);
    assert_eq!(rest, [format!("gap {missing}"), "after".to_owned()]);
}

#[tokio::test]
async fn a_flood_leaves_room_for_what_a_user_must_be_told() {
    let page = Page::default();
    let moody = Moody::new(&page);
    let relay = page.behind(MemoryStore::new(), moody.clone());
    moody.held.store(true, Ordering::SeqCst);
    for _ in 0..1_500 {
        let mut flood = commit("mallory", &["flood"]);
        flood.events[0].event.notify = false;
        relay.commit(flood).await.expect("ok");
    }
    assert!(relay.missing() > 700, "{}", relay.missing());
    relay.commit(commit("ana", &["told"])).await.expect("ok");
    moody.held.store(false, Ordering::SeqCst);
    drained(&relay).await;
    assert!(page.reasons().contains(&"told".to_owned()));
}

/// A store that does not know, or does not answer.
struct Uncertain {
    answers: bool,
}

#[async_trait]
impl Store for Uncertain {
    async fn get(&self, _: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        Err(Unavailable("down".to_owned()))
    }

    async fn commit(&self, _: Commit) -> Result<(), CommitError> {
        if !self.answers {
            std::future::pending::<()>().await;
        }
        Err(Unavailable("down".to_owned()).into())
    }
}

#[tokio::test]
async fn a_commit_in_doubt_is_reported_and_not_handed_on() {
    for answers in [true, false] {
        let page = Page::default();
        let relay = page.relay(Uncertain { answers });
        let commit = relay.commit(commit("ana", &["perhaps", "both"]));
        let done = tokio::time::timeout(Duration::from_millis(20), commit).await;
        assert_eq!(done.is_ok(), answers);
        drained(&relay).await;
        assert_eq!(page.lines(), [] as [Value; 0]);
        assert_eq!(
            page.faults(),
            [
                "test: sink: a commit may have been made or not; its events (2) are not handed to the sink"
            ]
        );
    }
}
