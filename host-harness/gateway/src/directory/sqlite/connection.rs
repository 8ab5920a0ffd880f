//! Connections, each lent to one piece of work at a time.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::super::DirectoryError;
use super::file::{Place, connect, describe};
use super::{TIME, TURN};

/// What went wrong with a piece of work.
pub(super) enum Failed {
    Sqlite(rusqlite::Error),
    /// It was looked at, and is not to be.
    Refused(DirectoryError),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<DirectoryError> for Failed {
    fn from(error: DirectoryError) -> Self {
        Self::Refused(error)
    }
}

impl From<Failed> for DirectoryError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Sqlite(error) => Self::Unavailable(describe(&error)),
            Failed::Refused(error) => error,
        }
    }
}

/// One connection, and whose turn it is.
#[derive(Clone)]
pub(super) struct Desk {
    /// None for a database in memory, which is gone with its connection.
    place: Option<Place>,
    turn: Arc<Semaphore>,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Desk {
    pub(super) fn new(place: Option<Place>, connection: Option<Connection>) -> Self {
        Self {
            place,
            turn: Arc::new(Semaphore::new(1)),
            connection: Arc::new(Mutex::new(connection)),
        }
    }

    /// Does some work in one transaction, in a thread that may block; whole or not at all.
    pub(super) async fn transact<T: Send + 'static>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, DirectoryError> {
        let turn = timeout(TURN, self.turn.clone().acquire_owned()).await;
        let turn = match turn {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => return Err(unavailable("it was closed")),
            Err(_) => return Err(unavailable("too many wait for the file")),
        };
        let desk = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Given back when the work is done, also where nobody waits for it any more.
            let _turn = turn;
            desk.work(behavior, work)
        });
        match timeout(TIME, done).await {
            Ok(Ok(done)) => Ok(done?),
            Ok(Err(_)) => Err(unavailable("the work on the file did not finish")),
            Err(_) => Err(unavailable("the file did not answer in time")),
        }
    }

    /// Lends the connection no more, waits for whoever has it, and leaves the file whole: nothing lies in the `-wal`
    /// beside it, which the last process to leave removes.
    pub(super) async fn close(&self) -> Result<(), DirectoryError> {
        let turn = timeout(TIME, self.turn.clone().acquire_owned()).await;
        self.turn.close();
        let turn = match turn {
            Ok(Ok(turn)) => turn,
            // It was closed before.
            Ok(Err(_)) => return Ok(()),
            Err(_) => return Err(unavailable("somebody still works on the file")),
        };
        let desk = self.clone();
        let left = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            desk.leave()
        });
        match left.await {
            Ok(left) => Ok(left?),
            Err(_) => Err(unavailable("the work on the file did not finish")),
        }
    }

    fn leave(&self) -> Result<(), Failed> {
        let kept = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let connection = match (kept, &self.place) {
            (Some(connection), _) => connection,
            (None, Some(place)) if place.is_same() => connect(place.path())?,
            (None, _) => return Ok(()),
        };
        // It says so itself, and is no failure, where another process reads meanwhile: that one is not the last.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(())
    }

    fn work<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        self.require_same()?;
        let mut kept = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let connection = match (kept.take(), &self.place) {
            (Some(connection), _) => connection,
            (None, Some(place)) => connect(place.path())?,
            (None, None) => return Err(unavailable("the database in memory is gone").into()),
        };
        let done = self.transaction(&connection, behavior, work);
        let is_clear = connection.is_autocommit() && !matches!(done, Err(Failed::Sqlite(_)));
        // After a failure a new connection looks anew at what is there; in memory there is no other.
        if is_clear || self.place.is_none() {
            *kept = Some(connection);
        }
        done
    }

    fn transaction<T>(
        &self,
        connection: &Connection,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let transaction = Transaction::new_unchecked(connection, behavior)?;
        let done = work(&transaction)?;
        // Waiting for the turn may have taken long enough for somebody to put another file in place.
        self.require_same()?;
        transaction.commit()?;
        Ok(done)
    }

    fn require_same(&self) -> Result<(), Failed> {
        match self.place.as_ref().is_none_or(Place::is_same) {
            true => Ok(()),
            false => {
                let why = "the file was moved away or replaced; open the directory again";
                Err(unavailable(why).into())
            }
        }
    }
}

fn unavailable(why: &str) -> DirectoryError {
    DirectoryError::Unavailable(why.to_owned())
}
