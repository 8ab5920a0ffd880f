//! Passwords: argon2id, a few at once.

use countersign_host::random::Random;

use crate::directory::PasswordHash;
use crate::refusal::Refusal;

/// Hashes and compares passwords. Clones share the places.
#[derive(Clone, Debug, Default)]
pub struct Passwords {}

impl Passwords {
    pub(crate) async fn check(
        &self,
        _password: &str,
        _kept: Option<&PasswordHash>,
    ) -> Result<bool, Refusal> {
        Ok(false)
    }

    pub(crate) async fn hash_new(
        &self,
        _password: &str,
        _name: &str,
        _random: &dyn Random,
    ) -> Result<PasswordHash, Refusal> {
        Err(Refusal::unavailable())
    }
}
