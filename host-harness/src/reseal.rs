//! Sealing again, under the active key, what lies in a store under another one.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::clock::{Clock, ClockError, SystemClock};
use crate::keyring::{KeyringError, LocalKeyring};
use crate::random::SystemRandom;
use crate::seal::{SealError, Sealer, key_id};
use crate::store::{
    Change, Commit, CommitError, Content, Database, Key, Kind, Listed, Unavailable,
};

/// Walks through the records of a realm and seals again those that are not under the active key.
///
/// Users may sign in meanwhile. What lies under the active key is left as it is, so a walk that ended anywhere is gone on
/// with by another one. A record that does not open is left as it is too, and counted.
///
/// It walks until a walk finds nothing, since a gateway on which the new key is not active yet goes on sealing under the
/// old one.
pub struct Reseal {
    store: Arc<dyn Database>,
    realm: Arc<str>,
    keyring: Arc<LocalKeyring>,
    sealer: Sealer,
}

impl fmt::Debug for Reseal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reseal")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// How far a walk is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Records that this walk looked at.
    pub looked_at: u64,
    /// Those that were sealed again, by the walks before it, too.
    pub resealed: u64,
    /// Those that lay under the active key already, or are gone.
    pub skipped: u64,
    /// Accounts that do not open.
    pub unreadable_accounts: u64,
    /// Tickets that do not open.
    pub unreadable_tickets: u64,
    /// Policies that do not open.
    pub unreadable_policies: u64,
}

/// How a walk ended that met nothing wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// Every record is under the active key.
    Complete(Progress),
    /// It was told to stop.
    Stopped(Progress),
}

