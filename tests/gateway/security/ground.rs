//! What a gateway stands on, watched: each write is noted, and it can be made to fail.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use countersign_gateway::directory::{
    Company, Counted, Directory, DirectoryError, Member, NewUser, PasswordHash, SessionId,
    StoredSession, User, Voucher,
};
use countersign_host::store::{
    Commit, CommitError, Database, Inventory, Key, KeyNotes, Kind, Listed, Store, Stored, Trail,
    Trailed, Unavailable,
};

/// What was written, and whether anything is answered.
#[derive(Default)]
pub(crate) struct Watch {
    written: Mutex<Vec<&'static str>>,
    is_down: AtomicBool,
    writes_fail: AtomicBool,
    before: Mutex<Option<(&'static str, Deed)>>,
}

/// Something that is done just before a call.
pub(crate) type Deed = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Watch {
    /// Returns what was written since it was asked last.
    pub(crate) fn written(&self) -> Vec<&'static str> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut written)
    }

    /// Has nothing be answered any more, or again.
    pub(crate) fn is_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Has whatever would be written fail, while all can be read.
    pub(crate) fn writes_fail(&self, fail: bool) {
        self.writes_fail.store(fail, Ordering::SeqCst);
    }

    /// Does something just before the next call of a name.
    pub(crate) fn before(&self, call: &'static str, deed: Deed) {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        *before = Some((call, deed));
    }

    async fn pass(&self, call: &'static str, is_write: bool) -> Result<(), String> {
        let deed = {
            let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
            match before.as_ref() {
                Some((of, _)) if *of == call => before.take(),
                _ => None,
            }
        };
        if let Some((_, deed)) = deed {
            deed.await;
        }
        let fails = is_write && self.writes_fail.load(Ordering::SeqCst);
        if fails || self.is_down.load(Ordering::SeqCst) {
            return Err("it is down, for a test".to_owned());
        }
        if is_write {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            written.push(call);
        }
        Ok(())
    }
}

/// A directory that is watched.
pub(crate) struct WatchedDirectory {
    pub(crate) inner: Arc<dyn Directory>,
    pub(crate) watch: Arc<Watch>,
}

/// A store that is watched.
pub(crate) struct WatchedStore {
    pub(crate) inner: Arc<dyn Database>,
    pub(crate) watch: Arc<Watch>,
}

#[async_trait]
impl Directory for WatchedDirectory {
    async fn add_user(&self, user: NewUser) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("add_user", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.add_user(user).await
    }

    async fn user(&self, id: &str) -> Result<Option<User>, DirectoryError> {
        let passed = self.watch.pass("user", false).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.user(id).await
    }

    async fn user_named(&self, name: &str) -> Result<Option<User>, DirectoryError> {
        let passed = self.watch.pass("user_named", false).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.user_named(name).await
    }

