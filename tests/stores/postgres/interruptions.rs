//! A server that goes away while many commit.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign_host::store::{
    Commit, CommitError, Content, Database, PostgresStore, Store, Stored, Trail,
};
use countersign_tests::cluster::{Cluster, Setup};
use libtest_mimic::Trial;
use tokio::time::sleep;

use super::trial;
use crate::duties::{NOW, REALM, account, add, count, event, put, quota};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("server_killed_under_load_loses_no_answered_commit", killed),
        trial("ended_sessions_lose_no_answered_commit", terminated),
    ]
}

async fn killed() {
    interrupted("killed", async |cluster, last| {
        for _ in 0..KILLS {
            sleep(LOAD).await;
            cluster.kill().expect("it is killed");
            sleep(AWAY).await;
            cluster.run().expect("it starts again");
            let ready = Instant::now();
            // Each caller has to get an answer that came after this.
            let before = last.now();
            while last.earliest() <= before {
                assert!(ready.elapsed() < BACK, "it does not serve again");
                sleep(Duration::from_millis(5)).await;
            }
            eprintln!(
                "all {CALLERS} callers are served again after {:?}",
                ready.elapsed()
            );
        }
    })
    .await;
}

async fn terminated() {
    interrupted("its sessions ended", async |cluster, last| {
        let client = cluster.client("postgres").await.expect("it connects");
        let mut ended = 0;
        for _ in 0..ENDINGS {
            sleep(Duration::from_millis(20)).await;
            ended += client.query(TERMINATE, &[]).await.expect("it ends").len();
        }
        let ready = Instant::now();
        let before = last.now();
        while last.earliest() <= before {
            assert!(ready.elapsed() < BACK, "it does not serve again");
            sleep(Duration::from_millis(5)).await;
        }
        assert!(ended > 0, "no statement was under way");
        eprintln!(
            "{ended} sessions ended, all served after {:?}",
            ready.elapsed()
        );
    })
    .await;
}

/// Lets callers commit while something happens to their server, and then looks at all that is there.
async fn interrupted(how: &str, happens: impl AsyncFn(&Cluster, &Served)) {
    let mut setup = Setup::default();
    // What the server alone loses in a crash is in the kernel's hands already.
    setup.fsync = false;
    let cluster = Cluster::with(&setup).expect("a server starts");
    let url = cluster.database().await.expect("a database");
    let store = PostgresStore::connect(&url).await.expect("it opens");
    let served = Arc::new(Served::new());
    let is_over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let caller = Caller {
                number,
                store: store.clone(),
                served: served.clone(),
                is_over: is_over.clone(),
            };
            tokio::spawn(caller.commit_on())
        })
        .collect();
    happens(&cluster, &served).await;
    is_over.store(true, Ordering::Relaxed);
    let mut all = Tally::default();
    for (number, caller) in callers.into_iter().enumerate() {
        let tally = caller.await.expect("no caller panics");
        let made = held(&store, number).await.map_or(0, |it| it.0);
        assert!(made >= tally.last_answered, "an answered commit is lost");
        assert_eq!(
            made,
            tally.answered + tally.found,
            "commits of caller {number}"
        );
        all.answered += tally.answered;
        all.found += tally.found;
        all.unknown += tally.unknown;
    }
    assert!(
        all.answered > 0 && all.unknown > 0,
        "nothing was interrupted"
    );
    let made = all.answered + all.found;
    assert_eq!(
        count(&store, &quota("sent")).await,
        Some(made),
        "the counter"
    );
    everything_is_noted_once(&store).await;
    eprintln!(
        "{how}: {} commits answered, {} of unknown fate, {} of which were made",
        all.answered, all.unknown, all.found
    );
}

/// The events of each caller are those of its commits, in their order, each once.
async fn everything_is_noted_once(store: &PostgresStore) {
    let mut noted = vec![0; CALLERS];
    let mut after = 0;
    loop {
        let page = store.events(REALM, after, 1_000).await.expect("it answers");
        let Some(last) = page.last() else { break };
        after = last.position;
        for it in page {
            let user = it.event.user.as_deref().expect("there is a user");
            let number: usize = user.parse().expect("it is a caller");
            noted[number] += 1;
            assert_eq!(it.event.at, NOW + noted[number], "caller {number}");
        }
    }
    for (number, noted) in noted.into_iter().enumerate() {
        let made = held(store, number).await.map_or(0, |it| it.0);
        assert_eq!(noted, made, "events of caller {number}");
    }
}

