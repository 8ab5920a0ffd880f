//! Calls with JSON.

use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error};
use serde_json::{Value, json};

use crate::host;
use crate::hostile::Hostile;

fn mfa() -> Countersign {
    host(&Hostile::default(), MemoryStore::new())
}

async fn misfit(function: &str, args: Value) -> String {
    match mfa().call_json(function, &args).await {
        Err(Error::Arguments(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn begin() -> Value {
    json!({
        "user": "ana",
        "request": {
            "memberships": [{ "company": "acme", "roles": ["admin"], "active": true }],
            "first-factor": { "kind": { "federated": "idp" }, "age": 0, "channel": "direct" },
            "purpose": { "step-up": "payment" },
            "binding-attested": false,
            "known-enrolled": false,
        },
    })
}

#[tokio::test]
async fn an_answer_comes_as_json() {
    let answer = mfa().call_json("meta.describe", &json!({})).await;
    let expected = json!({
        "name": "hostile",
        "contract": "0.1.0",
        "levels": [],
        "formats": { "oldest-read": 1, "newest-read": 1, "written": 1 },
    });
    assert_eq!(answer.expect("it answers"), expected);
}

#[tokio::test]
async fn a_failure_of_the_contract_is_an_answer() {
    let component = Hostile::default()
        .items(
            r#"(data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\02\00\00\00\00\00\00\00\63")"#,
        )
        .items(r#"(data (i32.const 3600) "\00")"#)
        .body("administration.first-factor-changed", "(i32.const 3504)")
        .body("administration.erase", "(i32.const 3600)");
    let mfa = host(&component, MemoryStore::new());
    let args = json!({ "user": "ana" });
    let answer = mfa
        .call_json("administration.first-factor-changed", &args)
        .await;
    assert_eq!(
        answer.expect("it answers"),
        json!({ "err": { "locked": 99 } })
    );
    let args = json!({ "user": "ana", "actor": { "operator": "op" } });
    let answer = mfa.call_json("administration.erase", &args).await;
    assert_eq!(answer.expect("it answers"), json!({ "ok": null }));
}

#[tokio::test]
async fn arguments_that_fit_are_passed_on() {
    let answer = mfa().call_json("sign-in.begin", &begin()).await;
    assert!(matches!(answer, Err(Error::Trap(_))), "{answer:?}");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_named_by_their_path() {
    let mut args = begin();
    args["request"]["memberships"][0]["roles"][0] = json!(1);
    assert_eq!(
        misfit("sign-in.begin", args).await,
        "request.memberships[0].roles[0]: expected string"
    );
    let mut args = begin();
    args["request"]["first-factor"]["age"] = json!(-1);
    assert_eq!(
        misfit("sign-in.begin", args).await,
        "request.first-factor.age: expected a whole number in the range of u32"
    );
    let mut args = begin();
    args["request"]["purpose"] = json!("step-up");
    assert_eq!(
        misfit("sign-in.begin", args).await,
        "request.purpose.step-up: expected a value: string"
    );
    let mut args = begin();
    args["request"]["device_token"] = json!("x");
    let error = misfit("sign-in.begin", args).await;
    assert!(error.starts_with("request.device_token: expected no such field; there are: "));
    let error = misfit("sign-in.inspect", json!({ "user": "ana" })).await;
    assert_eq!(error, "ticket: expected a value: string");
    let error = misfit("sign-in.inspect", json!({ "usr": "ana" })).await;
    assert_eq!(
        error,
        "usr: expected no such parameter; there are: user, ticket"
    );
    let error = misfit("sign-in.nothing", json!({})).await;
    assert_eq!(error, "function: expected a name such as `sign-in.begin`");
}

#[tokio::test]
async fn no_error_repeats_what_was_given() {
    let mut args = begin();
    args["request"]["purpose"] = json!("canary");
    assert!(!misfit("sign-in.begin", args).await.contains("canary"));
}

#[test]
fn every_function_is_listed_with_its_types() {
    let functions = mfa().plugin().functions();
    assert_eq!(functions.len(), 26);
    let verify = functions.iter().find(|it| it.name == "verification.verify");
    let verify = verify.expect("it is there");
    let names: Vec<&str> = verify.parameters.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["user", "ticket", "method", "code", "remember"]);
    assert_eq!(verify.parameters[2].ty, "enum { totp, sms }");
    let answer = verify.answer.as_deref().expect("it answers");
    assert!(answer.starts_with("result<variant { accepted(variant { done(record {"));
}
