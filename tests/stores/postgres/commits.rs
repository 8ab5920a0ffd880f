//! Commits, and what stands in their way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_host::clock::{Clock, FixedClock, SystemClock};
use countersign_host::store::{
    Change, Commit, CommitError, Content, Inventory, Key, Kind, PostgresOptions, PostgresStore,
    Store,
};
use countersign_tests::cluster::Cluster;
use libtest_mimic::Trial;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use super::{client, database, name, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("record_has_one_winner_a_version", one_winner),
        trial("version_is_never_used_twice", no_version_twice),
        trial("sixty_four_sends_do_not_conflict", sends_do_not_conflict),
        trial("ten_gateways_start_at_once", ten_start),
        trial("newer_tables_are_refused", newer_tables),
        trial("wrong_clock_serves_nothing", wrong_clock),
        trial("held_lock_ends_in_time", held_lock),
        trial("late_reader_waits_for_nobody", late_reader),
        trial("deadlock_is_no_conflict", deadlock),
        trial("crashed_server_is_served_again", crashed_server),
        trial("no_error_has_the_password", no_password),
    ]
}

async fn one_winner() {
    let store = open(&database().await).await;
    let mut expected = None;
    for _ in 0..20 {
        let mut callers = JoinSet::new();
        for caller in 0..16 {
            let store = store.clone();
            callers.spawn(async move {
                let changes = vec![put("u", expected, caller), add("sent", 1_000)];
                store.commit(Commit::new(1, changes)).await
            });
        }
        let answers = callers.join_all().await;
        let won = answers.iter().filter(|it| it.is_ok()).count();
        assert_eq!(won, 1, "{answers:?}");
        let lost = |it: &Result<(), CommitError>| matches!(it, Err(CommitError::Conflict));
        assert_eq!(
            answers.iter().filter(|it| lost(it)).count(),
            15,
            "{answers:?}"
        );
        expected = version(&store, account("u")).await;
    }
    assert_eq!(count(&store, "sent").await, 20);
}

async fn no_version_twice() {
    let store = open(&database().await).await;
    let mut seen = Vec::new();
    for round in 0..5 {
        let commit = Commit::new(round, vec![put("u", None, 1)]);
        store.commit(commit).await.expect("there is none");
        let version = version(&store, account("u")).await;
        assert!(!seen.contains(&version));
        seen.push(version);
        let (key, expected) = (account("u"), version);
        let deletion = Commit::new(round, vec![Change::Delete { key, expected }]);
        store.commit(deletion).await.expect("it is deleted");
        let found = store.get(&[account("u")]).await.expect("it answers");
        assert_eq!(found, [None]);
        if round % 2 == 1 {
            store.collect(round + 1).await.expect("it collects");
        }
    }
    assert_eq!(
        store.count("realm", Kind::Account).await.expect("counts"),
        0
    );
}

async fn sends_do_not_conflict() {
    let store = open(&database().await).await;
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..64 {
        let store = store.clone();
        callers.spawn(async move {
            let user = format!("u{caller}");
            let changes = vec![put(&user, None, 1), add("company", 64)];
            store.commit(Commit::new(1, changes)).await
        });
    }
    for answer in callers.join_all().await {
        answer.expect("there is room for all");
    }
    eprintln!("64 sends of one company: {:?}", began.elapsed());
    assert_eq!(count(&store, "company").await, 64);
    let over = Commit::new(1, vec![put("late", None, 1), add("company", 64)]);
    let refused = store.commit(over).await;
    assert!(matches!(refused, Err(CommitError::CeilingReached(1))));
    assert_eq!(version(&store, account("late")).await, None);
}

async fn ten_start() {
    let url = database().await;
    let mut starting = JoinSet::new();
    for _ in 0..10 {
        let url = url.clone();
        starting.spawn(async move { PostgresStore::connect(&url).await });
    }
    for started in starting.join_all().await {
        started.expect("it starts");
    }
}

async fn newer_tables() {
    let url = database().await;
    drop(open(&url).await);
    let client = client(&url).await;
    let newer = "UPDATE countersign_schema SET version = 99";
    client.batch_execute(newer).await.expect("it is newer");
    let refused = PostgresStore::connect(&url).await.expect_err("refused");
    assert!(refused.to_string().contains("99"), "{refused}");
}

