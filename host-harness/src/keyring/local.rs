//! A keyring in memory.

use std::fmt;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Context, Keyring, KeyringError, SealingKey, SealingKeys, Tag};

/// A keyring in memory, from master keys of 32 random bytes.
///
/// Everything is derived from them with HMAC-SHA-256, one key for each context and one to seal with; so is the key's
/// id. To rotate, name the new key with [`rotated_to`](Self::rotated_to) and go on naming the old ones: what they
/// tagged and sealed stays good, and the first one goes on making [`index`](Keyring::index). The [module](super) says how
/// several gateways do it.
///
/// # Security
///
/// Whoever has a master key can open every record sealed with it, and so make codes. It belongs in a secret store, not
/// in a file beside the database.
///
/// # Examples
///
/// ```
/// use countersign_host::keyring::LocalKeyring;
///
/// let today = LocalKeyring::from_key([7; 32]);
/// let tomorrow = LocalKeyring::from_key([7; 32]).rotated_to([8; 32]).unwrap();
/// assert_ne!(today.key_id(), tomorrow.key_id());
/// assert_eq!(today.index_id(), tomorrow.index_id());
/// ```
pub struct LocalKeyring {
    active: Keys,
    /// The oldest first.
    retired: Vec<Keys>,
    to_come: Vec<Keys>,
    index_id: u32,
    index: [Hmac<Sha256>; CONTEXTS.len()],
}

/// All that is derived from one master key.
struct Keys {
    id: u32,
    tags: [Hmac<Sha256>; CONTEXTS.len()],
    seal: SealingKey,
}

impl LocalKeyring {
    /// Derives a keyring from a master key.
    pub fn from_key(key: [u8; 32]) -> Self {
        let key = Zeroizing::new(key);
        let active = Keys::derive(&key);
        Self {
            index_id: active.id,
            index: index(&key),
            active,
            retired: Vec::new(),
            to_come: Vec::new(),
        }
    }

    /// Adds a newer master key, which makes all tags and seals all records from now on.
    ///
    /// # Errors
    ///
    /// [`KeyringError::DuplicateKey`] if the key is here already, or if its derived id, of 32 bits, happens to be
    /// another's; draw another key then.
    pub fn rotated_to(mut self, key: [u8; 32]) -> Result<Self, KeyringError> {
        let keys = self.unknown(key)?;
        self.retired.push(std::mem::replace(&mut self.active, keys));
        Ok(self)
    }

    /// Adds a master key that other gateways may have made active already: it opens and checks what they make, and makes
    /// nothing here.
    ///
    /// # Errors
    ///
    /// [`KeyringError::DuplicateKey`] as [`rotated_to`](Self::rotated_to).
    pub fn expecting(mut self, key: [u8; 32]) -> Result<Self, KeyringError> {
        let keys = self.unknown(key)?;
        self.to_come.push(keys);
        Ok(self)
    }

    /// Lets an older master key make [`index`](Keyring::index), and nothing else: the very first one, once somebody else
    /// knows it.
    ///
    /// # Errors
    ///
    /// [`KeyringError::DuplicateKey`] if it is here as one that does more.
    pub fn indexed_by(mut self, key: [u8; 32]) -> Result<Self, KeyringError> {
        let key = Zeroizing::new(key);
        self.index_id = self.unknown(*key)?.id;
        self.index = index(&key);
        Ok(self)
    }

    /// Returns the id of the active key.
    pub fn key_id(&self) -> u32 {
        self.active.id
    }

    /// Returns the ids of all keys that open and check: the retired ones, the oldest first, the active one, those to come.
    pub fn key_ids(&self) -> Vec<u32> {
        self.all().map(|keys| keys.id).collect()
    }

    /// Returns the id of the key that makes [`index`](Keyring::index): the first one there ever was.
    pub fn index_id(&self) -> u32 {
        self.index_id
    }

    /// Says whether the key with this id is one to come.
    pub fn is_to_come(&self, id: u32) -> bool {
        self.to_come.iter().any(|keys| keys.id == id)
    }

    fn with_id(&self, id: u32) -> Result<&Keys, KeyringError> {
        self.all()
            .find(|keys| keys.id == id)
            .ok_or(KeyringError::UnknownKey(id))
    }

