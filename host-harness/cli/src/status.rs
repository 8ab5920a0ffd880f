//! `countersign status`.

use std::io::Write;
use std::path::Path;

use clap::Args;
use countersign_host::clock::{Clock, SystemClock};
use countersign_host::contract::administration::{FactorStatus, UserStatus};
use countersign_host::contract::{FirstFactor, Membership, Method, MethodState};
use countersign_host::preview::{Preview, Subject};
use countersign_host::printable::Printable;
use serde_json::{Value, json};

use crate::calendar;
use crate::database::{Access, Gateway, GatewayArgs};
use crate::exit::Exit;
use crate::json::pretty;
use crate::style::{BAD, BOLD, GOOD};
use crate::table::{Cell, Table};

/// Says what a user has: factors, recovery code, trusted devices
///
/// It shows no secret and no whole telephone number, and changes nothing.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Status {
    /// The user, as the gateway names them
    user: String,
    /// A company of theirs; several may be named. It is then also said what a sign-in would meet now
    #[arg(long, value_name = "NAME")]
    company: Vec<String>,
    /// The time zone in which times are printed
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// Print JSON, with the contract's names
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: GatewayArgs,
}

impl Status {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        calendar::parse("0", &self.zone)?;
        let gateway = self.gateway.open(Access::Read, cache).await?;
        let outlook = match self.company.is_empty() {
            true => None,
            false => Some(self.outlook(&gateway).await?),
        };
        match self.json {
            true => {
                let args = json!({ "user": self.user });
                let answer = gateway
                    .mfa
                    .call_json("administration.status", &args)
                    .await?;
                let mut status = ok(answer)?;
                if let (Value::Object(fields), Some((outlook, because))) = (&mut status, outlook) {
                    let sign_in = json!({ "outlook": outlook, "because": because });
                    fields.insert("sign-in".to_owned(), sign_in);
                }
                writeln!(out, "{}", pretty(&status))?;
            }
            false => {
                let status = gateway.mfa.administration().status(&self.user).await?;
                self.print(&status, outlook, out)?;
            }
        }
        Ok(())
    }

    /// Asks what a sign-in with a password would meet now.
    async fn outlook(&self, gateway: &Gateway) -> Result<(&'static str, String), Exit> {
        let now = now()?;
        let subject = Subject {
            user: self.user.clone(),
            memberships: memberships(&self.company),
            first_factor: FirstFactor::password(),
        };
        let mut report = Preview::at(now).of(&gateway.mfa, &[subject]).await;
        let Some(row) = report.rows.pop() else {
            return Err(Exit::Fault("the preview has no row".to_owned()));
        };
        let because = row.because(|at| self.date(at));
        match &row.answer {
            Ok(_) => Ok((row.outlook(), because)),
            Err(error) => {
                let companies = self.company.join(", ");
                Err(Exit::from(error).at(&format!("--company {companies}: {because}")))
            }
        }
    }

    fn print(
        &self,
        status: &UserStatus,
        outlook: Option<(&'static str, String)>,
        out: &mut dyn Write,
    ) -> Result<(), Exit> {
        writeln!(out, "{BOLD}{}{BOLD:#}\n", Printable(&self.user))?;
        let mut table = Table::default();
        let standing = Standing::of(status);
        let words = match status.known {
            true => standing.words(),
            false => "has no record: never enrolled, if the name is right",
        };
        table.row([Cell::new("standing"), Cell::styled(standing.style(), words)]);
        for factor in &status.factors {
            let style = match factor.state {
                MethodState::Usable => GOOD,
                _ => BAD,
            };
            let words = self.factor(factor);
            table.row([
                Cell::new(method(factor.method)),
                Cell::styled(style, &words),
            ]);
        }
        let recovery = match &status.recovery {
            None => "none".to_owned(),
            Some(code) => {
                let saved = recovery(status);
                format!("{saved}, issued {}", self.date(code.issued_at))
            }
        };
        table.row([Cell::new("recovery code"), Cell::new(&recovery)]);
        let last = status.devices.iter().map(|it| it.expires_at).max();
        let devices = match last {
            None => "none".to_owned(),
            Some(last) => format!(
                "{}, the last until {}",
                status.devices.len(),
                self.date(last)
            ),
        };
        table.row([Cell::new("trusted devices"), Cell::new(&devices)]);
        table.row([
            Cell::new("live tickets"),
            Cell::new(&status.tickets.to_string()),
        ]);
        table.row([Cell::new("epoch"), Cell::new(&status.epoch.to_string())]);
        if status.change_first_factor {
            let words = "must be changed before anything else: somebody who knows it guessed codes";
            table.row([Cell::new("password"), Cell::styled(BAD, words)]);
        }
        if let Some((outlook, because)) = outlook {
            table.row([Cell::new("a sign-in now"), Cell::new(outlook)]);
            table.note(&because);
        }
        table.write(out)?;
        Ok(())
    }

    fn factor(&self, factor: &FactorStatus) -> String {
        let mut words = match factor.state {
            MethodState::WaitUntil(until) => format!("waits until {}", self.date(until)),
            _ => state(&factor.state).to_owned(),
        };
        if let Some(hint) = &factor.hint {
            words = format!("to {hint}, {words}");
        }
        if factor.preferred {
            words += ", shown first";
        }
        words += &format!(", confirmed {}", self.date(factor.confirmed_at));
        if let Some(used) = factor.used_at {
            words += &format!(", used {}", self.date(used));
        }
        if factor.unredeemed > 0 {
            let (streak, all) = (factor.streak, factor.unredeemed);
            words +=
                &format!(", wrong codes {streak} in a row and {all} since a success made good");
        }
        words
    }

    fn date(&self, at: u64) -> String {
        calendar::date(at, &self.zone)
    }
}

