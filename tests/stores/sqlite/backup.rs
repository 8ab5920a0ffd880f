//! Backups, made while the store is used.

use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use countersign_host::store::{Content, Kind, SqliteError, SqliteStore, Store, Trail};
use libtest_mimic::Trial;

use super::scratch::{REALM, Scratch, account, beside, close, commit, get, key, put, sealed};
use super::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "backup_under_load_is_one_moment_and_can_be_restored",
            backup_under_load_is_one_moment_and_can_be_restored,
        ),
        trial(
            "backup_and_restore_overwrite_nothing",
            backup_and_restore_overwrite_nothing,
        ),
        trial(
            "damaged_backup_is_not_restored",
            damaged_backup_is_not_restored,
        ),
        trial(
            "restore_turns_time_back_to_the_backup",
            restore_turns_time_back_to_the_backup,
        ),
    ]
}

async fn backup_under_load_is_one_moment_and_can_be_restored() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let store = SqliteStore::open(&path).await?;
    // Enough that copying takes more than one step.
    for number in 0..60_u32 {
        let change = put(key(Kind::Policy, &number.to_string()), None, &[7; 100_000]);
        store.commit(commit(vec![change], &[])).await?;
    }
    let ends = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(write_until(store.clone(), ends.clone()));
    let mut restored = Vec::new();
    for number in 0..5 {
        let before = count(&store).await?;
        let backup = scratch.file(&format!("backup-{number}.db"));
        let steps = Arc::new(AtomicU64::new(0));
        let told = steps.clone();
        store
            .backup(&backup, move |it| {
                assert!(it.pages <= it.of);
                told.fetch_add(1, Ordering::Relaxed);
            })
            .await?;
        let after = count(&store).await?;
        assert!(steps.load(Ordering::Relaxed) > 0, "nothing was told");
        assert!(!beside(&backup, ".part").exists());

        let place = scratch.file(&format!("restored-{number}.db"));
        SqliteStore::restore(&backup, &place, |_| ()).await?;
        let copy = SqliteStore::open(&place).await?;
        let moment = count(&copy).await?;
        assert!(
            before <= moment && moment <= after,
            "{before} {moment} {after}"
        );
        assert_eq!(
            copy.events(REALM, 0, usize::MAX).await?.len() as u64,
            moment
        );
        restored.push(moment);
        // It is a store like any other.
        let change = put(account("other"), None, b"one");
        copy.commit(commit(vec![change], &[])).await?;
    }
    ends.store(true, Ordering::Relaxed);
    let all = writing.await??;
    println!("    {all} commits while five backups were made, at {restored:?}");
    Ok(())
}

async fn backup_and_restore_overwrite_nothing() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let store = SqliteStore::open(&path).await?;
    let backup = scratch.file("backup.db");
    store.backup(&backup, |_| ()).await?;
    let refused = |it: Result<(), SqliteError>| match it {
        Err(SqliteError::AlreadyThere(_)) => {}
        other => panic!("{other:?}"),
    };
    refused(store.backup(&backup, |_| ()).await);
    refused(store.backup(&path, |_| ()).await);
    // A store that is used, and what one that is gone has left beside its place.
    refused(SqliteStore::restore(&backup, &path, |_| ()).await);
    let place = scratch.file("place.db");
    fs::write(beside(&place, "-wal"), "left over")?;
    refused(SqliteStore::restore(&backup, &place, |_| ()).await);
    assert!(!place.exists());
    Ok(())
}

async fn damaged_backup_is_not_restored() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.file("mfa.db")).await?;
    for number in 0..50_u32 {
        let change = put(account(&number.to_string()), None, &[7; 700]);
        store.commit(commit(vec![change], &[])).await?;
    }
    let backup = scratch.file("backup.db");
    store.backup(&backup, |_| ()).await?;
    let mut bytes = fs::read(&backup)?;
    let middle = bytes.len() / 8192 * 4096;
    bytes[middle..middle + 500].fill(0xa5);
    fs::write(&backup, bytes)?;
    let place = scratch.file("place.db");
    let restored = SqliteStore::restore(&backup, &place, |_| ()).await;
    assert!(
        matches!(restored, Err(SqliteError::Damaged { .. })),
        "{restored:?}"
    );
    assert!(!place.exists() && !beside(&place, ".part").exists());

    let empty = scratch.file("empty.db");
    fs::write(&empty, "")?;
    let restored = SqliteStore::restore(&empty, &place, |_| ()).await;
    assert!(
        matches!(restored, Err(SqliteError::Foreign(_))),
        "{restored:?}"
    );
    assert!(
        SqliteStore::restore(scratch.file("none.db"), &place, |_| ())
            .await
            .is_err()
    );
    assert!(!place.exists());
    Ok(())
}

async fn restore_turns_time_back_to_the_backup() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let store = SqliteStore::open(&path).await?;
    store
        .commit(commit(
            vec![put(account("mia"), None, b"unused code")],
            &[1],
        ))
        .await?;
    let backup = scratch.file("backup.db");
    store.backup(&backup, |_| ()).await?;
    let version = get(&store, account("mia")).await.map(|it| it.version);
    let change = put(account("mia"), version, b"used code");
    store.commit(commit(vec![change], &[2])).await?;
    close(store, &path);
    fs::rename(&path, scratch.file("old.db"))?;

    SqliteStore::restore(&backup, &path, |_| ()).await?;
    let store = SqliteStore::open(&path).await?;
    let found = get(&store, account("mia")).await;
    assert_eq!(found.as_ref().map(|it| it.version), version);
    assert_eq!(sealed(found).as_deref(), Some(b"unused code".as_slice()));
    assert_eq!(store.last_position(REALM).await?, 1);
    Ok(())
}

/// Commits, each with a record and an event more, until it shall end; returns how many.
async fn write_until(
    store: SqliteStore,
    ends: Arc<AtomicBool>,
) -> Result<u64, countersign_host::store::CommitError> {
    let mut version = None;
    let mut number = 0_u64;
    while !ends.load(Ordering::Relaxed) {
        number += 1;
        let change = put(account("count"), version, &number.to_be_bytes());
        store
            .commit(commit(vec![change], &[u128::from(number)]))
            .await?;
        version = get(&store, account("count")).await.map(|it| it.version);
    }
    Ok(number)
}

async fn count(store: &SqliteStore) -> Result<u64, Box<dyn Error>> {
    match get(store, account("count")).await.map(|it| it.content) {
        Some(Content::Sealed(value)) => Ok(u64::from_be_bytes(value.as_slice().try_into()?)),
        _ => Ok(0),
    }
}
