//! `countersign events tail`.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use countersign_host::store::{Database, Trailed, Unavailable};

use super::{EXIT_CODES, line};
use crate::database::{Access, StoreArgs};
use crate::exit::Exit;

/// Prints events, one line of JSON each
///
/// The form is that of the sink `JsonLines`, with the event's position: give the last one to --after to go on there. To
/// miss nothing across crashes, read as a consumer instead (`sink` of countersign-host).
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Tail {
    /// Go on with what comes, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Begin after this position; 0 is before all. Without it, the last events
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    /// Print at most so many; without it, 10 of the last, or all after a position
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    #[command(flatten)]
    store: StoreArgs,
}

impl Tail {
    pub(super) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let store = self.store.open(Access::Read).await?;
        tokio::select! {
            told = self.tell(&*store, out) => told,
            _ = tokio::signal::ctrl_c() => Err(Exit::Interrupted),
        }
    }

    async fn tell(&self, store: &dyn Database, out: &mut dyn Write) -> Result<(), Exit> {
        let realm = self.store.realm();
        let mut after = match self.after {
            Some(after) => after,
            None => {
                let last = last_of(store, realm, self.limit.unwrap_or(LAST)).await?;
                for it in &last {
                    writeln!(out, "{}", line(it))?;
                }
                out.flush()?;
                match last.last() {
                    _ if !self.follow => return Ok(()),
                    Some(it) => it.position,
                    None => store.last_position(realm).await?,
                }
            }
        };
        let mut left = match (self.after, self.limit) {
            (Some(_), Some(limit)) => limit,
            _ => u64::MAX,
        };
        while left > 0 {
            let page = usize::try_from(left).unwrap_or(PAGE).min(PAGE);
            let events = store.events(realm, after, page).await?;
            for it in &events {
                writeln!(out, "{}", line(it))?;
                after = it.position;
                left = left.saturating_sub(1);
            }
            out.flush()?;
            match events.len() < page {
                true if self.follow => tokio::time::sleep(PAUSE).await,
                true => break,
                false => {}
            }
        }
        Ok(())
    }
}

/// Finds the last events. Positions have gaps, so it looks further back until there are enough.
async fn last_of(
    store: &dyn Database,
    realm: &str,
    count: u64,
) -> Result<Vec<Trailed>, Unavailable> {
    let last = store.last_position(realm).await?;
    let mut back = count;
    loop {
        let after = last.saturating_sub(back);
        let mut events = Vec::new();
        let mut at = after;
        loop {
            let page = store.events(realm, at, PAGE).await?;
            let is_last = page.len() < PAGE;
            at = page.last().map_or(at, |it| it.position);
            events.extend(page);
            // What is written meanwhile would keep it here.
            if is_last || at >= last {
                break;
            }
        }
        let found = u64::try_from(events.len()).unwrap_or(u64::MAX);
        if after == 0 || found >= count {
            let surplus = usize::try_from(found.saturating_sub(count)).unwrap_or(usize::MAX);
            return Ok(events.into_iter().skip(surplus).collect());
        }
        back = back.saturating_mul(4);
    }
}

/// Events that are printed unless told otherwise.
const LAST: u64 = 10;

/// Events read at once.
const PAGE: usize = 500;

/// How often to look for what came.
const PAUSE: Duration = Duration::from_millis(500);
