//! What a decision needs of keys and randomness, as an argument.
//!
//! A decision cannot know beforehand whether it will mint a ticket, and the keys never enter the plugin. So it is handed
//! a [`Vault`], the one thing it may ask while it decides. Nothing that a vault does can be seen by anybody before the
//! decision is committed: a tag and random bytes are of no use to anyone who does not hold them.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::failure::Dependency;
use crate::names::User;
use crate::time::Instant;

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

    /// Makes 32 bytes that are the same for the same data for ever, for the names of counters.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    fn index(&mut self, data: &[u8]) -> Result<[u8; 32], Dependency>;
}

/// What the random bytes of one call are bound to before a secret is made of them.
///
/// A secret is a keyed MAC of the random bytes together with the user, the slot, the time, the versions of the records
/// that were read, and a count. So a random source that repeats itself does not make two secrets alike, and a keyring
/// that is known does not make them known.
pub struct Hedge<'a> {
    user: &'a User,
    now: Instant,
    versions: [u64; 2],
    last: Zeroizing<[u8; 32]>,
    draws: u32,
}

impl<'a> Hedge<'a> {
    /// The hedge of a call that read the account and the tickets in these versions.
    #[must_use]
    pub fn new(user: &'a User, now: Instant, versions: [Option<u64>; 2]) -> Self {
        Self {
            user,
            now,
            versions: versions.map(|it| it.unwrap_or(0)),
            last: Zeroizing::new([0; 32]),
            draws: 0,
        }
    }

    /// Returns what the keyring shall make the secret of.
    ///
    /// # Errors
    ///
    /// Returns [`Dependency::Random`] for bytes that cannot be random: zero, or a repetition, in themselves or of the last
    /// ones.
    pub fn bind(
        &mut self,
        random: &Zeroizing<[u8; 32]>,
        slot: Slot,
    ) -> Result<Zeroizing<Vec<u8>>, Dependency> {
        let (first, second) = random.split_at(16);
        // All zero is a repetition too.
        if first == second || **random == *self.last {
            return Err(Dependency::Random);
        }
        self.last.clone_from(random);
        let [account, tickets] = self.versions.map(u64::to_be_bytes);
        let bound = bind(
            self.user,
            &[
                random.as_slice(),
                slot.name().as_bytes(),
                &self.now.as_seconds().to_be_bytes(),
                &account,
                &tickets,
                &self.draws.to_be_bytes(),
            ],
        );
        self.draws = self.draws.saturating_add(1);
        Ok(bound)
    }
}

impl fmt::Debug for Hedge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hedge(..)")
    }
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
    /// The code of a text message.
    SentCode,
    /// The token of a trusted device.
    Device,
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
            Self::SentCode => "sent-code",
            Self::Device => "device",
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
    /// The token of a trusted device.
    Device,
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
