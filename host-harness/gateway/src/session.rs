//! A session: what a browser or program holds on to, and what the gateway keeps of it.
//!
//! The token is in the browser and nowhere else. The directory has a digest of it, to find the session by, and what the
//! session holds, sealed under a key that only the token makes: whoever reads the directory learns no ticket.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use countersign_host::contract::Purpose;
use countersign_host::contract::sign_in::{Notice, Session as Assessed};
use countersign_host::contract::{Assertion, FirstFactor};
use countersign_host::random::{Random, RandomError};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::directory::{Level, SessionId, StoredSession};

/// What stands for a session, with nothing else beside it: 32 random bytes as 43 characters.
#[derive(Clone)]
pub(crate) struct Token(Zeroizing<String>);

impl Token {
    /// Draws one.
    ///
    /// # Errors
    ///
    /// That of the source.
    pub(crate) fn draw(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(&mut *bytes)?;
        Ok(Self(Zeroizing::new(BASE64URL_NOPAD.encode(&*bytes))))
    }

    /// Takes what a browser sent; none if it cannot be a token.
    #[must_use]
    pub(crate) fn parse(sent: &str) -> Option<Self> {
        let is_token = sent.len() == 43
            && sent
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
        is_token.then(|| Self(Zeroizing::new(sent.to_owned())))
    }

    /// Returns it as it goes to the browser.
    #[must_use]
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns what its session is found by.
    #[must_use]
    pub(crate) fn id(&self) -> SessionId {
        SessionId(self.derive("id"))
    }

    /// Returns what a form of this session carries, against forms that other sites send.
    #[must_use]
    pub(crate) fn form_token(&self) -> String {
        BASE64URL_NOPAD.encode(&self.derive("form"))
    }

    /// Says whether a form carried what it had to, in constant time.
    #[must_use]
    pub(crate) fn is_form_token(&self, sent: &str) -> bool {
        self.form_token().as_bytes().ct_eq(sent.as_bytes()).into()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.derive("seal").into())
    }

    /// Derives 32 bytes for one use. The token has 256 random bits, so that a plain digest is a key derivation.
    fn derive(&self, what_for: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(b"countersign session ");
        digest.update(what_for.as_bytes());
        digest.update([0]);
        digest.update(self.0.as_bytes());
        digest.finalize().into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// What a session holds. It is read at each request, and written only when it changes.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Session {
    /// How far this person has got. Kept inside too, so that the directory alone cannot lift it.
    pub(crate) level: Standing,
    /// When it was opened.
    pub(crate) opened_at: u64,
    /// When the password was typed last.
    pub(crate) password_at: u64,
    /// When a factor was shown.
    pub(crate) factor_at: Option<u64>,
    /// When a trusted device let this person in.
    pub(crate) device_at: Option<u64>,
    /// How this person signed in, by RFC 8176.
    pub(crate) amr: Vec<String>,
    /// The user's epoch when it was opened, or raised by what was done in it.
    pub(crate) epoch: u64,
    /// The ticket of what is under way.
    pub(crate) held: Option<Held>,
    /// A recovery code that was given and not yet said to be saved.
    pub(crate) recovery: Option<Kept>,
    /// The nudge, until it was answered.
    pub(crate) nudge: Option<Nudge>,
    /// Where to go in the end.
    pub(crate) return_to: Option<String>,
    /// What they want to change about their factors, until it is done.
    #[serde(default)]
    pub(crate) wish: Option<Wish>,
}

/// [`Level`], as it is kept in the session.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    Pending,
    Open,
}

/// A ticket, with what it was begun for.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Held {
    pub(crate) ticket: String,
    pub(crate) aim: Aim,
}

/// What a ticket was begun for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Aim {
    SignIn,
    ManageFactors,
    StepUp(String),
}

/// What somebody wants to change about their factors. It is kept while password and factor are asked for, so that they get
/// to it and need not say it again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wish {
    App,
    Phone,
    RemoveApp,
    RemovePhone,
    PreferApp,
    PreferPhone,
    NewCode,
}

/// A recovery code on its way to whoever it was made for.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) code: String,
    /// When it was given.
    #[serde(default)]
    pub(crate) at: u64,
}

/// That enrolling will be required.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Nudge {
    pub(crate) deadline: u64,
    pub(crate) zone: String,
    pub(crate) days_left: u32,
}

