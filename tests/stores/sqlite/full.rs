//! A disk without room.

use std::error::Error;

use countersign_host::store::{CommitError, Kind, SqliteStore, Store, Trail};
use libtest_mimic::Trial;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::scratch::{REALM, Scratch, account, commit, get, key, put, sealed};
use super::trial;
use super::worker::{Role, Worker, tell};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial(
        "full_disk_is_unavailable_until_there_is_room_again",
        full_disk_is_unavailable_until_there_is_room_again,
    )]
}

// covers: STORE-3, STORE-7
async fn full_disk_is_unavailable_until_there_is_room_again() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let told = Worker::start(Role::Fill, &path).finish();
    let failed = told.iter().filter(|it| it.starts_with("failed")).count();
    assert_eq!(failed, FAILURES, "{told:?}");
    let store = SqliteStore::open(&path).await?;
    for line in &told {
        let (fate, number) = line.split_once(' ').ok_or("a fate")?;
        if fate == "done" {
            look(&store, number.parse()?).await.ok_or(line.as_str())?;
        }
    }
    // Of the others nobody knows, but each is there whole or not at all, with its event.
    let mut there = 0;
    for number in 0..told.len() as u128 {
        there += usize::from(look(&store, number).await.is_some());
    }
    assert_eq!(store.events(REALM, 0, usize::MAX).await?.len(), there);
    SqliteStore::check(&path).await?;
    let done = told.len() - failed;
    println!("    {done} commits were answered, {failed} found no room, {there} are there");
    Ok(())
}

/// The worker: commits until no file may grow, and after they may again.
pub(super) async fn fill(store: SqliteStore) {
    let before = getrlimit(Resource::Fsize);
    let limit = Rlimit {
        current: Some(ROOM),
        maximum: before.maximum,
    };
    setrlimit(Resource::Fsize, limit).expect("a limit");
    let mut number = 0;
    let mut failures = 0;
    while failures < FAILURES {
        failures += usize::from(!try_commit(&store, number).await);
        number += 1;
        // Reading goes on.
        assert!(look(&store, 0).await.is_some());
    }
    setrlimit(Resource::Fsize, before).expect("a limit");
    for _ in 0..100 {
        assert!(try_commit(&store, number).await, "there is room again");
        number += 1;
    }
}

/// Commits two records and an event; tells and returns whether that was answered.
async fn try_commit(store: &SqliteStore, number: u128) -> bool {
    let name = number.to_string();
    let changes = vec![
        put(account(&name), None, &[7; 1_500]),
        put(key(Kind::Tickets, &name), None, &[7; 1_500]),
    ];
    let done = match store.commit(commit(changes, &[number])).await {
        Ok(()) => true,
        Err(CommitError::Unavailable(why)) => {
            let why = why.to_string();
            assert!(!why.contains(&name) && !why.contains("INSERT"), "{why}");
            false
        }
        Err(error) => panic!("{error}"),
    };
    tell(&format!(
        "{} {number}",
        if done { "done" } else { "failed" }
    ));
    done
}

/// Looks for the two records of a commit: both or neither.
async fn look(store: &SqliteStore, number: u128) -> Option<()> {
    let name = number.to_string();
    let account = sealed(get(store, account(&name)).await);
    let tickets = sealed(get(store, key(Kind::Tickets, &name)).await);
    assert_eq!(account, tickets, "half of a commit");
    account.map(|it| assert_eq!(it, [7; 1_500]))
}

/// Bytes that a file may have.
const ROOM: u64 = 1 << 20;
const FAILURES: usize = 50;
