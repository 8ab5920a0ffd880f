//! Tables, and how they came to be.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::super::{OpenError, Unavailable};
use super::session::{Failed, Pool, Session};

/// Brings the tables up to this version, whoever else does so at the same time. Nothing is written if they are.
pub(super) async fn migrate(pool: &Pool) -> Result<(), OpenError> {
    let mut last = Failed::Unavailable(Unavailable("it was not tried".to_owned()));
    for _ in 0..TRIES {
        match step(pool).await {
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
            Err(failed) => return Err(Unavailable::from(failed).into()),
        }
    }
    Err(Unavailable::from(last).into())
}

async fn step(pool: &Pool) -> Result<i64, Failed> {
    let session = pool.session().await?;
    match version(&session, "").await {
        Ok(Some(version)) => return Ok(version),
        Ok(None) => {}
        Err(failed) if failed.is(&SqlState::UNDEFINED_TABLE) => {}
        Err(failed) => return Err(failed),
    }
    session.run("BEGIN").await?;
    let made = create(&session).await;
    let end = if made.is_ok() { "COMMIT" } else { "ROLLBACK" };
    session.run(end).await?;
    made
}

async fn create(session: &Session) -> Result<i64, Failed> {
    session.run(VERSIONS).await?;
    // Whoever comes second waits here, and then finds what the first has made.
    if let Some(found) = version(session, " FOR UPDATE").await?
        && found > 0
    {
        return Ok(found);
    }
    session.run(TABLES).await?;
    Ok(VERSION)
}

async fn version(session: &Session, lock: &str) -> Result<Option<i64>, Failed> {
    let statement = format!("SELECT version FROM countersign_schema WHERE id = 1{lock}");
    let rows = session.query(&statement, &[]).await?;
    Ok(rows.first().map(|it| it.try_get(0)).transpose()?)
}

const VERSION: i64 = 1;

const VERSIONS: &str = "
CREATE TABLE IF NOT EXISTS countersign_schema (id bigint PRIMARY KEY, version bigint NOT NULL);
INSERT INTO countersign_schema (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING";

/// Names are compared by their bytes. Room is left on each page, so that a record that is replaced stays on it and no
/// index is touched.
const TABLES: &str = r#"
CREATE SEQUENCE countersign_version;
CREATE TABLE countersign_record (
    realm text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- None where a record was deleted, until that is collected.
    value bytea,
    version bigint NOT NULL,
    -- The version that this one replaced; 0 if there was none.
    previous bigint NOT NULL,
    collectable_at bigint,
    PRIMARY KEY (realm, kind, name)
) WITH (fillfactor = 70);
CREATE INDEX countersign_record_collectable ON countersign_record (collectable_at)
    WHERE collectable_at IS NOT NULL;
CREATE TABLE countersign_counter (
    realm text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    -- What it was last held to.
    ceiling bigint NOT NULL,
    version bigint NOT NULL,
    collectable_at bigint NOT NULL,
    PRIMARY KEY (realm, name)
) WITH (fillfactor = 70);
CREATE INDEX countersign_counter_collectable ON countersign_counter (collectable_at);
CREATE TABLE countersign_event (
    seq bigserial PRIMARY KEY,
    -- None until it was asked for the first time.
    position bigint,
    realm text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    event text NOT NULL
);
CREATE UNIQUE INDEX countersign_event_position ON countersign_event (realm, position)
    WHERE position IS NOT NULL;
CREATE INDEX countersign_event_new ON countersign_event (seq) WHERE position IS NULL;
CREATE TABLE countersign_trail (id bigint PRIMARY KEY, position bigint NOT NULL);
INSERT INTO countersign_trail VALUES (1, 0);
CREATE TABLE countersign_consumer (
    realm text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (realm, name)
);
CREATE TABLE countersign_key (
    realm text COLLATE "C" NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    id bigint NOT NULL,
    PRIMARY KEY (realm, purpose, id)
);
CREATE UNIQUE INDEX countersign_key_index ON countersign_key (realm) WHERE purpose = 'index';
UPDATE countersign_schema SET version = 1 WHERE id = 1"#;

/// What two who make the same tables tell each other.
const RACES: [SqlState; 5] = [
    SqlState::UNIQUE_VIOLATION,
    SqlState::DUPLICATE_TABLE,
    SqlState::DUPLICATE_OBJECT,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::T_R_SERIALIZATION_FAILURE,
];

const TRIES: usize = 10;

const PAUSE: Duration = Duration::from_millis(50);
