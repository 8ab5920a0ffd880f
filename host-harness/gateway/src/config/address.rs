//! Where something is kept, and things that nobody may read by the way.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The address of a store: `sqlite:PATH` or `postgres://…`. It may hold a password, and is never printed whole.
#[derive(Clone, Eq, PartialEq)]
pub struct Address(String);

impl Address {
    /// Takes an address of a kind that is known; the path of a file is taken from `base` if it is relative.
    pub(super) fn parse(typed: &str, base: &Path) -> Option<Self> {
        match typed.split_once(':')? {
            ("sqlite", path) if !path.is_empty() => {
                let path = base.join(path).into_os_string().into_string().ok()?;
                Some(Self(format!("sqlite:{path}")))
            }
            ("postgres" | "postgresql", rest) if rest.starts_with("//") => {
                Some(Self(typed.to_owned()))
            }
            _ => None,
        }
    }

    /// Says whether a password stands in it.
    pub(super) fn has_password(&self) -> bool {
        let Some((_, rest)) = self.0.split_once("://") else {
            return false;
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let login = place.rsplit_once('@').map_or("", |(login, _)| login);
        let names = query
            .split('&')
            .map(|it| it.split_once('=').map_or(it, |(name, _)| name));
        login.contains(':')
            || names.into_iter().any(|name| {
                let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
                name.eq_ignore_ascii_case("password")
            })
    }

    /// Returns all of it, for whoever opens it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.0.strip_prefix("sqlite:").map(Path::new)
    }
}

/// Shows what holds no password: the whole of a file's address, and the scheme alone of others.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once(':') {
            Some(("sqlite", _)) => f.write_str(&self.0),
            _ => f.write_str("postgres://…"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// Where a secret comes from: a file, or a variable of the environment. It is read at start, and never printed.
#[derive(Clone, Eq, PartialEq)]
pub enum Secret {
    /// A file that the gateway's user alone reads. White space at its end is none of it.
    File(PathBuf),
    /// The secret itself, as a variable held it.
    Given(Zeroizing<String>),
}

impl Secret {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong with the file, and holds nothing of it.
    ///
    /// # Security
    ///
    /// On Unix a file that others than its owner can reach is refused.
    pub fn read(&self) -> Result<Zeroizing<String>, String> {
        let path = match self {
            Self::Given(secret) => return Ok(secret.clone()),
            Self::File(path) => path,
        };
        let cannot = |why: &str| format!("{}: {why}", path.display());
        let bounds = std::fs::metadata(path).map_err(|error| cannot(&error.to_string()))?;
        if !bounds.is_file() || bounds.len() > MOST_BYTES {
            return Err(cannot("expected a file of at most 4096 bytes"));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if bounds.permissions().mode() & 0o077 != 0 {
                return Err(cannot("others can reach it: expected mode 0600 or 0400"));
            }
        }
        let text = std::fs::read(path).map_err(|error| cannot(&error.to_string()))?;
        let text = Zeroizing::new(text);
        let text = std::str::from_utf8(&text).map_err(|_| cannot("expected text"))?;
        match text.trim_end() {
            "" => Err(cannot("expected a secret, and it is empty")),
            text => Ok(Zeroizing::new(text.to_owned())),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "Secret(file {})", path.display()),
            Self::Given(_) => f.write_str("Secret(..)"),
        }
    }
}

/// Far more than a password or a key has.
const MOST_BYTES: u64 = 4096;
