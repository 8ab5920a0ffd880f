//! The decision service, as programs in other languages use it.

mod service;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use countersign_gateway::decisions;
use countersign_host::clock::{Clock, FixedClock};
use countersign_host::contract::policy::Mode;
use countersign_host::contract::{Actor, Deadline, Membership};
use countersign_tests::gateway::Site;
use countersign_tests::peer::Peer;
use libtest_mimic::Trial;
use serde_json::json;

use self::service::{App, Running, Service, directory, settings};
use crate::place::{finish, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let app = |peer: Peer, name: &str, file: &'static str| {
        peer.trial(name.to_owned(), move || {
            finish(enrolls_and_signs_in(peer, file))
        })
    };
    vec![
        trial("decisions_are_the_contracts_functions", functions),
        trial("decisions_without_the_secret_are_none", secret),
        trial("decisions_that_do_not_fit_are_told_where", misfits),
        trial("decisions_socket_is_its_owners_alone", socket),
        trial("decisions_socket_that_was_left_behind_goes_to_one", race),
        app(
            Peer::Python,
            "decisions_let_an_app_in_python_ask",
            "python/app.py",
        ),
        app(
            Peer::Node,
            "decisions_let_an_app_in_node_ask",
            "node/app.mjs",
        ),
    ]
}

async fn functions() {
    let service = Service::open(None).await;
    let (status, functions) = service.get("/v1/functions").await;
    assert_eq!(status, 200);
    let functions = functions.as_array().expect("a list").clone();
    assert!(functions.iter().any(|it| it["name"] == "sign-in.begin"));
    let (status, described) = service.post("/v1/meta.describe", &json!({})).await;
    assert_eq!(status, 200);
    assert!(described["ok"].is_object(), "{described}");
    let asked = json!({ "user": "u-gil", "ticket": "none" });
    let (status, refused) = service.post("/v1/sign-in.inspect", &asked).await;
    assert_eq!(status, 200, "a refusal of the contract is an answer");
    assert!(refused["err"].is_object(), "{refused}");
}

async fn secret() {
    let service = Service::open(Some(SECRET)).await;
    let mut stranger = service.borrowed();
    stranger.secret = None;
    for path in ["/v1/functions", "/v1/meta.describe", "/v1/nothing", "/"] {
        let (status, problem) = stranger.get(path).await;
        assert_eq!((status, &problem["code"]), (401, &json!("no-secret")));
    }
    let mut guesser = service.borrowed();
    guesser.secret = Some("wrong-wrong-wrong-wrong-wrong-wrong");
    assert_eq!(guesser.get("/v1/functions").await.0, 401);
    assert_eq!(service.get("/v1/functions").await.0, 200);
}

async fn misfits() {
    let service = Service::open(None).await;
    let (status, problem) = service.post("/v1/sign-in.start", &json!({})).await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("no-such-function"))
    );
    let secret = "hunter2-hunter2";
    let asked = json!({ "user": "u-gil", "ticket": [secret] });
    let (status, problem) = service.post("/v1/sign-in.inspect", &asked).await;
    assert_eq!((status, &problem["field"]), (400, &json!("ticket")));
    assert!(!problem.to_string().contains(secret), "{problem}");
    let (status, problem) = service.send("POST", "/v1/meta.describe", "{").await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad-json")));
    let (status, _) = service
        .send("POST", "/v1/meta.describe", &"a".repeat(70_000))
        .await;
    assert_eq!(status, 413);
    let (status, problem) = service.get("/v1/meta.describe").await;
    assert_eq!((status, &problem["code"]), (405, &json!("no-such-method")));
}

async fn socket() {
    let directory = directory("socket");
    let path = directory.join("mfa.sock");
    let decisions = settings(&format!("unix:{}", path.display()));
    let open = decisions::listen(&decisions).await.expect("it is free");
    let mode = std::fs::metadata(&path).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let taken = decisions::listen(&decisions)
        .await
        .expect_err("it is in use");
    assert!(taken.to_string().contains("somebody else listens there"));
    drop(open);
    decisions::listen(&decisions)
        .await
        .expect("it was left behind");
    std::fs::remove_file(&path).expect("it is there");
    std::fs::write(&path, "precious").expect("there is place");
    decisions::listen(&decisions)
        .await
        .expect_err("it is a file");
    assert_eq!(std::fs::read(&path).expect("it is there"), b"precious");
    std::fs::remove_dir_all(directory).expect("it is there");
}

