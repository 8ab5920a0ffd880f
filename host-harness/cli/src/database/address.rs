//! Addresses of stores, as they are typed.

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use countersign_host::printable::Printable;
use countersign_host::store::{self, Database};

use super::{Access, FORMS};
use crate::exit::Exit;
use crate::opened;
use crate::style::DIM;

/// The address of a store. It may hold a password, and is never printed as it is.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Address(String);

impl Address {
    pub(crate) fn is_memory(&self) -> bool {
        self.0 == "memory:"
    }

    /// Returns the file of a SQLite store.
    pub(crate) fn sqlite(&self) -> Option<&Path> {
        self.0.strip_prefix("sqlite:").map(Path::new)
    }

    /// Returns the address as it is, to be opened and never printed.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_postgres(&self) -> bool {
        let scheme = self.0.split_once(':').map(|(scheme, _)| scheme);
        matches!(scheme, Some("postgres" | "postgresql"))
    }

    /// Opens the store, on behalf of an argument.
    ///
    /// A file that is not there is made only where that is what the command is for: a typing error would otherwise be a
    /// store without users.
    pub(crate) async fn open(
        &self,
        argument: &str,
        access: Access,
    ) -> Result<Arc<dyn Database>, Exit> {
        if self.sqlite().is_some_and(|path| !path.exists()) {
            if access != Access::Create {
                let expected = format!("{argument} {self}: expected a file that is there");
                return Err(Exit::Usage(expected));
            }
            let shown = self.to_string();
            anstream::eprintln!("{DIM}a new store: {}{DIM:#}", Printable(&shown));
        }
        let opened = store::open(&self.0).await;
        if let Ok(store) = &opened {
            opened::note_store(store);
        }
        opened.map_err(|error| match Exit::from(error) {
            Exit::Usage(_) => Exit::Usage(format!("{argument}: expected {FORMS}")),
            exit => exit.at(argument),
        })
    }
}

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(typed: &str) -> Result<Self, Infallible> {
        Ok(Self(typed.to_owned()))
    }
}

/// Shows what holds no password: the whole of a file's address, and the scheme alone of others.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once(':') {
            Some(("sqlite" | "memory", _)) => f.write_str(&self.0),
            Some((scheme @ ("postgres" | "postgresql"), _)) => write!(f, "{scheme}://…"),
            _ => f.write_str("…"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn no_address_shows_a_password() {
        for (typed, shown) in [
            ("sqlite:/var/lib/mfa.db", "sqlite:/var/lib/mfa.db"),
            ("postgres://mfa:hunter2@db/mfa", "postgres://…"),
            ("postgresql://db/mfa?password=hunter2", "postgresql://…"),
            ("mysql://mfa:hunter2@db/mfa", "…"),
            ("hunter2", "…"),
        ] {
            let address: Address = typed.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("hunter2"));
        }
    }
}
