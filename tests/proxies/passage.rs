//! Who gets through, and for how long.

use countersign_host::contract::{Actor, Membership};
use libtest_mimic::Trial;

use crate::caller::{Caller, OPEN, PENDING};
use crate::person::{enroll, now, sign_in, type_code, type_password};
use crate::stand::Stand;
use crate::trial;
use crate::web_server::Kind;

pub(crate) fn trials(kind: Kind) -> Vec<Trial> {
    vec![
        trial(
            kind,
            "somebody_without_a_session_is_led_to_sign_in_and_back",
            there_and_back,
        ),
        trial(
            kind,
            "a_password_alone_reaches_nothing_of_the_upstream",
            password_alone,
        ),
        trial(
            kind,
            "a_reset_shuts_the_upstream_at_the_next_request",
            reset,
        ),
        trial(kind, "a_sign_out_shuts_the_upstream", sign_out),
        trial(
            kind,
            "deadline_that_passes_shuts_the_upstream",
            deadline_passes,
        ),
        trial(
            kind,
            "a_gateway_that_is_down_lets_nobody_through",
            gateway_is_down,
        ),
        trial(kind, "max_age_asks_for_a_fresh_factor", max_age),
        trial(kind, "a_post_to_the_upstream_arrives_whole", post),
        trial(kind, "an_api_call_gets_401_and_no_page", api_call),
        trial(kind, "a_401_of_the_upstream_is_its_own", own_401),
    ]
}

async fn there_and_back(stand: Stand) {
    let target = "/reports/a%20b;c=1/~x?x=1&y=%2F%26&rd=//z&w=(*),!$@:+#".trim_end_matches('#');
    let location = stand.leads_to_sign_in(&Caller::get(target)).await;
    let url = url::Url::parse(&location).expect("it is an address");
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs, [("rd".to_owned(), target.to_owned())]);

    let mut gil = stand.visitor();
    let (app, _) = enroll(&mut gil, "gil", &stand.site.clock).await;
    gil.forget();
    let page = gil.open(target).await.expect("there is a page");
    assert_eq!(page.heading(), "Sign in");
    let page = type_password(&mut gil, "gil").await;
    assert_eq!(page.path(), "/countersign/verify");
    stand.nothing_got_through("the password");
    let page = type_code(&mut gil, &app, &stand.site.clock).await;
    assert_eq!(page.path(), target);
    assert_eq!(page.text(), crate::app::PAGE);
    assert_eq!(stand.app.take_one().target, target);
}

async fn password_alone(stand: Stand) {
    let mut gil = stand.visitor();
    let page = sign_in(&mut gil, "gil").await;
    assert_eq!(page.path(), "/countersign/enroll");
    let token = gil.cookie(PENDING).expect("it is set").to_owned();
    for name in [PENDING, OPEN, "__Host-countersign-form"] {
        let cookie = format!("{name}={token}");
        let get = Caller::get("/").with("Cookie", &cookie);
        stand.leads_to_sign_in(&get).await;
        let post = Caller::method("POST", "/")
            .with("Cookie", &cookie)
            .body(b"a=1".to_vec());
        assert_eq!(stand.send(&post).await.status, 401);
        stand.nothing_got_through(&cookie);
    }
}

async fn reset(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    let caller = Caller::get("/").of(&gil);
    stand.gets_through(&caller).await;
    let membership = Membership {
        company: "globex".to_owned(),
        roles: Vec::new(),
        active: true,
    };
    let administration = stand.site.gateway.mfa.administration();
    let actor = Actor::Operator("omar".to_owned());
    administration
        .reset(
            "u-gil",
            &[membership],
            None,
            &actor,
            true,
            "asked in person",
        )
        .await
        .expect("it is reset");
    stand.leads_to_sign_in(&caller).await;
}

async fn sign_out(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    let caller = Caller::get("/").of(&gil);
    stand.gets_through(&caller).await;
    gil.open("/countersign/").await.expect("there is a page");
    let pressed = gil.press("/countersign/sign-out", &[]).await;
    pressed.expect("there is a page");
    stand.leads_to_sign_in(&caller).await;
}

async fn deadline_passes(stand: Stand) {
    let policies = stand.site.gateway.mfa.policy();
    let stored = policies.get("acme").await.expect("it answers");
    let mode = stored.expect("it is there").policy.mode;
    let countersign_host::contract::policy::Mode::EnforcedFrom(deadline) = mode else {
        panic!("{mode:?}");
    };
    stand.site.clock.set(deadline.at - 60);
    let mut ben = stand.visitor();
    let page = sign_in(&mut ben, "ben").await;
    assert_eq!(page.path(), "/countersign/notice");
    let pressed = ben
        .press("/countersign/notice", &[("answer", "later")])
        .await;
    pressed.expect("there is a page");
    let caller = Caller::get("/").of(&ben);
    let seen = stand.gets_through(&caller).await;
    assert_eq!(seen.all("x-auth-amr"), ["pwd"]);
    stand.site.clock.advance(59);
    stand.gets_through(&caller).await;
    stand.site.clock.advance(1);
    stand.leads_to_sign_in(&caller).await;
    let page = ben.open("/a?b=c").await.expect("there is a page");
    assert_eq!(page.path(), "/countersign/enroll");
}