    fn all(&self) -> impl Iterator<Item = &Keys> {
        let active = std::iter::once(&self.active);
        self.retired.iter().chain(active).chain(&self.to_come)
    }

    /// Derives the keys of a master key that is not here yet.
    fn unknown(&self, key: [u8; 32]) -> Result<Keys, KeyringError> {
        let keys = Keys::derive(&Zeroizing::new(key));
        // One that only names counters is not among those that open.
        match self.with_id(keys.id).is_ok() || keys.id == self.index_id {
            true => Err(KeyringError::DuplicateKey(keys.id)),
            false => Ok(keys),
        }
    }
}

impl Keys {
    fn derive(master: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *subkey(master, "id");
        Self {
            id: u32::from_be_bytes([a, b, c, d]),
            tags: CONTEXTS.map(|(_, name)| keyed(&*subkey(master, &format!("tag/{name}")))),
            seal: SealingKey(subkey(master, "seal")),
        }
    }
}

#[async_trait]
impl Keyring for LocalKeyring {
    async fn mac(&self, context: Context, data: &[u8]) -> Result<Tag, KeyringError> {
        Ok(Tag {
            key_id: self.active.id,
            bytes: tag(of(&self.active.tags, context), data),
        })
    }

    async fn check_mac(
        &self,
        context: Context,
        data: &[u8],
        key_id: u32,
        tag: &[u8],
    ) -> Result<bool, KeyringError> {
        let mut mac = of(&self.with_id(key_id)?.tags, context).clone();
        mac.update(data);
        Ok(mac.verify_slice(tag).is_ok())
    }

    async fn index(&self, context: Context, data: &[u8]) -> Result<[u8; 32], KeyringError> {
        Ok(tag(of(&self.index, context), data))
    }
}

impl SealingKeys for LocalKeyring {
    fn active(&self) -> Result<(u32, SealingKey), KeyringError> {
        Ok((self.active.id, self.active.seal.clone()))
    }

    fn key(&self, id: u32) -> Result<SealingKey, KeyringError> {
        Ok(self.with_id(id)?.seal.clone())
    }
}

impl fmt::Debug for LocalKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKeyring")
            .field("key_id", &self.active.id)
            .field("retired", &self.retired.len())
            .field("to_come", &self.to_come.len())
            .finish_non_exhaustive()
    }
}

/// Derives the key of one use. The label is part of every stored tag and sealed record, and must never change.
fn subkey(master: &[u8; 32], label: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(tag(
        &keyed(master),
        format!("countersign/1/{label}").as_bytes(),
    ))
}

/// Derives the keys that name counters.
fn index(master: &[u8; 32]) -> [Hmac<Sha256>; CONTEXTS.len()] {
    CONTEXTS.map(|(_, name)| keyed(&*subkey(master, &format!("index/{name}"))))
}

/// HMAC-SHA-256 under a key, ready to be cloned for each message.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let Ok(mac) = Hmac::new_from_slice(key) else {
        // HMAC takes a key of any length (RFC 2104, section 3).
        unreachable!("hmac refused a key")
    };
    mac
}

pub(crate) fn tag(keyed: &Hmac<Sha256>, data: &[u8]) -> [u8; 32] {
    let mut mac = keyed.clone();
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// Picks the key of a context.
fn of(keys: &[Hmac<Sha256>; CONTEXTS.len()], context: Context) -> &Hmac<Sha256> {
    let [ticket, recovery_code, device, random_hedge, phone_index] = keys;
    match context {
        Context::Ticket => ticket,
        Context::RecoveryCode => recovery_code,
        Context::Device => device,
        Context::RandomHedge => random_hedge,
        Context::PhoneIndex => phone_index,
    }
}

/// Every context and its label, in the order of [`of`].
const CONTEXTS: [(Context, &str); 5] = [
    (Context::Ticket, "ticket"),
    (Context::RecoveryCode, "recovery-code"),
    (Context::Device, "device"),
    (Context::RandomHedge, "random-hedge"),
    (Context::PhoneIndex, "phone-index"),
];
