//! A walk of every route by everybody.

use std::collections::BTreeSet;

use countersign_tests::gateway::PASSWORD;
use countersign_tests::tree::files;
use libtest_mimic::Trial;

use super::stage::{EVERYBODY, FORM, OPEN, PENDING, Scene, Who, mark_of, root};
use super::table::{API, PAGES, Row};
use super::wire::Answer;
use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        // A-30
        trial("every_route_of_the_pages_stands_in_the_walks_table", listed),
        // A-30
        trial(
            "every_operation_of_the_document_stands_in_the_walks_table",
            documented,
        ),
        // V-66, V-80, A-30
        trial("everybody_gets_at_each_page_what_the_table_says", everybody),
        // V-80, A-30
        trial("everybody_gets_from_the_api_what_the_table_says", programs),
        // A-31
        trial("a_session_that_is_over_is_answered_like_none", over),
        // A-31
        trial(
            "a_session_counts_only_under_the_cookie_of_its_level",
            swapped,
        ),
        // A-30
        trial(
            "an_admin_of_one_company_is_told_of_no_other_at_any_route",
            elsewhere,
        ),
        // A-30
        trial("no_request_of_the_api_names_a_user_or_a_ticket", unnamed),
    ]
}

/// Finds routes in the source where routers are made, since a router does not tell them.
async fn listed() {
    let table: BTreeSet<(String, String)> = PAGES
        .iter()
        .map(|it| (it.path.to_owned(), it.method.to_owned()))
        .collect();
    let mut found = BTreeSet::new();
    for path in files("host-harness/gateway/src", &[".rs"]) {
        let text = std::fs::read_to_string(&path).expect("it is readable");
        let file = path.file_name().and_then(|it| it.to_str()).unwrap_or("");
        let nests = text.matches(".nest(").count();
        let expected = match file {
            "server.rs" => 2,
            "api.rs" => 1,
            _ => 0,
        };
        assert_eq!(nests, expected, "{}: where does it nest?", path.display());
        let is_apart = path.components().any(|it| {
            let it = it.as_os_str();
            it == "api" || it == "serve" || it == "start"
        }) || [
            "operations.rs",
            "api.rs",
            "server.rs",
            "decisions.rs",
            "tests.rs",
        ]
        .contains(&file);
        if is_apart {
            continue;
        }
        for call in text.split(".route(").skip(1) {
            let route = call.split('"').nth(1).expect("it has a path");
            let (_, handler) = call.split_once(route).expect("it is in it");
            let handler = handler.split(".route(").next().unwrap_or_default();
            let handler = handler.split(".merge(").next().unwrap_or_default();
            for (word, method) in [("get(", "GET"), ("post(", "POST"), ("any(", "GET")] {
                if handler.contains(word) {
                    found.insert((route.to_owned(), method.to_owned()));
                }
            }
        }
    }
    assert!(found.len() > 40, "only {} were found", found.len());
    assert_eq!(
        table, found,
        "on the left the table, on the right the source"
    );
}

async fn documented() {
    let table: BTreeSet<(String, String)> = API
        .iter()
        .map(|it| (it.path.to_owned(), it.method.to_owned()))
        .collect();
    let scene = Scene::new().await;
    let found: BTreeSet<(String, String)> = operations(&scene).await.into_iter().collect();
    assert_eq!(
        table, found,
        "on the left the table, on the right the document"
    );
}

async fn operations(scene: &Scene) -> Vec<(String, String)> {
    let answer = scene.wire.api("GET", "/openapi.json", None, "").await;
    let document: serde_json::Value = serde_json::from_str(&answer.body).expect("it is JSON");
    let paths = document["paths"].as_object().expect("it has paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        for method in item.as_object().expect("it is an item").keys() {
            if ["get", "put", "post", "delete", "patch"].contains(&&**method) {
                found.push((path.clone(), method.to_uppercase()));
            }
        }
    }
    found
}

