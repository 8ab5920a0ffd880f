//! Passwords: argon2id, a few at once.

mod common;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{CustomizedPasswordHasher, phc};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use countersign_host::random::Random;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::directory::PasswordHash;
use crate::refusal::Refusal;

/// Hashes and compares passwords. Clones share the places.
///
/// A password is taken as it was typed: nothing is cut off, trimmed or folded.
///
/// # Security
///
/// Each takes tens of milliseconds of a processor and 19 MiB. So only so many are hashed at once; whoever waits for more
/// than two seconds is refused, and the rest of the gateway goes on. Count tries before you come here.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    params: Params,
    /// How long to wait for a place.
    patience: Duration,
}

impl Passwords {
    /// Hashes as OWASP asks for argon2id (19 MiB, two passes, one lane), `at_once` passwords at a time.
    #[must_use]
    pub fn new(at_once: u32) -> Self {
        Self::with(Params::default(), at_once)
    }

    /// Hashes so cheaply that a stolen directory is guessed in no time: for tests and benchmarks, never for people.
    ///
    /// Hashes that were made by [`new`](Self::new) are checked all the same, and as slowly as ever.
    #[must_use]
    pub fn cheap_for_tests(at_once: u32) -> Self {
        let cheap = Params::new(Params::MIN_M_COST, 1, 1, None);
        Self::with(cheap.unwrap_or_default(), at_once)
    }

    fn with(params: Params, at_once: u32) -> Self {
        let at_once = usize::try_from(at_once).unwrap_or(usize::MAX);
        Self {
            places: Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS))),
            params,
            patience: PATIENCE,
        }
    }

    /// Hashes a password under a salt of its own.
    ///
    /// Whether it is good enough for somebody says [`fit_for_use`](Self::fit_for_use).
    ///
    /// # Errors
    ///
    /// A [`Refusal`] if it has not 1 to 1024 bytes, if too many are hashed already, or if there is no randomness.
    pub async fn hash(&self, password: &str, random: &dyn Random) -> Result<PasswordHash, Refusal> {
        let password = typed(password)?;
        let mut salt = [0; 16];
        random.fill(&mut salt).map_err(|_| Refusal::unavailable())?;
        let place = self.place().await?;
        let params = self.params.clone();
        let hash = blocking(place, move || {
            argon2id(&params).hash_password_with_params(password.as_bytes(), &salt, params.clone())
        });
        match hash.await? {
            Ok(hash) => Ok(PasswordHash(hash.to_string())),
            Err(_) => Err(Refusal::unavailable()),
        }
    }

    /// Says whether a password is the one that was hashed.
    ///
    /// # Security
    ///
    /// Of somebody who is not there, or has no password, ask with none: it takes as long, and is never true, so that the
    /// time does not tell who is there.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] if it has not 1 to 1024 bytes, if too many are hashed already, or if what is kept is no hash that
    /// this version takes.
    pub async fn check(
        &self,
        password: &str,
        kept: Option<&PasswordHash>,
    ) -> Result<bool, Refusal> {
        let password = typed(password)?;
        let kept = match kept {
            Some(kept) => Kept::parse(kept).ok_or_else(|| {
                tracing::error!(target: "countersign::password", "a password is kept in a way that this version does not know");
                Refusal::unavailable()
            })?,
            None => Kept::nobody(&self.params),
        };
        let place = self.place().await?;
        blocking(place, move || kept.is(&password)).await
    }

    /// Says whether a hash was made otherwise than this makes them, so that the password is to be hashed anew once it was
    /// typed and was right.
    #[must_use]
    pub fn needs_new_hash(&self, kept: &PasswordHash) -> bool {
        let cost = |it: &Params| (it.m_cost(), it.t_cost(), it.p_cost());
        Kept::parse(kept).is_none_or(|it| cost(&it.params) != cost(&self.params))
    }

    /// Says whether somebody of this name may choose this password.
    ///
    /// It takes 12 to 128 characters, whatever they are, but neither the name nor one of the commonest. SP 800-63B-4,
    /// section 3.1.1.2, asks for 15 of a password that stands alone and 8 of one that a second factor follows. Here one
    /// follows for everybody but those who have not enrolled yet and may put it off, so that neither number holds for
    /// all: 12 lies between.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] about the field `new-password` says what to choose.
    pub fn fit_for_use(name: &str, password: &str) -> Result<(), Refusal> {
        let refused = |message: &str| Err(Refusal::field(NEW_PASSWORD, message));
        let length = password.chars().count();
        if length < FEWEST_CHARS {
            return refused("Choose a password of at least 12 characters. Several words are fine.");
        }
        if length > MOST_CHARS {
            return refused("Choose a password of at most 128 characters.");
        }
        let password = Zeroizing::new(password.to_lowercase());
        if *password == name.to_lowercase() {
            return refused("Choose a password that is not your name.");
        }
        if common::is_common(&password) {
            return refused(
                "This password is among the first that anybody would try. Choose another one.",
            );
        }
        Ok(())
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = self.places.clone().acquire_owned();
        match tokio::time::timeout(self.patience, place).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Refusal::busy()),
        }
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(..)")
    }
}

