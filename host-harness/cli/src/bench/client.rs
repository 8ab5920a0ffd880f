//! A client that keeps its connection.

use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::exit::Exit;

/// A connection to a gateway, for one request after the other.
///
/// It reads answers of the gateway's own server: a status line, and a body as long as `Content-Length` says.
pub(super) struct Client {
    stream: Box<dyn Stream>,
    host: String,
    read: Vec<u8>,
}

/// Where it is listened.
#[derive(Clone)]
pub(super) enum Place {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Client {
    pub(super) async fn connect(place: &Place, host: &str) -> Result<Self, Exit> {
        let stream: Box<dyn Stream> = match place {
            Place::Tcp(at) => {
                let stream = TcpStream::connect(at).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            #[cfg(unix)]
            Place::Unix(path) => Box::new(UnixStream::connect(path).await?),
        };
        Ok(Self {
            stream,
            host: host.to_owned(),
            read: Vec::with_capacity(8 * 1024),
        })
    }

    /// Sends a request with these lines of a head, and waits for its answer.
    pub(super) async fn send(
        &mut self,
        method: &str,
        path: &str,
        head: &str,
        body: &str,
    ) -> Result<Answer, Exit> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n{head}\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            if let Some((answer, length)) = parse(&self.read)? {
                self.read.drain(..length);
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(Exit::Fault("the gateway closed a connection".to_owned()));
            }
        }
    }
}

/// Reads an answer, if it is whole, and says how many bytes it has.
fn parse(read: &[u8]) -> Result<Option<(Answer, usize)>, Exit> {
    let Some(end) = read.windows(4).position(|it| it == b"\r\n\r\n") else {
        return Ok(None);
    };
    let unread = || Exit::Fault("an answer of the gateway cannot be read".to_owned());
    let head = read.get(..end).unwrap_or_default();
    let head = std::str::from_utf8(head).map_err(|_| unread())?;
    let status = head.get(9..12).and_then(|it| it.parse().ok());
    let mut lengths = head.lines().filter_map(|it| {
        let (name, value) = it.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let begin = end.saturating_add(4);
    let whole = begin.saturating_add(lengths.next().unwrap_or(0));
    let Some(body) = read.get(begin..whole) else {
        return Ok(None);
    };
    let answer = Answer {
        status: status.ok_or_else(unread)?,
        body: String::from_utf8_lossy(body).into_owned(),
    };
    Ok(Some((answer, whole)))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 ";
        for length in 0..39 {
            let part = text.get(..length).unwrap();
            assert!(parse(part).unwrap().is_none(), "{length}");
        }
        let (answer, length) = parse(text).unwrap().unwrap();
        assert_eq!((answer.status, &*answer.body, length), (200, "ab", 40));
        assert!(parse(b"nonsense\r\n\r\n").is_err());
    }
}