/// Why a walk ended before, or with records that it could not seal again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResealError {
    /// Records do not open, and stay as they are; all others are under the active key.
    #[error(
        "records that do not open stay as they are: {} accounts, {} tickets, {} policies",
        .0.unreadable_accounts, .0.unreadable_tickets, .0.unreadable_policies
    )]
    Unreadable(Progress),
    /// Each of several walks found some, so many in all: a gateway goes on sealing under another key.
    #[error(
        "{0} records were sealed again, and a gateway goes on sealing with another key: make the new key active on all"
    )]
    Outrun(u64),
    /// Another gateway seals with a key that is only to come here.
    #[error("another gateway seals with the key {0:08x} already: make it active here first")]
    Behind(u32),
    /// The store did not answer. Begin again.
    #[error(transparent)]
    Store(#[from] Unavailable),
    /// Nothing can be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The time is not known.
    #[error(transparent)]
    Clock(#[from] ClockError),
}

/// What is to be done with a record.
enum Judged {
    /// It lies under another key; this seals it again.
    Old(Change),
    /// Nothing.
    Counted(Fate),
}

/// What became of a record.
enum Fate {
    Resealed,
    Skipped,
    Unreadable,
}

impl Reseal {
    /// Prepares a walk. The keyring must have [claimed](crate::keyring::claim) the realm.
    pub fn new(store: Arc<dyn Database>, realm: &str, keyring: Arc<LocalKeyring>) -> Self {
        let sealer = Sealer::new(keyring.clone(), Arc::new(SystemRandom));
        Self {
            store,
            realm: realm.into(),
            keyring,
            sealer,
        }
    }

    /// Counts the records to look at, about.
    ///
    /// # Errors
    ///
    /// That of the store.
    pub async fn total(&self) -> Result<u64, Unavailable> {
        let mut total = 0_u64;
        for kind in KINDS {
            total = total.saturating_add(self.store.count(&self.realm, kind).await?);
        }
        Ok(total)
    }

    /// Walks, again and again. `on` is told how far it is, after each page, and may stop it.
    ///
    /// When a walk found nothing the store forgets the other keys that records were sealed with: a keyring without them may claim
    /// the realm then.
    ///
    /// # Errors
    ///
    /// [`ResealError`]. Whatever it is, no record was lost, and the next walk goes on.
    pub async fn run(
        &self,
        mut on: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Ended, ResealError> {
        // Before the walk: a key that is noted later was not looked for, and is not forgotten.
        let notes = self.store.key_notes(&self.realm).await?;
        if let Some(id) = notes
            .sealing
            .iter()
            .find(|id| self.keyring.is_to_come(**id))
        {
            return Err(ResealError::Behind(*id));
        }
        let mut resealed = 0;
        for _ in 0..WALKS {
            let mut progress = Progress {
                resealed,
                ..Progress::default()
            };
            if self.walk(&mut progress, &mut on).await?.is_break() {
                return Ok(Ended::Stopped(progress));
            }
            if progress.resealed > resealed {
                resealed = progress.resealed;
                continue;
            }
            if progress.unreadable() > 0 {
                return Err(ResealError::Unreadable(progress));
            }
            let active = self.keyring.key_id();
            for id in notes.sealing.into_iter().filter(|id| *id != active) {
                self.store.forget_key(&self.realm, id).await?;
            }
            return Ok(Ended::Complete(progress));
        }
        Err(ResealError::Outrun(resealed))
    }

    /// Walks once.
    async fn walk(
        &self,
        progress: &mut Progress,
        on: &mut impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ResealError> {
        for kind in KINDS {
            let mut after: Option<String> = None;
            while let Some(last) = self.page(kind, after.as_deref(), progress).await? {
                after = Some(last);
                if on(progress).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Works on the page after a name, and returns the last name of it; none when there is none.
    async fn page(
        &self,
        kind: Kind,
        after: Option<&str>,
        progress: &mut Progress,
    ) -> Result<Option<String>, ResealError> {
        let mut before = after.map(str::to_owned);
        let mut puts = Vec::new();
        let mut places = Vec::new();
        for listed in self.store.list(&self.realm, kind, after, PAGE).await? {
            let name = listed.name.clone();
            match self.judge(kind, listed)? {
                Judged::Old(put) => {
                    puts.push(put);
                    places.push((before.replace(name.clone()), name));
                }
                Judged::Counted(fate) => {
                    progress.count(kind, &fate, 1);
                    before = Some(name);
                }
            }
        }
        // One commit for all of them: on a disk, a commit each would take a hundred times as long.
        if self.committed(puts).await? {
            progress.count(kind, &Fate::Resealed, places.len());
        } else {
            for (place, name) in places {
                let fate = self.alone(kind, place, &name).await?;
                progress.count(kind, &fate, 1);
            }
        }
        // An empty page moved nothing on.
        Ok(before.filter(|last| Some(last.as_str()) != after))
    }

    /// Works on the record with a name, which comes after another, by itself: somebody writes in its page meanwhile. What
    /// came to be between the two was made by them.
    async fn alone(
        &self,
        kind: Kind,
        mut after: Option<String>,
        name: &str,
    ) -> Result<Fate, ResealError> {
        for _ in 0..TRIES {
            let listed = self.store.list(&self.realm, kind, after.as_deref(), 1);
            let listed = match listed.await?.into_iter().next() {
                Some(listed) if listed.name.as_str() < name => {
                    after = Some(listed.name);
                    continue;
                }
                Some(listed) if listed.name == name => listed,
                _ => return Ok(Fate::Skipped),
            };
            match self.judge(kind, listed)? {
                Judged::Counted(fate) => return Ok(fate),
                Judged::Old(put) => {
                    if self.committed(vec![put]).await? {
                        return Ok(Fate::Resealed);
                    }
                }
            }
        }
        Err(Unavailable("a record was written again and again".to_owned()).into())
    }

    /// Looks at a record, and seals it again if it lies under another key.
    fn judge(&self, kind: Kind, listed: Listed) -> Result<Judged, ResealError> {
        let key = Key {
            realm: self.realm.clone(),
            record: kind.named(&listed.name),
        };
        let Content::Sealed(sealed) = &listed.content else {
            return Ok(Judged::Counted(Fate::Unreadable));
        };
        if key_id(sealed) == Some(self.keyring.key_id()) {
            return Ok(Judged::Counted(Fate::Skipped));
        }
        let value = match self.sealer.open(&key, sealed) {
            Ok(value) => Zeroizing::new(value),
            Err(SealError::Unreadable | SealError::Keyring(KeyringError::UnknownKey(_))) => {
                return Ok(Judged::Counted(Fate::Unreadable));
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Judged::Old(Change::Put {
            expected: Some(listed.version),
            value: self.sealer.seal(&key, &value)?,
            collectable_at: listed.collectable_at,
            key,
        }))
    }

    /// Says whether nobody else came first.
    async fn committed(&self, puts: Vec<Change>) -> Result<bool, ResealError> {
        if puts.is_empty() {
            return Ok(true);
        }
        let commit = Commit::new(SystemClock.now()?, puts);
        match self.store.commit(commit).await {
            Ok(()) => Ok(true),
            Err(CommitError::Unavailable(error)) => Err(error.into()),
            Err(_) => Ok(false),
        }
    }
}

impl Progress {
    /// Returns how many records do not open.
    pub fn unreadable(&self) -> u64 {
        let accounts = self.unreadable_accounts;
        let others = self
            .unreadable_tickets
            .saturating_add(self.unreadable_policies);
        accounts.saturating_add(others)
    }

    fn count(&mut self, kind: Kind, fate: &Fate, records: usize) {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        let counted = match (fate, kind) {
            (Fate::Resealed, _) => &mut self.resealed,
            (Fate::Skipped, _) => &mut self.skipped,
            (Fate::Unreadable, Kind::Account) => &mut self.unreadable_accounts,
            (Fate::Unreadable, Kind::Tickets) => &mut self.unreadable_tickets,
            (Fate::Unreadable, _) => &mut self.unreadable_policies,
        };
        *counted = counted.saturating_add(records);
        self.looked_at = self.looked_at.saturating_add(records);
    }
}

const KINDS: [Kind; 3] = [Kind::Account, Kind::Tickets, Kind::Policy];
/// Records in memory at once: some megabytes at most.
const PAGE: usize = 100;
/// The first does the work, the second finds what was written meanwhile, the third finds nothing.
const WALKS: usize = 4;
/// How often one record may be written between reading and writing it.
const TRIES: u32 = 16;
