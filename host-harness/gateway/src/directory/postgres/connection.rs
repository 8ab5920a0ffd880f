//! Connections, and what goes wrong with them.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use countersign_host::store::{PostgresOptions, Unavailable, postgres_pool};
use deadpool_postgres::{Client, Object, Pool, PoolError};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::super::{DirectoryError, OpenError};

pub(super) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// Connections to one server, made as those of the plugin's store are.
#[derive(Clone)]
pub(super) struct Server {
    pool: Pool,
    time: Duration,
}

impl Server {
    pub(super) fn new(address: &str) -> Result<Self, OpenError> {
        let options = PostgresOptions::default();
        Ok(Self {
            pool: postgres_pool(address, &options)?,
            time: options.time,
        })
    }

    pub(super) async fn session(&self) -> Result<Session, Failed> {
        Ok(Session {
            client: Some(self.pool.get().await?),
            is_idle: AtomicBool::new(true),
        })
    }

    /// Gives no connection any more.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Ends what takes too long.
    pub(super) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, DirectoryError> {
        match tokio::time::timeout(self.time, work).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(DirectoryError::Unavailable(
                "the database did not answer in time".to_owned(),
            )),
        }
    }

    /// Runs a statement that reads. Of a connection that was dead for long nobody knew; reading twice does no harm.
    pub(super) async fn read(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, DirectoryError> {
        self.within(async {
            match self.query(statement, parameters).await {
                Err(Failed::Database(error)) if is_closed(&error) => {
                    self.query(statement, parameters).await
                }
                answer => answer,
            }
        })
        .await
    }

    /// Runs a statement that writes, which is a transaction.
    pub(super) async fn write(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, DirectoryError> {
        self.within(self.query(statement, parameters)).await
    }

    async fn query(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failed> {
        self.session().await?.query(statement, parameters).await
    }
}

/// A connection in use. One that is dropped in the middle of a statement or transaction is thrown away: nobody knows
/// what would come as the answer to the next.
pub(super) struct Session {
    client: Option<Client>,
    is_idle: AtomicBool,
}

impl Session {
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failed> {
        let client = self.client()?;
        let was_idle = self.is_idle.swap(false, Relaxed);
        let answer = async {
            let statement = client.prepare_cached(statement).await?;
            client.query(&statement, parameters).await
        }
        .await;
        self.settle(was_idle, answer)
    }

    /// Runs statements without parameters, and without an answer.
    pub(super) async fn run(&self, statements: &str) -> Result<(), Failed> {
        let was_idle = self.is_idle.swap(false, Relaxed);
        let answer = self.client()?.batch_execute(statements).await;
        self.settle(was_idle, answer)
    }

    /// Begins a transaction. Until [`commit`](Self::commit), to drop this is to undo it.
    pub(super) async fn begin(&self) -> Result<(), Failed> {
        self.run("BEGIN").await?;
        self.is_idle.store(false, Relaxed);
        Ok(())
    }

    /// Ends a transaction, all of which then is on the disk.
    pub(super) async fn commit(&self) -> Result<(), Failed> {
        self.client()?.batch_execute("COMMIT").await?;
        self.is_idle.store(true, Relaxed);
        Ok(())
    }

    /// Undoes a transaction, of which the connection may be used again.
    pub(super) async fn roll_back(&self) -> Result<(), Failed> {
        self.client()?.batch_execute("ROLLBACK").await?;
        self.is_idle.store(true, Relaxed);
        Ok(())
    }

    /// Ends a transaction in which something was found: commits what went well, undoes the rest, and returns it.
    pub(super) async fn end<T>(&self, done: Result<T, Failed>) -> Result<T, Failed> {
        match done {
            Ok(_) => self.commit().await?,
            Err(Failed::Refused(_)) => self.roll_back().await?,
            Err(_) => {}
        }
        done
    }

    fn settle<T>(&self, was_idle: bool, answer: Result<T, Error>) -> Result<T, Failed> {
        // What the server refuses leaves the connection as it was.
        let is_whole = match &answer {
            Ok(_) => true,
            Err(error) => error.as_db_error().is_some(),
        };
        self.is_idle.store(was_idle && is_whole, Relaxed);
        Ok(answer?)
    }

    fn client(&self) -> Result<&Client, Failed> {
        let gone = || Unavailable("the connection is gone".to_owned());
        Ok(self.client.as_ref().ok_or_else(gone)?)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !*self.is_idle.get_mut() {
            self.client.take().map(Object::take);
        }
    }
}

/// What went wrong.
pub(super) enum Failed {
    Database(Error),
    Unavailable(Unavailable),
    /// It was looked at, and is not to be.
    Refused(DirectoryError),
}

impl Failed {
    pub(super) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(state))
    }

    /// Returns the constraint that something would have broken.
    pub(super) fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(error) => error.as_db_error()?.constraint(),
            _ => None,
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<PoolError> for Failed {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Database(error),
            error => Self::Unavailable(error.into()),
        }
    }
}

impl From<Unavailable> for Failed {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<DirectoryError> for Failed {
    fn from(error: DirectoryError) -> Self {
        Self::Refused(error)
    }
}

impl From<Failed> for Unavailable {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Database(error) => error.into(),
            Failed::Unavailable(error) => error,
            Failed::Refused(error) => Self(error.to_string()),
        }
    }
}

impl From<Failed> for DirectoryError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(error) => error,
            failed => Self::Unavailable(Unavailable::from(failed).0),
        }
    }
}

fn is_closed(error: &Error) -> bool {
    error.is_closed() || error.code() == Some(&SqlState::ADMIN_SHUTDOWN)
}
