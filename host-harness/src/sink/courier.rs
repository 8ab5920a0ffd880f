//! Events of a store's trail, handed to a sink.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::Sink;
use crate::fault::{Fault, Faults, Source};
use crate::store::{Trail, Trailed, Unavailable};

/// Reads a store's trail under a name, and hands each event to a [`Sink`] at least once.
///
/// How far it is stands in the store, and moves on only after the sink took the events and flushed. So nothing is lost,
/// whatever ends the process; what it was handed last may come again. While the sink fails, the same events are tried
/// again for ever, after longer and longer pauses up to ten seconds and at most twice a second when woken, and the store keeps
/// them ([`Trail::prune`] keeps what a known consumer has not
/// had). Two of different names each get everything. Two of one name, in two processes, take turns by accident, and events
/// come twice: give each its own.
///
/// It reads twice a second, and at once when [woken](Self::wake). It ends when it is dropped, after the event that the
/// sink has in hand: a sink that hangs keeps the runtime from ending, so give it time-outs.
///
/// Whoever is new to the store begins with the first event that is kept. To begin with what comes now, move the consumer to
/// [`last_position`](Trail::last_position) before.
pub struct Courier {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    trail: Arc<dyn Trail>,
    realm: String,
    name: String,
    faults: Arc<dyn Faults>,
    /// Up to where the sink had everything.
    done: AtomicU64,
    wake: Notify,
    moved: Notify,
    /// Whether it was dropped.
    is_over: AtomicBool,
}

impl Courier {
    /// Starts one, on the tokio runtime that this is called on. Who has no `name` in the store yet begins with the first
    /// event there is. `faults` is told what goes wrong, once for each time that it begins to.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the store does not take the name.
    pub async fn start(
        trail: Arc<dyn Trail>,
        realm: &str,
        name: &str,
        sink: impl Sink + 'static,
        faults: impl Faults + 'static,
    ) -> Result<Self, Unavailable> {
        // Known from now on, so that nothing is pruned before it was read.
        trail.move_consumer(realm, name, 0, 0).await?;
        let shared = Arc::new(Shared {
            trail,
            realm: realm.to_owned(),
            name: name.to_owned(),
            faults: Arc::new(faults),
            done: AtomicU64::new(0),
            wake: Notify::new(),
            moved: Notify::new(),
            is_over: AtomicBool::new(false),
        });
        let round = Round {
            shared: shared.clone(),
            sink: Some(Box::new(sink)),
            position: None,
            handed: None,
        };
        let task = tokio::spawn(round.go());
        Ok(Self { shared, task })
    }

    /// Has it read now: something was committed.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// Waits until the sink has had all that is in the trail now, and says whether it has.
    pub async fn drain(&self, at_most: Duration) -> bool {
        let began = Instant::now();
        let Ok(last) = self.shared.trail.last_position(&self.shared.realm).await else {
            return false;
        };
        loop {
            let moved = self.shared.moved.notified();
            if self.shared.done.load(Ordering::Acquire) >= last {
                return true;
            }
            self.wake();
            let left = at_most.saturating_sub(began.elapsed());
            if left.is_zero() {
                return false;
            }
            // Looked at again now and then: whoever waits here may have come between a move and its notice.
            let _ = timeout(left.min(POLL), moved).await;
        }
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.task.abort();
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier")
            .field("name", &self.shared.name)
            .finish_non_exhaustive()
    }
}

/// What goes on and on.
struct Round {
    shared: Arc<Shared>,
    /// None while it is at work.
    sink: Option<Box<dyn Sink>>,
    /// Where it stands in the store, once that is known.
    position: Option<u64>,
    /// Up to where the sink had everything, while the store does not know.
    handed: Option<u64>,
}

/// Why a piece was not handed on.
#[derive(Clone, Eq, PartialEq)]
enum Trouble {
    Store(String),
    Sink(String),
    /// Somebody else moved this consumer on.
    Moved,
}