async fn everybody() {
    let scene = Scene::new().await;
    let mut wrong = Vec::new();
    for row in PAGES {
        let mut told = Vec::new();
        for who in EVERYBODY {
            let token = scene.token(who).await;
            let answer = ask(&scene, row, who.cookie(), &token).await;
            is_fit(row, &answer);
            told.push(answer.told());
        }
        if told != row.answers {
            wrong.push(format!(
                "    row({:?}, {:?}, {told:?}),",
                row.method, row.path
            ));
        }
    }
    assert!(wrong.is_empty(), "what was answered:\n{}", wrong.join("\n"));
}

async fn programs() {
    let scene = Scene::new().await;
    let mut wrong = Vec::new();
    for row in API {
        let mut told = Vec::new();
        for who in EVERYBODY {
            let token = scene.token(who).await;
            let token = (who != Who::Nobody).then_some(token);
            let path = program_path(row);
            let token = token.as_deref();
            let answer = scene.wire.api(row.method, &path, token, body_of(row)).await;
            let code = code_of(&answer);
            told.push(match answer.status.is_success() {
                true => answer.told(),
                false => format!("{} {code}", answer.told()),
            });
        }
        if told != row.answers {
            wrong.push(format!(
                "    row({:?}, {:?}, {told:?}),",
                row.method, row.path
            ));
        }
    }
    assert!(wrong.is_empty(), "what was answered:\n{}", wrong.join("\n"));
}

/// Returns the path of an operation below the API's prefix.
pub(crate) fn program_path(row: &Row) -> String {
    let path = row.path.replace("{method}", "totp");
    path.replace("{company}", "acme").replace("{user}", "u-ben")
}

/// Returns a body that fits, and is wrong in what it says.
pub(crate) fn body_of(row: &Row) -> &'static str {
    match (row.method, row.path) {
        ("GET", _) => "",
        (_, "/sign-in") => r#"{"name":"nobody","password":"no"}"#,
        (_, "/verify") => r#"{"method":"totp","code":"000000"}"#,
        (_, "/enrollment/phone") => r#"{"phone":"+34600123456"}"#,
        (_, "/manage") => r#"{"password":"no"}"#,
        (_, "/factors/preferred") => r#"{"method":"totp"}"#,
        (_, "/password") => r#"{"password":"no","new-password":"a long new password"}"#,
        (_, "/step-up") => r#"{"reason":"test"}"#,
        (_, "/companies/{company}/people/{user}/reset") => {
            r#"{"name":"no","reason":"lost","verified":true}"#
        }
        (_, "/companies/{company}/people/{user}/unlock") => r#"{"method":"totp"}"#,
        (_, "/companies/{company}/people/{user}/set-up-code") => r#"{"verified":false}"#,
        (_, "/recover") => r#"{"code":"00000000000000000000000000"}"#,
        (_, "/vouch" | "/enrollment/app/confirm" | "/enrollment/phone/confirm") => {
            r#"{"code":"000000"}"#
        }
        _ => "{}",
    }
}