/// Writes 1, 2, 3 … to a record that nobody else writes to.
struct Caller {
    number: usize,
    store: PostgresStore,
    served: Arc<Served>,
    is_over: Arc<AtomicBool>,
}

#[derive(Default)]
struct Tally {
    answered: u64,
    last_answered: u64,
    /// Of unknown fate.
    unknown: u64,
    /// Of these, how many were found to have been made.
    found: u64,
}

impl Caller {
    async fn commit_on(self) -> Tally {
        let mut tally = Tally::default();
        let mut at = (0, None);
        while !self.is_over.load(Ordering::Relaxed) {
            let next = at.0 + 1;
            match self.commit(next, at.1).await {
                Ok(()) => {
                    tally.answered += 1;
                    tally.last_answered = next;
                    self.served.note(self.number);
                }
                Err(CommitError::Unavailable(_)) => tally.unknown += 1,
                Err(other) => panic!("nobody else writes here: {other}"),
            }
            let now = held(&self.store, self.number).await;
            let now = now.map_or((0, None), |it| (it.0, Some(it.1)));
            match now.0 {
                held if held == next && tally.last_answered != next => tally.found += 1,
                held if held == next => {}
                held => {
                    assert_eq!(held, at.0, "another number than was written");
                    assert_ne!(tally.last_answered, next, "an answered commit is lost");
                }
            }
            at = now;
        }
        tally
    }

    async fn commit(&self, number: u64, expected: Option<u64>) -> Result<(), CommitError> {
        let user = self.number.to_string();
        let changes = vec![
            put(&account(&user), expected, &number.to_be_bytes()),
            add(&quota("sent"), 1, u64::MAX),
        ];
        let mut commit = Commit::new(NOW, changes);
        commit.events = vec![event(REALM, &user, NOW + number)];
        self.store.commit(commit).await
    }
}

/// Asks until it is answered.
async fn held(store: &dyn Database, number: usize) -> Option<(u64, u64)> {
    let key = account(&number.to_string());
    let began = Instant::now();
    loop {
        match store.get(std::slice::from_ref(&key)).await {
            Ok(mut found) => return found.remove(0).map(|it| number_in(&it)),
            Err(error) => assert!(began.elapsed() < AWAY + START + BACK, "{error}"),
        }
        sleep(Duration::from_millis(5)).await;
    }
}

fn number_in(stored: &Stored) -> (u64, u64) {
    match &stored.content {
        Content::Sealed(bytes) => {
            let bytes = bytes
                .as_slice()
                .try_into()
                .expect("what was put is a number");
            (u64::from_be_bytes(bytes), stored.version)
        }
        Content::Count(_) => panic!("a record"),
    }
}

/// When each caller was answered last, by a clock that counts answers.
struct Served {
    clock: AtomicU64,
    last: Mutex<Vec<u64>>,
}

impl Served {
    fn new() -> Self {
        Self {
            clock: AtomicU64::new(0),
            last: Mutex::new(vec![0; CALLERS]),
        }
    }

    fn note(&self, caller: usize) {
        let now = self.clock.fetch_add(1, Ordering::Relaxed) + 1;
        self.last.lock().expect("nobody panics")[caller] = now;
    }

    fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    /// When the caller was answered who has waited the longest.
    fn earliest(&self) -> u64 {
        let last = self.last.lock().expect("nobody panics");
        last.iter().copied().min().expect("there are callers")
    }
}

const CALLERS: usize = 16;

const KILLS: usize = 3;

/// How often all sessions that are at work are ended.
const ENDINGS: usize = 30;

const LOAD: Duration = Duration::from_millis(300);

const AWAY: Duration = Duration::from_millis(300);

/// How long it may take the server to recover and start.
const START: Duration = Duration::from_secs(20);

/// How soon everybody must be served again after that.
const BACK: Duration = Duration::from_secs(30);

const TERMINATE: &str = "
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'countersign' AND state = 'active'";