/// What a password is compared with.
struct Kept {
    salt: Vec<u8>,
    params: Params,
    /// None for nobody's.
    output: Option<Vec<u8>>,
}

impl Kept {
    /// Reads a hash of argon2id that costs no more than it may; none if it is another.
    fn parse(hash: &PasswordHash) -> Option<Self> {
        let hash = phc::PasswordHash::new(&hash.0).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let is_affordable = params.m_cost() <= MOST_MEMORY
            && params.t_cost() <= MOST_PASSES
            && params.p_cost() <= MOST_LANES;
        let is_argon2id =
            hash.algorithm == ARGON2ID_IDENT && hash.version == Some(Version::V0x13.into());
        let is_plain = params.keyid().is_empty() && params.data().is_empty();
        if !(is_affordable && is_argon2id && is_plain) {
            return None;
        }
        Some(Self {
            salt: hash.salt?.to_vec(),
            output: Some(hash.hash?.as_bytes().to_vec()),
            params,
        })
    }

    fn nobody(params: &Params) -> Self {
        Self {
            salt: vec![0; 16],
            params: params.clone(),
            output: None,
        }
    }

    fn is(&self, password: &str) -> bool {
        let length = self.output.as_ref().map_or(OUTPUT_BYTES, Vec::len);
        let mut computed = Zeroizing::new(vec![0; length]);
        let hashed = argon2id(&self.params).hash_password_into(
            password.as_bytes(),
            &self.salt,
            &mut computed,
        );
        let expected = self.output.as_deref().unwrap_or(&[]);
        hashed.is_ok() && bool::from(computed.ct_eq(expected))
    }
}

fn argon2id(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

fn typed(password: &str) -> Result<Zeroizing<String>, Refusal> {
    match (1..=MOST_BYTES).contains(&password.len()) {
        true => Ok(Zeroizing::new(password.to_owned())),
        false => Err(Refusal::field(
            "password",
            "Type your password, in at most 1024 bytes.",
        )),
    }
}

/// Does what takes long in a thread of its own. The place is given back when it is done, also where nobody waits for it
/// any more: otherwise people who go away would let more be hashed at once.
async fn blocking<T: Send + 'static>(
    place: OwnedSemaphorePermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    done.await.map_err(|_| Refusal::unavailable())
}

/// The field that a new password is typed into.
const NEW_PASSWORD: &str = "new-password";

const FEWEST_CHARS: usize = 12;
/// SP 800-63B-4, section 3.1.1.2, asks for 64 at least.
const MOST_CHARS: usize = 128;
/// More than [`MOST_CHARS`] in any script, and no work for whoever sends a megabyte.
const MOST_BYTES: usize = 1_024;

/// What argon2 makes unless told otherwise.
const OUTPUT_BYTES: usize = Params::DEFAULT_OUTPUT_LEN;

/// Bounds of what a kept hash may cost, so that whoever can write one into the directory cannot stop the gateway with
/// it: 256 MiB, in KiB.
const MOST_MEMORY: u32 = 256 << 10;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 16;

/// How long to wait for a place.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
