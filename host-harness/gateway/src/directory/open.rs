//! Directories by their address.

use std::sync::Arc;

use countersign_host::store;

use super::{Directory, PostgresDirectory, SqliteDirectory};

/// Opens a directory by its address.
///
/// | address | directory |
/// |---|---|
/// | `memory:` | a SQLite database in memory, gone with the process and nobody else's: for tests and demonstrations |
/// | `sqlite:PATH` | in a file, made if it is not there ([`SqliteDirectory`]): for gateways of one machine |
/// | `postgres://user@host/database` | on a PostgreSQL server ([`PostgresDirectory`]): for any number of gateways |
///
/// An address of PostgreSQL is read as that of the plugin's store ([`countersign_host::store::open`]), TLS and all. It may
/// be the same database: no table of one is a table of the other. A file is a directory's alone.
///
/// # Errors
///
/// [`OpenError`]; it repeats no password.
pub async fn open(address: &str) -> Result<Arc<dyn Directory>, OpenError> {
    match address.split_once(':') {
        Some(("memory", "")) => Ok(Arc::new(SqliteDirectory::in_memory().await?)),
        Some(("sqlite", path)) if !path.is_empty() => {
            Ok(Arc::new(SqliteDirectory::open(path).await?))
        }
        Some(("postgres" | "postgresql", _)) => {
            Ok(Arc::new(PostgresDirectory::connect(address).await?))
        }
        _ => Err(OpenError::Address),
    }
}

/// Why a directory cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is of no kind that is known.
    #[error("the address of a directory is memory:, sqlite:PATH or postgres://…")]
    Address,
    /// The directory, or its address, cannot be used; why, without a part of an address that may hold a password.
    #[error("the directory cannot be used: {0}")]
    Unusable(String),
    /// The directory does not answer; trying again may help.
    #[error("the directory is not available: {0}")]
    Unavailable(String),
}

impl From<store::OpenError> for OpenError {
    fn from(error: store::OpenError) -> Self {
        match error {
            store::OpenError::Unusable(why) => Self::Unusable(why),
            store::OpenError::Unavailable(store::Unavailable(why)) => Self::Unavailable(why),
            error => Self::Unusable(error.to_string()),
        }
    }
}
