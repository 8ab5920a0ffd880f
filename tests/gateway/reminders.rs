//! People without a factor are reminded of a deadline, once for each of its days.

use std::sync::Arc;

use countersign_gateway::mail::MailOutbox;
use countersign_gateway::notifier::Notifier;
use countersign_gateway::reminders::{Round, run_once};
use countersign_host::clock::FixedClock;
use libtest_mimic::Trial;

use crate::place::{Place, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "reminders_go_to_members_without_a_factor_once_a_day_that_is_due",
            days,
        ),
        trial(
            "reminder_that_was_missed_goes_out_until_the_next_is_due",
            missed,
        ),
        trial("deadline_that_is_moved_is_reminded_of_anew", moved),
        trial(
            "mail_about_a_new_deadline_stands_for_the_reminder_due_just_then",
            announced,
        ),
    ]
}

async fn place() -> (Place, FixedClock, MailOutbox) {
    let outbox = MailOutbox::default();
    let clock = FixedClock::at(NOW);
    let place = Place::new(Arc::new(clock.clone()), Arc::new(outbox.clone())).await;
    place.person("ana", &["acme"]).await;
    place.person("eva", &["acme"]).await;
    place.person("off", &["acme"]).await;
    place.company("other").await;
    place.person("elsewhere", &["other"]).await;
    let directory = &place.gateway.directory;
    directory
        .set_active("off", false)
        .await
        .expect("she is there");
    (place, clock, outbox)
}

/// Runs a round at a time, and says how many mails went out.
async fn round(place: &Place, now: u64) -> u64 {
    let Round { sent, failed, .. } = run_once(&place.gateway, now).await.expect("it answers");
    assert_eq!(failed, 0);
    sent
}

async fn days() {
    let (place, _, outbox) = place().await;
    let deadline = NOW + 40 * DAY;
    place.require("acme", deadline, "Europe/Madrid").await;
    let mut sent = Vec::new();
    // Each hour, as it is run.
    for hour in 0..=(41 * 24) {
        let now = NOW + hour * 60 * 60;
        let count = round(&place, now).await;
        if count > 0 {
            sent.push((hour / 24, count));
        }
        if hour == 27 * 24 {
            place.import("eva").await;
        }
    }
    assert_eq!(sent, [(10, 2), (26, 2), (33, 1), (39, 1)]);
    let mails = outbox.mails();
    let subjects: Vec<_> = mails.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "Example: 30 days left to set up two-factor authentication",
            "Example: 30 days left to set up two-factor authentication",
            "Example: 14 days left to set up two-factor authentication",
            "Example: 14 days left to set up two-factor authentication",
            "Example: 7 days left to set up two-factor authentication",
            "Example: One day left to set up two-factor authentication",
        ]
    );
    let whom = |it: &countersign_gateway::mail::Mail| {
        it.to.starts_with("ana@") || it.to.starts_with("eva@")
    };
    assert!(mails.iter().all(whom));
}

async fn missed() {
    let (place, _, outbox) = place().await;
    let deadline = NOW + 40 * DAY;
    place.require("acme", deadline, "UTC").await;
    // Away from before day 30 until there are 10 left: only what is due now, with the days as they are.
    assert_eq!(round(&place, deadline - 10 * DAY).await, 2);
    assert!(outbox.mails()[0].subject.contains("10 days left"));
    assert_eq!(round(&place, deadline - 9 * DAY).await, 0);
    assert_eq!(round(&place, deadline - 7 * DAY).await, 2);
    // After it nobody is reminded.
    assert_eq!(round(&place, deadline).await, 0);
}

async fn moved() {
    let (place, _, _) = place().await;
    let deadline = NOW + 30 * DAY;
    place.require("acme", deadline, "UTC").await;
    assert_eq!(round(&place, NOW).await, 2);
    place.require("acme", deadline + DAY, "UTC").await;
    assert_eq!(round(&place, NOW).await, 0);
    assert_eq!(round(&place, NOW + DAY).await, 2);
    // The default holds for who has no policy.
    place.require("*", NOW + 14 * DAY, "UTC").await;
    assert_eq!(round(&place, NOW + DAY).await, 1);
}

async fn announced() {
    let (place, _, outbox) = place().await;
    let notifier = Notifier::start(&place.gateway).await.expect("it starts");
    let deadline = NOW + 10 * DAY;
    place.require("acme", deadline, "UTC").await;
    assert!(notifier.drain(std::time::Duration::from_secs(30)).await);
    assert_eq!(outbox.mails().len(), 2);
    assert_eq!(round(&place, NOW + 60 * 60).await, 0);
    assert_eq!(round(&place, deadline - 7 * DAY).await, 2);
}

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 24 * 60 * 60;
