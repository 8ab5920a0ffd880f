//! Plugins that use the phone line as they must not, and a carrier that hangs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign_host::contract::{Failure, Method};
use countersign_host::fault::Fault;
use countersign_host::sms::{
    Message, MessagePurpose, Outbox, Outcome, Permission, SmsError, SmsSender,
};
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, Limits, Plugin, Reached};

use crate::builder;
use crate::hostile::Hostile;

/// At 3504 `err(busy)`, at 3600 `err(revision-conflict)`, and what messages are made of.
const TEXT: &str = r#"
(data (i32.const 2560) "acme") (data (i32.const 2570) "+34600000000")
(data (i32.const 2600) "123456") (data (i32.const 2640) "key2")
(data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\05")
(data (i32.const 3600) "\01\00\00\00\00\00\00\00" "\04")
(data (i32.const 6000) "ac\nme")
"#;

/// Asks about a number for a company of so many bytes at a place.
fn check(company: u32, length: usize) -> String {
    format!(
        "(call $sms.check (i32.const {company}) (i32.const {length}) (i32.const 2570) (i32.const 12) (i32.const 1)
            (i32.const 4000))"
    )
}

/// Sends a message for a company, under a key of so many bytes.
fn send(company: u32, length: usize, key: u32) -> String {
    format!(
        "(call $sms.send (i32.const {company}) (i32.const {length}) (i32.const 2570) (i32.const 12) (i32.const 2600)
            (i32.const 6) (i32.const 1) (i32.const 10) (i32.const 2640) (i32.const {key}) (i32.const 4000))"
    )
}

/// A plugin that asks about a number when a code is to be sent, and answers `err(busy)` if it is permitted and
/// `err(revision-conflict)` if not.
#[cfg(feature = "countries")]
pub(crate) fn asking() -> Hostile {
    let body = format!(
        "{} (if (i32.load8_u (i32.const 4000)) (then unreachable))
         (if (result i32) (i32.load8_u (i32.const 4004)) (then (i32.const 3600)) (else (i32.const 3504)))",
        check(2560, 4)
    );
    texting(&body)
}

/// A plugin that does something when a code is to be sent, and answers `err(busy)` to a code of an app.
fn texting(body: &str) -> Hostile {
    Hostile::default()
        .items(TEXT)
        .body("verification.send-code", body)
        .body("verification.verify", "(i32.const 3504)")
}

fn host(component: &Hostile, line: impl SmsSender + 'static) -> Countersign {
    let plugin = Plugin::load(&component.component()).expect("it loads");
    let builder = builder(plugin, MemoryStore::new()).sms(line);
    builder.build().expect("nothing is missing")
}

/// Counts how often it is asked about a number.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

#[async_trait]
impl SmsSender for Counting {
    async fn check(&self, _: &str, _: &str, _: MessagePurpose) -> Result<Permission, SmsError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Permission::Permitted("ES".to_owned()))
    }

    async fn send(&self, _: &Message) -> Outcome {
        Outcome::Sent
    }
}

#[tokio::test]
async fn the_phone_line_is_open_in_calls_that_are_to_send_a_message_and_in_no_others() {
    let outbox = Outbox::in_country("ES");
    for body in [check(2560, 4), send(2560, 4, 3)] {
        let body = format!("{body} (i32.const 3504)");
        let mut component = Hostile::default().items(TEXT);
        for function in [
            "enrollment.begin-sms",
            "enrollment.resend",
            "verification.send-code",
            "sign-in.inspect",
            "verification.verify",
            "enrollment.confirm",
            "administration.status",
        ] {
            component = component.body(function, &body);
        }
        let mfa = host(&component, outbox.clone());
        let (enrollment, verification) = (mfa.enrollment(), mfa.verification());
        for answer in [
            enrollment.begin_sms("ana", "t", "+34600000000").await,
            enrollment.resend("eva", "t").await,
            verification.send_code("ina", "t").await,
        ] {
            let refused = matches!(answer, Err(Error::Refused(Failure::Busy)));
            assert!(refused, "{answer:?}");
        }
        let totp = Method::Totp;
        for error in [
            mfa.sign_in().inspect("ana", "t").await.err(),
            verification
                .verify("ana", "t", totp, "123456", false)
                .await
                .err(),
            enrollment.confirm("ana", "t", totp, "123456").await.err(),
            mfa.administration().status("ana").await.err(),
        ] {
            let outside = matches!(error, Some(Error::Scope(Reached::PhoneLine)));
            assert!(outside, "{error:?}");
        }
        let arguments = serde_json::json!({ "user": "ana" });
        let error = mfa.call_json("administration.status", &arguments).await;
        assert!(
            matches!(error, Err(Error::Scope(Reached::PhoneLine))),
            "{error:?}"
        );
    }
    assert_eq!(outbox.messages().len(), 3);
}

