//! A code as a person types it.

use core::fmt;

use subtle::{Choice, ConstantTimeEq as _};

use crate::{secret::Text, totp::Digits};

/// A typed code, cleaned of its spelling; wiped on drop, never printed.
///
/// # Security
///
/// Two spellings of one code are one value, and nothing keeps the spelling:
/// what is remembered about a code can't depend on how it was typed. It is kept
/// as digits and never as a number, so `000042` stays six digits long.
pub struct Code(Text);

impl Code {
    /// Parses exactly as many ASCII digits as `digits` says.
    ///
    /// White space (Unicode's, and the invisible characters that are copied
    /// along with text) and hyphens are skipped wherever they stand.
    ///
    /// # Errors
    ///
    /// Returns [`NotACode`] for any other length or character, and for more
    /// than 64 bytes of whatever kind. It does not say which, so that it can be
    /// logged. Nothing was compared, so the caller counts no attempt.
    ///
    /// # Security
    ///
    /// A digit is an ASCII digit: a sign, a full-width digit or an Arabic one is
    /// refused, and not translated.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::{code::Code, totp::Digits};
    ///
    /// let code = Code::parse(" 123-456\u{a0}", Digits::Six).unwrap();
    /// assert_eq!(code.expose(), "123456");
    /// assert!(Code::parse("12345", Digits::Six).is_err());
    /// assert!(Code::parse("+12345", Digits::Six).is_err());
    /// assert!(Code::parse("12345\u{0660}", Digits::Six).is_err());
    /// ```
    pub fn parse(typed: &str, digits: Digits) -> Result<Self, NotACode> {
        if typed.len() > LONGEST_INPUT {
            return Err(NotACode);
        }
        // Room for every byte that was typed, so that it never grows.
        let mut kept = Text::with_room_for(typed.len());
        for symbol in typed.chars().filter(|&it| !is_filler(it)) {
            if !symbol.is_ascii_digit() {
                return Err(NotACode);
            }
            kept.push(symbol);
        }
        if kept.expose().len() == digits.count() {
            Ok(Self(kept))
        } else {
            Err(NotACode)
        }
    }

    /// Writes the last digits of `number`, zeros in front.
    ///
    /// # Security
    ///
    /// A `number` that is not spread evenly over a multiple of
    /// [`Digits::combinations`] makes a code that is easier to guess.
    pub(crate) fn from_number(number: u32, digits: Digits) -> Self {
        let mut text = Text::with_room_for(digits.count());
        let mut unit = digits.combinations();
        for _ in 0..digits.count() {
            let rest = number.checked_rem(unit).unwrap_or_default();
            unit = unit.checked_div(10).unwrap_or_default();
            let digit = rest.checked_div(unit).unwrap_or_default();
            text.push(char::from_digit(digit, 10).unwrap_or('0'));
        }
        Self(text)
    }

    /// Gives the digits, and nothing but digits.
    ///
    /// # Security
    ///
    /// For handing a code to the phone line and for storing one that was sent.
    /// To check a code use [`matches`](Self::matches).
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Tells whether this is the code that was sent.
    ///
    /// # Security
    ///
    /// Takes the same time wherever two codes of one length differ. It spends
    /// nothing: the caller sees to it that an accepted code is not accepted again.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::{code::Code, totp::Digits};
    ///
    /// let sent = Code::parse("042042", Digits::Six).unwrap();
    /// assert!(Code::parse("042 042", Digits::Six).unwrap().matches(&sent));
    /// assert!(!Code::parse("042043", Digits::Six).unwrap().matches(&sent));
    /// ```
    #[must_use]
    pub fn matches(&self, sent: &Self) -> bool {
        self.compare(sent).into()
    }

    /// The same code once more, for the phone line.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }

    /// Compares without a branch, for a caller that has more than one to compare.
    pub(crate) fn compare(&self, other: &Self) -> Choice {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

/// What was typed is no code; it says nothing of what was typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotACode;

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a code; expected as many digits as the factor has")
    }
}

impl core::error::Error for NotACode {}

/// Tells whether people put this between the symbols of a code without meaning it.
///
/// # Security
///
/// Every parser of typed text uses this one set. A character here is skipped
/// before anything is compared or counted, so adding one never makes a new value.
pub(crate) fn is_filler(symbol: char) -> bool {
    symbol.is_whitespace() || INVISIBLE.contains(&symbol) || HYPHENS.contains(&symbol)
}

/// The longest text that is looked at, in bytes: eight digits need no more,
/// with a filler of three bytes on each side of every one.
const LONGEST_INPUT: usize = 64;

/// What copying adds and no eye sees: zero width space, word joiner, byte order
/// mark, left-to-right and right-to-left mark (Unicode, none of them `White_Space`).
const INVISIBLE: [char; 5] = ['\u{200b}', '\u{2060}', '\u{feff}', '\u{200e}', '\u{200f}'];

