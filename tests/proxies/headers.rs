//! What the app is told, and by whom.

use std::collections::BTreeSet;

use libtest_mimic::Trial;

use crate::caller::{Caller, OPEN};
use crate::person::{enroll, now};
use crate::stand::Stand;
use crate::trial;
use crate::web_server::Kind;

pub(crate) fn trials(kind: Kind) -> Vec<Trial> {
    vec![
        trial(
            kind,
            "somebody_who_showed_a_factor_gets_the_page_with_headers",
            with_headers,
        ),
        trial(
            kind,
            "headers_that_a_client_sends_do_not_arrive",
            no_headers_of_clients,
        ),
        trial(
            kind,
            "a_client_cannot_have_headers_taken_away",
            none_taken_away,
        ),
        trial(kind, "session_cookies_stay_at_the_gateway", cookies_stay),
    ]
}

async fn with_headers(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    let seen = stand.gets_through(&Caller::get("/a?b=1").of(&gil)).await;
    let shown_at = (now(&stand.site.clock) - 30).to_string();
    let host = format!("localhost:{}", stand.port);
    for (name, expected) in [
        ("remote-user", "gil"),
        ("x-auth-user-id", "u-gil"),
        ("x-auth-amr", "pwd otp mfa"),
        ("x-auth-time", &shown_at),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", &host),
        ("host", &host),
    ] {
        assert_eq!(seen.all(name), [expected], "{name}");
    }
    assert_eq!(seen.target, "/a?b=1");
}

async fn no_headers_of_clients(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    let shown_at = (now(&stand.site.clock) - 30).to_string();
    for (name, expected) in [
        ("Remote-User", Some("gil")),
        ("X-Auth-User-Id", Some("u-gil")),
        ("X-Auth-Amr", Some("pwd otp mfa")),
        ("X-Auth-Time", Some(shown_at.as_str())),
        ("X-Forwarded-For", Some("127.0.0.1")),
        ("X-Forwarded-Proto", Some("http")),
        ("Forwarded", None),
        ("X-Original-URL", None),
        ("X-Rewrite-URL", None),
    ] {
        for spelling in spellings(name) {
            let caller = Caller::get("/")
                .with(&spelling, "omar")
                .with(&spelling, "198.51.100.7")
                .of(&gil);
            let seen = stand.gets_through(&caller).await;
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(seen.all(name), expected, "{spelling}");
            // Without a session, they are worth nothing at all.
            let caller = Caller::get("/").with(&spelling, "omar");
            stand.leads_to_sign_in(&caller).await;
        }
    }
}

async fn none_taken_away(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    for connection in [
        "close, Remote-User",
        "close, x-auth-user-id, X-Auth-Amr",
        "x-auth-time, close",
        "close, X-Forwarded-For",
        "close, X-Forwarded-Uri, X-Forwarded-Method",
    ] {
        let caller = Caller::get("/").of(&gil).connection(connection);
        match stand.send(&caller).await.status {
            200 => {
                let seen = stand.app.take_one();
                assert_eq!(seen.all("remote-user"), ["gil"], "{connection}");
                assert_eq!(seen.all("x-auth-user-id"), ["u-gil"], "{connection}");
                assert_eq!(seen.all("x-auth-amr"), ["pwd otp mfa"], "{connection}");
                assert_eq!(seen.all("x-auth-time").len(), 1, "{connection}");
                assert_eq!(seen.all("x-forwarded-for"), ["127.0.0.1"], "{connection}");
            }
            status => {
                assert_eq!((stand.kind, status), (Kind::Caddy, 400), "{connection}");
                stand.nothing_got_through(connection);
            }
        }
    }
}

async fn cookies_stay(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    let own = format!("{OPEN}={}", gil.cookie(OPEN).expect("they are in"));
    let pending = "__Host-countersign-pending=p";
    let device = "__Host-countersign-device=d";
    let form = "__Host-countersign-form=f";
    for (sent, expected) in [
        (vec![own.as_str()], ""),
        (vec![&own, "a=1"], "a=1"),
        (vec!["a=1", &own], "a=1"),
        (vec!["a=1", &own, "b=2"], "a=1; b=2"),
        (vec!["a=1", "b=2; c=3", &own], "a=1; b=2; c=3"),
        (vec![&own, pending, device, form], ""),
        (
            vec![form, "a=1", pending, "b=2", &own, "c=3", device],
            "a=1; b=2; c=3",
        ),
        (
            vec![device, form, &own, "my__Host=1", "b=x=y"],
            "my__Host=1; b=x=y",
        ),
        (vec!["a=\"q; r\"", &own], "a=\"q; r\""),
    ] {
        for separator in ["; ", ";", " ;  "] {
            let line = sent.join(separator);
            let caller = Caller::get("/").with("Cookie", &line);
            let seen = stand.gets_through(&caller).await;
            let arrived = seen.all("cookie").join("; ");
            assert!(!arrived.contains("countersign"), "{line}: {arrived}");
            let parts = |line: &str| -> Vec<String> {
                let each = line.split(';').map(|it| it.trim().to_owned());
                each.filter(|it| !it.is_empty()).collect()
            };
            assert_eq!(parts(&arrived), parts(expected), "{line}: {arrived}");
        }
    }
    // In several lines, as HTTP/2 may have them; and more than a browser has.
    let lines = Caller::get("/").with("Cookie", "a=1").with("Cookie", &own);
    let seen = stand.gets_through(&lines).await;
    assert!(!seen.all("cookie").join(";").contains("countersign"));
    let many = format!("a=1; {own}; {pending}; {device}; {form}; {own}; {own}");
    let seen = stand
        .gets_through(&Caller::get("/").with("Cookie", &many))
        .await;
    assert!(!seen.all("cookie").join(";").contains("countersign"));
}

/// Returns a name in small and capital letters, with `_` for each of its hyphens or not.
fn spellings(name: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::from([String::new()]);
    for it in name.chars() {
        let others = match it {
            '-' => vec!['-', '_'],
            it => vec![it],
        };
        all = all
            .iter()
            .flat_map(|begun| others.iter().map(move |it| format!("{begun}{it}")))
            .collect();
    }
    let all = all.iter();
    all.flat_map(|it| [it.clone(), it.to_lowercase(), it.to_uppercase()])
        .collect()
}