// V-90
#[tokio::test]
async fn a_call_sends_one_message() {
    let outbox = Outbox::in_country("ES");
    let twice = format!("{} {} (i32.const 3504)", send(2560, 4, 3), send(2560, 4, 4));
    let mfa = host(&texting(&twice), outbox.clone());
    let error = mfa.verification().send_code("ana", "t").await;
    assert!(matches!(error, Err(Error::Misuse(_))), "{error:?}");
    assert_eq!(outbox.messages().len(), 1);
}

#[tokio::test]
async fn a_call_asks_about_four_numbers_at_most() {
    let line = Counting::default();
    let body = format!("(loop {} (br 0)) unreachable", check(2560, 4));
    let mfa = host(&texting(&body), line.clone());
    let error = mfa.verification().send_code("ana", "t").await;
    assert!(matches!(error, Err(Error::Misuse(_))), "{error:?}");
    assert_eq!(line.0.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn whoever_pays_has_a_name_that_fits_and_has_no_control_characters() {
    let (line, outbox) = (Counting::default(), Outbox::in_country("ES"));
    // Zeros, a name with a line break, and one without anything.
    for (company, length) in [(5_000, 129), (6_000, 5), (2_560, 0)] {
        let body = format!("{} (i32.const 3504)", check(company, length));
        let asking = host(&texting(&body), line.clone());
        let body = format!("{} (i32.const 3504)", send(company, length, 3));
        let sending = host(&texting(&body), outbox.clone());
        for mfa in [asking, sending] {
            let error = mfa.verification().send_code("ana", "t").await;
            assert!(matches!(error, Err(Error::Misuse(_))), "{error:?}");
        }
    }
    assert_eq!(line.0.load(Ordering::SeqCst), 0);
    assert!(outbox.messages().is_empty());
}

/// A carrier that never answers.
struct Hanging;

#[async_trait]
impl SmsSender for Hanging {
    async fn check(&self, _: &str, _: &str, _: MessagePurpose) -> Result<Permission, SmsError> {
        std::future::pending().await
    }

    async fn send(&self, _: &Message) -> Outcome {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_carrier_that_hangs_leaves_room_for_those_with_an_app() {
    let refused = |answer: Result<_, Error>| matches!(answer, Err(Error::Refused(Failure::Busy)));
    // `err(busy)` unless the message did not go out, or there is no answer about a number.
    let sent = format!(
        "{} (if (i32.ne (i32.load8_u (i32.const 4000)) (i32.const 3)) (then (return (i32.const 3600))))
         (i32.const 3504)",
        send(2560, 4, 3)
    );
    let asked = format!(
        "{} (if (i32.eqz (i32.load8_u (i32.const 4000))) (then unreachable)) (i32.const 3504)",
        check(2560, 4)
    );
    for body in [sent, asked] {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&heard);
        let mut limits = Limits::default();
        limits.concurrent_calls = 8;
        limits.sms_time = Duration::from_secs(10);
        let plugin = Plugin::builder().limits(limits);
        let plugin = plugin.load(&texting(&body).component()).expect("it loads");
        let mfa = builder(plugin, MemoryStore::new())
            .sms(Hanging)
            .faults(move |fault: &Fault| noted.lock().expect("whole").push(fault.to_string()))
            .build()
            .expect("nothing is missing");
        let calls: Vec<_> = (0..8)
            .map(|it| {
                let mfa = mfa.clone();
                let user = format!("user-{it}");
                tokio::spawn(async move { mfa.verification().send_code(&user, "t").await })
            })
            .collect();
        let busy = "sms: busy: every place of the phone line is taken";
        let is_busy = |it: &&String| *it == busy;
        let began = Instant::now();
        // Six are sent away at once, long before the carrier is given up on.
        while heard.lock().expect("whole").iter().filter(is_busy).count() < 6 {
            assert!(began.elapsed() < Duration::from_secs(8), "{heard:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let verified = mfa.verification();
        let verified = verified
            .verify("ana", "t", Method::Totp, "123456", false)
            .await;
        assert!(
            matches!(verified, Err(Error::Refused(Failure::Busy))),
            "{verified:?}"
        );
        let waiting = calls.iter().filter(|it| !it.is_finished()).count();
        assert_eq!(waiting, 2, "a quarter of eight");
        let told = heard.lock().expect("whole").clone();
        assert_eq!(told.iter().filter(is_busy).count(), 6, "{told:?}");
        let mut answers = Vec::new();
        for call in calls {
            answers.push(refused(call.await.expect("no call panics")));
        }
        assert!(answers.iter().filter(|it| **it).count() >= 6);
        // They gave their places back.
        let line = mfa.verification();
        let again = line.send_code("ana", "t");
        let again = tokio::time::timeout(Duration::from_millis(300), again);
        assert!(again.await.is_err(), "it waits for the carrier");
    }
}
