//! `countersign policy preview`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use countersign_host::Error;
use countersign_host::contract::administration::Hypothetical;
use countersign_host::contract::{Failure, Purpose};
use countersign_host::preview::{self, Report, Row};
use countersign_host::printable::Printable;
use serde_json::Value;

use super::subjects;
use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::json::pretty;
use crate::style::{BAD, BOLD, DIM, GOOD};
use crate::table::{Cell, Table};
use crate::{calendar, call};

/// Says what a policy would mean for a list of people on a day
///
/// For each of them: who is let in, who is asked for a code, who must enroll, who cannot get in, and why. It asks the
/// store that is named; without one, a store in memory, empty unless a script of calls fills it first. Nothing is changed.
#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(super) struct Preview {
    /// The policy that is supposed: a file of JSON, as `countersign policy profiles --json NAME` prints one
    #[arg(long, value_name = "FILE", requires = "company")]
    policy: Option<PathBuf>,
    /// Whose policy it would be; * for all that have none of their own
    #[arg(long, value_name = "NAME", requires = "policy")]
    company: Option<String>,
    /// The time to look at: seconds since 1970, or a local time such as 2026-03-01T00:00
    #[arg(long, value_name = "TIME")]
    at: String,
    /// The time zone of a local time, in which times are printed too
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// What the people want to do
    #[arg(long, value_name = "WHAT", default_value = "sign-in")]
    purpose: For,
    /// A script to fill a store in memory with, as `countersign call --script` takes it; no other store is asked then
    #[arg(long, value_name = "SCRIPT")]
    after: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The people: a file whose name ends in .json or .csv (see --help)
    subjects: PathBuf,
    #[command(flatten)]
    gateway: GatewayArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum For {
    SignIn,
    ManageFactors,
}

impl Preview {
    pub(super) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let at = calendar::parse(&self.at, &self.zone)?;
        let subjects = subjects::read(&self.subjects)?;
        let mut preview = preview::Preview::at(at);
        if let (Some(policy), Some(company)) = (&self.policy, &self.company) {
            preview.hypothetical = Some(Hypothetical {
                company: company.clone(),
                policy: super::read(policy)?,
            });
        }
        preview.purpose = match self.purpose {
            For::SignIn => Purpose::SignIn,
            For::ManageFactors => Purpose::ManageFactors,
        };
        let mfa = match self.is_rehearsed() {
            true => {
                let plugin = self.gateway.plugin(cache)?;
                call::rehearsed(plugin, self.after.as_deref()).await?
            }
            false => self.gateway.open(Access::Read, cache).await?.mfa,
        };
        let report = preview.of(&mfa, &subjects).await;
        match self.json {
            true => {
                let mut json = report.to_json(|at| calendar::date(at, &self.zone));
                if let Value::Object(fields) = &mut json {
                    fields.insert("at".to_owned(), at.into());
                    fields.insert("zone".to_owned(), self.zone.as_str().into());
                }
                writeln!(out, "{}", pretty(&json))?;
            }
            false => self.print(&report, at, out)?,
        }
        answered(&report)
    }

    /// Says whether a store in memory is asked.
    fn is_rehearsed(&self) -> bool {
        self.after.is_some() || !self.gateway.store().is_given()
    }

    fn print(&self, report: &Report, at: u64, out: &mut dyn Write) -> Result<(), Exit> {
        let date = |at| calendar::date(at, &self.zone);
        let supposed = match (&self.policy, &self.company) {
            (Some(policy), Some(company)) => {
                let policy = policy.to_string_lossy();
                let (policy, company) = (Printable(&policy), Printable(company));
                format!(", supposing {policy} for {company}")
            }
            _ => String::new(),
        };
        let (moment, zone) = (calendar::moment(at, &self.zone), Printable(&self.zone));
        writeln!(out, "{BOLD}{moment}{BOLD:#} {zone}{supposed}\n")?;
        let mut table = Table::default();
        table.heading(["user", "outlook", "deadline", "may enroll"]);
        for row in &report.rows {
            let deadline = row.answer.as_ref().ok().and_then(|it| it.deadline);
            let style = match row.outlook() {
                it if it.starts_with("deny") || it == "error" => BAD,
                _ => GOOD,
            };
            table.row([
                Cell::new(&row.user),
                Cell::styled(style, row.outlook()),
                Cell::new(&deadline.map_or("none".to_owned(), date)),
                Cell::new(&row.methods().join(" ")),
            ]);
            table.note(&row.because(date));
        }
        table.write(out)?;
        let summary = report.summary();
        let summary = summary
            .iter()
            .map(|(outlook, count)| format!("{count} {outlook}"));
        writeln!(out, "\n{}", summary.collect::<Vec<_>>().join(", "))?;
        if self.after.is_none() && self.is_rehearsed() && report.rows.iter().any(lacks_policy) {
            writeln!(out, "{DIM}{NO_POLICY}{DIM:#}")?;
        }
        Ok(())
    }
}

/// Says how many people have no answer, if some have none, and why the first of them has not.
///
/// A failure of the plugin or the host comes before what the plugin has refused.
fn answered(report: &Report) -> Result<(), Exit> {
    let errors = report
        .rows
        .iter()
        .filter_map(|row| row.answer.as_ref().err());
    let errors: Vec<&Error> = errors.collect();
    let failed = errors.iter().find(|it| !matches!(it, Error::Refused(_)));
    match failed.or(errors.first()) {
        None => Ok(()),
        Some(error) => {
            let (none, all) = (errors.len(), report.rows.len());
            Err(Exit::from(*error).at(&format!("no answer for {none} of {all} people")))
        }
    }
}

/// Says whether a company of the person has no policy, and there is no default one.
fn lacks_policy(row: &Row) -> bool {
    match &row.answer {
        Err(Error::Refused(Failure::InvalidInput(it))) => {
            it.field.starts_with("memberships[") && it.field.ends_with("].company")
        }
        _ => false,
    }
}

const NO_POLICY: &str = "No store was named, and an empty one has no policies: a company that --policy is not for has none, unless \
     --company is '*' or the script of --after puts one.";

const LONG_HELP: &str = r#"Where a policy has first-binding attested (asvs-l2, nist-aal2, pci), nobody enrolls a first factor
unless the gateway sets binding-attested in begin; the sentence of such a row says so.

The people, as JSON; what stands in brackets may be left out:
  [{"user": "u-1", "memberships": [{"company": "acme", ["roles": ["payor"], "active": true]}],
    ["first-factor": {"kind": "password", "age": 0, "channel": "direct"}]}, ..]
  kind is "password", "other" or {"federated": "okta"}

Or as CSV with a heading; rows of one user are memberships of that user:
  user,company,roles,active,provider
  u-1,acme,payor;admin,true,
  u-2,acme,,,okta

Exit codes:
  0  everybody has an answer
  1  the command could not do its work
  2  the command line, or a file, a store or keys that it names, cannot be used
  3  a host would refuse the plugin
  4  somebody has none, as the plugin answered err; or it did in the script of --after, or ok
     where that expects err
  5  the plugin trapped, used up its limits or broke the contract, and was stopped"#;
