//! What became of a message, and why.

use crate::contract;

/// What became of a message, as [`SmsSender::send`](super::SmsSender::send) says it.
///
/// Each reason is a few words in kebab-case, at most 64 bytes with at most five digits: `carrier-down`, `http-503`. It
/// stands in events and faults; the host puts `unspecified` in place of any other, which could hold a number or a code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The carrier took it.
    Sent,
    /// It went out before under the same key.
    AlreadySent,
    /// It was not let out; why. A reason that ends in `-cap` is that of a ceiling, and is reported as a fault.
    Refused(String),
    /// It did not go out; why.
    Failed(String),
    /// It may have gone out or not; why that is not known.
    Unknown(String),
}

impl Outcome {
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }

    pub(super) fn failed(why: impl Into<String>) -> Self {
        Self::Failed(why.into())
    }

    pub(super) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown(why.into())
    }

    /// Keeps of its reason what may be told.
    pub(crate) fn plain(self) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(plain(why)),
            Self::Failed(why) => Self::Failed(plain(why)),
            Self::Unknown(why) => Self::Unknown(plain(why)),
            Self::Sent | Self::AlreadySent => self,
        }
    }
}

impl From<Outcome> for contract::sms::Outcome {
    fn from(it: Outcome) -> Self {
        match it {
            Outcome::Sent => Self::Sent,
            Outcome::AlreadySent => Self::AlreadySent,
            Outcome::Refused(why) => Self::Refused(why),
            Outcome::Failed(why) => Self::Failed(why),
            Outcome::Unknown(_) => Self::Unknown,
        }
    }
}

/// Keeps a reason to what may stand in an event or a fault.
pub(crate) fn plain(why: String) -> String {
    match is_plain(&why) {
        true => why,
        false => "unspecified".to_owned(),
    }
}

/// Says whether a reason is a few words in kebab-case, with no room for a number or a code.
pub(super) fn is_plain(why: &str) -> bool {
    let word = |word: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        !word.is_empty() && word.bytes().all(plain)
    };
    let digits = why.bytes().filter(u8::is_ascii_digit).count();
    why.len() <= 64 && why.split('-').all(word) && digits <= 5
}

/// Says whether a reason is that of a ceiling: the operator hears of it, for somebody's messages are kept back.
pub(crate) fn is_cap(why: &str) -> bool {
    why.ends_with("-cap")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_no_room_for_a_number_or_a_code() {
        for why in ["busy", "http-503", "twilio-21211", "sim-swapped"] {
            assert_eq!(plain(why.to_owned()), why);
        }
        let long = "x".repeat(65);
        for why in [
            "",
            "-",
            "a--b",
            "a-",
            "Busy",
            "to +3460",
            "code-123456",
            "1-2-3-4-5-6",
            &long,
        ] {
            assert_eq!(plain(why.to_owned()), "unspecified", "{why}");
        }
    }
}
