//! What a process of a gateway is to a trial: the real component on a store, or the store itself.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use countersign_host::clock::FixedClock;
use countersign_host::keyring::LocalKeyring;
use countersign_host::sms::Outbox;
use countersign_host::store::{Change, Commit, CommitError, Content, Database, Key, Kind};
use countersign_host::{Countersign, Plugin, Store};
use countersign_tests::history;
use countersign_tests::subject::Component;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A process with the component on a store. All of them have one key, one realm, and the clock that they are told.
pub(crate) struct Gateway {
    /// How it reaches the store.
    way: Arc<dyn Store>,
    pub(crate) store: Arc<dyn Database>,
    pub(crate) mfa: Countersign,
    pub(crate) clock: FixedClock,
    pub(crate) line: Outbox,
}

/// What a process is asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Request {
    /// To set its clock.
    Time(u64),
    /// To call a function of the contract.
    Call {
        function: String,
        args: Value,
        client: String,
    },
    /// To read records and counters, by their numbers.
    Get(Vec<usize>),
    /// To commit.
    Commit(Vec<(usize, Part)>),
}

/// A part of a commit; records hold numbers.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) enum Part {
    Put { expected: Option<u64>, value: u64 },
    Delete { expected: Option<u64> },
    Check { expected: Option<u64> },
    Add { amount: u64, ceiling: u64 },
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Answer {
    Done,
    Called(Value),
    /// For each: what is held, and its version.
    Found(Vec<Option<(u64, u64)>>),
    Conflict,
    Ceiling(usize),
    Unknown(String),
}

impl Gateway {
    pub(crate) fn on(store: Arc<dyn Database>, time: u64) -> Self {
        Self::within(Self::plugin(), Arc::new(store.clone()), store, time)
    }

    pub(crate) fn plugin() -> Plugin {
        PLUGIN.clone()
    }

    /// One that reaches its store by way of something else.
    pub(crate) fn within(
        plugin: Plugin,
        way: Arc<dyn Store>,
        store: Arc<dyn Database>,
        time: u64,
    ) -> Self {
        let clock = FixedClock::at(time);
        let line = Outbox::in_country("US");
        let mfa = Countersign::builder(plugin)
            .realm(REALM)
            .store(way.clone())
            .keyring(LocalKeyring::from_key([42; 32]))
            .sms(line.clone())
            .clock(clock.clone())
            .build()
            .expect("nothing is missing");
        Self {
            way,
            store,
            mfa,
            clock,
            line,
        }
    }

    /// Calls a function of the contract.
    pub(crate) async fn call(&self, function: &str, args: &Value) -> Value {
        call(&self.mfa, function, args).await
    }

    pub(crate) async fn ask(&self, request: Request) -> Answer {
        match request {
            Request::Time(time) => {
                self.clock.set(time);
                Answer::Done
            }
            Request::Call {
                function,
                args,
                client,
            } => Answer::Called(call(&self.mfa.for_client(&client), &function, &args).await),
            Request::Get(numbers) => {
                let keys: Vec<Key> = numbers.iter().map(|it| key(*it)).collect();
                match self.way.get(&keys).await {
                    Ok(found) => Answer::Found(
                        found
                            .into_iter()
                            .map(|it| it.map(|it| (held(&it.content), it.version)))
                            .collect(),
                    ),
                    Err(error) => Answer::Unknown(error.to_string()),
                }
            }
            Request::Commit(parts) => {
                let changes = parts.iter().map(|(number, part)| part.change(*number));
                let commit = Commit::new(NOW, changes.collect());
                match self.way.commit(commit).await {
                    Ok(()) => Answer::Done,
                    Err(CommitError::Conflict) => Answer::Conflict,
                    Err(CommitError::CeilingReached(index)) => Answer::Ceiling(index),
                    Err(error) => Answer::Unknown(error.to_string()),
                }
            }
        }
    }
}

async fn call(mfa: &Countersign, function: &str, args: &Value) -> Value {
    match mfa.call_json(function, args).await {
        Ok(answer) => answer,
        Err(error) => json!({ "err": { "host": error.to_string() } }),
    }
}

impl Part {
    fn change(self, number: usize) -> Change {
        let key = key(number);
        match self {
            Self::Put { expected, value } => Change::Put {
                key,
                expected,
                value: value.to_be_bytes().to_vec(),
                collectable_at: None,
            },
            Self::Delete { expected } => Change::Delete { key, expected },
            Self::Check { expected } => Change::Check { key, expected },
            Self::Add { amount, ceiling } => Change::Add {
                key,
                amount,
                ceiling,
                collectable_at: u64::MAX,
            },
        }
    }
}

impl Answer {
    /// What a history says of it, where it is that of a commit.
    pub(crate) fn outcome(answer: Option<&Self>) -> history::Outcome {
        match answer {
            Some(Self::Done) => history::Outcome::Done,
            Some(Self::Conflict) => history::Outcome::Conflict,
            Some(Self::Ceiling(index)) => history::Outcome::Ceiling(*index),
            _ => history::Outcome::Unknown,
        }
    }

    /// The answer of a call; what no process answered is unknown.
    pub(crate) fn called(answer: Option<Self>) -> Option<Value> {
        match answer {
            Some(Self::Called(answer)) => Some(answer),
            _ => None,
        }
    }
}

/// The record of a number, or the counter.
fn key(number: usize) -> Key {
    let record = match number.checked_sub(COUNTERS) {
        None => Kind::Account.named(&format!("record-{number}")),
        Some(counter) => Kind::Quota.named(&format!("counter-{counter}")),
    };
    Key {
        realm: REALM.into(),
        record,
    }
}

fn held(content: &Content) -> u64 {
    match content {
        Content::Sealed(bytes) => {
            let bytes = bytes
                .as_slice()
                .try_into()
                .expect("what was put is a number");
            u64::from_be_bytes(bytes)
        }
        Content::Count(count) => *count,
    }
}

/// Patient with stores, which have a patience of their own and say so by `unavailable`: no call is to end before them.
static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| {
    let mut limits = Component::limits();
    limits.store_time = Duration::from_secs(20);
    Component::plugin_within(limits)
});

/// From this number on they are counters.
pub(crate) const COUNTERS: usize = 1_000;
pub(crate) const REALM: &str = "trial";
const NOW: u64 = 1_000;
