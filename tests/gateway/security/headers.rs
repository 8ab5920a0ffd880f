//! What stands around every answer, and what no answer lets through.

use countersign_gateway::directory::{Company, DirectoryError, NewUser};
use libtest_mimic::Trial;

use super::stage::{EVERYBODY, OPEN, Scene, Who};
use super::table::{API, PAGES};
use super::walk::{path_of, program_path};
use super::wire::Answer;
use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        //
        trial(
            "every_answer_has_the_headers_that_browsers_hold_to",
            guarded,
        ),
        //
        trial("strict_transport_security_is_said_over_tls_only", strict),
        //
        trial("no_answer_repeats_the_host_that_was_asked_for", host),
        //
        trial("an_address_to_return_to_never_leaves_the_host", returned),
        //
        trial("what_people_are_called_is_shown_as_text", markup),
        //
        trial("nobody_is_called_by_control_characters", control),
    ]
}

async fn guarded() {
    let scene = Scene::new().await;
    for who in EVERYBODY {
        let token = scene.token(who).await;
        let cookies = format!("{}={token}", who.cookie());
        for row in PAGES {
            let path = path_of(row, "acme");
            let answer = match row.method {
                "GET" => scene.wire.page(&path, &cookies).await,
                _ => scene.wire.form(&path, &cookies, &[]).await,
            };
            is_guarded(&path, &answer);
        }
    }
    for row in API {
        let path = format!("/countersign/api/v1{}", program_path(row));
        is_guarded(&path, &scene.wire.send(row.method, &path, &[], "").await);
    }
    let big = "x".repeat(70_000);
    for (method, path, body) in [
        ("GET", "/", ""),
        ("GET", "/nothing", ""),
        ("GET", "/countersign/nothing", ""),
        ("GET", "/countersign/static/nothing", ""),
        ("GET", "/countersign/static/..%2f..%2fCargo.toml", ""),
        ("GET", "/countersign/api/v1/nothing", ""),
        ("GET", "/countersign/api/v1/openapi.json", ""),
        ("DELETE", "/countersign/sign-in", ""),
        ("TRACE", "/countersign/", ""),
        ("OPTIONS", "/countersign/", ""),
        ("POST", "/countersign/sign-in", big.as_str()),
        ("POST", "/countersign/api/v1/sign-in", big.as_str()),
        ("GET", "/countersign/verify?method=%ff%fe", ""),
        ("GET", "/countersign/sign-in?max_age=-1", ""),
        ("GET", "/countersign/admin/%ff/mfa", ""),
    ] {
        let headers = [("content-type", "application/json")];
        let answer = scene.wire.send(method, path, &headers, body).await;
        assert!(answer.status != 500, "{method} {path}");
        is_guarded(path, &answer);
    }
}

fn is_guarded(path: &str, answer: &Answer) {
    let header = |name| answer.header(name).unwrap_or_default();
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{path}");
    assert!(policy.contains("base-uri 'none'"), "{path}");
    assert!(policy.contains("form-action 'self'"), "{path}");
    for word in ["unsafe", "data:", "http:", "https:", "*"] {
        assert!(!policy.contains(word), "{path}: {word}");
    }
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("x-frame-options"), "DENY", "{path}");
    assert_eq!(header("referrer-policy"), "same-origin", "{path}");
    assert_eq!(
        header("cross-origin-opener-policy"),
        "same-origin",
        "{path}"
    );
    let is_asset = path.contains("/static/") && answer.status.is_success();
    assert!(is_asset || header("cache-control") == "no-store", "{path}");
    for name in ["server", "x-powered-by", "access-control-allow-origin"] {
        assert_eq!(answer.header(name), None, "{path}");
    }
    let version = env!("CARGO_PKG_VERSION");
    let is_document = path.ends_with("openapi.json");
    assert!(is_document || !answer.body.contains(version), "{path}");
    assert!(
        !answer.body.contains("<script>") && !answer.body.contains("style=\""),
        "{path}"
    );
    for handler in [" onclick=", " onload=", " onsubmit=", "javascript:"] {
        assert!(!answer.body.contains(handler), "{path}: {handler}");
    }
}

async fn strict() {
    for (url, expected) in [
        ("http://localhost:1", None),
        ("https://id.example.com", Some("max-age=31536000")),
    ] {
        let scene = Scene::with(|it| it.public_url = url.to_owned(), |_| {}).await;
        let at = scene.site.address();
        let wire = super::wire::Wire::at(&format!("http://{at}"));
        let host = url.split_once("://").map_or("", |(_, it)| it);
        let answer = wire
            .send("GET", "/countersign/sign-in", &[("host", host)], "")
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(
            answer.header("strict-transport-security"),
            expected,
            "{url}"
        );
    }
}

