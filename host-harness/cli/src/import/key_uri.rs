//! Key addresses, `otpauth://totp/…`, as other systems write them.

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::row::{Refusal, Skip, Unfit};
use super::token::{Algorithm, Secret, Token};

/// Reads the key out of an address.
///
/// The address is not passed on as it is: Go's `url.Values`, for one, writes a space of the issuer as `+`, which the
/// contract does not take. The label is left behind, since an import keeps none.
pub(super) fn parse(uri: &str) -> Result<Token, Unfit> {
    let refused = || Refusal::expected("uri", "otpauth://totp/, a label, ? and parameters");
    let (start, rest) = uri.split_at_checked(SCHEME.len()).ok_or_else(refused)?;
    if !start.eq_ignore_ascii_case(SCHEME) {
        return Err(refused().into());
    }
    let (kind, rest) = rest.split_once('/').ok_or_else(refused)?;
    if kind.eq_ignore_ascii_case("hotp") {
        return Err(Skip::Hotp.into());
    }
    if !kind.eq_ignore_ascii_case("totp") {
        return Err(refused().into());
    }
    let (_, query) = rest.split_once('?').ok_or_else(refused)?;
    Parameters::parse(query)?.into_token()
}

/// The parameters that mean something here.
#[derive(Default)]
struct Parameters {
    secret: Option<Zeroizing<String>>,
    algorithm: Option<Zeroizing<String>>,
    digits: Option<Zeroizing<String>>,
    period: Option<Zeroizing<String>>,
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, Refusal> {
        let mut parameters = Self::default();
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let name = decode(name)
                .ok_or_else(|| Refusal::expected("uri", "names that are percent-encoded UTF-8"))?;
            let place = match name.as_str() {
                "secret" => &mut parameters.secret,
                "algorithm" => &mut parameters.algorithm,
                "digits" => &mut parameters.digits,
                "period" => &mut parameters.period,
                _ => continue,
            };
            let value = decode(value)
                .ok_or_else(|| Refusal::expected(name.as_str(), "percent-encoded UTF-8"))?;
            // The parsers of others differ on which of two counts.
            if place.replace(value).is_some() {
                return Err(Refusal::expected(name.as_str(), "at most once"));
            }
        }
        Ok(parameters)
    }

    fn into_token(self) -> Result<Token, Unfit> {
        let secret = self
            .secret
            .and_then(|it| Secret::from_base32(&it))
            .ok_or_else(|| Refusal::expected("secret", "base 32"))?;
        let algorithm = match &self.algorithm {
            None => Algorithm::Sha1,
            Some(name) => Algorithm::parse(name).ok_or_else(unknown_algorithm)?,
        };
        let digits = number("digits", self.digits.as_ref(), 6)?;
        let period = number("period", self.period.as_ref(), 30)?;
        Token::new(secret, algorithm, digits, period)
    }
}

/// Says which algorithms there are.
pub(super) fn unknown_algorithm() -> Refusal {
    Refusal::expected("algorithm", "SHA1, SHA256 or SHA512")
}

fn number(name: &str, text: Option<&Zeroizing<String>>, default: u64) -> Result<u64, Refusal> {
    let Some(text) = text else {
        return Ok(default);
    };
    // `parse` alone would take a sign.
    let digits = text.bytes().all(|it| it.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| Refusal::expected(name, "a whole number"))
}

/// Undoes the encoding of a form, where `+` is a space.
fn decode(encoded: &str) -> Option<Zeroizing<String>> {
    let spaced = Zeroizing::new(encoded.replace('+', " "));
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(Zeroizing::new(decoded.into_owned()))
}

const SCHEME: &str = "otpauth://";

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::import::row::{Skip, Unfit};

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn outcome(uri: &str) -> String {
        match parse(uri) {
            Ok(token) => token.to_uri("A", "ann").to_string(),
            Err(Unfit::Skipped(skip)) => skip.name().to_owned(),
            Err(Unfit::Refused(refusal)) => refusal.field.unwrap_or_default(),
            Err(Unfit::Absent) => "absent".to_owned(),
        }
    }

    #[test]
    fn what_others_write_comes_out_as_the_contract_takes_it() {
        let written =
            |more: &str| format!("otpauth://totp/A:ann?secret={SECRET}&issuer=A&algorithm={more}");
        let defaults = written("SHA1&digits=6&period=30");
        for (uri, expected) in [
            (format!("otpauth://totp/ann?secret={SECRET}"), &defaults),
            // As Go's `url.Values` writes the issuer.
            (
                format!(
                    "otpauth://totp/A%20B:ann?algorithm=SHA1&digits=6&issuer=A+B&period=30&secret={SECRET}"
                ),
                &defaults,
            ),
            (
                format!("OTPAUTH://TOTP/x?%73ecret={SECRET}%3D&issuer=%zz"),
                &defaults,
            ),
            (
                format!("otpauth://totp/x?secret={SECRET}&algorithm=sha512&digits=8&period=60"),
                &written("SHA512&digits=8&period=60"),
            ),
        ] {
            assert_eq!(outcome(&uri), *expected, "{uri}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_by_its_field() {
        for (rest, expected) in [
            ("totp/A:ann?issuer=A", "secret"),
            ("totp/A:ann", "uri"),
            ("totp", "uri"),
            ("yaotp/A:ann?secret=S", "uri"),
            ("hotp/A:ann?secret=S&counter=1", Skip::Hotp.name()),
            ("totp/A?secret=S!", "secret"),
            ("totp/A?secret=JBSWY3DPEHPK3PXP", Skip::ShortSecret.name()),
            ("totp/A?secret=S&secret=S", "secret"),
            ("totp/A?secret=S&digits=6&digits=6", "digits"),
            (&format!("totp/A?secret={SECRET}&digits=7"), "digits"),
            (&format!("totp/A?secret={SECRET}&digits=%2B6"), "digits"),
            (&format!("totp/A?secret={SECRET}&period=10"), "period"),
            (&format!("totp/A?secret={SECRET}&period=%FF"), "period"),
            (
                &format!("totp/A?secret={SECRET}&algorithm=MD5"),
                "algorithm",
            ),
            (&format!("totp/A?secret={}", "A".repeat(208)), "secret"),
        ] {
            assert_eq!(outcome(&format!("otpauth://{rest}")), expected, "{rest}");
        }
        assert_eq!(outcome("totp://example.com?secret=S"), "uri");
        assert_eq!(outcome("ü"), "uri");
    }
}
