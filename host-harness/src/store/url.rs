//! Stores by their address.

use std::sync::Arc;

use super::{Database, MemoryStore};

/// Opens a store by its address.
///
/// | address | store |
/// |---|---|
/// | `memory:` | in memory, gone with the process |
/// | `sqlite:PATH` | in a file, made if it is not there ([`SqliteStore`](super::SqliteStore), feature `sqlite`) |
/// | `postgres://user@host/database` | on a PostgreSQL server (feature `postgres`) |
///
/// An address of PostgreSQL may have what PostgreSQL's own may have, with four differences. `sslmode` is `require` or
/// `verify-full`, which are the same and verify the server's name, or `disable`; without it a connection is encrypted
/// unless it stays on this machine. `sslrootcert` names a file of root certificates, in place of the system's. A password
/// that is not in it is taken from the environment variable `PGPASSWORD`. There is no `hostaddr`. Settings in `options`
/// hold unless the store depends on them. With several hosts the connection is encrypted if one of them is not this
/// machine. `postgresql://` is the same.
///
/// # Errors
///
/// [`OpenError`] says what is wrong with the address, or why the store cannot be used. It repeats no password.
pub async fn open(address: &str) -> Result<Arc<dyn Database>, OpenError> {
    match address.split_once(':') {
        Some(("memory", "")) => Ok(Arc::new(MemoryStore::new())),
        #[cfg(feature = "sqlite")]
        Some(("sqlite", path)) if !path.is_empty() => {
            Ok(Arc::new(super::SqliteStore::open(path).await?))
        }
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => {
            Ok(Arc::new(super::PostgresStore::connect(address).await?))
        }
        _ => Err(OpenError::Address),
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is of no kind that is known.
    #[error("the address of a store is memory:, sqlite:PATH or postgres://…")]
    Address,
    /// The file cannot be used.
    #[cfg(feature = "sqlite")]
    #[error("{0}")]
    Sqlite(#[from] super::SqliteError),
    /// The store, or its address, cannot be used; why, without a part of the address.
    #[error("the store cannot be used: {0}")]
    Unusable(String),
    /// The store does not answer.
    #[error(transparent)]
    Unavailable(#[from] super::Unavailable),
}
