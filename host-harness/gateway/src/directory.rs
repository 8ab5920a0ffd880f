//! Who there is: people, their passwords and companies, and the sessions they have open.
//!
//! All of it is the gateway's own. What concerns the second factor lies in the plugin's store, sealed, under the
//! [`User::id`].

mod bounds;
mod kept;
mod open;
mod postgres;
mod sqlite;

use std::fmt;

use async_trait::async_trait;

pub(crate) use self::bounds::folded;
pub use self::open::{OpenError, open};
pub use self::postgres::PostgresDirectory;
pub use self::sqlite::SqliteDirectory;

/// A place for people, companies, sessions and short-lived counts. Every gateway of a realm uses the same one.
///
/// Each method is one transaction: it happens whole or not at all. What was answered is on the disk.
///
/// # Security
///
/// A directory that answers with what was before a commit keeps a session open that was ended, and a voucher good that was
/// used. Read from the primary.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Adds a person.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Taken`] if the id, or the name in any case of letters, is somebody's.
    async fn add_user(&self, user: NewUser) -> Result<(), DirectoryError>;

    /// Finds a person by id.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn user(&self, id: &str) -> Result<Option<User>, DirectoryError>;

    /// Finds a person by the name typed to sign in, whatever the case of its letters.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn user_named(&self, name: &str) -> Result<Option<User>, DirectoryError>;

    /// Lists at most `limit` people whose ids come after `after`, in the order of the ids' bytes: those of a company, or
    /// all.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn users(
        &self,
        company: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<User>, DirectoryError>;

    /// Replaces a person's password, and ends all sessions but `except`.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unknown`] if there is no such person.
    async fn set_password(
        &self,
        id: &str,
        password: PasswordHash,
        except: Option<&SessionId>,
    ) -> Result<(), DirectoryError>;

    /// Replaces a person's memberships.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unknown`] if there is no such person or company.
    async fn set_memberships(&self, id: &str, of: Vec<Member>) -> Result<(), DirectoryError>;

    /// Switches a person on or off. Whoever is off cannot sign in; their sessions end.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unknown`] if there is no such person.
    async fn set_active(&self, id: &str, is_active: bool) -> Result<(), DirectoryError>;

    /// Remembers for ever that a person was enrolled. Repeating it changes nothing; so does an unknown id.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn note_enrolled(&self, id: &str) -> Result<(), DirectoryError>;

    /// Adds a company, or renames one.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn put_company(&self, company: Company) -> Result<(), DirectoryError>;

    /// Lists all companies, in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn companies(&self) -> Result<Vec<Company>, DirectoryError>;

    /// Opens a session. Of more than 50 that somebody has, those that would end first end now.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unknown`] if there is no such person, or one that is off.
    async fn add_session(&self, session: StoredSession) -> Result<(), DirectoryError>;

    /// Reads a session that has not ended.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn session(
        &self,
        id: &SessionId,
        now: u64,
    ) -> Result<Option<StoredSession>, DirectoryError>;

    /// Replaces what a session holds, if it is still at `session.version`; the version then counts on. Says whether it was.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn replace_session(&self, session: &StoredSession) -> Result<bool, DirectoryError>;

    /// Puts a new session in place of one, if that is still there, at `version`; says whether it was.
    ///
    /// # Security
    ///
    /// Of two that race to change one session's level, one wins.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn rotate_session(
        &self,
        old: &SessionId,
        version: u64,
        new: StoredSession,
    ) -> Result<bool, DirectoryError>;

    /// Ends a session. Ending one that is not there changes nothing.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn end_session(&self, id: &SessionId) -> Result<(), DirectoryError>;

    /// Ends a person's sessions, all but `except`.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn end_sessions(
        &self,
        user: &str,
        except: Option<&SessionId>,
    ) -> Result<(), DirectoryError>;

    /// Keeps a voucher, a code that stands for a second channel, in place of the person's earlier one of its kind.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unknown`] if there is no such person.
    async fn put_voucher(&self, voucher: Voucher) -> Result<(), DirectoryError>;

    /// Spends a voucher of a person: whichever kind has this digest and has not ended. Says whether there was one; of two
    /// that race, one is told so.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn spend_voucher(
        &self,
        user: &str,
        digest: &[u8; 32],
        now: u64,
    ) -> Result<bool, DirectoryError>;

    /// Counts one more of something, unless `ceiling` of it were counted; says whether it was counted. A count begins with
    /// its first, and is over at `ends_at` of that one; after it, it begins anew.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn count(
        &self,
        key: &[u8; 32],
        now: u64,
        ends_at: u64,
        ceiling: u32,
    ) -> Result<Counted, DirectoryError>;

    /// Takes one back of what was counted. Where nothing is counted it changes nothing.
    ///
    /// # Security
    ///
    /// One, and not all: whoever is right once does not make good what others, or they themselves, tried before.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn uncount(&self, key: &[u8; 32]) -> Result<(), DirectoryError>;

    /// Deletes some of the sessions, vouchers and counts that ended before `now`; returns how many.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn collect(&self, now: u64) -> Result<u64, DirectoryError>;

    /// Says whether it answers.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`].
    async fn ping(&self) -> Result<(), DirectoryError>;

    /// Closes the directory for good, as the last thing before a process ends: what was begun is done, and then every call
    /// is [`Unavailable`](DirectoryError::Unavailable), of every clone. To close it again changes nothing. A directory
    /// that holds nothing open has nothing to do.
    ///
    /// One in a file is then whole in that one file, unless another process has it open.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Unavailable`]; it is closed, and nothing that was answered is lost, but some of it may still lie
    /// beside the file.
    async fn close(&self) -> Result<(), DirectoryError> {
        Ok(())
    }
}

