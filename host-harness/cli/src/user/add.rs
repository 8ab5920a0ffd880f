//! `countersign user add`.

use std::io::Write;

use clap::Args;
use countersign_gateway::directory::NewUser;
use countersign_host::printable::Printable;
use countersign_host::random::{Random, SystemRandom};
use data_encoding::HEXLOWER;

use super::memberships::MembershipArgs;
use super::password::PasswordArgs;
use crate::database::Access;
use crate::directory::DirectoryArgs;
use crate::exit::Exit;
use crate::style::GOOD;

/// Adds somebody, with a password
///
/// They enroll a second factor at a sign-in, as their company's policy says.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Add {
    /// What they sign in with, in whatever case they then type it
    name: String,
    /// Where they get mail; you vouch that it is theirs
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// They act for the realm, over all companies
    #[arg(long)]
    operator: bool,
    /// What the plugin knows them by: never changed, and never given to another; without it, a random one
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    memberships: MembershipArgs,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    directory: DirectoryArgs,
}

impl Add {
    pub(super) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let memberships = self.memberships.members()?;
        let id = match self.id {
            Some(id) => id,
            None => draw_id()?,
        };
        let directory = self.directory.open(Access::Create).await?;
        // Before anybody types a password in vain.
        if directory.user_named(&self.name).await?.is_some() {
            return Err(Exit::AnsweredNo("the name is taken".to_owned()));
        }
        let password = self.password.get(&self.name).await?;
        let user = NewUser {
            id: id.clone(),
            name: self.name.clone(),
            email: self.email,
            password: Some(password.hash),
            is_operator: self.operator,
            memberships,
        };
        directory.add_user(user).await?;
        let (name, id) = (Printable(&self.name), Printable(&id));
        writeln!(out, "{GOOD}added{GOOD:#}: {name}, with the id {id}")?;
        if let Some(password) = password.generated {
            writeln!(out, "password: {}", *password)?;
        }
        Ok(())
    }
}

/// Draws an id that says nothing of whose it is: names change, and are given to others.
fn draw_id() -> Result<String, Exit> {
    let mut bytes = [0; 16];
    let drawn = SystemRandom.fill(&mut bytes);
    drawn.map_err(|error| Exit::Fault(error.to_string()))?;
    Ok(format!("user-{}", HEXLOWER.encode(&bytes)))
}

const EXIT_CODES: &str = "\
Exit codes:
  0  they were added
  1  the directory did not answer; whether it was done is told by `countersign user list`
  2  the command line, the password or the directory cannot be used
  4  the answer is no: the id or name is taken, or there is no such company";
