//! The file: made, recognised, refused.

use std::error::Error;
use std::fs;
use std::path::Path;

use countersign_host::store::{
    CommitError, Inventory, Kind, SqliteError, SqliteStore, Store, Trail, open,
};
use libtest_mimic::Trial;

use super::scratch::{Scratch, account, beside, close, commit, get, put, sealed};
use super::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "what_was_committed_is_there_when_the_file_is_opened_again",
            what_was_committed_is_there_when_the_file_is_opened_again,
        ),
        trial(
            "file_and_what_lies_beside_it_are_for_this_user_alone",
            file_and_what_lies_beside_it_are_for_this_user_alone,
        ),
        trial(
            "many_threads_open_one_new_file_at_once",
            many_threads_open_one_new_file_at_once,
        ),
        trial("newer_schema_is_refused", newer_schema_is_refused),
        trial(
            "file_of_another_program_is_refused_and_left_as_it_is",
            file_of_another_program_is_refused_and_left_as_it_is,
        ),
        trial("directory_is_refused", directory_is_refused),
        trial(
            "address_that_sqlite_would_take_for_memory_is_a_file",
            address_that_sqlite_would_take_for_memory_is_a_file,
        ),
        trial(
            "damaged_file_is_an_error_and_never_an_empty_store",
            damaged_file_is_an_error_and_never_an_empty_store,
        ),
        trial(
            "emptied_file_with_a_log_beside_it_is_refused",
            emptied_file_with_a_log_beside_it_is_refused,
        ),
        trial(
            "file_that_was_moved_away_or_replaced_is_unavailable",
            file_that_was_moved_away_or_replaced_is_unavailable,
        ),
    ]
}

async fn what_was_committed_is_there_when_the_file_is_opened_again() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let store = SqliteStore::open(&path).await?;
    store
        .commit(commit(vec![put(account("mia"), None, b"one")], &[1, 2]))
        .await?;
    let before = get(&store, account("mia")).await;
    close(store, &path);

    let store = SqliteStore::open(&path).await?;
    assert_eq!(get(&store, account("mia")).await, before);
    assert_eq!(store.events("example", 0, 10).await?.len(), 2);
    assert_eq!(store.count("example", Kind::Account).await?, 1);
    Ok(())
}

async fn file_and_what_lies_beside_it_are_for_this_user_alone() -> Result<(), Box<dyn Error>> {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let store = SqliteStore::open(&path).await?;
    store
        .commit(commit(vec![put(account("mia"), None, b"one")], &[]))
        .await?;
    let backup = scratch.file("backup.db");
    store.backup(&backup, |_| ()).await?;
    let files = [
        path.clone(),
        beside(&path, "-wal"),
        beside(&path, "-shm"),
        backup,
    ];
    for file in files {
        let mode = fs::metadata(&file)?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    Ok(())
}

async fn many_threads_open_one_new_file_at_once() -> Result<(), Box<dyn Error>> {
    for _ in 0..ROUNDS {
        let scratch = Scratch::new();
        let path = scratch.file("mfa.db");
        let opening: Vec<_> = (0..8)
            .map(|_| tokio::spawn(SqliteStore::open(path.clone())))
            .collect();
        let mut stores = Vec::new();
        for opened in opening {
            stores.push(opened.await??);
        }
        for (number, store) in stores.iter().enumerate() {
            let change = put(account(&format!("user-{number}")), None, b"one");
            store.commit(commit(vec![change], &[])).await?;
        }
        assert_eq!(stores[0].count("example", Kind::Account).await?, 8);
    }
    Ok(())
}

async fn newer_schema_is_refused() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    close(SqliteStore::open(&path).await?, &path);
    // `user_version`, in the header of the file.
    overwrite(&path, 60, &99_u32.to_be_bytes())?;
    let error = SqliteStore::open(&path).await.expect_err("newer");
    assert!(
        matches!(error, SqliteError::Newer { found: 99, .. }),
        "{error}"
    );
    let error = SqliteStore::check(&path).await.expect_err("newer");
    assert!(matches!(error, SqliteError::Newer { .. }), "{error}");
    Ok(())
}

async fn file_of_another_program_is_refused_and_left_as_it_is() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let text = scratch.file("notes.txt");
    fs::write(
        &text,
        "no database at all, but long enough to look at".repeat(100),
    )?;
    let other = scratch.file("other.db");
    rusqlite::Connection::open(&other)?.execute_batch("CREATE TABLE notes (text TEXT)")?;
    for path in [text, other] {
        let before = fs::read(&path)?;
        let error = SqliteStore::open(&path).await.expect_err("foreign");
        assert!(matches!(error, SqliteError::Foreign(_)), "{error}");
        assert_eq!(fs::read(&path)?, before);
    }
    Ok(())
}

