//! Requests as somebody writes them who wants to get through: byte by byte.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use countersign_tests::visitor::Visitor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::timeout;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    connection: &'static str,
    body: Vec<u8>,
    from: Ipv4Addr,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Caller {
    /// Makes one for a page.
    pub(crate) fn get(target: &str) -> Self {
        Self::method("GET", target).with("Accept", "text/html,*/*;q=0.8")
    }

    pub(crate) fn method(method: &'static str, target: &str) -> Self {
        Self {
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            connection: "close",
            body: Vec::new(),
            from: Ipv4Addr::LOCALHOST,
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends the cookie of somebody who is in.
    pub(crate) fn of(self, visitor: &Visitor) -> Self {
        let token = visitor.cookie(OPEN).expect("they are in");
        self.with("Cookie", &format!("{OPEN}={token}"))
    }

    pub(crate) fn connection(mut self, connection: &'static str) -> Self {
        self.connection = connection;
        self
    }

    pub(crate) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Comes from an address of this machine.
    pub(crate) fn from(mut self, address: Ipv4Addr) -> Self {
        self.from = address;
        self
    }

    /// Sends it to a port of this machine.
    pub(crate) async fn send(&self, port: u16) -> Answer {
        let sent = timeout(PATIENCE, self.exchange(port)).await;
        sent.unwrap_or_else(|_| panic!("no answer to {} {}", self.method, self.target))
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.target))
    }

    async fn exchange(&self, port: u16) -> std::io::Result<Answer> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.from, 0)))?;
        let mut stream = socket
            .connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .await?;
        stream.write_all(&self.written(port)).await?;
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await?;
        let text = String::from_utf8_lossy(&read);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
        Ok(Answer {
            status: status.unwrap_or_default(),
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    fn written(&self, port: u16) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let has = |name: &str| self.headers.iter().any(|(it, _)| it == name);
        if !has("Host") {
            text.push_str(&format!("Host: localhost:{port}\r\n"));
        }
        if !self.body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Connection: {}\r\n\r\n", self.connection));
        [text.as_bytes(), &self.body].concat()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let mut pairs = lines.filter_map(|it| it.split_once(": "));
        let found = pairs.find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

/// The session of whoever was let in.
pub(crate) const OPEN: &str = "__Host-countersign";

/// The session of whoever typed a right password, and was not let in.
pub(crate) const PENDING: &str = "__Host-countersign-pending";

const PATIENCE: Duration = Duration::from_secs(20);