/// Where a user stands.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Standing {
    /// Has a factor that can be used, now or after a wait.
    Enrolled,
    /// Has nothing but factors that were disabled.
    Disabled,
    /// Had a factor, and must enroll at the next sign-in.
    MustEnroll,
    /// Never had one.
    NotEnrolled,
    /// Is not let in any more.
    Erased,
}

impl Standing {
    pub(crate) fn of(status: &UserStatus) -> Self {
        let disabled = |it: &FactorStatus| matches!(it.state, MethodState::Disabled);
        match status.factors.as_slice() {
            _ if status.erased => Self::Erased,
            [] if status.ever_enrolled => Self::MustEnroll,
            [] => Self::NotEnrolled,
            factors if factors.iter().all(disabled) => Self::Disabled,
            _ => Self::Enrolled,
        }
    }

    /// Names it for machines.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Disabled => "disabled",
            Self::MustEnroll => "must-enroll",
            Self::NotEnrolled => "not-enrolled",
            Self::Erased => "erased",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Disabled => "enrolled, and every factor is disabled",
            Self::MustEnroll => "had a factor once, and must enroll at the next sign-in",
            Self::NotEnrolled => "never enrolled",
            Self::Erased => "erased",
        }
    }

    fn style(self) -> anstyle::Style {
        match self {
            Self::Enrolled => GOOD,
            _ => BAD,
        }
    }
}

/// Names the state of a factor.
pub(crate) fn state(state: &MethodState) -> &'static str {
    match state {
        MethodState::Usable => "usable",
        MethodState::WaitUntil(_) => "waits",
        MethodState::Disabled => "disabled",
        MethodState::NotOffered => "not-offered",
    }
}

/// Says whether there is a recovery code, and whether the user said to have saved it.
pub(crate) fn recovery(status: &UserStatus) -> &'static str {
    match &status.recovery {
        None => "none",
        Some(it) if it.acknowledged => "saved",
        Some(_) => "unsaved",
    }
}

/// Makes active memberships of companies.
pub(crate) fn memberships(companies: &[String]) -> Vec<Membership> {
    let active = |company: &String| Membership {
        company: company.clone(),
        roles: Vec::new(),
        active: true,
    };
    companies.iter().map(active).collect()
}

pub(crate) fn now() -> Result<u64, Exit> {
    let now = SystemClock.now();
    now.map_err(|error| Exit::Fault(error.to_string()))
}

/// Takes what the plugin answered, unless it refused.
fn ok(mut answer: Value) -> Result<Value, Exit> {
    match answer.get_mut("ok") {
        Some(status) => Ok(status.take()),
        None => Err(Exit::AnsweredNo(format!("the plugin refused: {answer}"))),
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Totp => "authenticator app",
        Method::Sms => "text message",
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  printed, also for a user who has no record
  1  the command could not do its work
  2  the command line, the store or the keys cannot be used
  3  a host would refuse the plugin
  4  the plugin answered err
  5  the plugin trapped, used up its limits or broke the contract, and was stopped";