impl Round {
    async fn go(mut self) {
        let mut pause = POLL;
        let mut told: Option<Trouble> = None;
        loop {
            match self.piece().await {
                Ok(true) => {
                    (pause, told) = (POLL, None);
                    continue;
                }
                Ok(false) => (pause, told) = (POLL, None),
                Err(trouble) => {
                    // Another trouble than before is news.
                    if told.as_ref() != Some(&trouble) {
                        self.tell(&trouble);
                    }
                    told = Some(trouble);
                    pause = pause.saturating_mul(2).min(LONGEST);
                }
            }
            let _ = timeout(pause, self.shared.wake.notified()).await;
            if told.is_some() {
                // Whoever commits wakes often; a sink that fails is not to be asked as often.
                sleep(POLL.min(pause)).await;
            }
        }
    }

    /// Hands on what comes next. Says whether there was anything.
    async fn piece(&mut self) -> Result<bool, Trouble> {
        let shared = self.shared.clone();
        let from = match self.position {
            Some(position) => position,
            None => shared.position().await?,
        };
        self.position = Some(from);
        shared.done.fetch_max(from, Ordering::AcqRel);
        let to = match self.handed {
            // The sink had them, and only the store was not told.
            Some(to) => to,
            None => {
                let events = shared.trail.events(&shared.realm, from, PIECE).await;
                let events = events.map_err(store)?;
                let Some(to) = events.last().map(|it| it.position) else {
                    return Ok(false);
                };
                self.hand(events).await?;
                to
            }
        };
        self.handed = Some(to);
        let moved = shared
            .trail
            .move_consumer(&shared.realm, &shared.name, from, to)
            .await;
        let moved = moved.map_err(store)?;
        // What came of it, the store knows.
        (self.position, self.handed) = (None, None);
        // Not from there: somebody else moved it, or we did, in a try of which nobody knew what came.
        let stands = if moved { to } else { shared.position().await? };
        self.position = Some(stands);
        if stands != to {
            return Err(Trouble::Moved);
        }
        shared.done.fetch_max(to, Ordering::AcqRel);
        shared.moved.notify_waiters();
        Ok(true)
    }

    /// Has the sink take events, in a thread where it may block.
    async fn hand(&mut self, events: Vec<Trailed>) -> Result<(), Trouble> {
        let gone = || Trouble::Sink("it is gone".to_owned());
        let mut sink = self.sink.take().ok_or_else(gone)?;
        let shared = self.shared.clone();
        let work = tokio::task::spawn_blocking(move || {
            let all = || take_all(&mut *sink, &events, &shared.is_over);
            let taken = catch_unwind(AssertUnwindSafe(all));
            let taken = taken.unwrap_or_else(|_| Err(io::Error::other("it panicked")));
            (sink, taken)
        });
        let (sink, taken) = work.await.map_err(|_| gone())?;
        self.sink = Some(sink);
        taken.map_err(|error| Trouble::Sink(error.to_string()))
    }

    fn tell(&self, trouble: &Trouble) {
        let why = match trouble {
            Trouble::Store(why) => why.clone(),
            Trouble::Sink(why) => format!("the sink of events fails, and is tried again: {why}"),
            Trouble::Moved => "another process reads events under the same name".to_owned(),
        };
        self.shared.faults.note(&Fault {
            source: Source::Sink,
            realm: self.shared.realm.clone(),
            why,
        });
    }
}

impl Shared {
    async fn position(&self) -> Result<u64, Trouble> {
        let consumers = self.trail.consumers(&self.realm).await;
        let consumers = consumers.map_err(store)?;
        let ours = consumers.into_iter().find(|(name, _)| *name == self.name);
        Ok(ours.map_or(0, |(_, position)| position))
    }
}

fn store(error: Unavailable) -> Trouble {
    Trouble::Store(error.to_string())
}

fn take_all(sink: &mut dyn Sink, events: &[Trailed], is_over: &AtomicBool) -> io::Result<()> {
    for it in events {
        // Another courier may be at the same sink by now.
        if is_over.load(Ordering::Acquire) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        sink.take(&it.event)?;
    }
    sink.flush()
}

/// Events between two moves: what may come twice.
const PIECE: usize = 100;
/// Between two looks at a trail that nobody wakes for.
const POLL: Duration = Duration::from_millis(500);
/// Between two tries, when many have failed.
const LONGEST: Duration = Duration::from_secs(10);
