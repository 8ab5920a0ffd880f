//! Connections, their time-outs, and the clock at the other end.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Object, PoolError, QueueMode, RecyclingMethod,
    Runtime, TimeoutType, Timeouts,
};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, SimpleQueryMessage};

use super::super::{CommitError, OpenError, Unavailable};
use super::PostgresOptions;
use super::address::Address;
use super::commit::Statement;

pub(super) type Parameter<'a> = &'a (dyn ToSql + Sync);

pub(super) struct Pool {
    pool: deadpool_postgres::Pool,
    options: PostgresOptions,
    /// When the clocks were last found to agree; none if they were not.
    agreed: Mutex<Option<Instant>>,
    /// Commits that were made, and one.
    pub(super) commits: AtomicU64,
}

/// Makes a pool whose connections are all set up as a store needs them.
pub(super) fn pool(
    address: &str,
    options: &PostgresOptions,
) -> Result<deadpool_postgres::Pool, OpenError> {
    let (mut config, tls) = Address::parse(address)?.into_parts();
    // Of two settings of one name the later holds, and what this store counts on must.
    let settings = match config.get_options() {
        Some(own) => format!("{own} {SETTINGS}"),
        None => SETTINGS.to_owned(),
    };
    config
        .application_name("countersign")
        .connect_timeout(CONNECT_TIME)
        .target_session_attrs(tokio_postgres::config::TargetSessionAttrs::ReadWrite)
        .options(settings);
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(config, tls, recycling);
    deadpool_postgres::Pool::builder(manager)
        .max_size(options.connections)
        // The one used last, whose process at the other end is still at hand.
        .queue_mode(QueueMode::Lifo)
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move {
                for setting in PLANS {
                    // An engine that has no such setting needs none.
                    let set = client.batch_execute(setting).await;
                    if let Err(error) = set
                        && error.as_db_error().is_none()
                    {
                        return Err(HookError::Backend(error));
                    }
                }
                require_durable(client).await
            })
        }))
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: Some(options.time),
            create: Some(options.time),
            recycle: Some(options.time),
        })
        .build()
        .map_err(|_| OpenError::Unusable("the pool cannot be made".to_owned()))
}

impl Pool {
    pub(super) fn new(address: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        Ok(Self {
            pool: pool(address, &options)?,
            options,
            agreed: Mutex::new(None),
            commits: AtomicU64::new(1),
        })
    }

    pub(super) async fn session(&self) -> Result<Session, Failed> {
        let client = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => Failed::Database(error),
            error => Unavailable::from(error).into(),
        })?;
        Ok(Session {
            client: Some(client),
            is_idle: true.into(),
        })
    }

    /// Gives no connection any more.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Ends what takes too long.
    pub(super) async fn within<T, E: From<Unavailable>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match tokio::time::timeout(self.options.time, work).await {
            Ok(answer) => answer,
            Err(_) => Err(Unavailable("the database did not answer in time".to_owned()).into()),
        }
    }

    pub(super) fn now(&self) -> Result<u64, Unavailable> {
        let unknown = |_| Unavailable("this machine's time is not known".to_owned());
        self.options.clock.now().map_err(unknown)
    }

    /// Compares the clocks: the database's was read after this machine's was `before`.
    pub(super) fn compare(&self, before: u64, database: i64) -> Result<(), Unavailable> {
        let after = self.now()?;
        let database = super::unsigned(database)?;
        // Which of the two is nearer does not matter more than the time that lay between.
        let ahead = before.saturating_sub(database);
        let behind = database.saturating_sub(after);
        let agrees = ahead.max(behind) <= self.options.tolerance;
        let mut agreed = self.agreed.lock().unwrap_or_else(PoisonError::into_inner);
        *agreed = agrees.then(Instant::now);
        match agrees {
            true => Ok(()),
            false if ahead > 0 => Err(Unavailable(format!(
                "this machine's clock is {ahead} s ahead of the database's"
            ))),
            false => Err(Unavailable(format!(
                "this machine's clock is {behind} s behind the database's"
            ))),
        }
    }

    /// Compares the clocks unless that was done lately.
    pub(super) async fn check_clock(&self, session: &Session) -> Result<(), Failed> {
        let agreed = *self.agreed.lock().unwrap_or_else(PoisonError::into_inner);
        if agreed.is_some_and(|at| at.elapsed() < CLOCK_HOLDS) {
            return Ok(());
        }
        let before = self.now()?;
        let rows = session.query(CLOCK, &[]).await?;
        let row = rows.first().ok_or(Unavailable("no time".to_owned()))?;
        Ok(self.compare(before, row.try_get(0)?)?)
    }
}