async fn host() {
    let scene = Scene::new().await;
    let token = scene.token(Who::Ben).await;
    let cookies = format!("{OPEN}={token}");
    scene.directory.written();
    scene.store.written();
    for host in [
        "evil.example",
        "localhost",
        "localhost:1",
        "localhost.evil.example",
    ] {
        for row in PAGES {
            let path = path_of(row, "acme");
            let headers = [
                ("host", host),
                ("cookie", &cookies),
                ("x-forwarded-host", host),
            ];
            let answer = scene.wire.send(row.method, &path, &headers, "").await;
            assert!(!answer.status.is_success(), "{host} {path}");
            let to = answer.header("location").unwrap_or_default();
            let is_ours = to.is_empty() || to.starts_with(&format!("{}/", scene.site.url()));
            assert!(is_ours, "{host} {path}: {to}");
            assert!(!answer.body.contains("evil"), "{host} {path}");
        }
    }
    // Where the host is right, what else is said of hosts changes nothing.
    let names = [
        "x-forwarded-host",
        "x-host",
        "forwarded",
        "x-original-url",
        "x-rewrite-url",
    ];
    for row in PAGES.iter().filter(|it| it.method == "GET") {
        let path = path_of(row, "acme");
        let mut headers = vec![("accept", "text/html")];
        headers.extend(names.map(|it| (it, "evil.example")));
        headers.push(("x-forwarded-proto", "gopher"));
        let answer = scene.wire.send("GET", &path, &headers, "").await;
        let to = answer.header("location").unwrap_or_default();
        assert!(
            !to.contains("evil") && !to.contains("gopher"),
            "{path}: {to}"
        );
        assert!(!answer.body.contains("evil"), "{path}");
    }
    let written = (scene.directory.written(), scene.store.written());
    assert_eq!(written, (vec![], vec![]));
}

async fn returned() {
    let scene = Scene::new().await;
    for (trick, is_taken) in [
        ("/app", true),
        ("/app?a=b&c=%0d%0aset-cookie:x=y#d", true),
        ("/.//evil.example", true),
        ("/app/../../evil.example", true),
        ("//evil.example", false),
        ("///evil.example", false),
        ("/\\evil.example", false),
        ("\\\\evil.example", false),
        ("/a\\..\\evil.example", false),
        ("https://evil.example", false),
        ("https:evil.example", false),
        ("http:///evil.example", false),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
        ("evil.example", false),
        ("@evil.example", false),
        (".evil.example", false),
        ("/\t/evil.example", false),
        ("/\n/evil.example", false),
        ("/\r\nset-cookie: a=b", false),
        ("\t//evil.example", false),
        (" //evil.example", false),
        ("/\u{2044}evil.example", false),
        ("/\u{0}/evil.example", false),
        ("", false),
    ] {
        let (form, mark) = scene.form().await;
        let cookies = format!("{}={form}", super::stage::FORM);
        let password = countersign_tests::gateway::PASSWORD;
        let fields = [
            ("form-token", &*mark),
            ("name", "omar"),
            ("password", password),
            ("return-to", trick),
        ];
        let path = "/countersign/sign-in";
        let answer = scene.wire.form(path, &cookies, &fields).await;
        let to = answer.header("location").expect("he is led on");
        match is_taken {
            true => assert_eq!(to, trick),
            false => assert_eq!(to, "/countersign/", "{trick:?}"),
        }
        let base = url::Url::parse(&scene.site.url()).expect("it is one");
        let there = base.join(to).expect("it is one");
        assert_eq!(there.origin(), base.origin(), "{trick:?}");
        assert_eq!(answer.set_cookies().len(), 2, "{trick:?}");

        // Nor does the address of whoever is in already.
        let token = answer.cookie(OPEN).expect("he is in").to_owned();
        let query = super::wire::encoded(&[("rd", trick)]);
        let cookies = format!("{OPEN}={token}");
        let answer = scene.wire.page(&format!("{path}?{query}"), &cookies).await;
        let to = answer.header("location").expect("he is led on");
        let there = base.join(to).expect("it is one");
        assert_eq!(there.origin(), base.origin(), "{trick:?}");

        // Nor what a web server says was asked for.
        let mut headers = vec![("accept", "text/html")];
        if trick.bytes().all(|it| it.is_ascii_graphic()) && !trick.is_empty() {
            headers.push(("x-forwarded-uri", trick));
        }
        let path = "/countersign/forward-auth";
        let answer = scene.wire.send("GET", path, &headers, "").await;
        let to = answer.header("location").expect("it leads to sign in");
        assert!(to.starts_with(&format!("{}/countersign/sign-in?rd=", scene.site.url())));
    }
}

