//! What only a directory on a server meets.

use std::time::{Duration, Instant};

use countersign_gateway::directory::{DirectoryError, OpenError, open};
use countersign_tests::cluster::{Cluster, Setup};
use countersign_tests::peer::Peer;
use libtest_mimic::Trial;
use tokio::time::sleep;

use super::{add_company, session, user};
use crate::duties::race;
use crate::kind::RUNTIME;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("ten_gateways_that_start_at_once_make_its_tables", ten),
        trial("newer_tables_are_refused", newer),
        trial("a_server_that_is_away_is_unavailable_in_time", away),
        trial(
            "a_held_row_is_unavailable_in_time_and_harms_nobody_after",
            held,
        ),
        trial(
            "whoever_may_make_no_tables_uses_those_that_are_there",
            limited,
        ),
        trial("no_address_or_value_stands_in_an_error", mute),
    ]
}

fn trial<F>(name: &str, test: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = ()>,
{
    Peer::Postgres.trial(format!("postgres/directory/{name}"), move || {
        RUNTIME.block_on(test());
        Ok(())
    })
}

async fn database() -> (String, tokio_postgres::Client) {
    let cluster = Cluster::shared().expect("a server starts");
    let address = cluster.database().await.expect("a database is made");
    let (_, name) = address.rsplit_once('/').expect("it has a name");
    let client = cluster.client(name).await.expect("it connects");
    (address, client)
}

async fn ten() {
    let (address, client) = database().await;
    let answers = race(10, |racer| {
        let address = address.clone();
        async move {
            let directory = open(&address).await.map_err(|it| it.to_string())?;
            let new = user(&racer.to_string(), &racer.to_string());
            let added = directory.add_user(new).await;
            added.map_err(|it| it.to_string())
        }
    })
    .await;
    for answer in answers {
        answer.expect("each of them starts and writes");
    }
    let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let tables = client.query(tables, &[]).await.expect("it lists");
    for row in tables {
        let name: String = row.get(0);
        assert!(name.starts_with("gateway_"), "{name}");
    }
}

async fn newer() {
    let (address, client) = database().await;
    drop(open(&address).await.expect("it opens"));
    let raise = "UPDATE gateway_schema SET version = 99";
    client.batch_execute(raise).await.expect("it is raised");
    let refused = open(&address).await.err().expect("it is refused");
    assert!(matches!(refused, OpenError::Unusable(_)), "{refused:?}");
    assert!(refused.to_string().contains("version 99"), "{refused}");
}

async fn away() {
    let mut setup = Setup::default();
    setup.fsync = false;
    let cluster = Cluster::with(&setup).expect("a server starts");
    let address = cluster.database().await.expect("a database is made");
    let directory = open(&address).await.expect("it opens");
    add_company(&*directory, "acme").await;
    cluster.kill().expect("it is killed");
    for _ in 0..3 {
        let began = Instant::now();
        let read = directory.companies().await;
        assert!(
            matches!(read, Err(DirectoryError::Unavailable(_))),
            "{read:?}"
        );
        let written = directory.add_user(user("mia", "Mia")).await;
        assert!(matches!(written, Err(DirectoryError::Unavailable(_))));
        assert!(directory.ping().await.is_err());
        assert!(began.elapsed() < Duration::from_secs(30));
    }
    let opened = open(&address).await.err();
    assert!(matches!(opened, Some(OpenError::Unavailable(_))));
    cluster.run().expect("it starts again");
    let began = Instant::now();
    while directory.ping().await.is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it does not come back"
        );
        sleep(Duration::from_millis(10)).await;
    }
    let all = directory.companies().await.expect("it answers");
    assert_eq!(all.len(), 1, "what was answered is lost");
}

async fn held() {
    let (address, client) = database().await;
    let directory = open(&address).await.expect("it opens");
    let added = directory.add_user(user("mia", "Mia")).await;
    added.expect("she is added");
    let hold = "BEGIN; SELECT 1 FROM gateway_user FOR UPDATE";
    client.batch_execute(hold).await.expect("it is held");
    let began = Instant::now();
    let refused = race(20, |racer| {
        let directory = directory.clone();
        async move {
            match racer % 2 {
                0 => directory.set_active("mia", false).await,
                _ => directory.add_session(session(racer as u8, "mia")).await,
            }
        }
    })
    .await;
    for answer in refused {
        assert!(
            matches!(answer, Err(DirectoryError::Unavailable(_))),
            "{answer:?}"
        );
    }
    assert!(began.elapsed() < Duration::from_secs(30));
    client.batch_execute("COMMIT").await.expect("it is let go");
    // No connection is left in a transaction that somebody gave up.
    for number in 0..20 {
        let added = directory.add_session(session(100 + number, "mia")).await;
        added.expect("it opens");
    }
    let idle = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let began = Instant::now();
    loop {
        let row = client.query_one(idle, &[]).await.expect("it answers");
        match row.get::<_, i64>(0) {
            0 => break,
            left => assert!(began.elapsed() < Duration::from_secs(30), "{left} left"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn limited() {
    let (address, client) = database().await;
    drop(open(&address).await.expect("it opens"));
    let role = format!("limited_{}", std::process::id());
    let grant = format!(
        "CREATE ROLE {role} LOGIN;
         REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    );
    client.batch_execute(&grant).await.expect("it is granted");
    let address = address.replace("postgres@", &format!("{role}@"));
    let directory = open(&address).await.expect("it opens");
    add_company(&*directory, "acme").await;
}

async fn mute() {
    let address = "postgres://mfa:hunter2@127.0.0.1:1/mfa";
    let refused = open(address).await.err().expect("nobody is there");
    assert!(matches!(refused, OpenError::Unavailable(_)), "{refused:?}");
    assert!(!refused.to_string().contains("hunter2"), "{refused}");
    let (address, client) = database().await;
    let directory = open(&address).await.expect("it opens");
    let dropped = client.batch_execute("DROP TABLE gateway_session").await;
    dropped.expect("it is gone");
    let added = directory.add_user(user("mia", "hunter2")).await;
    added.expect("she is added");
    let failed = directory.add_session(session(1, "mia")).await;
    let text = failed.expect_err("it fails").to_string();
    assert!(text.contains("SQLSTATE 42P01"), "{text}");
    assert!(!text.contains("mia") && !text.contains("INSERT"), "{text}");
}
