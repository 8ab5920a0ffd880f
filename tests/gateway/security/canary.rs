//! Where secrets do not stand.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_conformance::authenticator::Authenticator;
use countersign_gateway::config::{Log, LogLevel};
use countersign_gateway::directory;
use countersign_gateway::log;
use countersign_host::clock::{Clock as _, FixedClock};
use countersign_host::store;
use countersign_tests::gateway::{Ground, NOW, Site};
use libtest_mimic::Trial;

use super::stage::{OPEN, PENDING, mark_of};
use super::wire::{Answer, Wire};
use crate::front::front;
use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        // V-96, A-21
        trial(
            "no_secret_of_the_gateways_stands_where_somebody_else_reads",
            canary,
        ),
    ]
}

/// What is logged, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gil, who does all there is to do, with the answers that he got.
struct Run {
    site: Site,
    wire: Wire,
    /// What each secret is, and itself.
    secrets: Vec<(&'static str, String)>,
    answers: Vec<(&'static str, Answer)>,
}

impl Run {
    async fn form(
        &mut self,
        path: &'static str,
        (cookie, token): (&str, &str),
        fields: &[(&str, &str)],
    ) {
        let mark = mark_of(token);
        let fields = [&[("form-token", &*mark)], fields].concat();
        let cookies = format!("{cookie}={token}");
        let whole = format!("/countersign{path}");
        let answer = self.wire.form(&whole, &cookies, &fields).await;
        for name in [OPEN, PENDING] {
            if let Some(token) = answer.cookie(name) {
                self.secrets.push(("a session's token", token.to_owned()));
            }
        }
        self.answers.push((path, answer));
    }

    async fn page(&mut self, path: &'static str, (cookie, token): (&str, &str)) {
        let cookies = format!("{cookie}={token}");
        let whole = format!("/countersign{path}");
        let answer = self.wire.page(&whole, &cookies).await;
        self.answers.push((path, answer));
    }

    async fn sign_in(&mut self, name: &str, password: &str) -> String {
        let page = self.wire.page("/countersign/sign-in", "").await;
        let form = page
            .cookie(super::stage::FORM)
            .expect("it sets one")
            .to_owned();
        let fields = [("name", name), ("password", password)];
        self.form("/sign-in", (super::stage::FORM, &form), &fields)
            .await;
        let set = self.last().cookie(PENDING).or(self.last().cookie(OPEN));
        set.unwrap_or_default().to_owned()
    }

    fn last(&self) -> &Answer {
        &self.answers.last().expect("there was one").1
    }

    fn cookie(&self, name: &str) -> String {
        let cookie = self.last().cookie(name);
        cookie
            .unwrap_or_else(|| panic!("{:?}", self.last()))
            .to_owned()
    }

    fn element(&self, id: &str) -> String {
        let body = &self.last().body;
        let (_, rest) = body
            .split_once(&format!("id=\"{id}\""))
            .expect("it is there");
        let (_, rest) = rest.split_once('>').expect("it is an element");
        rest.split('<').next().unwrap_or_default().trim().to_owned()
    }

    fn now(&self) -> u64 {
        self.site.clock.now().expect("it stands still")
    }
}

async fn canary() {
    let lines = Lines::default();
    let kept = lines.clone();
    let mut settings = Log::default();
    settings.level = LogLevel::Debug;
    log::begin_on(&settings, move || kept.clone());
    let folder = std::env::temp_dir().join(format!("countersign-canary-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is room");
    let at = |name: &str| format!("sqlite:{}", folder.join(name).display());
    let people = directory::open(&at("people.db")).await.expect("it opens");
    let ground = Ground {
        store: store::open(&at("store.db")).await.expect("it opens"),
        directory: people,
        clock: FixedClock::at(NOW),
    };
    let mut run = started(ground).await;
    everything(&mut run).await;

    let mut read = String::from_utf8_lossy(&lines.0.lock().expect("no panic")).into_owned();
    assert!(
        read.contains("/countersign/enroll/app"),
        "nothing was logged: {read}"
    );
    let realm = run.site.gateway.mfa.realm().to_owned();
    let store = &run.site.gateway.store;
    let events = store.events(&realm, 0, 1_000).await.expect("it answers");
    assert!(events.len() > 5, "too little happened");
    read.push_str(&format!("{events:?}"));
    for mail in run
        .site
        .mails
        .mails()
        .iter()
        .filter(|it| !it.text.contains("Your code to set up"))
    {
        read.push_str(&format!("{}{}", mail.subject, mail.text));
    }
    for (path, answer) in &run.answers {
        // Headers but the ones that hand out a session, and pages but those that show a secret to its owner.
        let mut headers = answer.headers.clone();
        headers.remove("set-cookie");
        read.push_str(&format!("{headers:?}"));
        if !["/enroll/app", "/recovery-code", "/outbox"].contains(path) {
            read.push_str(&answer.body);
        }
    }
    for file in std::fs::read_dir(&folder).expect("it is there").flatten() {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        read.push_str(&String::from_utf8_lossy(&bytes));
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert!(run.secrets.len() > 12, "{} secrets", run.secrets.len());
    for (what, secret) in &run.secrets {
        let found = read.find(secret.as_str());
        let around = found.map(|it| {
            let from = read.floor_char_boundary(it.saturating_sub(80));
            read[from..read.floor_char_boundary(it + 80)].to_owned()
        });
        assert_eq!(around, None, "{what} {secret}");
    }
}

/// Starts a site, and what listens in front of it in earnest, which is what writes a line a request.
async fn started(ground: Ground) -> Run {
    let site = Site::start_on(ground, |it| {
        it.listen.http.set_port(0);
        it.listen.operations.set_port(0);
    });
    let site = site.await.expect("it starts");
    site.seed().await.expect("nobody is there");
    let gateway = site.gateway.clone();
    let hash = gateway.passwords.hash(PASSWORD, &*gateway.random).await;
    let hash = hash.expect("it is hashed");
    for user in ["u-gil", "u-omar"] {
        let set = gateway
            .directory
            .set_password(user, hash.clone(), None)
            .await;
        set.expect("it is set");
    }
    let at = front(&gateway).await;
    let wire = Wire::by(&format!("http://{at}"), &site.url());
    Run {
        site,
        wire,
        secrets: vec![
            ("a password", PASSWORD.to_owned()),
            ("a guess", WRONG.to_owned()),
        ],
        answers: Vec::new(),
    }
}

async fn everything(run: &mut Run) {
    run.sign_in("gil", WRONG).await;
    run.sign_in("nobody", WRONG).await;
    let pending = run.sign_in("gil", PASSWORD).await;
    run.page("/enroll/app", (PENDING, &pending)).await;
    let key = run.element("setup-key").replace(char::is_whitespace, "");
    let app = Authenticator::scan(&key).expect("it is a key");
    run.secrets.push(("an app's key", key));
    run.form("/enroll/app", (PENDING, &pending), &[("code", "x12y34")])
        .await;
    let code = app.code(run.now());
    run.form("/enroll/app", (PENDING, &pending), &[("code", &code)])
        .await;
    let open = run.cookie(OPEN);
    run.page("/recovery-code", (OPEN, &open)).await;
    let recovery = run.element("recovery-code");
    run.secrets.push(("a recovery code", recovery.clone()));
    run.form("/recovery-code", (OPEN, &open), &[("saved", "yes")])
        .await;
    for path in ["/", "/profile/security", "/not-me", "/profile/password"] {
        run.page(path, (OPEN, &open)).await;
    }
    run.form("/sign-out", (OPEN, &open), &[]).await;

    let pending = run.sign_in("gil", PASSWORD).await;
    run.site.clock.advance(30);
    run.form(
        "/verify",
        (PENDING, &pending),
        &[("method", "totp"), ("code", "98z7654")],
    )
    .await;
    run.form(
        "/recover",
        (PENDING, &pending),
        &[("code", "not a recovery code at all")],
    )
    .await;
    run.form("/recover", (PENDING, &pending), &[("code", &recovery)])
        .await;
    let pending = run.cookie(PENDING);
    run.page("/enroll/app", (PENDING, &pending)).await;
    let key = run.element("setup-key").replace(char::is_whitespace, "");
    run.secrets.push(("an app's key", key));
    run.secrets.push(("a wrong code", "98z7654".to_owned()));
    run.secrets.push(("a wrong code", "x12y34".to_owned()));

    let operator = run.sign_in("omar", PASSWORD).await;
    for path in [
        "/admin",
        "/admin/globex/audit",
        "/admin/globex/people/u-gil",
    ] {
        run.page(path, (OPEN, &operator)).await;
    }
    let omar = (OPEN, &*operator);
    run.form(
        "/profile/password",
        omar,
        &[("password", WRONG), ("new-password", NEW)],
    )
    .await;
    run.secrets.push(("a new password", NEW.to_owned()));
    let token = run.wire.api("GET", "/session", Some(&operator), "").await;
    run.answers.push(("api", token));
    let odd = format!("/countersign/verify?method={recovery}&code={NEW}");
    let answer = run.wire.page(&odd, "").await;
    run.answers.push(("a query", answer));
    let odd = format!("/countersign/{recovery}");
    let answer = run.wire.page(&odd, "").await;
    run.answers.push(("a path", answer));
}

const PASSWORD: &str = "kingfisher upon a canary";
const WRONG: &str = "a canary that was wrong";
const NEW: &str = "another-canary-altogether";
