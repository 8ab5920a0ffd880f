//! `countersign unlock`.

use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use countersign_host::Error;
use countersign_host::contract::{Actor, Failure, Method, NotPermitted};
use countersign_host::printable::Printable;

use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::reset::{refused, require_known};
use crate::style::GOOD;

/// Ends the wait that wrong codes have brought on a user's factor
///
/// Counts stay as they are, and a factor that was disabled stays so: the user then takes the recovery code, or is reset.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Unlock {
    /// The user, as the gateway names them
    user: String,
    /// Which factor
    #[arg(long, value_enum, default_value = "app")]
    factor: Factor,
    /// Who does it, for the audit trail
    #[arg(long, value_name = "NAME")]
    operator: String,
    #[command(flatten)]
    gateway: GatewayArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Factor {
    /// The authenticator app
    App,
    /// The phone
    Phone,
}

impl Unlock {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let gateway = self.gateway.open(Access::Write, cache).await?;
        require_known(&gateway.mfa, &self.user).await?;
        let (method, factor) = match self.factor {
            Factor::App => (Method::Totp, "authenticator app"),
            Factor::Phone => (Method::Sms, "phone"),
        };
        let actor = Actor::Operator(self.operator);
        let administration = gateway.mfa.administration();
        let unlocked = administration.unlock(&self.user, method, &actor).await;
        let user = Printable(&self.user);
        unlocked.map_err(|error| match error {
            Error::Refused(Failure::NotPermitted(NotPermitted::NoSuchFactor)) => {
                Exit::AnsweredNo(format!("{user} has no {factor}"))
            }
            Error::Refused(Failure::NotPermitted(NotPermitted::FactorDisabled)) => Exit::AnsweredNo(
                format!("the {factor} of {user} is disabled, not waiting: the recovery code or a reset helps"),
            ),
            error => refused(error),
        })?;
        writeln!(out, "{GOOD}unlocked{GOOD:#}: the {factor} of {user}")?;
        Ok(())
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  the wait is over, or there was none
  1  the command could not do its work
  2  the command line, the store or the keys cannot be used
  3  a host would refuse the plugin
  4  the plugin refused, or the user has no record
  5  the plugin trapped, used up its limits or broke the contract, and was stopped";
