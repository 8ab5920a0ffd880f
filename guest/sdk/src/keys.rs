//! The keyring and the random source, as a decision asks for them.

use core::fmt;

use countersign_core::failure::Dependency;
use countersign_core::vault::{Context, Hedge, Slot, Tag, Vault};
use zeroize::Zeroizing;

use crate::bindings::countersign::mfa::keyring;

/// The keys of one call.
pub struct Keys<'a>(Hedge<'a>);

impl<'a> Keys<'a> {
    /// The keys of a call, whose secrets are hedged so.
    pub fn new(hedge: Hedge<'a>) -> Self {
        Self(hedge)
    }
}

// What was drawn last is inside.
impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Vault for Keys<'_> {
    fn draw(&mut self, slot: Slot) -> Result<Zeroizing<[u8; 32]>, Dependency> {
        let mut random = Zeroizing::new([0; 32]);
        getrandom::fill(random.as_mut_slice()).map_err(|_| Dependency::Random)?;
        let bound = self.0.bind(&random, slot)?;
        let tag =
            keyring::mac(keyring::Context::RandomHedge, &bound).map_err(|_| Dependency::Keyring)?;
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

    fn index(&mut self, data: &[u8]) -> Result<[u8; 32], Dependency> {
        let index = keyring::index(keyring::Context::PhoneIndex, data);
        let index = index.map_err(|_| Dependency::Keyring)?;
        index.try_into().map_err(|_| Dependency::Keyring)
    }
}

fn to_wit(context: Context) -> keyring::Context {
    match context {
        Context::Ticket => keyring::Context::Ticket,
        Context::RecoveryCode => keyring::Context::RecoveryCode,
        Context::Device => keyring::Context::Device,
    }
}
