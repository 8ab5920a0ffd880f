//! A connection of which nothing is read ahead while it is in the clear.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection that hands out one byte at a time until encryption begins on it.
///
/// # Security
///
/// What somebody in between appends to the answer to `STARTTLS` would otherwise lie in a buffer, and be taken for what the
/// server says inside the encryption. Here it is still unread, becomes the beginning of the handshake, and ends it.
#[derive(Debug)]
pub(super) struct Unread {
    stream: TcpStream,
    is_encrypted: bool,
}

impl Unread {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            is_encrypted: false,
        }
    }
}

impl AsyncTokioStream for Unread {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Unread {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_encrypted || into.remaining() == 0 {
            return Pin::new(&mut self.stream).poll_read(context, into);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut one);
        into.put_slice(one.filled());
        read
    }
}

impl AsyncWrite for Unread {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // A handshake begins with this byte (RFC 8446, section 5.1), and no command of SMTP does.
        self.is_encrypted |= bytes.first() == Some(&HANDSHAKE);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

const HANDSHAKE: u8 = 22;
