//! `countersign copy`.

use std::io::Write;

use clap::Args;
use countersign_host::event::StampedEvent;
use countersign_host::keyring::UNFINISHED;
use countersign_host::store::{
    Change, Commit, CommitError, Content, Database, Key, KeyNotes, Kind, Listed, Trailed,
};

use crate::database::{Access, Address};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::status::now;
use crate::style::{BOLD, GOOD};
use crate::walk::Pages;

/// Copies a realm from one store to another: the way from SQLite to PostgreSQL, and back
///
/// Records, counters, events, and how far consumers have read them. Records go as they are sealed, so that it needs no
/// keys. Stop every gateway first: what is written meanwhile may be missing.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Copy {
    /// The store to copy: sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "COUNTERSIGN_STORE",
        hide_env_values = true
    )]
    from: Address,
    /// The store to copy to, in which the realm must have nothing
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "COUNTERSIGN_STORE_TO",
        hide_env_values = true
    )]
    to: Address,
    /// The realm; records are sealed for it, so it stays the same
    #[arg(
        long,
        value_name = "NAME",
        env = "COUNTERSIGN_REALM",
        default_value = "default",
        hide_env_values = true
    )]
    realm: String,
}

impl Copy {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        if self.from == self.to {
            return Err(Exit::Usage(
                "--to: expected another store than --from".to_owned(),
            ));
        }
        let from = self.from.open("--from", Access::Read).await?;
        let to = self.to.open("--to", Access::Create).await?;
        let copying = Copying {
            from: &*from,
            to: &*to,
            realm: &self.realm,
        };
        let copied = tokio::select! {
            copied = copying.all() => copied,
            _ = tokio::signal::ctrl_c() => Err(Exit::Interrupted),
        };
        if let Err(Exit::Fault(_) | Exit::Interrupted) = copied {
            anstream::eprintln!(
                "the copy is not whole: empty the store of --to before it is made again"
            );
        }
        let (records, events) = copied?;
        writeln!(
            out,
            "{GOOD}copied{GOOD:#}: {BOLD}{records}{BOLD:#} records and {BOLD}{events}{BOLD:#} events; start the \
             gateways with the new store, and keep the old one from being used"
        )?;
        Ok(())
    }
}

struct Copying<'a> {
    from: &'a dyn Database,
    to: &'a dyn Database,
    realm: &'a str,
}

