//! Tables, and how they came to be.

use std::time::Duration;

use countersign_host::store::Unavailable;
use tokio_postgres::error::SqlState;

use super::super::OpenError;
use super::connection::{Failed, Server, Session};

/// Brings the tables up to this version, whoever else does so at the same time. Nothing is written if they are.
pub(super) async fn migrate(server: &Server) -> Result<(), OpenError> {
    let mut last = Failed::Unavailable(Unavailable("it was not tried".to_owned()));
    for _ in 0..TRIES {
        let stepped = match tokio::time::timeout(STEP_TIME, step(server)).await {
            Ok(stepped) => stepped,
            Err(_) => Err(Unavailable("the database did not answer in time".to_owned()).into()),
        };
        match stepped {
            Ok(version) if version == VERSION => return Ok(()),
            Ok(version) => {
                return Err(OpenError::Unusable(format!(
                    "its tables have version {version}, this program knows {VERSION}"
                )));
            }
            // Another gateway makes the same tables.
            Err(failed) if RACES.iter().any(|it| failed.is(it)) => {
                last = failed;
                tokio::time::sleep(PAUSE).await;
            }
            Err(failed) => {
                last = failed;
                break;
            }
        }
    }
    Err(OpenError::Unavailable(Unavailable::from(last).0))
}

async fn step(server: &Server) -> Result<i64, Failed> {
    let session = server.session().await?;
    match version(&session, "").await {
        Ok(Some(version)) => return Ok(version),
        Ok(None) => {}
        Err(failed) if failed.is(&SqlState::UNDEFINED_TABLE) => {}
        Err(failed) => return Err(failed),
    }
    session.begin().await?;
    let made = create(&session).await;
    session.end(made).await
}

async fn create(session: &Session) -> Result<i64, Failed> {
    session.run(VERSIONS).await?;
    // Whoever comes second waits here, and then finds what the first has made.
    if let Some(found) = version(session, " FOR UPDATE").await?
        && found > 0
    {
        return Ok(found);
    }
    session.run(include_str!("1.sql")).await?;
    Ok(VERSION)
}

async fn version(session: &Session, lock: &str) -> Result<Option<i64>, Failed> {
    let statement = format!("SELECT version FROM gateway_schema WHERE id = 1{lock}");
    let rows = session.query(&statement, &[]).await?;
    Ok(rows.first().map(|it| it.try_get(0)).transpose()?)
}

const VERSION: i64 = 1;

const VERSIONS: &str = "
CREATE TABLE IF NOT EXISTS gateway_schema (id bigint PRIMARY KEY, version bigint NOT NULL);
INSERT INTO gateway_schema (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING";

/// What two who make the same tables tell each other.
const RACES: [SqlState; 6] = [
    SqlState::UNIQUE_VIOLATION,
    SqlState::DUPLICATE_TABLE,
    SqlState::DUPLICATE_OBJECT,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::T_R_SERIALIZATION_FAILURE,
    // Somebody holds the lock for longer than this waits: on a slow disk, ten who start at once.
    SqlState::LOCK_NOT_AVAILABLE,
];

const TRIES: usize = 10;

const PAUSE: Duration = Duration::from_millis(50);

/// A few statements, each of which has a time of its own.
const STEP_TIME: Duration = Duration::from_secs(8);