fn code_of(answer: &Answer) -> String {
    let problem = serde_json::from_str::<serde_json::Value>(&answer.body);
    let problem = problem.unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// Asks for a route with a token under a cookie, and its mark.
pub(crate) async fn ask(scene: &Scene, row: &Row, cookie: &str, token: &str) -> Answer {
    let path = path_of(row, "acme");
    let cookies = format!("{cookie}={token}");
    match row.method {
        "GET" => scene.wire.page(&path, &cookies).await,
        _ => {
            let mark = mark_of(token);
            let fields = [("form-token", mark.as_str()), ("method", "totp")];
            scene.wire.form(&path, &cookies, &fields).await
        }
    }
}

pub(crate) fn path_of(row: &Row, company: &str) -> String {
    let path = row.path.replace("{company}", company);
    let path = path
        .replace("{user}", "u-ben")
        .replace("{name}", "style.css");
    let query = match path.rsplit('/').next() {
        Some("remove" | "prefer") => "?method=totp",
        _ => "",
    };
    format!("/countersign{path}{query}")
}

/// What leads elsewhere has nothing of the page itself.
fn is_fit(row: &Row, answer: &Answer) {
    if answer.status.is_redirection() || answer.status == 401 {
        assert!(
            answer.body.len() < 2_000 || answer.body.contains("Sign in"),
            "{}",
            row.path
        );
        let is_bare = !answer.status.is_redirection() || answer.body.is_empty();
        assert!(is_bare, "{} {}: {answer:?}", row.method, row.path);
    }
}

async fn over() {
    for (how, end) in ENDS {
        let scene = Scene::new().await;
        scene.import("u-ben").await;
        let token = ended(&scene, *end).await;
        for row in PAGES
            .iter()
            .filter(|it| it.path != "/sign-in" || it.method == "GET")
        {
            let answer = ask(&scene, row, OPEN, &token).await;
            let nobodys = row.answers[0];
            assert_eq!(answer.told(), nobodys, "{how}: {} {}", row.method, row.path);
        }
        for row in API {
            let path = program_path(row);
            let answer = scene
                .wire
                .api(row.method, &path, Some(&token), body_of(row))
                .await;
            // Whoever sends what does not fit is told so before anything is looked up.
            let is_open = row.path == "/sign-in" || row.answers[1] == "422 invalid-input";
            assert!(
                is_open || answer.status == 401,
                "{how}: {} {path}: {answer:?}",
                row.method
            );
        }
    }
}

/// Why a session is over.
#[derive(Clone, Copy)]
enum End {
    SignOut,
    Off,
    Password,
    Reset,
    Idle,
    Old,
    Erased,
}

const ENDS: &[(&str, End)] = &[
    ("signed out", End::SignOut),
    ("switched off", End::Off),
    ("another password", End::Password),
    ("reset", End::Reset),
    ("not used", End::Idle),
    ("old", End::Old),
    ("erased", End::Erased),
];

/// Brings Ben in by his app, and has his session end.
async fn ended(scene: &Scene, end: End) -> String {
    let token = by_app(scene, "ben").await;
    let gateway = &scene.site.gateway;
    let cookies = format!("{OPEN}={token}");
    let page = scene.wire.page("/countersign/", &cookies).await;
    assert_eq!(page.status, 200, "{page:?}");
    match end {
        End::SignOut => {
            let mark = mark_of(&token);
            let fields = [("form-token", &*mark)];
            let path = "/countersign/sign-out";
            scene.wire.form(path, &cookies, &fields).await;
        }
        End::Off => {
            let off = gateway.directory.set_active("u-ben", false).await;
            off.expect("it is switched off");
        }
        End::Password => {
            let hash = gateway.passwords.hash("another password", &*gateway.random);
            let hash = hash.await.expect("it is hashed");
            let set = gateway.directory.set_password("u-ben", hash, None).await;
            set.expect("it is set");
        }
        End::Reset => {
            // By the plugin alone, as `countersign reset` does it: no session of the directory's is touched.
            let (members, actor) = ([crate::place::member("acme")], root());
            let administration = gateway.mfa.administration();
            let reset = administration.reset("u-ben", &members, None, &actor, true, "lost");
            reset.await.expect("he is reset");
        }
        End::Idle => {
            scene.site.clock.advance(61 * 60);
        }
        End::Old => {
            for _ in 0..14 {
                scene.site.clock.advance(55 * 60);
                scene.wire.page("/countersign/", &cookies).await;
            }
        }
        End::Erased => {
            let erased = gateway.mfa.administration().erase("u-ben", &root()).await;
            erased.expect("he is erased");
        }
    }
    token
}

/// Signs somebody in by the app; returns the token.
pub(crate) async fn by_app(scene: &Scene, name: &str) -> String {
    let answer = scene.sign_in(name, PASSWORD).await;
    let pending = answer
        .cookie(PENDING)
        .expect("a code is awaited")
        .to_owned();
    scene.site.clock.advance(30);
    let code = scene.app.code(scene.now());
    let mark = mark_of(&pending);
    let fields = [("form-token", &*mark), ("method", "totp"), ("code", &*code)];
    let cookies = format!("{PENDING}={pending}");
    let answer = scene
        .wire
        .form("/countersign/verify", &cookies, &fields)
        .await;
    let token = answer.cookie(OPEN);
    token.unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

async fn swapped() {
    let scene = Scene::new().await;
    for who in EVERYBODY.into_iter().filter(|it| *it != Who::Nobody) {
        let token = scene.token(who).await;
        let other = if who.cookie() == OPEN { PENDING } else { OPEN };
        for row in PAGES
            .iter()
            .filter(|it| it.path != "/sign-out" && it.path != "/sign-in")
        {
            for cookie in [other, FORM, "__Host%2Dcountersign", "countersign"] {
                let answer = ask(&scene, row, cookie, &token).await;
                let is_marked = cookie == other || cookie == FORM || row.method == "GET";
                let expected = if is_marked { row.answers[0] } else { "403" };
                let what = format!("{who:?} {cookie}: {} {}", row.method, row.path);
                assert_eq!(answer.told(), expected, "{what}");
            }
        }
    }
    // A form's token is no session anywhere.
    let token = scene.token(Who::Nobody).await;
    let answer = scene.wire.api("GET", "/session", Some(&token), "").await;
    assert_eq!(answer.status, 401);
    // Nor does the API look at cookies.
    let token = scene.token(Who::Ben).await;
    let cookies = format!("{OPEN}={token}");
    let path = "/countersign/api/v1/session";
    let answer = scene.wire.page(path, &cookies).await;
    assert_eq!(answer.status, 401);
}

async fn elsewhere() {
    let scene = Scene::new().await;
    for (who, expected) in [(Who::Ana, "404"), (Who::Ben, "404")] {
        for row in PAGES.iter().filter(|it| it.path.contains("{company}")) {
            for company in ["globex", "initech", "nowhere", "%2A"] {
                let token = scene.token(who).await;
                let path = path_of(row, company);
                let cookies = format!("{OPEN}={token}");
                let answer = match row.method {
                    "GET" => scene.wire.page(&path, &cookies).await,
                    _ => {
                        let mark = mark_of(&token);
                        let fields = [("form-token", &*mark)];
                        scene.wire.form(&path, &cookies, &fields).await
                    }
                };
                assert_eq!(answer.told(), expected, "{who:?} {} {path}", row.method);
                assert!(!answer.body.contains("Globex"), "{path}");
            }
        }
        for row in API.iter().filter(|it| it.path.contains("{company}")) {
            for company in ["globex", "initech", "nowhere", "%2A"] {
                let token = scene.token(who).await;
                let path = program_path(row).replace("acme", company);
                let token = Some(&*token);
                let answer = scene.wire.api(row.method, &path, token, body_of(row)).await;
                let told = answer.told();
                assert!(
                    told == expected || told == "422",
                    "{who:?} {path}: {answer:?}"
                );
                assert!(!answer.body.contains("Globex"), "{path}");
            }
        }
    }
}

async fn unnamed() {
    let scene = Scene::new().await;
    let answer = scene.wire.api("GET", "/openapi.json", None, "").await;
    let document: serde_json::Value = serde_json::from_str(&answer.body).expect("it is JSON");
    for (path, item) in document["paths"].as_object().expect("it has paths") {
        if path.starts_with("/companies") {
            // Of admins, who name somebody of a company that they administer: see the walk.
            continue;
        }
        assert!(
            !path.contains("{user}") && !path.contains("{ticket}"),
            "{path}"
        );
        for operation in item.as_object().expect("it is an item").values() {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = body.as_str().and_then(|it| it.rsplit('/').next()) else {
                continue;
            };
            let schema = &document["components"]["schemas"][name]["properties"];
            for field in schema.as_object().into_iter().flat_map(|it| it.keys()) {
                assert!(
                    !["user", "user-id", "ticket", "company"].contains(&&**field),
                    "{path}"
                );
            }
        }
    }
}
