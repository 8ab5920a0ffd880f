//! Who uses up which cap.

use std::sync::{Arc, Mutex};

use countersign_host::Plugin;
use countersign_host::fault::Fault;
use countersign_host::sms::{
    Caps, Clearance, MaySend, Message, MessagePurpose, Outbox, Outcome, Permission, PhoneLine,
    SmsError, SmsSender,
};
use countersign_host::store::MemoryStore;

use crate::builder;
use crate::phone_guards::{NUMBER, caps, check, line, send};
use crate::phone_lines::send as send_as;
use crate::phone_plugins::asking;

fn number(of: u32) -> String {
    format!("+3460000{of:04}")
}

async fn enroll(line: &PhoneLine<Outbox>, number: &str) -> Result<(), String> {
    let purpose = MessagePurpose::Enroll;
    let asked = line.check("acme", number, purpose).await;
    let message = Message::new("acme", number, "123456", purpose, 10, "key");
    match (asked, line.send(&message).await) {
        (Ok(Permission::Permitted(_)), Outcome::Sent) => Ok(()),
        (Ok(Permission::Refused(first)), Outcome::Refused(second)) if first == second => Err(first),
        other => panic!("{other:?}"),
    }
}

// V-90
#[tokio::test]
async fn a_stranger_who_enrolls_numbers_keeps_nobody_of_their_block_out() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let guarded = line(&store, &outbox);
    for it in 0..30 {
        assert_eq!(enroll(&guarded, &number(it)).await, Ok(()));
    }
    let refused = enroll(&guarded, &number(99)).await;
    assert_eq!(refused, Err("enrolling-prefix-cap".into()));
    assert_eq!(check(&guarded, NUMBER).await.as_deref(), Ok("ES"));
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
    assert_eq!(enroll(&guarded, "+34611110000").await, Ok(()));
}

// V-90
#[tokio::test]
async fn enrolling_uses_up_three_tenths_of_the_realms_caps_at_most() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    for few in [caps(100, 100, 10, 100), caps(100, 100, 100, 10)] {
        let realm = format!("{few:?}");
        let guarded = PhoneLine::new(&realm, store.clone(), outbox.clone()).caps(few);
        for block in 0..3 {
            assert_eq!(
                enroll(&guarded, &format!("+3461{block}110000")).await,
                Ok(())
            );
        }
        let refused = enroll(&guarded, "+34622220000").await;
        assert_eq!(refused, Err("enrolling-realm-cap".into()));
        for it in 0..7 {
            assert_eq!(send(&guarded, &number(it)).await, Ok(()));
        }
        assert_eq!(check(&guarded, NUMBER).await, Err("realm-cap".into()));
        let refused = send(&guarded, NUMBER).await;
        assert_eq!(refused, Err("refused: realm-cap".into()));
    }
}

#[tokio::test]
async fn enrolling_can_be_kept_back_by_itself() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let mut none = Caps::default();
    none.enrolling_percent = 0;
    let guarded = line(&store, &outbox).caps(none);
    let refused = enroll(&guarded, NUMBER).await;
    assert_eq!(refused, Err("enrolling-realm-cap".into()));
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
}

#[tokio::test]
async fn a_fleet_whose_numbers_lie_side_by_side_signs_in_within_an_hour() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let guarded = line(&store, &outbox);
    for it in 0..800 {
        assert_eq!(send(&guarded, &number(it)).await, Ok(()));
    }
    assert_eq!(outbox.messages().len(), 800);
}

/// Has a veto.
struct Veto;

#[async_trait::async_trait]
impl MaySend for Veto {
    async fn may_send(&self, _: &str, _: &str, _: MessagePurpose) -> Result<Clearance, SmsError> {
        Ok(Clearance::Vetoed("sim-swapped".to_owned()))
    }
}

#[tokio::test]
async fn a_refusal_by_a_cap_is_reported_and_one_by_a_rule_is_not() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let plain = || line(&store, &outbox);
    for (guarded, heard) in [
        (
            plain().caps(caps(0, 100, 100, 100)),
            Some("sms: prefix-cap"),
        ),
        (plain().caps(caps(100, 100, 100, 0)), Some("sms: realm-cap")),
        (plain().may_send(Veto), None),
        (plain().countries(["PT"]).expect("it has numbers"), None),
    ] {
        let reported: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&reported);
        let plugin = Plugin::load(&asking().component()).expect("it loads");
        let mfa = builder(plugin, store.clone())
            .sms(guarded)
            .faults(move |fault: &Fault| noted.lock().expect("whole").push(fault.to_string()))
            .build()
            .expect("nothing is missing");
        let answer = send_as(&mfa, "ana").await;
        assert_eq!(answer, "the plugin refused: revision-conflict");
        let reported = reported.lock().expect("whole");
        assert_eq!(reported.first().map(String::as_str), heard);
        assert!(reported.len() < 2, "{reported:?}");
    }
}
