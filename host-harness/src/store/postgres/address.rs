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
                Some(("sslrootcert", value)) => roots = Some(decoded(value)?),
                _ => others.push(part),
            }
        }
        let others = others.join("&");
        // Its own error may repeat what it could not read.
        let mut config: Config = format!("{place}?{others}")
            .parse()
            .map_err(|_| unusable("the address cannot be read"))?;
        // The certificate would be compared with the name, and the connection go elsewhere.
        if !config.get_hostaddrs().is_empty() {
            return Err(unusable("hostaddr cannot be used, only host"));
        }
        let password = std::env::var("PGPASSWORD");
        if let (None, Ok(password)) = (config.get_password(), password) {
            config.password(password);
        }
        let is_encrypted = match mode {
            None => !config.get_hosts().iter().all(is_here),
            Some("require" | "verify-full") => true,
            Some("disable") => false,
            Some(_) => return Err(unusable("sslmode is require, verify-full or disable")),
        };
        config.ssl_mode(if is_encrypted {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        let roots = match (is_encrypted, roots) {
            (false, _) => RootCertStore::empty(),
            (true, Some(path)) => roots_of(&path)?,
            (true, None) => roots_of_system()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| unusable("TLS cannot be used"))?
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

fn decoded(value: &str) -> Result<String, OpenError> {
    let text = percent_encoding::percent_decode_str(value).decode_utf8();
    let text = text.map_err(|_| unusable("sslrootcert cannot be read"))?;
    Ok(text.into_owned())
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
    let unreadable = || unusable("sslrootcert cannot be read");
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
        true => Err(unusable("the system has no root certificates")),
        false => Ok(roots),
    }
}

fn unusable(why: &str) -> OpenError {
    OpenError::Unusable(why.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn connection_is_plain_only_if_no_host_is_another_machine() {
        let plain = [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1,[::1]/d",
            "postgres://u@%2Frun%2Fpostgresql/d",
            "postgres:///d?host=/run/postgresql",
            "postgres://u@far.example/d?sslmode=disable",
        ];
        for address in plain {
            assert_eq!(mode(address), Some(SslMode::Disable), "{address}");
        }
        let encrypted = [
            "postgres://u@far.example/d",
            "postgres://u@127.0.0.1,far.example/d",
            "postgres://u@far.example,127.0.0.1/d",
            "postgres://u@127.0.0.1/d?host=far.example",
            "postgres://u@localhost.example/d",
            "postgres://u@127.0.0.1/d?sslmode=require",
            "postgres://u@127.0.0.1/d?sslmode=verify-full",
        ];
        for address in encrypted {
            assert_eq!(mode(address), Some(SslMode::Require), "{address}");
        }
    }

    #[test]
    fn what_would_weaken_a_connection_unseen_is_refused() {
        let refused = [
            "postgres://u@localhost/d?hostaddr=192.0.2.1",
            "postgres://u@far.example/d?hostaddr=127.0.0.1",
            "postgres://u@far.example/d?sslmode=prefer",
            "postgres://u@far.example/d?sslmode=allow",
            "postgres://u@far.example/d?sslrootcert=/does/not/exist",
            "postgres://u@far.example/d?sslrootcert=%ff",
            "postgres://u@far.example/d?sslmode%3Ddisable",
        ];
        for address in refused {
            assert_eq!(mode(address), None, "{address}");
        }
    }

    /// None if the address is refused. Where encryption is asked for there may be no roots on this machine, so the
    /// roots are those of a file.
    fn mode(address: &str) -> Option<SslMode> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("address roots {} {number}", std::process::id());
        let file = std::env::temp_dir().join(name);
        let key = rcgen::generate_simple_self_signed(["far.example".to_owned()]);
        let root = key.expect("there is randomness").cert.pem();
        std::fs::write(&file, root).expect("it can be written");
        let roots = file.display().to_string().replace(' ', "%20");
        let joint = if address.contains('?') { '&' } else { '?' };
        let address = match address.contains("sslrootcert") {
            true => address.to_owned(),
            false => format!("{address}{joint}sslrootcert={roots}"),
        };
        let parsed = Address::parse(&address);
        let _ = std::fs::remove_file(&file);
        parsed.ok().map(|it| it.config.get_ssl_mode())
    }
}
