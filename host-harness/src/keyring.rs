//! Keys that no plugin sees.
//!
//! A [`LocalKeyring`] holds master keys in memory, and a [`KeySource`] says where it gets them: a file, a variable of the
//! environment, the output of a command. The text is the same for all three, a key a line, the oldest first:
//!
//! ```text
//! # STATE  64 hexadecimal digits: 32 random bytes
//! retired  …
//! active   …
//! next     …
//! ```
//!
//! | state | opens and checks what was made with it | makes anything new |
//! |---|---|---|
//! | `index` | no | the names of counters, and nothing else |
//! | `retired` | yes | no |
//! | `active` | yes | yes: exactly one key is active |
//! | `next` | yes, what other gateways made already | no |
//!
//! The **first** key of all, whatever its state, makes the names of counters ([`Keyring::index`]) for ever. Under another
//! first key everybody who was sent text messages would have a fresh allowance, so [`claim()`] refuses it.
//!
//! # How to rotate, with several gateways
//!
//! Gateways are restarted one after the other, so for a while some have the new key active and some do not. Nobody is
//! refused as long as every gateway knows a key before any of them uses it:
//!
//! 1. Add the new key as `next` for every gateway, and restart them one by one.
//! 2. When all of them have it: make it `active`, and the one before `retired`, for every gateway, and restart them one by
//!    one. What one of them makes with the new key, those that wait can open.
//! 3. When all of them have done that: `countersign keys rotate`, which seals again what nobody happened to write
//!    ([`reseal`](crate::reseal)). It can be stopped and begun again, and users sign in meanwhile.
//! 4. **Leave the old key in as `retired`.** Records need it no more, but recovery codes, trusted devices and tickets
//!    carry a tag under the key of their day. Without the key they are not wrong, they are `unavailable`: nobody is let
//!    in with them, and the owner of a recovery code is told of a fault.
//!
//! # When a key is known to somebody else
//!
//! Whoever has it and a copy of the store reads every record sealed with it, keys of authenticator apps included. Rotate
//! as above, at once and without waiting for a quiet hour. Then take away what the old key still vouches for: revoke
//! recovery codes, trusted devices and tickets (`administration.revoke`), and think of whose apps must be enrolled anew
//! (`administration.reset`): rotation does not change the keys that were read. Then remove the key; if it is the first
//! one, give it the state `index`, in which it opens and checks nothing.

mod claim;
mod file;
mod local;
mod source;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use zeroize::{Zeroize as _, Zeroizing};

pub use self::claim::{ClaimError, UNFINISHED, claim};
pub use self::file::{KeyFile, KeyFileError, KeyState, NotEdited};
pub use self::local::LocalKeyring;
pub(crate) use self::local::{keyed, tag};
pub use self::source::{KeySource, KeySourceError, NotAKeySource};
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
    #[error("no key has the id {0:08x}")]
    UnknownKey(u32),
    /// Two keys have the same id, the second being the new one.
    #[error("the keyring has a key with the id {0:08x} already")]
    DuplicateKey(u32),
    /// The keys cannot be reached; why.
    #[error("the keys cannot be reached: {0}")]
    Unavailable(String),
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
