//! What stands before a sender: countries, caps, and who has a veto.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countersign_host::Plugin;
use countersign_host::clock::{Clock, ClockError, FixedClock};
use countersign_host::sms::{
    Caps, Clearance, MaySend, Message, MessagePurpose, Outbox, Outcome, Permission, PhoneLine,
    SmsError, SmsSender,
};
use countersign_host::store::{
    Commit, CommitError, Key, MemoryStore, Record, Store, Stored, Unavailable,
};

use crate::builder;
use crate::phone_lines::{send as send_as, sending};

pub(crate) const NOON: u64 = 1_800_014_400;
pub(crate) const NUMBER: &str = "+34600000000";

/// A hook that counts how often it was asked.
#[derive(Clone)]
struct Hook {
    answer: Result<Clearance, SmsError>,
    asked: Arc<AtomicUsize>,
    takes: Duration,
}

impl Hook {
    fn answering(answer: Result<Clearance, SmsError>) -> Self {
        Self {
            answer,
            asked: Arc::default(),
            takes: Duration::ZERO,
        }
    }

    fn vetoing(why: &str) -> Self {
        Self::answering(Ok(Clearance::Vetoed(why.to_owned())))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl MaySend for Hook {
    async fn may_send(&self, _: &str, _: &str, _: MessagePurpose) -> Result<Clearance, SmsError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        self.answer.clone()
    }
}

fn message(number: &str) -> Message {
    Message::new("acme", number, "123456", MessagePurpose::SignIn, 10, "key")
}

pub(crate) fn caps(
    prefix_per_hour: u64,
    prefix_per_day: u64,
    realm_per_hour: u64,
    realm_per_day: u64,
) -> Caps {
    let mut caps = Caps::default();
    caps.prefix_per_hour = prefix_per_hour;
    caps.prefix_per_day = prefix_per_day;
    caps.realm_per_hour = realm_per_hour;
    caps.realm_per_day = realm_per_day;
    caps
}

pub(crate) fn line(store: &MemoryStore, outbox: &Outbox) -> PhoneLine<Outbox> {
    PhoneLine::new("test", store.clone(), outbox.clone()).clock(FixedClock::at(NOON))
}

pub(crate) async fn check(line: &impl SmsSender, number: &str) -> Result<String, String> {
    match line.check("acme", number, MessagePurpose::SignIn).await {
        Ok(Permission::Permitted(country)) => Ok(country),
        Ok(Permission::Refused(why)) => Err(why),
        Err(error) => Err(error.to_string()),
    }
}

pub(crate) async fn send(line: &impl SmsSender, number: &str) -> Result<(), String> {
    match line.send(&message(number)).await {
        Outcome::Sent => Ok(()),
        Outcome::Refused(why) => Err(format!("refused: {why}")),
        Outcome::Failed(why) => Err(format!("failed: {why}")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_country_is_found_here_and_a_sender_may_refuse_more() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("XX"));
    let guarded = line(&store, &outbox);
    assert_eq!(check(&guarded, "+18762345678").await.as_deref(), Ok("JM"));
    assert_eq!(
        check(&guarded, "+442079460000").await,
        Err("not-a-mobile".into())
    );
    // Whatever the plugin asked before.
    assert_eq!(
        send(&guarded, "+442079460000").await,
        Err("refused: not-a-mobile".into())
    );
    let strict = Outbox::with(|_| Permission::Refused("not-here".into()));
    assert_eq!(
        check(&line(&store, &strict), NUMBER).await,
        Err("not-here".into())
    );
    assert!(outbox.messages().is_empty());
}

// V-90
#[tokio::test]
async fn a_block_of_numbers_has_a_cap_that_gateways_share() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let few = caps(2, 100, 100, 100);
    let here = line(&store, &outbox).caps(few);
    let there = line(&store, &outbox).caps(few);
    assert_eq!(send(&here, "+34600000000").await, Ok(()));
    assert_eq!(send(&there, "+34600009999").await, Ok(()));
    for line in [&here, &there] {
        assert_eq!(check(line, "+34600001234").await, Err("prefix-cap".into()));
        assert_eq!(
            send(line, "+34600001234").await,
            Err("refused: prefix-cap".into())
        );
    }
    assert_eq!(check(&here, "+34611110000").await.as_deref(), Ok("ES"));
    assert_eq!(send(&here, "+34611110000").await, Ok(()));
    assert_eq!(outbox.messages().len(), 3);
}

#[tokio::test]
async fn a_realm_has_a_cap_and_another_realm_its_own() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let few = caps(100, 100, 100, 2);
    let guarded = line(&store, &outbox).caps(few);
    assert_eq!(send(&guarded, "+34600000000").await, Ok(()));
    assert_eq!(send(&guarded, "+34611110000").await, Ok(()));
    assert_eq!(
        check(&guarded, "+34622220000").await,
        Err("realm-cap".into())
    );
    assert_eq!(
        send(&guarded, "+34622220000").await,
        Err("refused: realm-cap".into())
    );
    let other = PhoneLine::new("other", store.clone(), outbox.clone())
        .clock(FixedClock::at(NOON))
        .caps(few);
    assert_eq!(send(&other, "+34622220000").await, Ok(()));
}

