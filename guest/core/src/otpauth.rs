//! Key URIs, `otpauth://totp/…`: how a key gets into an app, and out of another system.
//!
//! There is no standard. What is written here is what the apps agree on: the
//! issuer both before the account and as a parameter, everything but RFC 3986's
//! unreserved characters percent-encoded, `%20` and never `+`, no padding. An
//! app that ignores a parameter does so silently, so only a code typed back
//! tells that a key arrived.
//!
//! ```
//! use countersign_core::{otpauth, otpauth::Label, secret::Secret, totp::Key};
//!
//! let label = Label::parse("Müller & Co", "ann@example.com").unwrap();
//! let key = Key::standard(Secret::new(b"12345678901234567890".to_vec())).unwrap();
//! let uri = otpauth::build(&label, &key);
//! assert_eq!(
//!     uri.expose(),
//!     "otpauth://totp/M%C3%BCller%20%26%20Co:ann%40example.com\
//!      ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
//!      &issuer=M%C3%BCller%20%26%20Co&algorithm=SHA1&digits=6&period=30"
//! );
//!
//! let imported = otpauth::parse(uri.expose()).unwrap();
//! assert_eq!(imported.label, label);
//! assert_eq!(imported.key, key);
//! ```

use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use core::{fmt, mem};

use zeroize::Zeroizing;

use crate::{
    secret::{Secret, Text},
    time::Span,
    totp::{Algorithm, Digits, Key, Period},
};

/// What an app writes above a code: who asks for it, and for which account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Label {
    issuer: String,
    account: String,
}

impl Label {
    /// Takes an issuer and an account name.
    ///
    /// The issuer has 1 to 64 characters in at most 128 bytes, the account 1 to
    /// 128 characters in at most 256 bytes. Neither has a colon, a control
    /// character, or white space at either end.
    ///
    /// # Errors
    ///
    /// Returns a [`LabelFault`] that names the first field at fault.
    ///
    /// # Security
    ///
    /// A colon would move the border between issuer and account. Control
    /// characters include those that turn or isolate the direction of writing
    /// and could make one issuer look like another. A look-alike letter is not
    /// found.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::otpauth::Label;
    ///
    /// let label = Label::parse("Example", "ann@example.com").unwrap();
    /// assert_eq!((label.issuer(), label.account()), ("Example", "ann@example.com"));
    /// assert_eq!(Label::parse("Exam:ple", "ann").unwrap_err().field, "issuer");
    /// assert_eq!(Label::parse("Example", "").unwrap_err().field, "account");
    /// ```
    pub fn parse(issuer: &str, account: &str) -> Result<Self, LabelFault> {
        if !is_usable(issuer, LONGEST_ISSUER) {
            return Err(ISSUER_FAULT);
        }
        if !is_usable(account, LONGEST_ACCOUNT) {
            return Err(ACCOUNT_FAULT);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            account: account.to_owned(),
        })
    }

    /// Gives the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Gives the account name.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }
}

/// A label that can't be used; it says nothing of its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LabelFault {
    /// `issuer` or `account`.
    pub field: &'static str,
    /// What would have been right.
    pub expected: &'static str,
}

impl fmt::Display for LabelFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fault(f, self.field, self.expected)
    }
}

impl core::error::Error for LabelFault {}

/// Builds the URI that an app reads from a QR code.
///
/// It has at most 2048 bytes, so that it fits one and [`parse`] takes it back.
///
/// # Security
///
/// The URI holds the secret: it goes to the user who enrols and nowhere else.
#[must_use]
pub fn build(label: &Label, key: &Key) -> Text {
    let mut uri = Text::with_room_for(LONGEST_URI);
    uri.push_str(START);
    push_encoded(&mut uri, &label.issuer);
    // Literally: some apps look for it before they decode.
    uri.push(':');
    push_encoded(&mut uri, &label.account);
    uri.push_str("?secret=");
    uri.push_str(key.to_base32().expose());
    uri.push_str("&issuer=");
    push_encoded(&mut uri, &label.issuer);
    uri.push_str("&algorithm=");
    uri.push_str(key.algorithm().name());
    uri.push_str(match key.digits() {
        Digits::Six => "&digits=6",
        Digits::Eight => "&digits=8",
    });
    uri.push_str("&period=");
    push_number(&mut uri, key.period().as_span().as_seconds());
    uri
}

/// Writes a secret in groups of four, for people who type it.
///
/// # Security
///
/// The answer is the secret in another spelling: it goes to the user who enrols
/// and nowhere else.
///
/// # Examples
///
/// ```
/// use countersign_core::{otpauth, secret::Secret};
///
/// let secret = Secret::new(b"1234567890".to_vec());
/// assert_eq!(otpauth::grouped_key(&secret).expose(), "GEZD GNBV GY3T QOJQ");
/// ```
#[must_use]
pub fn grouped_key(secret: &Secret) -> Text {
    let symbols = secret.to_base32();
    // Twice the room that the symbols take: no group is smaller than its space.
    let mut text = Text::with_room_for(symbols.expose().len().saturating_mul(2));
    for (place, symbol) in symbols.expose().chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push(' ');
        }
        text.push(symbol);
    }
    text
}

