//! What went wrong with a registry, and what to do.

use std::error::Error as _;

use oci_client::errors::{OciDistributionError as Error, OciErrorCode};

use super::Name;
use crate::exit::Exit;

/// Tells what became of a name in a registry.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    name: String,
    registry: String,
    done: &'static str,
}

impl Failing {
    /// Of this name; `done` as in "cannot be pulled from".
    pub(super) fn of(name: &Name, done: &'static str) -> Self {
        Self {
            name: name.to_string(),
            registry: name.registry().to_owned(),
            done,
        }
    }

    /// What is in the registry is not to be used.
    pub(super) fn refused(&self, why: &str) -> Exit {
        Exit::Refused(format!("{} {}", self.name, bounded(why)))
    }

    /// The registry did not do its part.
    pub(super) fn because(&self, why: &str) -> Exit {
        let Self { registry, done, .. } = self;
        Exit::Fault(format!("{registry} cannot be {done}: {}", bounded(why)))
    }

    /// What a registry says is repeated, but not much of it, and neither an address that may carry a token.
    pub(super) fn exit(&self, error: Error) -> Exit {
        match error {
            Error::UnauthorizedError { .. }
            | Error::AuthenticationFailure(_)
            | Error::ServerError {
                code: 401 | 403, ..
            } => self.not_let_in(),
            Error::RegistryError { envelope, .. } => {
                let codes = || envelope.errors.iter().map(|it| &it.code);
                let has = |any: &[OciErrorCode]| codes().any(|it| any.contains(it));
                if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                    return self.not_let_in();
                }
                if has(&[
                    OciErrorCode::ManifestUnknown,
                    OciErrorCode::NameUnknown,
                    OciErrorCode::NotFound,
                ]) {
                    return self.not_there();
                }
                let said = envelope.errors.iter().map(|it| it.message.as_str());
                self.because(&said.collect::<Vec<_>>().join("; "))
            }
            Error::ServerError { code: 404, .. } => self.not_there(),
            Error::ServerError { code, message, .. } => {
                self.because(&format!("it answered {code}: {message}"))
            }
            Error::DigestError(_) => {
                self.refused("is not what its digest says: bytes were lost or changed")
            }
            Error::RequestError(error) => {
                let error = error.without_url();
                let mut why = error.to_string();
                let mut cause = error.source();
                while let Some(it) = cause {
                    why = format!("{why}: {it}");
                    cause = it.source();
                }
                if error.is_connect() {
                    why.push_str("; see that it runs, and whether it wants --plain-http");
                }
                self.because(&why)
            }
            error => self.because(&error.to_string()),
        }
    }

    fn not_let_in(&self) -> Exit {
        self.because(
            "it does not let you; look at --username and its password, and what they may do",
        )
    }

    fn not_there(&self) -> Exit {
        let Self { name, registry, .. } = self;
        Exit::Fault(format!(
            "{registry} has no {name}: look at the name, and at the tag or digest"
        ))
    }
}

/// Keeps the beginning of what a stranger says.
fn bounded(text: &str) -> String {
    let mut said: String = text.chars().take(LONGEST).collect();
    if said.len() < text.len() {
        said.push('…');
    }
    said
}

const LONGEST: usize = 400;
