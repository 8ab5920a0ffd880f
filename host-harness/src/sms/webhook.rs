//! Messages handed to a service of one's own.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::json;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::http::{Answer, Carrier, Judgement, SendTimes};
use super::{
    Lines, Message, MessagePurpose, Outcome, Permission, SetupError, SmsError, SmsSender, Texts,
    country,
};
use crate::clock::{Clock, SystemClock};
use crate::fingerprint::Fingerprint;

/// Posts each message as JSON to one address, signed as [Standard Webhooks] has it, for a service that has a carrier.
///
/// ```text
/// POST /messages
/// webhook-id: msg_ and 43 characters, the same whenever the same message is posted again
/// webhook-timestamp: seconds since 1970
/// webhook-signature: v1,<base64 of HMAC-SHA-256 of "id.timestamp.body">
///
/// {"type":"sms.code","data":{"company":"acme","to":"+34…","code":"…","text":"…",
///                            "purpose":"sign-in","valid_minutes":10}}
/// ```
///
/// Purposes are `enroll`, and to a confirmed number `sign-in`, `manage-factors` and `step-up`; a text of the receiver's
/// own must say which. The receiver checks signature and time, takes each id once, and answers:
///
/// | answer | what it means here |
/// |---|---|
/// | 2xx | [`Sent`](Outcome::Sent): it has the message, or had it already |
/// | 409 | [`AlreadySent`](Outcome::AlreadySent) |
/// | 429, 503 with `retry-after: <seconds>` | it took nothing, and is asked again if there is time: `Failed("busy")` in the end |
/// | 429 else, 307, 308, other 4xx | it took nothing: `Failed`, with `busy`, `redirected` or `http-4xx` |
/// | anything else, or none | [`Unknown`](Outcome::Unknown), with `http-5xx`, `time-out`, `connection-cut` or `not-http`: it may have taken the message, so it is not asked again |
///
/// A connection that cannot be made is tried three times: `Failed("no-connection")`. Redirects are not followed.
///
/// [Standard Webhooks]: https://www.standardwebhooks.com
///
/// # Security
///
/// By itself it finds a number's country, and no more: it sends to every kind of line in every country, premium-rate
/// ones too, as often as it is asked. What must stand before it is in a [`PhoneLine`](super::PhoneLine).
///
/// Number and code go to that address, by TLS except to this machine. Who has the secret can have messages sent.
/// Certificates are checked against the authorities that the machine trusts, or those of [`trusting`](Self::trusting).
///
/// # Examples
///
/// ```
/// use countersign_host::sms::{Texts, Webhook};
///
/// let texts = Texts::new("id.example.com", "Example")?;
/// let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"; // from your secret store
/// let webhook = Webhook::new("http://127.0.0.1:9000/messages", secret, texts)?;
/// # drop(webhook);
/// # Ok::<(), countersign_host::sms::SetupError>(())
/// ```
#[derive(Clone)]
pub struct Webhook {
    carrier: Carrier,
    keys: Vec<Zeroizing<Vec<u8>>>,
    texts: Texts,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// Makes a webhook. `secret` is `whsec_` and the base64 of 24 to 64 random bytes.
    ///
    /// # Errors
    ///
    /// [`SetupError`] naming `url`, if it is neither `https://` nor on this machine, or has a user in it; `secret`; or
    /// `tls`, if the machine has no root certificates.
    pub fn new(url: &str, secret: &str, texts: Texts) -> Result<Self, SetupError> {
        Self::to(Carrier::new(url, None)?, secret, texts)
    }

    /// Makes a webhook to a service whose certificate is one's own authority's: trusts those in a PEM file, and none of
    /// the machine's.
    ///
    /// # Errors
    ///
    /// [`SetupError`], as [`new`](Self::new), or naming `authorities`, if there is none in the file or one that is
    /// malformed.
    pub fn trusting(
        authorities: &[u8],
        url: &str,
        secret: &str,
        texts: Texts,
    ) -> Result<Self, SetupError> {
        Self::to(Carrier::new(url, Some(authorities))?, secret, texts)
    }

