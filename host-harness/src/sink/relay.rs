//! A store whose committed events are handed to a sink.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use super::Sink;
use super::turns::Turns;
use crate::event::StampedEvent;
use crate::fault::{Fault, Faults, Source};
use crate::store::{Commit, CommitError, Key, Record, Store, Stored, Unavailable};

/// A store that hands the events of each commit to a [`Sink`], once the commit is made.
///
/// Its clones are the same one. A thread of its own calls the sink; it ends when the last clone is gone and all that
/// was waiting is handed on. What is guaranteed, and what not, is said at the [module](super).
///
/// Commits that carry events of the same user are made one after the other, which keeps the order; they would
/// collide otherwise. Commits of different users do not wait for one another.
pub struct Relay<S>(Arc<Relaying<S>>);

struct Relaying<S> {
    store: S,
    turns: Turns,
    queue: mpsc::Sender<Item>,
    losses: Losses,
    faults: Arc<dyn Faults>,
}

/// What waits for the sink.
struct Item {
    /// Events that were left out right before it.
    missing: u64,
    what: What,
}

enum What {
    /// The events of a commit.
    Events(Vec<StampedEvent>),
    /// Somebody who wants to know when all before it is handed on.
    Drain(oneshot::Sender<()>),
}

/// How many events were left out.
#[derive(Clone, Default)]
struct Losses {
    all: Arc<AtomicU64>,
    /// Those that the sink has not been told of.
    untold: Arc<AtomicU64>,
}

impl<S> Relay<S> {
    /// Puts a sink behind a store, and starts the thread that calls it. `faults` is told what goes wrong.
    ///
    /// # Errors
    ///
    /// That of starting the thread.
    pub fn new(
        store: S,
        sink: impl Sink + 'static,
        faults: impl Faults + 'static,
    ) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(WAITING);
        let losses = Losses::default();
        let faults: Arc<dyn Faults> = Arc::new(faults);
        let hand = Hand {
            sink,
            waiting,
            losses: losses.clone(),
            missing: 0,
            is_down: false,
            realm: String::new(),
            faults: faults.clone(),
        };
        thread::Builder::new()
            .name("countersign-sink".to_owned())
            .spawn(|| hand.work())?;
        Ok(Self(Arc::new(Relaying {
            store,
            turns: Turns::default(),
            queue,
            losses,
            faults,
        })))
    }

    /// Returns how many committed events were left out so far.
    pub fn missing(&self) -> u64 {
        self.0.losses.all.load(Ordering::Relaxed)
    }

    /// Waits until the sink was handed all that was committed before, at most so long. Says whether it was; what the
    /// sink did not take is [missing](Self::missing) then.
    ///
    /// To be called before the process ends.
    #[must_use]
    pub async fn drain(&self, at_most: Duration) -> bool {
        let drained = async {
            let Ok(place) = self.0.queue.reserve().await else {
                return false;
            };
            // Only now, or who gives up waiting for a place would take the count along.
            let missing = self.0.losses.untold.swap(0, Ordering::Relaxed);
            let (told, done) = oneshot::channel();
            place.send(Item {
                missing,
                what: What::Drain(told),
            });
            done.await.is_ok()
        };
        tokio::time::timeout(at_most, drained).await == Ok(true)
    }
}

impl<S> Relaying<S> {
    /// Puts a commit's events into the queue, if there is room.
    ///
    /// The last places are for what somebody must be told of. Whoever knows a password can make a slow sink fall behind
    /// with events of no moment, and must not choose by that what its owner never hears of.
    fn hand_on(&self, events: Vec<StampedEvent>) {
        let (count, realm) = (count(&events), realm(&events));
        let may_wait = events.iter().any(|it| it.event.notify) || self.queue.capacity() > KEPT_FREE;
        let missing = self.losses.untold.swap(0, Ordering::Relaxed);
        let what = What::Events(events);
        let sent = match may_wait {
            true => self.queue.try_send(Item { missing, what }),
            false => Err(mpsc::error::TrySendError::Full(Item { missing, what })),
        };
        let Err(error) = sent else {
            return;
        };
        self.losses.all.fetch_add(count, Ordering::Relaxed);
        let untold = missing.saturating_add(count);
        self.losses.untold.fetch_add(untold, Ordering::Relaxed);
        // Once, when it begins: the mark in the sink says how many there were.
        if missing == 0 {
            let why = match error {
                mpsc::error::TrySendError::Full(_) => {
                    "the sink of events is too slow: some are left out"
                }
                mpsc::error::TrySendError::Closed(_) => {
                    "the thread of the sink of events is gone: all are left out"
                }
            };
            report(&*self.faults, &realm, why);
        }
    }
}

#[async_trait]
impl<S: Store> Store for Relay<S> {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        self.0.store.get(keys).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let relay = &*self.0;
        if commit.events.is_empty() {
            return relay.store.commit(commit).await;
        }
        let events = commit.events.clone();
        // A commit that followed this one could otherwise overtake it between the store's answer and the queue.
        let _turn = relay.turns.take(owner(&commit)).await;
        let mut doubt = Doubt {
            faults: Some(&*relay.faults),
            events: &events,
        };
        let done = relay.store.commit(commit).await;
        if !matches!(done, Err(CommitError::Unavailable(_))) {
            doubt.faults = None;
        }
        drop(doubt);
        if done.is_ok() {
            relay.hand_on(events);
        }
        done
    }
}

