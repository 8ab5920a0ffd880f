//! What each setting must be.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use axum::http::Uri;
use countersign_host::keyring::KeySource;
use countersign_host::sms::{Outbox, PhoneLine};
use countersign_host::store::MemoryStore;
use lettre::message::Mailbox;

use super::{
    Address, Config, Decisions, DecisionsAddress, ISSUER, Listen, Log, LogFormat, LogLevel,
    MailSecurity, MailServer, Plugin, REALM, Reader, Sessions, Texts, Throttle, is_private,
};

/// Reads everything; none if the reader has a problem to tell that left nothing to put in a place.
pub(super) fn config(reader: &mut Reader) -> Option<Config> {
    let public_url = reader.needed("public-url", PUBLIC_URL, public_url);
    let issuer = reader.text("issuer", ISSUER_FORM, issuer);
    let realm = reader.text("realm", "1 to 128 bytes without control characters", realm);
    let store = address(reader, "store");
    let keys = keys(reader);
    let directory = address(reader, "directory");
    let plugin = plugin(reader);
    let listen = listen(reader);
    let sessions = sessions(reader);
    let throttle = throttle(reader);
    let mail = reader.has("mail").then(|| mail(reader));
    let texts = reader.has("texts").then(|| texts(reader));
    let log = log(reader);
    let keep_events_days = reader.number("keep-events-days", 0, 0..=36_500);
    Some(Config {
        public_url: public_url?,
        issuer: issuer.unwrap_or_else(|| ISSUER.to_owned()),
        realm: realm.unwrap_or_else(|| REALM.to_owned()),
        store: store?,
        keys: keys?,
        directory: directory?,
        plugin,
        listen,
        sessions,
        throttle,
        mail: mail.flatten(),
        texts: texts.flatten(),
        keep_events_days,
        log,
    })
}

fn address(reader: &mut Reader, key: &str) -> Option<Address> {
    let base = reader.base().to_owned();
    let expected = "sqlite:PATH or postgres://USER@HOST/DATABASE";
    let address = reader.needed(key, expected, |it| Address::parse(it, &base))?;
    if address.has_password() && !reader.is_variable(key) {
        let name = key.to_ascii_uppercase();
        reader.wrong(
            key,
            format!(
                "no password in this file, but in the variable PGPASSWORD, or the whole address in \
                 COUNTERSIGN_GATEWAY_{name}"
            ),
        );
        return None;
    }
    Some(address)
}

fn keys(reader: &mut Reader) -> Option<KeySource> {
    let base = reader.base().to_owned();
    let expected = "file:PATH, env:NAME or command:LINE";
    let source = |it: &str| {
        Some(match it.parse().ok()? {
            KeySource::File(path) => KeySource::File(base.join(path)),
            source => source,
        })
    };
    reader.needed("keys", expected, source)
}

fn plugin(reader: &mut Reader) -> Plugin {
    reader.has("plugin");
    Plugin {
        file: reader.path("plugin.file"),
        sha256: reader.text("plugin.sha256", "64 hexadecimal digits", parsed),
        signed_by: signed_by(reader),
        cache: reader.path("plugin.cache"),
    }
}

fn signed_by(reader: &mut Reader) -> Vec<PathBuf> {
    let base = reader.base().to_owned();
    let path = |it: &str| (!it.is_empty()).then(|| base.join(it));
    let expected = "files of public keys, one at least";
    let keys = reader.list("plugin.signed-by", expected, path);
    match (reader.is_set("plugin.signed-by"), keys.is_empty()) {
        // Whoever takes out the last key trusts nobody, not everybody.
        (true, true) => reader.wrong("plugin.signed-by", expected),
        (true, false) if !reader.is_set("plugin.file") => reader.wrong(
            "plugin.signed-by",
            "plugin.file too: the component that was built with the command has no signature",
        ),
        _ => {}
    }
    keys
}

