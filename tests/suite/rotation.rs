//! Keys are rotated, and what users hold stays good.

use std::sync::Arc;

use countersign_conformance::authenticator::Authenticator;
use countersign_host::Countersign;
use countersign_host::clock::{Clock, FixedClock};
use countersign_host::keyring::{LocalKeyring, claim};
use countersign_host::reseal::{Ended, Reseal};
use countersign_host::store::{MemoryStore, SqliteStore, Store};
use countersign_tests::policy;
use countersign_tests::subject::Component;
use serde_json::{Value, json};

/// A user who has an app and a recovery code, and stands before a challenge.
struct Ana {
    app: Authenticator,
    recovery_code: String,
    ticket: String,
}

fn old() -> LocalKeyring {
    LocalKeyring::from_key([1; 32])
}

fn rotated() -> LocalKeyring {
    old().rotated_to([2; 32]).expect("another key")
}

/// The second key alone, where the first only names counters.
fn without_the_old() -> LocalKeyring {
    LocalKeyring::from_key([2; 32])
        .indexed_by([1; 32])
        .expect("another key")
}

fn gateway(store: impl Store + 'static, keyring: LocalKeyring, clock: &FixedClock) -> Countersign {
    Countersign::builder(Component::plugin())
        .realm("example")
        .store(store)
        .keyring(keyring)
        .clock(clock.clone())
        .build()
        .expect("everything is given")
}

async fn call(mfa: &Countersign, function: &str, args: Value) -> Result<Value, String> {
    let answer = mfa.call_json(function, &args).await;
    let answer = answer.map_err(|error| error.to_string())?;
    match answer.get("ok") {
        Some(ok) => Ok(ok.clone()),
        None => Err(answer.to_string()),
    }
}

fn text(answer: &Value, path: &str) -> String {
    let found = answer.pointer(path).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("{path}: {answer}"))
        .to_owned()
}

fn begin(purpose: &str) -> Value {
    json!({ "user": "ana", "request": {
        "memberships": [{ "company": "acme", "roles": [], "active": true }],
        "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
        "purpose": purpose, "device-token": null, "binding-attested": false, "known-enrolled": false,
    } })
}

async fn enroll(mfa: &Countersign, clock: &FixedClock) -> Ana {
    let put = policy::voluntary();
    call(mfa, "policy.put", put).await.expect("it is put");
    let offer = call(mfa, "sign-in.begin", begin("manage-factors")).await;
    let ticket = text(&offer.expect("it begins"), "/enroll/ticket");
    let label = json!({ "issuer": "Example", "account-name": "ana" });
    let args = json!({ "user": "ana", "ticket": ticket, "label": label });
    let setup = call(mfa, "enrollment.begin-totp", args).await;
    let app = Authenticator::scan(&text(&setup.expect("it begins"), "/secret")).expect("a key");
    let code = app.code(clock.now().expect("it is fixed"));
    let args = json!({ "user": "ana", "ticket": ticket, "method": "totp", "code": code });
    let confirmed = call(mfa, "enrollment.confirm", args).await;
    let recovery_code = text(
        &confirmed.expect("it is the code"),
        "/accepted/recovery-code/code",
    );
    clock.advance(90);
    let ticket = challenge(mfa).await.expect("it begins");
    Ana {
        app,
        recovery_code,
        ticket,
    }
}

async fn challenge(mfa: &Countersign) -> Result<String, String> {
    let challenge = call(mfa, "sign-in.begin", begin("sign-in")).await?;
    Ok(text(&challenge, "/challenge/ticket"))
}

async fn verify(mfa: &Countersign, ana: &Ana, clock: &FixedClock) -> Result<Value, String> {
    let code = ana.app.code(clock.now().expect("it is fixed"));
    let args = json!({ "user": "ana", "ticket": ana.ticket, "method": "totp", "code": code,
        "remember": false });
    call(mfa, "verification.verify", args).await
}

async fn present(mfa: &Countersign, ana: &Ana, ticket: &str) -> Result<Value, String> {
    let args = json!({ "user": "ana", "ticket": ticket, "code": ana.recovery_code });
    call(mfa, "recovery.present", args).await
}

