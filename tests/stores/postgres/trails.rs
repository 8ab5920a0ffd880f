//! Events whose commits end in another order than they began.

use countersign_host::store::{PostgresStore, Trail};
use libtest_mimic::Trial;

use super::{client, database, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("late_commit_is_not_missed", late_commit)]
}

async fn late_commit() {
    let url = database().await;
    let store = PostgresStore::connect(&url).await.expect("it opens");
    let (early, late) = (client(&url).await, client(&url).await);
    // The first to draw a number is the last to commit.
    let began = format!("BEGIN; {NOTE}");
    late.batch_execute(&began).await.expect("it is noted");
    early.batch_execute(NOTE).await.expect("it is noted");
    let last = store.last_position("realm").await.expect("it answers");
    assert_eq!(last, 1);
    late.batch_execute("COMMIT").await.expect("it commits");
    let last = store.last_position("realm").await.expect("it answers");
    assert_eq!(last, 2);
    let rows = early.query(ORDER, &[]).await.expect("it answers");
    let numbers: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(numbers, [2, 1]);
}

const NOTE: &str = "INSERT INTO countersign_event (realm, at, event) VALUES ('realm', 1, '{}')";

const ORDER: &str = "SELECT seq FROM countersign_event ORDER BY position";
