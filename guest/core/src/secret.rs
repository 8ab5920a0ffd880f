//! Values that must not be printed, and that are wiped when they are dropped.
//!
//! Both types redact themselves in `Debug`, have no `Display` and no `Clone`,
//! and compare in constant time. What they cannot do is wipe a copy that was
//! made before they were: build the value in one allocation of the right size,
//! because a vector that grows leaves its old bytes behind.

use alloc::{string::String, vec::Vec};
use core::fmt;

use base32::Alphabet;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::code::is_filler;

/// A key of an authenticator app; wiped on drop, never printed.
///
/// # Security
///
/// `==` takes the same time wherever two secrets of one length differ. The
/// length itself is no secret.
///
/// # Examples
///
/// ```
/// use countersign_core::secret::Secret;
///
/// let secret = Secret::new(vec![0x11; 20]);
/// assert_eq!(secret.bytes().len(), 20);
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert_eq!(secret, secret.duplicate());
/// ```
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the bytes of a secret, of whatever length.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Gives the bytes.
    ///
    /// # Security
    ///
    /// For computing a MAC or writing a record. A copy made of them is not wiped.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Makes a second copy, wiped on its own.
    ///
    /// It is not called `clone` so that no derive makes one unseen.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Writes the secret as base32 (RFC 4648, section 6), upper case, without padding.
    ///
    /// # Security
    ///
    /// The answer is the secret in another spelling: it goes to the user who
    /// enrols and nowhere else.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::secret::Secret;
    ///
    /// let secret = Secret::new(b"12345678901234567890".to_vec());
    /// assert_eq!(secret.to_base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    /// ```
    #[must_use]
    pub fn to_base32(&self) -> Text {
        let mut text = Text::with_room_for(base32_length(self.0.len()));
        for chunk in self.0.chunks(BYTES_PER_BLOCK) {
            // The encoder outgrows its buffer on anything but a full block, and
            // would leave symbols of the secret in the memory it gave back.
            let mut block = Zeroizing::new([0; BYTES_PER_BLOCK]);
            for (to, from) in block.iter_mut().zip(chunk) {
                *to = *from;
            }
            let symbols = Zeroizing::new(base32::encode(BASE32, block.as_slice()));
            for symbol in symbols.chars().take(base32_length(chunk.len())) {
                text.push(symbol);
            }
        }
        text
    }

    /// Reads base32 as people and other programs write it.
    ///
    /// Either case is taken, white space and hyphens are skipped, and padding
    /// may stand at the end or be left out. Bits beyond the last whole byte are
    /// dropped, as authenticator apps do. Returns `None` for any other
    /// character, `0`, `1`, `8` and `9` among them, and for a number of symbols
    /// that no whole number of bytes has.
    ///
    /// # Security
    ///
    /// No look-alike is guessed at: a `0` taken for an `O` would be a key that
    /// no app agrees with. The length of `text` is the caller's to bound.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::secret::Secret;
    ///
    /// let secret = Secret::parse_base32("gezd gnbv-GY3TQOJQ").unwrap();
    /// assert_eq!(secret.bytes(), b"1234567890");
    /// assert!(Secret::parse_base32("GEZD0NBVGY3TQOJQ").is_none());
    /// ```
    #[must_use]
    pub fn parse_base32(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(|it| it == '=' || is_filler(it));
        let mut symbols = Zeroizing::new(String::with_capacity(text.len()));
        for symbol in text.chars().filter(|&it| !is_filler(it)) {
            match symbol.to_ascii_uppercase() {
                symbol @ ('A'..='Z' | '2'..='7') => symbols.push(symbol),
                _ => return None,
            }
        }
        // One, three or six symbols over: RFC 4648, section 6, has no such end.
        // For the lengths that are left, the decoder's buffer does not grow.
        if matches!(symbols.len() % SYMBOLS_PER_BLOCK, 1 | 3 | 6) {
            return None;
        }
        base32::decode(BASE32, &symbols).map(Self::new)
    }
}

impl Drop for Secret {
    // Out of line, as `Text`'s: there are many places where one is dropped, and in each the loop would be unrolled.
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Eq for Secret {}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// Text that whoever holds it may use: a ticket, a code, a provisioning URI.
///
/// # Security
///
/// `==` takes the same time wherever two texts of one length differ. The length
/// itself is no secret.
///
/// # Examples
///
/// ```
/// use countersign_core::secret::Text;
///
/// let ticket = Text::new("t0p5ecret".to_owned());
/// assert_eq!(ticket.expose(), "t0p5ecret");
/// assert_eq!(format!("{ticket:?}"), "Text(..)");
/// ```
pub struct Text(String);

impl Text {
    /// Takes text that is to be kept from view.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Begins an empty text with room for `bytes` bytes.
    ///
    /// Whoever pushes more than that leaves a copy behind that is not wiped.
    pub(crate) fn with_room_for(bytes: usize) -> Self {
        Self::new(String::with_capacity(bytes))
    }

