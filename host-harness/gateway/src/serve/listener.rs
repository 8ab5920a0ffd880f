//! Sockets that are listened on.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

/// A socket that is listened on.
#[derive(Debug)]
pub enum Listener {
    /// By TCP.
    Tcp(TcpListener),
    /// In the file system.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listener {
    pub(super) async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        match self {
            Self::Tcp(it) => {
                let (stream, peer) = it.accept().await?;
                // Answers are written whole: waiting for more only makes them late.
                let _ = stream.set_nodelay(true);
                Ok((Stream::Tcp(stream), peer))
            }
            #[cfg(unix)]
            Self::Unix(it) => {
                let (stream, _) = it.accept().await?;
                Ok((Stream::Unix(stream), LOCAL))
            }
        }
    }

    /// Stops listening, and returns the connections that stand in the system's queue: their clients believe to be connected.
    /// Whoever connects meanwhile is in it too, but not for ever.
    ///
    /// One that comes between the last look and the end of the socket is reset by the system.
    pub(super) fn close(self) -> Vec<(Stream, SocketAddr)> {
        let mut queued = Vec::new();
        match self {
            Self::Tcp(it) => {
                let Ok(listener) = it.into_std() else {
                    return queued;
                };
                while let (true, Ok((stream, peer))) = (queued.len() < QUEUE, listener.accept()) {
                    if stream.set_nonblocking(true).is_ok()
                        && let Ok(stream) = TcpStream::from_std(stream)
                    {
                        queued.push((Stream::Tcp(stream), peer));
                    }
                }
            }
            #[cfg(unix)]
            Self::Unix(it) => {
                let Ok(listener) = it.into_std() else {
                    return queued;
                };
                while let (true, Ok((stream, _))) = (queued.len() < QUEUE, listener.accept()) {
                    if stream.set_nonblocking(true).is_ok()
                        && let Ok(stream) = UnixStream::from_std(stream)
                    {
                        queued.push((Stream::Unix(stream), LOCAL));
                    }
                }
            }
        }
        queued
    }
}

/// A connection.
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(it) => Pin::new(it).poll_read(context, buffer),
            #[cfg(unix)]
            Self::Unix(it) => Pin::new(it).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(it) => Pin::new(it).poll_write(context, bytes),
            #[cfg(unix)]
            Self::Unix(it) => Pin::new(it).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(it) => Pin::new(it).poll_flush(context),
            #[cfg(unix)]
            Self::Unix(it) => Pin::new(it).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(it) => Pin::new(it).poll_shutdown(context),
            #[cfg(unix)]
            Self::Unix(it) => Pin::new(it).poll_shutdown(context),
        }
    }
}

/// Whoever comes by the file system is on this machine.
#[cfg(unix)]
const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// As long as the queue is that tokio asks the system for.
const QUEUE: usize = 1024;
