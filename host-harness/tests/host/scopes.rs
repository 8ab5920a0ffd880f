//! Components that reach for what is not theirs.

use countersign_host::contract::Actor;
use countersign_host::contract::policy::{
    FirstBinding, Guessing, Mode, Policy, Resend, ResetAuthority, SmsRules, TotpWindow,
};
use countersign_host::store::{Content, MemoryStore};
use countersign_host::{Countersign, Error, Reached};

use crate::host;
use crate::hostile::Hostile;

/// The id `policy("acme")` at 3000, `user(account)` at 3100, `quota("q")` at 3200, and at 3300 a change that puts
/// no bytes to `policy("acme")`, which shall not exist.
const IDS: &str = r#"
(data (i32.const 3000) "\01\00\00\00\00\0a\00\00\04\00\00\00")
(data (i32.const 2560) "acme")
(data (i32.const 3100) "\00\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 3200) "\02\00\00\00\08\0a\00\00\01\00\00\00")
(data (i32.const 2568) "q")
(data (i32.const 3304) "\00\00\00\00\00\00\00\00" "\01\00\00\00\00\0a\00\00\04\00\00\00")
"#;

/// Asks for one record, and traps if that is answered.
fn get(at: u32) -> String {
    format!("(call $store.get (i32.const {at}) (i32.const 1) (i32.const 4000)) unreachable")
}

/// Commits the change at 3304, and traps if that is answered.
const PUT: &str = "(call $store.commit (i32.const 3304) (i32.const 1) (i32.const 0) (i32.const 0)
    (i32.const 4000)) unreachable";

/// Commits the event at 5000, and traps if that is answered.
const COMMIT: &str =
    "(call $store.commit (i32.const 0) (i32.const 0) (i32.const 5000) (i32.const 1)
    (i32.const 4000)) unreachable";

fn asking(function: &str, body: &str) -> (Countersign, MemoryStore) {
    let store = MemoryStore::new();
    let component = Hostile::default().items(IDS).body(function, body);
    (host(&component, store.clone()), store)
}

fn policy() -> Policy {
    Policy {
        mode: Mode::Off,
        methods: vec![],
        role_methods: vec![],
        trusted_providers: vec![],
        first_binding: FirstBinding::Password,
        reset_authority: ResetAuthority::Realm,
        totp_window: TotpWindow::PlusMinusOne,
        sms: SmsRules {
            countries: vec![],
            per_hour: 1,
            per_day: 1,
            daily_budget: 1,
            enrolling_percent: 0,
            lifetime_minutes: 1,
            beyond_ten_minutes: false,
            resend: Resend::Same,
            may_manage_app: false,
        },
        guessing: Guessing::PerFactor,
        reauth_interval: 300,
        device_days: 0,
        reminder_days: vec![],
    }
}

// covers: SCOPE-1
#[tokio::test]
async fn the_policy_of_a_company_that_was_not_named_is_out_of_reach() {
    let (mfa, _) = asking("administration.status", &get(3000));
    let error = mfa
        .administration()
        .status("ana")
        .await
        .expect_err("stopped");
    assert!(matches!(error, Error::Scope(Reached::Policy)), "{error:?}");
}

#[tokio::test]
async fn the_policy_of_the_company_that_was_named_is_within_reach() {
    let (mfa, _) = asking("policy.get", &get(3000));
    let error = mfa.policy().get("acme").await.expect_err("it traps after");
    assert!(matches!(error, Error::Trap(_)), "{error:?}");
    let error = mfa.policy().get("evil").await.expect_err("stopped");
    assert!(matches!(error, Error::Scope(Reached::Policy)), "{error:?}");
}

// covers: SCOPE-1
#[tokio::test]
async fn a_call_about_nobody_reaches_no_account() {
    let (mfa, _) = asking("policy.get", &get(3100));
    let error = mfa.policy().get("acme").await.expect_err("stopped");
    assert!(matches!(error, Error::Scope(Reached::Account)), "{error:?}");
}

// covers: SCOPE-2
#[tokio::test]
async fn a_policy_is_written_by_put_of_that_company_alone() {
    let (mfa, store) = asking("policy.get", PUT);
    let error = mfa.policy().get("acme").await.expect_err("stopped");
    assert!(
        matches!(error, Error::Scope(Reached::PolicyWrite)),
        "{error:?}"
    );
    assert!(store.records().is_empty());

    let (mfa, store) = asking("policy.put", PUT);
    let actor = Actor::Operator("op".to_owned());
    let put = |company| {
        let (mfa, actor) = (mfa.clone(), actor.clone());
        async move {
            mfa.policy()
                .put(company, &policy(), None, &actor, false)
                .await
        }
    };
    let error = put("evil").await.expect_err("stopped");
    assert!(
        matches!(error, Error::Scope(Reached::PolicyWrite)),
        "{error:?}"
    );
    assert!(store.records().is_empty());
    let error = put("acme").await.expect_err("it traps after");
    assert!(matches!(error, Error::Trap(_)), "{error:?}");
    assert_eq!(store.records().len(), 1);
}

