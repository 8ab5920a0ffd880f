//! `countersign keys rotate`.

use std::io::Write;
use std::sync::Arc;

use clap::Args;
use countersign_host::keyring::{LocalKeyring, claim};
use countersign_host::random::SystemRandom;
use countersign_host::seal::{Sealer, key_id};
use countersign_host::store::{Change, Commit, CommitError, Content, Database, Key, Kind, Listed};
use zeroize::Zeroizing;

use crate::database::{Access, KeyedArgs};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::status::now;
use crate::style::{BOLD, DIM, GOOD};
use crate::walk::{Pages, together};

/// Seals again, with the active key, every record that is sealed with another: the last step of a rotation
///
/// Users sign in meanwhile. It can be stopped and begun again: what is sealed with the active key is passed over. Every
/// gateway must have the active key by now, or it refuses the records that are sealed with it.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Rotate {
    #[command(flatten)]
    store: KeyedArgs,
}

impl Rotate {
    pub(super) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let keyring = Arc::new(self.store.keyring().await?);
        let store = self.store.store.open(Access::Write).await?;
        let realm = self.store.store.realm();
        let claimed = claim(&*store, realm, &keyring).await;
        claimed.map_err(|error| Exit::Usage(format!("--keys: {error}")))?;
        let noted = store.key_notes(realm).await?.sealing;
        if let Some(id) = noted.into_iter().find(|id| keyring.is_to_come(*id)) {
            return Err(Exit::AnsweredNo(format!(
                "another gateway seals with the key {id:08x} already: make it active here first"
            )));
        }
        let work = Resealing {
            store: store.clone(),
            realm: realm.into(),
            active: keyring.key_id(),
            sealer: Sealer::new(keyring.clone(), Arc::new(SystemRandom)),
        };
        let sealed = tokio::select! {
            sealed = work.all() => sealed?,
            _ = tokio::signal::ctrl_c() => {
                anstream::eprintln!("stopped; run it again for the rest");
                return Err(Exit::Interrupted);
            }
        };
        let forgotten = forget_others(&*store, realm, &keyring).await?;
        let active = keyring.key_id();
        writeln!(
            out,
            "{GOOD}rotated{GOOD:#}: {BOLD}{sealed}{BOLD:#} records sealed again; all are sealed with {active:08x}"
        )?;
        for id in forgotten {
            writeln!(
                out,
                "{DIM}no record needs {id:08x}; leave it in the file as retired{DIM:#}"
            )?;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Resealing {
    store: Arc<dyn Database>,
    realm: Arc<str>,
    active: u32,
    sealer: Sealer,
}

impl Resealing {
    /// Walks the records until none is sealed with another key, and returns how many were.
    ///
    /// A gateway that was not restarted seals with the old key what was passed already, so that a walk counts only if it
    /// finds nothing.
    async fn all(&self) -> Result<u64, Exit> {
        let mut sealed = 0_u64;
        for _ in 0..WALKS {
            let (some, unreadable) = self.walk().await?;
            sealed = sealed.saturating_add(some);
            match (some, unreadable) {
                (0, 0) => return Ok(sealed),
                (0, unreadable) => {
                    return Err(Exit::AnsweredNo(format!(
                        "{sealed} records were sealed again, and {unreadable} cannot be opened with these keys: they are \
                         left as they are"
                    )));
                }
                _ => {}
            }
        }
        Err(Exit::AnsweredNo(format!(
            "{sealed} records were sealed again, and some gateway goes on sealing with another key: see that all have the \
             new key as the active one, and run it again"
        )))
    }

    /// Walks once, and returns how many records were sealed again and how many cannot be opened.
    async fn walk(&self) -> Result<(u64, u64), Exit> {
        let mut total = 0_u64;
        for kind in KINDS {
            let count = self.store.count(&self.realm, kind).await?;
            total = total.saturating_add(count);
        }
        let progress = Progress::of("records", Some(total));
        let (mut sealed, mut unreadable) = (0_u64, 0_u64);
        for kind in KINDS {
            let mut pages = Pages::of(&*self.store, &self.realm, kind);
            while let Some(page) = pages.next().await? {
                let count = u64::try_from(page.len()).unwrap_or(u64::MAX);
                let others = page.into_iter().filter(|it| self.is_other(&it.content));
                let done = together(others, |it| {
                    let work = self.clone();
                    async move { work.one(kind, it).await }
                });
                for done in done.await {
                    let count = match done? {
                        Resealed::Yes => &mut sealed,
                        Resealed::Unreadable => &mut unreadable,
                    };
                    *count = count.saturating_add(1);
                }
                progress.add(count);
            }
        }
        Ok((sealed, unreadable))
    }

    fn is_other(&self, content: &Content) -> bool {
        match content {
            Content::Sealed(sealed) => key_id(sealed) != Some(self.active),
            Content::Count(_) => false,
        }
    }

    /// Seals a record again, unless somebody else replaces it meanwhile: the next walk looks at theirs.
    async fn one(&self, kind: Kind, it: Listed) -> Result<Resealed, Exit> {
        let Content::Sealed(sealed) = &it.content else {
            return Ok(Resealed::Unreadable);
        };
        let key = Key {
            realm: self.realm.clone(),
            record: kind.named(&it.name),
        };
        let Ok(value) = self.sealer.open(&key, sealed).map(Zeroizing::new) else {
            // One damaged record keeps no other from its new key.
            return Ok(Resealed::Unreadable);
        };
        let value = self.sealer.seal(&key, &value);
        let put = Change::Put {
            key,
            expected: Some(it.version),
            value: value.map_err(|error| Exit::Fault(error.to_string()))?,
            collectable_at: it.collectable_at,
        };
        match self.store.commit(Commit::new(now()?, vec![put])).await {
            Ok(()) | Err(CommitError::Conflict) => Ok(Resealed::Yes),
            Err(error) => Err(Exit::Fault(format!("{error}; run it again for the rest"))),
        }
    }
}

/// What became of a record.
enum Resealed {
    /// It is sealed with the active key, or somebody else wrote it meanwhile.
    Yes,
    Unreadable,
}

/// Notes that no record is sealed with any other key of the keyring. Returns which were noted.
async fn forget_others(
    store: &dyn Database,
    realm: &str,
    keyring: &LocalKeyring,
) -> Result<Vec<u32>, Exit> {
    let mut noted = store.key_notes(realm).await?.sealing;
    // Gateways may seal with one that is to come at any time.
    noted.retain(|id| *id != keyring.key_id() && !keyring.is_to_come(*id));
    for id in &noted {
        store.forget_key(realm, *id).await?;
    }
    Ok(noted)
}

/// All that is sealed.
const KINDS: [Kind; 3] = [Kind::Account, Kind::Tickets, Kind::Policy];

/// The first does the work, the second finds what was written meanwhile, the third finds nothing.
const WALKS: usize = 4;

const EXIT_CODES: &str = "\
Exit codes:
  0    every record is sealed with the active key
  1    the command could not do its work; run it again for the rest
  2    the command line, the store or the keys cannot be used
  4    records cannot be opened, or a gateway seals with another key
  130  Ctrl-C; run it again for the rest";
