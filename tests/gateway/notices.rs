//! What happens to people is told to them, once, by mail.

use std::sync::Arc;
use std::time::Duration;

use countersign_conformance::authenticator::Authenticator;
use countersign_gateway::directory::{Level, SessionId, StoredSession};
use countersign_gateway::mail::{MailOutbox, Mailer};
use countersign_gateway::notifier::Notifier;
use countersign_host::clock::{Clock, SystemClock};
use countersign_host::contract::enrollment::{ConfirmVerdict, Label};
use countersign_host::contract::event::{Event, EventKind};
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::sign_in::{BeginOutcome, BeginRequest};
use countersign_host::contract::{Actor, FirstFactor, Method, Purpose};
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::random::SystemRandom;
use countersign_host::store::{Commit, Store, Trail};
use libtest_mimic::Trial;
use serde_json::json;

use crate::mail_server::MailServer;
use crate::place::{Place, REALM, member, trial};
use crate::smtp::{peer_trial, plain};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        peer_trial("person_who_enrolls_gets_a_mail", enrolls),
        peer_trial(
            "server_that_is_away_gets_the_mail_once_when_it_is_back",
            away,
        ),
        peer_trial(
            "mail_that_is_deferred_is_tried_again_and_one_that_is_refused_is_not",
            deferred,
        ),
        trial(
            "event_that_comes_twice_or_to_two_gateways_is_told_once",
            once,
        ),
        trial("person_without_a_mailbox_keeps_nobody_waiting", no_mailbox),
        trial("reset_ends_sessions_once", ends_sessions),
        trial(
            "deadline_is_told_to_active_members_without_a_factor",
            deadline,
        ),
        trial(
            "deadline_of_the_default_is_told_where_no_other_policy_holds",
            default_deadline,
        ),
        trial("what_was_before_the_first_start_is_not_told", before),
    ]
}

async fn place(mailer: impl Mailer + 'static) -> Place {
    Place::new(Arc::new(SystemClock), Arc::new(mailer)).await
}

fn now() -> u64 {
    SystemClock.now().expect("there is a clock")
}

async fn start(place: &Place) -> Notifier {
    Notifier::start(&place.gateway).await.expect("it starts")
}

/// Notes events as the plugin would, in one commit.
async fn note(place: &Place, of: impl IntoIterator<Item = (&str, EventKind)>) -> Vec<StampedEvent> {
    let stamp = |(user, kind)| {
        let event = Event {
            kind,
            companies: vec!["acme".to_owned()],
            actor: None,
            notify: true,
        };
        let id = EventId::draw(&SystemRandom).expect("there is randomness");
        StampedEvent::new(id, now(), REALM, Some(user), Some("203.0.113.9"), event)
    };
    let events: Vec<_> = of.into_iter().map(stamp).collect();
    again(place, &events).await;
    events
}

async fn again(place: &Place, events: &[StampedEvent]) {
    let mut commit = Commit::new(now(), Vec::new());
    commit.events = events.to_vec();
    place.store.commit(commit).await.expect("it is committed");
}

