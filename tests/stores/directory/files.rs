//! What only a directory in a file meets.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use countersign_gateway::directory::{DirectoryError, OpenError, open};
use libtest_mimic::Trial;
use rusqlite::Connection;

use super::{add_company, session, user};
use crate::duties::race;
use crate::kind::{Directory as Scratch, RUNTIME};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("a_file_is_for_its_owner_alone", mode),
        trial(
            "a_newer_or_foreign_file_is_refused_and_left_as_it_is",
            refused,
        ),
        trial("a_file_that_others_hold_is_unavailable_in_time", held),
        trial("a_file_that_was_moved_away_is_unavailable", moved),
        trial("a_file_that_was_closed_is_whole_without_its_log", closed),
        trial("a_file_is_made_once_by_ten_who_open_it_at_once", ten),
        trial("a_relative_path_is_a_file_whatever_it_looks_like", relative),
        trial("no_name_or_value_of_a_file_stands_in_an_error", mute),
    ]
}

fn trial<F>(name: &str, test: impl FnOnce(PathBuf) -> F + Send + 'static) -> Trial
where
    F: Future<Output = ()>,
{
    Trial::test(format!("sqlite/directory/{name}"), move || {
        let scratch = Scratch::new();
        RUNTIME.block_on(test(scratch.path().join("people.db")));
        Ok(())
    })
}

fn address(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

async fn mode(path: PathBuf) {
    let directory = open(&address(&path)).await.expect("it opens");
    add_company(&*directory, "acme").await;
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", path.display());
        let mode = fs::metadata(&file).expect("it is there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{file}");
    }
}

async fn refused(path: PathBuf) {
    drop(open(&address(&path)).await.expect("it opens"));
    let newer = path.with_file_name("newer.db");
    fs::copy(&path, &newer).expect("it can be copied");
    let connection = Connection::open(&newer).expect("it opens");
    let set = connection.pragma_update(None, "user_version", 99);
    set.expect("it is set");
    drop(connection);
    let foreign = path.with_file_name("foreign.db");
    let connection = Connection::open(&foreign).expect("it opens");
    let made = connection.execute_batch("CREATE TABLE theirs (x)");
    made.expect("it is made");
    drop(connection);
    let text = path.with_file_name("text");
    fs::write(&text, "not a database, but long enough ".repeat(40)).expect("written");
    let store = path.with_file_name("store.db");
    let of_plugin = countersign_host::store::open(&address(&store)).await;
    drop(of_plugin.expect("it opens"));
    for (path, words) in [
        (&newer, "a newer version wrote it: its schema is 99"),
        (&foreign, "not a directory of this gateway"),
        (&text, "not a directory of this gateway"),
        (&store, "not a directory of this gateway"),
        (&path.with_file_name(""), "expected a file"),
    ] {
        let before = fs::read(path).ok();
        let refused = open(&address(path)).await.err().expect("it is refused");
        assert!(matches!(refused, OpenError::Unusable(_)), "{refused:?}");
        assert!(refused.to_string().contains(words), "{refused}");
        assert_eq!(fs::read(path).ok(), before, "{}", path.display());
    }
}

async fn held(path: PathBuf) {
    let directory = open(&address(&path)).await.expect("it opens");
    add_company(&*directory, "acme").await;
    let other = Connection::open(&path).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("it is held");
    let began = Instant::now();
    let refused = directory.add_user(user("mia", "Mia")).await;
    assert!(
        matches!(refused, Err(DirectoryError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(30));
    // Who reads need not wait.
    directory.user("mia").await.expect("it answers");
    other.execute_batch("ROLLBACK").expect("it is let go");
    let added = directory.add_user(user("mia", "Mia")).await;
    added.expect("it answers again");
}

async fn moved(path: PathBuf) {
    let directory = open(&address(&path)).await.expect("it opens");
    add_company(&*directory, "acme").await;
    fs::rename(&path, path.with_file_name("away.db")).expect("it is moved");
    let read = directory.user("mia").await;
    assert!(matches!(read, Err(DirectoryError::Unavailable(_))));
    let written = directory.add_user(user("mia", "Mia")).await;
    assert!(matches!(written, Err(DirectoryError::Unavailable(_))));
}

async fn ten(path: PathBuf) {
    let address = address(&path);
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
        answer.expect("each of them opens it and writes");
    }
    let directory = open(&address).await.expect("it opens");
    let all = directory.users(None, None, 99).await.expect("it lists");
    assert_eq!(all.len(), 10);
}

async fn closed(path: PathBuf) {
    let directory = open(&address(&path)).await.expect("it opens");
    add_company(&*directory, "acme").await;
    directory.ping().await.expect("it answers");
    let added = directory.add_user(user("mia", "mia")).await;
    added.expect("she is added");
    for _ in 0..2 {
        directory.close().await.expect("it closes, also twice");
    }
    let late = directory.add_user(user("ben", "ben")).await;
    assert!(matches!(late, Err(DirectoryError::Unavailable(_))));
    assert!(directory.ping().await.is_err());
    let copy = path.with_file_name("copy.db");
    fs::copy(&path, &copy).expect("it can be copied");
    assert!(!Path::new(&format!("{}-wal", path.display())).exists());
    let copied = open(&address(&copy)).await.expect("it opens");
    assert!(copied.user("mia").await.expect("it answers").is_some());
    // Beside another process, which is then the last to leave.
    let (one, other) = (open(&address(&copy)).await, open(&address(&copy)).await);
    let (one, other) = (one.expect("it opens"), other.expect("it opens"));
    other.ping().await.expect("it answers");
    one.close().await.expect("it closes");
    other.ping().await.expect("the other one goes on");
}

async fn relative(_: PathBuf) {
    let name = format!("file:people-{}?mode=memory", std::process::id());
    let directory = open(&format!("sqlite:{name}")).await.expect("it opens");
    directory.ping().await.expect("it answers");
    assert!(Path::new(&name).is_file());
    drop(directory);
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{name}{suffix}"));
    }
}

async fn mute(path: PathBuf) {
    let directory = open(&address(&path)).await.expect("it opens");
    let added = directory.add_user(user("mia", "hunter2")).await;
    added.expect("she is added");
    let other = Connection::open(&path).expect("it opens");
    let dropped = other.execute_batch("DROP TABLE session; DROP TABLE membership;");
    dropped.expect("they are gone");
    let read = directory.user_named("hunter2").await.expect_err("it fails");
    let written = directory.add_session(session(1, "mia")).await;
    for error in [read, written.expect_err("it fails")] {
        let text = error.to_string();
        assert!(matches!(error, DirectoryError::Unavailable(_)), "{text}");
        for word in ["hunter2", "mia", "SELECT"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}
