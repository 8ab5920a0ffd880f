//! Several processes on one file.

use std::error::Error;

use countersign_host::store::{Change, CommitError, Content, Kind, SqliteStore, Store, Trail};
use libtest_mimic::Trial;

use super::scratch::{NOW, REALM, Scratch, account, commit, get, key, put, sealed};
use super::trial;
use super::worker::{Role, Worker, tell};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial(
        "three_processes_lose_no_update_of_one_another",
        three_processes_lose_no_update_of_one_another,
    )]
}

// covers: STORE-1, STORE-2, STORE-5
async fn three_processes_lose_no_update_of_one_another() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    // They also open it at once, and one of them makes it.
    let workers: Vec<_> = (0..PROCESSES)
        .map(|_| Worker::start(Role::Raise, &path))
        .collect();
    let mut conflicts = 0;
    for worker in workers {
        for line in worker.finish() {
            conflicts += line.parse::<u64>()?;
        }
    }
    let store = SqliteStore::open(&path).await?;
    let mut sum = 0;
    for record in 0..RECORDS {
        let value = sealed(get(&store, account(&format!("user-{record}"))).await);
        sum += number(&value.ok_or("a record")?);
    }
    let all = PROCESSES * TASKS * TURNS;
    assert_eq!(sum, all);
    let counted = get(&store, key(Kind::Quota, "raised")).await;
    assert_eq!(counted.map(|it| it.content), Some(Content::Count(CEILING)));
    let events = store.events(REALM, 0, usize::MAX).await?;
    assert_eq!(events.len() as u64, all);
    assert!(events.is_sorted_by(|a, b| a.position < b.position));
    println!("    {PROCESSES} processes: {all} updates, {conflicts} conflicts, none lost");
    SqliteStore::check(&path).await?;
    Ok(())
}

/// The worker: raises each record by one, again and again, among others who do.
pub(super) async fn raise(store: SqliteStore) {
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            let mut conflicts = 0_u64;
            for turn in 0..TURNS {
                let name = account(&format!("user-{}", (task + turn) % RECORDS));
                while !raise_once(&store, &name).await {
                    conflicts += 1;
                }
                let add = Change::Add {
                    key: key(Kind::Quota, "raised"),
                    amount: 1,
                    ceiling: CEILING,
                    collectable_at: NOW + 1,
                };
                match store.commit(commit(vec![add], &[])).await {
                    Ok(()) | Err(CommitError::CeilingReached(0)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            conflicts
        });
    }
    let mut conflicts = 0;
    while let Some(done) = tasks.join_next().await {
        conflicts += done.expect("a task");
    }
    tell(&conflicts.to_string());
}

async fn raise_once(store: &SqliteStore, name: &countersign_host::store::Key) -> bool {
    let found = get(store, name.clone()).await;
    let version = found.as_ref().map(|it| it.version);
    let value = sealed(found).map_or(0, |it| number(&it)) + 1;
    let change = put(name.clone(), version, &value.to_be_bytes());
    match store.commit(commit(vec![change], &[1])).await {
        Ok(()) => true,
        Err(CommitError::Conflict) => false,
        Err(error) => panic!("{error}"),
    }
}

fn number(value: &[u8]) -> u64 {
    u64::from_be_bytes(value.try_into().expect("8 bytes"))
}

const PROCESSES: u64 = 3;
const TASKS: u64 = 4;
const TURNS: u64 = 60;
const RECORDS: u64 = 3;
/// Fewer than there are tries to raise the counter.
const CEILING: u64 = 500;