async fn enrolls() {
    let server = MailServer::start();
    let place = place(plain(server.port())).await;
    place.person("ana", &["acme"]).await;
    place.put("acme", Policy::app_only(Mode::Voluntary)).await;
    let notifier = start(&place).await;

    let mfa = place.gateway.mfa.for_client("203.0.113.9 Mozilla/5.0");
    let request = BeginRequest {
        memberships: vec![member("acme")],
        first_factor: FirstFactor::password(),
        purpose: Purpose::ManageFactors,
        device_token: None,
        binding_attested: false,
        known_enrolled: false,
    };
    let begun = mfa.sign_in().begin("ana", &request).await;
    let BeginOutcome::Enroll(offer) = begun.expect("it answers") else {
        panic!("enrollment is offered");
    };
    let label = Label {
        issuer: "Example".to_owned(),
        account_name: "ana".to_owned(),
    };
    let setup = mfa
        .enrollment()
        .begin_totp("ana", &offer.ticket, &label)
        .await;
    let app = Authenticator::scan(&setup.expect("it begins").uri).expect("it is an address");
    let code = app.code(now());
    let confirmed = mfa
        .enrollment()
        .confirm("ana", &offer.ticket, Method::Totp, &code)
        .await;
    let confirmed = confirmed.expect("it answers");
    assert!(matches!(confirmed, ConfirmVerdict::Accepted(_)));
    assert!(notifier.drain(LONG).await);

    let mails = server.wait_for(2);
    assert!(mails.iter().all(|it| it.to == ["ana@acme.example"]));
    let mut subjects: Vec<_> = mails.iter().map(|it| it.subject.as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(
        subjects,
        [
            "Example: Two-factor authentication is set up",
            "Example: You have a new recovery code",
        ]
    );
    for mail in &mails {
        assert!(
            mail.text.contains("From the address: 203.0.113.9"),
            "{mail:?}"
        );
        assert!(mail.text.contains("https://app.example/countersign/not-me"));
        assert!(!mail.text.contains(&code) && !mail.text.contains(&offer.ticket));
    }
    let ana = place
        .gateway
        .directory
        .user("ana")
        .await
        .expect("it answers");
    assert!(ana.expect("she is there").was_enrolled);
}

async fn away() {
    let server = MailServer::start();
    let port = server.port();
    drop(server);
    let place = place(plain(port)).await;
    place.person("ana", &["acme"]).await;
    let notifier = start(&place).await;
    note(&place, [("ana", EventKind::Imported(Method::Totp))]).await;
    assert!(!notifier.drain(Duration::from_secs(2)).await);
    let server = MailServer::with(&json!({ "port": port }));
    assert!(notifier.drain(LONG).await);
    server.wait_for(1);
}

async fn deferred() {
    let server = MailServer::start();
    let place = place(plain(server.port())).await;
    for id in ["refused", "busy1", "ana"] {
        place.person(id, &["acme"]).await;
    }
    let notifier = start(&place).await;
    let kind = || EventKind::FactorDisabled(Method::Totp);
    note(&place, ["refused", "busy1", "ana"].map(|it| (it, kind()))).await;
    assert!(notifier.drain(LONG).await);
    let mails = server.wait_for(2);
    // Whoever comes behind one that is deferred does not wait for it.
    assert_eq!(mails[0].to, ["ana@acme.example"]);
    assert_eq!(mails[1].to, ["busy1@acme.example"]);
}

async fn once() {
    let outbox = MailOutbox::default();
    let place = place(outbox.clone()).await;
    place.person("ana", &["acme"]).await;
    let (one, two) = (start(&place).await, start(&place).await);
    let events = note(&place, [("ana", EventKind::Imported(Method::Totp))]).await;
    again(&place, &events).await;
    again(&place, &events).await;
    assert!(one.drain(LONG).await && two.drain(LONG).await);
    drop((one, two));
    // As after a restart from before: all of it comes once more.
    let trail = &place.store;
    trail
        .forget_consumer(REALM, "notices")
        .await
        .expect("it is forgotten");
    let moved = trail.move_consumer(REALM, "notices", 0, 0).await;
    assert!(moved.expect("it answers"));
    assert!(start(&place).await.drain(LONG).await);
    assert_eq!(outbox.mails().len(), 1);
}

async fn no_mailbox() {
    let outbox = MailOutbox::default();
    let place = place(outbox.clone()).await;
    place.person("ana", &["acme"]).await;
    let notifier = start(&place).await;
    let kind = || EventKind::FactorDisabled(Method::Totp);
    note(&place, [("nobody", kind()), ("ana", kind())]).await;
    assert!(notifier.drain(LONG).await);
    assert_eq!(outbox.mails().len(), 1);
}

async fn ends_sessions() {
    let outbox = MailOutbox::default();
    let place = place(outbox.clone()).await;
    place.person("ana", &["acme"]).await;
    let notifier = start(&place).await;
    let directory = &place.gateway.directory;
    let [before, after] = [1, 2].map(|it| StoredSession {
        id: SessionId([it; 32]),
        user: "ana".to_owned(),
        level: Level::Open,
        sealed: Vec::new(),
        version: 0,
        ends_at: now() + DAY,
    });
    let is_open = async |it: &StoredSession| {
        let found = directory.session(&it.id, now()).await;
        found.expect("it answers").is_some()
    };
    let opened = directory.add_session(before.clone()).await;
    opened.expect("it opens");
    let events = note(&place, [("ana", EventKind::Reset("lost".to_owned()))]).await;
    assert!(notifier.drain(LONG).await);
    assert!(!is_open(&before).await);
    // She signs in anew, and the event comes again.
    let opened = directory.add_session(after.clone()).await;
    opened.expect("it opens");
    again(&place, &events).await;
    assert!(notifier.drain(LONG).await);
    assert!(is_open(&after).await);
    assert_eq!(outbox.mails().len(), 1);
}

fn told(outbox: &MailOutbox) -> Vec<String> {
    let mails = outbox.mails().into_iter();
    let mails = mails.filter(|it| it.subject.contains("Your company requires"));
    mails.map(|it| it.to).collect()
}

async fn deadline() {
    let outbox = MailOutbox::default();
    let place = place(outbox.clone()).await;
    place.company("other").await;
    for id in ["ana", "eva", "off", "with-app"] {
        place.person(id, &["acme"]).await;
    }
    place.person("elsewhere", &["other"]).await;
    // More than a page.
    for i in 0..120 {
        place.person(&format!("many-{i:03}"), &["acme"]).await;
    }
    let directory = &place.gateway.directory;
    directory
        .set_active("off", false)
        .await
        .expect("she is there");
    place.import("with-app").await;
    let notifier = start(&place).await;
    place
        .require("acme", now() + 40 * DAY, "Europe/Madrid")
        .await;
    assert!(notifier.drain(LONG).await);
    let told = told(&outbox);
    assert_eq!(told.len(), 122);
    assert_eq!(told[0..2], ["ana@acme.example", "eva@acme.example"]);
    let text = &outbox.mails()[0].text;
    assert!(
        text.contains("(Europe/Madrid)") && text.contains("Company: acme Ltd."),
        "{text}"
    );
}

async fn default_deadline() {
    let outbox = MailOutbox::default();
    let place = place(outbox.clone()).await;
    place.company("own").await;
    place.company("plain").await;
    place.person("ana", &["acme", "plain"]).await;
    place.person("eva", &["own"]).await;
    place.put("own", Policy::app_only(Mode::Voluntary)).await;
    let notifier = start(&place).await;
    place.require("*", now() + 40 * DAY, "UTC").await;
    assert!(notifier.drain(LONG).await);
    assert_eq!(told(&outbox), ["ana@acme.example"]);
}

async fn before() {
    let outbox = MailOutbox::default();
    let place = place(outbox.clone()).await;
    place.person("ana", &["acme"]).await;
    place.put("acme", Policy::app_only(Mode::Voluntary)).await;
    place.import("ana").await;
    let notifier = start(&place).await;
    assert!(notifier.drain(LONG).await);
    assert!(outbox.mails().is_empty());
    let actor = Actor::Operator("root".to_owned());
    let administration = place.gateway.mfa.administration();
    let memberships = [member("acme")];
    let reset = administration.reset("ana", &memberships, None, &actor, true, "lost");
    reset.await.expect("it is reset");
    assert!(notifier.drain(LONG).await);
    let mails = outbox.mails();
    let is_told =
        |it: &countersign_gateway::mail::Mail| it.subject.ends_with("authentication was reset");
    assert!(mails.iter().any(is_told));
    assert!(mails.iter().all(|it| !it.text.contains("lost")));
}

const DAY: u64 = 24 * 60 * 60;
const LONG: Duration = Duration::from_secs(30);
