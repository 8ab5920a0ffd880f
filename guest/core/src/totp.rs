//! Time-based one-time passwords: RFC 6238 over RFC 4226.
//!
//! What leads to an acceptance is a chain of values that nothing else can make:
//! [`Key::match_code`] gives a [`Matched`], and only [`Matched::into_unspent`]
//! turns it into an [`Unspent`], whose step becomes the new replay mark.
//!
//! ```
//! use countersign_core::{code::Code, secret::Secret, time::Instant};
//! use countersign_core::totp::{Algorithm, Digits, Key, Period, Step, Window};
//!
//! // RFC 6238, appendix B.
//! let secret = Secret::new(b"12345678901234567890".to_vec());
//! let key = Key::new(secret, Algorithm::Sha1, Digits::Eight, Period::DEFAULT).unwrap();
//! let now = Instant::new(1_111_111_109);
//! let code = Code::parse("0708 1804", Digits::Eight).unwrap();
//!
//! let matched = key.match_code(&code, now, Window::PlusMinusOne).unwrap();
//! let mark = matched.into_unspent(None).unwrap().step();
//! assert_eq!(mark, Step::new(37_037_036));
//!
//! // The same code again: it matches, and is spent.
//! let again = key.match_code(&code, now, Window::PlusMinusOne).unwrap();
//! assert!(again.into_unspent(Some(mark)).is_none());
//! ```

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConditionallySelectable as _};
use zeroize::Zeroize as _;

use crate::{
    code::Code,
    secret::{Secret, Text},
    time::{Instant, Span},
};

/// The hash below the MAC (RFC 6238, section 1.2).
///
/// Everything but [`Sha1`](Self::Sha1) is for imported factors: several apps
/// ignore the parameter without a word and then show wrong codes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// HMAC-SHA-1. Collisions of SHA-1 don't touch its use in a MAC.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// Parses a name as key URIs spell it, in either case.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::totp::Algorithm;
    ///
    /// assert_eq!(Algorithm::parse("sha256"), Some(Algorithm::Sha256));
    /// assert_eq!(Algorithm::parse("MD5"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512]
            .into_iter()
            .find(|it| it.name().eq_ignore_ascii_case(name))
    }

    /// Gives the name as key URIs spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// How many digits a code has.
///
/// Seven, which RFC 4226 also allows, is left out: hardly any app shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Digits {
    /// Six, as every app shows them.
    Six,
    /// Eight, for imported factors.
    Eight,
}

impl Digits {
    /// Takes a count of digits; `None` unless it is 6 or 8.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::totp::Digits;
    ///
    /// assert_eq!(Digits::from_count(8), Some(Digits::Eight));
    /// assert_eq!(Digits::from_count(5), None); // H-03, N-02
    /// ```
    #[must_use]
    pub const fn from_count(count: u64) -> Option<Self> {
        match count {
            6 => Some(Self::Six),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// Gives the count of digits.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Six => 6,
            Self::Eight => 8,
        }
    }

    /// Gives the number of different codes.
    pub(crate) const fn combinations(self) -> u32 {
        match self {
            Self::Six => 1_000_000,
            Self::Eight => 100_000_000,
        }
    }
}

/// How long a step lasts: 15 to 120 seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period(Span);

impl Period {
    /// 30 seconds (H-08: RFC 6238, section 5.2).
    pub const DEFAULT: Self = Self(Span::seconds(30));

    /// Takes the length of a step.
    ///
    /// # Errors
    ///
    /// Returns [`UnusablePeriod`] below 15 and above 120 seconds (N-03).
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::{time::Span, totp::Period};
    ///
    /// assert_eq!(Period::new(Span::seconds(30)), Ok(Period::DEFAULT));
    /// assert!(Period::new(Span::seconds(14)).is_err());
    /// assert!(Period::new(Span::seconds(121)).is_err());
    /// ```
    pub const fn new(length: Span) -> Result<Self, UnusablePeriod> {
        match length.as_seconds() {
            SHORTEST_PERIOD..=LONGEST_PERIOD => Ok(Self(length)),
            _ => Err(UnusablePeriod),
        }
    }

    /// Gives the length of a step.
    #[must_use]
    pub const fn as_span(self) -> Span {
        self.0
    }
}