async fn gateway_is_down(mut stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    let caller = Caller::get("/").of(&gil);
    stand.gets_through(&caller).await;
    stand.site.stop().await;
    for caller in [
        caller.clone(),
        Caller::get("/"),
        Caller::get("/payroll/").of(&gil),
        Caller::method("POST", "/").of(&gil).body(vec![1]),
        Caller::get("/countersign/sign-in"),
    ] {
        let answer = stand.send(&caller).await;
        assert!((500..600).contains(&answer.status), "{answer:?}");
        stand.nothing_got_through("the gateway is down");
    }
}

async fn max_age(stand: Stand) {
    let clock = &stand.site.clock;
    let mut gil = stand.visitor();
    let (app, _) = enroll(&mut gil, "gil", clock).await;
    let caller = |target: &str, gil: &_| Caller::get(target).of(gil);
    let shown_at = now(clock) - 30;
    clock.set(shown_at + 300);
    stand.gets_through(&caller("/payroll/", &gil)).await;
    clock.advance(1);
    // What the app's own query says is the app's.
    for target in ["/", "/?max_age=0", "/?max_age=soon"] {
        let seen = stand.gets_through(&caller(target, &gil)).await;
        assert_eq!(seen.target, target);
    }
    // However the path is written, and whatever the query asks for.
    for target in [
        "/payroll/",
        "/payroll/?max_age=9999",
        "//payroll/",
        "/payroll//",
        "/%70ayroll/",
        "/./payroll/",
        "/a/../payroll/",
        "/payroll%2fa",
    ] {
        let location = stand.leads_to_sign_in(&caller(target, &gil)).await;
        assert!(location.ends_with("&max_age=300"), "{location}");
    }
    let api = Caller::method("GET", "/payroll/")
        .with("Accept", "application/json")
        .of(&gil);
    let answer = stand.send(&api).await;
    let challenge = answer.header("WWW-Authenticate").unwrap_or_default();
    assert_eq!(answer.status, 401);
    assert!(challenge.contains("max_age=\"300\""), "{challenge}");

    let target = "/payroll/slips?of=may&all=1";
    let page = gil.open(target).await.expect("there is a page");
    assert_eq!(page.path(), "/countersign/verify", "{page:?}");
    stand.nothing_got_through("a factor that is too old");
    let page = type_code(&mut gil, &app, clock).await;
    assert_eq!(page.path(), target, "{page:?}");
    let seen = stand.app.take_one();
    assert_eq!(seen.target, target);
    let fresh = (now(clock) - 30).to_string();
    assert_eq!(seen.all("x-auth-time"), [fresh.as_str()]);
    stand.gets_through(&caller("/payroll/", &gil)).await;
}

async fn post(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    let body: Vec<u8> = (0..300_000_u32).map(|it| (it % 251) as u8).collect();
    for method in ["POST", "PUT", "PATCH"] {
        let caller = Caller::method(method, "/payroll/upload?a=1")
            .with("Content-Type", "application/octet-stream")
            .of(&gil)
            .body(body.clone());
        let seen = stand.gets_through(&caller).await;
        assert_eq!(seen.method.as_str(), method);
        assert_eq!(seen.target, "/payroll/upload?a=1");
        assert_eq!(seen.all("content-type"), ["application/octet-stream"]);
        assert!(seen.body == body, "{} bytes", seen.body.len());
    }
}

async fn api_call(stand: Stand) {
    let json = ("Accept", "application/json");
    let page = ("Accept", "text/html");
    for (method, headers) in [
        ("GET", &[json] as &[(&str, &str)]),
        ("GET", &[("Accept", "*/*")]),
        ("GET", &[]),
        // A script in a page.
        ("GET", &[page, ("Sec-Fetch-Mode", "cors")]),
        ("POST", &[json]),
        ("DELETE", &[page]),
        ("OPTIONS", &[page]),
    ] {
        let caller = headers.iter().fold(
            Caller::method(method, "/api/v1/things?a=1"),
            |it, (k, v)| it.with(k, v),
        );
        let answer = stand.send(&caller).await;
        assert_eq!(answer.status, 401, "{caller:?} {answer:?}");
        assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer"));
        assert_eq!(answer.header("Location"), None);
        assert!(!answer.body.contains('<'), "{answer:?}");
        stand.nothing_got_through(&format!("{caller:?}"));
    }
}

async fn own_401(stand: Stand) {
    let mut gil = stand.visitor();
    enroll(&mut gil, "gil", &stand.site.clock).await;
    let answer = stand.send(&Caller::get("/own-401").of(&gil)).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body, "the app's own");
    let challenge = answer.header("WWW-Authenticate");
    assert_eq!(challenge, Some("Basic realm=\"the app\""));
}
