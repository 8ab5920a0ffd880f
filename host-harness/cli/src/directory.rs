//! The gateway's directory of people that a command works on.

use std::sync::Arc;

use clap::Args;
use countersign_gateway::Refusal;
use countersign_gateway::directory::{self, Directory, DirectoryError, OpenError, User};
use countersign_host::printable::Printable;

use crate::database::{Access, Address};
use crate::exit::Exit;
use crate::opened;
use crate::style::DIM;

/// Which directory.
#[derive(Args, Debug)]
pub(crate) struct DirectoryArgs {
    /// The gateway's people: sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE. Everybody on the machine can read a
    /// password of the command line, so put one into the variable
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "COUNTERSIGN_DIRECTORY",
        hide_env_values = true
    )]
    directory: Option<Address>,
}

impl DirectoryArgs {
    /// Opens the directory. A file that is not there is made only where that is what the command is for.
    pub(crate) async fn open(&self, access: Access) -> Result<Arc<dyn Directory>, Exit> {
        let address = self.directory.as_ref();
        let address = address.ok_or_else(|| Exit::Usage(NO_DIRECTORY.to_owned()))?;
        if address.is_memory() {
            return Err(Exit::Usage(format!("--directory: expected {FORMS}")));
        }
        if address.sqlite().is_some_and(|path| !path.exists()) {
            let shown = address.to_string();
            if access != Access::Create {
                let expected = format!("--directory {shown}: expected a file that is there");
                return Err(Exit::Usage(expected));
            }
            anstream::eprintln!("{DIM}a new directory: {}{DIM:#}", Printable(&shown));
        }
        let opened = directory::open(address.reveal()).await;
        if let Ok(directory) = &opened {
            opened::note_directory(directory);
        }
        opened.map_err(|error| match error {
            OpenError::Address => Exit::Usage(format!("--directory: expected {FORMS}")),
            OpenError::Unavailable(_) => Exit::Fault(format!("--directory: {error}")),
            error => Exit::Usage(format!("--directory: {error}")),
        })
    }
}

/// Finds somebody by the name that they sign in with.
pub(crate) async fn require_named(directory: &dyn Directory, name: &str) -> Result<User, Exit> {
    let found = directory.user_named(name).await?;
    found.ok_or_else(|| Exit::AnsweredNo(format!("{name}: no such user")))
}

impl From<DirectoryError> for Exit {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Taken(_) => Self::AnsweredNo(error.to_string()),
            DirectoryError::Unknown("company") => Self::AnsweredNo(
                "no such company: `countersign company list` lists them, `countersign company add` adds one".to_owned(),
            ),
            DirectoryError::Unknown(_) => Self::AnsweredNo(error.to_string()),
            DirectoryError::Invalid(..) => Self::Usage(error.to_string()),
            error => Self::Fault(error.to_string()),
        }
    }
}

impl From<Refusal> for Exit {
    fn from(refusal: Refusal) -> Self {
        match refusal.field {
            Some(_) => Self::Usage(refusal.message),
            None => Self::Fault(refusal.message),
        }
    }
}

const FORMS: &str = "sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE";

const NO_DIRECTORY: &str = "expected --directory ADDRESS, or the variable COUNTERSIGN_DIRECTORY: sqlite:PATH or \
                            postgres://USER:PASSWORD@HOST/DATABASE";