async fn wrong_clock() {
    let now = SystemClock.now().expect("there is a time");
    let clock = FixedClock::at(now + 60);
    let mut options = PostgresOptions::default();
    options.clock = Arc::new(clock.clone());
    let url = database().await;
    let store = PostgresStore::connect_with(&url, options);
    let store = store.await.expect("it opens");
    let keys = [account("u")];
    for wrong in [now + 60, now - 60] {
        clock.set(wrong);
        let refused = store.get(&keys).await.expect_err("the clock is wrong");
        assert!(refused.to_string().contains("clock"), "{refused}");
        let refused = store.commit(Commit::new(1, vec![put("u", None, 1)])).await;
        assert!(matches!(refused, Err(CommitError::Unavailable(_))));
    }
    clock.set(SystemClock.now().expect("there is a time"));
    let commit = Commit::new(1, vec![put("u", None, 1)]);
    store.commit(commit).await.expect("the clock is right");
    store.get(&keys).await.expect("the clock is right");
}

async fn held_lock() {
    let url = database().await;
    let store = open(&url).await;
    let commit = Commit::new(1, vec![put("u", None, 1)]);
    store.commit(commit).await.expect("there is none");
    let expected = version(&store, account("u")).await;
    let client = client(&url).await;
    let hold = "BEGIN; SELECT * FROM countersign_record FOR UPDATE";
    client.batch_execute(hold).await.expect("it holds");
    let began = Instant::now();
    let changes = vec![put("u", expected, 2), add("sent", 9)];
    let answer = store.commit(Commit::new(1, changes)).await;
    assert!(matches!(answer, Err(CommitError::Unavailable(_))));
    assert!(began.elapsed() < Duration::from_secs(10));
    client.batch_execute("ROLLBACK").await.expect("it lets go");
    assert_eq!(version(&store, account("u")).await, expected);
    assert_eq!(version(&store, counter("sent")).await, None);
}

/// One puts both records of a user, as it could when there were none; the others know of one of them.
async fn late_reader() {
    let url = database().await;
    let store = open(&url).await;
    for round in 0..40 {
        let user = format!("u{round}");
        let tickets = |expected| Change::Put {
            key: key(Kind::Tickets, &user),
            expected,
            value: vec![1],
            collectable_at: None,
        };
        let commit = Commit::new(1, vec![tickets(None)]);
        store.commit(commit).await.expect("there is none");
        let known = version(&store, key(Kind::Tickets, &user)).await;
        let mut callers = JoinSet::new();
        for caller in 0..8 {
            let expected = known.filter(|_| caller % 2 == 0);
            let changes = vec![put(&user, None, caller), tickets(expected)];
            let store = store.clone();
            callers.spawn(async move { store.commit(Commit::new(1, changes)).await });
        }
        let answers = callers.join_all().await;
        let won = answers.iter().filter(|it| it.is_ok()).count();
        assert_eq!(won, 1, "{answers:?}");
    }
    let client = client(&url).await;
    let asked = "SELECT pg_stat_clear_snapshot(), pg_stat_get_db_deadlocks(oid)
        FROM pg_database WHERE datname = current_database()";
    // The server's processes tell of themselves after a second at the latest.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let counted = client.query_one(asked, &[]).await.expect("it counts");
    assert_eq!(counted.get::<_, i64>(1), 0, "deadlocks");
}

/// What comes of a deadlock with somebody else's statement. Nothing was changed, so nobody is told that something was.
async fn deadlock() {
    let url = database().await;
    let (name, client) = (name(&url), client(&url).await);
    // It is the store's statement that looks for a deadlock, once, and before it has waited too long for a lock.
    let soon = format!("ALTER DATABASE {name} SET deadlock_timeout = '1s'");
    client.batch_execute(&soon).await.expect("it is set");
    let never = "SET deadlock_timeout = '1min'";
    client.batch_execute(never).await.expect("it is set");
    let store = open(&url).await;
    let users = ["u0", "u1"];
    let both = users.map(|user| put(user, None, 1)).to_vec();
    let commit = store.commit(Commit::new(1, both));
    commit.await.expect("there are none");
    for _ in 0..5 {
        match deadlocked(&store, &client, users).await {
            // On a machine that stands still for long the wait for the lock ends first.
            Err(CommitError::Unavailable(_)) => {}
            answer => return answer.expect("nobody changed anything"),
        }
    }
    panic!("a lock is waited for no longer than a second, each time");
}

