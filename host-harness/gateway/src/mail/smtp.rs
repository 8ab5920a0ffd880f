//! Mail by SMTP.

mod unread;

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use countersign_host::clock::Clock;
use countersign_host::random::Random;
use data_encoding::HEXLOWER;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, transport::smtp::Error as SmtpError};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use self::unread::Unread;
use super::{Mail, MailError, MailId, Mailer};
use crate::config::{MailSecurity, MailServer};

/// Hands mail to a server, over one connection that is kept while mails follow one another.
///
/// It does not queue, and does not try again: whoever sends does.
///
/// # Security
///
/// With `starttls`, a server that does not offer it gets neither password nor mail; a certificate that is not the server's
/// ends the connection, and so does what somebody in between says before the encryption begins. In the clear it speaks to loopback only. Addresses and subjects cannot add a header.
pub struct SmtpMailer {
    host: String,
    port: u16,
    security: Security,
    from: Mailbox,
    credentials: Option<Credentials>,
    hello: ClientId,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// A connection on which the last mail was taken.
    kept: Mutex<Option<AsyncSmtpConnection>>,
}

enum Security {
    Starttls(TlsParameters),
    Tls(TlsParameters),
    None,
}

/// What does not fit in the settings of a mail server.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("mail.{field}: expected {expected}")]
pub struct MailConfigError {
    /// The field.
    pub field: &'static str,
    /// What was expected.
    pub expected: &'static str,
}

