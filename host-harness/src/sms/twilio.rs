//! Messages sent by Twilio.

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use zeroize::Zeroizing;

use super::http::{Answer, Carrier, Judgement, SendTimes};
use super::{
    Lines, Message, MessagePurpose, Outcome, Permission, SetupError, SmsError, SmsSender, Texts,
    country, is_number,
};

/// Sends messages by the Messages resource of Twilio's REST interface (2010-04-01).
///
/// | answer | what it means here |
/// |---|---|
/// | 2xx | [`Sent`](Outcome::Sent): queued; whether it arrives, Twilio tells elsewhere |
/// | 4xx with a code of Twilio's | `Failed("twilio-21211")` |
/// | 429 else, 307, 308, other 4xx | `Failed`, with `busy`, `redirected` or `http-4xx` |
/// | anything else, or none | [`Unknown`](Outcome::Unknown), with `http-5xx`, `time-out`, `connection-cut` or `not-http` |
///
/// A connection that cannot be made is tried three times: `Failed("no-connection")`. Nothing else is: Twilio takes no
/// idempotency key for messages, so a request that went out is never sent again, whatever the answer.
///
/// Twilio is asked to drop a message that it could not deliver before its code has ended.
///
/// # Security
///
/// By itself it finds a number's country, and no more: it sends to every kind of line in every country, premium-rate
/// ones too, as often as it is asked. What must stand before it is in a [`PhoneLine`](super::PhoneLine).
///
/// An API key can be taken back by itself, and is a better choice than the account's own token. Of an answer only the
/// error's number is passed on: its text quotes telephone numbers.
///
/// # Examples
///
/// ```no_run
/// use countersign_host::sms::{Texts, Twilio, TwilioSender, TwilioSecret};
///
/// let texts = Texts::new("id.example.com", "Example")?;
/// let account = "AC00000000000000000000000000000000";
/// let secret = TwilioSecret::ApiKey {
///     sid: "SK00000000000000000000000000000000".into(),
///     secret: std::env::var("TWILIO_API_SECRET")?,
/// };
/// let sender = TwilioSender::Service("MG00000000000000000000000000000000".into());
/// let twilio = Twilio::new(account, secret, sender, texts)?;
/// # drop(twilio);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Twilio {
    account: String,
    carrier: Carrier,
    authorization: HeaderValue,
    sender: TwilioSender,
    texts: Texts,
    times: SendTimes,
}

/// What to sign in to Twilio with. It is never printed.
#[derive(Clone)]
#[non_exhaustive]
pub enum TwilioSecret {
    /// The account's own token.
    AuthToken(String),
    /// An API key.
    ApiKey {
        /// `SK` and 32 hexadecimal digits.
        sid: String,
        /// Its secret.
        secret: String,
    },
}

/// Who a message is from.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TwilioSender {
    /// A number of the account's in E.164 form, a short code of 3 to 8 digits, or a name of at most 11 letters, digits
    /// and spaces where countries allow one.
    From(String),
    /// A messaging service: `MG` and 32 hexadecimal digits.
    Service(String),
}

impl Twilio {
    /// Makes a sender.
    ///
    /// # Errors
    ///
    /// [`SetupError`] naming `account`, `secret` or `sender`, and their form; or `tls`, if the machine has no root
    /// certificates.
    pub fn new(
        account: &str,
        secret: TwilioSecret,
        sender: TwilioSender,
        texts: Texts,
    ) -> Result<Self, SetupError> {
        if !is_sid("AC", account) {
            return Err(SetupError::new("account", "AC and 32 hexadecimal digits"));
        }
        check_sender(&sender)?;
        Ok(Self {
            carrier: carrier(BASE, account)?,
            authorization: authorization(account, secret)?,
            account: account.to_owned(),
            sender,
            texts,
            times: SendTimes::default(),
        })
    }

    /// Sets where to post to: another region, such as `https://api.dublin.ie1.twilio.com`, or a stand-in on this
    /// machine.
    ///
    /// # Errors
    ///
    /// [`SetupError`] naming `url`, if it is neither `https://` nor on this machine.
    pub fn base(self, url: &str) -> Result<Self, SetupError> {
        Ok(Self {
            carrier: carrier(url, &self.account)?.times(self.times),
            ..self
        })
    }