#[tokio::test]
async fn caps_are_of_hours_and_days_of_utc() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let clock = FixedClock::at(NOON + 3_599);
    let guarded = line(&store, &outbox)
        .clock(clock.clone())
        .caps(caps(1, 2, 100, 100));
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
    assert!(send(&guarded, NUMBER).await.is_err());
    clock.advance(1);
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
    clock.advance(3_600);
    assert!(send(&guarded, NUMBER).await.is_err());
    clock.set(NOON - NOON % 86_400 + 86_400);
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
}

// V-90
#[tokio::test]
async fn of_messages_that_race_no_more_than_the_cap_go_out() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let guarded = line(&store, &outbox).caps(caps(5, 100, 100, 100));
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let guarded = guarded.clone();
            tokio::spawn(async move { send(&guarded, NUMBER).await.is_ok() })
        })
        .collect();
    let mut sent = 0;
    for task in tasks {
        sent += usize::from(task.await.expect("it does not panic"));
    }
    assert_eq!((sent, outbox.messages().len()), (5, 5));
}

// covers: SMS-3
#[tokio::test]
async fn no_whole_number_stands_in_the_name_of_a_counter() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("NU"));
    let guarded = line(&store, &outbox).lines(countersign_host::sms::Lines::All);
    // A country with numbers of seven digits, the calling code included.
    assert_eq!(check(&guarded, "+6834000").await.as_deref(), Ok("NU"));
    assert_eq!(send(&guarded, "+6834000").await, Ok(()));
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
    let names: Vec<String> = store
        .records()
        .iter()
        .map(|(key, _)| key.record.name().to_owned())
        .collect();
    assert_eq!(names.len(), 6);
    for name in &names {
        assert!(name.starts_with("host_sms/") && name.len() <= 128, "{name}");
        assert!(
            !name.contains("34600000000") && !name.contains("6834"),
            "{name}"
        );
    }
}

// N-16
#[tokio::test]
async fn a_veto_stops_a_message_before_anything_is_counted() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let hook = Hook::vetoing("sim-swapped");
    let guarded = line(&store, &outbox).may_send(hook.clone());
    assert_eq!(check(&guarded, NUMBER).await, Err("sim-swapped".into()));
    // A plugin that does not care what it was told.
    assert_eq!(
        send(&guarded, NUMBER).await,
        Err("refused: sim-swapped".into())
    );
    assert!(outbox.messages().is_empty());
    assert!(store.records().is_empty());
    assert_eq!(hook.asked(), 1);
}

#[tokio::test]
async fn a_veto_is_remembered_for_a_minute_and_a_number() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let hook = Hook::vetoing("sim-swapped");
    let clock = FixedClock::at(NOON);
    let guarded = line(&store, &outbox)
        .clock(clock.clone())
        .may_send(hook.clone());
    for _ in 0..3 {
        assert_eq!(check(&guarded, NUMBER).await, Err("sim-swapped".into()));
    }
    assert_eq!(hook.asked(), 1, "pressing again costs no look-up");
    assert!(check(&guarded, "+34611110000").await.is_err());
    assert_eq!(hook.asked(), 2, "another number is another question");
    let enrolling = guarded.check("acme", NUMBER, MessagePurpose::Enroll).await;
    assert!(matches!(enrolling, Ok(Permission::Refused(_))));
    assert_eq!(hook.asked(), 3, "and so is another purpose");
    clock.advance(61);
    assert!(send(&guarded, NUMBER).await.is_err());
    assert_eq!(hook.asked(), 4);
    assert!(send(&guarded, NUMBER).await.is_err());
    assert_eq!(
        hook.asked(),
        4,
        "a plugin that does not ask is told the same"
    );
}

#[tokio::test]
async fn the_hosts_own_countries_are_all_that_is_sent_to() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("XX"));
    let guarded = line(&store, &outbox)
        .countries(["ES", "SH"])
        .expect("both have numbers");
    assert_eq!(check(&guarded, NUMBER).await.as_deref(), Ok("ES"));
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
    for elsewhere in ["+18762345678", "+447400123456"] {
        let why = "country-not-served";
        assert_eq!(check(&guarded, elsewhere).await, Err(why.into()));
        let refused = Err(format!("refused: {why}"));
        assert_eq!(send(&guarded, elsewhere).await, refused);
    }
    assert_eq!(outbox.messages().len(), 1);
    for wrong in [&["UK"][..], &["ES", "es"], &["001"], &[""], &[]] {
        let error = line(&store, &outbox).countries(wrong.iter().copied());
        assert_eq!(error.expect_err("it is none").field(), "countries");
    }
}

