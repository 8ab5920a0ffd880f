//! `countersign policy put`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::Error;
use countersign_host::contract::{Actor, Failure, NotPermitted};
use countersign_host::printable::Printable;

use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::reset::refused;
use crate::style::GOOD;

/// Puts the policy of a company in place of the one that was read
///
/// It holds from the next sign-in on, and sessions of long ago meet it within a minute. Ask `policy preview` first what
/// it would mean for whom.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Put {
    /// The company; * for the default policy
    company: String,
    /// The policy: a file of JSON, as `policy get` and `policy profiles --json NAME` print it; - is the standard input
    file: PathBuf,
    /// The revision that was read: if somebody has changed the policy since, nothing is put
    #[arg(
        long,
        value_name = "REVISION",
        required_unless_present = "new",
        conflicts_with = "new"
    )]
    revision: Option<u64>,
    /// There is no policy yet
    #[arg(long)]
    new: bool,
    /// Take a deadline that has passed: whoever has no factor must enroll at the next sign-in
    #[arg(long)]
    enforce_now: bool,
    /// Who does it, for the audit trail
    #[arg(long, value_name = "NAME")]
    operator: String,
    #[command(flatten)]
    gateway: GatewayArgs,
}

impl Put {
    pub(super) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let policy = super::read(&self.file)?;
        let gateway = self.gateway.open(Access::Create, cache).await?;
        let actor = Actor::Operator(self.operator.clone());
        let policies = gateway.mfa.policy();
        let put = policies
            .put(
                &self.company,
                &policy,
                self.revision,
                &actor,
                self.enforce_now,
            )
            .await;
        let revision = put.map_err(|error| self.refused(error))?;
        let company = Printable(&self.company);
        writeln!(
            out,
            "{GOOD}put{GOOD:#}: {company} is at revision {revision}"
        )?;
        Ok(())
    }

    fn refused(&self, error: Error) -> Exit {
        let company = &self.company;
        match error {
            Error::Refused(Failure::RevisionConflict) => Exit::AnsweredNo(match self.revision {
                Some(revision) => format!(
                    "nothing was put: the policy of {company} is not at revision {revision}. `countersign policy get` \
                     says what it is now"
                ),
                None => format!(
                    "nothing was put: {company} has a policy. `countersign policy get` prints it with the revision to \
                     give in place of --new"
                ),
            }),
            Error::Refused(Failure::NotPermitted(NotPermitted::DeadlineNotInFuture)) => {
                Exit::AnsweredNo(
                    "nothing was put: expected a deadline in the future, or --enforce-now"
                        .to_owned(),
                )
            }
            Error::Refused(Failure::InvalidInput(it)) => {
                Exit::AnsweredNo(format!("{}: expected {}", it.field, it.expected))
                    .at(&self.file.to_string_lossy())
            }
            error => refused(error),
        }
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  the policy was put
  1  the command could not do its work; `countersign policy get` tells whether it was put
  2  the command line, the file, the store or the keys cannot be used
  3  a host would refuse the plugin
  4  the plugin refused it, or the policy was changed since it was read
  5  the plugin trapped, used up its limits or broke the contract, and was stopped";
