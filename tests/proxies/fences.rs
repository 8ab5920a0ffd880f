//! Ways around: paths, hosts and addresses that are not what they look like.

use std::net::Ipv4Addr;

use countersign_tests::gateway::PASSWORD;
use libtest_mimic::Trial;

use crate::caller::Caller;
use crate::person::{enroll, mark, sign_in};
use crate::stand::{Stand, TRIES};
use crate::trial;
use crate::web_server::Kind;

pub(crate) fn trials(kind: Kind) -> Vec<Trial> {
    vec![
        trial(
            kind,
            "an_address_to_return_to_of_another_host_is_not_followed",
            other_hosts,
        ),
        trial(
            kind,
            "no_spelling_of_a_path_reaches_the_upstream_without_a_session",
            paths,
        ),
        trial(
            kind,
            "what_the_web_server_asks_nobody_else_can_ask",
            internal,
        ),
        trial(kind, "a_name_of_another_host_reaches_nothing", host_names),
        trial(
            kind,
            "a_client_does_not_choose_the_address_it_comes_from",
            addresses,
        ),
    ]
}

async fn other_hosts(stand: Stand) {
    let evil = [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\r\nLocation: https://evil.example",
        " //evil.example",
        "@evil.example",
    ];
    for path in evil {
        let mut ben = stand.visitor();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("rd", path)
            .finish();
        let address = format!("/countersign/sign-in?{query}");
        let page = ben.open(&address).await.expect("there is a page");
        assert_eq!(page.status(), 200);
        let page = crate::person::type_password(&mut ben, "ben").await;
        assert_eq!(page.path(), "/countersign/notice");
        // The visitor would not follow one to another host.
        let pressed = ben
            .press("/countersign/notice", &[("answer", "later")])
            .await;
        let page = pressed.expect("there is a page");
        assert_eq!(page.path(), "/countersign/", "{path}");
        // Whoever is in already is led on at once.
        let answer = ben.fetch(&address).await.expect("there is an answer");
        assert_eq!(answer.leads_to(), Some("/countersign/"), "{path}");
        let page = ben.open("/countersign/").await.expect("there is a page");
        let pressed = ben.press_on(&page, "/countersign/sign-out", &[]).await;
        pressed.expect("there is a page");
    }
    stand.nothing_got_through("another host");
    // What was asked for looks like a host itself.
    for target in ["//evil.example/x", "/%5Cevil.example", "/%2F/evil.example"] {
        let location = stand.leads_to_sign_in(&Caller::get(target)).await;
        let url = url::Url::parse(&location).expect("it is an address");
        let (_, back) = url.query_pairs().next().expect("it has one");
        let back = url.join(&back).expect("it is an address");
        assert_eq!(back.origin(), url.origin(), "{target}: {back}");
    }
}

async fn paths(stand: Stand) {
    let mut gil = stand.visitor();
    sign_in(&mut gil, "gil").await;
    let pending = gil.cookie("__Host-countersign-pending").expect("it is set");
    for target in [
        "/",
        "//app",
        "/app",
        "/countersign/../app",
        "/countersign/..//app",
        "/countersign/%2e%2e/app",
        "/countersign/.%2e/app",
        "/countersign%2f..%2fapp",
        "/countersign/..%2fapp",
        "/countersign/..%5capp",
        "/countersign/..;/app",
        "/countersign;/../app",
        "/countersign/static/../../app",
        "/countersign/static/..%2f..%2fapp",
        "/countersign/auth-request/../../app",
        "/countersign/sign-in/../../app",
        "/COUNTERSIGN/",
        "/COUNTERSIGN/../app",
        "/countersign",
        "/countersign?/app",
        "/countersign/%00/app",
        "/countersign/%252e%252e/app",
        "/countersignx",
        "/app/../countersign/../app",
        "/..",
        "/../app",
        "/%2e%2e/app",
        "/app#/countersign/",
        "http://localhost/app",
        "http://evil.example/app",
        "app",
        "*",
        "?",
    ] {
        for cookie in [
            "",
            "__Host-countersign=x",
            &format!("__Host-countersign={pending}"),
        ] {
            for method in ["GET", "POST", "OPTIONS", "TRACE", "FOO"] {
                let caller = Caller::method(method, target)
                    .with("Accept", "text/html")
                    .with("Cookie", cookie);
                let answer = stand.send(&caller).await;
                stand.nothing_got_through(&format!("{caller:?} {answer:?}"));
                assert_ne!(answer.body, crate::app::PAGE);
            }
        }
    }
}

async fn internal(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    for target in [
        "/countersign/auth-request",
        "/countersign/auth-request?max_age=1",
        "/countersign/auth-request/payroll",
        "/countersign/forward-auth",
        "/countersign//auth-request",
        "/countersign/./forward-auth",
        "/countersign/auth%2drequest",
        "/countersign/forward%2dauth",
        "/x/../countersign/auth-request",
    ] {
        let answer = stand.send(&Caller::get(target).of(&gil)).await;
        assert_eq!(answer.status, 404, "{target} {answer:?}");
        assert_eq!(answer.header("Remote-User"), None);
    }
    stand.nothing_got_through("the gateway's own paths");
}

async fn host_names(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    for host in ["evil.example", "127.0.0.1", "localhost.evil.example", ""] {
        let caller = Caller::get("/").with("Host", host).of(&gil);
        let answer = stand.send(&caller).await;
        assert_ne!(answer.body, crate::app::PAGE, "{host}");
        stand.nothing_got_through(host);
        let location = answer.header("Location").unwrap_or_default();
        assert!(!location.contains("evil"), "{host} {answer:?}");
    }
}

async fn addresses(stand: Stand) {
    let here = Ipv4Addr::LOCALHOST;
    let mut ben = stand.visitor();
    let page = ben.open("/countersign/sign-in").await;
    let form = ben.cookie("__Host-countersign-form").expect("it is set");
    let mark = mark(&page.expect("there is a page"));
    let attempt = async |name: &str, password: &str, from: Ipv4Addr, forwarded: String| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("form-token", &mark)
            .append_pair("name", name)
            .append_pair("password", password)
            .append_pair("return-to", "")
            .finish();
        let caller = Caller::method("POST", "/countersign/sign-in")
            .with("Content-Type", "application/x-www-form-urlencoded")
            .with("Cookie", &format!("__Host-countersign-form={form}"))
            .with("X-Forwarded-For", &forwarded)
            .with("X-Real-IP", &forwarded)
            .with("Forwarded", &format!("for={forwarded}"))
            .from(from)
            .body(body.into_bytes());
        stand.send(&caller).await.status
    };
    for n in 0..TRIES {
        let status = attempt(&format!("n{n}"), "wrong", here, format!("203.0.113.{n}")).await;
        assert_eq!(status, 401);
    }
    let other = "203.0.113.200".to_owned();
    assert_eq!(attempt("n", "wrong", here, other.clone()).await, 429);
    // Somebody else is not shut out, since the web server says who it is.
    let elsewhere = Ipv4Addr::new(127, 0, 0, 2);
    assert_eq!(attempt("n", "wrong", elsewhere, other.clone()).await, 401);
    assert_eq!(attempt("ben", PASSWORD, elsewhere, other).await, 303);
}
