//! Passwords: argon2id, a few at once.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use countersign_host::random::Random;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::directory::PasswordHash;
use crate::refusal::Refusal;

/// Hashes and compares passwords. Clones share the places.
#[derive(Clone, Debug)]
pub struct Passwords {
    places: Arc<Semaphore>,
    params: Params,
}

impl Passwords {
    /// Makes one that costs nearly nothing, for tests and benchmarks.
    ///
    /// # Security
    ///
    /// For nothing else: what it makes is guessed in no time.
    #[must_use]
    pub fn cheap() -> Self {
        Self {
            places: Arc::new(Semaphore::new(4)),
            params: Params::new(8, 1, 1, None).unwrap_or_default(),
        }
    }

    pub(crate) async fn check(
        &self,
        password: &str,
        kept: Option<&PasswordHash>,
    ) -> Result<bool, Refusal> {
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|_| Refusal::unavailable())?;
        let (password, kept) = (Zeroizing::new(password.to_owned()), kept.cloned());
        let argon2 = self.argon2();
        tokio::task::spawn_blocking(move || {
            let Some(kept) = kept else { return false };
            let Ok(kept) = phc::PasswordHash::new(&kept.0) else {
                return false;
            };
            argon2.verify_password(password.as_bytes(), &kept).is_ok()
        })
        .await
        .map_err(|_| Refusal::unavailable())
    }

    pub(crate) async fn hash(
        &self,
        password: &str,
        random: &dyn Random,
    ) -> Result<PasswordHash, Refusal> {
        let mut salt = [0; 16];
        random.fill(&mut salt).map_err(|_| Refusal::unavailable())?;
        let hash: phc::PasswordHash = self
            .argon2()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(|_| Refusal::unavailable())?;
        Ok(PasswordHash(hash.to_string()))
    }

    pub(crate) async fn hash_new(
        &self,
        password: &str,
        _name: &str,
        random: &dyn Random,
    ) -> Result<PasswordHash, Refusal> {
        self.hash(password, random).await
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }
}
