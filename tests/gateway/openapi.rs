//! The API, tried out by its own document.

use std::path::Path;
use std::process::Command;

use countersign_conformance::authenticator::Authenticator;
use countersign_host::clock::Clock;
use countersign_host::contract::Actor;
use countersign_tests::gateway::{NOW, PASSWORD, Site};
use countersign_tests::peer::Peer;
use libtest_mimic::Trial;
use serde_json::json;

use crate::place::{finish, trial};
use crate::wire::Caller;

pub(crate) fn trials() -> Vec<Trial> {
    let keeping = |name: &str, sender: Sender| {
        Peer::Schemathesis.trial(name.to_owned(), move || {
            finish(keeps_to_its_document(sender))
        })
    };
    vec![
        trial("api_tells_every_problem_in_one_form", problems),
        trial("api_believes_no_cookie", cookies),
        trial("api_lets_a_program_enroll_and_sign_in", enrolls),
        trial("api_refuses_a_policy_out_of_bounds_at_its_member", policies),
        trial("api_has_the_readiness_as_a_table", table),
        keeping("api_keeps_to_its_document_for_a_stranger", Sender::Stranger),
        keeping(
            "api_keeps_to_its_document_for_an_operator",
            Sender::Operator,
        ),
        keeping("api_keeps_to_its_document_in_a_company", Sender::Helper),
    ]
}

/// Who sends what Schemathesis makes up.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Sender {
    /// Somebody without a token.
    Stranger,
    /// An operator, with a change of factors under way.
    Operator,
    /// One who has a factor, always for a company and a person that there are.
    Helper,
}

impl Sender {
    fn settings(self) -> &'static str {
        match self {
            Self::Stranger => "stranger.toml",
            Self::Operator => "operator.toml",
            Self::Helper => "helper.toml",
        }
    }
}

async fn problems() {
    let site = Site::start().await.expect("a site");
    let caller = Caller::of(site.address());
    let sign_in = "/countersign/api/v1/sign-in";
    let wrong = json!({ "name": "ben", "password": "hunter2-hunter2" });
    let many: &[(&str, &str, &str, u16, &str)] = &[
        ("GET", "/countersign/api/nothing", "", 404, "no-such-path"),
        (
            "GET",
            "/countersign/api/v1/nothing",
            "",
            404,
            "no-such-path",
        ),
        ("GET", sign_in, "", 405, "no-such-method"),
        ("POST", sign_in, "{\"name\"", 400, "bad-json"),
        ("POST", sign_in, "{}", 422, "invalid-input"),
        (
            "POST",
            sign_in,
            &wrong.to_string(),
            401,
            "wrong-credentials",
        ),
        ("GET", "/countersign/api/v1/session", "", 401, "no-token"),
        ("POST", sign_in, &"a".repeat(70_000), 413, "too-large"),
    ];
    for (method, path, body, status, code) in many {
        let answer = caller.send(method, path, body).await;
        assert_eq!(
            (answer.0, &answer.1["code"]),
            (*status, &json!(code)),
            "{path}"
        );
        assert_eq!(answer.1["status"], json!(status));
        assert!(!answer.1.to_string().contains("hunter2"), "{}", answer.1);
    }
    let typed = json!({ "name": "ben", "password": "x", "extra": 1 });
    let (status, problem) = caller.post(sign_in, &typed).await;
    assert_eq!((status, &problem["field"]), (422, &json!("extra")));
    let typed = json!({ "name": ["hunter2"], "password": "x" });
    let (_, problem) = caller.post(sign_in, &typed).await;
    assert_eq!(problem["field"], json!("name"));
    assert!(!problem.to_string().contains("hunter2"), "{problem}");
}

async fn cookies() {
    let site = Site::start().await.expect("a site");
    let mut caller = Caller::of(site.address());
    let token = sign_in(&caller, "ben").await;
    caller.headers = format!("Cookie: __Host-countersign={token}\r\n");
    let (status, problem) = caller.get(&api("session")).await;
    assert_eq!((status, &problem["code"]), (401, &json!("no-token")));
    caller.bear(&token);
    assert_eq!(caller.get(&api("session")).await.0, 200);
}

async fn enrolls() {
    let site = Site::start().await.expect("a site");
    let mut caller = Caller::of(site.address());
    let typed = json!({ "name": "gil", "password": PASSWORD });
    let (_, entered) = caller.post(&api("sign-in"), &typed).await;
    assert_eq!(entered["session"]["level"], "pending");
    assert_eq!(entered["session"]["step"], "enroll");
    caller.bear(entered["token"].as_str().expect("a token"));
    let (status, problem) = caller.get(&api("status")).await;
    assert_eq!((status, &problem["step"]), (403, &json!("enroll")));
    let (_, setup) = caller.send("POST", &api("enrollment/app"), "").await;
    let key = setup["secret"].as_str().expect("a key").to_owned();
    let confirm = json!({ "code": totp(&key, NOW) });
    let (_, entered) = caller.post(&api("enrollment/app/confirm"), &confirm).await;
    assert_eq!(entered["session"]["step"], "save-code", "{entered}");
    assert_eq!(
        caller.get(&api("status")).await.0,
        401,
        "the token has changed"
    );
    caller.bear(entered["token"].as_str().expect("a token"));
    assert!(caller.get(&api("recovery-code")).await.1["code"].is_string());
    assert_eq!(caller.send("POST", &api("recovery-code"), "").await.0, 204);
    let (_, session) = caller.get(&api("session")).await;
    assert_eq!(session["step"], "inside");
    site.clock.advance(60);
    let (_, entered) = caller.post(&api("sign-in"), &typed).await;
    assert_eq!(entered["session"]["step"], "verify");
    let mut second = Caller::of(site.address());
    second.bear(entered["token"].as_str().expect("a token"));
    let typed = json!({ "method": "totp", "code": totp(&key, NOW + 60) });
    let (_, entered) = second.post(&api("verify"), &typed).await;
    assert_eq!(entered["session"]["level"], "open", "{entered}");
    assert_eq!(caller.send("DELETE", &api("session"), "").await.0, 204);
    assert_eq!(caller.get(&api("session")).await.0, 401);
}