fn listen(reader: &mut Reader) -> Listen {
    reader.has("listen");
    let default = Listen::default();
    let expected = "an address and a port, such as 127.0.0.1:7400";
    let http = reader.text("listen.http", expected, parsed);
    let operations: Option<SocketAddr> = reader.text("listen.operations", expected, parsed);
    let operations = operations.unwrap_or(default.operations);
    let is_public = reader.flag("listen.operations-public");
    if !is_public && !is_private(operations.ip()) {
        reader.wrong(
            "listen.operations",
            "a loopback or private address, or listen.operations-public = true: whoever reaches it reads the metrics",
        );
    }
    let http = http.unwrap_or(default.http);
    if http == operations && http.port() != 0 {
        reader.wrong("listen.operations", "another address than listen.http");
    }
    let decisions = reader.has("listen.decisions").then(|| decisions(reader));
    let network = "addresses, or networks such as 10.0.0.0/8 without bits behind their length, and never all there are";
    let trusted = |it: &str| parsed(it).filter(|it: &super::Network| !it.is_everything());
    Listen {
        http,
        operations,
        decisions: decisions.flatten(),
        trusted_proxies: reader.list("listen.trusted-proxies", network, trusted),
        connections: reader.number("listen.connections", default.connections, 1..=65536),
        drain_seconds: reader.number("listen.drain-seconds", default.drain_seconds, 0..=120),
        shutdown_seconds: reader.number(
            "listen.shutdown-seconds",
            default.shutdown_seconds,
            1..=300,
        ),
    }
}

fn decisions(reader: &mut Reader) -> Option<Decisions> {
    let base = reader.base().to_owned();
    let address = |it: &str| decisions_address(it, &base);
    let expected = "unix:PATH or a loopback address such as 127.0.0.1:7402";
    let address = reader.needed("listen.decisions.address", expected, address);
    let secret = reader.secret("listen.decisions.secret");
    if matches!(address, Some(DecisionsAddress::Loopback(_))) && secret.is_none() {
        reader.wrong(
            "listen.decisions.secret-file",
            "a path: everybody on the machine reaches a loopback address",
        );
    }
    Some(Decisions {
        address: address?,
        secret,
    })
}

fn sessions(reader: &mut Reader) -> Sessions {
    reader.has("sessions");
    let default = Sessions::default();
    Sessions {
        hours: reader.number("sessions.hours", default.hours, 1..=720),
        idle_minutes: reader.number("sessions.idle-minutes", default.idle_minutes, 5..=1440),
        pending_minutes: reader.number("sessions.pending-minutes", default.pending_minutes, 5..=60),
    }
}

fn throttle(reader: &mut Reader) -> Throttle {
    reader.has("throttle");
    let default = Throttle::default();
    Throttle {
        name_and_source: reader.number(
            "throttle.name-and-source",
            default.name_and_source,
            1..=1000,
        ),
        name: reader.number("throttle.name", default.name, 1..=10_000),
        source: reader.number("throttle.source", default.source, 1..=100_000),
        at_once: reader.number("throttle.at-once", default.at_once, 1..=64),
    }
}

fn mail(reader: &mut Reader) -> Option<MailServer> {
    let host = reader.needed("mail.host", "a server's name", host);
    let port = reader.is_set("mail.port");
    let number = reader.number("mail.port", 587, 1..=65535);
    let security = reader.text("mail.security", "starttls, tls or none", |it| {
        Some(match it {
            "starttls" => MailSecurity::Starttls,
            "tls" => MailSecurity::Tls,
            "none" => MailSecurity::None,
            _ => return None,
        })
    });
    let security = security.unwrap_or_default();
    if security == MailSecurity::None && host.as_deref().is_some_and(|it| !is_loopback(it)) {
        reader.wrong(
            "mail.security",
            "starttls or tls: none is for a server on this machine",
        );
    }
    let from = reader.needed(
        "mail.from",
        "an address such as Example <mfa@example.com>",
        |it| it.parse::<Mailbox>().ok().map(|_| it.to_owned()),
    );
    let user = reader.text("mail.user", "an account's name", one_line);
    let password = reader.secret("mail.password");
    match (&user, &password) {
        (Some(_), None) => reader.wrong("mail.user", "mail.password-file beside it"),
        (None, Some(_)) => reader.wrong("mail.password-file", "mail.user beside it"),
        _ => {}
    }
    Some(MailServer {
        host: host?,
        port: port.then(|| u16::try_from(number).ok()).flatten(),
        security,
        from: from?,
        user,
        password,
        ca_file: reader.path("mail.ca-file"),
    })
}