async fn markup() {
    let scene = Scene::new().await;
    let gateway = &scene.site.gateway;
    let password = countersign_tests::gateway::PASSWORD;
    let hash = gateway.passwords.hash(password, &*gateway.random).await;
    let hash = hash.expect("it is hashed");
    for (at, name) in NAMES.iter().enumerate() {
        let company = Company {
            id: format!("c{at}"),
            name: (*name).to_owned(),
        };
        let put = gateway.directory.put_company(company).await;
        put.expect("it is put");
        let user = NewUser {
            id: format!("m{at}"),
            name: (*name).to_owned(),
            email: Some(format!("m{at}@example.com")),
            password: Some(hash.clone()),
            is_operator: true,
            memberships: Vec::new(),
        };
        let added = gateway.directory.add_user(user).await;
        added.expect("it is added");
        let reason: String = name.chars().take(60).collect();
        let member = [crate::place::member("acme")];
        let id = format!("r{at}");
        scene.import(&id).await;
        let actor = super::stage::root();
        let administration = gateway.mfa.administration();
        let reset = administration.reset(&id, &member, None, &actor, true, &reason);
        reset.await.expect("it is reset");
    }
    for (at, name) in NAMES.iter().enumerate() {
        let answer = scene.sign_in(name, password).await;
        let token = answer.cookie(OPEN);
        let token = token
            .unwrap_or_else(|| panic!("{name}: {answer:?}"))
            .to_owned();
        let cookies = format!("{OPEN}={token}");
        let mut paths: Vec<String> = PAGES
            .iter()
            .filter(|it| it.method == "GET")
            .map(|it| path_of(it, "acme"))
            .collect();
        for page in ["people", "people/m0", "audit", "mfa", "mfa/preview"] {
            paths.push(format!("/countersign/admin/%2A/{page}"));
            paths.push(format!("/countersign/admin/c{at}/{page}"));
        }
        paths.push(format!("/countersign/admin/%2A/people/m{at}"));
        let mut shown = 0;
        for path in paths {
            let answer = scene.wire.page(&path, &cookies).await;
            is_guarded(&path, &answer);
            assert!(
                !answer.body.contains("<img") && !answer.body.contains("<b>x"),
                "{path}"
            );
            assert!(at == 2 || !answer.body.contains(name), "{path}");
            shown += usize::from(answer.body.contains("&#60;") || answer.body.contains("&#34;"));
        }
        // What was typed is shown again where it did not fit.
        let (form, mark) = scene.form().await;
        let cookies = format!("{}={form}", super::stage::FORM);
        let fields = [("form-token", &*mark), ("name", name), ("password", "no")];
        let fields = [fields.as_slice(), &[("return-to", *name)]].concat();
        let answer = scene
            .wire
            .form("/countersign/sign-in", &cookies, &fields)
            .await;
        assert_eq!(answer.status, 401);
        is_guarded("/sign-in", &answer);
        assert!(at == 2 || shown > 2, "{name} was shown {shown} times");
    }
}

async fn control() {
    let scene = Scene::new().await;
    for name in [
        "a\r\nset-cookie: b=c",
        "a\u{0}",
        "a\u{7f}",
        "a\u{85}b",
        "\n",
    ] {
        let user = NewUser {
            id: "x".to_owned(),
            name: name.to_owned(),
            email: None,
            password: None,
            is_operator: false,
            memberships: Vec::new(),
        };
        let named = NewUser {
            id: name.to_owned(),
            name: "x".to_owned(),
            ..user.clone()
        };
        let mailed = NewUser {
            name: "x".to_owned(),
            email: Some(format!("{name}@example.com")),
            ..user.clone()
        };
        for user in [user, named, mailed] {
            let added = scene.site.gateway.directory.add_user(user).await;
            assert!(
                matches!(added, Err(DirectoryError::Invalid(..))),
                "{name:?}"
            );
        }
    }
}

const NAMES: [&str; 4] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{ frame.form_token }}",
    "'; </textarea><b>x</b> \u{202e}",
];
