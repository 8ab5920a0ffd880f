//! Where the decision service listens: nowhere that others reach.

use std::fmt;
#[cfg(unix)]
use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
#[cfg(unix)]
use std::time::Duration;

use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::config::{Decisions, DecisionsAddress, Secret};
use crate::serve::Listener;

/// Why the decision service does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// What the settings say cannot be used: why.
    #[error("listen.decisions: {0}")]
    Setting(String),
    /// The address cannot be listened on: it, and why.
    #[error("listen.decisions: {0}")]
    Address(String),
}

/// Where the decision service is reached, and what with.
#[derive(Debug)]
pub struct Door {
    /// What is listened on.
    pub listener: Listener,
    /// Its address as it came out: a port of 0 is one that was free.
    pub address: String,
    /// What callers have to know.
    pub secret: Option<Key>,
}

/// A secret that was read. It is never printed.
pub struct Key(pub Zeroizing<String>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Listens where an operator wants the decision service.
///
/// A socket in the file system that a gateway left behind is replaced. One on which somebody answers is not, nor is
/// anything else that lies there. Of several that start at once on one socket, one gets it.
///
/// # Errors
///
/// [`ListenError`], which says why not.
///
/// # Security
///
/// An address that is not of this machine alone is refused, and so is a loopback address without a secret.
pub async fn listen(decisions: &Decisions) -> Result<Door, ListenError> {
    let secret = decisions.secret.as_ref().map(Secret::read).transpose();
    let secret = secret.map_err(ListenError::Setting)?;
    if secret.as_ref().is_some_and(|it| it.len() < LEAST_SECRET) {
        return Err(ListenError::Setting(
            "expected a secret of at least 32 characters".to_owned(),
        ));
    }
    let listener = bound(decisions).await?;
    let address = match (&listener, &decisions.address) {
        (Listener::Tcp(it), _) => it.local_addr().map(|it| it.to_string()),
        #[cfg(unix)]
        (Listener::Unix(_), address) => Ok(address.to_string()),
    };
    Ok(Door {
        listener,
        address: address.map_err(|error| ListenError::Address(error.to_string()))?,
        secret: secret.map(Key),
    })
}

async fn bound(decisions: &Decisions) -> Result<Listener, ListenError> {
    match &decisions.address {
        DecisionsAddress::Loopback(address) if !address.ip().is_loopback() => {
            Err(ListenError::Setting(format!(
                "{address}: expected a loopback address, or unix:PATH"
            )))
        }
        DecisionsAddress::Loopback(address) if decisions.secret.is_none() => {
            Err(ListenError::Setting(format!(
                "{address}: expected a secret, since everybody on the machine reaches it"
            )))
        }
        DecisionsAddress::Loopback(address) => bind(*address).await,
        DecisionsAddress::Unix(path) => at(path)
            .await
            .map_err(|error| ListenError::Address(format!("{}: {error}", path.display()))),
    }
}

async fn bind(address: SocketAddr) -> Result<Listener, ListenError> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| ListenError::Address(format!("{address}: {error}")))?;
    Ok(Listener::Tcp(listener))
}

/// Listens on a socket in the file system. Its mode is set before anybody can connect: until `listen` nobody can.
#[cfg(unix)]
async fn at(path: &Path) -> io::Result<Listener> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use tokio::net::UnixSocket;

    // Held until it is listened on: whoever else starts here would take a socket that is not yet listened on for one that
    // was left behind.
    let _turn = turn(path).await?;
    clear(path).await?;
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))?;
    Ok(Listener::Unix(socket.listen(BACKLOG)?))
}

#[cfg(not(unix))]
async fn at(_: &Path) -> io::Result<Listener> {
    Err(io::Error::other(
        "expected a loopback address: this system has no such sockets",
    ))
}

/// Waits until nobody else is about to listen in the directory of a socket. It ends with what is returned.
#[cfg(unix)]
async fn turn(path: &Path) -> io::Result<File> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let directory = File::open(directory)?;
    for _ in 0..TURNS {
        match directory.try_lock() {
            Ok(()) => return Ok(directory),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(TURN).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::other(
        "somebody else has had the directory locked for seconds",
    ))
}

/// Takes away a socket that nobody listens on any more.
#[cfg(unix)]
async fn clear(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;

    use tokio::net::UnixStream;

    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::other(
            "expected a socket or nothing, and there is something else",
        ));
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        Ok(_) => Err(io::Error::other("somebody else listens there")),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;

/// How often, and how far apart, it is looked whether the directory is free.
#[cfg(unix)]
const TURNS: u32 = 100;
#[cfg(unix)]
const TURN: Duration = Duration::from_millis(30);

/// Connections that wait to be accepted.
#[cfg(unix)]
const BACKLOG: u32 = 1_024;

/// Characters of a secret that nobody guesses.
const LEAST_SECRET: usize = 32;