/// Hyphen-minus, hyphen, non-breaking hyphen, figure dash, en dash, minus sign
/// and soft hyphen.
const HYPHENS: [char; 7] = [
    '-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2212}', '\u{ad}',
];

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use proptest::prelude::*;

    use super::*;

    // V-01, V-02: a tab, a line end, no-break, em and ideographic spaces, and
    // what is_whitespace leaves out.
    const FILLERS: [&str; 22] = [
        " ", "  ", "\t", "\r\n", "\u{85}", "\u{a0}", "\u{2003}", "\u{2028}", "\u{202f}",
        "\u{3000}", "\u{200b}", "\u{2060}", "\u{feff}", "\u{200e}", "\u{200f}", "-", "\u{2010}",
        "\u{2011}", "\u{2012}", "\u{2013}", "\u{2212}", "\u{ad}",
    ];

    // The last three have six bytes, as six digits have.
    const NO_CODES: [&str; 26] = [
        "",
        " ",
        "-",
        "12345",
        "1234567",
        "12345678",
        "+12345",
        "+123456",
        "-12345",
        "12345a",
        "0x1234",
        "123.456",
        "123,456",
        "123_456",
        "1e5",
        "12345\0",
        "１２３４５６",
        "٠١٢٣٤٥",
        "१२३४५६",
        "12345²",
        "12345①",
        "12345\u{301}6",
        "𝟏𝟐𝟑𝟒𝟓𝟔",
        "٠١٢",
        "１２",
        "1234²",
    ];

    #[test]
    fn every_spelling_of_a_code_is_the_same_code() {
        let plain = Code::parse("012345", Digits::Six).unwrap();
        for filler in FILLERS {
            for typed in [
                format!("{filler}012345"),
                format!("012345{filler}"),
                format!("012{filler}345"),
                format!("{filler}0{filler}1{filler}2{filler}3{filler}4{filler}5{filler}"),
            ] {
                let code = Code::parse(&typed, Digits::Six);
                assert!(code.unwrap().matches(&plain), "{typed:?}");
            }
        }
    }

    #[test]
    fn anything_but_the_right_number_of_ascii_digits_is_no_code() {
        for typed in NO_CODES {
            assert_eq!(
                Code::parse(typed, Digits::Six).err(),
                Some(NotACode),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn an_eight_digit_factor_takes_eight_digits_only() {
        assert!(Code::parse("1234 5678", Digits::Eight).is_ok());
        for typed in ["123456", "1234567", "123456789"] {
            assert_eq!(Code::parse(typed, Digits::Eight).err(), Some(NotACode));
        }
    }

    #[test]
    fn leading_zeros_count() {
        let zeros = Code::parse("000000", Digits::Six).unwrap();
        assert_eq!(zeros.expose(), "000000");
        assert!(Code::parse("0", Digits::Six).is_err());
        assert_eq!(Code::from_number(42, Digits::Six).expose(), "000042");
        assert_eq!(Code::from_number(1_000_042, Digits::Six).expose(), "000042");
        assert_eq!(
            Code::from_number(u32::MAX, Digits::Eight).expose(),
            "94967295"
        );
    }

    #[test]
    fn more_than_64_bytes_are_refused_unread() {
        let room = " ".repeat(58);
        assert!(Code::parse(&format!("{room}123456"), Digits::Six).is_ok());
        assert!(Code::parse(&format!("{room} 123456"), Digits::Six).is_err());
        assert!(Code::parse(&"1".repeat(1 << 20), Digits::Six).is_err());
    }

    #[test]
    fn codes_of_different_length_never_match() {
        let six = Code::parse("123456", Digits::Six).unwrap();
        let eight = Code::parse("12345600", Digits::Eight).unwrap();
        assert!(!six.matches(&eight) && !eight.matches(&six));
    }

    // I-5 of the architecture.
    #[test]
    fn neither_a_code_nor_its_failure_prints_what_was_typed() {
        let code = Code::parse("123456", Digits::Six);
        assert_eq!(format!("{code:?}"), "Ok(Code(..))");
        let failure = Code::parse("12345x", Digits::Six).unwrap_err();
        assert!(!format!("{failure} {failure:?}").contains(|it: char| it.is_ascii_digit()));
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_keeps_only_digits(typed: String) {
            for digits in [Digits::Six, Digits::Eight] {
                if let Ok(code) = Code::parse(&typed, digits) {
                    prop_assert_eq!(code.expose().len(), digits.count());
                    prop_assert!(code.expose().bytes().all(|it| it.is_ascii_digit()));
                }
            }
        }

        #[test]
        fn a_number_becomes_its_last_digits(number: u32) {
            let expected = format!("{number:010}");
            let six = Code::from_number(number, Digits::Six);
            prop_assert_eq!(six.expose(), &expected[4..]);
            let eight = Code::from_number(number, Digits::Eight);
            prop_assert_eq!(eight.expose(), &expected[2..]);
        }
    }
}
