//! Random bytes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::Hmac;
use sha2::Sha256;

use crate::keyring::{keyed, tag};

/// A source of random bytes fit for secrets.
///
/// # Security
///
/// Tickets, keys of authenticator apps and the nonces of sealed records come from here. A source that can be
/// predicted gives all of them away.
pub trait Random: Send + Sync {
    /// Fills `bytes`, all of them.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if there is no randomness. The call is then refused.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// There is no randomness.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no randomness")]
pub struct RandomError;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(bytes).map_err(|_| RandomError)
    }
}

/// A generator that gives the same bytes for the same seed. **For tests only**: whoever knows the seed knows every
/// secret.
///
/// HMAC-SHA-256 of a counter under the seed. Its clones are the same generator.
#[derive(Clone)]
pub struct SeededRandom {
    seed: Hmac<Sha256>,
    counter: Arc<AtomicU64>,
}

impl SeededRandom {
    /// Makes a generator.
    pub fn from_seed(seed: u64) -> Self {
        Self {
            seed: keyed(&seed.to_be_bytes()),
            counter: Arc::new(AtomicU64::new(0)),
        }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for chunk in bytes.chunks_mut(32) {
            let count = self.counter.fetch_add(1, Ordering::SeqCst);
            for (to, from) in chunk.iter_mut().zip(tag(&self.seed, &count.to_be_bytes())) {
                *to = from;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SeededRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededRandom(..)")
    }
}