async fn race() {
    let directory = directory("race");
    let path = directory.join("mfa.sock");
    for _ in 0..20 {
        let decisions = settings(&format!("unix:{}", path.display()));
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let decisions = decisions.clone();
                tokio::spawn(async move { decisions::listen(&decisions).await })
            })
            .collect();
        let mut doors = Vec::new();
        for start in starts {
            doors.extend(start.await.expect("no panic"));
        }
        assert_eq!(doors.len(), 1, "one has it");
        let reached = tokio::net::UnixStream::connect(&path).await;
        reached.expect("and is reached by it");
        // What is left behind is where the next round begins.
    }
    std::fs::remove_dir_all(directory).expect("it is there");
}

/// Enrolls and signs in at an example, whose only peer is the service.
async fn enrolls_and_signs_in(peer: Peer, file: &'static str) {
    let site = Site::start().await.expect("a site");
    enforce(&site).await;
    let service = Running::begin(&site, SECRET).await;
    let app = App::start(peer, file, service.address, SECRET);
    let at = site.clock.clone();
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut browser = app.browser();
        assert!(browser.get().1.contains("password"));
        let wrong = browser.post("name=ada&password=wrong");
        assert!(wrong.1.starts_with("Wrong"), "{wrong:?}");
        let setup = browser.post(PASSWORD);
        let key = between(&setup.1, "<code>", "</code>");
        assert!(!browser.get().1.contains("Hello"), "not in yet");
        assert!(browser.post("code=000000").1.starts_with("Wrong"));
        assert_eq!(browser.post("code=12").0, 422, "no code at all");
        let confirmed = browser.post(&format!("code={}", code(&key, now(&at))));
        assert!(
            confirmed.1.starts_with("You are in. Recovery code: "),
            "{confirmed:?}"
        );
        assert_eq!(browser.get().1, "Hello ada.");

        let mut other = app.browser();
        assert!(other.post(PASSWORD).1.contains("one-time-code"));
        let replayed = other.post(&format!("code={}", code(&key, now(&at))));
        assert!(replayed.1.starts_with("Wrong"), "{replayed:?}");
        assert!(!other.get().1.contains("Hello"));
        at.advance(60);
        let entered = other.post(&format!("code={}", code(&key, now(&at))));
        assert!(entered.1.starts_with("You are in."), "{entered:?}");
        assert_eq!(other.get().1, "Hello ada.");

        let administration = site.gateway.mfa.administration();
        let actor = Actor::Operator("test".to_owned());
        let companies = [Membership {
            company: "acme".to_owned(),
            roles: Vec::new(),
            active: true,
        }];
        let reset = administration.reset("ada", &companies, None, &actor, true, "lost");
        runtime.block_on(reset).expect("she is reset");
        assert!(other.get().1.contains("password"), "a reset ends it");
        let setup = other.post(PASSWORD);
        let key = between(&setup.1, "<code>", "</code>");
        let entered = other.post(&format!("code={}", code(&key, now(&at))));
        assert!(entered.1.starts_with("You are in."), "{entered:?}");

        let mut late = app.browser();
        assert!(late.post(PASSWORD).1.contains("one-time-code"));
        at.advance(3_600);
        let over = late.post(&format!("code={}", code(&key, now(&at))));
        assert!(over.1.contains("password"), "{over:?}");
        assert!(!late.get().1.contains("Hello"));

        runtime.block_on(service.end());
        let mut third = app.browser();
        assert_eq!(third.post(PASSWORD).0, 503, "nobody to ask");
        assert!(!third.get().1.contains("Hello"));
        assert_eq!(other.get().0, 503, "nor may anybody stay in");
    })
    .await
    .expect("the browser");
}

/// Has the app's company require MFA since now.
async fn enforce(site: &Site) {
    let policies = site.gateway.mfa.policy();
    let stored = policies.get("acme").await.expect("it answers");
    let mut stored = stored.expect("it is seeded");
    stored.policy.mode = Mode::EnforcedFrom(Deadline {
        at: now(&site.clock),
        zone: "UTC".to_owned(),
    });
    let actor = Actor::Operator("test".to_owned());
    let revision = Some(stored.revision);
    let put = policies.put("acme", &stored.policy, revision, &actor, true);
    put.await.expect("it is put");
}

/// Asks the OATH Toolkit for the code of a key.
fn code(key: &str, now: u64) -> String {
    let output = Command::new(Peer::Oathtool.program())
        .args(["--totp", "--base32", "--now", &format!("@{now}"), key])
        .output()
        .expect("the OATH Toolkit, which every example needs");
    assert!(output.status.success(), "{output:?}");
    let code = String::from_utf8(output.stdout).expect("digits");
    code.trim().to_owned()
}

fn now(clock: &FixedClock) -> u64 {
    clock.now().expect("it stands still")
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).expect(before);
    rest.split_once(after).expect(after).0.to_owned()
}

const PASSWORD: &str = "name=ada&password=correct+horse";

const SECRET: &str = "a-secret-of-more-than-32-characters";
