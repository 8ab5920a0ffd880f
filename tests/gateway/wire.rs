//! Requests and answers, byte by byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

/// A program that speaks to the API.
pub(crate) struct Caller {
    address: SocketAddr,
    /// What it sends beside what each request needs.
    pub(crate) headers: String,
}

impl Caller {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self {
            address,
            headers: String::new(),
        }
    }

    /// Has it send a token from now on, and nothing else.
    pub(crate) fn bear(&mut self, token: &str) {
        self.headers = format!("Authorization: Bearer {token}\r\n");
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send("POST", path, &body.to_string()).await
    }

    /// Sends a request; returns the status and the JSON, `null` where there is none.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, _, text) = self.exchange(method, path, body).await;
        let json = match text.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&text).expect("JSON, always"),
        };
        (status, json)
    }

    /// Asks for what is no JSON; returns the status, the headers and the text.
    pub(crate) async fn text(&self, path: &str) -> (u16, String, String) {
        self.exchange("GET", path, "").await
    }

    async fn exchange(&self, method: &str, path: &str, body: &str) -> (u16, String, String) {
        let host = format!("Host: localhost:{}\r\n", self.address.port());
        let headers = format!("{host}Content-Type: application/json\r\n{}", self.headers);
        let (method, path, body) = (method.to_owned(), path.to_owned(), body.to_owned());
        let address = self.address;
        let sent = move || exchange(address, &method, &path, &headers, &body);
        tokio::task::spawn_blocking(sent).await.expect("an answer")
    }
}

/// Sends a request on a connection of its own; returns status, headers and body.
pub(crate) fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.0\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    // A service may answer, and close, before it has read all.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
    (
        status.expect("a status"),
        headers.to_owned(),
        body.to_owned(),
    )
}
