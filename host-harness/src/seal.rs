//! Records as they lie in a store: sealed whole.
//!
//! ```text
//! 1 | key id: u32, big-endian | nonce: 24 bytes | ciphertext | tag: 16 bytes
//! ```
//!
//! XChaCha20-Poly1305 with a random nonce. The associated data is the format's number, then realm, kind, id and user
//! of the record, each behind its length as a big-endian u32: a record that was altered, or moved to another place,
//! does not open. A store can still put back an older value of the same record.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::keyring::{KeyringError, SealingKeys};
use crate::random::{Random, RandomError};
use crate::store::{Key, Record};

/// Seals values before they reach a [`Store`](crate::Store), and opens them again.
///
/// The host does this for every record; an embedder meets it only to re-seal or export a store.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<dyn SealingKeys>,
    random: Arc<dyn Random>,
}

impl Sealer {
    /// Makes a sealer.
    pub fn new(keys: Arc<dyn SealingKeys>, random: Arc<dyn Random>) -> Self {
        Self { keys, random }
    }

    /// Seals `value` for the place `key`.
    ///
    /// # Errors
    ///
    /// [`SealError::Keyring`] and [`SealError::Random`] when there is no key or no nonce.
    pub fn seal(&self, key: &Key, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, sealing) = self.keys.active()?;
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce)?;
        let payload = Payload {
            msg: value,
            aad: &place(key),
        };
        let ciphertext = XChaCha20Poly1305::new((&*sealing.0).into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Unreadable)?;
        let mut sealed = Vec::with_capacity(ciphertext.len().saturating_add(HEAD));
        sealed.push(FORMAT);
        sealed.extend(id.to_be_bytes());
        sealed.extend(nonce);
        sealed.extend(ciphertext);
        Ok(sealed)
    }

    /// Opens what was sealed for the place `key`.
    ///
    /// # Errors
    ///
    /// [`SealError::Unreadable`] if it was altered, was sealed for another place or has an unknown format;
    /// [`SealError::Keyring`] if its key is not there. Either way it must not be overwritten.
    pub fn open(&self, key: &Key, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let Some((&[FORMAT, a, b, c, d], rest)) = sealed.split_first_chunk() else {
            return Err(SealError::Unreadable);
        };
        let Some((&nonce, ciphertext)) = rest.split_first_chunk::<NONCE>() else {
            return Err(SealError::Unreadable);
        };
        let sealing = self.keys.key(u32::from_be_bytes([a, b, c, d]))?;
        let payload = Payload {
            msg: ciphertext,
            aad: &place(key),
        };
        XChaCha20Poly1305::new((&*sealing.0).into())
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Unreadable)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

/// Why a value cannot be sealed or opened.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It was altered, moved, or is of an unknown format.
    #[error("a record was altered, moved from another place, or has an unknown format")]
    Unreadable,
    /// The key is not there.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// There is no nonce.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Returns the id of the key that a value is sealed with; none if it is in no form that is known.
///
/// It does not say whether the value opens.
pub fn key_id(sealed: &[u8]) -> Option<u32> {
    match sealed.first_chunk() {
        Some(&[FORMAT, a, b, c, d]) => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

/// Describes a place so that no two places are described alike.
fn place(key: &Key) -> Vec<u8> {
    let (kind, id, user) = match &key.record {
        Record::Account { user } => ("account", "", &**user),
        Record::Tickets { user } => ("tickets", "", &**user),
        Record::Policy { company } => ("policy", &**company, ""),
        Record::Quota { name } => ("quota", &**name, ""),
    };
    let mut place = vec![FORMAT];
    for part in [&*key.realm, kind, id, user] {
        // Every part came through the contract or the builder, which bound it to 128 bytes.
        place.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        place.extend(part.as_bytes());
    }
    place
}

const FORMAT: u8 = 1;
const NONCE: usize = 24;
/// Format, key id, nonce.
const HEAD: usize = 1 + 4 + NONCE;
