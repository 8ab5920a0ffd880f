//! What a message says.
//!
//! ```text
//! Example: 123456 is your code to sign in, good for 10 min. Never share it. We will never ask for it.
//! @id.example.com #123456
//! ```
//!
//! The last line is that of origin-bound one-time codes (a draft of the WICG): a phone offers the code on this host
//! only, so that a page that looks like it gets nothing.

use std::fmt;
use std::sync::Arc;

use super::gsm::{self, CAPACITY};
use super::{Language, Message, MessagePurpose, SetupError};

/// Writes messages: the words, in the language chosen, and the last line that binds the code to a host.
///
/// Everything is checked twice: words with the longest code and time when they are made, and each message again when it
/// is written. Whatever it is, it fits one message (160 septets of GSM 03.38), has the code once in its words and once
/// in its last line, and no address but the host.
///
/// # Examples
///
/// ```
/// use countersign_host::sms::{Language, Texts};
///
/// let texts = Texts::new("id.example.com", "Example")?
///     .choosing(|_company, number, _purpose| match number.starts_with("+34") {
///         true => Language::Spanish,
///         false => Language::English,
///     });
///
/// // What would be split, or be garbled, is refused here, not when somebody waits for a code.
/// assert_eq!(
///     Texts::new("id.example.com", "Пример").unwrap_err().to_string(),
///     "issuer: expected characters of GSM 03.38, found 'П'"
/// );
/// # drop(texts);
/// # Ok::<(), countersign_host::sms::SetupError>(())
/// ```
#[derive(Clone)]
pub struct Texts {
    frame: Frame,
    choice: Arc<Choice>,
}

/// Says in which words to write to a company's user.
type Choice = dyn Fn(&str, &str, MessagePurpose) -> Wording + Send + Sync;

/// What is the same in every message.
#[derive(Clone)]
struct Frame {
    host: Arc<str>,
    issuer: Arc<str>,
}

/// In which words to write: those of a [`Language`], or [`Words`] of one's own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Wording {
    /// The host's.
    In(Language),
    /// One's own.
    Own(Words),
}

/// Words of one's own, which [`Texts::words`] has checked.
#[derive(Clone, Debug)]
pub struct Words(Arc<str>);

impl Texts {
    /// Makes texts of an issuer, in English.
    ///
    /// `host` is the host of the page that codes are typed on. It comes from configuration, never from a request: who
    /// can choose it chooses where phones offer the codes.
    ///
    /// # Errors
    ///
    /// [`SetupError`] naming `host`, if it is no domain name in lower case, or `issuer`, if it has a character that is
    /// not in the alphabet of text messages, looks like an address, or is so long that some language has no room.
    pub fn new(host: &str, issuer: &str) -> Result<Self, SetupError> {
        if !is_domain(host) {
            let expected = "a domain name in lower case, such as id.example.com";
            return Err(SetupError::new("host", expected));
        }
        check_issuer(issuer)?;
        let frame = Frame {
            host: host.into(),
            issuer: issuer.into(),
        };
        frame.check_room()?;
        Ok(Self {
            frame,
            choice: Arc::new(|_, _, _| Language::English.into()),
        })
    }

    /// Chooses the words of each message by its company, number and purpose.
    ///
    /// # Security
    ///
    /// The words of [`Language`] say what the code is for. Words of one's own that say the same for every purpose let
    /// somebody who relays a sign-in have their victim type the code of a change of factors.
    #[must_use]
    pub fn choosing<W: Into<Wording>>(
        self,
        choice: impl Fn(&str, &str, MessagePurpose) -> W + Send + Sync + 'static,
    ) -> Self {
        Self {
            choice: Arc::new(move |company, number, purpose| {
                choice(company, number, purpose).into()
            }),
            ..self
        }
    }

    /// Takes words of one's own: `{code}` once, `{issuer}` and `{minutes}`, and what one likes between.
    ///
    /// The last line is not theirs to give.
    ///
    /// # Errors
    ///
    /// [`SetupError`] naming `words`, and what they must be like.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_host::sms::Texts;
    ///
    /// let texts = Texts::new("id.example.com", "Example")?;
    /// let own = texts.words("{code}: your {issuer} code, {minutes} min. Tell nobody, not even us.")?;
    /// let texts = texts.choosing(move |_, _, _| own.clone());
    /// # drop(texts);
    /// # Ok::<(), countersign_host::sms::SetupError>(())
    /// ```
    pub fn words(&self, words: &str) -> Result<Words, SetupError> {
        self.frame
            .write(words, LONGEST_CODE, MOST_MINUTES)
            .map(|_| Words(words.into()))
    }

    /// Writes a message.
    ///
    /// # Errors
    ///
    /// [`SetupError`] naming `minutes`, if they are more than a policy may allow, or `words`, if they were checked by
    /// other texts and do not fit these. Nothing must be sent then.
    pub fn write(&self, message: &Message) -> Result<String, SetupError> {
        if !(1..=MOST_MINUTES).contains(&message.valid_minutes) {
            return Err(SetupError::new("minutes", "1 to 30"));
        }
        let wording = (self.choice)(&message.company, &message.number, message.purpose);
        let words = match &wording {
            Wording::In(language) => language.words(message.purpose),
            Wording::Own(words) => &words.0,
        };
        self.frame
            .write(words, &message.code, message.valid_minutes)
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts")
            .field("host", &self.frame.host)
            .field("issuer", &self.frame.issuer)
            .finish_non_exhaustive()
    }
}

