//! Components that misbehave: refused when they are loaded, or stopped, with everybody else unharmed.

use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, Limit, Limits, LoadError, Plugin, Verdict};

use crate::hostile::Hostile;
use crate::{host, with_limits};

/// Checks that a call of another instance, and of another plugin, is answered.
async fn assert_alive(mfa: &Countersign) {
    let described = mfa.meta().describe().await.expect("it is alive");
    assert_eq!(described.name, "hostile");
    let other = host(&Hostile::default(), MemoryStore::new());
    other.meta().describe().await.expect("others are alive");
}

/// A component whose `administration.status` has this body.
fn status(body: &str) -> Hostile {
    Hostile::default().body("administration.status", body)
}

async fn assert_stopped(component: Hostile, limit: Limit) {
    let mfa = host(&component, MemoryStore::new());
    match mfa.administration().status("ana").await {
        Err(Error::Limit(found)) => assert_eq!(found, limit),
        other => panic!("{other:?}"),
    }
    assert_alive(&mfa).await;
}

#[tokio::test]
async fn a_component_that_loops_is_stopped_in_time() {
    assert_stopped(status("(loop (br 0)) unreachable"), Limit::GuestTime).await;
}

#[tokio::test]
async fn a_start_function_that_loops_is_stopped_in_time() {
    let component = Hostile::default().items("(func $loop (loop (br 0))) (start $loop)");
    let mfa = host(&component, MemoryStore::new());
    let error = mfa.meta().describe().await.expect_err("it never starts");
    assert!(matches!(error, Error::Limit(Limit::GuestTime)), "{error:?}");
}

#[tokio::test]
async fn a_component_that_grows_its_memory_is_stopped() {
    let body = "(loop (drop (memory.grow (i32.const 16))) (br 0)) unreachable";
    assert_stopped(status(body), Limit::Memory).await;
}

#[tokio::test]
async fn a_component_that_recurses_is_stopped() {
    let component = status("(call $deep (i64.const 0)) unreachable")
        .items("(func $deep (param i64) (call $deep (i64.add (local.get 0) (i64.const 1))))");
    assert_stopped(component, Limit::Stack).await;
}

#[tokio::test]
async fn a_component_that_hands_over_too_much_is_stopped() {
    let body = "(memory.grow (i32.const 32)) drop
        (call $keyring.mac (i32.const 0) (i32.const 65536) (i32.const 1048576) (i32.const 0))
        unreachable";
    assert_stopped(status(body), Limit::Transfer).await;
}

#[tokio::test]
async fn a_component_that_asks_without_end_is_stopped() {
    let body = "(loop (call $wall-clock.now (i32.const 0)) (br 0)) unreachable";
    assert_stopped(status(body), Limit::HostCalls).await;
}

#[tokio::test]
async fn a_component_that_drains_the_randomness_is_stopped() {
    let body = "(call $random.get-random-bytes (i64.const -1) (i32.const 0)) unreachable";
    assert_stopped(status(body), Limit::Random).await;
}

// V-83
// covers: WORLD-3
#[tokio::test]
async fn a_component_that_traps_harms_nobody() {
    let mfa = host(&Hostile::default(), MemoryStore::new());
    for _ in 0..10 {
        let error = mfa.administration().status("ana").await.expect_err("traps");
        assert!(matches!(error, Error::Trap(_)), "{error:?}");
    }
    assert_alive(&mfa).await;
}

