//! An authenticator app's key and parameters, within the bounds of the contract.

use std::fmt;

use data_encoding::{BASE32_NOPAD, Encoding, Specification};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::row::{Refusal, Skip, Unfit};

/// A key; wiped on drop, never printed.
pub(super) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads base 32 as people and systems spell it: either case, with or without padding, spaces and hyphens.
    ///
    /// Bits beyond the last whole byte are ignored, as authenticator apps do.
    pub(super) fn from_base32(text: &str) -> Option<Self> {
        let mut symbols = Zeroizing::new(String::with_capacity(text.len()));
        symbols.extend(
            text.trim_end_matches(['=', ' '])
                .chars()
                .filter(|it| !matches!(it, ' ' | '-'))
                .map(|it| it.to_ascii_uppercase()),
        );
        let bytes = lenient_base32()?.decode(symbols.as_bytes()).ok()?;
        Some(Self::new(bytes))
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A hash algorithm of the contract.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

impl Algorithm {
    /// Takes `SHA1`, `SHA256` or `SHA512`, in either case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let known = [Self::Sha1, Self::Sha256, Self::Sha512];
        known
            .into_iter()
            .find(|it| it.name().eq_ignore_ascii_case(name))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// What is imported.
#[derive(Debug)]
pub(super) struct Token {
    secret: Secret,
    algorithm: Algorithm,
    digits: u64,
    period: u64,
    /// The last time step that the other system accepted, if it says so.
    pub(super) mark: Option<u64>,
}

impl Token {
    /// Takes what is within the bounds of `administration.add-totp`.
    ///
    /// The plugin judges again, and has the last word; it answers for the whole address, and here each field is named.
    pub(super) fn new(
        secret: Secret,
        algorithm: Algorithm,
        digits: u64,
        period: u64,
    ) -> Result<Self, Unfit> {
        if !matches!(digits, 6 | 8) {
            return Err(Refusal::expected("digits", "6 or 8").into());
        }
        if !matches!(period, 15..=120) {
            return Err(Refusal::expected("period", "15 to 120 seconds").into());
        }
        match secret.len() {
            ..16 => return Err(Skip::ShortSecret.into()),
            16..=128 => {}
            _ => return Err(Refusal::expected("secret", "16 to 128 bytes").into()),
        }
        Ok(Self {
            secret,
            algorithm,
            digits,
            period,
            mark: None,
        })
    }

    /// Builds the address that `administration.add-totp` takes. It holds the secret.
    ///
    /// The label is for people: the contract's import keeps none.
    pub(super) fn to_uri(&self, issuer: &str, user: &str) -> Zeroizing<String> {
        // A colon would move the border between issuer and account, and a direction mark its reader's eye.
        let is_plain = |it: char| it.is_alphanumeric() || "-._~@+ ".contains(it);
        let account = match user.chars().all(is_plain) && user.trim() == user {
            true => user,
            false => "imported",
        };
        let secret = Zeroizing::new(BASE32_NOPAD.encode(&self.secret.0));
        Zeroizing::new(format!(
            "otpauth://totp/{}:{}?secret={}&issuer={}&algorithm={}&digits={}&period={}",
            encode(issuer),
            encode(account),
            *secret,
            encode(issuer),
            self.algorithm.name(),
            self.digits,
            self.period,
        ))
    }
}

fn encode(text: &str) -> impl fmt::Display {
    utf8_percent_encode(text, RESERVED)
}

fn lenient_base32() -> Option<Encoding> {
    let mut base32 = Specification::new();
    base32.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    base32.check_trailing_bits = false;
    base32.encoding().ok()
}

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::{Algorithm, Secret, Token};

    const KEY: &[u8] = b"12345678901234567890";

    #[test]
    fn a_key_is_read_in_every_usual_spelling() {
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
            "GEZD GNBV GY3T QOJQ GEZD-GNBV-GY3T-QOJQ",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ======",
        ] {
            assert_eq!(&*Secret::from_base32(text).unwrap().0, KEY, "{text}");
        }
        for text in ["GEZD1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQO", "GEZÄ"] {
            assert!(Secret::from_base32(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_address_has_all_parameters_and_a_label_without_surprises() {
        let token = Token::new(Secret::new(KEY.to_vec()), Algorithm::Sha256, 8, 60).unwrap();
        let rest = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%20B&algorithm=SHA256&digits=8&period=60";
        for (user, account) in [
            ("ann@example.com", "ann%40example.com"),
            ("Jörg H", "J%C3%B6rg%20H"),
            ("acme:ann", "imported"),
            (" ann", "imported"),
        ] {
            let expected = format!("otpauth://totp/A%20B:{account}{rest}");
            assert_eq!(*token.to_uri("A B", user), expected);
        }
    }

    #[test]
    fn a_token_never_prints_its_key() {
        let token = Token::new(Secret::new(KEY.to_vec()), Algorithm::Sha1, 6, 30).unwrap();
        let shown = format!("{token:?}");
        assert!(shown.contains("Secret(..)"), "{shown}");
        assert!(!shown.contains("49, 50"), "{shown}");
    }
}
