//! What an operator sets: one TOML file, and the environment over it.

mod address;
mod network;
mod read;
mod reader;

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use countersign_host::Digest;
use countersign_host::keyring::KeySource;

pub use self::address::{Address, Secret};
use self::network::is_private;
pub use self::network::{Network, NotANetwork};
pub use self::reader::Problem;
use self::reader::Reader;

/// How a gateway runs. Every setting has a default but `public-url`, `store`, `keys` and `directory`;
/// `gateway.example.toml` explains all of them.
///
/// Printing it shows no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where people reach the gateway: scheme, host and port, such as `https://app.example`, without a path.
    pub public_url: String,
    /// What people know the service by: in authenticator apps, mails and on pages; at most 64 characters.
    pub issuer: String,
    /// The realm, by which the gateway's records are known. It never changes.
    pub realm: String,
    /// The plugin's store: `sqlite:PATH` or `postgres://…`.
    pub store: Address,
    /// The master keys: `file:PATH`, `env:NAME` or `command:LINE`.
    pub keys: KeySource,
    /// The people: `sqlite:PATH` or `postgres://…`; may be the same database as `store` on PostgreSQL.
    pub directory: Address,
    /// The plugin; without it, the component that was built with the command.
    pub plugin: Plugin,
    /// Where it listens.
    pub listen: Listen,
    /// Sessions.
    pub sessions: Sessions,
    /// How fast passwords can be tried.
    pub throttle: Throttle,
    /// Mail by SMTP; without it, mails reach nobody, and stay in the outbox.
    pub mail: Option<MailServer>,
    /// Text messages; without it, there are none, except in a demonstration, where they stay in the outbox.
    pub texts: Option<Texts>,
    /// Days that events are kept for, once every courier has had them; 0 for ever.
    pub keep_events_days: u32,
    /// Logs.
    pub log: Log,
}

impl Config {
    /// Makes the settings of a gateway with all defaults.
    #[must_use]
    pub fn new(public_url: &str, store: Address, keys: KeySource, directory: Address) -> Self {
        Self {
            public_url: public_url.to_owned(),
            issuer: ISSUER.to_owned(),
            realm: REALM.to_owned(),
            store,
            keys,
            directory,
            plugin: Plugin::default(),
            listen: Listen::default(),
            sessions: Sessions::default(),
            throttle: Throttle::default(),
            mail: None,
            texts: None,
            keep_events_days: 0,
            log: Log::default(),
        }
    }

    /// Reads a file, and over it each variable of the environment whose name begins with `COUNTERSIGN_GATEWAY_`:
    /// `COUNTERSIGN_GATEWAY_MAIL__PORT` is `port` of the table `mail`. Relative paths begin where the file is.
    ///
    /// Nothing that they name is opened.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with everything that is wrong, and no value: any may be a secret.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let unreadable = |why: &str| ConfigError::Unreadable(path.to_owned(), why.to_owned());
        let metadata = fs::metadata(path).map_err(|error| unreadable(&error.to_string()))?;
        if !metadata.is_file() || metadata.len() > MOST_BYTES {
            return Err(unreadable("expected a file of at most 1 MiB"));
        }
        let text = fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
        Self::parse(path, &text, environment)
    }

    /// Reads the text of a file, as [`load`](Self::load) does.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unusable`].
    pub fn parse(
        path: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(path, text, environment);
        let config = read::config(&mut reader);
        match (config, reader.finish()) {
            (Some(config), problems) if problems.is_empty() => Ok(config),
            (_, problems) => Err(ConfigError::Unusable(problems)),
        }
    }

    /// Says whether people reach the gateway by TLS, so that cookies can be for TLS alone.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Which plugin.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Plugin {
    /// The component's file.
    pub file: Option<PathBuf>,
    /// The SHA-256 it must have, in hexadecimal.
    pub sha256: Option<Digest>,
    /// The files of the public keys one of which must have signed it, in PEM; none: it need not be signed.
    pub signed_by: Vec<PathBuf>,
    /// Where compiled plugins are kept: a directory of the gateway's user alone.
    pub cache: Option<PathBuf>,
}