async fn directory_is_refused() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let error = SqliteStore::open(scratch.file("")).await;
    assert!(matches!(error, Err(SqliteError::NotAFile(_))), "{error:?}");
    let missing = SqliteStore::open(scratch.file("no/mfa.db")).await;
    assert!(
        matches!(missing, Err(SqliteError::Failed { .. })),
        "{missing:?}"
    );
    Ok(())
}

async fn address_that_sqlite_would_take_for_memory_is_a_file() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    for name in [":memory:", "file:mfa.db?mode=memory", "mfa.db?immutable=1"] {
        let path = scratch.file(name);
        let store = open(&format!("sqlite:{}", path.display())).await?;
        store
            .commit(commit(vec![put(account("mia"), None, b"one")], &[]))
            .await?;
        assert!(path.is_file(), "{name}");
    }
    assert!(open("sqlite:").await.is_err());
    Ok(())
}

async fn damaged_file_is_an_error_and_never_an_empty_store() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let whole = scratch.file("whole.db");
    let store = SqliteStore::open(&whole).await?;
    for number in 0..200 {
        let change = put(account(&format!("user-{number:03}")), None, &[7; 700]);
        store.commit(commit(vec![change], &[number])).await?;
    }
    close(store, &whole);
    let pages = fs::metadata(&whole)?.len() / PAGE;

    let mut noticed = 0;
    for page in 1..pages {
        let path = scratch.file(&format!("damaged-{page}.db"));
        fs::copy(&whole, &path)?;
        overwrite(&path, page * PAGE, &[0xa5; 600])?;
        // Each user is there whole, or there is an error.
        let mut fails = SqliteStore::check(&path).await.is_err();
        if let Ok(store) = SqliteStore::open(&path).await {
            for number in [0, 57, 101, 199] {
                match store.get(&[account(&format!("user-{number:03}"))]).await {
                    Ok(found) => {
                        let value = sealed(found.into_iter().next().flatten());
                        // SQLite has no sums: what only a sum could find, the seal finds.
                        assert_eq!(value.map(|it| it.len()), Some(700), "page {page}");
                    }
                    Err(_) => fails = true,
                }
            }
        }
        noticed += u64::from(fails);
    }
    assert_eq!(noticed, pages - 1, "of {pages} pages");

    // Cut short.
    let path = scratch.file("short.db");
    fs::copy(&whole, &path)?;
    fs::File::options()
        .write(true)
        .open(&path)?
        .set_len(PAGE * (pages / 2))?;
    assert!(SqliteStore::check(&path).await.is_err());
    Ok(())
}

async fn emptied_file_with_a_log_beside_it_is_refused() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let store = SqliteStore::open(&path).await?;
    store
        .commit(commit(vec![put(account("mia"), None, b"one")], &[]))
        .await?;
    let copy = scratch.file("copy.db");
    fs::copy(beside(&path, "-wal"), beside(&copy, "-wal"))?;
    for emptied in [false, true] {
        if emptied {
            fs::write(&copy, "")?;
        }
        let opened = SqliteStore::open(&copy).await;
        assert!(
            matches!(opened, Err(SqliteError::Damaged { .. })),
            "{opened:?}"
        );
    }
    Ok(())
}

// covers: STORE-7
async fn file_that_was_moved_away_or_replaced_is_unavailable() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let store = SqliteStore::open(&path).await?;
    store
        .commit(commit(vec![put(account("mia"), None, b"one")], &[]))
        .await?;
    let backup = scratch.file("backup.db");
    store.backup(&backup, |_| ()).await?;
    for replaced in [false, true] {
        if replaced {
            fs::copy(&backup, &path)?;
        } else {
            fs::rename(&path, scratch.file("old.db"))?;
        }
        assert!(store.get(&[account("mia")]).await.is_err());
        let other = store.backup(scratch.file("other.db"), |_| ()).await;
        assert!(matches!(other, Err(SqliteError::Failed { .. })));
        let change = put(account("ann"), None, b"one");
        let done = store.commit(commit(vec![change], &[])).await;
        assert!(matches!(done, Err(CommitError::Unavailable(_))), "{done:?}");
    }
    Ok(())
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    let file = fs::File::options().write(true).open(path)?;
    file.write_all_at(bytes, at)
}

const ROUNDS: usize = 20;
const PAGE: u64 = 4_096;