/// Commits to the records of two users while somebody who holds the second asks for the first.
async fn deadlocked(
    store: &PostgresStore,
    client: &Client,
    users: [&str; 2],
) -> Result<(), CommitError> {
    let mut both = Vec::new();
    for user in users {
        both.push(put(user, version(store, account(user)).await, 2));
    }
    let lock = |user| format!("SELECT 1 FROM countersign_record WHERE name = '{user}' FOR UPDATE");
    let hold = format!("BEGIN; {}", lock(users[1]));
    client.batch_execute(&hold).await.expect("it holds");
    let committing = tokio::spawn({
        let store = store.clone();
        async move { store.commit(Commit::new(1, both)).await }
    });
    let waits = "SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while client.query(waits, &[]).await.expect("it tells").is_empty() && !committing.is_finished()
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client
        .batch_execute(&lock(users[0]))
        .await
        .expect("it holds");
    client.batch_execute("ROLLBACK").await.expect("it lets go");
    committing.await.expect("it ends")
}

async fn crashed_server() {
    let cluster = Cluster::start().expect("a server starts");
    let url = cluster.database().await.expect("a database");
    let store = open(&url).await;
    let commit = Commit::new(1, vec![put("u", None, 1)]);
    store.commit(commit).await.expect("there is none");
    let before = version(&store, account("u")).await;
    cluster.kill().expect("it is killed");
    let began = Instant::now();
    assert!(store.get(&[account("u")]).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(10));
    cluster.run().expect("it starts again");
    assert_eq!(version(&store, account("u")).await, before);
}

async fn no_password() {
    let port = Cluster::shared().expect("it runs").port();
    let addresses = [
        format!("postgres://u:hunter2@127.0.0.1:{port}/none?sslmode=require"),
        format!("postgres://u:hunter2@127.0.0.1:{port}/none?sslmode=prefer"),
        format!("postgres://u:hunter2@127.0.0.1:{port}/none"),
        "postgres://u:hunter2@127.0.0.1:1/none".to_owned(),
        "postgres://u:hunter2@127.0.0.1:port/none".to_owned(),
        "postgres://u:hunter2@127.0.0.1/none?x=y".to_owned(),
    ];
    for address in addresses {
        let refused = PostgresStore::connect(&address).await.expect_err("refused");
        assert!(!format!("{refused} {refused:?}").contains("hunter2"));
    }
}

async fn open(url: &str) -> PostgresStore {
    PostgresStore::connect(url).await.expect("it opens")
}

fn account(user: &str) -> Key {
    key(Kind::Account, user)
}

fn counter(name: &str) -> Key {
    key(Kind::Quota, name)
}

fn key(kind: Kind, name: &str) -> Key {
    Key {
        realm: "realm".into(),
        record: kind.named(name),
    }
}

fn put(user: &str, expected: Option<u64>, value: u8) -> Change {
    Change::Put {
        key: account(user),
        expected,
        value: vec![value],
        collectable_at: None,
    }
}

fn add(name: &str, ceiling: u64) -> Change {
    Change::Add {
        key: counter(name),
        amount: 1,
        ceiling,
        collectable_at: 10,
    }
}

async fn version(store: &PostgresStore, key: Key) -> Option<u64> {
    let found = store.get(&[key]).await.expect("it answers");
    found[0].as_ref().map(|it| it.version)
}

async fn count(store: &PostgresStore, name: &str) -> u64 {
    let found = store.get(&[counter(name)]).await.expect("it answers");
    match found[0].as_ref().map(|it| &it.content) {
        Some(Content::Count(count)) => *count,
        other => panic!("a counter expected: {other:?}"),
    }
}
