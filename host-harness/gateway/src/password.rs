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
