//! A store on a PostgreSQL server, for many gateways.

mod address;
mod commit;
mod inventory;
mod schema;
mod session;
mod trail;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::error::SqlState;

use self::commit::Parts;
use self::session::{Pool, Session};
use super::{
    Change, Commit, CommitError, Content, Key, Kind, OpenError, Store, Stored, Unavailable,
};
use crate::clock::{Clock, SystemClock};

/// A store on a PostgreSQL server; its clones share their connections.
///
/// A get is one statement, and so is a commit. It connects again by itself after the server was away; a commit whose
/// fate is not known is `Unavailable` and never sent again. While this machine's clock is more than
/// [`tolerance`](PostgresOptions::tolerance) off the database's, it serves nothing. What is collectable is collected
/// beside the commits, a piece at a time.
///
/// # Security
///
/// The connection to any host but this one is encrypted, and the server's name verified, unless the address says
/// `sslmode=disable`. No error repeats the address.
#[derive(Clone)]
pub struct PostgresStore {
    pool: Arc<Pool>,
}

/// How a [`PostgresStore`] is to be opened. Start from the default and change fields.
#[derive(Clone)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// Connections at most; 16.
    pub connections: usize,
    /// Time for one get or commit, waiting for a connection included; 1.8 s, so that it ends before the host's own
    /// [`store_time`](crate::Limits::store_time).
    pub time: Duration,
    /// What is compared with the database's clock; the system's.
    pub clock: Arc<dyn Clock>,
    /// By how many seconds it may differ; 5.
    pub tolerance: u64,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections: 16,
            time: Duration::from_millis(1_800),
            clock: Arc::new(SystemClock),
            tolerance: 5,
        }
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("connections", &self.connections)
            .field("time", &self.time)
            .field("tolerance", &self.tolerance)
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects, and makes the tables that are not there yet.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; it repeats no part of the address.
    pub async fn connect(address: &str) -> Result<Self, OpenError> {
        Self::connect_with(address, PostgresOptions::default()).await
    }

    /// Connects with options, and makes the tables that are not there yet.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; it repeats no part of the address.
    pub async fn connect_with(address: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        let pool = Arc::new(Pool::new(address, options)?);
        schema::migrate(&pool).await?;
        Ok(Self { pool })
    }

    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, session::Failed> {
        let names = Names::of(keys.iter());
        let session = self.pool.session().await?;
        let before = self.pool.now()?;
        let rows = session
            .query(GET, &[&names.realms, &names.kinds, &names.names])
            .await?;
        let mut found = Vec::with_capacity(keys.len());
        for row in &rows {
            let clock: i64 = row.try_get(4)?;
            self.pool.compare(before, clock)?;
            let value: Option<Vec<u8>> = row.try_get(0)?;
            let count: Option<i64> = row.try_get(2)?;
            found.push(match (value, count) {
                (Some(value), _) => Some(Stored {
                    content: Content::Sealed(value),
                    version: unsigned(row.try_get(1)?)?,
                }),
                (None, Some(count)) => Some(Stored {
                    content: Content::Count(unsigned(count)?),
                    version: unsigned(row.try_get(3)?)?,
                }),
                (None, None) => None,
            });
        }
        Ok(found)
    }

    /// Collects a piece after every so many commits, so that nobody has to. No caller waits for it.
    fn tend(&self, now: u64) {
        let commits = self.pool.commits.fetch_add(1, Ordering::Relaxed);
        if commits.is_multiple_of(COMMITS_A_PIECE) {
            let store = self.clone();
            tokio::spawn(async move {
                // What cannot be collected now is collected later.
                let _ = store.collect_some(now).await;
            });
        }
    }

    async fn write(&self, commit: &Commit) -> Result<(), CommitError> {
        let parts = Parts::of(commit)?;
        let Some(statement) = parts.statement() else {
            return Ok(());
        };
        let session = self.pool.session().await?;
        self.pool.check_clock(&session).await?;
        for _ in 0..TRIES {
            match session.commit(&statement).await {
                Ok(()) => return Ok(()),
                // The statement fails itself so if any part of it could not be done.
                Err(failed) if failed.is(&SqlState::DIVISION_BY_ZERO) => {
                    if let Some(reason) = self.reason(&session, commit).await? {
                        return Err(reason);
                    }
                }
                // Nothing was done, because others were at work; that says nothing of what is there.
                Err(failed)
                    if failed.is(&SqlState::T_R_DEADLOCK_DETECTED)
                        || failed.is(&SqlState::T_R_SERIALIZATION_FAILURE) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(Unavailable("others were at work each time".to_owned()).into())
    }

    /// Looks why a commit was not made. None if nothing is in its way any more, since others have gone on.
    async fn reason(
        &self,
        session: &Session,
        commit: &Commit,
    ) -> Result<Option<CommitError>, session::Failed> {
        let names = Names::of(commit.changes.iter().map(Change::key));
        let rows = session
            .query(GET, &[&names.realms, &names.kinds, &names.names])
            .await?;
        let mut full = None;
        for (index, (change, row)) in commit.changes.iter().zip(&rows).enumerate() {
            match change {
                Change::Put { expected, .. }
                | Change::Delete { expected, .. }
                | Change::Check { expected, .. } => {
                    let is_counter = change.key().record.kind() == Kind::Quota;
                    let version: Option<i64> = row.try_get(if is_counter { 3 } else { 1 })?;
                    if version.map(unsigned).transpose()? != *expected {
                        return Ok(Some(CommitError::Conflict));
                    }
                }
                Change::Add {
                    amount, ceiling, ..
                } => {
                    let count = unsigned(row.try_get::<_, Option<i64>>(2)?.unwrap_or(0))?;
                    let ceiling = unsigned(clamped(*ceiling))?;
                    if count.checked_add(*amount).is_none_or(|sum| sum > ceiling) {
                        full = full.or(Some(index));
                    }
                }
            }
        }
        Ok(full.map(CommitError::CeilingReached))
    }
}

/// Makes a pool of connections for tables of an embedder's own, which may lie in the plugin's database or in another.
///
/// Its connections are made as a [`PostgresStore`]'s are: addresses are read in the same way (see [`open`](super::open)),
/// and so are TLS, time-outs of statements and locks, durable commits, and plans that go by indexes. It connects when
/// it is asked for a connection, and makes no table. Of the options `connections` and `time` count; nobody compares
/// clocks. What it or a connection fails with becomes an [`Unavailable`], which repeats no name or value.
///
/// Names of the plugin's tables begin with `countersign_`: choose others.
///
/// # Errors
///
/// [`OpenError::Unusable`] if the address cannot be used; it repeats no part of it.
///
/// # Examples
///
/// ```no_run
/// use countersign_host::store::{PostgresOptions, Unavailable, postgres_pool};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = postgres_pool("postgres://shop@localhost/shop", &PostgresOptions::default())?;
/// let client = pool.get().await.map_err(Unavailable::from)?;
/// client.batch_execute("SELECT 1").await.map_err(Unavailable::from)?;
/// # Ok(())
/// # }
/// ```
pub fn postgres_pool(
    address: &str,
    options: &PostgresOptions,
) -> Result<deadpool_postgres::Pool, OpenError> {
    session::pool(address, options)
}

#[async_trait]
impl Store for PostgresStore {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        self.pool
            .within(async {
                match self.read(keys).await {
                    // Reading twice does no harm, and the connection may have been dead for long.
                    Err(failed) if failed.is_closed() => self.read(keys).await,
                    answer => answer,
                }
                .map_err(Unavailable::from)
            })
            .await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.pool.within(self.write(&commit)).await?;
        self.tend(commit.now);
        Ok(())
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

/// Keys as columns.
#[derive(Default)]
struct Names<'a> {
    realms: Vec<&'a str>,
    kinds: Vec<&'a str>,
    names: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn of(keys: impl Iterator<Item = &'a Key>) -> Self {
        let mut names = Self::default();
        keys.for_each(|key| names.push(key));
        names
    }

    fn push(&mut self, key: &'a Key) {
        self.realms.push(&key.realm);
        self.kinds.push(key.record.kind().as_str());
        self.names.push(key.record.name());
    }
}

fn signed(number: u64) -> Result<i64, Unavailable> {
    let too_great = |_| Unavailable("a number of 2^63 or more cannot be kept".to_owned());
    i64::try_from(number).map_err(too_great)
}

/// For bounds and times: nothing that is kept reaches this one.
fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> Result<u64, Unavailable> {
    let negative = |_| Unavailable("a negative number was found".to_owned());
    u64::try_from(number).map_err(negative)
}

/// Of a commit that finds others at work; its time is mostly over before.
const TRIES: usize = 4;

/// A piece is up to a thousand rows of each table: more than as many commits leave.
const COMMITS_A_PIECE: u64 = 256;

/// Records and counters in one statement, and the server's clock.
const GET: &str = "
SELECT r.value, r.version, c.count, c.version, floor(extract(epoch FROM clock_timestamp()))::bigint
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (realm, kind, name, place)
LEFT JOIN countersign_record r
    ON r.realm = w.realm AND r.kind = w.kind AND r.name = w.name AND r.value IS NOT NULL
LEFT JOIN countersign_counter c ON w.kind = 'quota' AND c.realm = w.realm AND c.name = w.name
ORDER BY w.place";
