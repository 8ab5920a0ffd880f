//! How often the server is asked.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use countersign_host::store::{
    Commit, CommitError, Database, Key, Store, Stored, Unavailable, open,
};
use countersign_tests::cluster::{Cluster, Setup};
use libtest_mimic::Trial;

use super::trial;
use crate::gateway::Gateway;
use crate::people::verify;

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("get_and_commit_are_one_transaction_each", one_each)]
}

async fn one_each() {
    let mut setup = Setup::default();
    setup.fsync = false;
    setup.settings = vec![
        "log_statement=all".to_owned(),
        // Marks each line with the transaction that it belongs to.
        "log_line_prefix=@%v@%a@".to_owned(),
    ];
    let cluster = Cluster::with(&setup).expect("a server starts");
    let url = cluster.database().await.expect("a database");
    let store = open(&url).await.expect("it opens");
    let counted = Arc::new(Counted {
        store: store.clone(),
        gets: AtomicUsize::new(0),
        commits: AtomicUsize::new(0),
    });
    let gateway = Gateway::within(Gateway::plugin(), counted.clone(), store, TIME);
    gateway.put_policy().await;
    let person = gateway.enroll("u").await;
    let before = executed(&cluster);
    let (gets, commits) = counted.so_far();
    for _ in 0..SIGN_INS {
        let ticket = gateway.begin(&person.name, "sign-in").await;
        let code = person.app.code(gateway.time());
        let args = verify(&person.name, &ticket, "totp", &code);
        let verdict = gateway.ok("verification.verify", &args).await;
        assert!(verdict.get("accepted").is_some(), "{verdict}");
        gateway.clock.advance(90);
    }
    let (gets, commits) = (counted.so_far().0 - gets, counted.so_far().1 - commits);
    let since: Vec<_> = executed(&cluster).split_off(before.len());
    let transactions: BTreeSet<_> = since.iter().collect();
    eprintln!(
        "{SIGN_INS} sign-ins: {gets} gets, {commits} commits, {} statements, {} transactions",
        since.len(),
        transactions.len()
    );
    assert!(commits >= 2 * SIGN_INS);
    assert_eq!(since.len(), gets + commits, "statements");
    assert_eq!(transactions.len(), gets + commits, "transactions");
}

/// The transaction of each statement of a gateway, in order, from the server's log.
fn executed(cluster: &Cluster) -> Vec<String> {
    let log = fs::read_to_string(cluster.directory().join("log")).expect("there is a log");
    let lines = log.lines().filter_map(|line| line.strip_prefix('@'));
    lines
        .filter_map(|line| {
            let (transaction, line) = line.split_once('@')?;
            let (program, line) = line.split_once('@')?;
            let is_run = line.contains("execute ") || line.contains("statement: ");
            (program == "countersign" && is_run).then(|| transaction.to_owned())
        })
        .collect()
}

/// Counts what a store is asked.
struct Counted {
    store: Arc<dyn Database>,
    gets: AtomicUsize,
    commits: AtomicUsize,
}

impl Counted {
    fn so_far(&self) -> (usize, usize) {
        let of = |it: &AtomicUsize| it.load(Ordering::Relaxed);
        (of(&self.gets), of(&self.commits))
    }
}

#[async_trait]
impl Store for Counted {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.store.get(keys).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.store.commit(commit).await
    }
}

const SIGN_INS: usize = 50;

const TIME: u64 = 1_800_000_000;
