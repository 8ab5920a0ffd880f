//! `countersign store`.

use std::io::Write;

use clap::Args;
use countersign_host::store::Kind;
use serde_json::json;

use crate::database::{Access, StoreArgs};
use crate::exit::Exit;
use crate::json::pretty;
use crate::table::{Cell, Table};

/// Says what a store holds of a realm: how many records of each kind, events, consumers, keys
///
/// It opens no record, and needs no keys.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Overview {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

impl Overview {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let store = self.store.open(Access::Read).await?;
        let realm = self.store.realm();
        let mut counts = Vec::new();
        for (kind, words) in KINDS {
            counts.push((kind, words, store.count(realm, kind).await?));
        }
        let last = store.last_position(realm).await?;
        let consumers = store.consumers(realm).await?;
        let notes = store.key_notes(realm).await?;
        let id = |id: u32| format!("{id:08x}");
        let sealing: Vec<String> = notes.sealing.iter().copied().map(id).collect();
        if self.json {
            let records = counts
                .iter()
                .map(|(kind, _, count)| (kind.as_str(), *count));
            let records: std::collections::BTreeMap<&str, u64> = records.collect();
            let json = json!({
                "realm": realm,
                "records": records,
                "last-position": last,
                "consumers": consumers.len(),
                "keys": { "sealing": sealing, "index": notes.index.map(id) },
            });
            writeln!(out, "{}", pretty(&json))?;
            return Ok(());
        }
        let mut table = Table::default();
        let mut row = |name: &str, value: &str| table.row([Cell::new(name), Cell::new(value)]);
        row("realm", realm);
        for (_, words, count) in &counts {
            row(words, &count.to_string());
        }
        row("last position of events", &last.to_string());
        row("consumers of events", &consumers.len().to_string());
        let none = || "none".to_owned();
        row(
            "records may be sealed with",
            &match sealing.is_empty() {
                true => none(),
                false => sealing.join(", "),
            },
        );
        row(
            "counters are named under",
            &notes.index.map_or_else(none, id),
        );
        table.write(out)?;
        Ok(())
    }
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::Account, "users with a record"),
    (Kind::Tickets, "users with tickets"),
    (Kind::Policy, "policies"),
    (Kind::Quota, "counters"),
];

const EXIT_CODES: &str = "\
Exit codes:
  0  printed
  1  the store does not answer
  2  the command line or the store cannot be used";
