//! The events of the real component, in a sink.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_conformance::World;
use countersign_conformance::authenticator::Authenticator;
use countersign_host::Countersign;
use countersign_host::fault::Fault;
use countersign_host::sink::{Courier, JsonLines};
use countersign_host::store::MemoryStore;
use countersign_tests::policy;
use countersign_tests::subject::Component;
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Strings that somebody else made up, or that open something.
fn strings(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|it| strings(it, found)),
        Value::Object(fields) => fields.values().for_each(|it| strings(it, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_sink_gets_every_event_as_a_line_and_no_secret() {
    let world = World::new(7);
    let page = Page::default();
    let note = |fault: &Fault| panic!("{fault}");
    let store = MemoryStore::new();
    let lines = JsonLines::new(page.clone());
    let courier = Courier::start(Arc::new(store.clone()), world.realm(), "siem", lines, note);
    let courier = courier.await.expect("it starts");
    let mfa = Countersign::builder(Component::plugin())
        .realm(world.realm())
        .store(store.clone())
        .keyring(world.keyring().clone())
        .clock(world.clock().clone())
        .random(world.random().clone())
        .build()
        .expect("nothing is missing")
        .for_client("evil\n\u{1b}[2J\u{202e}client");
    let mut secrets: Vec<String> = Vec::new();
    let mut call = async |function: &str, args: Value| {
        let answer = mfa.call_json(function, &args).await.expect("it fits");
        assert!(answer.get("err").is_none(), "{function}: {answer}");
        for field in [
            "/ok/enroll/ticket",
            "/ok/challenge/ticket",
            "/ok/secret",
            "/ok/uri",
        ] {
            let secret = answer.pointer(field).and_then(Value::as_str);
            secrets.extend(secret.map(str::to_owned));
        }
        let code = answer.pointer("/ok/accepted/recovery-code/code");
        secrets.extend(code.and_then(Value::as_str).map(str::to_owned));
        answer
    };
    // A user whose id is made to look like another line.
    let user = "ana\u{2028}{\"user\":\"eva\"}\u{200f}";
    let request = |purpose: &str| {
        json!({ "user": user, "request": {
            "memberships": [{ "company": "acme", "roles": [], "active": true }],
            "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
            "purpose": purpose, "binding-attested": false, "known-enrolled": false,
        } })
    };
    call("policy.put", policy::voluntary()).await;
    let begun = call("sign-in.begin", request("manage-factors")).await;
    let ticket = begun["ok"]["enroll"]["ticket"].clone();
    let label = json!({ "issuer": "Example", "account-name": "ana@example.com" });
    let args = json!({ "user": user, "ticket": ticket, "label": label });
    let setup = call("enrollment.begin-totp", args).await;
    let key = setup["ok"]["secret"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let code = |world: &World| {
        let app = Authenticator::scan(&key).expect("it is a key");
        app.code(world.clock().time())
    };
    let args = json!({ "user": user, "ticket": ticket, "method": "totp", "code": code(&world) });
    call("enrollment.confirm", args).await;
    world.clock().advance(90);
    let begun = call("sign-in.begin", request("sign-in")).await;
    let ticket = begun["ok"]["challenge"]["ticket"].clone();
    for code in ["000000".to_owned(), code(&world)] {
        let args = json!({ "user": user, "ticket": ticket, "method": "totp", "code": code, "remember": false });
        call("verification.verify", args).await;
    }
    let reset = json!({
        "user": user, "actor": { "operator": "op" }, "identity-verified": true,
        "reason": "lost\u{2029}\u{2066}phone",
        "memberships": [{ "company": "acme", "roles": [], "active": true }],
    });
    call("administration.reset", reset).await;

    assert!(courier.drain(Duration::from_secs(10)).await);
    let text = String::from_utf8(page.0.lock().expect("whole").clone()).expect("UTF-8");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let committed: Vec<Value> = store.events().iter().map(|it| it.to_json()).collect();
    assert_eq!(lines, committed);
    let names: Vec<&str> = lines.iter().filter_map(|it| it["event"].as_str()).collect();
    for name in [
        "policy-changed",
        "enrollment-confirmed",
        "challenge-failed",
        "challenge-passed",
        "reset",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert!(
        lines
            .iter()
            .any(|it| it["notify"] == true && it["event"] == "reset")
    );
    let seen = |c: char| c == '\n' || (' '..='~').contains(&c);
    assert!(text.chars().all(seen), "{text}");
    assert!(secrets.len() >= 5, "{}", secrets.len());
    let mut told = Vec::new();
    lines.iter().for_each(|it| strings(it, &mut told));
    for secret in &secrets {
        assert!(!text.contains(secret), "a secret is told");
        assert!(
            !told.iter().any(|it| it.contains(secret)),
            "a secret is told"
        );
    }
}
