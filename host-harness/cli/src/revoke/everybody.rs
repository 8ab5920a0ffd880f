//! Revoking for everybody.

use std::collections::BTreeSet;
use std::io::{self, Write};

use countersign_host::contract::Actor;
use countersign_host::store::Kind;
use countersign_host::{Countersign, Error};

use super::{What, revoke};
use crate::database::Gateway;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::style::{BAD, BOLD, GOOD};
use crate::walk::{Pages, together};
use countersign_host::printable::Printable;

/// What was revoked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revoked {
    users: u64,
    /// How many users lost what.
    lost: Vec<(What, u64)>,
    /// Whose records cannot be read. Nobody gets in by them.
    unreadable: BTreeSet<String>,
}

/// Revokes what everybody holds, and passes over whoever holds nothing.
///
/// A user who never enrolled has tickets and no account, so that both kinds of records are walked.
///
/// # Errors
///
/// Where it cannot be done for anybody of a page: the store, the keys or the plugin are not as they should be. Single
/// users are noted, and the others go on.
pub(crate) async fn revoke_all(
    gateway: &Gateway,
    realm: &str,
    what: &[What],
    actor: &Actor,
) -> Result<Revoked, Exit> {
    let mut revoked = Revoked {
        users: 0,
        lost: what.iter().map(|it| (*it, 0)).collect(),
        unreadable: BTreeSet::new(),
    };
    let mut kinds = vec![Kind::Account];
    if what.contains(&What::Tickets) {
        kinds.push(Kind::Tickets);
    }
    for kind in kinds {
        // Counting many takes long, and is for show.
        let total = gateway.store.count(realm, kind).await.ok();
        let label = match kind {
            Kind::Tickets => "users with tickets",
            _ => "users",
        };
        let progress = Progress::of(label, total);
        let mut pages = Pages::of(&*gateway.store, realm, kind);
        while let Some(users) = pages.next_names().await? {
            let count = u64::try_from(users.len()).unwrap_or(u64::MAX);
            let done = together(users.clone(), |user| {
                one(gateway.mfa.clone(), user, what.to_vec(), actor.clone())
            });
            let done = done.await;
            let any = done.iter().any(Result::is_ok);
            for (user, lost) in users.into_iter().zip(done) {
                match lost {
                    Ok(lost) => lost.into_iter().for_each(|what| revoked.count(what)),
                    Err(_) if any || !revoked.is_nobody() => {
                        revoked.unreadable.insert(user);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            if kind == Kind::Account {
                revoked.users = revoked.users.saturating_add(count);
            }
            progress.add(count);
        }
    }
    Ok(revoked)
}

impl Revoked {
    fn is_nobody(&self) -> bool {
        self.users == 0
    }

    /// Says whether it was done for everybody.
    pub(crate) fn require_all(&self) -> Result<(), Exit> {
        match self.unreadable.len() {
            0 => Ok(()),
            some => Err(Exit::AnsweredNo(format!(
                "the records of {some} users cannot be read, and stay as they are"
            ))),
        }
    }

    fn count(&mut self, what: What) {
        for (it, count) in &mut self.lost {
            if *it == what {
                *count = count.saturating_add(1);
            }
        }
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let users = self.users;
        writeln!(
            out,
            "{GOOD}revoked{GOOD:#} in a store of {BOLD}{users}{BOLD:#} users:"
        )?;
        for (what, count) in &self.lost {
            writeln!(out, "  {} of {count}", what.words())?;
        }
        if !self.unreadable.is_empty() {
            let some: Vec<String> = self
                .unreadable
                .iter()
                .take(SHOWN)
                .map(|it| Printable(it).to_string())
                .collect();
            let count = self.unreadable.len();
            writeln!(
                out,
                "{BAD}records of {count} users cannot be read{BAD:#}, so that these cannot sign in: {}",
                some.join(", ")
            )?;
        }
        Ok(())
    }
}

/// Revokes what a user holds. Returns what there was.
async fn one(
    mfa: Countersign,
    user: String,
    what: Vec<What>,
    actor: Actor,
) -> Result<Vec<What>, Error> {
    let status = mfa.administration().status(&user).await?;
    let mut lost = Vec::new();
    if status.erased {
        return Ok(lost);
    }
    for what in what.into_iter().filter(|it| it.is_held(&status)) {
        revoke(&mfa, &user, &actor, what).await?;
        lost.push(what);
    }
    Ok(lost)
}

/// Names of users whose records cannot be read, that are printed.
const SHOWN: usize = 10;
