//! A store in a file.

mod backup;
mod connection;
mod file;
mod number;
mod place;
mod readers;
mod reading;
mod writer;
mod writing;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

pub use self::backup::Copied;
pub use self::file::SqliteError;
use self::place::Place;
use self::readers::Readers;
use self::writer::Writer;
use super::{
    Commit, CommitError, Inventory, Key, KeyNotes, Kind, Listed, Store, Stored, Trail, Trailed,
    Unavailable,
};

/// A store in one file, by SQLite: for one machine.
///
/// Its clones are the same store. Several processes may use one file, on a disk of the same machine: SQLite's locks do
/// not hold on network file systems.
///
/// What was answered is on the disk: a commit is answered once the file was synced (WAL, `synchronous=FULL`). Commits
/// that wait for the disk at the same time share one sync. Beside the file lie two others, `-wal` and `-shm`; the
/// first holds what was committed last, and belongs to it. All three are made for this process's user alone.
///
/// A file that is moved away or replaced while it is open is [`Unavailable`] from then on.
///
/// Nobody has to tend it: each commit collects a few records whose time has come. Events are kept until
/// [`prune`](Trail::prune).
///
/// # Backup
///
/// [`backup`](Self::backup) copies the store as it is at one moment, while it is used. Do not copy the file by other
/// means while a process has it open. Values in the copy are sealed like in the file, and need the same keys; names of users
/// and events are not sealed. A backup is worth what its keys are worth: keep them apart.
///
/// To [`restore`](Self::restore) one turns time back:
///
/// * the marks of codes that were used since are gone. A code that is still within its time, of the last minute or so,
///   would be good a second time: wait two minutes before anybody may sign in;
/// * a recovery code that was used since is good again, and the one given in its place is not;
/// * factors that were removed or replaced since are back, and new ones are gone; so it is with resets and locks;
/// * counts of wrong codes and of text messages are lower;
/// * tickets and devices that were revoked since are good again;
/// * events since are gone, and their positions will be given to others: a consumer that keeps its own position must
///   begin anew.
///
/// So revoke the tickets, devices and recovery codes of all users, and reset whoever changed a factor since.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use countersign_host::store::{Change, Commit, Key, Kind, SqliteStore, Store};
///
/// # let directory = std::env::temp_dir().join(format!("countersign-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let store = SqliteStore::open(directory.join("mfa.db")).await?;
/// let key = Key { realm: "example".into(), record: Kind::Account.named("mia") };
/// let put = Change::Put {
///     key: key.clone(),
///     expected: None,
///     value: b"sealed".to_vec(),
///     collectable_at: None,
/// };
/// store.commit(Commit::new(1_750_000_020, vec![put])).await?;
/// assert!(store.get(&[key]).await?[0].is_some());
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore(Arc<Opened>);

struct Opened {
    place: Place,
    writer: Writer,
    readers: Readers,
}

impl SqliteStore {
    /// Opens a file, and makes it if it is not there. An older schema is brought up to date.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] says why it cannot be a store. A file that is not ours is left as it is.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        let path = absolute(path.as_ref())?;
        blocking(path.clone(), move || {
            let connection = file::prepare(&path)?;
            let place = Place::of(&path).map_err(|error| SqliteError::io(&path, &error))?;
            let readers = Readers::new(place.clone());
            let writer = Writer::start(place.clone(), connection, readers.clone())
                .map_err(|error| SqliteError::io(&path, &error))?;
            Ok(Self(Arc::new(Opened {
                place,
                writer,
                readers,
            })))
        })
        .await
    }

    /// Copies the store, as it is at one moment, into a new file, which only this process's user may read. `told` hears
    /// how far it is.
    ///
    /// It may be used meanwhile. What is written while the copy is made stays in the `-wal` file until it is done.
    ///
    /// # Errors
    ///
    /// [`SqliteError`], also if there is a file of that name. Then nothing is left behind under it.
    pub async fn backup(
        &self,
        to: impl AsRef<Path>,
        told: impl FnMut(Copied) + Send + 'static,
    ) -> Result<(), SqliteError> {
        let place = self.0.place.clone();
        let is_closed = self.0.writer.is_closed();
        let to = absolute(to.as_ref())?;
        blocking(to.clone(), move || {
            let is_there = match is_closed {
                true => Err(Unavailable("it was closed".to_owned())),
                false => place.check(),
            };
            is_there.map_err(|error| SqliteError::Failed {
                path: place.path().to_owned(),
                why: error.0,
            })?;
            backup::copy(place.path(), &to, told)
        })
        .await
    }

    /// Checks a whole file that no process has open: that it is a store of this version or an older one, and not damaged.
    ///
    /// It cannot say whether values open; that takes the keys.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] says what is wrong.
    pub async fn check(path: impl AsRef<Path>) -> Result<(), SqliteError> {
        let path = absolute(path.as_ref())?;
        blocking(path.clone(), move || backup::check(&path)).await
    }

    /// Checks a backup, and copies it to where a store shall be. What that means is said [above](Self#backup).
    ///
    /// Stop every process that uses the store, and move its file away, with `-wal` and `-shm` if they are there.
    ///
    /// # Errors
    ///
    /// [`SqliteError`], also if there is a file in the place, or one of those beside it.
    pub async fn restore(
        from: impl AsRef<Path>,
        to: impl AsRef<Path>,
        told: impl FnMut(Copied) + Send + 'static,
    ) -> Result<(), SqliteError> {
        let (from, to) = (absolute(from.as_ref())?, absolute(to.as_ref())?);
        blocking(to.clone(), move || {
            backup::check(&from)?;
            backup::copy(&from, &to, told)
        })
        .await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        let keys = keys.to_vec();
        let get = move |it: &rusqlite::Connection| reading::get(it, &keys);
        self.0.readers.read(get).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.0.writer.write(|it| it.commit(commit)).await?
    }
}