impl<S> Clone for Relay<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for Relay<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("missing", &self.missing())
            .finish_non_exhaustive()
    }
}

/// A commit of which nobody knows yet whether it was made. Dropped like that, also by who stopped waiting, it is
/// reported.
struct Doubt<'a> {
    faults: Option<&'a dyn Faults>,
    events: &'a [StampedEvent],
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some(faults) = self.faults {
            let why = format!(
                "a commit may have been made or not; its events ({}) are not handed to the sink",
                self.events.len()
            );
            report(faults, &realm(self.events), &why);
        }
    }
}

/// What calls the sink, in a thread of its own.
struct Hand<K> {
    sink: K,
    waiting: mpsc::Receiver<Item>,
    losses: Losses,
    /// Events left out that the sink is still to be told of.
    missing: u64,
    /// Whether the sink failed last time: it is then tried once only.
    is_down: bool,
    /// The realm of the last event.
    realm: String,
    faults: Arc<dyn Faults>,
}

impl<K: Sink> Hand<K> {
    fn work(mut self) {
        while let Some(Item { missing, what }) = self.waiting.blocking_recv() {
            self.missing = self.missing.saturating_add(missing);
            match what {
                What::Events(events) => {
                    for event in &events {
                        self.hand(event);
                    }
                    if self.waiting.is_empty() {
                        self.flush();
                    }
                }
                What::Drain(told) => {
                    self.tell_gap();
                    self.flush();
                    // Whoever asked may have stopped waiting.
                    let _ = told.send(());
                }
            }
        }
        let untold = self.losses.untold.swap(0, Ordering::Relaxed);
        self.missing = self.missing.saturating_add(untold);
        self.tell_gap();
        self.flush();
    }

    fn hand(&mut self, event: &StampedEvent) {
        self.realm.clone_from(&event.realm);
        self.tell_gap();
        let taken = match self.missing {
            0 => self.tried(|sink| sink.take(event)),
            // An event after a gap that the sink does not know of would look as if nothing were missing.
            _ => false,
        };
        if !taken {
            self.missing = self.missing.saturating_add(1);
            self.losses.all.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn tell_gap(&mut self) {
        let missing = self.missing;
        if missing > 0 && self.tried(|sink| sink.gap(missing)) {
            self.missing = 0;
        }
    }

    fn flush(&mut self) {
        // What a sink that is down holds back it is asked for again when it is up.
        if !self.is_down {
            self.tried(Sink::flush);
        }
    }

    /// Tries until it works or there is no use, and says whether it worked.
    fn tried(&mut self, work: impl Fn(&mut K) -> io::Result<()>) -> bool {
        let mut once = || {
            // A sink that panics has failed, and the next event is none the worse for it.
            let tried = catch_unwind(AssertUnwindSafe(|| work(&mut self.sink)));
            tried.unwrap_or_else(|_| Err(io::Error::other("it panicked")))
        };
        let mut result = once();
        if !self.is_down {
            for pause in PAUSES {
                if result.is_ok() {
                    break;
                }
                thread::sleep(pause);
                result = once();
            }
        }
        match &result {
            Ok(()) => self.is_down = false,
            Err(error) if !self.is_down => {
                self.is_down = true;
                let why = format!("the sink of events fails, and some are left out: {error}");
                report(&*self.faults, &self.realm, &why);
            }
            Err(_) => {}
        }
        result.is_ok()
    }
}

/// Whose commits must be kept in order: a user's, or a company's where a policy is concerned.
fn owner(commit: &Commit) -> String {
    let user = commit.events.first().and_then(|it| it.user.as_deref());
    let key = commit.changes.iter().map(|it| &it.key().record);
    let owner = user.map(|it| format!("user/{it}")).or_else(|| {
        let policy = key
            .into_iter()
            .find(|it| matches!(it, Record::Policy { .. }));
        policy.map(|it| format!("policy/{}", it.name()))
    });
    format!("{}/{}", owner.unwrap_or_default(), realm(&commit.events))
}

fn realm(events: &[StampedEvent]) -> String {
    events
        .first()
        .map(|it| it.realm.clone())
        .unwrap_or_default()
}

fn count(events: &[StampedEvent]) -> u64 {
    u64::try_from(events.len()).unwrap_or(u64::MAX)
}

fn report(faults: &dyn Faults, realm: &str, why: &str) {
    faults.note(&Fault {
        source: Source::Sink,
        realm: realm.to_owned(),
        why: why.to_owned(),
    });
}

/// Commits that may wait for the sink.
const WAITING: usize = 1_024;

/// Places that only commits with something to notify a user of may take.
const KEPT_FREE: usize = 256;

/// Between tries: a collector that restarts is back in a second, and one that is gone is not worth more.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_millis(1_000),
];
