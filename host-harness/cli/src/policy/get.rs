//! `countersign policy get`.

use std::io::Write;
use std::path::Path;

use clap::Args;
use serde_json::json;

use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::json::pretty;
use crate::reset::refused;
use crate::style::DIM;

/// Prints the policy of a company, as JSON that `policy put` takes
///
/// Its revision, which `policy put` asks for, goes to the error stream.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Get {
    /// The company; * for the default policy
    company: String,
    /// Print an object with `policy` and `revision`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: GatewayArgs,
}

impl Get {
    pub(super) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let gateway = self.gateway.open(Access::Read, cache).await?;
        let stored = gateway.mfa.policy().get(&self.company).await;
        let Some(stored) = stored.map_err(refused)? else {
            let company = &self.company;
            let falls = match company.as_str() {
                "*" => "there is no default policy",
                _ => "it has no policy of its own, and falls to that of *",
            };
            return Err(Exit::AnsweredNo(format!("{company}: {falls}")));
        };
        let (policy, revision) = (stored.policy.to_json(), stored.revision);
        if self.json {
            let json = json!({ "policy": policy, "revision": revision });
            writeln!(out, "{}", pretty(&json))?;
        } else {
            writeln!(out, "{}", pretty(&policy))?;
            out.flush()?;
            anstream::eprintln!("{DIM}revision {revision}{DIM:#}");
        }
        Ok(())
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  printed
  1  the command could not do its work
  2  the command line, the store or the keys cannot be used
  3  a host would refuse the plugin
  4  the company has no policy of its own
  5  the plugin trapped, used up its limits or broke the contract, and was stopped";
