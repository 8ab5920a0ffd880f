//! Telephone numbers in the one form that is compared, counted and stored.

use alloc::string::String;
use core::fmt;

use zeroize::Zeroize;

/// A number in E.164 form: `+` and 7 to 15 digits, the first not 0. It is personal, so it is never printed whole.
#[derive(Clone, Eq, PartialEq)]
pub struct PhoneNumber(String);

/// A text that is no telephone number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotANumber;

impl PhoneNumber {
    /// How many of its digits somebody may see who has not shown a factor.
    pub const SHOWN_BEFORE_THE_FACTOR: usize = 2;

    /// How many of its digits somebody may see who has shown a factor, or answers for the user.
    pub const SHOWN_AFTER_THE_FACTOR: usize = 4;

    /// Parses a number with its country code, as people write it: spaces, hyphens, dots and brackets are taken out.
    ///
    /// Everything that limits or compares numbers goes by the form this returns, so that one number cannot pass for
    /// several. Which country it belongs to, and whether it exists, is for the host to find out.
    ///
    /// # Errors
    ///
    /// Returns [`NotANumber`] unless what is left is `+` and 7 to 15 ASCII digits, the first not 0, and for a `(0)`, which
    /// is no part of the number from abroad.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::phone::PhoneNumber;
    ///
    /// let one = PhoneNumber::parse("+1 (202) 555-0100").unwrap();
    /// assert_eq!(one.as_str(), "+12025550100");
    /// assert!(PhoneNumber::parse("202 555 0100").is_err());
    /// assert!(PhoneNumber::parse("tel:+12025550100").is_err());
    /// ```
    pub fn parse(typed: &str) -> Result<Self, NotANumber> {
        // The zero in `+44 (0)20` is dialled at home only. Left in, it would make two numbers of one.
        if typed.len() > LONGEST_TYPED || typed.contains("(0)") {
            return Err(NotANumber);
        }
        let is_filler = |it: &char| matches!(it, ' ' | '\u{a0}' | '-' | '.' | '(' | ')');
        Self::from_canonical(typed.chars().filter(|it| !is_filler(it)).collect())
    }

    /// Takes a number that is in E.164 form already.
    ///
    /// # Errors
    ///
    /// Returns [`NotANumber`] for one that is not.
    pub fn from_canonical(number: String) -> Result<Self, NotANumber> {
        let digits = number.strip_prefix('+').unwrap_or_default();
        let well_formed = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed {
            Ok(Self(number))
        } else {
            Err(NotANumber)
        }
    }

    /// The whole number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last `shown` digits behind three dots.
    #[must_use]
    pub fn masked(&self, shown: usize) -> String {
        let hidden = self.0.len().saturating_sub(shown);
        let mut masked = String::from("•••");
        masked.push_str(self.0.get(hidden..).unwrap_or_default());
        masked
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(..)")
    }
}

impl Drop for PhoneNumber {
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Longer than any number with all the fillers that a person would write.
const LONGEST_TYPED: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    // E-02, E-03, V-91
    #[test]
    fn every_spelling_of_a_number_is_the_same_number() {
        for typed in [
            "+12025550100",
            "+1 202 555 0100",
            "+1-202-555-0100",
            "+1(202)5550100",
            " +1.202.555.0100 ",
            "+1\u{a0}202\u{a0}5550100",
        ] {
            assert_eq!(
                PhoneNumber::parse(typed).unwrap().as_str(),
                "+12025550100",
                "{typed}"
            );
        }
    }

    // E-01, V-92: what made the number parsers of others panic is refused like anything else.
    #[test]
    fn what_is_no_international_number_is_refused() {
        for typed in [
            "",
            "+",
            "2025550100",
            "002025550100",
            "+02025550100",
            "+123456",
            "+1234567890123456",
            "tel:+12025550100",
            "+12025550100;ext=5",
            "+12025550100;phone-context=x",
            ".;phone-context=",
            "+dwPAA;phone-context=AA",
            "+1202555010\u{0660}",
            "++12025550100",
            "+1202+5550100",
            "+44 (0)20 7946 0000",
            "+1 202 555 0100                                  ",
        ] {
            assert_eq!(PhoneNumber::parse(typed), Err(NotANumber), "{typed}");
        }
    }

    // V-95
    #[test]
    fn a_masked_number_shows_its_last_digits_only() {
        let number = PhoneNumber::parse("+12025550142").unwrap();
        assert_eq!(number.masked(2), "•••42");
        assert_eq!(alloc::format!("{number:?}"), "PhoneNumber(..)");
    }
}
