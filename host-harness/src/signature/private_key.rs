//! What signs releases.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::{NotAKey, PublicKey};
use crate::random::{Random, RandomError};

/// Signs releases. It is wiped on drop, and never printed.
///
/// # Security
///
/// Whoever has it decides what every gateway that trusts it runs as its second factor. No gateway needs it.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Draws one.
    ///
    /// # Errors
    ///
    /// That of the source.
    pub fn draw(random: &(impl Random + ?Sized)) -> Result<Self, RandomError> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Returns the key that checks what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a component's bytes.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }

    /// Returns it as PEM, for a file of its owner alone.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "32 bytes and a constant identifier always have an encoding"
    )]
    pub fn to_pem(&self) -> Zeroizing<String> {
        let bytes = KeypairBytes {
            secret_key: self.0.to_bytes(),
            // OpenSSL 3.0 does not read keys that have it.
            public_key: None,
        };
        let pem = bytes.to_pkcs8_pem(LineEnding::LF);
        pem.expect("48 bytes of DER")
    }
}

impl FromStr for PrivateKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        match SigningKey::from_pkcs8_pem(text.trim()) {
            Ok(key) => Ok(Self(key)),
            Err(_) => Err(NotAKey(
                "an Ed25519 private key in PEM, not encrypted (`BEGIN PRIVATE KEY`)",
            )),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}
