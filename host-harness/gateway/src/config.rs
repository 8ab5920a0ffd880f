//! What an operator sets: one TOML file, and the environment over it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// How a gateway runs. Every field has a default but `public-url`, `store`, `keys` and `directory`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Config {
    /// Where people reach the gateway: scheme, host and port, such as `https://app.example`, without a path.
    pub public_url: String,
    /// What people know the service by: in authenticator apps, mails and on pages; at most 64 characters.
    #[serde(default = "issuer")]
    pub issuer: String,
    /// The realm, by which the gateway's records are known. It never changes.
    #[serde(default = "realm")]
    pub realm: String,
    /// The plugin's store: `sqlite:PATH` or `postgres://…`.
    pub store: String,
    /// The master keys: `file:PATH`, `env:NAME` or `command:LINE`.
    pub keys: String,
    /// The people: `sqlite:PATH` or `postgres://…`; may be the same database as `store` on PostgreSQL.
    pub directory: String,
    /// The plugin; without it, the component that was built with the command.
    #[serde(default)]
    pub plugin: Plugin,
    /// Where it listens.
    #[serde(default)]
    pub listen: Listen,
    /// Sessions.
    #[serde(default)]
    pub sessions: Sessions,
    /// How fast passwords can be tried.
    #[serde(default)]
    pub throttle: Throttle,
    /// Mail by SMTP; without it, mails stay in the outbox.
    #[serde(default)]
    pub mail: Option<MailServer>,
    /// Text messages; without it, they stay in the outbox.
    #[serde(default)]
    pub texts: Option<Texts>,
    /// Logs.
    #[serde(default)]
    pub log: Log,
}

/// Which plugin.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct Plugin {
    /// The component's file.
    pub file: Option<PathBuf>,
    /// The SHA-256 it must have, in hexadecimal.
    pub sha256: Option<String>,
    /// Where compiled plugins are kept: a directory of the gateway's user alone.
    pub cache: Option<PathBuf>,
}

/// Where a gateway listens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct Listen {
    /// For people, by way of a web server that has the certificate.
    pub http: SocketAddr,
    /// For `/healthz`, `/readyz` and `/metrics`: never to be reached from outside.
    pub operations: SocketAddr,
    /// For gateways in other languages; none without it.
    pub decisions: Option<Decisions>,
    /// The web servers whose `X-Forwarded-For` is believed, as addresses or networks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// How long requests under way are waited for at the end, in seconds.
    pub shutdown_seconds: u32,
}

/// Where the decision service listens, and who may ask.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Decisions {
    /// `unix:PATH`, or a loopback address such as `127.0.0.1:7402`.
    pub address: String,
    /// What callers on a loopback address send as `Authorization: Bearer`: at least 32 characters, in a file that only
    /// the gateway's user reads.
    pub secret_file: Option<PathBuf>,
}

/// How long sessions last.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port; 587, or 465 for `tls`.
    #[serde(default)]
    pub port: Option<u16>,
    /// `starttls`, `tls`, or `none`, which is for loopback only.
    #[serde(default)]
    pub security: MailSecurity,
    /// Who sends, such as `Example <mfa@example.com>`.
    pub from: String,
    /// The account.
    #[serde(default)]
    pub user: Option<String>,
    /// The password's file.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
}

/// How the connection to a server for mail is secured.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Texts {
    /// A webhook's address.
    pub webhook: String,
    /// The file of the secret that requests to it are signed with.
    pub secret_file: PathBuf,
    /// The countries that may be sent to at all, two capital letters each; empty: those of the companies' policies.
    #[serde(default)]
    pub countries: Vec<String>,
}

/// Logs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct Log {
    /// How lines are written.
    pub format: LogFormat,
    /// The least level: `error`, `warn`, `info` or `debug`; without it, `info`.
    pub level: Option<String>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For a person at a terminal.
    Text,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            http: SocketAddr::from(([127, 0, 0, 1], 7400)),
            operations: SocketAddr::from(([127, 0, 0, 1], 7401)),
            decisions: None,
            trusted_proxies: Vec::new(),
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

fn issuer() -> String {
    "Countersign".to_owned()
}

fn realm() -> String {
    "default".to_owned()
}
