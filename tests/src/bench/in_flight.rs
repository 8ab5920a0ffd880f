//! B-9, the memory of calls in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countersign_host::store::{Commit, CommitError, Key, Stored, Unavailable};
use countersign_host::{Plugin, Store};
use tokio::task::JoinSet;

use super::crowd::resident;
use super::people::{Gateway, Trouble};
use super::{Table, runtime};

/// A store that never answers, and counts who waits.
#[derive(Clone, Default)]
struct Silent(Arc<AtomicUsize>);

/// Lets calls wait for a store that does not answer, and weighs this process before and meanwhile.
pub(super) fn measure(plugin: &Plugin, table: &mut Table) -> Result<(), Trouble> {
    let store = Silent::default();
    let gateway = Gateway::on(plugin, store.clone())?;
    runtime(2)?.block_on(async {
        let Some(before) = resident() else {
            table.missing("B-9", "memory: this system does not say");
            return Ok(());
        };
        let mut calls = JoinSet::new();
        for user in 0..CALLS {
            let gateway = gateway.clone();
            calls.spawn(async move { gateway.begin([user], 1).await });
        }
        while store.0.load(Ordering::Relaxed) < CALLS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let each = resident().unwrap_or(before).saturating_sub(before) / CALLS;
        table.size(("B-9", "a call in flight, of 200"), each, 512 * 1_024);
        Ok(())
    })
}

#[async_trait]
impl Store for Silent {
    async fn get(&self, _: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::future::pending().await
    }

    async fn commit(&self, _: Commit) -> Result<(), CommitError> {
        std::future::pending().await
    }
}

/// Fewer than a host lets run at once.
const CALLS: usize = 200;
