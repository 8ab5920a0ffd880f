//! `countersign user passwd`.

use std::io::Write;
use std::path::Path;

use clap::Args;
use countersign_host::printable::Printable;

use super::password::PasswordArgs;
use crate::database::{Access, GatewayArgs};
use crate::directory::{DirectoryArgs, require_named};
use crate::exit::Exit;
use crate::style::{BAD, GOOD};

/// Replaces somebody's password, and ends their sessions, tickets and trusted devices
///
/// Their second factor stays.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Passwd {
    /// What they sign in with
    name: String,
    /// Do not tell the plugin, whose store is not there yet: what a thief of the old password began goes on
    #[arg(long)]
    without_plugin: bool,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    directory: DirectoryArgs,
    #[command(flatten)]
    gateway: GatewayArgs,
}

impl Passwd {
    pub(super) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let directory = self.directory.open(Access::Write).await?;
        let user = require_named(&*directory, &self.name).await?;
        // Opened before anything is changed: whoever forgot the keys is told so while all is as it was.
        let gateway = match self.without_plugin {
            true => None,
            false => Some(self.gateway.open(Access::Write, cache).await?),
        };
        let password = self.password.get(&user.name).await?;
        directory
            .set_password(&user.id, password.hash, None)
            .await?;
        let name = Printable(&user.name);
        writeln!(
            out,
            "{GOOD}set{GOOD:#}: the password of {name}, whose sessions have ended"
        )?;
        if let Some(password) = password.generated {
            writeln!(out, "password: {}", *password)?;
        }
        let Some(gateway) = gateway else {
            writeln!(out, "{BAD}the plugin was not told{BAD:#}")?;
            return Ok(());
        };
        // After the password: a ticket that is begun in between was begun with the new one.
        let administration = gateway.mfa.administration();
        let told = administration.first_factor_changed(&user.id).await;
        told.map_err(|error| {
            Exit::Fault(format!(
                "the password was changed, but the plugin could not be told, so that tickets and trusted devices \
                 still hold: {error}; run this again"
            ))
        })
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  the password was set, and the plugin told
  1  the command could not do its work, or not all of it; the message says which
  2  the command line, the password, the directory, the store or the keys cannot be used
  3  a host would refuse the plugin
  4  there is no such user, or the store has nothing of the realm";