impl SmtpMailer {
    /// Makes one; it connects when there is something to send. `clock` dates the mails, `random` names those without an id.
    ///
    /// # Errors
    ///
    /// [`MailConfigError`] for settings that do not fit, and for files that cannot be read.
    pub fn new(
        server: &MailServer,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, MailConfigError> {
        let port = match server.security {
            MailSecurity::Tls => 465,
            MailSecurity::Starttls | MailSecurity::None => 587,
        };
        let security = match server.security {
            MailSecurity::Starttls => Security::Starttls(tls(server)?),
            MailSecurity::Tls => Security::Tls(tls(server)?),
            MailSecurity::None if is_loopback(&server.host) => Security::None,
            MailSecurity::None => {
                return Err(misfit(
                    "security",
                    "starttls or tls; none is for a server on a loopback address",
                ));
            }
        };
        let from = server.from.parse();
        Ok(Self {
            host: server.host.clone(),
            port: server.port.unwrap_or(port),
            security,
            from: from
                .map_err(|_| misfit("from", "an address, such as Example <mfa@example.com>"))?,
            credentials: credentials(server)?,
            hello: ClientId::default(),
            clock,
            random,
            kept: Mutex::new(None),
        })
    }

    async fn hand_on(&self, id: &str, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(id, mail)?;
        let text = message.formatted();
        let mut kept = self.kept.lock().await;
        // Taken out: a connection on which something was cut short is out of step, and never used again.
        let mut connection = match alive(kept.take()).await {
            Some(connection) => connection,
            None => within(CONNECTION, self.connect()).await??,
        };
        match timeout(TRANSACTION, connection.send(message.envelope(), &text)).await {
            Ok(Ok(_)) => {
                *kept = Some(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(of_this_mail(&error)),
            Err(_) => Err(MailError::Deferred(SLOW.to_owned())),
        }
    }

    /// Connects, encrypts and shows the account. What fails here would fail for every mail.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let server = (self.host.as_str(), self.port);
        let mut connection = match &self.security {
            Security::Tls(tls) => {
                let tls = Some(tls.clone());
                AsyncSmtpConnection::connect_tokio1(server, Some(COMMAND), &self.hello, tls, None)
                    .await
            }
            Security::Starttls(_) | Security::None => {
                let stream = within(COMMAND, TcpStream::connect(server)).await?;
                let stream = stream.map_err(|_| unavailable(UNREACHED))?;
                let stream = Box::new(Unread::new(stream));
                AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await
            }
        }
        .map_err(|it| of_all_mail(&it))?;
        if let Security::Starttls(tls) = &self.security {
            let encrypted = connection.starttls(tls.clone(), &self.hello).await;
            encrypted.map_err(|it| of_all_mail(&it))?;
        }
        let is_encrypted = connection.is_encrypted();
        if !is_encrypted && !matches!(self.security, Security::None) {
            return Err(unavailable("the connection is not encrypted"));
        }
        if let Some(credentials) = &self.credentials {
            let shown = connection.auth(&MECHANISMS, credentials).await;
            shown.map_err(|it| of_all_mail(&it))?;
        }
        Ok(connection)
    }

    fn message(&self, id: &str, mail: &Mail) -> Result<Message, MailError> {
        // Parsed as a bare address: no name, no second one.
        let to: Address = mail
            .to
            .parse()
            .map_err(|_| refused("the address is none"))?;
        if mail.to.chars().any(char::is_control) {
            return Err(refused("the address is none"));
        }
        let now = self.clock.now().map_err(|_| unavailable("no time"))?;
        let date = UNIX_EPOCH.checked_add(Duration::from_secs(now));
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&mail.subject))
            .date(date.ok_or_else(|| unavailable("no time"))?)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .raw_header(HeaderValue::new(name, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone());
        message.map_err(|_| refused("it cannot be written as a message"))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let mut id = [0; 16];
        let drawn = self.random.fill(&mut id);
        drawn.map_err(|_| unavailable("no randomness"))?;
        self.hand_on(&HEXLOWER.encode(&id), mail).await
    }

    async fn send_as(&self, id: &MailId, mail: &Mail) -> Result<(), MailError> {
        self.hand_on(&HEXLOWER.encode(&id.0), mail).await
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

fn tls(server: &MailServer) -> Result<TlsParameters, MailConfigError> {
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(path) = &server.ca_file {
        let wrong = || misfit("ca-file", "a file of certificates in PEM");
        let pem = fs::read(path).map_err(|_| wrong())?;
        let certificate = Certificate::from_pem(&pem).map_err(|_| wrong())?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
    }
    let built = builder.build_rustls();
    built.map_err(|_| misfit("host", "a name that a certificate can have"))
}

fn credentials(server: &MailServer) -> Result<Option<Credentials>, MailConfigError> {
    match (&server.user, &server.password) {
        (None, None) => Ok(None),
        (Some(user), Some(secret)) => {
            let password = secret
                .read()
                .map_err(|_| misfit("password-file", "a file that holds a password"))?;
            Ok(Some(Credentials::new(user.clone(), password.to_string())))
        }
        (Some(_), None) => Err(misfit("password-file", "the file of the user's password")),
        (None, Some(_)) => Err(misfit("user", "the account that the password is for")),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|it: IpAddr| it.is_loopback())
}

fn one_line(text: &str) -> String {
    let kept = |it: char| if it.is_control() { ' ' } else { it };
    text.chars().map(kept).collect()
}

/// Returns a connection if its server still answers on it.
async fn alive(kept: Option<AsyncSmtpConnection>) -> Option<AsyncSmtpConnection> {
    let mut connection = kept?;
    let answers = timeout(COMMAND, connection.test_connected()).await;
    (answers == Ok(true)).then_some(connection)
}

async fn within<T>(at_most: Duration, work: impl Future<Output = T>) -> Result<T, MailError> {
    let done = timeout(at_most, work).await;
    done.map_err(|_| unavailable(SLOW))
}

/// Tells an error on the way to the first mail. A server's own words may repeat an address, and stay out.
fn of_all_mail(error: &SmtpError) -> MailError {
    MailError::Unavailable(in_general(error))
}

/// Tells an error after the server took this gateway's word for who it is. One that is not the server's answer may be of
/// this mail too: a server that falls over it must not keep all others waiting.
fn of_this_mail(error: &SmtpError) -> MailError {
    match error.status().map(u16::from) {
        // It closes, or wants an account to be shown: not the mail's fault.
        Some(421 | 530 | 535) => MailError::Unavailable(in_general(error)),
        Some(500..) => MailError::Refused(in_general(error)),
        _ => MailError::Deferred(in_general(error)),
    }
}

fn in_general(error: &SmtpError) -> String {
    if let Some(status) = error.status() {
        return format!("the server answered {status}");
    }
    let what = match () {
        () if error.is_timeout() => "the server did not answer in time",
        () if error.is_tls() => "the connection could not be encrypted",
        () if error.is_client() => "the server does not offer what is required",
        () if error.is_response() => "the server's answer could not be read",
        () => UNREACHED,
    };
    what.to_owned()
}

fn unavailable(why: &str) -> MailError {
    MailError::Unavailable(why.to_owned())
}

fn refused(why: &str) -> MailError {
    MailError::Refused(why.to_owned())
}

fn misfit(field: &'static str, expected: &'static str) -> MailConfigError {
    MailConfigError { field, expected }
}

const UNREACHED: &str = "the server could not be reached, or its certificate is not good";
const SLOW: &str = "it took too long";
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
/// For one answer.
const COMMAND: Duration = Duration::from_secs(10);
/// To connect, encrypt and show the account.
const CONNECTION: Duration = Duration::from_secs(20);
/// For a mail: four answers, of which the last may take a while.
const TRANSACTION: Duration = Duration::from_secs(30);