impl Copying<'_> {
    /// Copies everything, and returns how many records and events.
    async fn all(&self) -> Result<(u64, u64), Exit> {
        let before = self.from.last_position(self.realm).await?;
        self.require_empty().await?;
        let notes = self.from.key_notes(self.realm).await?;
        if let Some(index) = notes.index {
            for sealing in notes.sealing {
                self.to.note_key(self.realm, index, sealing).await?;
            }
            // No gateway may serve half a copy: who is missing from it would count as never enrolled.
            let noted = self.to.note_key(self.realm, index, UNFINISHED).await?;
            if noted.index != Some(index) {
                return Err(Exit::AnsweredNo(NOT_EMPTY.to_owned()));
            }
        }
        let mut records = 0_u64;
        for kind in KINDS {
            records = records.saturating_add(self.kind(kind).await?);
        }
        let events = self.trail(before).await?;
        if self.from.last_position(self.realm).await? != before {
            return Err(Exit::Fault(
                "something was written to the store of --from meanwhile: stop every gateway"
                    .to_owned(),
            ));
        }
        // Tickets and counters may be collected meanwhile, each by its own store.
        for kind in [Kind::Policy, Kind::Account] {
            let there = self.to.count(self.realm, kind).await?;
            let here = self.from.count(self.realm, kind).await?;
            if there != here {
                return Err(Exit::Fault(format!(
                    "of kind {kind} there are {here} records in --from and {there} in --to"
                )));
            }
        }
        self.to.forget_key(self.realm, UNFINISHED).await?;
        Ok((records, events))
    }

    async fn require_empty(&self) -> Result<(), Exit> {
        let mut found = self.to.last_position(self.realm).await?;
        for kind in KINDS {
            found = found.max(self.to.count(self.realm, kind).await?);
        }
        let consumers = self.to.consumers(self.realm).await?;
        let notes = self.to.key_notes(self.realm).await?;
        match found == 0 && consumers.is_empty() && notes == KeyNotes::default() {
            true => Ok(()),
            false => Err(Exit::AnsweredNo(NOT_EMPTY.to_owned())),
        }
    }

    async fn kind(&self, kind: Kind) -> Result<u64, Exit> {
        let total = self.from.count(self.realm, kind).await.ok();
        let progress = Progress::of("records", total);
        let began = now()?;
        let mut pages = Pages::of(self.from, self.realm, kind);
        let mut copied = 0_u64;
        while let Some(page) = pages.next().await? {
            let live: Vec<Listed> = page.into_iter().filter(|it| !is_over(it, began)).collect();
            for some in live.chunks(TOGETHER) {
                let changes = some.iter().map(|it| self.change(kind, it)).collect();
                self.commit(Commit::new(now()?, changes)).await?;
                let count = u64::try_from(some.len()).unwrap_or(u64::MAX);
                copied = copied.saturating_add(count);
                progress.add(count);
            }
        }
        Ok(copied)
    }

    fn change(&self, kind: Kind, it: &Listed) -> Change {
        let key = Key {
            realm: self.realm.into(),
            record: kind.named(&it.name),
        };
        match &it.content {
            Content::Sealed(value) => Change::Put {
                key,
                expected: None,
                value: value.clone(),
                collectable_at: it.collectable_at,
            },
            Content::Count(amount) => Change::Add {
                key,
                amount: *amount,
                ceiling: u64::MAX,
                collectable_at: it.collectable_at.unwrap_or(u64::MAX),
            },
        }
    }

    /// Copies events up to a position. They get positions of their own, and consumers stand where they stood among them.
    async fn trail(&self, last: u64) -> Result<u64, Exit> {
        let mut consumers = self.from.consumers(self.realm).await?;
        consumers.sort_by_key(|(_, position)| *position);
        let progress = Progress::of("events", None);
        let (mut after, mut copied) = (0, 0_u64);
        let ends = consumers.iter().map(|it| it.1.min(last)).chain([last]);
        let mut waiting = consumers.iter();
        for end in ends {
            while after < end {
                let page = self.from.events(self.realm, after, TOGETHER).await?;
                let some: Vec<&Trailed> = page.iter().filter(|it| it.position <= end).collect();
                after = match (some.len() == page.len(), some.last()) {
                    (true, Some(it)) => it.position,
                    // The next one stands behind the end, or there is none.
                    _ => end,
                };
                let count = u64::try_from(some.len()).unwrap_or(u64::MAX);
                self.append(some.into_iter().map(|it| it.event.clone()).collect())
                    .await?;
                copied = copied.saturating_add(count);
                progress.add(count);
            }
            if let Some((name, _)) = waiting.next() {
                let position = self.to.last_position(self.realm).await?;
                self.to.move_consumer(self.realm, name, 0, position).await?;
            }
        }
        Ok(copied)
    }

    async fn append(&self, events: Vec<StampedEvent>) -> Result<(), Exit> {
        if events.is_empty() {
            return Ok(());
        }
        let mut commit = Commit::new(now()?, Vec::new());
        commit.events = events;
        self.commit(commit).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), Exit> {
        self.to.commit(commit).await.map_err(|error| match error {
            CommitError::Conflict => {
                Exit::Fault("somebody else writes to the store of --to".to_owned())
            }
            error => Exit::Fault(error.to_string()),
        })
    }
}

/// Says whether a record's time was over: a store may collect it while it is copied.
fn is_over(it: &Listed, now: u64) -> bool {
    it.collectable_at.is_some_and(|at| at < now)
}

const NOT_EMPTY: &str = "--to: expected a store without records, events and keys of the realm; nothing was copied. A copy that \
                         was not finished, or a gateway that was started too early, leaves some: begin with a new file or database";

const KINDS: [Kind; 4] = [Kind::Policy, Kind::Account, Kind::Tickets, Kind::Quota];

/// Records or events in one commit.
const TOGETHER: usize = 200;

const EXIT_CODES: &str = "\
Exit codes:
  0    everything was copied, and counted in both stores
  1    the copy is not whole; empty the store of --to before it is made again
  2    the command line or a store cannot be used
  4    the realm has records in the store of --to already; nothing was copied
  130  Ctrl-C; the copy is not whole";
