//! `countersign revoke` and `countersign revoke-all`.

mod everybody;

use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use countersign_host::contract::Actor;
use countersign_host::contract::administration::{Revocable, UserStatus};
use countersign_host::printable::Printable;
use countersign_host::{Countersign, Error};

pub(crate) use self::everybody::{Revoked, revoke_all};
use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::reset::{refused, require_known};
use crate::style::GOOD;

/// Ends what a user holds: tickets, trusted devices, the recovery code
///
/// Factors stay. A user who has a factor shows it at the next sign-in.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Revoke {
    /// The user, as the gateway names them
    user: String,
    /// What; several with commas between
    #[arg(value_enum, value_delimiter = ',', required = true)]
    what: Vec<What>,
    /// Who does it, for the audit trail
    #[arg(long, value_name = "NAME")]
    operator: String,
    #[command(flatten)]
    gateway: GatewayArgs,
}

/// Ends what all users hold: after a database was restored, used recovery codes and old devices would be good again
///
/// It can be stopped and begun again: what is gone is passed over.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct RevokeAll {
    /// What; several with commas between
    #[arg(value_enum, value_delimiter = ',', required = true)]
    what: Vec<What>,
    /// Who does it, for the audit trail
    #[arg(long, value_name = "NAME")]
    operator: String,
    #[command(flatten)]
    gateway: GatewayArgs,
}

/// What can be revoked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum What {
    /// All that was begun and not finished
    Tickets,
    /// Browsers that need no factor
    Devices,
    /// The code that replaces a lost factor
    Recovery,
}

impl Revoke {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let gateway = self.gateway.open(Access::Write, cache).await?;
        require_known(&gateway.mfa, &self.user).await?;
        let actor = Actor::Operator(self.operator);
        for what in self.what {
            let revoked = revoke(&gateway.mfa, &self.user, &actor, what).await;
            revoked.map_err(refused)?;
            let (user, what) = (Printable(&self.user), what.words());
            writeln!(out, "{GOOD}revoked{GOOD:#}: {what} of {user}")?;
        }
        Ok(())
    }
}

impl RevokeAll {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let gateway = self.gateway.open(Access::Write, cache).await?;
        let realm = self.gateway.store().realm();
        let actor = Actor::Operator(self.operator);
        let revoked = revoke_all(&gateway, realm, &self.what, &actor);
        let revoked = tokio::select! {
            revoked = revoked => revoked?,
            _ = tokio::signal::ctrl_c() => {
                anstream::eprintln!("stopped; run it again for the rest");
                return Err(Exit::Interrupted);
            }
        };
        revoked.write(out)?;
        revoked.require_all()
    }
}

impl What {
    pub(crate) const ALL: [Self; 3] = [Self::Tickets, Self::Devices, Self::Recovery];

    fn words(self) -> &'static str {
        match self {
            Self::Tickets => "tickets",
            Self::Devices => "trusted devices",
            Self::Recovery => "recovery code",
        }
    }

    /// Says whether a user has any.
    fn is_held(self, status: &UserStatus) -> bool {
        match self {
            Self::Tickets => status.tickets > 0,
            Self::Devices => !status.devices.is_empty(),
            Self::Recovery => status.recovery.is_some(),
        }
    }
}

async fn revoke(mfa: &Countersign, user: &str, actor: &Actor, what: What) -> Result<(), Error> {
    let what = match what {
        What::Tickets => Revocable::Tickets,
        What::Devices => Revocable::Devices,
        What::Recovery => Revocable::Recovery,
    };
    mfa.administration().revoke(user, actor, what).await
}

const EXIT_CODES: &str = "\
Exit codes:
  0    what was there is revoked
  1    the command could not do its work; run it again
  2    the command line, the store or the keys cannot be used
  3    a host would refuse the plugin
  4    the plugin refused, the user has no record, or records cannot be read; for all others it is done
  5    the plugin trapped, used up its limits or broke the contract, and was stopped
  130  Ctrl-C";
