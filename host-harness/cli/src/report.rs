//! `countersign report`.

mod row;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::store::Kind;
use countersign_host::{Countersign, Error};

use self::row::Row;
use self::writer::Writer;
use crate::database::{Access, Gateway, GatewayArgs};
use crate::exit::Exit;
use crate::policy::subjects;
use crate::progress::Progress;
use crate::walk::{Pages, together};

/// Lists everybody who has a record: who is enrolled, with what, and who has saved a recovery code
///
/// One line a user, and a summary at the end. It changes nothing, and takes the same memory for a million users; with
/// --users it keeps their names.
#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(crate) struct Report {
    /// Print comma-separated values with a heading, safe to open in a spreadsheet
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print a line of JSON for each user
    #[arg(long)]
    json: bool,
    /// The gateway's users, in a file as `countersign policy preview` reads it: those who have no record are listed
    /// too, and whoever is not in the file is marked
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    #[command(flatten)]
    gateway: GatewayArgs,
}

impl Report {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let users = self.users.as_deref().map(Users::read).transpose()?;
        let gateway = self.gateway.open(Access::Read, cache).await?;
        let realm = self.gateway.store().realm();
        let writer = match (self.csv, self.json) {
            (true, _) => Writer::csv(out)?,
            (_, true) => Writer::json(out),
            _ => Writer::table(out),
        };
        let mut report = Making {
            writer,
            summary: BTreeMap::new(),
            people: 0,
            failed: Vec::new(),
        };
        report.of(&gateway, realm, users).await?;
        let Making {
            writer,
            summary,
            people,
            failed,
        } = report;
        writer.end(&summary)?;
        match failed.first() {
            None => Ok(()),
            Some(error) => {
                let none = failed.len();
                Err(Exit::from(error).at(&format!("no answer for {none} of {people} users")))
            }
        }
    }
}

/// A report that is being made.
struct Making<'a> {
    writer: Writer<'a>,
    /// How many users have which standing.
    summary: BTreeMap<&'static str, u64>,
    people: u64,
    failed: Vec<Error>,
}

impl Making<'_> {
    async fn of(
        &mut self,
        gateway: &Gateway,
        realm: &str,
        mut users: Option<Users>,
    ) -> Result<(), Exit> {
        // Counting many takes long, and is for show.
        let total = gateway.store.count(realm, Kind::Account).await.ok();
        let progress = Progress::of("users", total);
        let mut pages = Pages::of(&*gateway.store, realm, Kind::Account);
        while let Some(names) = pages.next_names().await? {
            let count = names.len();
            let answers = together(names, |user| ask(gateway.mfa.clone(), user)).await;
            let mut rows = Vec::with_capacity(count);
            for (user, answer) in answers {
                let is_listed = users.as_mut().map(|users| users.take(&user));
                let answer = answer.map_err(|error| self.failed.push(error));
                rows.push(Row::of(user, answer.ok(), is_listed));
            }
            self.write(rows)?;
            progress.add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        drop(progress);
        let unknown = users.into_iter().flat_map(|users| users.0);
        let mut unknown = unknown.map(Row::unknown).peekable();
        while unknown.peek().is_some() {
            self.write(unknown.by_ref().take(AT_ONCE).collect())?;
        }
        Ok(())
    }

    fn write(&mut self, rows: Vec<Row>) -> Result<(), Exit> {
        for row in &rows {
            let count = self.summary.entry(row.standing).or_default();
            *count = count.saturating_add(1);
            self.people = self.people.saturating_add(1);
        }
        self.writer.rows(&rows)?;
        Ok(())
    }
}

/// The gateway's users that have not been met yet.
struct Users(BTreeSet<String>);

impl Users {
    fn read(path: &Path) -> Result<Self, Exit> {
        let subjects = subjects::read(path)?;
        Ok(Self(subjects.into_iter().map(|it| it.user).collect()))
    }

    /// Says whether the user is one of them, and meets them.
    fn take(&mut self, user: &str) -> bool {
        self.0.remove(user)
    }
}

async fn ask(
    mfa: Countersign,
    user: String,
) -> (
    String,
    Result<countersign_host::contract::administration::UserStatus, Error>,
) {
    let status = mfa.administration().status(&user).await;
    (user, status)
}

/// Rows written at once, where there is nothing to wait for.
const AT_ONCE: usize = 1000;

const LONG_HELP: &str = r"Standing:
  enrolled      has a factor that can be used, now or after a wait
  disabled      every factor was disabled after too many wrong codes; recovery code or reset
  must-enroll   had a factor once, and must enroll at the next sign-in
  not-enrolled  never had a factor
  erased        is not let in any more
  unreadable    the record cannot be read; the error stream says why, and the exit code is not 0
App and phone:
  usable, waits (after wrong codes), disabled, or nothing

As CSV, times are seconds since 1970, UTC. A field that a spreadsheet would take for a formula, as
it begins with = + - or @, has an apostrophe before it; --json has every name as it is.

Exit codes:
  0  printed
  1  the command could not do its work, or a record cannot be read
  2  the command line, a file, the store or the keys cannot be used
  3  a host would refuse the plugin
  4  the plugin answered err for somebody
  5  the plugin trapped, used up its limits or broke the contract, and was stopped";