/// What a key URI held.
#[derive(Debug, Eq, PartialEq)]
pub struct Imported {
    /// Who asked for codes, and for which account.
    pub label: Label,
    /// The key the app has.
    pub key: Key,
}

/// Parses a key URI of another system, in order to import a factor from it.
///
/// Stricter than apps are, because a key that is misread locks its owner out:
/// ASCII only, no fragment, no `+` for a space. Scheme, type and algorithm may
/// be in either case. The issuer may stand before the account, with `:` or
/// `%3A`, or as a parameter; if both, they must be the same. Algorithm, digits
/// and period default to SHA1, 6 and 30. Parameters it does not know are ignored.
///
/// # Errors
///
/// Returns a [`UriFault`] that names the first part at fault: `uri`, `issuer`,
/// `account`, `secret`, `algorithm`, `digits` or `period`. A parameter that
/// stands twice is at fault.
///
/// # Security
///
/// Neither the fault nor its text holds anything of the URI.
///
/// # Examples
///
/// ```
/// use countersign_core::otpauth;
///
/// let uri = "otpauth://totp/ann?issuer=Example&secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq";
/// let imported = otpauth::parse(uri).unwrap();
/// assert_eq!(imported.label.issuer(), "Example");
/// assert_eq!(imported.key.secret().bytes(), b"12345678901234567890");
///
/// let fault = otpauth::parse("otpauth://hotp/Example:ann?counter=0").unwrap_err();
/// assert_eq!(fault.field, "uri");
/// ```
pub fn parse(uri: &str) -> Result<Imported, UriFault> {
    if uri.len() > LONGEST_URI || !uri.bytes().all(|it| it.is_ascii_graphic() && it != b'#') {
        return Err(URI_FAULT);
    }
    let (start, rest) = uri.split_at_checked(START.len()).ok_or(URI_FAULT)?;
    if !start.eq_ignore_ascii_case(START) {
        return Err(URI_FAULT);
    }
    let (label, query) = rest.split_once('?').ok_or(URI_FAULT)?;
    let parameters = Parameters::parse(query)?;
    Ok(Imported {
        label: parse_label(label, parameters.issuer.as_ref())?,
        key: parameters.key()?,
    })
}

/// A key URI that can't be used; it says nothing of its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UriFault {
    /// The part at fault; `uri` if it is the whole.
    pub field: &'static str,
    /// What would have been right.
    pub expected: &'static str,
}

impl fmt::Display for UriFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fault(f, self.field, self.expected)
    }
}

impl core::error::Error for UriFault {}

impl From<LabelFault> for UriFault {
    fn from(LabelFault { field, expected }: LabelFault) -> Self {
        Self { field, expected }
    }
}

/// The parameters that mean something, decoded and not yet judged.
#[derive(Default)]
struct Parameters {
    secret: Option<Text>,
    issuer: Option<Text>,
    algorithm: Option<Text>,
    digits: Option<Text>,
    period: Option<Text>,
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, UriFault> {
        let mut parameters = Self::default();
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            // Decoded first: `%73ecret` is a second `secret`, not an unknown name.
            let name = decode(name).ok_or(URI_FAULT)?;
            let (place, fault) = match name.expose() {
                "secret" => (&mut parameters.secret, SECRET_FAULT),
                "issuer" => (&mut parameters.issuer, ISSUER_FAULT.into()),
                "algorithm" => (&mut parameters.algorithm, ALGORITHM_FAULT),
                "digits" => (&mut parameters.digits, DIGITS_FAULT),
                "period" => (&mut parameters.period, PERIOD_FAULT),
                _ => continue,
            };
            let value = decode(value).ok_or(fault)?;
            // The parsers of others differ on which of two counts.
            if place.replace(value).is_some() {
                return Err(UriFault {
                    expected: "at most once",
                    ..fault
                });
            }
        }
        Ok(parameters)
    }

    fn key(&self) -> Result<Key, UriFault> {
        let text = self.secret.as_ref().ok_or(SECRET_FAULT)?;
        let secret = Secret::parse_base32(text.expose()).ok_or(SECRET_FAULT)?;
        let algorithm = match &self.algorithm {
            None => Algorithm::Sha1,
            Some(name) => Algorithm::parse(name.expose()).ok_or(ALGORITHM_FAULT)?,
        };
        let digits = match &self.digits {
            None => Digits::Six,
            Some(count) => parse_number(count)
                .and_then(Digits::from_count)
                .ok_or(DIGITS_FAULT)?,
        };
        let period = match &self.period {
            None => Period::DEFAULT,
            Some(seconds) => parse_number(seconds)
                .and_then(|it| Period::new(Span::seconds(it)).ok())
                .ok_or(PERIOD_FAULT)?,
        };
        Key::new(secret, algorithm, digits, period).map_err(|_| SECRET_FAULT)
    }
}

