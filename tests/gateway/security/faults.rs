//! What a gateway does while something that it stands on does not answer: nobody gets any further.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_gateway::Parts;
use countersign_gateway::mail::{Mail, MailError, MailOutbox, Mailer};
use countersign_host::Countersign;
use countersign_host::clock::{Clock, ClockError};
use countersign_host::keyring::{
    Context, Keyring, KeyringError, LocalKeyring, SealingKey, SealingKeys, Tag,
};
use countersign_host::random::{Random, RandomError, SystemRandom};
use countersign_tests::gateway::{PASSWORD, Shown};
use countersign_tests::subject::Component;
use libtest_mimic::Trial;

use super::stage::{EVERYBODY, FORM, OPEN, PENDING, Scene, Who, mark_of};
use super::table::{API, PAGES, Row};
use super::walk::{ask, body_of, program_path};
use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        //
        trial(
            "while_the_directory_is_down_nobody_gets_any_further",
            directory,
        ),
        //
        trial(
            "while_the_directory_takes_no_writes_nobody_gets_any_further",
            writes,
        ),
        //
        trial("while_the_store_is_down_nobody_gets_any_further", store),
        //
        trial(
            "while_the_keys_are_out_of_reach_nobody_gets_any_further",
            keys,
        ),
        //
        trial(
            "while_the_clock_does_not_answer_nobody_gets_any_further",
            clock,
        ),
        //
        trial("without_randomness_no_session_is_opened_or_changed", random),
        //
        trial("while_the_plugin_traps_nobody_gets_any_further", plugin),
        //
        trial(
            "a_set_up_code_that_is_not_mailed_is_told_and_lets_nobody_on",
            mail,
        ),
    ]
}

/// Something that fails when it is told to. Clones fail together.
#[derive(Clone, Default)]
struct Broken(Arc<AtomicBool>);

impl Broken {
    fn set(&self, is_broken: bool) {
        self.0.store(is_broken, Ordering::SeqCst);
    }

