//! Factors that are begun and not confirmed. They never verify anything.

use super::TRIES;
use crate::failure::Dependency;
use crate::phone::PhoneNumber;
use crate::secret::Secret;
use crate::sent_code::SentCode;
use crate::totp::Key;
use crate::vault::{Slot, Vault};

/// An app that is begun.
#[derive(Debug)]
pub struct PendingApp {
    /// Its key.
    pub key: Key,
    /// Wrong codes for it.
    pub failures: u32,
}

/// A phone that is begun.
#[derive(Debug)]
pub struct PendingPhone {
    /// Its number.
    pub number: PhoneNumber,
    /// The code that was sent to it.
    pub sent: SentCode,
    /// Wrong codes for it.
    pub failures: u32,
}

impl PendingApp {
    /// Begins an app with a key of 160 random bits.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    pub fn begin(vault: &mut dyn Vault) -> Result<Self, Dependency> {
        let drawn = vault.draw(Slot::TotpKey)?;
        let secret = Secret::new(drawn.get(..KEY_BYTES).unwrap_or_default().to_vec());
        // Twenty bytes are within the bounds of a key.
        let key = Key::standard(secret).map_err(|_| Dependency::Random)?;
        Ok(Self { key, failures: 0 })
    }

    /// Wrong codes left before it is discarded.
    #[must_use]
    pub fn attempts_left(&self) -> u32 {
        TRIES.saturating_sub(self.failures)
    }
}

impl PendingPhone {
    /// Wrong codes left before it is discarded.
    #[must_use]
    pub fn attempts_left(&self) -> u32 {
        TRIES.saturating_sub(self.failures)
    }
}

/// RFC 4226, section 4, R6 recommends 160 bits.
const KEY_BYTES: usize = 20;