#[async_trait]
impl Trail for SqliteStore {
    async fn events(
        &self,
        realm: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Trailed>, Unavailable> {
        let realm = realm.to_owned();
        let events = move |it: &rusqlite::Connection| reading::events(it, &realm, after, limit);
        self.0.readers.read(events).await
    }

    async fn last_position(&self, realm: &str) -> Result<u64, Unavailable> {
        let realm = realm.to_owned();
        let last = move |it: &rusqlite::Connection| reading::last_position(it, &realm);
        self.0.readers.read(last).await
    }

    async fn consumers(&self, realm: &str) -> Result<Vec<(String, u64)>, Unavailable> {
        let realm = realm.to_owned();
        let consumers = move |it: &rusqlite::Connection| reading::consumers(it, &realm);
        self.0.readers.read(consumers).await
    }

    async fn move_consumer(
        &self,
        realm: &str,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, Unavailable> {
        let (realm, name) = (realm.to_owned(), name.to_owned());
        let position = |it: u64| {
            i64::try_from(it).map_err(|_| Unavailable("there is no such position".to_owned()))
        };
        let (from, to) = (position(from)?, position(to)?);
        let writer = &self.0.writer;
        let moved = writer.write(move |it| it.move_consumer(&realm, &name, from, to));
        moved.await
    }

    async fn forget_consumer(&self, realm: &str, name: &str) -> Result<(), Unavailable> {
        let (realm, name) = (realm.to_owned(), name.to_owned());
        let writer = &self.0.writer;
        writer
            .write(move |it| it.forget_consumer(&realm, &name))
            .await
    }

    async fn prune(&self, realm: &str, time: u64) -> Result<u64, Unavailable> {
        let realm: Arc<str> = realm.into();
        let (mut after, mut pruned) = (0, 0_u64);
        loop {
            let of = realm.clone();
            let next = self.0.readers.read(move |it| {
                let next = reading::to_prune(it, &of, after, time, PIECE)?;
                Ok(next)
            });
            let Some((last, any)) = next.await? else {
                return Ok(pruned);
            };
            if any {
                let of = realm.clone();
                let writer = &self.0.writer;
                let deleted = writer.write(move |it| it.prune(&of, after, last, time));
                pruned = pruned.saturating_add(count(deleted.await?));
            }
            after = last;
        }
    }
}

#[async_trait]
impl Inventory for SqliteStore {
    async fn list(
        &self,
        realm: &str,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        let (realm, after) = (realm.to_owned(), after.map(str::to_owned));
        self.0
            .readers
            .read(move |it| reading::list(it, &realm, kind, after.as_deref(), limit))
            .await
    }

    async fn count(&self, realm: &str, kind: Kind) -> Result<u64, Unavailable> {
        let realm = realm.to_owned();
        let count = move |it: &rusqlite::Connection| reading::count(it, &realm, kind);
        self.0.readers.read(count).await
    }

    async fn collect(&self, time: u64) -> Result<u64, Unavailable> {
        let mut collected = 0_u64;
        loop {
            let piece = self.0.writer.write(move |it| it.collect(time, PIECE));
            match piece.await? {
                0 => return Ok(collected),
                piece => collected = collected.saturating_add(count(piece)),
            }
        }
    }

    async fn key_notes(&self, realm: &str) -> Result<KeyNotes, Unavailable> {
        let realm = realm.to_owned();
        let notes = move |it: &rusqlite::Connection| reading::key_notes(it, &realm);
        self.0.readers.read(notes).await
    }

    async fn note_key(
        &self,
        realm: &str,
        index: u32,
        sealing: u32,
    ) -> Result<KeyNotes, Unavailable> {
        let realm = realm.to_owned();
        let writer = &self.0.writer;
        writer
            .write(move |it| it.note_key(&realm, index, sealing))
            .await
    }

    async fn forget_key(&self, realm: &str, sealing: u32) -> Result<(), Unavailable> {
        let realm = realm.to_owned();
        let writer = &self.0.writer;
        writer.write(move |it| it.forget_key(&realm, sealing)).await
    }

    async fn close(&self) -> Result<(), Unavailable> {
        // Before the connection that writes: only the last to leave may remove the -wal file.
        self.0.readers.end().await;
        self.0.writer.close().await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.0.place.path())
            .finish_non_exhaustive()
    }
}

/// Makes a path absolute: SQLite takes some relative ones, such as `:memory:` and `file:…`, for something else.
fn absolute(path: &Path) -> Result<PathBuf, SqliteError> {
    std::path::absolute(path).map_err(|error| SqliteError::io(path, &error))
}

/// Does what waits for the disk where it may.
async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce() -> Result<T, SqliteError> + Send + 'static,
) -> Result<T, SqliteError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        Err(SqliteError::Failed {
            path,
            why: "the work on it did not finish".to_owned(),
        })
    })
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// Rows that are deleted in one go: a few milliseconds, for which a sign-in may wait.
const PIECE: i64 = 500;
