//! Who exists, and how fast what can be guessed.

use std::time::{Duration, Instant};

use countersign_gateway::Passwords;
use countersign_gateway::directory::NewUser;
use countersign_tests::gateway::PASSWORD;
use libtest_mimic::Trial;

use super::stage::{FORM, PENDING, Scene, Who, mark_of};
use super::wire::Answer;
use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        //
        trial(
            "unknown_wrong_and_switched_off_are_told_the_same",
            told_the_same,
        ),
        //
        trial("who_exists_is_not_told_by_time_either", timed),
        //
        trial(
            "the_eleventh_wrong_password_from_one_source_is_not_looked_at",
            from_a_source,
        ),
        //
        trial("a_name_rests_for_the_hour_after_its_ceiling", of_a_name),
        //
        trial(
            "a_source_that_tries_many_names_shuts_nobody_else_out",
            of_a_source,
        ),
        // V-31, A-38
        trial("another_spelling_of_a_name_is_the_same_count", spelt),
        // V-25, A-38
        trial(
            "a_right_password_forgives_itself_and_no_wrong_one",
            forgiven,
        ),
        // V-25, A-38
        trial("a_header_of_anybody_is_no_source", forwarded),
        //
        trial("addresses_of_one_network_are_one_source", networks),
        //
        trial("the_password_that_is_typed_again_is_counted_too", retyped),
        //
        trial("set_up_codes_can_be_tried_five_times", vouchers),
    ]
}

async fn told_the_same() {
    let scene = Scene::new().await;
    let gateway = &scene.site.gateway;
    let off = gateway.directory.set_active("u-gwen", false).await;
    off.expect("she is switched off");
    let without = NewUser {
        id: "u-pia".to_owned(),
        name: "pia".to_owned(),
        email: None,
        password: None,
        is_operator: false,
        memberships: Vec::new(),
    };
    gateway
        .directory
        .add_user(without)
        .await
        .expect("she is added");
    let (form, mark) = scene.form().await;
    let cookies = format!("{FORM}={form}");
    let (mut pages, mut programs) = (Vec::new(), Vec::new());
    for (name, password) in [
        ("zed", "wrong"),
        ("ben", "wrong"),
        ("gwen", "wrong"),
        ("gwen", PASSWORD),
        ("pia", PASSWORD),
    ] {
        let fields = [
            ("form-token", &*mark),
            ("name", name),
            ("password", password),
        ];
        let answer = scene
            .wire
            .form("/countersign/sign-in", &cookies, &fields)
            .await;
        pages.push(plain(&answer, name));
        programs.push(plain(&sign_in(&scene, None, name, password).await, name));
    }
    assert!(pages[0].contains("The user name or the password is wrong"));
    for told in [&pages, &programs] {
        assert!(told.iter().all(|it| *it == told[0]), "{told:#?}");
    }
}

/// Returns an answer without what differs from one to the next.
fn plain(answer: &Answer, name: &str) -> String {
    let mut headers = answer.headers.clone();
    headers.remove("date");
    headers.remove("x-request-id");
    headers.remove("content-length");
    let body = answer
        .body
        .replace(&format!("value=\"{name}\""), "value=\"\"");
    format!("{} {headers:?} {body}", answer.status)
}

async fn timed() {
    let scene = Scene::with(
        |it| {
            it.throttle.name_and_source = 1_000;
            it.throttle.name = 1_000;
            it.throttle.source = 1_000;
        },
        |parts| parts.passwords = Passwords::new(4),
    )
    .await;
    let off = scene
        .site
        .gateway
        .directory
        .set_active("u-gwen", false)
        .await;
    off.expect("she is switched off");
    let names = ["zed", "ben", "gwen"];
    // The machine may be busy with others: what is the same work is as fast in one of a few rounds.
    let mut told = Vec::new();
    for _ in 0..5 {
        let mut times: [Vec<Duration>; 3] = [vec![], vec![], vec![]];
        for _ in 0..15 {
            for (name, times) in names.iter().zip(&mut times) {
                let began = Instant::now();
                let answer = sign_in(&scene, None, name, "wrong").await;
                times.push(began.elapsed());
                assert_eq!(answer.status, 401);
            }
        }
        let medians = times.map(|mut it| {
            it.sort_unstable();
            it[it.len() / 2]
        });
        let (least, most) = (medians.iter().min(), medians.iter().max());
        let (least, most) = (least.expect("three"), most.expect("three"));
        if most.as_secs_f64() / least.as_secs_f64() < 1.5 {
            return;
        }
        told.push(medians);
    }
    panic!("{names:?} took {told:?}");
}