impl Session {
    /// Makes the one of somebody whose password was right just now.
    pub(crate) fn pending(now: u64) -> Self {
        Self {
            level: Standing::Pending,
            opened_at: now,
            password_at: now,
            factor_at: None,
            device_at: None,
            amr: vec!["pwd".to_owned()],
            epoch: 0,
            held: None,
            recovery: None,
            nudge: None,
            return_to: None,
            wish: None,
        }
    }

    /// Returns what two requests made of one session: of each field what this one changed, else what the other wrote.
    pub(crate) fn merged(read: &Self, ours: &Self, theirs: &Self) -> Self {
        macro_rules! merge {
            ($($field:ident),*) => {
                Self {
                    $($field: match read.$field == ours.$field {
                        true => theirs.$field.clone(),
                        false => ours.$field.clone(),
                    },)*
                }
            };
        }
        merge!(
            level,
            opened_at,
            password_at,
            factor_at,
            device_at,
            amr,
            epoch,
            held,
            recovery,
            nudge,
            return_to,
            wish
        )
    }

    /// Lets somebody in on the plugin's word. That it is the word for this user and this aim, the caller has seen.
    pub(crate) fn let_in(&mut self, assertion: &Assertion) {
        self.level = Standing::Open;
        self.factor_at = Some(assertion.factor_at);
        self.device_at = None;
        self.epoch = assertion.epoch;
        self.amr = std::iter::once("pwd".to_owned())
            .chain(assertion.amr.iter().cloned())
            .collect();
        self.nudge = None;
    }

    /// Returns the password as a first factor, as old as it is.
    pub(crate) fn first_factor(&self, now: u64) -> FirstFactor {
        let age = now.saturating_sub(self.password_at);
        FirstFactor {
            age: u32::try_from(age).unwrap_or(u32::MAX),
            ..FirstFactor::password()
        }
    }

    /// Returns it as the plugin is asked about it.
    pub(crate) fn assessed(&self, now: u64) -> Assessed {
        Assessed {
            first_factor: self.first_factor(now),
            factor_at: self.factor_at,
            device_at: self.device_at,
            epoch: self.epoch,
        }
    }

    /// Seals it for the directory.
    pub(crate) fn seal(
        &self,
        token: &Token,
        user: &str,
        version: u64,
        ends_at: u64,
        random: &dyn Random,
    ) -> Result<StoredSession, RandomError> {
        let mut nonce = [0; 24];
        random.fill(&mut nonce)?;
        let id = token.id();
        let text = Zeroizing::new(serde_json::to_vec(self).map_err(|_| RandomError)?);
        let payload = Payload {
            msg: &text,
            aad: &bound_to(&id, user),
        };
        let cipher = token.cipher();
        let mut sealed = nonce.to_vec();
        sealed.extend(
            cipher
                .encrypt(&XNonce::from(nonce), payload)
                .map_err(|_| RandomError)?,
        );
        Ok(StoredSession {
            id,
            user: user.to_owned(),
            level: match self.level {
                Standing::Pending => Level::Pending,
                Standing::Open => Level::Open,
            },
            sealed,
            version,
            ends_at,
        })
    }

    /// Opens what the directory kept; none if it is not what was sealed.
    pub(crate) fn open(token: &Token, stored: &StoredSession) -> Option<Self> {
        let (nonce, sealed) = stored.sealed.split_first_chunk::<24>()?;
        let payload = Payload {
            msg: sealed,
            aad: &bound_to(&token.id(), &stored.user),
        };
        let text = token
            .cipher()
            .decrypt(&XNonce::from(*nonce), payload)
            .ok()?;
        serde_json::from_slice(&Zeroizing::new(text)).ok()
    }
}

impl Aim {
    pub(crate) fn purpose(&self) -> Purpose {
        match self {
            Self::SignIn => Purpose::SignIn,
            Self::ManageFactors => Purpose::ManageFactors,
            Self::StepUp(what) => Purpose::StepUp(what.clone()),
        }
    }
}

impl From<Notice> for Nudge {
    fn from(notice: Notice) -> Self {
        Self {
            deadline: notice.deadline,
            zone: notice.zone,
            days_left: notice.days_left,
        }
    }
}

/// What a sealed session is bound to: put under another id or user, it does not open.
fn bound_to(id: &SessionId, user: &str) -> Vec<u8> {
    [&id.0, user.as_bytes()].concat()
}