    fn to(carrier: Carrier, secret: &str, texts: Texts) -> Result<Self, SetupError> {
        Ok(Self {
            carrier,
            keys: vec![key(secret)?],
            texts,
            clock: Arc::new(SystemClock),
        })
    }

    /// Signs with another secret too, while receivers change from one to the other.
    ///
    /// # Errors
    ///
    /// [`SetupError`] naming `secret`.
    pub fn also_signing(mut self, secret: &str) -> Result<Self, SetupError> {
        self.keys.push(key(secret)?);
        Ok(self)
    }

    /// Sets how long it may take.
    #[must_use]
    pub fn times(self, times: SendTimes) -> Self {
        Self {
            carrier: self.carrier.times(times),
            ..self
        }
    }

    /// Sets the clock that signatures are dated by.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self {
            clock: Arc::new(clock),
            ..self
        }
    }

    fn headers(&self, id: &str, body: &[u8]) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let time = self.clock.now().ok()?.to_string();
        let mut signatures = Vec::new();
        for key in &self.keys {
            // HMAC takes a key of any length (RFC 2104, section 3).
            let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
            for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
                mac.update(part);
            }
            let tag = STANDARD.encode(mac.finalize().into_bytes());
            signatures.push(format!("v1,{tag}"));
        }
        let headers = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", time),
            ("webhook-signature", signatures.join(" ")),
        ];
        headers
            .into_iter()
            .map(|(name, value)| Some((HeaderName::from_static(name), value.parse().ok()?)))
            .collect()
    }
}

#[async_trait]
impl SmsSender for Webhook {
    async fn check(
        &self,
        _: &str,
        number: &str,
        _: MessagePurpose,
    ) -> Result<Permission, SmsError> {
        // Which lines may be sent to, `PhoneLine` says.
        Ok(country(number, Lines::All))
    }

    async fn send(&self, message: &Message) -> Outcome {
        let Ok(text) = self.texts.write(message) else {
            return Outcome::failed("text");
        };
        let data = message.to_json(&text);
        let body = json!({ "type": "sms.code", "data": data }).to_string();
        let id = id(message);
        let request = || {
            let headers = self.headers(&id, body.as_bytes())?;
            Some(
                self.carrier
                    .post(body.as_bytes(), "application/json", headers),
            )
        };
        self.carrier.deliver(request, judge).await
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("carrier", &self.carrier)
            .field("texts", &self.texts)
            .finish_non_exhaustive()
    }
}

fn judge(answer: &Answer) -> Judgement {
    let failed = |why: &str| Judgement::Settled(Outcome::failed(why));
    match (answer.status, answer.retry_after) {
        (it, _) if it.is_success() => Judgement::Settled(Outcome::Sent),
        (StatusCode::CONFLICT, _) => Judgement::Settled(Outcome::AlreadySent),
        (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(after)) => {
            Judgement::Again(after, "busy")
        }
        (StatusCode::TOO_MANY_REQUESTS, None) => failed("busy"),
        (StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT, _) => {
            failed("redirected")
        }
        (it, _) if it.is_client_error() => failed(&format!("http-{}", it.as_u16())),
        // A proxy answers 502, 503 or 504 also after what it had passed on was taken; some servers answer 302 or 303.
        (it, _) => Judgement::Settled(Outcome::unknown(format!("http-{}", it.as_u16()))),
    }
}

/// Names a message by its key, its company and its number: keys are a plugin's, and could be anything.
fn id(message: &Message) -> String {
    let parts = [&*message.company, &message.number, &message.idempotency_key];
    let Fingerprint(bytes) = Fingerprint::of(&parts);
    format!("msg_{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn key(secret: &str) -> Result<Zeroizing<Vec<u8>>, SetupError> {
    let bytes = secret
        .strip_prefix("whsec_")
        .and_then(|base64| STANDARD.decode(base64).ok())
        .map(Zeroizing::new);
    match bytes {
        Some(bytes) if (24..=64).contains(&bytes.len()) => Ok(bytes),
        _ => Err(SetupError::new(
            "secret",
            "whsec_ and the base64 of 24 to 64 random bytes",
        )),
    }
}