/// Signs in by the API, from a source if a web server names one.
async fn sign_in(scene: &Scene, source: Option<&str>, name: &str, password: &str) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(source.map(|it| ("x-forwarded-for", it)));
    let body = serde_json::json!({ "name": name, "password": password }).to_string();
    let path = "/countersign/api/v1/sign-in";
    scene.wire.send("POST", path, &headers, &body).await
}

/// A scene behind a web server that is trusted.
async fn behind() -> Scene {
    let trusted = "127.0.0.0/8".parse().expect("it is a network");
    Scene::with(|it| it.listen.trusted_proxies = vec![trusted], |_| {}).await
}

async fn from_a_source() {
    let scene = behind().await;
    let (thief, owner) = (Some("203.0.113.9"), Some("198.51.100.7"));
    for _ in 0..10 {
        let answer = sign_in(&scene, thief, "ben", "wrong").await;
        assert_eq!(answer.status, 401);
    }
    let answer = sign_in(&scene, thief, "ben", PASSWORD).await;
    assert_eq!(answer.status, 429, "not even a right one");
    let until = answer.header("retry-after");
    assert_eq!(
        until,
        Some("Mon, 21 Sep 2026 14:28:20 GMT"),
        "a quarter of an hour"
    );
    assert_eq!(sign_in(&scene, owner, "ben", PASSWORD).await.status, 200);
    assert_eq!(sign_in(&scene, thief, "ana", PASSWORD).await.status, 200);
    scene.site.clock.advance(899);
    assert_eq!(sign_in(&scene, thief, "ben", PASSWORD).await.status, 429);
    scene.site.clock.advance(1);
    assert_eq!(sign_in(&scene, thief, "ben", PASSWORD).await.status, 200);
}

async fn of_a_name() {
    let scene = behind().await;
    for n in 0..100 {
        let source = format!("203.0.113.{}", n % 25);
        let answer = sign_in(&scene, Some(&source), "ben", "wrong").await;
        assert_eq!(answer.status, 401, "{n}");
    }
    let anywhere = Some("198.51.100.7");
    let answer = sign_in(&scene, anywhere, "ben", PASSWORD).await;
    assert_eq!(answer.status, 429);
    let until = answer.header("retry-after");
    assert_eq!(until, Some("Mon, 21 Sep 2026 15:13:20 GMT"), "an hour");
    assert_eq!(sign_in(&scene, anywhere, "ana", PASSWORD).await.status, 200);
    scene.site.clock.advance(3_600);
    assert_eq!(sign_in(&scene, anywhere, "ben", PASSWORD).await.status, 200);
}

async fn of_a_source() {
    let scene = behind().await;
    let thief = Some("203.0.113.9");
    for n in 0..50 {
        let answer = sign_in(&scene, thief, &format!("name-{n}"), "wrong").await;
        assert_eq!(answer.status, 401, "{n}");
    }
    // What is refused for the source does not count for the name.
    for _ in 0..120 {
        assert_eq!(sign_in(&scene, thief, "ben", "wrong").await.status, 429);
    }
    let owner = Some("198.51.100.7");
    assert_eq!(sign_in(&scene, owner, "ben", PASSWORD).await.status, 200);
}