    /// Sets how long it may take.
    #[must_use]
    pub fn times(self, times: SendTimes) -> Self {
        Self {
            carrier: self.carrier.times(times),
            times,
            ..self
        }
    }
}

#[async_trait]
impl SmsSender for Twilio {
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
        let seconds = message.valid_minutes.saturating_mul(60);
        let (from, sender) = match &self.sender {
            TwilioSender::From(from) => ("From", from),
            TwilioSender::Service(service) => ("MessagingServiceSid", service),
        };
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", &message.number)
            .append_pair(from, sender)
            .append_pair("Body", &text)
            .append_pair("ValidityPeriod", &seconds.to_string())
            .finish();
        let request = || {
            let headers = vec![(AUTHORIZATION, self.authorization.clone())];
            let form = "application/x-www-form-urlencoded";
            Some(self.carrier.post(body.as_bytes(), form, headers))
        };
        self.carrier.deliver(request, judge).await
    }
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio")
            .field("carrier", &self.carrier)
            .field("sender", &self.sender)
            .field("texts", &self.texts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TwilioSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TwilioSecret(..)")
    }
}

fn judge(answer: &Answer) -> Judgement {
    let status = answer.status;
    let outcome = if status.is_success() {
        Outcome::Sent
    } else if status.is_client_error() {
        Outcome::Failed(reason(answer))
    } else if status == StatusCode::TEMPORARY_REDIRECT || status == StatusCode::PERMANENT_REDIRECT {
        Outcome::failed("redirected")
    } else {
        Outcome::unknown(format!("http-{}", status.as_u16()))
    };
    Judgement::Settled(outcome)
}

fn reason(answer: &Answer) -> String {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let code = body
        .as_ref()
        .and_then(|body| body.get("code")?.as_u64())
        .filter(|code| *code <= MOST_CODE);
    match (code, answer.status) {
        (Some(code), _) => format!("twilio-{code}"),
        (None, StatusCode::TOO_MANY_REQUESTS) => "busy".to_owned(),
        (None, status) => format!("http-{}", status.as_u16()),
    }
}

fn carrier(base: &str, account: &str) -> Result<Carrier, SetupError> {
    let base = base.trim_end_matches('/');
    let url = format!("{base}/2010-04-01/Accounts/{account}/Messages.json");
    Carrier::new(&url, None)
}

fn authorization(account: &str, secret: TwilioSecret) -> Result<HeaderValue, SetupError> {
    let (user, password) = match secret {
        TwilioSecret::AuthToken(token) => (account.to_owned(), Zeroizing::new(token)),
        TwilioSecret::ApiKey { sid, secret } if is_sid("SK", &sid) => (sid, Zeroizing::new(secret)),
        TwilioSecret::ApiKey { .. } => {
            return Err(SetupError::new("secret", "SK and 32 hexadecimal digits"));
        }
    };
    if password.is_empty() || password.chars().any(char::is_control) {
        let expected = "a token or secret without control characters";
        return Err(SetupError::new("secret", expected));
    }
    let pair = Zeroizing::new(format!("{user}:{}", *password));
    let encoded = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut header = HeaderValue::from_str(&encoded)
        .map_err(|_| SetupError::new("secret", "a token or secret"))?;
    header.set_sensitive(true);
    Ok(header)
}

fn check_sender(sender: &TwilioSender) -> Result<(), SetupError> {
    let (right, expected) = match sender {
        TwilioSender::Service(sid) => (is_sid("MG", sid), "MG and 32 hexadecimal digits"),
        TwilioSender::From(from) => (
            is_number(from) || is_short_code(from) || is_name(from),
            "an E.164 number, a short code, or a name of at most 11 letters, digits and spaces",
        ),
    };
    match right {
        true => Ok(()),
        false => Err(SetupError::new("sender", expected)),
    }
}

fn is_short_code(from: &str) -> bool {
    (3..=8).contains(&from.len()) && from.bytes().all(|b| b.is_ascii_digit())
}

fn is_name(from: &str) -> bool {
    (1..=11).contains(&from.len())
        && from.bytes().any(|b| b.is_ascii_alphabetic())
        && from.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
}

fn is_sid(prefix: &str, sid: &str) -> bool {
    sid.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

const BASE: &str = "https://api.twilio.com";
/// Twilio's codes have five digits, and a reason has room for no more.
const MOST_CODE: u64 = 99_999;
