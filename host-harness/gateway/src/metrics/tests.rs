use std::time::Duration;

use countersign_host::keyring::LocalKeyring;
use countersign_host::sms::Outcome;
use countersign_host::store::{Commit, CommitError, Key, MemoryStore, Store, Stored, Unavailable};
use countersign_host::{Countersign, Plugin};
use serde_json::json;

use super::{Build, MailOutcome, Metrics, PasswordOutcome, SignInOutcome};

#[test]
fn what_was_counted_stands_in_the_text_under_names_with_help() {
    let metrics = Metrics::default();
    metrics.request(
        "/countersign/sign-in",
        "POST",
        303,
        Duration::from_millis(7),
    );
    metrics.password(PasswordOutcome::Throttled);
    metrics.sign_in(SignInOutcome::Verified);
    metrics.mail(MailOutcome::Sent);
    metrics.text(&Outcome::Failed("+34600000042 is busy".to_owned()));
    metrics.courier("mails", 12);
    let build = Build {
        version: "0.1.0".to_owned(),
        plugin: "ab".to_owned(),
        contract: "countersign:mfa@0.1.0".to_owned(),
    };
    let text = metrics.clone().render(Some(&build));
    for line in [
        "countersign_http_requests_total{route=\"/countersign/sign-in\",method=\"POST\",status=\"3xx\"} 1",
        "countersign_http_request_seconds_bucket{route=\"/countersign/sign-in\",method=\"POST\",le=\"0.01\"} 1",
        "countersign_passwords_total{outcome=\"throttled\"} 1",
        "countersign_sign_ins_total{outcome=\"verified\"} 1",
        "countersign_mails_total{outcome=\"sent\"} 1",
        "countersign_text_messages_total{outcome=\"failed\"} 1",
        "countersign_courier_lag_events{courier=\"mails\"} 12",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    assert!(text.contains("countersign:mfa@0.1.0"), "{text}");
    assert!(!text.contains("600000042"), "{text}");
    let of_type = |line: &&str| line.starts_with("# TYPE ");
    let helped = |line: &&str| line.starts_with("# HELP ");
    assert_eq!(
        text.lines().filter(of_type).count(),
        text.lines().filter(helped).count()
    );
}

#[test]
fn methods_that_a_client_invents_are_one() {
    let metrics = Metrics::default();
    for number in 0..20 {
        metrics.request("none", &format!("M{number}"), 404, Duration::ZERO);
    }
    let text = metrics.render(None);
    let line = "countersign_http_requests_total{route=\"none\",method=\"other\",status=\"4xx\"} 20";
    assert!(text.lines().any(|it| it == line), "{text}");
}

#[tokio::test]
async fn a_call_is_counted_by_what_came_of_it() {
    let metrics = Metrics::default();
    let plugin = Plugin::builder().load(countersign_component::WASM).unwrap();
    let mfa = Countersign::builder(plugin)
        .realm("example")
        .store(MemoryStore::new())
        .keyring(LocalKeyring::from_key([7; 32]))
        .calls(metrics.clone())
        .build()
        .unwrap();
    mfa.administration().status("mia").await.unwrap();
    mfa.sign_in().inspect("mia", "no-ticket").await.unwrap_err();
    let args = json!({ "user": "" });
    mfa.call_json("administration.status", &args).await.unwrap();
    let text = metrics.render(None);
    for (function, outcome, count) in [
        ("administration.status", "ok", 1),
        ("administration.status", "refused", 1),
        ("sign-in.inspect", "refused", 1),
    ] {
        let line = format!(
            "countersign_plugin_calls_total{{function=\"{function}\",outcome=\"{outcome}\"}} {count}"
        );
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    assert!(
        text.contains("countersign_plugin_calls_in_flight 0"),
        "{text}"
    );
}

#[tokio::test]
async fn a_call_that_was_given_up_is_no_longer_under_way() {
    let metrics = Metrics::default();
    let plugin = Plugin::builder().load(countersign_component::WASM).unwrap();
    let mfa = Countersign::builder(plugin)
        .realm("example")
        .store(Silent)
        .keyring(LocalKeyring::from_key([7; 32]))
        .calls(metrics.clone())
        .build()
        .unwrap();
    let administration = mfa.administration();
    let call = administration.status("mia");
    let late = tokio::time::timeout(Duration::from_millis(50), call).await;
    assert!(late.is_err());
    let text = metrics.render(None);
    let dropped =
        "countersign_plugin_calls_total{function=\"administration.status\",outcome=\"dropped\"} 1";
    assert!(text.lines().any(|it| it == dropped), "{text}");
    assert!(
        text.contains("countersign_plugin_calls_in_flight 0"),
        "{text}"
    );
}

/// A store that never answers.
struct Silent;

#[async_trait::async_trait]
impl Store for Silent {
    async fn get(&self, _: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        std::future::pending().await
    }

    async fn commit(&self, _: Commit) -> Result<(), CommitError> {
        std::future::pending().await
    }
}