    fn is_so(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Has everybody ask for everything while something fails, and type right passwords and codes.
async fn nobody_gets_further(scene: &Scene, fail: impl Fn(bool), needs_plugin: bool) {
    let mut tokens = Vec::new();
    for who in EVERYBODY {
        tokens.push((who, scene.token(who).await));
    }
    let (form, mark) = scene.form().await;
    scene.site.clock.advance(30);
    let code = scene.app.code(scene.now());
    scene.directory.written();
    fail(true);
    for (who, token) in tokens.iter().filter(|(who, _)| *who != Who::Nobody) {
        for row in PAGES.iter().filter(|it| it.path != "/sign-out") {
            let answer = ask(scene, row, who.cookie(), token).await;
            let told = answer.told();
            let what = format!("{who:?} {} {}: {told}", row.method, row.path);
            assert!(answer.set_cookies().iter().all(|it| is_gone(it)), "{what}");
            if is_for_anybody(row) {
                continue;
            }
            // 503, or led to where the same is said, or refused before anything was asked.
            let is_refused = matches!(&*told, "503" | "422" | "401" | "403" | "404" | "409");
            let leads = [">/sign-in", ">/vouch", ">/verify", ">/enroll", ">/"];
            // The page that asks for a set-up code asks the plugin nothing.
            let is_asked = (*who, row.path, &*told) == (Who::Waiting, "/vouch", "200");
            let is_led = who.cookie() == PENDING && needs_plugin && leads.contains(&&*told);
            assert!(is_refused || is_led || (needs_plugin && is_asked), "{what}");
            if who.cookie() == OPEN {
                assert_eq!(told, "503", "{what}");
            }
        }
        for row in API.iter().filter(|it| !ends_or_begins(it)) {
            let path = program_path(row);
            let answer = scene
                .wire
                .api(row.method, &path, Some(token), body_of(row))
                .await;
            let what = format!("{who:?} {} {path}: {answer:?}", row.method);
            // What a session that waits for somebody's word is at, and a mail to its owner, take no plugin.
            let waits = *who == Who::Waiting && ["/session", "/vouch/send"].contains(&row.path);
            assert!(
                (waits && needs_plugin) || !answer.status.is_success(),
                "{what}"
            );
            assert!(!answer.body.contains("\"token\""), "{what}");
        }
    }
    let cookies = format!("{FORM}={form}");
    let fields = [
        ("form-token", &*mark),
        ("name", "omar"),
        ("password", PASSWORD),
    ];
    let answer = scene
        .wire
        .form("/countersign/sign-in", &cookies, &fields)
        .await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("not available") || answer.body.contains("Not available"));
    assert!(answer.set_cookies().is_empty());
    let pending = scene.directory.written();
    let opened = pending
        .iter()
        .any(|it| ["add_session", "rotate_session"].contains(it));
    assert!(!opened, "{pending:?}");
    // A right code lets nobody in either.
    let (_, vera) = &tokens[1];
    let mark = mark_of(vera);
    let typed = [("form-token", &*mark), ("method", "totp"), ("code", &*code)];
    let cookies = format!("{PENDING}={vera}");
    let answer = scene
        .wire
        .form("/countersign/verify", &cookies, &typed)
        .await;
    assert_eq!(answer.cookie(OPEN), None, "{answer:?}");
    assert!(!answer.status.is_success(), "{answer:?}");
    fail(false);
    let answer = scene.sign_in("omar", PASSWORD).await;
    assert!(answer.cookie(OPEN).is_some(), "it is over: {answer:?}");
}

fn is_gone(cookie: &str) -> bool {
    cookie.contains("Max-Age=0") || cookie.starts_with(FORM)
}

fn ends_or_begins(row: &Row) -> bool {
    row.path == "/sign-in" || (row.method, row.path) == ("DELETE", "/session")
}

/// Pages that show nothing of anybody, and what ends a session.
fn is_for_anybody(row: &Row) -> bool {
    ["/static/{name}", "/outbox", "/not-me", "/sign-in"].contains(&row.path)
}

async fn directory() {
    let scene = Scene::new().await;
    let watch = scene.directory.clone();
    nobody_gets_further(&scene, |it| watch.is_down(it), false).await;
}

async fn writes() {
    let scene = Scene::new().await;
    let watch = scene.directory.clone();
    let token = scene.token(Who::Challenged).await;
    scene.site.clock.advance(30);
    let code = scene.app.code(scene.now());
    watch.writes_fail(true);
    let mark = mark_of(&token);
    let typed = [("form-token", &*mark), ("method", "totp"), ("code", &*code)];
    let cookies = format!("{PENDING}={token}");
    let answer = scene
        .wire
        .form("/countersign/verify", &cookies, &typed)
        .await;
    assert_eq!(answer.status, 503);
    assert!(answer.set_cookies().is_empty(), "{answer:?}");
    let (form, mark) = scene.form().await;
    let cookies = format!("{FORM}={form}");
    let fields = [
        ("form-token", &*mark),
        ("name", "omar"),
        ("password", PASSWORD),
    ];
    let answer = scene
        .wire
        .form("/countersign/sign-in", &cookies, &fields)
        .await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.set_cookies().is_empty(), "{answer:?}");
}

async fn store() {
    let scene = Scene::new().await;
    let watch = scene.store.clone();
    nobody_gets_further(&scene, |it| watch.is_down(it), true).await;
}

