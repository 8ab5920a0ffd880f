//! Stores by their address.

use std::sync::Arc;

use super::{Database, MemoryStore};

/// Opens a store by its address.
///
/// | address | store |
/// |---|---|
/// | `memory:` | in memory, gone with the process |
/// | `sqlite:PATH` | in a file, made if it is not there ([`SqliteStore`](super::SqliteStore), feature `sqlite`) |
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
        _ => Err(OpenError::Address),
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is of no kind that is known.
    #[error("the address of a store is memory: or sqlite:PATH")]
    Address,
    /// The file cannot be used.
    #[cfg(feature = "sqlite")]
    #[error("{0}")]
    Sqlite(#[from] super::SqliteError),
}
