//! `UPDATE … WHERE version`, and nothing else: the least that a store does who keeps as many bytes as safely.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

use super::people::Trouble;

/// A table with a row for each caller.
pub(super) enum Bare {
    File(PathBuf),
    Server(Vec<Arc<(Client, tokio_postgres::Statement)>>),
}

impl Bare {
    /// Makes a file, as durable as the store's: WAL, synced at each commit.
    pub(super) fn file(path: &Path) -> Result<Self, Trouble> {
        let connection = connect(path)?;
        connection.execute_batch(
            "CREATE TABLE bare (name INTEGER PRIMARY KEY, version INTEGER NOT NULL, value BLOB)",
        )?;
        for name in 0..MOST {
            connection.execute("INSERT INTO bare VALUES (?1, 0, ?2)", (name, value()))?;
        }
        Ok(Self::File(path.to_owned()))
    }

    /// Makes a table on a server, with a connection for each caller.
    pub(super) async fn server(url: &str) -> Result<Self, Trouble> {
        let mut clients = Vec::new();
        for name in 0..MOST {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            if name == 0 {
                client
                    .batch_execute(
                        "CREATE TABLE bare (name bigint PRIMARY KEY, version bigint NOT NULL, value bytea)",
                    )
                    .await?;
            }
            let row: (i64, &[u8]) = (name, &value());
            client
                .execute("INSERT INTO bare VALUES ($1, 0, $2)", &[&row.0, &row.1])
                .await?;
            let update = client
                .prepare("UPDATE bare SET version = version + 1, value = $3 WHERE name = $1 AND version = $2")
                .await?;
            clients.push(Arc::new((client, update)));
        }
        Ok(Self::Server(clients))
    }

    /// Makes so many updates, by so many callers at once, each of a row of its own; returns how long that took.
    pub(super) async fn update(&self, callers: usize, updates: usize) -> Result<Duration, Trouble> {
        let each = updates.checked_div(callers).unwrap_or_default();
        match self {
            Self::File(path) => update_file(path, callers, each).await,
            Self::Server(clients) => {
                let start = Instant::now();
                let mut tasks = JoinSet::new();
                for (client, name) in clients.iter().zip(0..).take(callers) {
                    tasks.spawn(update_server(Arc::clone(client), name, each));
                }
                while let Some(done) = tasks.join_next().await {
                    done??;
                }
                Ok(start.elapsed())
            }
        }
    }
}

async fn update_file(path: &Path, callers: usize, each: usize) -> Result<Duration, Trouble> {
    let mut connections = Vec::new();
    for name in (0..MOST).take(callers) {
        connections.push((connect(path)?, name));
    }
    let start = Instant::now();
    let mut threads = JoinSet::new();
    for (connection, name) in connections {
        threads.spawn_blocking(move || -> Result<(), Trouble> {
            let mut version = connection.prepare("SELECT version FROM bare WHERE name = ?1")?;
            let mut version: i64 = version.query_row([name], |row| row.get(0))?;
            let mut update = connection.prepare(
                "UPDATE bare SET version = version + 1, value = ?3 WHERE name = ?1 AND version = ?2",
            )?;
            for _ in 0..each {
                match update.execute((name, version, value()))? {
                    1 => version = version.saturating_add(1),
                    _ => return Err("a row was not as expected".into()),
                }
            }
            Ok(())
        });
    }
    while let Some(done) = threads.join_next().await {
        done??;
    }
    Ok(start.elapsed())
}

async fn update_server(
    client: Arc<(Client, tokio_postgres::Statement)>,
    name: i64,
    each: usize,
) -> Result<(), Trouble> {
    let (client, update) = &*client;
    let version = client
        .query_one("SELECT version FROM bare WHERE name = $1", &[&name])
        .await?;
    let mut version: i64 = version.get(0);
    for _ in 0..each {
        let changed = client.execute(update, &[&name, &version, &value()]).await?;
        match changed {
            1 => version = version.saturating_add(1),
            _ => return Err("a row was not as expected".into()),
        }
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, Trouble> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 60000;",
    )?;
    Ok(connection)
}

fn value() -> Vec<u8> {
    vec![7; BYTES]
}

/// Callers at most.
const MOST: i64 = 64;
/// What a sign-in writes: an account and tickets, sealed, and an event.
const BYTES: usize = 1_500;