#[tokio::test]
async fn whoever_has_a_veto_is_asked_once_a_message() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let hook = Hook::answering(Ok(Clearance::Cleared));
    let clock = FixedClock::at(NOON);
    let guarded = line(&store, &outbox)
        .clock(clock.clone())
        .may_send(hook.clone());
    assert!(check(&guarded, NUMBER).await.is_ok());
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
    assert_eq!(hook.asked(), 1);
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
    assert_eq!(hook.asked(), 2, "a yes is good for one message");
    assert!(check(&guarded, NUMBER).await.is_ok());
    clock.advance(61);
    assert_eq!(send(&guarded, NUMBER).await, Ok(()));
    assert_eq!(hook.asked(), 4, "and for a minute");
    assert!(check(&guarded, NUMBER).await.is_ok());
    assert_eq!(send(&guarded, "+34611110000").await, Ok(()));
    assert_eq!(hook.asked(), 6, "and for one number");
}

#[tokio::test]
async fn no_answer_of_whoever_has_a_veto_is_no_message() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let fault = Hook::answering(Err(SmsError("the network is down".into())));
    let mut slow = Hook::answering(Ok(Clearance::Cleared));
    slow.takes = Duration::from_secs(60);
    for hook in [fault, slow] {
        let guarded = line(&store, &outbox)
            .may_send(hook)
            .may_send_time(Duration::from_millis(50));
        let error = guarded.check("acme", NUMBER, MessagePurpose::SignIn).await;
        assert!(error.is_err(), "{error:?}");
        assert_eq!(
            send(&guarded, NUMBER).await,
            Err("failed: may-send-unavailable".into())
        );
    }
    assert!(outbox.messages().is_empty());
    assert!(store.records().is_empty());
}

#[tokio::test]
async fn a_reason_that_the_contract_does_not_allow_is_replaced() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    for why in [
        "",
        "SIM of +34600000000 swapped",
        "code-123456",
        "daily-cap",
        &"x".repeat(65),
    ] {
        let guarded = line(&store, &outbox).may_send(Hook::vetoing(why));
        assert_eq!(check(&guarded, NUMBER).await, Err("vetoed".into()));
    }
}

/// A store that is down.
struct Down;

#[async_trait]
impl Store for Down {
    async fn get(&self, _: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        Err(Unavailable("it is down".into()))
    }

    async fn commit(&self, _: Commit) -> Result<(), CommitError> {
        Err(Unavailable("it is down".into()).into())
    }
}

struct NoTime;

impl Clock for NoTime {
    fn now(&self) -> Result<u64, ClockError> {
        Err(ClockError)
    }
}

#[tokio::test]
async fn without_store_or_clock_nothing_is_sent() {
    let outbox = Outbox::in_country("ES");
    let no_store = PhoneLine::new("test", Down, outbox.clone()).clock(FixedClock::at(NOON));
    let no_time = line(&MemoryStore::new(), &outbox).clock(NoTime);
    let unavailable = check(&no_store, NUMBER).await.expect_err("it is down");
    assert!(unavailable.contains("not available"), "{unavailable}");
    assert!(check(&no_time, NUMBER).await.is_err());
    assert_eq!(
        send(&no_store, NUMBER).await,
        Err("failed: caps-unavailable".into())
    );
    assert_eq!(send(&no_time, NUMBER).await, Err("failed: no-clock".into()));
    assert!(outbox.messages().is_empty());
}

#[tokio::test]
async fn a_phone_line_with_guards_serves_a_plugin() {
    let (store, outbox) = (MemoryStore::new(), Outbox::in_country("ES"));
    let guarded = line(&store, &outbox).caps(caps(100, 100, 1, 100));
    let plugin = Plugin::load(&sending("123456").component()).expect("it loads");
    let mfa = builder(plugin, store.clone())
        .sms(guarded)
        .build()
        .expect("nothing is missing");
    assert_eq!(send_as(&mfa, "ana").await, "the plugin refused: busy");
    assert!(send_as(&mfa, "eva").await.contains("trapped"), "the cap");
    assert_eq!(outbox.messages().len(), 1);
    let counters = store.records();
    assert!(
        counters
            .iter()
            .all(|(key, _)| matches!(key.record, Record::Quota { .. }))
    );
}
