//! `countersign reset`.

use std::io::Write;
use std::path::Path;

use clap::Args;
use countersign_host::contract::{Actor, Failure, NotPermitted};
use countersign_host::printable::Printable;
use countersign_host::store::{Database, Kind};
use countersign_host::{Countersign, Error};

use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::status::memberships;
use crate::style::GOOD;

/// Removes all factors of a user, who then enrolls anew at the next sign-in
///
/// Their recovery code, tickets, trusted devices and sessions end too. Whoever takes over an account asks for this first:
/// see that it is the owner who asks, by a way that was agreed before, and not by how they sound.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Reset {
    /// The user, as the gateway names them
    user: String,
    /// Who does it, for the audit trail
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// Why, for the audit trail: 1 to 200 bytes
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Says that you have made sure of who asks; without it, nothing is reset
    #[arg(long)]
    identity_verified: bool,
    /// The company on whose behalf it is done, for the audit trail; an operator may leave it out
    #[arg(long, value_name = "NAME")]
    company: Option<String>,
    #[command(flatten)]
    gateway: GatewayArgs,
}

impl Reset {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let gateway = self.gateway.open(Access::Write, cache).await?;
        require_known(&gateway.mfa, &self.user).await?;
        let actor = Actor::Operator(self.operator);
        let administration = gateway.mfa.administration();
        let company = match &self.company {
            Some(company) => company.clone(),
            None => any_company(&*gateway.store, self.gateway.store().realm()).await?,
        };
        let memberships = memberships(&[company]);
        let reset = administration
            .reset(
                &self.user,
                &memberships,
                self.company.as_deref(),
                &actor,
                self.identity_verified,
                &self.reason,
            )
            .await;
        let epoch = reset.map_err(refused)?;
        let user = Printable(&self.user);
        writeln!(
            out,
            "{GOOD}reset{GOOD:#}: {user} enrolls anew at the next sign-in (epoch {epoch})"
        )?;
        Ok(())
    }
}

/// Names a company that has a policy. The contract asks for the user's memberships, and of an operator's reset reads no more of
/// them than that.
async fn any_company(store: &dyn Database, realm: &str) -> Result<String, Exit> {
    let policies = store.list(realm, Kind::Policy, None, 2).await?;
    let own = policies.into_iter().find(|it| it.name != "*");
    // Whoever has no policy of their own falls to the default.
    Ok(own.map_or_else(|| "any".to_owned(), |it| it.name))
}

/// Sees that a user has a record: whoever mistypes a name would reset nobody, and believe to have reset somebody.
pub(crate) async fn require_known(mfa: &Countersign, user: &str) -> Result<(), Exit> {
    let status = mfa.administration().status(user).await.map_err(refused)?;
    match status.known || status.tickets > 0 {
        true => Ok(()),
        false => Err(Exit::AnsweredNo(format!("{user}: has no record"))),
    }
}

/// Puts a refusal into words that say what to do.
pub(crate) fn refused(error: Error) -> Exit {
    match error {
        Error::Refused(Failure::InvalidInput(it)) => {
            Exit::AnsweredNo(format!("{}: expected {}", it.field, it.expected))
        }
        Error::Refused(Failure::NotPermitted(NotPermitted::NotVerified)) => Exit::AnsweredNo(
            "nothing was reset: expected --identity-verified, which says that you made sure of who asks".to_owned(),
        ),
        Error::Refused(Failure::NotPermitted(NotPermitted::Erased)) => {
            Exit::AnsweredNo("the user was erased".to_owned())
        }
        error => error.into(),
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  the user was reset
  1  the command could not do its work; whether the user was reset is told by `countersign status`
  2  the command line, the store or the keys cannot be used
  3  a host would refuse the plugin
  4  the plugin refused, or the user has no record
  5  the plugin trapped, used up its limits or broke the contract, and was stopped";
