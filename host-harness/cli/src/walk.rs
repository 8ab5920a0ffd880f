//! Everybody in a store, a page at a time, so that a million of them take no more memory than a page.

use std::future::Future;

use countersign_host::store::{Database, Kind, Listed};
use tokio::task::JoinSet;

use crate::exit::Exit;

/// The records of a kind, in the order of their names.
pub(crate) struct Pages<'a> {
    store: &'a dyn Database,
    realm: &'a str,
    kind: Kind,
    after: Option<String>,
    is_done: bool,
}

impl<'a> Pages<'a> {
    pub(crate) fn of(store: &'a dyn Database, realm: &'a str, kind: Kind) -> Self {
        Self {
            store,
            realm,
            kind,
            after: None,
            is_done: false,
        }
    }

    /// Reads the next page; none after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Listed>>, Exit> {
        if self.is_done {
            return Ok(None);
        }
        let listed = self
            .store
            .list(self.realm, self.kind, self.after.as_deref(), PAGE)
            .await?;
        // A short page need not be the last: a store may hold back on how much it lists at once.
        self.is_done = listed.is_empty();
        self.after = listed.last().map(|it| it.name.clone());
        Ok((!listed.is_empty()).then_some(listed))
    }

    /// Reads the next page of names; none after the last.
    pub(crate) async fn next_names(&mut self) -> Result<Option<Vec<String>>, Exit> {
        let page = self.next().await?;
        Ok(page.map(|page| page.into_iter().map(|it| it.name).collect()))
    }
}

/// Does some work for each item, for several at once, and returns what came of each in their order.
pub(crate) async fn together<T, R, F>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> F,
) -> Vec<R>
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let mut waiting = items.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut done: Vec<(usize, R)> = Vec::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((place, item)) = waiting.next()
        {
            let work = work(item);
            running.spawn(async move { (place, work.await) });
        }
        match running.join_next().await {
            Some(Ok(it)) => done.push(it),
            Some(Err(stopped)) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is ending, and this future with it.
                Err(_) => continue,
            },
            None => break,
        }
    }
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, it)| it).collect()
}

/// Records read at once: half a megabyte of accounts.
const PAGE: usize = 1000;

/// Calls at once: enough for a store to write many commits to the disk together, and a quarter of what a plugin takes.
const AT_ONCE: usize = 64;