/// The period is out of bounds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnusablePeriod;

impl fmt::Display for UnusablePeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("period out of bounds; expected 15 to 120 seconds")
    }
}

impl core::error::Error for UnusablePeriod {}

/// The number of a step: periods passed in full since the Unix epoch.
///
/// As a replay mark it is the greatest step of a factor that was ever accepted.
/// Steps of factors with different periods are not comparable.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Step(u64);

impl Step {
    /// Takes a number that was stored.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Gives the number, for storing it.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Which steps a code may be of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Window {
    /// The current step and one to each side, for a phone whose clock is off.
    PlusMinusOne,
    /// The current step and the one before, as RFC 6238, section 5.2 recommends (H-11).
    CurrentAndPrevious,
}

/// What an authenticator app and the verifier share.
///
/// # Security
///
/// `==` compares the secrets in constant time. `Debug` leaves the secret out.
#[derive(Eq, PartialEq)]
pub struct Key {
    secret: Secret,
    algorithm: Algorithm,
    digits: Digits,
    period: Period,
}

impl Key {
    /// Puts a key together.
    ///
    /// # Errors
    ///
    /// Returns [`UnusableSecret`] below 16 bytes (H-01, N-01: RFC 4226,
    /// section 4, R6) and above 128.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::{secret::Secret, totp::{Algorithm, Digits, Key, Period}};
    ///
    /// let short = Secret::new(vec![7; 15]);
    /// assert!(Key::new(short, Algorithm::Sha1, Digits::Six, Period::DEFAULT).is_err());
    /// ```
    pub fn new(
        secret: Secret,
        algorithm: Algorithm,
        digits: Digits,
        period: Period,
    ) -> Result<Self, UnusableSecret> {
        match secret.bytes().len() {
            SHORTEST_SECRET..=LONGEST_SECRET => Ok(Self {
                secret,
                algorithm,
                digits,
                period,
            }),
            _ => Err(UnusableSecret),
        }
    }

    /// Puts a key together that every app understands: SHA-1, six digits, 30 seconds.
    ///
    /// # Errors
    ///
    /// Returns [`UnusableSecret`] as [`Key::new`] does.
    pub fn standard(secret: Secret) -> Result<Self, UnusableSecret> {
        Self::new(secret, Algorithm::Sha1, Digits::Six, Period::DEFAULT)
    }

    /// Gives the secret, for storing it.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Gives the hash below the MAC.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Gives the number of digits that its codes have.
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// Gives the length of its steps.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// Writes the secret as base32; see [`Secret::to_base32`].
    #[must_use]
    pub fn to_base32(&self) -> Text {
        self.secret.to_base32()
    }

    /// Gives the step of this key that `now` lies in.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::{secret::Secret, time::Instant, totp::{Key, Step}};
    ///
    /// let key = Key::standard(Secret::new(vec![7; 20])).unwrap();
    /// assert_eq!(key.step_at(Instant::new(29)), Step::new(0));
    /// assert_eq!(key.step_at(Instant::new(30)), Step::new(1));
    /// ```
    #[must_use]
    pub const fn step_at(&self, now: Instant) -> Step {
        Step(now.since(Instant::EPOCH).full(self.period.0))
    }

    /// Finds the step of the window that `code` belongs to.
    ///
    /// It spends nothing and knows nothing of what was spent. If several steps
    /// have these digits, it is the greatest: the mark then passes all of them,
    /// where the mark of a smaller one would let the same typed code in a
    /// second time.
    ///
    /// # Security
    ///
    /// Every step of the window is computed and compared, also after a match, so
    /// that the time taken does not tell which one it was. A step before the
    /// epoch does not exist; that depends on `now` alone. A code of another
    /// length than the key's matches nothing.
    #[must_use]
    pub fn match_code(&self, code: &Code, now: Instant, window: Window) -> Option<Matched> {
        let Step(current) = self.step_at(now);
        let next = match window {
            Window::PlusMinusOne => current.checked_add(1),
            Window::CurrentAndPrevious => None,
        };
        let mut found = Choice::from(0);
        let mut greatest = 0;
        // Ascending, so that the last assignment is the greatest step. An `if`
        // in place of the assignment would bring the branch back.
        for step in [current.checked_sub(1), Some(current), next]
            .into_iter()
            .flatten()
        {
            let equal = self.code_at(Step(step)).compare(code);
            greatest.conditional_assign(&step, equal);
            found |= equal;
        }
        bool::from(found).then_some(Matched(Step(greatest)))
    }

