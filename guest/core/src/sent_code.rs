//! The code of a text message.

use crate::code::Code;
use crate::failure::Dependency;
use crate::time::{Instant, Span};
use crate::totp::Digits;
use crate::vault::{Slot, Vault};

/// A code that goes out by text message. It lies in the sealed record of tickets and nowhere else.
#[derive(Debug)]
pub struct SentCode {
    /// The code.
    pub code: Code,
    /// When it was last sent, or on the way to be.
    pub sent_at: Instant,
    /// The last second in which it is good.
    pub good_until: Instant,
}

/// Proof that a sent code was shown while it was good. Only [`SentCode::redeem`] makes one, and uses the code up.
#[derive(Debug)]
pub struct Redeemed(());

impl SentCode {
    /// Draws a code of six digits.
    ///
    /// # Errors
    ///
    /// Returns the import at fault.
    ///
    /// # Security
    ///
    /// A million numbers out of 2¹²⁸ are as even as makes no difference.
    pub fn draw(lifetime: Span, now: Instant, vault: &mut dyn Vault) -> Result<Self, Dependency> {
        let drawn = vault.draw(Slot::SentCode)?;
        let number = drawn
            .iter()
            .take(16)
            .fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        let number = number.checked_rem(u128::from(Digits::Six.combinations()));
        let number = number.and_then(|it| u32::try_from(it).ok());
        Ok(Self {
            code: Code::from_number(number.ok_or(Dependency::Random)?, Digits::Six),
            sent_at: now,
            good_until: now.after(lifetime),
        })
    }

    /// Says whether its time is over. Its last second belongs to it.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        now > self.good_until
    }

    /// Says whether it is worth being sent once more: long enough before its end for the user to type it.
    #[must_use]
    pub fn is_worth_resending(&self, now: Instant) -> bool {
        now.after(TOO_SHORT) <= self.good_until
    }

    /// From when on another message may be asked for.
    #[must_use]
    pub fn resend_at(&self) -> Instant {
        self.sent_at.after(BETWEEN)
    }

    /// Uses the code up if `typed` is it and its time is not over; gives it back otherwise.
    ///
    /// # Errors
    ///
    /// Returns the code itself, which is then as good as before.
    pub fn redeem(self, typed: &Code, now: Instant) -> Result<Redeemed, Self> {
        if !self.is_over(now) && typed.matches(&self.code) {
            Ok(Redeemed(()))
        } else {
            Err(self)
        }
    }
}

/// Between two messages to one user.
pub const BETWEEN: Span = Span::seconds(60);

/// A code with less time left is not sent again; a new one is.
const TOO_SHORT: Span = Span::minutes(2);

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::vault::{Context, Tag};

    /// A vault that draws from a generator of its own, with the same numbers every time.
    struct Drawing(u64);

    impl Vault for Drawing {
        fn draw(&mut self, _: Slot) -> Result<Zeroizing<[u8; 32]>, Dependency> {
            let mut drawn = Zeroizing::new([0; 32]);
            for bytes in drawn.chunks_mut(8) {
                // SplitMix64.
                self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                bytes.copy_from_slice(&(mixed ^ (mixed >> 31)).to_be_bytes());
            }
            Ok(drawn)
        }

        fn tag(&mut self, _: Context, _: &[u8]) -> Result<Tag, Dependency> {
            Err(Dependency::Keyring)
        }

        fn check(&mut self, _: Context, _: &[u8], _: &Tag) -> Result<bool, Dependency> {
            Err(Dependency::Keyring)
        }

        fn index(&mut self, _: &[u8]) -> Result<[u8; 32], Dependency> {
            Err(Dependency::Keyring)
        }
    }

    // A-04, N-13: each digit of each place is as frequent as any other; leading zeros are kept.
    #[test]
    fn codes_are_spread_evenly() {
        let mut vault = Drawing(1);
        let mut seen = [[0_i64; 10]; 6];
        for _ in 0..20_000 {
            let sent = SentCode::draw(Span::minutes(10), Instant::new(0), &mut vault).unwrap();
            let code = sent.code.expose();
            assert_eq!(code.len(), 6);
            for (place, digit) in code.bytes().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        for place in seen {
            let chi_square: i64 = place.iter().map(|n| (n - 2_000) * (n - 2_000)).sum();
            // 9 degrees of freedom: more than 33.7 comes once in ten thousand times.
            assert!(chi_square < 33 * 2_000, "{place:?}");
        }
    }

    fn sent(code: &str) -> SentCode {
        SentCode {
            code: Code::parse(code, Digits::Six).unwrap(),
            sent_at: Instant::new(1_000),
            good_until: Instant::new(1_600),
        }
    }

    #[test]
    fn a_code_is_good_through_its_last_second() {
        let typed = Code::parse("012345", Digits::Six).unwrap();
        assert!(sent("012345").redeem(&typed, Instant::new(1_600)).is_ok());
        assert!(sent("012345").redeem(&typed, Instant::new(1_601)).is_err());
    }

    // V-14: a wrong code leaves the right one as it is.
    #[test]
    fn a_wrong_code_gives_the_right_one_back() {
        let wrong = Code::parse("012346", Digits::Six).unwrap();
        let kept = sent("012345")
            .redeem(&wrong, Instant::new(1_001))
            .unwrap_err();
        assert_eq!(kept.code.expose(), "012345");
        assert_eq!(kept.good_until, Instant::new(1_600));
    }

    #[test]
    fn less_than_two_minutes_are_not_worth_another_message() {
        assert!(sent("012345").is_worth_resending(Instant::new(1_480)));
        assert!(!sent("012345").is_worth_resending(Instant::new(1_481)));
    }
}