#[tokio::test]
async fn an_answer_that_is_not_utf_8_is_refused() {
    let component = Hostile::default()
        .items(r#"(data (i32.const 4096) "\00\20\00\00\04\00\00\00") (data (i32.const 8192) "\ff\fe\fd\fc")"#)
        .body("meta.describe", "(i32.const 4096)");
    let mfa = host(&component, MemoryStore::new());
    let error = mfa.meta().describe().await.expect_err("not UTF-8");
    assert!(matches!(error, Error::Trap(_)), "{error:?}");
}

#[tokio::test]
async fn an_answer_outside_of_memory_is_refused() {
    let component = Hostile::default().body("meta.describe", "(i32.const 0x7ffffff0)");
    let mfa = host(&component, MemoryStore::new());
    let error = mfa.meta().describe().await.expect_err("out of bounds");
    assert!(matches!(error, Error::Trap(_)), "{error:?}");
}

// covers: WORLD-1
#[test]
fn a_component_that_imports_too_much_is_refused_with_the_names_of_it() {
    let component = Hostile::default()
        .also_importing("connect: func(to: string);")
        .component();
    let Err(LoadError::Imports { unexpected }) = Plugin::load(&component) else {
        panic!("it was loaded");
    };
    assert_eq!(unexpected, ["evil:more/extra@0.1.0"]);

    let inspection = Plugin::inspect(&component).expect("there is an engine");
    assert_eq!(inspection.unexpected, unexpected);
    assert_eq!(inspection.missing, [""; 0]);
    assert!(matches!(inspection.verdict, Verdict::Refused(_)));
}

// V-83
#[test]
fn a_component_that_lacks_an_export_is_refused_with_the_names_of_it() {
    let component = Hostile::default().without("recovery").component();
    let Err(LoadError::Exports { missing }) = Plugin::load(&component) else {
        panic!("it was loaded");
    };
    let expected = ["recovery.present", "recovery.issue", "recovery.acknowledge"];
    assert_eq!(missing, expected);
}

#[test]
fn what_is_no_component_is_refused() {
    let module = wat::parse_str("(module)").expect("a module");
    for bytes in [b"".as_slice(), b"\0asm", b"not wasm at all", &module] {
        assert!(matches!(
            Plugin::load(bytes),
            Err(LoadError::NotAComponent(_))
        ));
        let inspection = Plugin::inspect(bytes).expect("there is an engine");
        assert!(matches!(inspection.verdict, Verdict::Refused(_)));
    }
}

#[test]
fn a_component_of_the_world_is_inspected() {
    let component = Hostile::default().component();
    let inspection = Plugin::inspect(&component).expect("there is an engine");
    assert_eq!(inspection.verdict, Verdict::Loads);
    assert_eq!(inspection.size, component.len());
    assert_eq!(inspection.contract.as_deref(), Some("0.1.0"));
    let json = serde_json::to_value(&inspection).expect("it serialises");
    assert_eq!(json["verdict"], "loads");
}

#[test]
fn a_component_over_its_size_and_one_other_than_the_pinned_are_refused() {
    let component = Hostile::default().component();
    let digest = countersign_host::Digest::of(&component);
    let small = Plugin::builder().max_size(component.len() - 1);
    assert!(matches!(
        small.load(&component),
        Err(LoadError::TooLarge { .. })
    ));
    let pinned = Plugin::builder().pin(digest);
    assert_eq!(pinned.load(&component).expect("it is it").digest(), digest);
    let other = Hostile::default().items("(func)").component();
    assert!(matches!(
        pinned.load(&other),
        Err(LoadError::Digest { expected, .. }) if expected == digest
    ));
}

#[tokio::test]
async fn without_room_for_a_pool_calls_are_answered_all_the_same() {
    let mut limits = Limits::default();
    // A million memories of 4 GiB each are more than any address space has.
    limits.concurrent_calls = 1_000_000;
    let mfa = with_limits(&Hostile::default(), MemoryStore::new(), limits);
    assert!(!mfa.plugin().is_pooled());
    mfa.meta().describe().await.expect("it is answered");
    let pooled = host(&Hostile::default(), MemoryStore::new());
    assert!(pooled.plugin().is_pooled());
}

// covers: WORLD-2
#[tokio::test]
async fn no_two_calls_share_an_instance() {
    let component = Hostile::default()
        .items("(global $calls (mut i32) (i32.const 0))")
        .body(
            "meta.describe",
            "(global.get $calls) (if (then unreachable))
             (global.set $calls (i32.const 1)) (i32.const 1024)",
        );
    let mfa = host(&component, MemoryStore::new());
    for _ in 0..20 {
        mfa.meta().describe().await.expect("a fresh instance");
    }
}