    /// Adds one character.
    pub(crate) fn push(&mut self, symbol: char) {
        self.0.push(symbol);
    }

    /// Adds all of `more`.
    pub(crate) fn push_str(&mut self, more: &str) {
        self.0.push_str(more);
    }

    /// Gives the text.
    ///
    /// # Security
    ///
    /// For the answer to the one caller it is meant for, or for a MAC. A copy
    /// made of it is not wiped.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Makes a second copy, wiped on its own.
    ///
    /// It is not called `clone` so that no derive makes one unseen.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Drop for Text {
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(..)")
    }
}

impl Eq for Text {}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// Gives the number of symbols that `bytes` bytes need: 8 bits each, 5 a symbol.
const fn base32_length(bytes: usize) -> usize {
    bytes.saturating_mul(8).div_ceil(5)
}

/// RFC 4648, section 6; the padding is left out, as key URIs require.
const BASE32: Alphabet = Alphabet::Rfc4648 { padding: false };

/// RFC 4648, section 6: 40 bits are five bytes or eight symbols.
const BYTES_PER_BLOCK: usize = 5;

/// RFC 4648, section 6: 40 bits are five bytes or eight symbols.
const SYMBOLS_PER_BLOCK: usize = 8;

#[cfg(test)]
mod tests {
    use alloc::{borrow::ToOwned as _, format, vec};

    use proptest::prelude::*;

    use super::*;

    // RFC 4648, section 10, without the padding.
    const VECTORS: [(&str, &str); 7] = [
        ("", ""),
        ("f", "MY"),
        ("fo", "MZXQ"),
        ("foo", "MZXW6"),
        ("foob", "MZXW6YQ"),
        ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ];

    #[test]
    fn base32_agrees_with_rfc_4648_both_ways() {
        for (plain, encoded) in VECTORS {
            let secret = Secret::new(plain.as_bytes().to_vec());
            assert_eq!(secret.to_base32().expose(), encoded);
            assert_eq!(Secret::parse_base32(encoded), Some(secret));
        }
    }

    #[test]
    fn base32_is_read_in_every_usual_spelling() {
        for typed in [
            "MZXW6YTBOI",
            "mzxw6ytboi",
            "MZXW6YTBOI======",
            "MZXW 6YTB OI",
            "mzxw-6ytb-oi",
            "\u{feff}MZXW6YTBOI\u{a0}",
            "MZXW6YTBOI=== ===",
        ] {
            let secret = Secret::parse_base32(typed).unwrap();
            assert_eq!(secret.bytes(), b"foobar", "{typed:?}");
        }
    }

    #[test]
    fn base32_refuses_what_is_not_in_its_alphabet() {
        for typed in [
            "0ZXW6YTB",
            "1ZXW6YTB",
            "8ZXW6YTB",
            "9ZXW6YTB",
            "MZX=6YTB",
            "MZXW6YT+",
            "MZXW6YT/",
            "MZXW6YTÄ",
            "MZXW6YT２",
            "=MZXW6YTB",
            "M\0ZXW6YT",
        ] {
            assert_eq!(Secret::parse_base32(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn base32_refuses_a_length_that_no_bytes_have() {
        for typed in ["M", "MZX", "MZXW6Y", "MZXW6YTBO"] {
            assert_eq!(Secret::parse_base32(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn base32_drops_the_bits_beyond_the_last_whole_byte() {
        assert_eq!(Secret::parse_base32("MZ"), Secret::parse_base32("MY"));
    }

    // V-47, OpenBao CVE-2025-62513: I-5 of the architecture.
    #[test]
    fn debug_output_tells_nothing_of_the_value() {
        assert_eq!(format!("{:?}", Secret::new(vec![7; 20])), "Secret(..)");
        assert_eq!(format!("{:#?}", Text::new("canary".to_owned())), "Text(..)");
    }

    #[test]
    fn secrets_are_equal_only_if_every_byte_is() {
        let secret = Secret::new(vec![7; 20]);
        assert_eq!(secret, secret.duplicate());
        assert_ne!(secret, Secret::new(vec![7; 19]));
        for place in 0..20 {
            let mut other = vec![7; 20];
            other[place] ^= 0x80;
            assert_ne!(secret, Secret::new(other));
        }
        let text = Text::new("abc".to_owned());
        assert_eq!(text, text.duplicate());
        assert_ne!(text, Text::new("abd".to_owned()));
        assert_ne!(text, Text::new("ab".to_owned()));
    }

    proptest! {
        #[test]
        fn reading_base32_gives_back_what_was_written(bytes: Vec<u8>) {
            let secret = Secret::new(bytes);
            let text = secret.to_base32();
            prop_assert!(!text.expose().contains('='));
            prop_assert_eq!(Secret::parse_base32(text.expose()), Some(secret));
        }

        #[test]
        fn reading_base32_never_panics(typed: String) {
            let _ = Secret::parse_base32(&typed);
        }
    }
}
