//! What surrounds a call: time, number, faults of the host.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign_host::clock::{Clock, ClockError};
use countersign_host::contract::{Dependency, Failure};
use countersign_host::fault::{Fault, Source};
use countersign_host::store::{Commit, CommitError, Key, MemoryStore, Stored, Unavailable};
use countersign_host::{BuildError, Countersign, Error, Limits, Plugin, Store};

use crate::hostile::Hostile;
use crate::{builder, host, with_limits};

/// Reads no record, and answers `err(busy)` if that worked, `err(revision-conflict)` if not.
fn reading() -> Hostile {
    Hostile::default()
        .items(r#"(data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\05")"#)
        .items(r#"(data (i32.const 3600) "\01\00\00\00\00\00\00\00" "\04")"#)
        .body(
            "administration.first-factor-changed",
            "(call $store.get (i32.const 0) (i32.const 0) (i32.const 4000))
             (if (result i32) (i32.eqz (i32.load8_u (i32.const 4000)))
                (then (i32.const 3504)) (else (i32.const 3600)))",
        )
}

async fn ask(mfa: &Countersign) -> Result<(), Error> {
    mfa.administration().first_factor_changed("ana").await
}

/// A store that takes its time, or fails.
struct Slow(Duration, bool);

#[async_trait]
impl Store for Slow {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        tokio::time::sleep(self.0).await;
        match self.1 {
            true => Err(Unavailable("it is on fire".to_owned())),
            false => Ok(vec![None; keys.len()]),
        }
    }

    async fn commit(&self, _: Commit) -> Result<(), CommitError> {
        Err(CommitError::Conflict)
    }
}

#[tokio::test]
async fn a_slow_store_does_not_use_up_the_time_of_the_plugin() {
    let mut limits = Limits::default();
    limits.guest_time = Duration::from_secs(1);
    limits.store_time = Duration::from_secs(20);
    let store = Slow(Duration::from_secs(3), false);
    let mfa = with_limits(&reading(), store, limits);
    let error = ask(&mfa).await;
    assert!(
        matches!(error, Err(Error::Refused(Failure::Busy))),
        "{error:?}"
    );
}

// covers: STORE-7
#[tokio::test]
async fn a_store_that_takes_too_long_or_fails_is_unavailable_to_the_plugin_and_reported() {
    let mut limits = Limits::default();
    limits.store_time = Duration::from_millis(50);
    for (store, why) in [
        (Slow(Duration::from_secs(60), false), "no answer in time"),
        (Slow(Duration::ZERO, true), "it is on fire"),
    ] {
        let faults: Arc<Mutex<Vec<Fault>>> = Arc::default();
        let noted = faults.clone();
        let plugin = Plugin::builder().limits(limits.clone());
        let plugin = plugin.load(&reading().component()).expect("it loads");
        let mfa = builder(plugin, store)
            .faults(move |fault: &Fault| noted.lock().expect("whole").push(fault.clone()))
            .build()
            .expect("nothing is missing");
        let error = ask(&mfa).await;
        assert!(
            matches!(error, Err(Error::Refused(Failure::RevisionConflict))),
            "{error:?}"
        );
        let faults = faults.lock().expect("whole");
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].source, Source::Import(Dependency::Store));
        assert!(faults[0].why.contains(why), "{}", faults[0].why);
    }
}

#[tokio::test]
async fn too_many_calls_at_once_are_told_so_and_the_others_go_on() {
    let mut limits = Limits::default();
    limits.concurrent_calls = 2;
    limits.queue_time = Duration::from_millis(20);
    limits.store_time = Duration::from_secs(20);
    let store = Slow(Duration::from_secs(4), false);
    let mfa = with_limits(&reading(), store, limits);
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let mfa = mfa.clone();
            tokio::spawn(async move { ask(&mfa).await })
        })
        .collect();
    let mut overloaded = 0;
    for call in calls {
        match call.await.expect("no call panics") {
            Err(Error::Overloaded) => overloaded += 1,
            Err(Error::Refused(Failure::Busy)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(overloaded, 4);
    let error = ask(&mfa).await;
    assert!(matches!(error, Err(Error::Refused(Failure::Busy))));
}

#[tokio::test]
async fn a_call_that_is_given_up_gives_its_place_back() {
    let mut limits = Limits::default();
    limits.concurrent_calls = 1;
    limits.queue_time = Duration::from_millis(50);
    limits.store_time = Duration::from_secs(60);
    // It never answers, so that each call has the only place until it is given up. A call without one is told so before.
    let store = Slow(Duration::from_secs(3_600), false);
    let mfa = with_limits(&reading(), store, limits);
    for _ in 0..5 {
        let given_up = tokio::time::timeout(Duration::from_millis(300), ask(&mfa)).await;
        assert!(given_up.is_err(), "{given_up:?}");
    }
}

#[tokio::test]
async fn without_the_time_nothing_is_asked_of_the_plugin() {
    struct Broken;
    impl Clock for Broken {
        fn now(&self) -> Result<u64, ClockError> {
            Err(ClockError)
        }
    }
    let plugin = Plugin::load(&Hostile::default().component()).expect("it loads");
    let mfa = builder(plugin, MemoryStore::new()).clock(Broken);
    let mfa = mfa.build().expect("nothing is missing");
    let error = mfa.meta().describe().await.expect_err("no time");
    let clock = Dependency::Clock;
    assert!(matches!(error, Error::Fault { import, .. } if import == clock));
}

#[test]
fn what_is_missing_is_named() {
    let plugin = Plugin::load(&Hostile::default().component()).expect("it loads");
    let builder = Countersign::builder(plugin);
    assert!(matches!(builder.build(), Err(BuildError::Realm)));
}

// covers: WORLD-3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_loops_does_not_keep_others_waiting() {
    let component = reading().body("administration.status", "(loop (br 0)) unreachable");
    let mfa = host(&component, MemoryStore::new());
    let loops: Vec<_> = (0..8)
        .map(|_| {
            let mfa = mfa.clone();
            tokio::spawn(async move { mfa.administration().status("eva").await })
        })
        .collect();
    let mut answered = 0;
    while loops.iter().any(|it| !it.is_finished()) {
        assert!(matches!(ask(&mfa).await, Err(Error::Refused(_))));
        answered += 1;
    }
    assert!(answered > 10, "{answered}");
    for looped in loops {
        assert!(matches!(
            looped.await.expect("no call panics"),
            Err(Error::Limit(_))
        ));
    }
}