#[tokio::test]
async fn json_arguments_give_the_same_scope() {
    let (mfa, _) = asking("sign-in.begin", &get(3000));
    let args = |company: &str| {
        serde_json::json!({
            "user": "ana",
            "request": {
                "memberships": [{ "company": company, "roles": [], "active": true }],
                "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
                "purpose": "sign-in",
                "binding-attested": false,
                "known-enrolled": false,
            },
        })
    };
    let error = mfa.call_json("sign-in.begin", &args("evil")).await;
    assert!(matches!(error, Err(Error::Scope(Reached::Policy))));
    let error = mfa.call_json("sign-in.begin", &args("acme")).await;
    assert!(matches!(error, Err(Error::Trap(_))));
}

#[tokio::test]
async fn a_counter_is_not_deleted() {
    // A change `delete { id: quota("q"), expected: none }` at 3400.
    let items = r#"(data (i32.const 3400) "\01\00\00\00\00\00\00\00" "\02\00\00\00\08\0a\00\00\01\00\00\00")"#;
    let component = Hostile::default()
        .items(IDS)
        .items(items)
        .body("administration.status", &PUT.replace("3304", "3400"));
    let mfa = host(&component, MemoryStore::new());
    let error = mfa
        .administration()
        .status("ana")
        .await
        .expect_err("stopped");
    assert!(matches!(error, Error::Scope(Reached::Counter)), "{error:?}");
}

#[tokio::test]
async fn a_record_that_was_not_read_is_not_replaced() {
    // A change `put { id: user(account), expected: some(1), … }` at 3400.
    let items = r#"(data (i32.const 3400) "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00"
        "\00\00\00\00" "\01\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00")"#;
    let component = Hostile::default()
        .items(IDS)
        .items(items)
        .body("administration.status", &PUT.replace("3304", "3400"));
    let store = MemoryStore::new();
    let mfa = host(&component, store.clone());
    let key = countersign_host::store::Key {
        realm: "test".into(),
        record: countersign_host::store::Record::Account { user: "ana".into() },
    };
    store.tamper(key, Content::Sealed(b"cannot be opened".to_vec()));
    let before = store.records();
    let error = mfa
        .administration()
        .status("ana")
        .await
        .expect_err("stopped");
    assert!(matches!(error, Error::Misuse(_)), "{error:?}");
    assert_eq!(store.records(), before);
}

// covers: STORE-8
#[tokio::test]
async fn an_actor_longer_than_the_contract_allows_is_in_no_event() {
    for (length, fits) in [(128, true), (129, false)] {
        // `reset("")` by `operator`, of so many bytes that are zero, at 5000.
        let body = format!(
            "(i32.store8 (i32.const 5000) (i32.const 28))
             (i32.store8 offset=44 (i32.const 5000) (i32.const 1))
             (i32.store8 offset=40 (i32.const 5000) (i32.const 1))
             (i32.store offset=48 (i32.const 5000) (i32.const 7000))
             (i32.store offset=52 (i32.const 5000) (i32.const {length}))
             {COMMIT}"
        );
        let store = MemoryStore::new();
        let component = Hostile::default().body("administration.status", &body);
        let error = host(&component, store.clone())
            .administration()
            .status("ana")
            .await
            .expect_err("it traps after");
        assert_eq!(matches!(error, Error::Trap(_)), fits, "{error:?}");
        assert_eq!(matches!(error, Error::Misuse(_)), !fits, "{error:?}");
        assert_eq!(store.events().len(), usize::from(fits));
    }
}

// covers: STORE-6
#[tokio::test]
async fn a_record_that_cannot_be_opened_is_an_error_and_stays_as_it_is() {
    // Answers `err(busy)` if the store said `err`, else traps.
    let body = "(call $store.get (i32.const 3100) (i32.const 1) (i32.const 4000))
        (if (i32.eqz (i32.load8_u (i32.const 4000))) (then unreachable))
        (i32.const 3504)";
    let items = r#"(data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\05")"#;
    let component = Hostile::default()
        .items(IDS)
        .items(items)
        .body("administration.first-factor-changed", body);
    let store = MemoryStore::new();
    let mfa = host(&component, store.clone());
    let error = mfa.administration().first_factor_changed("ana").await;
    assert!(matches!(error, Err(Error::Trap(_))), "nothing is wrong yet");
    let key = countersign_host::store::Key {
        realm: "test".into(),
        record: countersign_host::store::Record::Account { user: "ana".into() },
    };
    store.tamper(key, Content::Sealed(b"cannot be opened".to_vec()));
    let before = store.records();
    let error = mfa.administration().first_factor_changed("ana").await;
    assert!(matches!(error, Err(Error::Refused(_))), "{error:?}");
    assert_eq!(store.records(), before);
}