/// Where a gateway listens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listen {
    /// For people, by way of a web server that has the certificate.
    pub http: SocketAddr,
    /// For `/healthz`, `/readyz` and `/metrics`: never to be reached from outside, so on loopback or a private address
    /// unless `operations-public` is set.
    pub operations: SocketAddr,
    /// For gateways in other languages; none without it.
    pub decisions: Option<Decisions>,
    /// The web servers whose `X-Forwarded-For` is believed, as addresses or networks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<Network>,
    /// How many connections there are at once; others wait to be accepted. 1 to 65536.
    pub connections: u32,
    /// How long it goes on taking requests once it was told to end and is no longer ready, so that a load balancer sees
    /// it first; in seconds, 0 to 120.
    pub drain_seconds: u32,
    /// How long requests under way are waited for at the end, in seconds; 1 to 300.
    pub shutdown_seconds: u32,
}

/// Where the decision service listens, and who may ask.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decisions {
    /// `unix:PATH`, or a loopback address such as `127.0.0.1:7402`.
    pub address: DecisionsAddress,
    /// What callers on a loopback address send as `Authorization: Bearer`: at least 32 characters.
    pub secret: Option<Secret>,
}

/// Where the decision service listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DecisionsAddress {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A loopback address.
    Loopback(SocketAddr),
}

impl fmt::Display for DecisionsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Loopback(address) => address.fmt(f),
        }
    }
}

/// How long sessions last.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sessions {
    /// Hours until a session ends, whatever happens; 1 to 720.
    pub hours: u32,
    /// Minutes without a request until it ends; 5 to 1440.
    pub idle_minutes: u32,
    /// Minutes for what comes between the password and being let in; 5 to 60.
    pub pending_minutes: u32,
}

/// How fast passwords can be tried. Counted before a password is looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Throttle {
    /// Wrong passwords of one name from one source, in 15 minutes.
    pub name_and_source: u32,
    /// Wrong passwords of one name from anywhere, in an hour.
    pub name: u32,
    /// Wrong passwords from one source, in 15 minutes.
    pub source: u32,
    /// Passwords hashed at once; others wait for a moment, then are refused.
    pub at_once: u32,
}

/// A server for mail.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port; 587, or 465 for `tls`.
    pub port: Option<u16>,
    /// `starttls`, `tls`, or `none`, which is for loopback only.
    pub security: MailSecurity,
    /// Who sends, such as `Example <mfa@example.com>`.
    pub from: String,
    /// The account.
    pub user: Option<String>,
    /// The account's password.
    pub password: Option<Secret>,
    /// The file of the certificates, in PEM, that the server's is checked with, in place of the system's.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to a server for mail is secured.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MailSecurity {
    /// Begun in the clear, encrypted before anything is said.
    #[default]
    Starttls,
    /// Encrypted from the start.
    Tls,
    /// In the clear.
    None,
}

/// Who carries text messages.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Texts {
    /// A webhook's address.
    pub webhook: String,
    /// The secret that requests to it are signed with: `whsec_` and base64.
    pub secret: Secret,
    /// The countries that may be sent to at all, two capital letters each; empty: those of the companies' policies.
    pub countries: Vec<String>,
}

/// Logs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Log {
    /// How lines are written.
    pub format: LogFormat,
    /// The least level.
    pub level: LogLevel,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For a person at a terminal.
    Text,
}

/// The least level of what is logged.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LogLevel {
    /// What keeps people out.
    Error,
    /// What an operator should look at.
    Warn,
    /// Each request too.
    #[default]
    Info,
    /// What helps to find out why.
    Debug,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            http: SocketAddr::from(([127, 0, 0, 1], 7400)),
            operations: SocketAddr::from(([127, 0, 0, 1], 7401)),
            decisions: None,
            trusted_proxies: Vec::new(),
            connections: 1024,
            drain_seconds: 0,
            shutdown_seconds: 20,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            hours: 12,
            idle_minutes: 60,
            pending_minutes: 40,
        }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            name_and_source: 10,
            name: 100,
            source: 50,
            at_once: 4,
        }
    }
}

/// Settings that cannot be used: all of them, in the order of the file.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read; which, and why.
    #[error("{0}: {1}")]
    Unreadable(PathBuf, String),
    /// What stands in it, or in the environment, cannot be used.
    #[error("{}", Lines(.0))]
    Unusable(Vec<Problem>),
}

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.0.iter();
        if let Some(first) = lines.next() {
            write!(f, "{first}")?;
        }
        lines.try_for_each(|it| write!(f, "\n{it}"))
    }
}

/// What people know the service by, unless told otherwise.
const ISSUER: &str = "Countersign";
/// The realm, unless told otherwise.
const REALM: &str = "default";
/// More than a file of settings has.
const MOST_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests;
