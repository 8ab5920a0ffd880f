//! Keys that no plugin sees.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

pub use crate::contract::keyring::Context;

/// Makes and checks tags under keys that stay in the host, upholding KEY-1 to KEY-3 of `wit/keyring.wit`.
///
/// # Security
///
/// A tag that checks in another context turns a ticket into a recovery code. A lost key that reads as `false` in
/// place of an error tells users that their recovery code is wrong. An `index` that changes gives everybody who was
/// sent text messages a fresh allowance.
#[async_trait]
pub trait Keyring: Send + Sync {
    /// Makes a tag of `data` with the active key of `context`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the key from being used; the plugin then refuses.
    async fn mac(&self, context: Context, data: &[u8]) -> Result<Tag, KeyringError>;

    /// Says, in constant time, whether `tag` was made of `data` by the key with this id.
    ///
    /// # Errors
    ///
    /// [`KeyringError::UnknownKey`] for a key id that nobody knows, never `false`.
    async fn check_mac(
        &self,
        context: Context,
        data: &[u8],
        key_id: u32,
        tag: &[u8],
    ) -> Result<bool, KeyringError>;

    /// Makes 32 bytes that are the same for the same data for ever, whatever keys are rotated.
    ///
    /// # Errors
    ///
    /// Whatever keeps the key from being used; the plugin then refuses.
    async fn index(&self, context: Context, data: &[u8]) -> Result<[u8; 32], KeyringError>;
}

/// Keys to seal records with; see [`Sealer`](crate::seal::Sealer).
///
/// They are asked for several times a call and must be at hand: an implementation that unwraps them by a key
/// management service keeps the unwrapped ones in memory.
pub trait SealingKeys: Send + Sync {
    /// Returns the key to seal with, and its id.
    ///
    /// # Errors
    ///
    /// Whatever keeps the key from being used; nothing is stored then.
    fn active(&self) -> Result<(u32, SealingKey), KeyringError>;

    /// Returns the key with an id, to open with.
    ///
    /// # Errors
    ///
    /// [`KeyringError::UnknownKey`] for an id that nobody knows; the record then stays as it is.
    fn key(&self, id: u32) -> Result<SealingKey, KeyringError>;
}

/// A tag, and the key that made it. Its bytes are never printed.
///
/// # Security
///
/// A tag of [`Context::RandomHedge`] *is* what the plugin makes a ticket, a recovery code or an app's key of. It must not
/// be logged or cached, nor sent over a line that others read.
#[derive(Clone, Eq, PartialEq)]
pub struct Tag {
    /// The key.
    pub key_id: u32,
    /// HMAC-SHA-256.
    pub bytes: [u8; 32],
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tag")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// A key to seal records with; wiped on drop, never printed.
#[derive(Clone)]
pub struct SealingKey(pub(crate) Zeroizing<[u8; 32]>);

impl SealingKey {
    /// Takes a key of 256 bits.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// Why a keyring gives no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Nobody knows the key with this id.
    #[error("no key has the id {0}")]
    UnknownKey(u32),
    /// Two keys have the same id, the second being the new one.
    #[error("the keyring has a key with the id {0} already")]
    DuplicateKey(u32),
    /// The keys cannot be reached; why.
    #[error("the keys cannot be reached: {0}")]
    Unavailable(String),
}

/// A keyring in memory, from one master key of 32 random bytes.
///
/// Everything is derived from it with HMAC-SHA-256, one key for each context and one to seal with; so is the key's
/// id. To rotate, name the new key with [`rotated_to`](Self::rotated_to) and go on naming the old ones: what they
/// tagged and sealed stays good, and the first one goes on making [`index`](Keyring::index).
///
/// # Security
///
/// Whoever has the master key can open every record, and so make codes. It belongs in a secret store, not in a file
/// beside the database.
///
/// # Examples
///
/// ```
/// use countersign_host::keyring::LocalKeyring;
///
/// let today = LocalKeyring::from_key([7; 32]);
/// let tomorrow = LocalKeyring::from_key([7; 32]).rotated_to([8; 32]).unwrap();
/// assert_ne!(today.key_id(), tomorrow.key_id());
/// ```
pub struct LocalKeyring {
    active: Keys,
    retired: Vec<Keys>,
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
        Self {
            active: Keys::derive(&key),
            retired: Vec::new(),
            index: CONTEXTS.map(|(_, name)| keyed(&*subkey(&key, &format!("index/{name}")))),
        }
    }

    /// Adds a newer master key, which makes all tags and seals all records from now on.
    ///
    /// # Errors
    ///
    /// [`KeyringError::DuplicateKey`] if the key is here already, or if its derived id, of 32 bits, happens to be
    /// another's; draw another key then.
    pub fn rotated_to(mut self, key: [u8; 32]) -> Result<Self, KeyringError> {
        let keys = Keys::derive(&Zeroizing::new(key));
        if self.with_id(keys.id).is_ok() {
            return Err(KeyringError::DuplicateKey(keys.id));
        }
        self.retired.push(std::mem::replace(&mut self.active, keys));
        Ok(self)
    }

    /// Returns the id of the active key.
    pub fn key_id(&self) -> u32 {
        self.active.id
    }

    fn with_id(&self, id: u32) -> Result<&Keys, KeyringError> {
        std::iter::once(&self.active)
            .chain(&self.retired)
            .find(|keys| keys.id == id)
            .ok_or(KeyringError::UnknownKey(id))
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

#[async_trait]
impl<T: Keyring + ?Sized> Keyring for Arc<T> {
    async fn mac(&self, context: Context, data: &[u8]) -> Result<Tag, KeyringError> {
        (**self).mac(context, data).await
    }

    async fn check_mac(
        &self,
        context: Context,
        data: &[u8],
        key_id: u32,
        tag: &[u8],
    ) -> Result<bool, KeyringError> {
        (**self).check_mac(context, data, key_id, tag).await
    }

    async fn index(&self, context: Context, data: &[u8]) -> Result<[u8; 32], KeyringError> {
        (**self).index(context, data).await
    }
}

impl<T: SealingKeys + ?Sized> SealingKeys for Arc<T> {
    fn active(&self) -> Result<(u32, SealingKey), KeyringError> {
        (**self).active()
    }

    fn key(&self, id: u32) -> Result<SealingKey, KeyringError> {
        (**self).key(id)
    }
}

impl fmt::Debug for LocalKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKeyring")
            .field("key_id", &self.active.id)
            .field("retired", &self.retired.len())
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
