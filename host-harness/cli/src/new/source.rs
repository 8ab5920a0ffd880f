//! Where a new plugin has its SDK from.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::exit::Exit;

/// Where `countersign-sdk` is.
#[derive(Debug, PartialEq)]
pub(super) enum Source {
    /// In a folder of this machine.
    Folder(String),
    /// In a git repository.
    Git {
        /// Its address.
        address: String,
        /// The commit or tag, unless it is whatever the address has.
        revision: Option<String>,
    },
}

impl Source {
    /// Takes what was told.
    pub(super) fn parse(told: &str) -> Result<Self, Exit> {
        if told.contains("://") || told.starts_with("git@") {
            let (address, revision) = match told.split_once('#') {
                Some((address, revision)) => (address, Some(revision.to_owned())),
                None => (told, None),
            };
            if address.chars().any(char::is_control) || revision.as_deref() == Some("") {
                return Err(Exit::Usage(
                    "--sdk: expected a git address, and after a # a commit or tag".to_owned(),
                ));
            }
            return Ok(Self::Git {
                address: address.to_owned(),
                revision,
            });
        }
        Self::in_folder(Path::new(told)).ok_or_else(|| {
            Exit::Usage(format!(
                "--sdk: {told}: expected a folder with Countersign's sources, or a git address such as https://…"
            ))
        })
    }

    /// Returns the sources that this command was built from, if they are still there.
    pub(super) fn of_this_command() -> Result<Self, Exit> {
        Self::in_folder(Path::new(BUILT_FROM)).ok_or_else(|| {
            Exit::Usage(
                "--sdk is missing: the sources that this command was built from are not here any more. Expected a folder \
                 with Countersign's sources, or their git address"
                    .to_owned(),
            )
        })
    }

    /// Looks for the SDK in a folder: the SDK's own, or the root of Countersign's sources.
    fn in_folder(folder: &Path) -> Option<Self> {
        let found: PathBuf = ["guest/sdk", ""]
            .into_iter()
            .map(|below| folder.join(below))
            .find(|it| {
                let manifest = std::fs::read_to_string(it.join("Cargo.toml"));
                manifest.is_ok_and(|text| text.contains("name = \"countersign-sdk\""))
            })?;
        let found = found.canonicalize().ok()?;
        Some(Self::Folder(found.to_str()?.to_owned()))
    }
}

/// As it stands in `Cargo.toml`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "path = {}", quoted(path)),
            Self::Git {
                address,
                revision: None,
            } => write!(f, "git = {}", quoted(address)),
            Self::Git {
                address,
                revision: Some(revision),
            } => write!(f, "git = {}, rev = {}", quoted(address), quoted(revision)),
        }
    }
}

/// A text as TOML writes it, which is how JSON does.
fn quoted(text: &str) -> Value {
    Value::from(text)
}

/// The root of the tree that this command was built from.
const BUILT_FROM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_git_repository_with_a_revision_or_without() {
        for (told, written) in [
            (
                "https://example.org/c.git",
                r#"git = "https://example.org/c.git""#,
            ),
            (
                "https://example.org/c#v0.1.0",
                r#"git = "https://example.org/c", rev = "v0.1.0""#,
            ),
            ("git@example.org:c", r#"git = "git@example.org:c""#),
        ] {
            let source = Source::parse(told).expect("it is an address");
            assert_eq!(source.to_string(), written);
        }
    }

    #[test]
    fn what_would_end_the_text_in_the_manifest_does_not() {
        let source = Source::Folder(r#"a"b\c"#.to_owned());
        assert_eq!(source.to_string(), r#"path = "a\"b\\c""#);
    }

    #[test]
    fn a_folder_without_the_sdk_is_none() {
        assert_eq!(Source::in_folder(Path::new("/nowhere")), None);
        assert!(Source::parse("/nowhere").is_err());
        assert!(Source::parse("https://example.org/c#").is_err());
    }
}
