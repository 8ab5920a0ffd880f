//! Ids that the gateway makes up and the plugin only compares.

use alloc::string::String;
use core::fmt;

use crate::failure::Failure;

/// A person, unique in the realm. Compared byte for byte.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct User(String);

/// An owner of a policy. Compared byte for byte.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Company(String);

impl User {
    /// Parses 1 to 128 bytes without control characters.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Invalid`] for `field` otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::names::User;
    ///
    /// assert!(User::parse("u-1", "user").is_ok());
    /// assert!(User::parse("", "user").is_err());
    /// assert!(User::parse("a\nb", "user").is_err());
    /// ```
    pub fn parse(text: &str, field: &str) -> Result<Self, Failure> {
        label(
            text,
            128,
            field,
            "1 to 128 bytes without control characters",
        )
        .map(Self)
    }

    /// The id as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Company {
    /// The company that stands for the default policy.
    #[must_use]
    pub fn default_policy() -> Self {
        Self(DEFAULT_POLICY.into())
    }

    /// Parses the owner of a policy; `*` is the default one.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Invalid`] for `field` unless it has 1 to 128 bytes and no control characters.
    pub fn parse_owner(text: &str, field: &str) -> Result<Self, Failure> {
        label(
            text,
            128,
            field,
            "1 to 128 bytes without control characters",
        )
        .map(Self)
    }

    /// Parses a company that somebody can belong to, which `*` is not.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Invalid`] for `field` if it is `*`, or not 1 to 128 bytes without control characters.
    pub fn parse(text: &str, field: &str) -> Result<Self, Failure> {
        const EXPECTED: &str = "1 to 128 bytes without control characters, and not `*`";
        if text == DEFAULT_POLICY {
            return Err(Failure::invalid(field, EXPECTED));
        }
        label(text, 128, field, EXPECTED).map(Self)
    }

    /// The id as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Company {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes a text of 1 to `most` bytes without control characters.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] for `field`, with `expected`, otherwise.
pub fn label(
    text: &str,
    most: usize,
    field: &str,
    expected: &'static str,
) -> Result<String, Failure> {
    if text.is_empty() || text.len() > most || text.chars().any(char::is_control) {
        return Err(Failure::invalid(field, expected));
    }
    Ok(text.into())
}

const DEFAULT_POLICY: &str = "*";
