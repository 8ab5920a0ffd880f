//! The keyring and the random source, as a decision asks for them.

use countersign_core::failure::Dependency;
use countersign_core::names::User;
use countersign_core::time::Instant;
use countersign_core::vault::{self, Context, Slot, Tag, Vault};
use zeroize::Zeroizing;

use crate::bindings::countersign::mfa::keyring;

/// The keys of one call.
///
/// Random bytes are hedged: what a secret is made of is a keyed MAC of the random bytes together with the user, the
/// slot, the time and the versions of the records that were read. So a random source that repeats itself does not make
/// two secrets alike, and a keyring that is known does not make them known.
pub(crate) struct Keys<'a> {
    user: &'a User,
    now: Instant,
    versions: [u8; 16],
    last_drawn: Zeroizing<[u8; 32]>,
    draws: u32,
}

impl<'a> Keys<'a> {
    /// The keys for a call that read these versions.
    pub(crate) fn new(
        user: &'a User,
        now: Instant,
        account: Option<u64>,
        tickets: Option<u64>,
    ) -> Self {
        let mut versions = [0; 16];
        let (first, second) = versions.split_at_mut(8);
        first.copy_from_slice(&account.unwrap_or(0).to_be_bytes());
        second.copy_from_slice(&tickets.unwrap_or(0).to_be_bytes());
        Self {
            user,
            now,
            versions,
            last_drawn: Zeroizing::new([0; 32]),
            draws: 0,
        }
    }

    /// Random bytes that can be random: neither zero nor a repetition, in themselves or of the last ones.
    fn random(&mut self) -> Result<Zeroizing<[u8; 32]>, Dependency> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| Dependency::Random)?;
        let (first, second) = bytes.split_at(16);
        if first == second || *bytes == *self.last_drawn {
            return Err(Dependency::Random);
        }
        self.last_drawn = bytes.clone();
        Ok(bytes)
    }
}

impl Vault for Keys<'_> {
    fn draw(&mut self, slot: Slot) -> Result<Zeroizing<[u8; 32]>, Dependency> {
        let random = self.random()?;
        let count = self.draws;
        self.draws = count.saturating_add(1);
        let hedge = vault::bind(
            self.user,
            &[
                random.as_slice(),
                slot.name().as_bytes(),
                &self.now.as_seconds().to_be_bytes(),
                &self.versions,
                &count.to_be_bytes(),
            ],
        );
        let tag =
            keyring::mac(keyring::Context::RandomHedge, &hedge).map_err(|_| Dependency::Keyring)?;
        let drawn = tag.bytes.try_into().map_err(|_| Dependency::Keyring)?;
        Ok(Zeroizing::new(drawn))
    }

    fn tag(&mut self, context: Context, data: &[u8]) -> Result<Tag, Dependency> {
        let tag = keyring::mac(to_wit(context), data).map_err(|_| Dependency::Keyring)?;
        Ok(Tag {
            key_id: tag.key_id,
            bytes: tag.bytes.try_into().map_err(|_| Dependency::Keyring)?,
        })
    }

    fn check(&mut self, context: Context, data: &[u8], tag: &Tag) -> Result<bool, Dependency> {
        let tag = keyring::Tag {
            key_id: tag.key_id,
            bytes: tag.bytes.to_vec(),
        };
        keyring::check_mac(to_wit(context), data, &tag).map_err(|_| Dependency::Keyring)
    }
}

fn to_wit(context: Context) -> keyring::Context {
    match context {
        Context::Ticket => keyring::Context::Ticket,
        Context::RecoveryCode => keyring::Context::RecoveryCode,
    }
}
