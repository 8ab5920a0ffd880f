//! How the command ends.

use std::io;
use std::process::ExitCode;

use countersign_host::{BuildError, Error, LoadError};

/// Why the command ends before its work is done, or with bad news.
#[derive(Debug)]
pub(crate) enum Exit {
    /// The work could not be done, or a demo came out otherwise than it told.
    Fault(String),
    /// What was typed cannot be used.
    Usage(String),
    /// A host would not load the plugin.
    Refused(String),
    /// The work was done, and the answer is no: the plugin answered with the contract's `err`, rows were refused, a
    /// policy is laxer. A report, if there is one, is printed already, and this sums it up.
    AnsweredNo(String),
    /// The plugin trapped, used up its limits or broke the contract.
    Stopped(String),
    /// What was told to end did, before everybody had their answer.
    Cut(String),
    /// The person pressed Ctrl-C.
    Interrupted,
    /// Whoever read the output has seen enough.
    BrokenPipe,
    /// Whoever typed has typed enough.
    InputEnded,
}

impl Exit {
    /// A demo that came out otherwise than it told.
    pub(crate) fn untrue(told: &str) -> Self {
        Self::Fault(format!(
            "the demo stops here. It told: {told}. The last answer above says otherwise."
        ))
    }

    /// Puts where it happened before the message.
    pub(crate) fn at(self, place: &str) -> Self {
        let put = |message| format!("{place}: {message}");
        match self {
            Self::Fault(message) => Self::Fault(put(message)),
            Self::Usage(message) => Self::Usage(put(message)),
            Self::Refused(message) => Self::Refused(put(message)),
            Self::AnsweredNo(message) => Self::AnsweredNo(put(message)),
            Self::Stopped(message) => Self::Stopped(put(message)),
            Self::Cut(message) => Self::Cut(put(message)),
            Self::Interrupted | Self::BrokenPipe | Self::InputEnded => self,
        }
    }

    /// Returns what to say on the error stream, if anything. It may repeat other people's words as they are.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Fault(message)
            | Self::Usage(message)
            | Self::Refused(message)
            | Self::AnsweredNo(message)
            | Self::Stopped(message)
            | Self::Cut(message) => Some(message),
            Self::Interrupted | Self::BrokenPipe | Self::InputEnded => None,
        }
    }

    /// Returns the exit code, as `--help` documents it.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::BrokenPipe | Self::InputEnded => 0,
            Self::Fault(_) => 1,
            Self::Usage(_) => 2,
            Self::Refused(_) => 3,
            Self::AnsweredNo(_) => 4,
            Self::Stopped(_) => 5,
            Self::Cut(_) => 6,
            Self::Interrupted => 130,
        })
    }
}

impl From<io::Error> for Exit {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Fault(error.to_string()),
        }
    }
}

impl From<Error> for Exit {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Refused(_) => Self::AnsweredNo(message),
            Error::Trap(_) | Error::Limit(_) | Error::Scope(_) | Error::Misuse(_) => {
                Self::Stopped(message)
            }
            Error::Arguments(_) => Self::Usage(message),
            _ => Self::Fault(message),
        }
    }
}

impl From<LoadError> for Exit {
    fn from(error: LoadError) -> Self {
        let message = error.to_string();
        match error {
            LoadError::Engine(_)
            | LoadError::Read(_)
            | LoadError::ReadSignature(_)
            | LoadError::Cache(_) => Self::Fault(message),
            _ => Self::Refused(message),
        }
    }
}

impl From<BuildError> for Exit {
    fn from(error: BuildError) -> Self {
        Self::Fault(error.to_string())
    }
}