    async fn users(
        &self,
        company: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<User>, DirectoryError> {
        let passed = self.watch.pass("users", false).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.users(company, after, limit).await
    }

    async fn set_password(
        &self,
        id: &str,
        password: PasswordHash,
        except: Option<&SessionId>,
    ) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("set_password", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.set_password(id, password, except).await
    }

    async fn set_memberships(&self, id: &str, of: Vec<Member>) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("set_memberships", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.set_memberships(id, of).await
    }

    async fn set_active(&self, id: &str, is_active: bool) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("set_active", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.set_active(id, is_active).await
    }

    async fn note_enrolled(&self, id: &str) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("note_enrolled", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.note_enrolled(id).await
    }

    async fn put_company(&self, company: Company) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("put_company", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.put_company(company).await
    }

    async fn companies(&self) -> Result<Vec<Company>, DirectoryError> {
        let passed = self.watch.pass("companies", false).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.companies().await
    }

    async fn add_session(&self, session: StoredSession) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("add_session", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.add_session(session).await
    }

    async fn session(
        &self,
        id: &SessionId,
        now: u64,
    ) -> Result<Option<StoredSession>, DirectoryError> {
        let passed = self.watch.pass("session", false).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.session(id, now).await
    }

    async fn replace_session(&self, session: &StoredSession) -> Result<bool, DirectoryError> {
        let passed = self.watch.pass("replace_session", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.replace_session(session).await
    }

    async fn rotate_session(
        &self,
        old: &SessionId,
        version: u64,
        new: StoredSession,
    ) -> Result<bool, DirectoryError> {
        let passed = self.watch.pass("rotate_session", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.rotate_session(old, version, new).await
    }

    async fn end_session(&self, id: &SessionId) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("end_session", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.end_session(id).await
    }

    async fn end_sessions(
        &self,
        user: &str,
        except: Option<&SessionId>,
    ) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("end_sessions", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.end_sessions(user, except).await
    }

    async fn put_voucher(&self, voucher: Voucher) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("put_voucher", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.put_voucher(voucher).await
    }

    async fn spend_voucher(
        &self,
        user: &str,
        digest: &[u8; 32],
        now: u64,
    ) -> Result<bool, DirectoryError> {
        let passed = self.watch.pass("spend_voucher", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.spend_voucher(user, digest, now).await
    }

    async fn count(
        &self,
        key: &[u8; 32],
        now: u64,
        ends_at: u64,
        ceiling: u32,
    ) -> Result<Counted, DirectoryError> {
        let passed = self.watch.pass("count", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.count(key, now, ends_at, ceiling).await
    }

    async fn uncount(&self, key: &[u8; 32]) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("uncount", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.uncount(key).await
    }

    async fn collect(&self, now: u64) -> Result<u64, DirectoryError> {
        let passed = self.watch.pass("collect", true).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.collect(now).await
    }

    async fn ping(&self) -> Result<(), DirectoryError> {
        let passed = self.watch.pass("ping", false).await;
        passed.map_err(DirectoryError::Unavailable)?;
        self.inner.ping().await
    }

    async fn close(&self) -> Result<(), DirectoryError> {
        self.inner.close().await
    }
}

#[async_trait]
impl Store for WatchedStore {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        let passed = self.watch.pass("get", false).await;
        passed.map_err(Unavailable)?;
        self.inner.get(keys).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let passed = self.watch.pass("commit", true).await;
        passed.map_err(|why| CommitError::from(Unavailable(why)))?;
        self.inner.commit(commit).await
    }
}

#[async_trait]
impl Trail for WatchedStore {
    async fn events(
        &self,
        realm: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Trailed>, Unavailable> {
        let passed = self.watch.pass("events", false).await;
        passed.map_err(Unavailable)?;
        self.inner.events(realm, after, limit).await
    }

    async fn last_position(&self, realm: &str) -> Result<u64, Unavailable> {
        let passed = self.watch.pass("last_position", false).await;
        passed.map_err(Unavailable)?;
        self.inner.last_position(realm).await
    }

    async fn consumers(&self, realm: &str) -> Result<Vec<(String, u64)>, Unavailable> {
        let passed = self.watch.pass("consumers", false).await;
        passed.map_err(Unavailable)?;
        self.inner.consumers(realm).await
    }

    async fn move_consumer(
        &self,
        realm: &str,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, Unavailable> {
        let passed = self.watch.pass("move_consumer", true).await;
        passed.map_err(Unavailable)?;
        self.inner.move_consumer(realm, name, from, to).await
    }

    async fn forget_consumer(&self, realm: &str, name: &str) -> Result<(), Unavailable> {
        let passed = self.watch.pass("forget_consumer", true).await;
        passed.map_err(Unavailable)?;
        self.inner.forget_consumer(realm, name).await
    }

    async fn prune(&self, realm: &str, time: u64) -> Result<u64, Unavailable> {
        let passed = self.watch.pass("prune", true).await;
        passed.map_err(Unavailable)?;
        self.inner.prune(realm, time).await
    }
}

#[async_trait]
impl Inventory for WatchedStore {
    async fn list(
        &self,
        realm: &str,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        let passed = self.watch.pass("list", false).await;
        passed.map_err(Unavailable)?;
        self.inner.list(realm, kind, after, limit).await
    }

    async fn count(&self, realm: &str, kind: Kind) -> Result<u64, Unavailable> {
        let passed = self.watch.pass("count", false).await;
        passed.map_err(Unavailable)?;
        self.inner.count(realm, kind).await
    }

    async fn collect(&self, time: u64) -> Result<u64, Unavailable> {
        let passed = self.watch.pass("collect", true).await;
        passed.map_err(Unavailable)?;
        self.inner.collect(time).await
    }

    async fn key_notes(&self, realm: &str) -> Result<KeyNotes, Unavailable> {
        let passed = self.watch.pass("key_notes", false).await;
        passed.map_err(Unavailable)?;
        self.inner.key_notes(realm).await
    }

    async fn note_key(
        &self,
        realm: &str,
        index: u32,
        sealing: u32,
    ) -> Result<KeyNotes, Unavailable> {
        let passed = self.watch.pass("note_key", true).await;
        passed.map_err(Unavailable)?;
        self.inner.note_key(realm, index, sealing).await
    }

    async fn forget_key(&self, realm: &str, sealing: u32) -> Result<(), Unavailable> {
        let passed = self.watch.pass("forget_key", true).await;
        passed.map_err(Unavailable)?;
        self.inner.forget_key(realm, sealing).await
    }

    async fn close(&self) -> Result<(), Unavailable> {
        self.inner.close().await
    }
}
