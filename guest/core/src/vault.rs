//! What a decision needs of keys and randomness, as an argument.
//!
//! A decision cannot know beforehand whether it will mint a ticket, and the keys never enter the plugin. So it is handed
//! a [`Vault`], the one thing it may ask while it decides. Nothing that a vault does can be seen by anybody before the
//! decision is committed: a tag and random bytes are of no use to anyone who does not hold them.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::failure::Dependency;
use crate::names::User;

/// The source of secrets and tags.
pub trait Vault {
    /// Draws 32 secret bytes for `slot`.
    ///
    /// # Errors
    ///
    /// Returns the import at fault when there is no answer, or none that can be random.
    ///
    /// # Security
    ///
    /// Bytes that anyone can predict make tickets, keys and recovery codes that anyone can make.
    fn draw(&mut self, slot: Slot) -> Result<Zeroizing<[u8; 32]>, Dependency>;

    /// Makes a tag of `data` that only the keyring can make.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    fn tag(&mut self, context: Context, data: &[u8]) -> Result<Tag, Dependency>;

    /// Says whether `tag` is of `data`.
    ///
    /// # Errors
    ///
    /// Returns the import at fault. A caller must not take that for "no", let alone for "yes".
    fn check(&mut self, context: Context, data: &[u8], tag: &Tag) -> Result<bool, Dependency>;
}

/// What drawn bytes are for. It goes into the hedge, so that equal random bytes make unequal secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    /// A ticket.
    Ticket,
    /// The key of an authenticator app.
    TotpKey,
    /// A recovery code.
    RecoveryCode,
    /// The id of a factor, which is no secret.
    FactorId,
}

impl Slot {
    /// The slot's name in the hedge.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::TotpKey => "totp-key",
            Self::RecoveryCode => "recovery-code",
            Self::FactorId => "factor-id",
        }
    }
}

/// What a tag is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Context {
    /// A ticket.
    Ticket,
    /// A recovery code.
    RecoveryCode,
}

/// A keyed MAC, as the keyring made it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tag {
    /// The key that made it.
    pub key_id: u32,
    /// The MAC.
    pub bytes: [u8; 32],
}

/// Joins parts so that no two lists of parts give the same bytes: each goes with its length.
#[must_use]
pub fn bind(user: &User, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut bound = Zeroizing::new(Vec::with_capacity(256));
    for part in core::iter::once(&user.as_str().as_bytes()).chain(parts) {
        // A part has at most a few hundred bytes, so its length always fits.
        bound.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bound.extend_from_slice(part);
    }
    bound
}
