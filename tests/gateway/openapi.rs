//! The API, tried out by its own document.

use std::path::Path;
use std::process::Command;

use countersign_conformance::authenticator::Authenticator;
use countersign_conformance::gateway::{NOW, PASSWORD, Site};
use countersign_conformance::peer::Peer;
use libtest_mimic::Trial;
use serde_json::json;

use crate::place::{finish, trial};
use crate::wire::Caller;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("api_tells_every_problem_in_one_form", problems),
        trial("api_believes_no_cookie", cookies),
        trial("api_lets_a_program_enroll_and_sign_in", enrolls),
        Peer::Schemathesis.trial("api_keeps_to_its_document_with_nobody_signed_in", || {
            finish(keeps_to_its_document(Signed::Out))
        }),
        Peer::Schemathesis.trial("api_keeps_to_its_document_with_an_operator", || {
            finish(keeps_to_its_document(Signed::In))
        }),
    ]
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Signed {
    In,
    Out,
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
    let (status, problem) = caller.get("/countersign/api/v1/session").await;
    assert_eq!((status, &problem["code"]), (401, &json!("no-token")));
    caller.bear(&token);
    assert_eq!(caller.get("/countersign/api/v1/session").await.0, 200);
}

async fn enrolls() {
    let site = Site::start().await.expect("a site");
    let mut caller = Caller::of(site.address());
    let api = |path: &str| format!("/countersign/api/v1/{path}");
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

/// Has Schemathesis send what the document allows, and what it forbids.
async fn keeps_to_its_document(signed: Signed) {
    let site = Site::start_with(|config| {
        // Passwords by the hundred are what it is about.
        config.throttle.name_and_source = 1_000_000;
        config.throttle.name = 1_000_000;
        config.throttle.source = 1_000_000;
    });
    let site = site.await.expect("a site");
    let url = format!("{}/countersign/api/v1", site.url());
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway/openapi/schemathesis.toml");
    let mut command = Command::new(Peer::Schemathesis.program());
    command.arg("--config-file").arg(settings).arg("--no-color");
    command.args(["run", &format!("{url}/openapi.json"), "--url", &url]);
    command.args(["--checks", "all", "--seed", "1", "--max-time", "90"]);
    command.args([
        "--generation-deterministic",
        "--generation-database",
        "none",
    ]);
    command.args(["--phases", "examples,coverage,fuzzing", "--no-shrink"]);
    match signed {
        Signed::Out => command.args(["--max-examples", "10"]),
        Signed::In => {
            let mut caller = Caller::of(site.address());
            let token = sign_in(&caller, "omar").await;
            caller.bear(&token);
            let typed = json!({ "password": PASSWORD });
            let (status, _) = caller.post("/countersign/api/v1/manage", &typed).await;
            assert_eq!(status, 200, "there is a change under way");
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
            // It would end the session that all else is tried with.
            command.args(["--exclude-operation-id", "sign_out"]);
            command.args(["--max-examples", "15"])
        }
    };
    let directory = std::env::temp_dir();
    command.current_dir(directory);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.expect("it ends").expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let erred = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{erred}");
}

async fn sign_in(caller: &Caller, name: &str) -> String {
    let typed = json!({ "name": name, "password": PASSWORD });
    let (status, entered) = caller.post("/countersign/api/v1/sign-in", &typed).await;
    assert_eq!(status, 200, "{entered}");
    entered["token"].as_str().expect("a token").to_owned()
}

fn totp(key: &str, now: u64) -> String {
    Authenticator::scan(key).expect("a key").code(now)
}
