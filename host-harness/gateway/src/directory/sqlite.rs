//! A directory in a file.

mod connection;
mod file;
mod reading;
mod writing;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, TransactionBehavior};

use self::connection::{Desk, Failed};
use super::bounds::{self, folded};
use super::{
    Company, Counted, Directory, DirectoryError, Member, NewUser, OpenError, PasswordHash,
    SessionId, StoredSession, User, Voucher,
};

/// A directory in one file, by SQLite: for the gateways of one machine.
///
/// Its clones are the same directory. Several processes may use one file, on a disk of the same machine: SQLite's locks
/// do not hold on network file systems. What was answered is on the disk (WAL, `synchronous=FULL`). The file, and the
/// two that SQLite keeps beside it, are for this process's user alone. One that is moved away or replaced while it is
/// open is [`Unavailable`](DirectoryError::Unavailable) from then on.
///
/// # Backup
///
/// Copy it with SQLite's own means (`sqlite3 FILE ".backup TO"`), not as a file while it is open. An older copy has
/// older passwords, and sessions and vouchers that were ended since: after putting one in place, end all sessions.
#[derive(Clone)]
pub struct SqliteDirectory {
    writer: Desk,
    reader: Desk,
}

impl SqliteDirectory {
    /// Opens a file, and makes it if it is not there. An older schema is brought up to date.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. A file that is another program's, or a newer version's, is left as it is.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        // SQLite takes some relative paths, such as `:memory:` and `file:…`, for something else.
        let path = std::path::absolute(path)
            .map_err(|error| OpenError::Unusable(format!("{}: {error}", path.display())))?;
        blocking(move || {
            let (place, connection) = file::prepare(&path)?;
            Ok(Self {
                reader: Desk::new(Some(place.clone()), None),
                writer: Desk::new(Some(place), Some(connection)),
            })
        })
        .await
    }

    /// Makes a directory in memory, which is gone with the last of its clones.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if there is no memory.
    pub async fn in_memory() -> Result<Self, OpenError> {
        blocking(|| {
            let desk = Desk::new(None, Some(file::prepare_in_memory()?));
            Ok(Self {
                reader: desk.clone(),
                writer: desk,
            })
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, DirectoryError> {
        let deferred = TransactionBehavior::Deferred;
        self.reader.transact(deferred, work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, DirectoryError> {
        let immediate = TransactionBehavior::Immediate;
        self.writer.transact(immediate, work).await
    }
}

#[async_trait]
impl Directory for SqliteDirectory {
    async fn add_user(&self, user: NewUser) -> Result<(), DirectoryError> {
        bounds::require_user(&user)?;
        self.write(move |it| writing::add_user(it, &user)).await
    }

    async fn user(&self, id: &str) -> Result<Option<User>, DirectoryError> {
        let id = id.to_owned();
        self.read(move |it| reading::user(it, &id)).await
    }

    async fn user_named(&self, name: &str) -> Result<Option<User>, DirectoryError> {
        if !bounds::is_name(name) {
            return Ok(None);
        }
        let folded = folded(name);
        self.read(move |it| reading::user_named(it, &folded)).await
    }

    async fn users(
        &self,
        company: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<User>, DirectoryError> {
        let (company, after) = (company.map(str::to_owned), after.map(str::to_owned));
        self.read(move |it| reading::users(it, company.as_deref(), after.as_deref(), limit))
            .await
    }

    async fn set_password(
        &self,
        id: &str,
        password: PasswordHash,
        except: Option<&SessionId>,
    ) -> Result<(), DirectoryError> {
        bounds::require_password(&password)?;
        let (id, except) = (id.to_owned(), except.copied());
        self.write(move |it| writing::set_password(it, &id, &password, except.as_ref()))
            .await
    }

    async fn set_memberships(&self, id: &str, of: Vec<Member>) -> Result<(), DirectoryError> {
        bounds::require_members(&of)?;
        let id = id.to_owned();
        self.write(move |it| writing::set_memberships(it, &id, &of))
            .await
    }

    async fn set_active(&self, id: &str, is_active: bool) -> Result<(), DirectoryError> {
        let id = id.to_owned();
        self.write(move |it| writing::set_active(it, &id, is_active))
            .await
    }

    async fn note_enrolled(&self, id: &str) -> Result<(), DirectoryError> {
        let id = id.to_owned();
        self.write(move |it| writing::note_enrolled(it, &id)).await
    }

    async fn put_company(&self, company: Company) -> Result<(), DirectoryError> {
        bounds::require_company(&company)?;
        self.write(move |it| writing::put_company(it, &company))
            .await
    }

    async fn companies(&self) -> Result<Vec<Company>, DirectoryError> {
        self.read(reading::companies).await
    }

    async fn add_session(&self, session: StoredSession) -> Result<(), DirectoryError> {
        bounds::require_session(&session)?;
        self.write(move |it| writing::add_session(it, &session))
            .await
    }

    async fn session(
        &self,
        id: &SessionId,
        now: u64,
    ) -> Result<Option<StoredSession>, DirectoryError> {
        let id = *id;
        self.read(move |it| reading::session(it, &id, now)).await
    }

    async fn replace_session(&self, session: &StoredSession) -> Result<bool, DirectoryError> {
        bounds::require_session(session)?;
        let session = session.clone();
        self.write(move |it| writing::replace_session(it, &session))
            .await
    }

    async fn rotate_session(
        &self,
        old: &SessionId,
        version: u64,
        new: StoredSession,
    ) -> Result<bool, DirectoryError> {
        bounds::require_session(&new)?;
        let old = *old;
        self.write(move |it| writing::rotate_session(it, &old, version, &new))
            .await
    }

    async fn end_session(&self, id: &SessionId) -> Result<(), DirectoryError> {
        let id = *id;
        self.write(move |it| writing::end_session(it, &id)).await
    }

    async fn end_sessions(
        &self,
        user: &str,
        except: Option<&SessionId>,
    ) -> Result<(), DirectoryError> {
        let (user, except) = (user.to_owned(), except.copied());
        self.write(move |it| writing::end_sessions(it, &user, except.as_ref()))
            .await
    }

    async fn put_voucher(&self, voucher: Voucher) -> Result<(), DirectoryError> {
        self.write(move |it| writing::put_voucher(it, &voucher))
            .await
    }

    async fn spend_voucher(
        &self,
        user: &str,
        digest: &[u8; 32],
        now: u64,
    ) -> Result<bool, DirectoryError> {
        let (user, digest) = (user.to_owned(), *digest);
        self.write(move |it| writing::spend_voucher(it, &user, &digest, now))
            .await
    }

    async fn count(
        &self,
        key: &[u8; 32],
        now: u64,
        ends_at: u64,
        ceiling: u32,
    ) -> Result<Counted, DirectoryError> {
        let key = *key;
        self.write(move |it| writing::count(it, &key, now, ends_at, ceiling))
            .await
    }

    async fn uncount(&self, key: &[u8; 32]) -> Result<(), DirectoryError> {
        let key = *key;
        self.write(move |it| writing::uncount(it, &key)).await
    }

    async fn collect(&self, now: u64) -> Result<u64, DirectoryError> {
        self.write(move |it| writing::collect(it, now)).await
    }

    async fn ping(&self) -> Result<(), DirectoryError> {
        self.read(reading::ping).await
    }

    async fn close(&self) -> Result<(), DirectoryError> {
        // Before the connection that writes: only the last to leave may remove the -wal file.
        let read = self.reader.close().await;
        self.writer.close().await.and(read)
    }
}

impl fmt::Debug for SqliteDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteDirectory(..)")
    }
}

/// Does what waits for the disk where it may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    let done = tokio::task::spawn_blocking(work).await;
    let unfinished = || OpenError::Unavailable("the work on the file did not finish".to_owned());
    done.unwrap_or_else(|_| Err(unfinished()))
}

/// How long to wait for one's turn: each of those before takes a sync of the disk.
const TURN: Duration = Duration::from_secs(4);

/// How long to wait for another process's lock.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// How long a piece of work may take once it is its turn: longer than [`PATIENCE`], so that whoever waits for a lock is told so.
const TIME: Duration = Duration::from_millis(2_500);