/// Makes sure that a commit is on the disk before it is answered: what lies between may have taken our settings away, as
/// poolers of connections do.
async fn require_durable(client: &tokio_postgres::Client) -> Result<(), HookError> {
    let shown = client.simple_query("SHOW synchronous_commit").await;
    let is_off = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => matches!(row.get(0), Some("off" | "false")),
        _ => false,
    };
    match shown {
        Ok(shown) if shown.iter().any(is_off) => Err(HookError::message(
            "synchronous_commit is off on this connection, though it was asked to be on",
        )),
        Ok(_) => Ok(()),
        // An engine that has no such setting does not put it off.
        Err(error) if error.as_db_error().is_some() => Ok(()),
        Err(error) => Err(HookError::Backend(error)),
    }
}

/// A connection in use. One that is dropped in the middle of a statement is thrown away: nobody knows what would come
/// as the answer to the next.
pub(super) struct Session {
    client: Option<Client>,
    is_idle: std::sync::atomic::AtomicBool,
}

impl Session {
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failed> {
        self.busy(async |client| {
            let statement = client.prepare_cached(statement).await?;
            client.query(&statement, parameters).await
        })
        .await
    }

    /// Runs the statement of a commit.
    pub(super) async fn commit(&self, statement: &Statement<'_>) -> Result<(), Failed> {
        let Statement {
            text, parameters, ..
        } = statement;
        self.busy(async |client| {
            let prepared = match statement.is_common {
                true => client.prepare_cached(text).await?,
                false => client.prepare(text).await?,
            };
            client.query(&prepared, parameters).await
        })
        .await
        .map(drop)
    }

    /// Runs statements without parameters, and without an answer.
    pub(super) async fn run(&self, statements: &str) -> Result<(), Failed> {
        self.busy(async |client| client.batch_execute(statements).await)
            .await
    }

    async fn busy<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Failed> {
        use std::sync::atomic::Ordering::Relaxed;
        let gone = || Unavailable("the connection is gone".to_owned());
        let client = self.client.as_ref().ok_or_else(gone)?;
        self.is_idle.store(false, Relaxed);
        let answer = work(client).await;
        // What the server refuses leaves the connection as it was.
        let is_whole = match &answer {
            Ok(_) => true,
            Err(error) => error.as_db_error().is_some(),
        };
        self.is_idle.store(is_whole, Relaxed);
        Ok(answer?)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !*self.is_idle.get_mut() {
            self.client.take().map(Object::take);
        }
    }
}

/// What went wrong with a statement.
pub(super) enum Failed {
    Database(Error),
    Unavailable(Unavailable),
}

impl Failed {
    pub(super) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(state))
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Database(error)
            if error.is_closed() || error.code() == Some(&SqlState::ADMIN_SHUTDOWN))
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<Unavailable> for Failed {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<Failed> for Unavailable {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unavailable(error) => error,
            Failed::Database(error) => error.into(),
        }
    }
}

impl From<Error> for Unavailable {
    /// Says what the server's code says, and nothing of its text: that may have names and values.
    fn from(error: Error) -> Self {
        Self(match error.code() {
            Some(state) => format!("the database refused, SQLSTATE {}", state.code()),
            None if is_distrust(&error) => {
                "the database's certificate is not trusted, or not for this name".to_owned()
            }
            None => "the connection to the database failed".to_owned(),
        })
    }
}

impl From<PoolError> for Unavailable {
    /// Says why there is no connection, and nothing of the address.
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => {
                Self("no connection became free in time".to_owned())
            }
            PoolError::Backend(error) => error.into(),
            PoolError::PostCreateHook(HookError::Backend(error)) => error.into(),
            PoolError::PostCreateHook(HookError::Message(why)) => Self(why.into_owned()),
            _ => Self("no connection in time".to_owned()),
        }
    }
}

impl From<Failed> for CommitError {
    fn from(failed: Failed) -> Self {
        Self::Unavailable(failed.into())
    }
}

/// Says whether it failed at the certificate, so that an operator need not guess.
fn is_distrust(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    let error = source
        .and_then(|it| it.downcast_ref::<std::io::Error>())
        .and_then(std::io::Error::get_ref)
        .and_then(|it| it.downcast_ref::<rustls::Error>());
    matches!(error, Some(rustls::Error::InvalidCertificate(_)))
}

const CLOCK: &str = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint";

/// In milliseconds, below the time of a whole commit. A deadlock is found after one second.
const SETTINGS: &str = "-c statement_timeout=1500 -c lock_timeout=1300 \
    -c idle_in_transaction_session_timeout=5000 -c synchronous_commit=on \
    -c default_transaction_isolation=read\\ committed";

/// Statements are few and all go by an index, whatever the tables hold: they are planned once a connection, and never
/// anew for other values or after the tables have grown.
const PLANS: [&str; 3] = [
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET jit = off",
];

const CONNECT_TIME: Duration = Duration::from_millis(1_500);

const CLOCK_HOLDS: Duration = Duration::from_secs(60);
