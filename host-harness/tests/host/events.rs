//! Events are stamped by the host: SCOPE-3.

use std::sync::{Arc, Mutex};

use countersign_host::contract::event::EventKind;
use countersign_host::contract::{Actor, Dependency};
use countersign_host::fault::Fault;
use countersign_host::keyring::LocalKeyring;
use countersign_host::random::{Random, RandomError};
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, Plugin};

use crate::host;
use crate::hostile::Hostile;

/// Commits no change and one event, `reset("a\nb")` with actor `operator("op")` and company `acme`, for the user.
fn eventful() -> Hostile {
    eventful_with(3)
}

/// The same, with so many bytes of memory for a reason, from "a\nb" on.
fn eventful_with(length: u32) -> Hostile {
    let reason = format!("(i32.store offset=12 (global.get $event) (i32.const {length}))");
    Hostile::default()
        .items(
            r#"
            (data (i32.const 2560) "acme") (data (i32.const 2570) "a\nb") (data (i32.const 2580) "op")
            (data (i32.const 2600) "\00\0a\00\00\04\00\00\00")
            (global $event i32 (i32.const 3000))"#,
        )
        .body(
            "administration.status",
            &format!(
                "(i32.store8 (global.get $event) (i32.const 28))
             (i32.store offset=8 (global.get $event) (i32.const 2570))
             {reason}
             (i32.store offset=32 (global.get $event) (i32.const 2600))
             (i32.store offset=36 (global.get $event) (i32.const 1))
             (i32.store8 offset=40 (global.get $event) (i32.const 1))
             (i32.store8 offset=44 (global.get $event) (i32.const 1))
             (i32.store offset=48 (global.get $event) (i32.const 2580))
             (i32.store offset=52 (global.get $event) (i32.const 2))
             (i32.store8 offset=56 (global.get $event) (i32.const 1))
             (call $store.commit (i32.const 0) (i32.const 0) (global.get $event) (i32.const 1)
                (i32.const 4000))
             unreachable"
            ),
        )
}

// covers: SCOPE-3
#[tokio::test]
async fn id_time_realm_user_and_client_are_put_in_by_the_host() {
    let store = MemoryStore::new();
    let mfa = host(&eventful(), store.clone()).for_client("192.0.2.7");
    let error = mfa.administration().status("ana").await;
    assert!(matches!(error, Err(Error::Trap(_))), "{error:?}");
    let events = store.events();
    assert_eq!(events.len(), 1);
    let event = &events[0];
    // Another call, of the same plugin at the same time.
    mfa.administration()
        .status("ana")
        .await
        .expect_err("a trap");
    assert_ne!(store.events()[1].id, event.id);
    let hex = event.id.to_string();
    assert!(
        hex.len() == 32 && hex.chars().all(|it| it.is_ascii_hexdigit()),
        "{hex}"
    );
    assert_eq!((event.at, event.realm.as_str()), (1_000, "test"));
    assert_eq!(event.user.as_deref(), Some("ana"));
    assert_eq!(event.client.as_deref(), Some("192.0.2.7"));
    assert_eq!(event.event.kind, EventKind::Reset("a\nb".to_owned()));
    assert_eq!(event.event.actor, Some(Actor::Operator("op".to_owned())));
    let line = serde_json::to_string(event).expect("it serialises");
    assert!(!line.contains('\n'));
    let expected = serde_json::json!({
        "id": event.id.to_string(),
        "at": 1_000,
        "realm": "test",
        "user": "ana",
        "client": "192.0.2.7",
        "event": "reset",
        "companies": ["acme"],
        "actor": { "operator": "op" },
        "notify": true,
        "detail": { "reason": "a\nb" },
    });
    assert_eq!(event.to_json(), expected);
}

#[tokio::test]
async fn without_randomness_there_is_no_id_and_no_event() {
    struct Silent;
    impl Random for Silent {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }
    let store = MemoryStore::new();
    let mfa = Countersign::builder(Plugin::load(&eventful().component()).expect("it loads"))
        .realm("test")
        .store(store.clone())
        .keyring(LocalKeyring::from_key([7; 32]))
        .random(Silent)
        .build()
        .expect("nothing is missing");
    let error = mfa.administration().status("ana").await;
    assert!(
        matches!(
            error,
            Err(Error::Fault {
                import: Dependency::Random,
                ..
            })
        ),
        "{error:?}"
    );
    assert!(store.events().is_empty());
}

// covers: STORE-8
#[tokio::test]
async fn an_event_longer_than_the_contract_allows_is_refused_and_reported() {
    let store = MemoryStore::new();
    let reported = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&reported);
    let long = eventful_with(201);
    let mfa = Countersign::builder(Plugin::load(&long.component()).expect("it loads"))
        .realm("test")
        .store(store.clone())
        .keyring(LocalKeyring::from_key([7; 32]))
        .faults(move |fault: &Fault| noted.lock().expect("whole").push(fault.to_string()))
        .build()
        .expect("nothing is missing");
    let error = mfa.administration().status("ana").await;
    assert!(matches!(error, Err(Error::Misuse(_))), "{error:?}");
    assert!(store.events().is_empty());
    let reported = reported.lock().expect("whole");
    assert!(reported[0].starts_with("plugin: "), "{reported:?}");
}
