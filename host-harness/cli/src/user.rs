//! `countersign user`.

mod add;
mod list;
mod memberships;
mod passwd;
mod password;

use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};
use countersign_host::printable::Printable;

use self::add::Add;
use self::list::List;
use self::memberships::MembershipArgs;
use self::passwd::Passwd;
use crate::database::Access;
use crate::directory::{DirectoryArgs, require_named};
use crate::exit::Exit;
use crate::style::GOOD;

/// The people in the gateway's directory: add, list, change
///
/// A password is typed at the terminal, read from the standard input or generated. It is never an argument, which everybody
/// on the machine could read.
#[derive(Args, Debug)]
pub(crate) struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    List(List),
    Passwd(Passwd),
    Disable(Disable),
    Enable(Enable),
    Companies(Companies),
}

/// Keeps somebody from signing in, and ends their sessions
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Disable {
    /// What they sign in with
    name: String,
    #[command(flatten)]
    directory: DirectoryArgs,
}

/// Lets somebody sign in again
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Enable {
    /// What they sign in with
    name: String,
    #[command(flatten)]
    directory: DirectoryArgs,
}

/// Sets the companies that somebody belongs to, in place of those before; without any, they belong to none
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Companies {
    /// What they sign in with
    name: String,
    #[command(flatten)]
    memberships: MembershipArgs,
    #[command(flatten)]
    directory: DirectoryArgs,
}

impl User {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        match self.action {
            Action::Add(add) => add.run(out).await,
            Action::List(list) => list.run(out).await,
            Action::Passwd(passwd) => passwd.run(cache, out).await,
            Action::Disable(Disable { name, directory }) => {
                switch(&directory, &name, false, out).await
            }
            Action::Enable(Enable { name, directory }) => {
                switch(&directory, &name, true, out).await
            }
            Action::Companies(companies) => companies.run(out).await,
        }
    }
}

impl Companies {
    async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let memberships = self.memberships.members()?;
        let directory = self.directory.open(Access::Write).await?;
        let user = require_named(&*directory, &self.name).await?;
        let of = match memberships.is_empty() {
            true => "no company".to_owned(),
            false => list::in_words(&memberships),
        };
        directory.set_memberships(&user.id, memberships).await?;
        let (name, of) = (Printable(&user.name), Printable(&of));
        writeln!(out, "{GOOD}set{GOOD:#}: {name} belongs to {of}")?;
        Ok(())
    }
}

async fn switch(
    directory: &DirectoryArgs,
    name: &str,
    is_active: bool,
    out: &mut dyn Write,
) -> Result<(), Exit> {
    let directory = directory.open(Access::Write).await?;
    let user = require_named(&*directory, name).await?;
    directory.set_active(&user.id, is_active).await?;
    let name = Printable(&user.name);
    match is_active {
        true => writeln!(out, "{GOOD}enabled{GOOD:#}: {name} may sign in")?,
        false => writeln!(
            out,
            "{GOOD}disabled{GOOD:#}: {name} cannot sign in, and has no session"
        )?,
    }
    Ok(())
}

const EXIT_CODES: &str = "\
Exit codes:
  0  it went well
  1  the directory did not answer; whether it was done is told by `countersign user list`
  2  the command line or the directory cannot be used
  4  the answer is no: there is no such user or company";