fn texts(reader: &mut Reader) -> Option<Texts> {
    let expected = "https://, or http:// to this machine, without a user in it";
    let webhook = reader.needed("texts.webhook", expected, webhook);
    let secret = reader.secret("texts.secret");
    if secret.is_none() && !reader.is_set("texts.secret-file") && !reader.is_set("texts.secret") {
        reader.wrong("texts.secret-file", "a path");
    }
    let expected = "codes of ISO 3166-1 that have numbers, such as GB";
    let countries = reader.list("texts.countries", expected, country);
    Some(Texts {
        webhook: webhook?,
        secret: secret?,
        countries,
    })
}

fn log(reader: &mut Reader) -> Log {
    reader.has("log");
    let format = reader.text("log.format", "json or text", |it| match it {
        "json" => Some(LogFormat::Json),
        "text" => Some(LogFormat::Text),
        _ => None,
    });
    let level = reader.text("log.level", "error, warn, info or debug", |it| {
        Some(match it {
            "error" => LogLevel::Error,
            "warn" => LogLevel::Warn,
            "info" => LogLevel::Info,
            "debug" => LogLevel::Debug,
            _ => return None,
        })
    });
    Log {
        format: format.unwrap_or_default(),
        level: level.unwrap_or_default(),
    }
}

/// Takes scheme, host and port, and returns them as browsers write an origin.
fn public_url(typed: &str) -> Option<String> {
    let uri: Uri = typed.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let is_plain = typed
        .split_once("://")
        .is_some_and(|(_, it)| it == authority.as_str());
    let host = authority.host().to_ascii_lowercase();
    let is_fit = match scheme {
        "https" => true,
        "http" => is_loopback(&host),
        _ => false,
    };
    if !is_plain || !is_fit || host.is_empty() || authority.as_str().contains('@') {
        return None;
    }
    let default = if scheme == "https" { 443 } else { 80 };
    Some(match authority.port() {
        Some(port) if port.as_u16() != default => format!("{scheme}://{host}:{}", port.as_u16()),
        // An authority such as `host:` has an empty port.
        None if authority.as_str().ends_with(':') => return None,
        _ => format!("{scheme}://{host}"),
    })
}

fn issuer(typed: &str) -> Option<String> {
    let is_fit = (1..=64).contains(&typed.chars().count())
        && !typed.contains(|it: char| it == ':' || it.is_control())
        && typed.trim() == typed;
    is_fit.then(|| typed.to_owned())
}

fn realm(typed: &str) -> Option<String> {
    let is_fit = (1..=128).contains(&typed.len()) && !typed.contains(char::is_control);
    is_fit.then(|| typed.to_owned())
}

fn one_line(typed: &str) -> Option<String> {
    let is_fit = !typed.is_empty() && !typed.contains(char::is_control);
    is_fit.then(|| typed.to_owned())
}

fn host(typed: &str) -> Option<String> {
    let is_fit = (1..=253).contains(&typed.len())
        && typed
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b".-:[]_".contains(&it));
    is_fit.then(|| typed.to_owned())
}

fn webhook(typed: &str) -> Option<String> {
    let uri: Uri = typed.parse().ok()?;
    let authority = uri.authority()?;
    let is_fit = match uri.scheme_str()? {
        "https" => true,
        "http" => is_loopback(authority.host()),
        _ => false,
    };
    (is_fit && !authority.as_str().contains('@')).then(|| typed.to_owned())
}

fn country(typed: &str) -> Option<String> {
    let line = PhoneLine::new(REALM, MemoryStore::new(), Outbox::in_country("ES"));
    line.countries([typed]).ok().map(|_| typed.to_owned())
}

fn decisions_address(typed: &str, base: &Path) -> Option<DecisionsAddress> {
    match typed.strip_prefix("unix:") {
        Some("") => None,
        Some(path) => Some(DecisionsAddress::Unix(base.join(path))),
        None => {
            let address: SocketAddr = typed.parse().ok()?;
            let is_fit = address.ip().is_loopback();
            is_fit.then_some(DecisionsAddress::Loopback(address))
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|it: IpAddr| it.is_loopback())
}

fn parsed<T: FromStr>(typed: &str) -> Option<T> {
    typed.parse().ok()
}

const PUBLIC_URL: &str = "https:// with a host, perhaps a port, and no path; http:// is for localhost, 127.0.0.1 and \
                          [::1]";

const ISSUER_FORM: &str =
    "1 to 64 characters without colons, control characters, and spaces around them";
