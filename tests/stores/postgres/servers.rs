//! The server that the trials start.

use std::time::{Duration, Instant};

use countersign_tests::cluster::{Cluster, Setup};
use libtest_mimic::Trial;
use tokio::time::sleep;

use super::{database, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "each_trial_has_a_database_of_its_own",
            each_trial_has_a_database_of_its_own,
        ),
        trial(
            "server_that_crashed_is_there_again_and_gone_when_dropped",
            server_that_crashed_is_there_again_and_gone_when_dropped,
        ),
    ]
}

async fn each_trial_has_a_database_of_its_own() {
    assert_ne!(database().await, database().await);
}

async fn server_that_crashed_is_there_again_and_gone_when_dropped() {
    let cluster = Cluster::with(&Setup::default()).expect("a server starts");
    let directory = cluster.directory().to_owned();
    let client = cluster.client("postgres").await.expect("it answers");
    cluster.kill().expect("it is killed");
    assert!(client.query("SELECT 1", &[]).await.is_err());
    cluster.run().expect("it starts again");
    let client = cluster.client("postgres").await.expect("it answers again");
    client.query("SELECT 1", &[]).await.expect("it answers");
    drop(cluster);
    assert!(!directory.exists());
    let began = Instant::now();
    while !client.is_closed() && began.elapsed() < Duration::from_secs(30) {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(client.is_closed());
}
