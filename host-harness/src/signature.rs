//! Who released a component: detached signatures, and the keys that make and check them.
//!
//! A signature is the 64 bytes of Ed25519 (RFC 8032, the pure variant) of a component's bytes, in a file of its own
//! beside it: `plugin.wasm.sig` for `plugin.wasm` ([`beside`]). Public keys are PEM of a SubjectPublicKeyInfo, private
//! ones PEM of PKCS#8 (RFC 8410), so that OpenSSL makes and checks the same:
//!
//! ```text
//! openssl pkeyutl -sign -rawin -inkey release.private.pem -in plugin.wasm -out plugin.wasm.sig
//! openssl pkeyutl -verify -rawin -pubin -inkey release.public.pem -in plugin.wasm -sigfile plugin.wasm.sig
//! ```
//!
//! # Security
//!
//! A signature says that whoever has the private key released these bytes. It does not say that they are right, and not
//! that they are the newest: **an older release that was signed is still signed**. A pin ([`Digest`](crate::Digest))
//! names one component and has neither gap; use both where you can.
//!
//! Keep the private key off the gateway, on the machine that releases. To go over to a new key, list both public keys on
//! every gateway, sign with the new one from then on, and take the old one out. To revoke a key, take it out: what only
//! it signed is refused at the next start.

mod private_key;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ed25519_dalek::pkcs8::DecodePublicKey as _;
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::{SIGNATURE_LENGTH, VerifyingKey};

pub use self::private_key::PrivateKey;
use crate::error::LoadError;
use crate::fingerprint::Hex;

/// Checks whether a component was released by somebody who has the private key. It reads as PEM, and prints as the 64
/// hexadecimal digits of its 32 bytes.
///
/// # Examples
///
/// ```
/// use countersign_host::random::SystemRandom;
/// use countersign_host::signature::PrivateKey;
///
/// let key = PrivateKey::draw(&SystemRandom)?;
/// let public = key.public();
/// let signature = key.sign(b"a component");
/// assert!(public.has_signed(b"a component", &signature));
/// assert!(!public.has_signed(b"another one", &signature));
/// assert_eq!(public.to_pem().parse(), Ok(public));
/// # Ok::<(), countersign_host::random::RandomError>(())
/// ```
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Says whether the signature is one of these bytes, made with the private key.
    ///
    /// # Security
    ///
    /// Stricter than RFC 8032 asks for: a signature that another implementation could judge otherwise, of a key or with
    /// a point of small order, is none.
    #[must_use]
    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let signature = ed25519_dalek::Signature::from_slice(signature);
        signature.is_ok_and(|it| self.0.verify_strict(bytes, &it).is_ok())
    }

    /// Returns it as PEM.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "32 bytes and a constant identifier always have an encoding"
    )]
    pub fn to_pem(&self) -> String {
        let pem = self.0.to_public_key_pem(LineEnding::LF);
        pem.expect("44 bytes of DER")
    }

    /// Reads the file of one.
    ///
    /// # Errors
    ///
    /// That of reading; [`io::ErrorKind::InvalidData`] if it is none.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut text = String::new();
        File::open(path)?
            .take(MOST_TEXT)
            .read_to_string(&mut text)?;
        let key = text.parse();
        key.map_err(|it: NotAKey| io::Error::new(io::ErrorKind::InvalidData, it))
    }
}

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let key = VerifyingKey::from_public_key_pem(text.trim());
        match key {
            // With such a key, one signature is right for many components.
            Ok(key) if !key.is_weak() => Ok(Self(key)),
            _ => Err(NotAKey("an Ed25519 public key in PEM (`BEGIN PUBLIC KEY`)")),
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(self.0.as_bytes()).fmt(f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no key; what was expected. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected {0}")]
pub struct NotAKey(&'static str);

/// Returns where the signature of a component's file lies: beside it, with `.sig` at the end of its name.
///
/// # Examples
///
/// ```
/// use std::path::Path;
///
/// use countersign_host::signature::beside;
///
/// assert_eq!(beside(Path::new("a/plugin.wasm")), Path::new("a/plugin.wasm.sig"));
/// ```
#[must_use]
pub fn beside(component: &Path) -> PathBuf {
    let mut path = OsString::from(component);
    path.push(".sig");
    path.into()
}

/// Reads the signature that lies beside a component's file; none if there is no such file.
///
/// # Errors
///
/// That of reading. What is no signature is read all the same, but not much of it.
pub fn read_beside(component: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(beside(component)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    // One byte more than it has tells that there are too many.
    let most = u64::try_from(SIGNATURE_LENGTH).unwrap_or_default();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Finds the key that has signed these bytes.
///
/// # Errors
///
/// [`LoadError::Unsigned`], [`LoadError::MalformedSignature`] and [`LoadError::WrongSignature`]; the last too where there
/// are no keys.
pub fn check<'a>(
    keys: &'a [PublicKey],
    bytes: &[u8],
    signature: Option<&[u8]>,
) -> Result<&'a PublicKey, LoadError> {
    let signature = signature.ok_or(LoadError::Unsigned)?;
    if signature.len() != SIGNATURE_LENGTH {
        return Err(LoadError::MalformedSignature);
    }
    let signer = keys.iter().find(|key| key.has_signed(bytes, signature));
    signer.ok_or(LoadError::WrongSignature)
}

/// More than a key in PEM has, with comments around it.
const MOST_TEXT: u64 = 16 << 10;

#[cfg(test)]
mod tests;
