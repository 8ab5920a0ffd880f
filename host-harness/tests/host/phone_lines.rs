//! The phone line: SMS-1 and SMS-2.

use std::sync::{Arc, Mutex};

use countersign_host::fault::Fault;
use countersign_host::sms::{Outbox, Outcome};
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, Plugin, Reached};

use crate::builder;
use crate::hostile::Hostile;

/// Sends `code` to `+34600000000`, and answers `err(busy)` where that was sent, `err(revision-conflict)` where it was
/// sent before, and traps else.
pub(crate) fn sending(code: &str) -> Hostile {
    let text = format!(
        r#"(data (i32.const 2560) "acme") (data (i32.const 2570) "+34600000000")
           (data (i32.const 2600) "{code}") (data (i32.const 2640) "key")
           (data (i32.const 3504) "\01\00\00\00\00\00\00\00" "\05")
           (data (i32.const 3600) "\01\00\00\00\00\00\00\00" "\04")"#
    );
    let length = code.len();
    let send = format!(
        "(call $sms.send (i32.const 2560) (i32.const 4) (i32.const 2570) (i32.const 12) (i32.const 2600)
            (i32.const {length}) (i32.const 1) (i32.const 10) (i32.const 2640) (i32.const 3) (i32.const 4000))"
    );
    let body = format!(
        "{send}
         (if (i32.eqz (i32.load8_u (i32.const 4000))) (then (return (i32.const 3504))))
         (if (i32.eq (i32.load8_u (i32.const 4000)) (i32.const 1)) (then (return (i32.const 3600))))
         unreachable"
    );
    Hostile::default()
        .items(&text)
        .body("verification.send-code", &body)
        .body("policy.get", &format!("{send} unreachable"))
}

fn host(code: &str, outbox: &Outbox) -> Countersign {
    let plugin = Plugin::load(&sending(code).component()).expect("it loads");
    builder(plugin, MemoryStore::new())
        .sms(outbox.clone())
        .build()
        .expect("nothing is missing")
}

pub(crate) async fn send(mfa: &Countersign, user: &str) -> String {
    let error = mfa.verification().send_code(user, "ticket").await;
    error.expect_err("it never answers ok").to_string()
}

// covers: SMS-2, SMS-3
#[tokio::test]
async fn a_message_goes_out_once_for_each_user_and_key() {
    let outbox = Outbox::in_country("ES");
    let mfa = host("123456", &outbox);
    assert_eq!(send(&mfa, "ana").await, "the plugin refused: busy");
    assert_eq!(
        send(&mfa, "ana").await,
        "the plugin refused: revision-conflict"
    );
    assert_eq!(send(&mfa, "eva").await, "the plugin refused: busy");
    let messages = outbox.messages();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].number, "+34600000000");
    assert_eq!(messages[0].code, "123456");
    let text = format!("{messages:?} {outbox:?}");
    assert!(
        !text.contains("123456") && !text.contains("34600"),
        "{text}"
    );
}

#[tokio::test]
async fn a_message_that_failed_may_go_out_again_and_one_that_may_have_gone_out_may_not() {
    let outbox = Outbox::in_country("ES");
    let mfa = host("123456", &outbox);
    outbox.answer(Outcome::Failed("busy".to_owned()));
    assert!(send(&mfa, "ana").await.contains("trapped"));
    assert_eq!(send(&mfa, "ana").await, "the plugin refused: busy");
    outbox.answer(Outcome::Unknown("time-out".to_owned()));
    assert!(send(&mfa, "eva").await.contains("trapped"));
    assert!(send(&mfa, "eva").await.contains("revision-conflict"));
    assert_eq!(outbox.messages().len(), 1);
}

// covers: SMS-1
#[tokio::test]
async fn what_is_not_six_to_eight_digits_is_not_sent() {
    for text in ["12345", "123456789", "12345a", "12 456", ""] {
        let outbox = Outbox::in_country("ES");
        let mfa = host(text, &outbox);
        let error = mfa.verification().send_code("ana", "ticket").await;
        assert!(matches!(error, Err(Error::Misuse(_))), "{error:?}");
        assert!(outbox.messages().is_empty());
    }
}

#[tokio::test]
async fn a_call_about_nobody_has_no_phone_line() {
    let outbox = Outbox::in_country("ES");
    let mfa = host("123456", &outbox);
    let error = mfa.policy().get("acme").await.expect_err("stopped");
    assert!(
        matches!(error, Error::Scope(Reached::PhoneLine)),
        "{error:?}"
    );
    assert!(outbox.messages().is_empty());
}

#[tokio::test]
async fn the_operator_hears_why_a_message_failed_or_may_have_and_no_number_or_code() {
    let outbox = Outbox::in_country("ES");
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&heard);
    let plugin = Plugin::load(&sending("123456").component()).expect("it loads");
    let mfa = builder(plugin, MemoryStore::new())
        .sms(outbox.clone())
        .faults(move |fault: &Fault| noted.lock().expect("whole").push(fault.to_string()))
        .build()
        .expect("nothing is missing");
    for (user, outcome) in [
        ("ana", Outcome::Failed("carrier-down".to_owned())),
        (
            "ana",
            Outcome::Failed("no route to +34600000000".to_owned()),
        ),
        ("ana", Outcome::Refused("sim-swapped".to_owned())),
        ("ana", Outcome::Refused("daily-cap".to_owned())),
        ("eva", Outcome::Unknown("http-503".to_owned())),
        ("ina", Outcome::Unknown("code-123456".to_owned())),
    ] {
        outbox.answer(outcome);
        assert!(send(&mfa, user).await.contains("trapped"));
    }
    let heard = heard.lock().expect("whole");
    let of_line: Vec<&str> = heard
        .iter()
        .filter_map(|it| it.strip_prefix("sms: "))
        .collect();
    assert_eq!(
        of_line,
        [
            "carrier-down",
            "unspecified",
            "daily-cap",
            "it is not known whether a message went out: http-503",
            "it is not known whether a message went out: unspecified",
        ]
    );
}
