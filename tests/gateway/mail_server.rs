//! A mail server that a trial talks to.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_tests::peer::Peer;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde::Deserialize;
use serde_json::{Value, json};

/// A running server; it ends when this is dropped.
pub(crate) struct MailServer {
    child: Child,
    port: u16,
    got: Arc<Mutex<Vec<Received>>>,
}

/// A mail that arrived.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Received {
    pub(crate) to: Vec<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// By name.
    pub(crate) headers: std::collections::BTreeMap<String, String>,
    /// Their names, as often as they stand there.
    pub(crate) names: Vec<String>,
    pub(crate) encrypted: bool,
    /// The same for mails on one connection.
    pub(crate) connection: u64,
    pub(crate) account: Option<String>,
}

impl MailServer {
    /// Starts one in the clear, without accounts.
    pub(crate) fn start() -> Self {
        Self::with(&json!({}))
    }

    pub(crate) fn with(settings: &Value) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway/peers/smtp.py");
        let mut child = Command::new(Peer::Smtp.program())
            .arg(script)
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let first = lines.next().expect("it says its port").expect("it is text");
        let first: Value = serde_json::from_str(&first).expect("it is JSON");
        let port = first["port"].as_u64().expect("it is a number");
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = got.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mail = serde_json::from_str(&line).expect("it is a mail");
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(mail);
            }
        });
        Self {
            child,
            port: port.try_into().expect("it is a port"),
            got,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn mails(&self) -> Vec<Received> {
        self.got
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until so many mails came.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Received> {
        let began = Instant::now();
        while self.mails().len() < count && began.elapsed() < LONG {
            std::thread::sleep(Duration::from_millis(20));
        }
        let mails = self.mails();
        assert_eq!(mails.len(), count, "{mails:?}");
        mails
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate for `localhost` with its key and whose word it is, in files of their own.
pub(crate) struct Identity {
    folder: PathBuf,
}

impl Identity {
    pub(crate) fn make(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("countersign-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("it is made");
        let mut authority = CertificateParams::new(Vec::new()).expect("no names");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = || KeyPair::generate().expect("there is randomness");
        let authority = CertifiedIssuer::self_signed(authority, key()).expect("it is signed");
        let server = key();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&server, &authority).expect("it is signed");
        let it = Self { folder };
        for (file, text) in [
            ("ca.pem", authority.pem()),
            ("server.pem", certificate.pem()),
            ("server.key", server.serialize_pem()),
        ] {
            std::fs::write(it.file(file), text).expect("it is written");
        }
        it
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns the settings of a server that has it.
    pub(crate) fn settings(&self, tls: &str) -> Value {
        json!({ "tls": tls, "certificate": self.file("server.pem"), "key": self.file("server.key") })
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

const LONG: Duration = Duration::from_secs(20);
