//! The one code that leads back in when every device is lost.

use core::fmt;

use zeroize::{Zeroize as _, Zeroizing};

use crate::{code::is_filler, secret::Text};

/// 130 random bits as 26 symbols of Crockford's base32; wiped on drop, never printed.
///
/// It is shown in five groups, `XXXXX-XXXXX-XXXXX-XXXXX-XXXXXX`: four of five
/// symbols and a last one of six.
///
/// # Security
///
/// 130 bits can't be guessed, so no delay guards the code (N-19, A-02, A-19).
/// It has no `==`: keep the MAC of [`canonical`](Self::canonical), and compare
/// nothing but MACs.
///
/// # Examples
///
/// ```
/// use countersign_core::recovery_code::RecoveryCode;
///
/// let code = RecoveryCode::from_random([0x5a; 17]);
/// assert_eq!(code.grouped().expose(), "B9D5M-PJTB9-D5MPJ-TB9D5-MPJTB9");
///
/// let typed = RecoveryCode::parse("b9d5m pjtb9 d5mpj tb9d5 mpjtb9").unwrap();
/// assert_eq!(typed.canonical(), code.canonical());
/// assert_eq!(format!("{typed:?}"), "RecoveryCode(..)");
/// ```
pub struct RecoveryCode(Zeroizing<[u8; SYMBOLS]>);

impl RecoveryCode {
    /// Writes the first 130 bits of `random` as a code; the last six are not used.
    ///
    /// # Security
    ///
    /// The code is as good as `random`: a source that fails has to be found out
    /// before.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "the last symbol begins at bit 125, in byte 15 of 17; a remainder of 8 is at most 7; five bits are below 32"
    )]
    pub fn from_random(mut random: [u8; 17]) -> Self {
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        for (place, symbol) in symbols.iter_mut().enumerate() {
            let bit = place * 5;
            // The two bytes that hold the five bits, whether or not they straddle.
            let pair = u16::from_be_bytes([random[bit / 8], random[bit / 8 + 1]]);
            *symbol = ALPHABET[usize::from(pair >> (11 - bit % 8) & 31)];
        }
        random.zeroize();
        Self(symbols)
    }

    /// Parses a code as people type it.
    ///
    /// Either case is taken, `O` counts as `0`, `I` and `L` count as `1`; white
    /// space and hyphens are skipped wherever they stand, with or without the
    /// groups.
    ///
    /// # Errors
    ///
    /// Returns [`NotARecoveryCode`] for any other character, `U` among them, for
    /// any other number of symbols than 26, and for more than 128 bytes of
    /// whatever kind. It does not say which, so that it can be logged. Nothing
    /// was compared, so the caller counts no attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::recovery_code::RecoveryCode;
    ///
    /// let typed = RecoveryCode::parse("OOOOO-IIIII-lllll-00000-111111").unwrap();
    /// assert_eq!(typed.canonical(), b"00000111111111100000111111");
    /// assert!(RecoveryCode::parse("UUUUU-00000-00000-00000-000000").is_err());
    /// assert!(RecoveryCode::parse("00000-00000").is_err());
    /// ```
    pub fn parse(typed: &str) -> Result<Self, NotARecoveryCode> {
        if typed.len() > LONGEST_INPUT {
            return Err(NotARecoveryCode);
        }
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        let mut places = symbols.iter_mut();
        for typed in typed.chars().filter(|&it| !is_filler(it)) {
            let place = places.next().ok_or(NotARecoveryCode)?;
            *place = canonical_symbol(typed).ok_or(NotARecoveryCode)?;
        }
        match places.next() {
            None => Ok(Self(symbols)),
            Some(_) => Err(NotARecoveryCode),
        }
    }

    /// Gives the 26 symbols, upper case and without groups, for a MAC.
    ///
    /// Every spelling of a code has the same ones.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Writes the code in groups, as it is shown once.
    ///
    /// # Security
    ///
    /// For the user it belongs to, in the answer that issues it, and nowhere else.
    #[must_use]
    pub fn grouped(&self) -> Text {
        let mut text = Text::with_room_for(SYMBOLS.saturating_add(GROUP_STARTS.len()));
        for (place, &symbol) in self.0.iter().enumerate() {
            if GROUP_STARTS.contains(&place) {
                text.push('-');
            }
            text.push(char::from(symbol));
        }
        text
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// What was typed is no recovery code; it says nothing of what was typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotARecoveryCode;

impl fmt::Display for NotARecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a recovery code; expected 26 letters and digits")
    }
}

impl core::error::Error for NotARecoveryCode {}

/// Gives the symbol that was meant, if it can only be one.
fn canonical_symbol(typed: char) -> Option<u8> {
    let symbol = match typed.to_ascii_uppercase() {
        'O' => b'0',
        'I' | 'L' => b'1',
        other => u8::try_from(other).ok()?,
    };
    ALPHABET.contains(&symbol).then_some(symbol)
}

/// 130 bits in symbols of five; 128 would need as many.
const SYMBOLS: usize = 26;

/// The longest text that is looked at, in bytes: 26 symbols need no more, with a
/// filler of three bytes beside every one.
const LONGEST_INPUT: usize = 128;

/// Before which symbols a hyphen is shown.
const GROUP_STARTS: [usize; 4] = [5, 10, 15, 20];

/// Crockford's base32: no `I`, `L`, `O`, which look like digits, and no `U`.
const ALPHABET: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[cfg(test)]
mod tests;