async fn reseal(store: MemoryStore, keyring: LocalKeyring) {
    claim(&store, "example", &keyring)
        .await
        .expect("it has all");
    let walk = Reseal::new(Arc::new(store), "example", Arc::new(keyring));
    let ended = walk.run(|_| std::ops::ControlFlow::Continue(())).await;
    assert!(matches!(ended, Ok(Ended::Complete(_))), "{ended:?}");
}

// covers: KEY-2
#[tokio::test]
async fn ticket_and_recovery_code_of_before_a_rotation_are_good_after_it() {
    let (store, clock) = (MemoryStore::new(), FixedClock::at(1_800_000_000));
    let before = gateway(store.clone(), old(), &clock);
    let ana = enroll(&before, &clock).await;

    reseal(store.clone(), rotated()).await;
    let after = gateway(store, rotated(), &clock);
    let verdict = verify(&after, &ana, &clock).await.expect("compared");
    assert!(verdict.get("accepted").is_some(), "{verdict}");
    let ticket = challenge(&after).await.expect("it begins");
    let verdict = present(&after, &ana, &ticket).await.expect("compared");
    assert!(verdict.get("accepted").is_some(), "{verdict}");
}

// covers: KEY-2
#[tokio::test]
async fn two_gateways_are_rotated_one_after_the_other_and_refuse_nothing() {
    let (store, clock) = (MemoryStore::new(), FixedClock::at(1_800_000_000));
    let expecting = || old().expecting([2; 32]).expect("another key");
    let ana = enroll(&gateway(store.clone(), expecting(), &clock), &clock).await;
    // The first has the new key active, the second only knows it.
    let (first, second) = (
        gateway(store.clone(), rotated(), &clock),
        gateway(store, expecting(), &clock),
    );
    let ticket = challenge(&first).await.expect("it begins");
    let ana = Ana { ticket, ..ana };
    let verdict = verify(&second, &ana, &clock).await.expect("compared");
    assert!(verdict.get("accepted").is_some(), "{verdict}");
}

// covers: KEY-3
#[tokio::test]
async fn a_recovery_code_whose_key_is_gone_is_a_fault_and_not_a_wrong_code() {
    let (store, clock) = (MemoryStore::new(), FixedClock::at(1_800_000_000));
    let ana = enroll(&gateway(store.clone(), old(), &clock), &clock).await;
    reseal(store.clone(), rotated()).await;

    let lacking = gateway(store.clone(), without_the_old(), &clock);
    let ticket = challenge(&lacking).await.expect("it begins");
    let answer = present(&lacking, &ana, &ticket).await;
    let failure = answer.expect_err("nothing can be compared");
    assert!(failure.contains("keyring"), "{failure}");

    // Nothing was counted or lost: with the key the code is good.
    let whole = gateway(store, rotated(), &clock);
    let verdict = present(&whole, &ana, &ticket).await.expect("compared");
    assert!(verdict.get("accepted").is_some(), "{verdict}");
}

// covers: KEY-3, STORE-6
#[tokio::test]
async fn records_whose_key_is_missing_are_refused_and_are_there_when_it_is_back() {
    let directory =
        std::env::temp_dir().join(format!("countersign-rotation-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("there is room");
    let store = SqliteStore::open(directory.join("mfa.db"))
        .await
        .expect("it opens");
    let clock = FixedClock::at(1_800_000_000);
    let ana = enroll(&gateway(store.clone(), old(), &clock), &clock).await;

    let stranger = gateway(store.clone(), LocalKeyring::from_key([9; 32]), &clock);
    for _ in 0..3 {
        let refused = challenge(&stranger).await.expect_err("it opens nothing");
        assert!(refused.contains("store"), "{refused}");
    }
    let refused = claim(&store, "example", &LocalKeyring::from_key([9; 32])).await;
    assert!(refused.is_err());
    let back = gateway(store, old(), &clock);
    let verdict = verify(&back, &ana, &clock).await.expect("compared");
    assert!(verdict.get("accepted").is_some(), "{verdict}");
    std::fs::remove_dir_all(directory).expect("it is ours");
}
