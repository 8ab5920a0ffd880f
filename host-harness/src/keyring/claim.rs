//! Whether a keyring is the one that a realm's records were made with.

use super::LocalKeyring;
use crate::store::{Content, Inventory, KeyNotes, Kind, Unavailable};

/// Makes sure, at start, that a keyring is fit for a realm's records, and notes in the store that they may be sealed with
/// its active key from now on.
///
/// A store without records of the realm takes any keyring. Several gateways may claim at once: where nothing was noted,
/// one of them says which key names counters, and those that have another first key are refused.
///
/// It opens no record, so it takes the same time however many there are. That a key is the right one by its id and not by
/// its bytes cannot be: the id is derived from them.
///
/// # Errors
///
/// [`ClaimError`]. Do not serve then: codes of users would be refused one by one, or counters begin anew.
pub async fn claim(
    store: &dyn Inventory,
    realm: &str,
    keyring: &LocalKeyring,
) -> Result<(), ClaimError> {
    let before = store.key_notes(realm).await?;
    check(keyring, &before)?;
    if before == KeyNotes::default() {
        check_records(store, realm, keyring).await?;
    }
    let noted = store.note_key(realm, keyring.index_id(), keyring.key_id());
    check(keyring, &noted.await?)
}

/// Stands among the sealing keys of a store that is being filled from another one, until all is there. No key that is drawn
/// has this id.
pub const UNFINISHED: u32 = 0;

/// Why a keyring is not fit for a realm's records.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The first key is another than the one that counters are named under.
    #[error(
        "counters of this realm are named under the key {noted:08x}, and the first key of the keyring is {found:08x}"
    )]
    OtherIndex {
        /// The key that they are named under.
        noted: u32,
        /// The first key of the keyring.
        found: u32,
    },
    /// Records were being copied into the store, and not all of them were.
    #[error("the store is an unfinished copy of another: copy again, into a new one")]
    Unfinished,
    /// Keys are missing.
    #[error(
        "records of this realm are sealed with {}, which the keyring does not have",
        the_keys(.0)
    )]
    MissingKeys(Vec<u32>),
    /// The store did not say.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Names keys by their ids.
pub(crate) fn the_keys(ids: &[u32]) -> String {
    let word = if ids.len() == 1 { "key" } else { "keys" };
    let ids: Vec<String> = ids.iter().map(|id| format!("{id:08x}")).collect();
    format!("the {word} {}", ids.join(", "))
}

fn check(keyring: &LocalKeyring, notes: &KeyNotes) -> Result<(), ClaimError> {
    if notes.sealing.contains(&UNFINISHED) {
        return Err(ClaimError::Unfinished);
    }
    let found = keyring.index_id();
    if let Some(noted) = notes.index.filter(|noted| *noted != found) {
        return Err(ClaimError::OtherIndex { noted, found });
    }
    let has = keyring.key_ids();
    let missing = notes.sealing.iter().copied();
    let missing: Vec<u32> = missing.filter(|id| !has.contains(id)).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(ClaimError::MissingKeys(missing)),
    }
}

/// Looks at one record of each kind in a store that nothing is noted in: it may have been filled without a claim, and the
/// first claim is believed for ever.
async fn check_records(
    store: &dyn Inventory,
    realm: &str,
    keyring: &LocalKeyring,
) -> Result<(), ClaimError> {
    for kind in [Kind::Account, Kind::Policy, Kind::Tickets] {
        for record in store.list(realm, kind, None, 1).await? {
            let Content::Sealed(sealed) = record.content else {
                continue;
            };
            let id = crate::seal::key_id(&sealed);
            if let Some(id) = id.filter(|id| !keyring.key_ids().contains(id)) {
                return Err(ClaimError::MissingKeys(vec![id]));
            }
        }
    }
    Ok(())
}
