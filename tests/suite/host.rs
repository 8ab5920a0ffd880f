//! Duties of the host that its own tests leave out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_host::clock::{Clock, ClockError};
use countersign_host::keyring::LocalKeyring;
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, Plugin};

use crate::hostile::Hostile;

// covers: STORE-8
#[tokio::test]
async fn more_than_64_records_at_once_are_refused() {
    // Memory that nobody wrote to reads as `user(account)`, or as a put of it, over and over.
    let get = |ids| {
        format!("(call $store.get (i32.const 8192) (i32.const {ids}) (i32.const 4000)) unreachable")
    };
    assert_eq!(status(&get(64), "").await, "trapped");
    assert_eq!(status(&get(65), "").await, "refused");
    let commit = "(call $store.commit (i32.const 8192) (i32.const 65) (i32.const 0) (i32.const 0)
        (i32.const 4000)) unreachable";
    assert_eq!(status(commit, "").await, "refused");
}

// covers: STORE-8
#[tokio::test]
async fn a_malformed_name_of_a_counter_is_refused() {
    for (name, outcome) in [
        ("sms/2025-06-15:ana", "trapped"),
        ("", "refused"),
        ("Upper", "refused"),
        ("a b", "refused"),
        ("a_b", "refused"),
        (&"x".repeat(128), "trapped"),
        (&"x".repeat(129), "refused"),
    ] {
        let length = name.len();
        // `quota(name)` at 3000, its name at 2560.
        let items = format!(
            r#"(data (i32.const 2560) "{name}")
               (data (i32.const 3000) "\02\00\00\00" "\00\0a\00\00" "\{length:02x}\00\00\00")"#
        );
        let get = "(call $store.get (i32.const 3000) (i32.const 1) (i32.const 4000)) unreachable";
        assert_eq!(status(get, &items).await, outcome, "{name}");
    }
}

// covers: STORE-8
#[tokio::test]
async fn a_value_over_its_size_is_refused() {
    for (record, size, outcome) in [
        (0, 16_384_u32, "trapped"),
        (0, 16_385, "refused"),
        (1, 32_768, "trapped"),
        (1, 32_769, "refused"),
    ] {
        let size: String = size
            .to_le_bytes()
            .iter()
            .map(|b| format!("\\{b:02x}"))
            .collect();
        // `put { id: user(record), expected: none, value: the memory from 8192 on, collectable-at: none }` at 3400.
        let items = format!(
            r#"(data (i32.const 3408) "\00\00\00\00\{record:02x}\00\00\00\00\00\00\00")
               (data (i32.const 3440) "\00\20\00\00" "{size}")"#
        );
        let commit =
            "(call $store.commit (i32.const 3400) (i32.const 1) (i32.const 0) (i32.const 0)
            (i32.const 4000)) unreachable";
        assert_eq!(status(commit, &items).await, outcome, "{record} {size}");
    }
}

// V-82
// covers: WORLD-4
#[tokio::test]
async fn the_clock_is_read_once_a_call() {
    let clock = Ticking::default();
    // Traps unless the second reading is the first one.
    let body = "(call $wall-clock.now (i32.const 4000))
        (call $wall-clock.now (i32.const 4016))
        (if (i64.ne (i64.load (i32.const 4000)) (i64.load (i32.const 4016))) (then unreachable))
        (i32.const 3600)";
    let component = Hostile::default()
        .items(r#"(data (i32.const 3600) "\00")"#)
        .body("administration.first-factor-changed", body);
    let mfa = host(&component, clock.clone());
    for calls in 1..=3 {
        let changed = mfa.administration().first_factor_changed("ana").await;
        assert!(changed.is_ok(), "{changed:?}");
        assert_eq!(clock.0.load(Ordering::SeqCst), calls);
    }
}

/// Says whether a component with this body was stopped for what it asked of the host, or went on to its trap.
async fn status(body: &str, items: &str) -> &'static str {
    let component = Hostile::default()
        .items(items)
        .body("administration.status", body);
    let mfa = host(&component, Ticking::default());
    match mfa.administration().status("ana").await {
        Err(Error::Misuse(_)) => "refused",
        Err(Error::Trap(_)) => "trapped",
        other => panic!("{other:?}"),
    }
}

fn host(component: &Hostile, clock: Ticking) -> Countersign {
    let plugin = Plugin::load(&component.component()).expect("it is of the contract's world");
    Countersign::builder(plugin)
        .realm("test")
        .store(MemoryStore::new())
        .keyring(LocalKeyring::from_key([7; 32]))
        .clock(clock)
        .build()
        .expect("nothing is missing")
}

/// A clock that is a second later each time it is read.
#[derive(Clone, Default)]
struct Ticking(Arc<AtomicU64>);

impl Clock for Ticking {
    fn now(&self) -> Result<u64, ClockError> {
        Ok(1_000 + self.0.fetch_add(1, Ordering::SeqCst))
    }
}