/// A person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// What the plugin knows them by: never changed, never given to another. 1 to 128 bytes.
    pub id: String,
    /// What they type to sign in, as it was written when they were added.
    pub name: String,
    /// Where they get mail. Confirmed: whoever adds a person vouches for it.
    pub email: Option<String>,
    /// The password; none for somebody who cannot sign in with one.
    pub password: Option<PasswordHash>,
    /// Whether they act for the realm: over all companies.
    pub is_operator: bool,
    /// Whether they may sign in.
    pub is_active: bool,
    /// Whether they were ever enrolled, so that a missing record is a fault.
    pub was_enrolled: bool,
    /// The companies they belong to, in the order of their ids.
    pub memberships: Vec<Member>,
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// See [`User::id`].
    pub id: String,
    /// See [`User::name`].
    pub name: String,
    /// See [`User::email`].
    pub email: Option<String>,
    /// See [`User::password`].
    pub password: Option<PasswordHash>,
    /// See [`User::is_operator`].
    pub is_operator: bool,
    /// See [`User::memberships`].
    pub memberships: Vec<Member>,
}

/// That a person belongs to a company.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// The company's id.
    pub company: String,
    /// Whether they administer it.
    pub is_admin: bool,
    /// Their roles in it, for policies that tell methods by role: at most 8.
    pub roles: Vec<String>,
    /// Whether the membership counts at present.
    pub is_active: bool,
}

/// A company.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Company {
    /// What policies know it by; not `*`.
    pub id: String,
    /// What people read.
    pub name: String,
}

/// A password as it is kept: an argon2id string in the PHC form.
#[derive(Clone, Eq, PartialEq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// What a session is found by: a digest of its token, which itself is nowhere but in the browser.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct SessionId(pub [u8; 32]);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// How far somebody has got.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// The password was right, and the plugin has not let them in.
    Pending,
    /// The plugin let them in.
    Open,
}

impl Level {
    /// Returns its name. Directories keep it, so it never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
        }
    }
}

/// A session as it is kept.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: String,
    /// How far they have got.
    pub level: Level,
    /// What it holds, sealed under the token: worth nothing to whoever has the directory alone.
    pub sealed: Vec<u8>,
    /// Counts its changes, from 0.
    pub version: u64,
    /// When it ends, whatever happens.
    pub ends_at: u64,
}

/// A code that stands for a second channel: an admin's word, or a mailbox.
#[derive(Clone, Debug)]
pub struct Voucher {
    /// Whose.
    pub user: String,
    /// Which channel: `admin` or `mail`.
    pub kind: &'static str,
    /// SHA-256 over the person's id and the code.
    pub digest: [u8; 32],
    /// When it ends.
    pub ends_at: u64,
}

/// What became of a count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Counted {
    /// It was counted, as the `n`th.
    Nth(u32),
    /// The ceiling was reached before; the count is over at this time.
    Full {
        /// When.
        ends_at: u64,
    },
}

/// Why a directory did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It did not answer, or not in time. What was asked may have happened.
    #[error("the directory is not available: {0}")]
    Unavailable(String),
    /// Somebody has this id or name.
    #[error("the {0} is taken")]
    Taken(&'static str),
    /// There is no such person or company.
    #[error("no such {0}")]
    Unknown(&'static str),
    /// What it was given is out of bounds: the field, and what was expected.
    #[error("{0}: expected {1}")]
    Invalid(&'static str, &'static str),
}
