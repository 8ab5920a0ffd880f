//! Forms that other sites send, and pages that are only looked at.

use libtest_mimic::Trial;

use super::stage::{EVERYBODY, FORM, OPEN, Scene, Who, mark_of};
use super::table::PAGES;
use super::walk::{by_app, path_of};
use super::wire::encoded;
use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        //
        trial(
            "a_form_without_the_mark_of_its_session_changes_nothing",
            unmarked,
        ),
        //
        trial("a_form_from_another_site_changes_nothing", from_elsewhere),
        //
        trial("looking_at_a_page_changes_nothing", looked_at),
        //
        trial("a_session_that_was_there_before_is_never_adopted", adopted),
        //
        trial(
            "cookies_are_of_the_host_alone_and_new_at_every_level",
            cookies,
        ),
        //
        trial("no_token_stands_in_an_address", addresses),
    ]
}

async fn unmarked() {
    let scene = Scene::new().await;
    let other = scene.token(Who::Ana).await;
    let stray = scene.form().await.1;
    let others = mark_of(&other);
    for who in EVERYBODY {
        let token = scene.token(who).await;
        let cookies = format!("{}={token}", who.cookie());
        scene.directory.written();
        scene.store.written();
        for row in PAGES.iter().filter(|it| it.method == "POST") {
            let path = path_of(row, "acme");
            for mark in ["", "x", &others, &stray, &token] {
                let fields = [("form-token", mark), ("name", "ben"), ("saved", "yes")];
                let answer = scene.wire.form(&path, &cookies, &fields).await;
                assert_eq!(answer.status, 403, "{who:?} {path}");
                assert!(answer.body.contains("This page is out of date"), "{path}");
            }
        }
        let written = (scene.directory.written(), scene.store.written());
        assert_eq!(written, (vec![], vec![]), "{who:?}");
    }
}

async fn from_elsewhere() {
    let scene = Scene::new().await;
    let url = scene.site.url();
    let other_port = "http://localhost:1".to_owned();
    for who in EVERYBODY {
        let token = scene.token(who).await;
        let cookies = format!("{}={token}", who.cookie());
        let mark = mark_of(&token);
        let body = encoded(&[("form-token", &mark), ("name", "ben")]);
        scene.directory.written();
        scene.store.written();
        for row in PAGES.iter().filter(|it| it.method == "POST") {
            let path = path_of(row, "acme");
            for (origin, site) in [
                (Some("https://evil.example"), None),
                (Some("null"), None),
                (Some(&*other_port), None),
                (Some(&*url), Some("cross-site")),
                (Some(&*url), Some("same-site")),
                (None, Some("cross-site")),
            ] {
                let mut headers = vec![
                    ("content-type", "application/x-www-form-urlencoded"),
                    ("cookie", &cookies),
                ];
                headers.extend(origin.map(|it| ("origin", it)));
                headers.extend(site.map(|it| ("sec-fetch-site", it)));
                let answer = scene.wire.send("POST", &path, &headers, &body).await;
                assert_eq!(answer.status, 403, "{who:?} {path} {origin:?} {site:?}");
            }
        }
        let written = (scene.directory.written(), scene.store.written());
        assert_eq!(written, (vec![], vec![]), "{who:?}");
    }
}

async fn looked_at() {
    let scene = Scene::new().await;
    for who in EVERYBODY {
        let token = scene.token(who).await;
        let cookies = format!("{}={token}", who.cookie());
        scene.directory.written();
        scene.store.written();
        for row in PAGES.iter().filter(|it| it.method == "GET") {
            let path = path_of(row, "acme");
            scene.wire.page(&path, &cookies).await;
            let written = (scene.directory.written(), scene.store.written());
            let expected: &[&str] = match (who, row.path) {
                // The key that the page shows is made when it is first looked at, and it is the same one afterwards.
                (Who::Enrolling, "/enroll/app") => &["commit"],
                _ => &[],
            };
            assert_eq!(written.0, Vec::<&str>::new(), "{who:?} {path}");
            assert_eq!(written.1, expected, "{who:?} {path}");
        }
    }
}

