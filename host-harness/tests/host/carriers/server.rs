//! A server of the test's own: one reply a connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

trait Stream: Read + Send + Write {}

impl<T: Read + Send + Write> Stream for T {}

/// What to do with a connection, when a request has been read from it.
pub(super) enum Reply {
    /// Writes this, and closes.
    Raw(String),
    /// Writes this, and does nothing more.
    RawThenHang(String),
    /// Closes.
    Close,
    /// Does nothing.
    Hang,
}

/// An answer that is complete.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Raw(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

/// A port that nobody listens on.
pub(super) fn unused_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    listener.local_addr().expect("it is bound").port()
}

/// A request that came.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) line: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(it, _)| it == name)
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(it, _)| it == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }
}

pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    read: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    /// Listens, and gives each connection the next reply; when there are no more it is gone.
    pub(super) fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
        Self::on(listener, replies)
    }

    pub(super) fn on(listener: TcpListener, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::speaking(listener, replies, |stream| Some(Box::new(stream)))
    }

    /// Speaks TLS, with this certificate and key.
    pub(super) fn with_certificate(
        certificate: Vec<u8>,
        key: Vec<u8>,
        replies: impl IntoIterator<Item = Reply>,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(key).expect("it is a key");
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("they are compiled in")
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(certificate)], key)
            .expect("they belong together");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
        Self::speaking(listener, replies, move |stream| {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(Box::new(rustls::StreamOwned::new(session, stream)))
        })
    }

    fn speaking(
        listener: TcpListener,
        replies: impl IntoIterator<Item = Reply>,
        speak: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + 'static,
    ) -> Self {
        let server = Self {
            address: listener.local_addr().expect("it is bound"),
            requests: Arc::default(),
            read: Arc::default(),
        };
        let (requests, read) = (Arc::clone(&server.requests), Arc::clone(&server.read));
        let replies: Vec<Reply> = replies.into_iter().collect();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for reply in replies {
                let Ok((stream, _)) = listener.accept() else {
                    return;
                };
                let patience = Some(Duration::from_secs(5));
                stream.set_read_timeout(patience).expect("it is not zero");
                let mut stream = speak(stream).expect("it can be spoken");
                if let Some(request) = receive(&mut *stream, &read) {
                    requests.lock().expect("nobody panicked").push(request);
                }
                match reply {
                    // It may be gone already.
                    Reply::Raw(text) => drop(stream.write_all(text.as_bytes())),
                    Reply::RawThenHang(text) => {
                        drop(stream.write_all(text.as_bytes()));
                        kept.push(stream);
                    }
                    Reply::Close => {}
                    Reply::Hang => kept.push(stream),
                }
            }
            // Longer than any test waits.
            std::thread::sleep(Duration::from_secs(10));
        });
        server
    }

    pub(super) fn authority(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("nobody panicked").clone()
    }

    /// Returns every byte that came, as text.
    pub(super) fn everything(&self) -> String {
        let read = self.read.lock().expect("nobody panicked");
        String::from_utf8_lossy(&read).into_owned()
    }
}

/// Reads a request, up to the end of the body that it announces.
fn receive(stream: &mut dyn Stream, read: &Mutex<Vec<u8>>) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let mut request = Request {
                line: lines.next()?.to_owned(),
                ..Request::default()
            };
            for (name, value) in lines.filter_map(|it| it.split_once(": ")) {
                let header = (name.to_lowercase(), value.to_owned());
                request.headers.push(header);
            }
            if body.len() >= request.header("content-length").parse().ok()? {
                body.clone_into(&mut request.body);
                return Some(request);
            }
        } else if !bytes.is_empty() && !bytes.starts_with(b"POST ") {
            // It is no HTTP.
            return None;
        }
        let count = stream.read(&mut buffer).ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend(&buffer[..count]);
        read.lock()
            .expect("nobody panicked")
            .extend(&buffer[..count]);
    }
}
