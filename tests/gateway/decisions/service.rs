//! A decision service that listens, and whoever speaks to it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use countersign_gateway::config::Decisions;
use countersign_gateway::decisions::{self, Key};
use countersign_tests::gateway::Site;
use countersign_tests::peer::Peer;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::place::config;
use crate::wire::exchange;

/// A service on a loopback port, and what its caller sends as the secret.
pub(super) struct Service {
    address: SocketAddr,
    pub(super) secret: Option<&'static str>,
    _site: Option<Site>,
}

impl Service {
    pub(super) async fn open(secret: Option<&'static str>) -> Self {
        let site = Site::start().await.expect("a site");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = listener.await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = secret.map(|it| Key(Zeroizing::new(it.to_owned())));
        let router = decisions::router(&site.gateway, asked);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            secret,
            _site: Some(site),
        }
    }

    /// Returns somebody else who speaks to it.
    pub(super) fn borrowed(&self) -> Self {
        Self {
            address: self.address,
            secret: self.secret,
            _site: None,
        }
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, "").await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send("POST", path, &body.to_string()).await
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut headers = "Content-Type: application/json\r\n".to_owned();
        if let Some(secret) = self.secret {
            headers.push_str(&format!("Authorization: Bearer {secret}\r\n"));
        }
        let (method, path, body) = (method.to_owned(), path.to_owned(), body.to_owned());
        let address = self.address;
        let sent = move || exchange(address, &method, &path, &headers, &body);
        let (status, _, text) = tokio::task::spawn_blocking(sent).await.expect("an answer");
        (status, serde_json::from_str(&text).expect("JSON, always"))
    }
}

/// The decisions of a site on a loopback port, until it is told to end.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    pub(super) async fn begin(site: &Site, secret: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = listener.await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let secret = Key(Zeroizing::new(secret.to_owned()));
        let router = decisions::router(&site.gateway, Some(secret));
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            served.await.expect("it serves");
        });
        Self {
            address,
            stop,
            served,
        }
    }

    /// Ends it, and all connections that clients keep.
    pub(super) async fn end(self) {
        self.stop.send(()).expect("it is served");
        self.served.await.expect("it ends");
    }
}

pub(super) fn settings(address: &str) -> Decisions {
    let config = config(&format!("[listen.decisions]\naddress = \"{address}\"\n"));
    config.listen.decisions.expect("it is set")
}

/// Makes a directory of its own.
pub(super) fn directory(name: &str) -> PathBuf {
    let name = format!("countersign-decisions-{name}-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&path).expect("there is place");
    path
}

/// One of the examples, as a program of its own.
pub(super) struct App {
    program: Child,
    address: SocketAddr,
}

/// Somebody at an app.
pub(super) struct Browser {
    address: SocketAddr,
    cookie: String,
}

impl App {
    pub(super) fn start(peer: Peer, file: &str, service: SocketAddr, secret: &str) -> Self {
        let examples =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-harness/gateway/examples");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let program = Command::new(peer.program())
            .arg(examples.join(file))
            .arg(address.port().to_string())
            .env("COUNTERSIGN", format!("http://{service}"))
            .env("COUNTERSIGN_SECRET", secret)
            // Nobody's proxy learns what is said on this machine.
            .env("http_proxy", "http://127.0.0.1:9")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let app = Self { program, address };
        for _ in 0..200 {
            if TcpStream::connect(address).is_ok() {
                return app;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the app does not listen");
    }

    pub(super) fn browser(&self) -> Browser {
        Browser {
            address: self.address,
            cookie: String::new(),
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Browser {
    pub(super) fn get(&mut self) -> (u16, String) {
        self.send("GET", "")
    }

    pub(super) fn post(&mut self, form: &str) -> (u16, String) {
        self.send("POST", form)
    }

    fn send(&mut self, method: &str, form: &str) -> (u16, String) {
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nCookie: {}\r\n",
            self.cookie
        );
        let (status, headers, body) = exchange(self.address, method, "/", &headers, form);
        let cookie = headers.lines().find_map(|it| {
            let (name, value) = it.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then_some(value)
        });
        let cookie = cookie.expect("a new one each time");
        for attribute in ["Secure", "HttpOnly", "SameSite=Strict"] {
            assert!(cookie.contains(attribute), "{attribute}");
        }
        self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        (status, body)
    }
}