async fn keys() {
    let broken = Broken::default();
    let keyring = BrokenKeys {
        keys: LocalKeyring::from_key([7; 32]),
        broken: broken.clone(),
    };
    let scene = Scene::with(|_| {}, |parts| parts.mfa = host(parts, keyring)).await;
    // Nothing but the plugin needs keys, and a user without records needs none: they are asked for a ticket's tag.
    let token = scene.token(Who::Challenged).await;
    scene.site.clock.advance(30);
    let code = scene.app.code(scene.now());
    broken.set(true);
    let mark = mark_of(&token);
    let typed = [("form-token", &*mark), ("method", "totp"), ("code", &*code)];
    let cookies = format!("{PENDING}={token}");
    let answer = scene
        .wire
        .form("/countersign/verify", &cookies, &typed)
        .await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.set_cookies().is_empty());
    for name in ["vera", "gil"] {
        let answer = scene.sign_in(name, PASSWORD).await;
        assert_eq!(answer.status, 503, "{name}: {answer:?}");
        assert!(answer.set_cookies().is_empty());
    }
    broken.set(false);
    let answer = scene
        .wire
        .form("/countersign/verify", &cookies, &typed)
        .await;
    assert!(
        answer.cookie(OPEN).is_some(),
        "nothing was spent: {answer:?}"
    );
}

async fn clock() {
    let broken = Broken::default();
    let part = broken.clone();
    let scene = Scene::with(
        |_| {},
        |parts| {
            let clock = parts.clock.clone();
            parts.clock = Arc::new(BrokenClock {
                clock,
                broken: part,
            });
        },
    )
    .await;
    nobody_gets_further(&scene, |it| broken.set(it), false).await;
}

async fn random() {
    let broken = Broken::default();
    let part = broken.clone();
    let scene = Scene::with(|_| {}, |parts| parts.random = Arc::new(BrokenRandom(part))).await;
    let token = scene.token(Who::Challenged).await;
    let (form, mark) = scene.form().await;
    scene.site.clock.advance(30);
    let code = scene.app.code(scene.now());
    broken.set(true);
    let typed = [
        ("form-token", &*mark_of(&token)),
        ("method", "totp"),
        ("code", &*code),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let typed = [0, 1, 2].map(|at: usize| (typed[at].0, &*typed[at].1));
    let cookies = format!("{PENDING}={token}");
    let answer = scene
        .wire
        .form("/countersign/verify", &cookies, &typed)
        .await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.set_cookies().is_empty());
    let cookies = format!("{FORM}={form}");
    let fields = [
        ("form-token", &*mark),
        ("name", "omar"),
        ("password", PASSWORD),
    ];
    let answer = scene
        .wire
        .form("/countersign/sign-in", &cookies, &fields)
        .await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.set_cookies().is_empty());
    let answer = scene.wire.page("/countersign/sign-in", "").await;
    assert_eq!(answer.status, 503, "a form without a mark is none");
    assert!(answer.set_cookies().is_empty());
}

async fn plugin() {
    let mut scene = Scene::new().await;
    let ben = scene.token(Who::Ben).await;
    let vera = scene.token(Who::Challenged).await;
    // The same people and records, with a plugin that runs out of what it may do.
    let gateway = &scene.site.gateway;
    let ground = countersign_tests::gateway::Ground {
        store: gateway.store.clone(),
        directory: gateway.directory.clone(),
        clock: scene.site.clock.clone(),
    };
    let alter = |parts: &mut Parts| {
        let mut limits = Component::limits();
        limits.host_calls = 1;
        let plugin = Component::plugin_within(limits);
        let built = Countersign::builder(plugin)
            .realm(&parts.config.realm)
            .store(parts.store.clone())
            .keyring(LocalKeyring::from_key([7; 32]))
            .build();
        parts.mfa = built.expect("nothing is missing");
    };
    let other = countersign_tests::gateway::Site::start_of(ground, |_| {}, alter).await;
    let other = other.expect("it starts");
    scene.wire = super::wire::Wire::to(&other);
    for (who, token) in [(Who::Ben, &ben), (Who::Challenged, &vera)] {
        let rows = PAGES.iter().filter(|it| it.path != "/sign-out");
        for row in rows.filter(|it| !is_for_anybody(it)) {
            let answer = ask(&scene, row, who.cookie(), token).await;
            let told = answer.told();
            assert!(!answer.status.is_success(), "{who:?} {}: {told}", row.path);
            assert!(answer.set_cookies().is_empty(), "{who:?} {}", row.path);
        }
    }
    for name in ["ben", "vera", "omar"] {
        let answer = scene.sign_in(name, PASSWORD).await;
        assert_eq!(answer.status, 503, "{name}: {answer:?}");
        assert!(answer.set_cookies().is_empty());
    }
}

