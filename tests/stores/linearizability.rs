//! Histories of callers that come at once, on every store and in two processes, and whether there is an order that explains
//! them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_host::Store;
use countersign_host::random::{Random, SystemRandom};
use countersign_host::store::{Commit, CommitError, Database, Key, Stored, Unavailable};
use countersign_tests::history::{Action, Change, History, Outcome, Recorder, Seen};
use libtest_mimic::Trial;

use crate::duties::race;
use crate::gateway::{Answer, COUNTERS, Gateway, Part, Request};
use crate::kind::{Kind, Place};
use crate::worker::Worker;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Kind::Memory.trial(
        "a_store_that_reads_what_is_no_more_is_found_out",
        a_store_that_reads_what_is_no_more_is_found_out,
    )];
    for kind in Kind::ALL {
        trials.push(
            kind.trial("a_history_of_racing_callers_has_an_order", |place| {
                histories(place, false)
            }),
        );
    }
    for kind in Kind::SHARED {
        let name = "two_processes/a_history_of_racing_callers_has_an_order";
        trials.push(kind.trial(name, |place| histories(place, true)));
    }
    trials
}

// covers: STORE-1, STORE-2, STORE-3, STORE-4, STORE-5
async fn histories(place: Place, two_processes: bool) {
    let here = Process::Here(Gateway::on(place.store.clone(), TIME).into());
    let mut there = match two_processes {
        false => Process::Here(Gateway::on(place.again().await, TIME).into()),
        true => Process::There(Worker::start(&place.address, TIME).into()),
    };
    let (mut done, mut conflicts, mut full, mut unknown) = (0, 0, 0, 0);
    for window in 0..WINDOWS {
        let dies = two_processes && window % 4 == 3;
        let history = record([here.clone(), there.clone()], window, dies).await;
        if let Err(violation) = history.check() {
            panic!("window {window}: {violation}\nThe whole history:\n{history}");
        }
        if dies {
            there = Process::There(Worker::start(&place.address, TIME).into());
        }
        done += history.count(|it| it == Outcome::Done);
        conflicts += history.count(|it| it == Outcome::Conflict);
        full += history.count(|it| matches!(it, Outcome::Ceiling(_)));
        unknown += history.count(|it| it == Outcome::Unknown);
    }
    // Else nothing raced, or nobody died at work.
    assert!(
        done > WINDOWS && full > WINDOWS && conflicts > 0 && (unknown > 0 || !two_processes),
        "{done} done, {conflicts} conflicts, {full} at their ceiling, {unknown} unknown"
    );
}

/// What is in front of a good store here reads as a replica does that lags.
async fn a_store_that_reads_what_is_no_more_is_found_out(place: Place) {
    let gateway = || {
        let lagging = Lagging {
            store: place.store.clone(),
            seen: Mutex::default(),
        };
        let way = Arc::new(lagging);
        let gateway = Gateway::within(Gateway::plugin(), way, place.store.clone(), TIME);
        Process::Here(gateway.into())
    };
    let processes = [gateway(), gateway()];
    for window in 0..WINDOWS {
        let history = record(processes.clone(), window, false).await;
        if history.check().is_err() {
            return;
        }
    }
    panic!("{WINDOWS} histories have an order");
}

/// Lets callers loose on records and counters that nobody has touched before, and returns what they noted. If so wanted,
/// the second process is killed in the middle.
async fn record(processes: [Process; 2], window: usize, dies: bool) -> History {
    let recorder = Arc::new(Recorder::new());
    let callers = race(CALLERS, |caller| {
        let caller = Caller {
            process: processes[caller % 2].clone(),
            recorder: recorder.clone(),
            first: window * KEYS,
            caller: caller as u64,
        };
        caller.run()
    });
    let killer = async {
        if let (true, Process::There(worker)) = (dies, &processes[1]) {
            while recorder.count() < CALLERS * 4 {
                tokio::task::yield_now().await;
            }
            worker.kill();
        }
    };
    tokio::join!(callers, killer);
    recorder.finish()
}

/// A store that answers every other read of a record with what it was when it was last read here.
struct Lagging {
    store: Arc<dyn Database>,
    seen: Mutex<HashMap<Key, Option<Stored>>>,
}

#[async_trait]
impl Store for Lagging {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        let mut found = self.store.get(keys).await?;
        let mut seen = self.seen.lock().expect("whole");
        for (key, found) in keys.iter().zip(&mut found) {
            let known = seen.insert(key.clone(), found.clone());
            if let Some(known) = known.filter(|_| below(2) == 0) {
                *found = known;
            }
        }
        Ok(found)
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.store.commit(commit).await
    }
}

