//! The passwords that are tried first.

/// Says whether a password, in small letters, is one of the commonest or nothing but one that is repeated.
///
/// It is a short list: what a thief tries within the few guesses that the throttle leaves. Those that are too short
/// anyhow stand in it for what people put behind them.
pub(super) fn is_common(password: &str) -> bool {
    let stem =
        password.trim_end_matches(|it: char| it.is_ascii_digit() || it.is_ascii_punctuation());
    COMMON.contains(&password) || COMMON.contains(&stem) || is_repetition(password)
}

/// Says whether it is one piece of at most eight characters again and again, the last of them perhaps cut short.
fn is_repetition(password: &str) -> bool {
    let characters: Vec<char> = password.chars().collect();
    (1..=8).any(|length| {
        let shifted = characters.iter().skip(length);
        characters.len() >= length.saturating_mul(2)
            && characters
                .iter()
                .zip(shifted)
                .all(|(one, next)| one == next)
    })
}

/// From what published lists of leaked passwords agree on, those of 12 characters and more, and the stems that people
/// lengthen with digits.
const COMMON: [&str; 52] = [
    "012345678910",
    "0123456789012",
    "111122223333",
    "1122334455667788",
    "123456789012",
    "1234567890123",
    "12345678901234",
    "1234567890123456",
    "1234567890qwerty",
    "123456789abc",
    "12345678910",
    "123456789101112",
    "1234567891011",
    "123qweasdzxc",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "987654321012",
    "9876543210",
    "a1b2c3d4e5f6",
    "abcdefghijkl",
    "abcdefghijklm",
    "abcdefghijklmnopqrstuvwxyz",
    "administrator",
    "adminadminadmin",
    "asdfghjkl",
    "asdfghjklzxcvbnm",
    "changemenow",
    "changeme",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "iloveyou",
    "iloveyouforever",
    "iloveyousomuch",
    "letmeinletmein",
    "letmein",
    "mypasswordis",
    "mypassword",
    "password",
    "passwordpassword",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerty",
    "qwertyasdfgh",
    "qwertyuiop",
    "qwertyuiopasdfgh",
    "qwertyuiopasdfghjkl",
    "thisismypassword",
    "trustno1trustno1",
    "welcome",
    "zxcvbnmasdfghjkl",
];
