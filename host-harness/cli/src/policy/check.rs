//! `countersign policy check`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::Error;
use countersign_host::contract::{Actor, Failure};
use countersign_host::printable::Printable;
use countersign_host::profile::Profile;

use crate::exit::Exit;
use crate::style::{BAD, BOLD, DIM, GOOD};
use crate::{call, plugin};

/// Says where a policy is laxer than a profile
///
/// The policy is put into an empty store first, so that what the plugin would refuse is told too.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Check {
    /// The profile; `countersign policy profiles` prints them all
    #[arg(long, value_name = "NAME", value_parser = super::profile)]
    profile: Profile,
    /// The policy: a file of JSON; - is the standard input
    file: PathBuf,
    /// The plugin; without it, the component that was built with this command
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
}

impl Check {
    pub(super) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let policy = super::read(&self.file)?;
        let mfa = call::rehearsed(plugin::load(self.plugin.as_deref(), cache)?, None).await?;
        let operator = Actor::Operator("check".to_owned());
        // A deadline that has passed is nothing that a profile minds.
        let put = mfa.policy().put("*", &policy, None, &operator, true).await;
        put.map_err(|error| refused(error).at(&self.file.to_string_lossy()))?;
        let departures = self.profile.departures(&policy);
        for it in &departures {
            let (has, wants) = (Printable(&it.has), &it.wants);
            writeln!(
                out,
                "{BOLD}{}{BOLD:#}: has {BAD}{has}{BAD:#}, wants {wants}\n    {DIM}{}{DIM:#}",
                it.field, it.because
            )?;
        }
        let fields = match departures.len() {
            0 => {
                writeln!(out, "{GOOD}nothing laxer than {}{GOOD:#}", self.profile)?;
                return Ok(());
            }
            1 => "1 field".to_owned(),
            n => format!("{n} fields"),
        };
        Err(Exit::AnsweredNo(format!(
            "laxer than {} in {fields}",
            self.profile
        )))
    }
}

fn refused(error: Error) -> Exit {
    match error {
        Error::Refused(Failure::InvalidInput(it)) => {
            Exit::AnsweredNo(format!("{}: expected {}", it.field, it.expected))
        }
        error => error.into(),
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  the policy is nowhere laxer than the profile
  1  the command could not do its work
  2  the command line or the file cannot be used
  3  a host would refuse the plugin
  4  it is laxer, or the plugin would refuse it
  5  the plugin trapped, used up its limits or broke the contract, and was stopped";