#[derive(Clone)]
enum Process {
    Here(Arc<Gateway>),
    There(Arc<Worker>),
}

impl Process {
    async fn ask(&self, request: Request) -> Option<Answer> {
        match self {
            Self::Here(gateway) => Some(gateway.ask(request).await),
            Self::There(worker) => worker.ask(&request).await,
        }
    }
}

/// One who reads and commits what comes to mind, and notes what is answered.
struct Caller {
    process: Process,
    recorder: Arc<Recorder>,
    first: usize,
    caller: u64,
}

impl Caller {
    async fn run(self) {
        for i in 0..OPERATIONS {
            // A store that never waits would let one caller do all before the next begins.
            tokio::task::yield_now().await;
            if self.act(i).await.is_none() {
                // Its process is no more, or the store is too busy.
                return;
            }
        }
    }

    /// Does one thing or another; none if it was not answered and there is no going on.
    async fn act(&self, i: u64) -> Option<()> {
        let records = [self.first + below(2), self.first + 2];
        let counter = COUNTERS + self.first + below(2);
        let add = |amount| Part::Add {
            amount,
            ceiling: CEILING,
        };
        // No two commits put the same number.
        let value = 1 + self.caller * 1_000 + i;
        match below(8) {
            0 | 1 => self.get(&records).await.map(|_| ()),
            2 => self.get(&[counter]).await.map(|_| ()),
            3 | 4 => {
                let amount = 1 + below(2) as u64;
                self.commit(&[(counter, add(amount), None)]).await
            }
            5 => {
                let seen = self.get(&records[..1]).await?[0];
                let expected = seen.map(|it| it.version);
                let part = match below(3) {
                    0 if seen.is_some() => Part::Delete { expected },
                    _ => Part::Put { expected, value },
                };
                self.commit(&[(records[0], part, seen)]).await
            }
            which => {
                let seen = self.get(&records).await?;
                let expected = |i: usize| seen[i].map(|it| it.version);
                let put = |i| Part::Put {
                    expected: expected(i),
                    value,
                };
                let other = match which {
                    6 => put(1),
                    _ => Part::Check {
                        expected: expected(1),
                    },
                };
                let mut parts = vec![(records[0], put(0), seen[0]), (records[1], other, seen[1])];
                if below(4) == 0 {
                    parts.insert(below(3), (counter, add(1), None));
                }
                self.commit(&parts).await
            }
        }
    }

    async fn get(&self, numbers: &[usize]) -> Option<Vec<Option<Seen>>> {
        let started = self.recorder.start();
        let request = Request::Get(numbers.to_vec());
        let Answer::Found(found) = self.process.ask(request).await? else {
            // A store may be too busy; that says nothing of what it holds.
            return None;
        };
        let found: Vec<_> = found
            .into_iter()
            .map(|it| it.map(|(held, version)| Seen { held, version }))
            .collect();
        let seen = numbers.iter().copied().zip(found.iter().copied());
        self.recorder.note(started, Action::Get(seen.collect()));
        tokio::task::yield_now().await;
        Some(found)
    }

    async fn commit(&self, parts: &[(usize, Part, Option<Seen>)]) -> Option<()> {
        let changes = parts.iter().map(|(number, part, seen)| {
            let from = seen.map(|it| it.held);
            let change = match *part {
                Part::Put { value, .. } => Change::Swap {
                    from,
                    to: Some(value),
                },
                Part::Delete { .. } => Change::Swap { from, to: None },
                Part::Check { .. } => Change::Check(from),
                Part::Add { amount, ceiling } => Change::Add { amount, ceiling },
            };
            (*number, change)
        });
        let changes = changes.collect();
        let parts = parts.iter().map(|(number, part, _)| (*number, *part));
        let request = Request::Commit(parts.collect());
        let started = self.recorder.start();
        let answer = self.process.ask(request).await;
        let outcome = Answer::outcome(answer.as_ref());
        let action = Action::Commit { changes, outcome };
        self.recorder.note(started, action);
        answer.map(|_| ())
    }
}

/// Chance: the order of racing callers is that anyway.
fn below(bound: usize) -> usize {
    let mut byte = [0];
    SystemRandom.fill(&mut byte).expect("there is randomness");
    usize::from(byte[0]) % bound
}

const TIME: u64 = 1_000;
const WINDOWS: usize = 32;
const CALLERS: usize = 8;
const OPERATIONS: u64 = 12;
/// Records, and counters, of a window.
const KEYS: usize = 3;
/// Reached in the middle of a window.
const CEILING: u64 = 12;