fn parse_label(label: &str, parameter: Option<&Text>) -> Result<Label, UriFault> {
    let label = decode(label).ok_or(ACCOUNT_FAULT)?;
    let parameter = parameter.map(Text::expose);
    let (issuer, account) = match (label.expose().split_once(':'), parameter) {
        (Some((prefix, _)), Some(parameter)) if prefix != parameter => {
            return Err(UriFault {
                field: "issuer",
                expected: "the same before the account and as a parameter, with %20 for a space",
            });
        }
        // The form has spaces here, and other systems use them.
        (Some((prefix, account)), _) => (prefix, account.trim_start_matches(' ')),
        (None, Some(parameter)) => (parameter, label.expose()),
        (None, None) => return Err(ISSUER_FAULT.into()),
    };
    Ok(Label::parse(issuer, account)?)
}

/// Parses one to three ASCII digits.
fn parse_number(text: &Text) -> Option<u64> {
    // `parse` alone would take a sign.
    let text = text.expose();
    let is_number = text.len() <= 3 && text.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Undoes percent-encoding; `None` if it is broken or what comes out is not UTF-8.
///
/// A `+` stays a `+`.
fn decode(encoded: &str) -> Option<Text> {
    // Decoding never makes text longer, so this never grows.
    let mut decoded = Zeroizing::new(Vec::with_capacity(encoded.len()));
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => {
                let high = hex_value(rest.next()?)?;
                let low = hex_value(rest.next()?)?;
                high << 4 | low
            }
            plain => plain,
        });
    }
    match String::from_utf8(mem::take(&mut *decoded)) {
        Ok(text) => Some(Text::new(text)),
        Err(refused) => {
            drop(Secret::new(refused.into_bytes()));
            None
        }
    }
}

fn hex_value(symbol: u8) -> Option<u8> {
    char::from(symbol)
        .to_digit(16)
        .and_then(|it| u8::try_from(it).ok())
}

/// Adds `text`, everything but RFC 3986's unreserved characters percent-encoded.
fn push_encoded(uri: &mut Text, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            // RFC 3986, section 2.1: upper case is to be written.
            for digit in [byte >> 4, byte & 0xf] {
                let digit = char::from_digit(digit.into(), 16).unwrap_or('0');
                uri.push(digit.to_ascii_uppercase());
            }
        }
    }
}

/// Adds `number` in decimal; it is below 1000.
fn push_number(uri: &mut Text, number: u64) {
    let mut unit = 100;
    while unit > 0 {
        let digit = number.checked_div(unit).unwrap_or_default() % 10;
        if number >= unit {
            uri.push(char::from_digit(u32::try_from(digit).unwrap_or_default(), 10).unwrap_or('0'));
        }
        unit /= 10;
    }
}

/// Tells whether `text` may be an issuer or an account of at most `longest` characters.
fn is_usable(text: &str, longest: usize) -> bool {
    // Bytes first, so that counting characters is bounded.
    text.len() <= longest.saturating_mul(2)
        && text.chars().count() <= longest
        && !text.is_empty()
        && text.trim() == text
        && !text.chars().any(|it| it == ':' || is_control(it))
}

/// Tells whether a character steers how text is shown instead of being shown.
///
/// The marks U+200E and U+200F stay: names in Arabic or Hebrew need them, and
/// they turn nothing around that lies outside them.
fn is_control(symbol: char) -> bool {
    symbol.is_control()
        || matches!(symbol, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write_fault(f: &mut fmt::Formatter<'_>, field: &str, expected: &str) -> fmt::Result {
    f.write_str(field)?;
    f.write_str(" is unusable; expected ")?;
    f.write_str(expected)
}

const ISSUER_FAULT: LabelFault = LabelFault {
    field: "issuer",
    expected: "1 to 64 characters in at most 128 bytes, without colons, control characters or white space at the ends",
};

const ACCOUNT_FAULT: LabelFault = LabelFault {
    field: "account",
    expected: "1 to 128 characters in at most 256 bytes, without colons, control characters or white space at the ends",
};

const URI_FAULT: UriFault = UriFault {
    field: "uri",
    expected: "otpauth://totp/, a label, ? and parameters, percent-encoded, in at most 2048 bytes",
};

const SECRET_FAULT: UriFault = UriFault {
    field: "secret",
    expected: "base32 of 16 to 128 bytes",
};

const ALGORITHM_FAULT: UriFault = UriFault {
    field: "algorithm",
    expected: "SHA1, SHA256 or SHA512",
};

const DIGITS_FAULT: UriFault = UriFault {
    field: "digits",
    expected: "6 or 8",
};

const PERIOD_FAULT: UriFault = UriFault {
    field: "period",
    expected: "15 to 120",
};

/// Scheme and type; the type stands where other URIs have their host.
const START: &str = "otpauth://totp/";

/// In characters; twice as many bytes.
const LONGEST_ISSUER: usize = 64;

/// In characters; twice as many bytes.
const LONGEST_ACCOUNT: usize = 128;

/// In bytes; the greatest QR code holds 2953 (ISO/IEC 18004, version 40-L).
///
/// The longest that is built has 1810: 15 for the start, 2 × 3 × 128 for the
/// issuer, 3 × 256 for the account, 205 for the secret, the rest for names.
const LONGEST_URI: usize = 2048;

#[cfg(test)]
mod tests;
