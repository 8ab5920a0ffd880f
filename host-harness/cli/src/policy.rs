//! `countersign policy`.

mod check;
mod get;
mod preview;
mod profiles;
mod put;
pub(crate) mod subjects;

use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};
use countersign_host::contract::policy;
use countersign_host::profile::Profile;

use self::check::Check;
use self::get::Get;
use self::preview::Preview;
use self::profiles::Profiles;
use self::put::Put;
use crate::exit::Exit;
use crate::input;

/// Gets and puts policies, and looks at them before anybody meets them
///
/// Named profiles to begin with, whether a policy is laxer than one, and what a policy would mean for a list of people
/// on a day. Only `put` stores anything.
#[derive(Args, Debug)]
pub(crate) struct Policy {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Profiles(Profiles),
    Check(Check),
    Preview(Preview),
    Get(Get),
    Put(Put),
}

impl Policy {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        match self.action {
            Action::Profiles(profiles) => profiles.run(out),
            Action::Check(check) => check.run(cache, out).await,
            Action::Preview(preview) => preview.run(cache, out).await,
            Action::Get(get) => get.run(cache, out).await,
            Action::Put(put) => put.run(cache, out).await,
        }
    }
}

/// Reads a policy from a file of JSON.
fn read(path: &Path) -> Result<policy::Policy, Exit> {
    let path = path.to_string_lossy();
    policy::Policy::parse(&input::read(&path)?)
        .map_err(|error| Exit::Usage(error.to_string()).at(&path))
}

/// Finds a profile by the name that was typed.
fn profile(name: &str) -> Result<Profile, String> {
    let names: Vec<&str> = Profile::ALL.iter().map(|it| it.name()).collect();
    Profile::named(name).ok_or_else(|| format!("expected one of {}", names.join(", ")))
}