async fn mail() {
    let broken = Broken::default();
    let part = broken.clone();
    let scene = Scene::with(
        |_| {},
        |parts| parts.mailer = Arc::new(BrokenMailer(part, MailOutbox::default())),
    )
    .await;
    let token = scene.token(Who::Waiting).await;
    broken.set(true);
    let cookies = format!("{PENDING}={token}");
    let mark = mark_of(&token);
    let fields = [("form-token", &*mark)];
    let answer = scene
        .wire
        .form("/countersign/vouch/send", &cookies, &fields)
        .await;
    assert_eq!(answer.status, 503, "{answer:?}");
    let answer = scene.wire.page("/countersign/enroll", &cookies).await;
    assert_eq!(answer.told(), ">/vouch");
    broken.set(false);
    let answer = scene
        .wire
        .form("/countersign/vouch/send", &cookies, &fields)
        .await;
    assert_eq!(answer.told(), ">/vouch");
}

fn host(parts: &Parts, keyring: BrokenKeys) -> Countersign {
    let plugin = Component::plugin_within(Component::limits());
    let built = Countersign::builder(plugin)
        .realm(&parts.config.realm)
        .store(parts.store.clone())
        .keyring(keyring)
        .clock(Shown(parts.clock.clone()))
        .build();
    built.expect("nothing is missing")
}

struct BrokenClock {
    clock: Arc<dyn Clock>,
    broken: Broken,
}

impl Clock for BrokenClock {
    fn now(&self) -> Result<u64, ClockError> {
        match self.broken.is_so() {
            true => Err(ClockError),
            false => self.clock.now(),
        }
    }
}

struct BrokenRandom(Broken);

impl Random for BrokenRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        match self.0.is_so() {
            true => Err(RandomError),
            false => SystemRandom.fill(bytes),
        }
    }
}

struct BrokenMailer(Broken, MailOutbox);

#[async_trait]
impl Mailer for BrokenMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        match self.0.is_so() {
            true => Err(MailError::Deferred("it is down, for a test".to_owned())),
            false => self.1.send(mail).await,
        }
    }
}

struct BrokenKeys {
    keys: LocalKeyring,
    broken: Broken,
}

impl BrokenKeys {
    fn pass(&self) -> Result<(), KeyringError> {
        match self.broken.is_so() {
            true => Err(KeyringError::Unavailable(
                "it is down, for a test".to_owned(),
            )),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Keyring for BrokenKeys {
    async fn mac(&self, context: Context, data: &[u8]) -> Result<Tag, KeyringError> {
        self.pass()?;
        self.keys.mac(context, data).await
    }

    async fn check_mac(
        &self,
        context: Context,
        data: &[u8],
        key_id: u32,
        tag: &[u8],
    ) -> Result<bool, KeyringError> {
        self.pass()?;
        self.keys.check_mac(context, data, key_id, tag).await
    }

    async fn index(&self, context: Context, data: &[u8]) -> Result<[u8; 32], KeyringError> {
        self.pass()?;
        self.keys.index(context, data).await
    }
}

impl SealingKeys for BrokenKeys {
    fn active(&self) -> Result<(u32, SealingKey), KeyringError> {
        self.pass()?;
        self.keys.active()
    }

    fn key(&self, id: u32) -> Result<SealingKey, KeyringError> {
        self.pass()?;
        self.keys.key(id)
    }
}
