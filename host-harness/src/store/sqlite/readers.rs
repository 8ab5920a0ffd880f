//! Connections that read, lent to one reader at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection::{Access, connect, unavailable};
use super::place::Place;
use crate::store::Unavailable;

/// A few connections that read, beside one another and beside the one that writes.
#[derive(Clone)]
pub(super) struct Readers(Arc<Shared>);

struct Shared {
    place: Place,
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(place: Place) -> Self {
        Self(Arc::new(Shared {
            place,
            idle: Mutex::default(),
            turns: Arc::new(Semaphore::new(READERS)),
        }))
    }

    /// Reads in one transaction, which sees the state of one moment: all that was committed before this was called.
    ///
    /// It takes a thread in which it may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let gone = |_| Unavailable("it was closed".to_owned());
        let turn = self.0.turns.clone().acquire_owned().await.map_err(gone)?;
        let shared = self.0.clone();
        let read = tokio::task::spawn_blocking(move || {
            // Given back when the work is done, also where nobody waits for it any more.
            let _turn = turn;
            shared.read(work)
        });
        read.await
            .unwrap_or_else(|_| Err(Unavailable("the file was not read".to_owned())))
    }

    /// Lends no connection any more, waits until none is lent, and closes them.
    pub(super) async fn end(&self) {
        let all = self.0.turns.acquire_many(ALL);
        // Whoever reads for longer closes its connection itself.
        let _all = tokio::time::timeout(LAST_READ, all).await;
        self.0.turns.close();
        self.close();
    }

    /// Closes the connections that nobody reads with.
    pub(super) fn close(&self) {
        let idle = std::mem::take(&mut *self.0.idle());
        drop(idle);
    }
}

impl Shared {
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Unavailable> {
        self.place.check()?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => Ok(connection),
            None => connect(self.place.path(), Access::Read),
        };
        let read = connection.and_then(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let found = work(&transaction)?;
            transaction.commit()?;
            Ok((found, connection))
        });
        // One that failed is given up.
        let (found, connection) = read.map_err(|error| unavailable(&error))?;
        let mut idle = self.idle();
        if !self.turns.is_closed() {
            idle.push(connection);
        }
        Ok(found)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // Nothing that holds it can panic half way.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads that run at once: each takes microseconds, or a page of a list.
const READERS: usize = 8;

/// As many, as a semaphore counts them.
const ALL: u32 = 8;

/// How long a read may take that was begun before the end.
const LAST_READ: Duration = Duration::from_millis(500);