async fn spelt() {
    let scene = behind().await;
    let gateway = &scene.site.gateway;
    let hash = gateway.passwords.hash(PASSWORD, &*gateway.random).await;
    let user = NewUser {
        id: "u-jess".to_owned(),
        name: "Jessica".to_owned(),
        email: None,
        password: Some(hash.expect("it is hashed")),
        is_operator: false,
        memberships: Vec::new(),
    };
    gateway
        .directory
        .add_user(user)
        .await
        .expect("she is added");
    let spellings = [
        "jessica",
        "JESSICA",
        "je\u{17f}sica",
        "jes\u{17f}ica",
        "je\u{df}ica",
    ];
    for n in 0..10 {
        let spelling = spellings[n % spellings.len()];
        let answer = sign_in(&scene, None, spelling, "wrong").await;
        assert_eq!(answer.status, 401, "{n}");
    }
    for spelling in spellings {
        let answer = sign_in(&scene, None, spelling, PASSWORD).await;
        assert_eq!(answer.status, 429, "{spelling}");
    }
}

async fn forgiven() {
    let scene = behind().await;
    for _ in 0..9 {
        assert_eq!(sign_in(&scene, None, "ben", "wrong").await.status, 401);
    }
    for _ in 0..5 {
        assert_eq!(sign_in(&scene, None, "ben", PASSWORD).await.status, 200);
    }
    assert_eq!(sign_in(&scene, None, "ben", "wrong").await.status, 401);
    assert_eq!(sign_in(&scene, None, "ben", "wrong").await.status, 429);
}

async fn forwarded() {
    let scene = Scene::new().await;
    for n in 0..10 {
        let source = format!("203.0.113.{n}");
        let answer = sign_in(&scene, Some(&source), "ben", "wrong").await;
        assert_eq!(answer.status, 401);
    }
    for source in ["203.0.113.77", "127.0.0.1", "::1", "unknown"] {
        let answer = sign_in(&scene, Some(source), "ben", PASSWORD).await;
        assert_eq!(answer.status, 429, "{source}");
    }
}

async fn networks() {
    let scene = behind().await;
    for n in 0..10 {
        let source = format!("2001:db8:0:1:{n:x}::{n:x}");
        let answer = sign_in(&scene, Some(&source), "ben", "wrong").await;
        assert_eq!(answer.status, 401);
    }
    let same = Some("2001:db8:0:1:ffff::1");
    assert_eq!(sign_in(&scene, same, "ben", PASSWORD).await.status, 429);
    let other = Some("2001:db8:0:2::1");
    assert_eq!(sign_in(&scene, other, "ben", PASSWORD).await.status, 200);
}

async fn retyped() {
    let scene = Scene::new().await;
    let token = scene.token(Who::Ben).await;
    let manage = async |password: &str| {
        let body = serde_json::json!({ "password": password }).to_string();
        let token = Some(&*token);
        scene.wire.api("POST", "/manage", token, &body).await.status
    };
    for _ in 0..10 {
        assert_eq!(manage("wrong").await, 422);
    }
    assert_eq!(manage(PASSWORD).await, 429);
    // The session goes on: nothing is lost but the change.
    let answer = scene.wire.api("GET", "/session", Some(&token), "").await;
    assert_eq!(answer.status, 200);
    scene.site.clock.advance(900);
    assert_eq!(manage(PASSWORD).await, 200);
}

async fn vouchers() {
    let scene = Scene::new().await;
    let token = scene.token(Who::Waiting).await;
    let cookies = format!("{PENDING}={token}");
    let mark = mark_of(&token);
    let vouch = async |code: &str| {
        let fields = [("form-token", &*mark), ("code", code)];
        scene
            .wire
            .form("/countersign/vouch", &cookies, &fields)
            .await
            .status
    };
    let fields = [("form-token", &*mark)];
    scene
        .wire
        .form("/countersign/vouch/send", &cookies, &fields)
        .await;
    let mail = scene.site.mails.mails().pop().expect("it was mailed");
    let (_, code) = mail
        .text
        .split_once("authentication: ")
        .expect("it has one");
    let code = code.lines().next().expect("it ends");
    for _ in 0..5 {
        assert_eq!(vouch("00000-00000").await, 422);
    }
    assert_eq!(vouch(code).await, 429, "not even a right one");
}