async fn adopted() {
    let scene = Scene::new().await;
    scene.import("u-ben").await;
    // A thief's own session, at each level, and one that nobody ever had.
    let pending = scene.token(Who::Challenged).await;
    let open = scene.token(Who::Ana).await;
    let made_up = "A".repeat(43);
    for planted in [
        format!("__Host-countersign-pending={pending}"),
        format!("{OPEN}={open}"),
        format!("{OPEN}={made_up}; __Host-countersign-pending={made_up}"),
    ] {
        let (form, mark) = scene.form().await;
        let cookies = format!("{FORM}={form}; {planted}");
        let password = countersign_tests::gateway::PASSWORD;
        let fields = [
            ("form-token", &*mark),
            ("name", "ben"),
            ("password", password),
        ];
        let path = "/countersign/sign-in";
        let answer = scene.wire.form(path, &cookies, &fields).await;
        let new = answer
            .cookie("__Host-countersign-pending")
            .expect("it is set");
        assert!(!planted.contains(new), "it was adopted");
        // What was planted is over.
        let answer = scene.wire.page("/countersign/verify", &planted).await;
        assert_eq!(answer.told(), ">/sign-in");
    }
}

async fn cookies() {
    let scene = Scene::new().await;
    scene.import("u-ben").await;
    let form = scene.wire.page("/countersign/sign-in", "").await;
    let password = countersign_tests::gateway::PASSWORD;
    let pending = scene.sign_in("ben", password).await;
    let token = pending.cookie("__Host-countersign-pending");
    let token = token.expect("a code is awaited").to_owned();
    scene.site.clock.advance(30);
    let mark = mark_of(&token);
    let code = scene.app.code(scene.now());
    let fields = [
        ("form-token", &*mark),
        ("method", "totp"),
        ("code", &*code),
        ("remember", "yes"),
    ];
    let held = format!("__Host-countersign-pending={token}");
    let path = "/countersign/verify";
    let open = scene.wire.form(path, &held, &fields).await;
    let inside = open.cookie(OPEN).expect("he is in").to_owned();
    assert_ne!(inside, token);
    let again = scene.wire.page(path, &held).await;
    assert_eq!(again.told(), ">/sign-in", "the level before is over");
    let mark = mark_of(&inside);
    let fields = [("form-token", &*mark)];
    let held = format!("{OPEN}={inside}");
    let out = scene
        .wire
        .form("/countersign/sign-out", &held, &fields)
        .await;
    for answer in [&form, &pending, &open, &out] {
        assert!(!answer.set_cookies().is_empty());
        for line in answer.set_cookies() {
            let parts: Vec<&str> = line.split("; ").collect();
            assert!(line.starts_with("__Host-"), "{line}");
            for part in ["HttpOnly", "Secure", "Path=/", "SameSite=Lax"] {
                assert!(parts.contains(&part), "{line}");
            }
            assert!(!line.to_lowercase().contains("domain="), "{line}");
            // Sessions end with the browser, at the latest.
            let lasts = line.contains("Max-Age") && !line.contains("Max-Age=0");
            assert!(
                !lasts || line.starts_with("__Host-countersign-device="),
                "{line}"
            );
        }
    }
    assert!(out.takes(OPEN) && out.takes("__Host-countersign-pending"));
    let after = scene.wire.page("/countersign/", &held).await;
    assert_eq!(after.told(), ">/sign-in", "it ended at the gateway, too");
}

async fn addresses() {
    let scene = Scene::new().await;
    scene.import("u-ben").await;
    let token = by_app(&scene, "ben").await;
    for path in [
        format!("/countersign/?__Host-countersign={token}"),
        format!("/countersign/?token={token}&access_token={token}"),
        format!("/countersign/api/v1/session?access_token={token}"),
    ] {
        let answer = scene.wire.page(&path, "").await;
        assert!(!answer.status.is_success(), "{path}");
    }
    for row in PAGES.iter().filter(|it| it.method == "GET") {
        let held = format!("{OPEN}={token}");
        let answer = scene.wire.page(&path_of(row, "acme"), &held).await;
        assert!(!answer.body.contains(&token), "{}", row.path);
        let to = answer.header("location").unwrap_or_default();
        assert!(!to.contains(&token), "{}", row.path);
    }
}
