//! Revoking for everybody.

use std::io::{self, Write};

use countersign_host::contract::Actor;
use countersign_host::store::Kind;
use countersign_host::{Countersign, Error};

use super::{What, revoke};
use crate::database::Gateway;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::style::{BOLD, GOOD};
use crate::walk::{Pages, together};

/// What was revoked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revoked {
    users: u64,
    /// How many users lost what.
    lost: Vec<(What, u64)>,
}

/// Revokes what everybody holds, and passes over whoever holds nothing.
///
/// A user who never enrolled has tickets and no account, so that both kinds of records are walked.
///
/// # Errors
///
/// The first user's for whom it cannot be done; those before are done.
pub(crate) async fn revoke_all(
    gateway: &Gateway,
    realm: &str,
    what: &[What],
    actor: &Actor,
) -> Result<Revoked, Exit> {
    let mut revoked = Revoked {
        users: 0,
        lost: what.iter().map(|it| (*it, 0)).collect(),
    };
    let mut kinds = vec![Kind::Account];
    if what.contains(&What::Tickets) {
        kinds.push(Kind::Tickets);
    }
    for kind in kinds {
        let total = gateway.store.count(realm, kind).await?;
        let label = match kind {
            Kind::Tickets => "users with tickets",
            _ => "users",
        };
        let progress = Progress::of(label, Some(total));
        let mut pages = Pages::of(&*gateway.store, realm, kind);
        while let Some(users) = pages.next_names().await? {
            let count = u64::try_from(users.len()).unwrap_or(u64::MAX);
            let done = together(users, |user| {
                one(gateway.mfa.clone(), user, what.to_vec(), actor.clone())
            });
            for lost in done.await {
                for what in lost? {
                    revoked.count(what);
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