impl From<Language> for Wording {
    fn from(language: Language) -> Self {
        Self::In(language)
    }
}

impl From<Words> for Wording {
    fn from(words: Words) -> Self {
        Self::Own(words)
    }
}

impl Frame {
    /// Writes a message, and checks all of it.
    fn write(&self, words: &str, code: &str, minutes: u32) -> Result<String, SetupError> {
        check_places(words)?;
        let said = words
            .replace("{issuer}", &self.issuer)
            .replace("{minutes}", &minutes.to_string())
            .replace("{code}", code);
        check_said(&said, code)?;
        let text = format!("{said}\n@{} #{code}", self.host);
        match gsm::septets(&text) {
            Ok(count) if count <= CAPACITY => Ok(text),
            Ok(count) => Err(SetupError::new(
                "words",
                format!("at most {CAPACITY} septets with the last line, found {count}"),
            )),
            Err(character) => Err(outside("words", character)),
        }
    }

    /// Says whether the words of all languages have room for this issuer and host.
    fn check_room(&self) -> Result<(), SetupError> {
        let mut longest = 0;
        for language in Language::ALL {
            for purpose in PURPOSES {
                let said = language
                    .words(purpose)
                    .replace("{issuer}", "")
                    .replace("{minutes}", &MOST_MINUTES.to_string())
                    .replace("{code}", LONGEST_CODE);
                let text = format!("{said}\n@{} #{LONGEST_CODE}", self.host);
                longest = longest.max(gsm::septets(&text).map_err(|it| outside("words", it))?);
            }
        }
        let issuer = gsm::septets(&self.issuer).map_err(|it| outside("issuer", it))?;
        match CAPACITY.checked_sub(longest) {
            Some(room) if issuer <= room => Ok(()),
            Some(room @ 1..) => Err(SetupError::new(
                "issuer",
                format!("at most {room} septets with this host, found {issuer}"),
            )),
            _ => Err(SetupError::new(
                "host",
                "a shorter one, so that a message has room for its words",
            )),
        }
    }
}

fn check_issuer(issuer: &str) -> Result<(), SetupError> {
    if let Err(character) = gsm::septets(issuer) {
        return Err(outside("issuer", character));
    }
    let trimmed = !issuer.is_empty() && issuer.trim() == issuer;
    if !trimmed || issuer.contains(['\n', '{', '}', '@']) || has_address(issuer) || has_code(issuer)
    {
        let expected = "a name without line break, brace, `@`, six digits or address in it";
        return Err(SetupError::new("issuer", expected));
    }
    Ok(())
}

/// Checks what is to be replaced in words.
fn check_places(words: &str) -> Result<(), SetupError> {
    let rest = ["{issuer}", "{minutes}", "{code}"]
        .iter()
        .fold(words.to_owned(), |rest, place| rest.replace(place, ""));
    let there = words.matches("{code}").count() == 1
        && words.contains("{issuer}")
        && words.contains("{minutes}")
        && !rest.contains(['{', '}']);
    match there {
        true => Ok(()),
        false => Err(SetupError::new(
            "words",
            "{code} once, {issuer} and {minutes}, and no other braces",
        )),
    }
}

/// Checks all but the last line: the code stands there once and by itself, and nothing that could be taken for another
/// code, for an address, or for the last line.
fn check_said(said: &str, code: &str) -> Result<(), SetupError> {
    let mut parts = said.split(code);
    let (Some(before), Some(after), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(SetupError::new("words", "the code once"));
    };
    if before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric) {
        return Err(SetupError::new("words", "the code apart from other words"));
    }
    if has_code(before) || has_code(after) {
        return Err(SetupError::new("words", "no six digits but the code"));
    }
    if said.contains('@') || has_address(said) {
        return Err(SetupError::new("words", "no address and no `@`"));
    }
    Ok(())
}

/// Says whether a phone could make a link of something in `text`: a scheme, or a dot within a word.
fn has_address(text: &str) -> bool {
    let joins = |mark: char, before: fn(char) -> bool, after: fn(char) -> bool| {
        text.match_indices(mark).any(|(at, _)| {
            let (head, tail) = text.split_at(at);
            head.ends_with(before) && tail.chars().nth(1).is_some_and(after)
        })
    };
    joins('.', char::is_alphanumeric, char::is_alphanumeric)
        || joins(':', char::is_alphanumeric, |it| !it.is_whitespace())
}

/// Says whether there are six digits in a row.
fn has_code(text: &str) -> bool {
    text.split(|it: char| !it.is_ascii_digit())
        .any(|digits| digits.len() >= 6)
}

/// Says whether this is a domain name as browsers write it, of two labels or more: no address, no port.
fn is_domain(host: &str) -> bool {
    let label = |label: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(label)
        && top.starts_with(|it: char| it.is_ascii_lowercase())
}

fn outside(field: &'static str, character: char) -> SetupError {
    SetupError::new(
        field,
        format!("characters of GSM 03.38, found {character:?}"),
    )
}

const PURPOSES: [MessagePurpose; 4] = [
    MessagePurpose::Enroll,
    MessagePurpose::SignIn,
    MessagePurpose::ManageFactors,
    MessagePurpose::StepUp,
];
/// SMS-1: six to eight digits.
const LONGEST_CODE: &str = "99999999";
/// `lifetime-minutes` of `wit/policy.wit`.
const MOST_MINUTES: u32 = 30;
