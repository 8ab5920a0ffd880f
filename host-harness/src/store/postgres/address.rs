//! Where the server is, and how it is trusted.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::OpenError;

/// What an address says.
pub(super) struct Address {
    config: Config,
    tls: MakeRustlsConnect,
}

impl Address {
    pub(super) fn parse(address: &str) -> Result<Self, OpenError> {
        let (place, query) = address.split_once('?').unwrap_or((address, ""));
        let mut mode = None;
        let mut roots = None;
        let mut others = Vec::new();
        for part in query.split('&').filter(|it| !it.is_empty()) {
            match part.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => roots = Some(value),
                _ => others.push(part),
            }
        }
        let others = others.join("&");
        // Its own error may repeat what it could not read.
        let mut config: Config = format!("{place}?{others}")
            .parse()
            .map_err(|_| OpenError::Unusable("the address cannot be read".to_owned()))?;
        let password = std::env::var("PGPASSWORD");
        if let (None, Ok(password)) = (config.get_password(), password) {
            config.password(password);
        }
        let is_encrypted = match mode {
            None => !config.get_hosts().iter().all(is_here),
            Some("require" | "verify-full") => true,
            Some("disable") => false,
            Some(_) => {
                return Err(OpenError::Unusable(
                    "sslmode is require, verify-full or disable".to_owned(),
                ));
            }
        };
        config.ssl_mode(if is_encrypted {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        let roots = match (is_encrypted, roots) {
            (false, _) => RootCertStore::empty(),
            (true, Some(path)) => roots_of(path)?,
            (true, None) => roots_of_system()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| OpenError::Unusable("TLS cannot be used".to_owned()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            config,
            tls: MakeRustlsConnect::new(tls),
        })
    }

    pub(super) fn into_parts(self) -> (Config, MakeRustlsConnect) {
        (self.config, self.tls)
    }
}

/// Says whether nothing that is sent there leaves this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn roots_of(path: &str) -> Result<RootCertStore, OpenError> {
    let unreadable = || OpenError::Unusable("sslrootcert cannot be read".to_owned());
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(path).map_err(|_| unreadable())? {
        let root = root.map_err(|_| unreadable())?;
        roots.add(root).map_err(|_| unreadable())?;
    }
    match roots.is_empty() {
        true => Err(unreadable()),
        false => Ok(roots),
    }
}

fn roots_of_system() -> Result<RootCertStore, OpenError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    match roots.is_empty() {
        true => Err(OpenError::Unusable(
            "the system has no root certificates".to_owned(),
        )),
        false => Ok(roots),
    }
}
