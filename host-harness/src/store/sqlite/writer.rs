//! The thread that writes, and gathers what waits into one transaction.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::connection::{Access, connect, is_busy, unavailable};
use super::place::Place;
use super::readers::Readers;
use super::writing::Writing;
use crate::store::Unavailable;

/// Hands work to the thread that writes. The thread ends when this is gone and all that waited is done.
pub(super) struct Writer {
    /// None once it was closed.
    queue: Mutex<Option<Queue>>,
    /// How the thread left the file, once it has.
    left: watch::Receiver<Option<Result<(), Unavailable>>>,
}

type Queue = mpsc::Sender<Box<dyn Job>>;

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        place: Place,
        connection: Connection,
        readers: Readers,
    ) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(WAITING);
        let (leaving, left) = watch::channel(None);
        let mut hand = Hand {
            place,
            readers,
            connection: Some(connection),
            waiting,
        };
        thread::Builder::new()
            .name("countersign-sqlite".to_owned())
            .spawn(move || {
                hand.work();
                leaving.send_replace(Some(hand.leave()));
            })?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            left,
        })
    }

    /// Takes no more work, and waits until what waited is done and the file is left.
    pub(super) async fn close(&self) -> Result<(), Unavailable> {
        drop(self.lock().take());
        let mut left = self.left.clone();
        let left = left.wait_for(Option::is_some).await;
        let left = left.ok().and_then(|it| it.clone());
        left.unwrap_or_else(|| Err(Unavailable("the thread that writes is gone".to_owned())))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Queue>> {
        // Nothing that holds it can panic half way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does some work in a transaction, and answers once that is on the disk.
    ///
    /// Whoever stops waiting does not know whether it is done.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let task = Task {
            work: Some(work),
            done: None,
            answer,
        };
        let closed = || Unavailable("it was closed".to_owned());
        self.lock()
            .as_ref()
            .ok_or_else(closed)?
            .try_send(Box::new(task))
            .map_err(|error| Unavailable(format!("the file is not written to: {error}")))?;
        answered
            .await
            .unwrap_or_else(|_| Err(Unavailable("the thread that writes is gone".to_owned())))
    }
}

/// A piece of work, and who waits for it.
trait Job: Send {
    /// Says whether anybody still waits.
    fn is_wanted(&self) -> bool;

    /// Does the work. If it fails, what it changed is undone.
    fn run(&mut self, writing: &mut Writing<'_>) -> rusqlite::Result<()>;

    /// Tells whoever waits what became of it.
    fn answer(self: Box<Self>, fate: Result<(), Unavailable>);
}

struct Task<T, W> {
    work: Option<W>,
    done: Option<T>,
    answer: oneshot::Sender<Result<T, Unavailable>>,
}

impl<T, W> Job for Task<T, W>
where
    T: Send,
    W: FnOnce(&mut Writing<'_>) -> rusqlite::Result<T> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn run(&mut self, writing: &mut Writing<'_>) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.done = Some(work(writing)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, fate: Result<(), Unavailable>) {
        let done = self.done.ok_or_else(|| Unavailable("not done".to_owned()));
        // Whoever asked may have stopped waiting.
        let _ = self.answer.send(fate.and(done));
    }
}

/// What works in the thread.
struct Hand {
    place: Place,
    readers: Readers,
    /// None after a failure that leaves it in doubt.
    connection: Option<Connection>,
    waiting: mpsc::Receiver<Box<dyn Job>>,
}

impl Hand {
    fn work(&mut self) {
        while let Some(first) = self.waiting.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = self.waiting.try_recv()
            {
                batch.push(next);
            }
            batch.retain(|job| job.is_wanted());
            match self.transact(&mut batch) {
                Ok(fates) => {
                    for (job, fate) in batch.into_iter().zip(fates) {
                        job.answer(fate);
                    }
                }
                Err(why) => {
                    for job in batch {
                        job.answer(Err(why.clone()));
                    }
                }
            }
        }
    }

    /// Leaves the file whole: all that was committed lies in it, and nothing in the `-wal` beside it, which the last
    /// process to leave removes.
    fn leave(&mut self) -> Result<(), Unavailable> {
        // Before the connection that writes: of two that close at once, each leaves it to the other to remove the -wal
        // file.
        self.readers.close();
        self.place.check()?;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                connect(self.place.path(), Access::Write).map_err(|error| unavailable(&error))?
            }
        };
        // It says so itself, and is no failure, where another process reads meanwhile: that one is not the last.
        let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let closed = connection.close().map_err(|(_, error)| error);
        emptied.and(closed).map_err(|error| unavailable(&error))
    }

    /// Runs jobs in one transaction. The inner results are of those that failed alone.
    fn transact(
        &mut self,
        batch: &mut [Box<dyn Job>],
    ) -> Result<Vec<Result<(), Unavailable>>, Unavailable> {
        self.place.check()?;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                connect(self.place.path(), Access::Write).map_err(|error| unavailable(&error))?
            }
        };
        if let Err(error) = run(&connection, "BEGIN IMMEDIATE") {
            // Nothing was begun: others were in the way, or the connection is given up.
            if is_busy(&error) {
                self.connection = Some(connection);
            }
            return Err(unavailable(&error));
        }
        // From here on a failure gives the connection up. Dropped, it undoes what was not committed.
        let fates = run_all(&connection, batch).map_err(|error| unavailable(&error))?;
        // Waiting for the turn may have taken long enough for somebody to put another file in place.
        self.place.check()?;
        self.connection = Some(connection);
        Ok(fates)
    }
}

fn run_all(
    connection: &Connection,
    batch: &mut [Box<dyn Job>],
) -> rusqlite::Result<Vec<Result<(), Unavailable>>> {
    let mut writing = Writing::begin(connection)?;
    let mut fates = Vec::with_capacity(batch.len());
    for job in batch {
        fates.push(alone(connection, || job.run(&mut writing))?);
    }
    // What cannot be collected is no reason to keep anybody from signing in.
    let _ = alone(connection, || writing.collect_some())?;
    writing.finish()?;
    run(connection, "COMMIT")?;
    Ok(fates)
}

/// Does work that, if it fails, is undone alone; fails itself if the whole transaction is lost with it.
fn alone(
    connection: &Connection,
    work: impl FnOnce() -> rusqlite::Result<()>,
) -> rusqlite::Result<Result<(), Unavailable>> {
    run(connection, "SAVEPOINT job")?;
    let done = work();
    if let Err(error) = done {
        if connection.is_autocommit() {
            return Err(error);
        }
        run(connection, "ROLLBACK TO job")?;
        run(connection, "RELEASE job")?;
        return Ok(Err(unavailable(&error)));
    }
    run(connection, "RELEASE job")?;
    Ok(Ok(()))
}

fn run(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

/// Pieces of work that may wait: four times the calls that a host runs at once by default.
const WAITING: usize = 1_024;

/// Pieces of work in one transaction, so that no other process waits long for its turn.
const BATCH: usize = 64;