    /// Computes the code of one step.
    ///
    /// It is private because a verifier that hands out codes is an authenticator.
    fn code_at(&self, step: Step) -> Code {
        let value = match self.algorithm {
            Algorithm::Sha1 => hotp::<Hmac<Sha1>>(&self.secret, step),
            Algorithm::Sha256 => hotp::<Hmac<Sha256>>(&self.secret, step),
            Algorithm::Sha512 => hotp::<Hmac<Sha512>>(&self.secret, step),
        };
        Code::from_number(value, self.digits)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The secret is too short to resist guessing, or too long to be one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnusableSecret;

impl fmt::Display for UnusableSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secret of an unusable length; expected 16 to 128 bytes")
    }
}

impl core::error::Error for UnusableSecret {}

/// Proof that a code was right for some step; [`Key::match_code`] makes it.
///
/// # Security
///
/// It does not say that the code was not used before, so it accepts nobody. It
/// can't be copied, and its step can't be read but through
/// [`into_unspent`](Self::into_unspent).
///
/// ```compile_fail
/// use countersign_core::totp::{Matched, Step};
///
/// let forged = Matched(Step::new(1));
/// ```
#[derive(Debug)]
#[must_use = "a match accepts nobody until its step is found unspent"]
pub struct Matched(Step);

impl Matched {
    /// Gives the right to accept, if the step is greater than the replay mark.
    ///
    /// `mark` is the greatest step this factor ever accepted, `None` if it never
    /// accepted one.
    ///
    /// # Security
    ///
    /// The mark never expires and time plays no part: a code of a step at or
    /// below it stays spent however the clock is set (H-12, V-10). Whoever
    /// accepts stores the new mark first, and only over the mark given here.
    #[must_use = "without the unspent step there is nothing to accept"]
    pub fn into_unspent(self, mark: Option<Step>) -> Option<Unspent> {
        (Some(self.0) > mark).then_some(Unspent(self.0))
    }
}

/// Proof that a matched step was not spent; [`Matched::into_unspent`] makes it.
///
/// ```compile_fail
/// use countersign_core::totp::{Step, Unspent};
///
/// let forged = Unspent(Step::new(1));
/// ```
#[derive(Debug)]
#[must_use = "an unspent step is to be stored as the new mark"]
pub struct Unspent(Step);

impl Unspent {
    /// Gives the step, which becomes the replay mark.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.0
    }
}

/// Computes the value of one step before it is cut to digits (RFC 4226, section 5.3).
fn hotp<M: KeyInit + Mac>(secret: &Secret, Step(counter): Step) -> u32 {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret.bytes()) else {
        // HMAC takes a key of any length (RFC 2104, section 3).
        unreachable!("hmac refused a key")
    };
    mac.update(&counter.to_be_bytes());
    let mut output = mac.finalize().into_bytes();
    let value = truncate(&output);
    output.as_mut_slice().zeroize();
    value
}

/// Cuts a MAC down to 31 bits (RFC 4226, section 5.3; RFC 6238, section 1.2).
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a MAC has at least 20 bytes, offset is at most 15, and 15 + 3 < 20"
)]
fn truncate(mac: &[u8]) -> u32 {
    // The last byte, whatever the length: byte 19 is right for SHA-1 alone.
    let offset = usize::from(mac[mac.len() - 1] & 0xf);
    let bytes = [
        mac[offset],
        mac[offset + 1],
        mac[offset + 2],
        mac[offset + 3],
    ];
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

/// Below it an app's user can't read and type a code in time.
const SHORTEST_PERIOD: u64 = 15;

/// SP 800-63B-4, section 3.1.4.1: at least every two minutes.
const LONGEST_PERIOD: u64 = 120;

/// RFC 4226, section 4, R6: at least 128 bits.
const SHORTEST_SECRET: usize = 16;

/// The block of SHA-512: HMAC hashes anything longer down to less (RFC 2104, section 2).
const LONGEST_SECRET: usize = 128;

#[cfg(test)]
mod tests;