async fn policies() {
    let site = Site::start().await.expect("a site");
    let mut caller = Caller::of(site.address());
    lead(&site, &mut caller, "omar").await;
    let (_, document) = caller.get(&api("openapi.json")).await;
    let example = &document["components"]["schemas"]["Supposed"]["example"];
    let put = "companies/globex/policy";
    let (_, governing) = caller.get(&api(put)).await;
    for (member, value) in [
        ("device-days", json!(91)),
        ("reauth-interval", json!(299)),
        ("methods", json!(["sms"])),
        ("reminder-days", json!([0])),
    ] {
        let mut supposed = example.clone();
        supposed["policy"][member] = value;
        for company in ["globex", "*"] {
            let path = api(&format!("companies/{company}/preview"));
            let (status, problem) = caller.post(&path, &supposed).await;
            let field = json!(format!("policy.{member}"));
            assert_eq!((status, &problem["field"]), (422, &field), "{problem}");
        }
        let change = json!({
            "policy": supposed["policy"], "expected": governing["revision"]
        });
        let (status, problem) = caller.send("PUT", &api(put), &change.to_string()).await;
        let field = json!(format!("policy.{member}"));
        assert_eq!((status, &problem["field"]), (422, &field), "{problem}");
    }
    let path = api("companies/globex/preview");
    let (status, forecast) = caller.post(&path, example).await;
    assert_eq!(status, 200, "the document's own example fits: {forecast}");
}

async fn table() {
    let site = Site::start().await.expect("a site");
    let mut caller = Caller::of(site.address());
    let path = api("companies/acme/readiness.csv");
    assert_eq!(caller.get(&path).await.1["code"], json!("no-token"));
    let token = sign_in(&caller, "omar").await;
    caller.bear(&token);
    let (status, headers, table) = caller.text(&path).await;
    assert_eq!(status, 200);
    let headers = headers.to_ascii_lowercase();
    assert!(headers.contains("content-type: text/csv"), "{headers}");
    assert!(table.lines().any(|it| it.contains("ben")), "{table}");
}

/// Has Schemathesis send what the document allows, and what it forbids.
async fn keeps_to_its_document(sender: Sender) {
    let site = Site::start_with(|config| {
        // Passwords by the hundred are what it is about.
        config.throttle.name_and_source = 1_000_000;
        config.throttle.name = 1_000_000;
        config.throttle.source = 1_000_000;
    });
    let site = site.await.expect("a site");
    let url = format!("{}/countersign/api/v1", site.url());
    let mut command = Command::new(Peer::Schemathesis.program());
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway/openapi");
    command
        .arg("--config-file")
        .arg(settings.join(sender.settings()));
    command.args(["--no-color", "run"]);
    command.args([&format!("{url}/openapi.json"), "--url", &url]);
    command.args(["--checks", "all", "--phases", "examples,coverage,fuzzing"]);
    command.args(["--generation-deterministic", "--no-shrink"]);
    let mut caller = Caller::of(site.address());
    if sender != Sender::Stranger {
        let token = match sender {
            Sender::Helper => lead(&site, &mut caller, "omar").await,
            _ => sign_in(&caller, "omar").await,
        };
        caller.bear(&token);
        let typed = json!({ "password": PASSWORD });
        let (status, _) = caller.post(&api("manage"), &typed).await;
        assert_eq!(status, 200, "there is a change under way");
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let directory = std::env::temp_dir();
    command.current_dir(directory);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.expect("it ends").expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let erred = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{erred}");
    if sender != Sender::Stranger {
        let (status, session) = caller.get(&api("session")).await;
        assert_eq!(status, 200, "it was the session of all of it: {session}");
    }
}

fn api(path: &str) -> String {
    format!("/countersign/api/v1/{path}")
}

/// Signs in somebody who has a factor of their own, as whoever decides about others' has.
async fn lead(site: &Site, caller: &mut Caller, name: &str) -> String {
    let uri = format!("otpauth://totp/Acme:{name}?secret={KEY}&issuer=Acme");
    let (user, actor) = (format!("u-{name}"), Actor::Operator("test".to_owned()));
    let administration = site.gateway.mfa.administration();
    let added = administration.add_totp(&user, &uri, None, &actor).await;
    added.expect("it is imported");
    site.clock.advance(60);
    let token = sign_in(caller, name).await;
    caller.bear(&token);
    let now = site.clock.now().expect("it is a clock");
    let typed = json!({ "method": "totp", "code": totp(KEY, now) });
    let (status, entered) = caller.post(&api("verify"), &typed).await;
    assert_eq!(status, 200, "{entered}");
    let token = entered["token"].as_str().expect("a token").to_owned();
    caller.bear(&token);
    token
}

async fn sign_in(caller: &Caller, name: &str) -> String {
    let typed = json!({ "name": name, "password": PASSWORD });
    let (status, entered) = caller.post("/countersign/api/v1/sign-in", &typed).await;
    assert_eq!(status, 200, "{entered}");
    entered["token"].as_str().expect("a token").to_owned()
}

/// The key of an app, in base 32.
const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn totp(key: &str, now: u64) -> String {
    Authenticator::scan(key).expect("a key").code(now)
}
