//! `countersign events`.

mod tail;

use std::io::Write;

use clap::{Args, Subcommand};
use countersign_host::printable::{Printable, json_line};
use serde_json::{Value, json};

use self::tail::Tail;
use crate::database::{Access, StoreArgs, require_realm};
use crate::exit::Exit;
use crate::json::pretty;
use crate::status::now;
use crate::style::GOOD;
use crate::table::{Cell, Table};

/// The audit trail: what happened, who has read it how far, and what may go
///
/// It needs no keys: no secret stands in an event. It names users, so it is personal data.
#[derive(Args, Debug)]
pub(crate) struct Events {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Tail(Tail),
    Consumers(Consumers),
    Forget(Forget),
    Prune(Prune),
}

/// Says who reads the trail, and how far each has come
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Consumers {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Forgets who read the trail, so that events need not be kept for them
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Forget {
    /// The consumer's name
    name: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// Deletes old events that every consumer has had
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Prune {
    /// How many days to keep
    #[arg(long, value_name = "DAYS")]
    older_than: u32,
    #[command(flatten)]
    store: StoreArgs,
}

impl Events {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        match self.action {
            Action::Tail(tail) => tail.run(out).await,
            Action::Consumers(consumers) => consumers.run(out).await,
            Action::Forget(forget) => forget.run(out).await,
            Action::Prune(prune) => prune.run(out).await,
        }
    }
}

impl Consumers {
    async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let store = self.store.open(Access::Read).await?;
        let realm = self.store.realm();
        let consumers = store.consumers(realm).await?;
        let last = store.last_position(realm).await?;
        if self.json {
            let consumers: Vec<Value> = consumers
                .iter()
                .map(|(name, position)| {
                    let behind = last.saturating_sub(*position);
                    json!({ "name": name, "position": position, "behind": behind })
                })
                .collect();
            let json = json!({ "consumers": consumers, "last-position": last });
            writeln!(out, "{}", pretty(&json))?;
            return Ok(());
        }
        let mut table = Table::default();
        table.heading(["consumer", "position", "behind by at most"]);
        for (name, position) in &consumers {
            table.row([
                Cell::new(name),
                Cell::new(&position.to_string()),
                Cell::new(&last.saturating_sub(*position).to_string()),
            ]);
        }
        match consumers.is_empty() {
            true => writeln!(out, "nobody reads the trail as a consumer")?,
            false => table.write(out)?,
        }
        writeln!(out, "\nlast position: {last}")?;
        Ok(())
    }
}

impl Forget {
    async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let store = self.store.open(Access::Write).await?;
        let realm = self.store.realm();
        let consumers = store.consumers(realm).await?;
        let Some((name, position)) = consumers.into_iter().find(|it| it.0 == self.name) else {
            return Err(Exit::AnsweredNo(format!(
                "{}: no consumer has this name",
                self.name
            )));
        };
        store.forget_consumer(realm, &name).await?;
        let name = Printable(&name);
        writeln!(
            out,
            "{GOOD}forgotten{GOOD:#}: {name}, who was at position {position}"
        )?;
        Ok(())
    }
}

impl Prune {
    async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let store = self.store.open(Access::Write).await?;
        let age = u64::from(self.older_than).saturating_mul(DAY);
        let time = now()?.saturating_sub(age);
        let realm = self.store.realm();
        require_realm(&*store, realm).await?;
        let deleted = store.prune(realm, time).await?;
        writeln!(out, "{GOOD}deleted{GOOD:#}: {deleted} events")?;
        // The oldest that is left is younger, or waits for somebody.
        let oldest = store.events(realm, 0, 1).await?;
        if let Some(kept) = oldest.first().filter(|it| it.event.at < time) {
            for (name, position) in store.consumers(realm).await? {
                if position < kept.position {
                    writeln!(
                        out,
                        "older ones are kept for {}, who is at position {position}: see countersign events forget",
                        Printable(&name)
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// Writes an event as [`JsonLines`](countersign_host::sink::JsonLines) does, with its position.
fn line(it: &countersign_host::store::Trailed) -> String {
    let mut json = it.event.to_json();
    if let Value::Object(fields) = &mut json {
        fields.insert("position".to_owned(), it.position.into());
    }
    json_line(&json)
}

const DAY: u64 = 24 * 60 * 60;

const EXIT_CODES: &str = "\
Exit codes:
  0    it went well
  1    the command could not do its work
  2    the command line or the store cannot be used
  4    there is no such consumer
  130  Ctrl-C";
