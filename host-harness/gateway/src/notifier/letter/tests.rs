use countersign_host::contract::event::{
    Binding, Bound, Event, EventKind, Lock, Removal, Removed, Suspicion,
};
use countersign_host::contract::{Actor, Deadline, Method};
use countersign_host::event::{EventId, StampedEvent};

use super::*;

fn config() -> Config {
    let text = r#"
        public-url = "https://app.example"
        issuer = "Example"
        store = "sqlite:mfa.db"
        keys = "file:keys"
        directory = "sqlite:people.db"
    "#;
    Config::parse(std::path::Path::new("gateway.toml"), text, []).expect("it is a configuration")
}

fn event(kind: EventKind, actor: Option<Actor>, client: Option<&str>) -> StampedEvent {
    let event = Event {
        kind,
        companies: vec!["acme".to_owned()],
        actor,
        notify: true,
    };
    StampedEvent::new(
        EventId::from([7; 16]),
        1_800_000_000,
        "example",
        Some("u-1"),
        client,
        event,
    )
}

fn notice(event: &StampedEvent) -> Mail {
    let config = config();
    let letter = Letter::of(&config, "Ana");
    let mail = letter.notice(event, "ana@acme.example".to_owned());
    mail.expect("it is written")
}

#[test]
fn notice_of_a_first_factor_says_what_when_from_where_and_what_if_it_was_not_you() {
    let kind = EventKind::EnrollmentConfirmed(Bound {
        method: Method::Totp,
        binding: Binding::First,
    });
    let mail = notice(&event(kind, None, Some("203.0.113.9 Mozilla/5.0 <b>")));
    assert_eq!(mail.to, "ana@acme.example");
    assert_eq!(mail.subject, "Example: Two-factor authentication is set up");
    assert_eq!(
        mail.text,
        "\
Hello Ana,

An authenticator app was added to your account. Two-factor authentication is on.

When: 15 January 2027, 08:00 UTC
From the address: 203.0.113.9

From now on you are asked for a code when you sign in.

That wasn't me
If you did not do this, or did not ask for it, go to
https://app.example/countersign/not-me
and follow what it says: change your password, and tell your company's admin.

Example sends this by itself, whenever something about your two-factor authentication changes.
It never asks for a code or password by mail."
    );
}

#[test]
fn notice_of_a_reset_says_who_in_general_and_not_why() {
    let actor = Actor::User("u-boss".to_owned());
    let kind = EventKind::Reset("lost the phone +34600123456".to_owned());
    let mail = notice(&event(kind, Some(actor), None));
    assert_eq!(
        mail.subject,
        "Example: Your two-factor authentication was reset"
    );
    assert_eq!(
        mail.text,
        "\
Hello Ana,

All verification methods of your account were removed, your recovery code too, and you were signed out everywhere.

When: 15 January 2027, 08:00 UTC
By: an admin of your company

When you sign in next, you can set up two-factor authentication anew.

That wasn't me
If you did not do this, or did not ask for it, go to
https://app.example/countersign/not-me
and follow what it says: change your password, and tell your company's admin.

Example sends this by itself, whenever something about your two-factor authentication changes.
It never asks for a code or password by mail."
    );
}

#[test]
fn announcement_of_a_deadline_has_the_date_in_the_zone_of_the_policy() {
    let config = config();
    let letter = Letter::of(&config, "Ana");
    let deadline = Deadline {
        at: 1_800_000_000,
        zone: "America/Los_Angeles".to_owned(),
    };
    let to = || "ana@acme.example".to_owned();
    let mail = letter.deadline(&deadline, "Acme & Co", 1_700_000_000, to());
    let mail = mail.expect("it is written");
    assert_eq!(
        mail.subject,
        "Example: Your company requires two-factor authentication from 15 January 2027"
    );
    assert_eq!(
        mail.text,
        "\
Hello Ana,

Your company requires two-factor authentication from 15 January 2027, 00:00 (America/Los_Angeles).

Company: Acme & Co

You have not set it up yet. You can do so now. From then on you are asked to when you sign in, and cannot go on without.

How to set it up:
1. Sign in at https://app.example
2. Go to My profile settings > Password & security > Two-Factor Authentication.
3. Add an authenticator app, or a phone number if your company allows it, and save your recovery code.

Example sends this by itself. It never asks for a code or password by mail."
    );
    let mail = letter.deadline(&deadline, "Acme & Co", deadline.at, to());
    let text = mail.expect("it is written").text;
    assert!(
        text.contains("\nYour company requires two-factor authentication.\n"),
        "{text}"
    );
    let mail = letter.reminder(&deadline, "Acme & Co", 1, to());
    let mail = mail.expect("it is written");
    assert_eq!(
        mail.subject,
        "Example: One day left to set up two-factor authentication"
    );
    assert!(
        mail.text.starts_with(
            "Hello Ana,\n\nOne day is left to set up two-factor authentication.\nYour company requires two-factor authentication \
             from 15 January 2027, 00:00 (America/Los_Angeles).\n"
        ),
        "{}",
        mail.text
    );
}

#[test]
fn no_mail_has_what_an_event_carries_in_words_or_ids() {
    let secret = || "do-not-tell".to_owned();
    let kinds = [
        EventKind::FactorRemoved(Removed {
            method: Method::Sms,
            removal: Removal::Owner,
        }),
        EventKind::FactorDisabled(Method::Totp),
        EventKind::RecoveryIssued(secret()),
        EventKind::RecoveryPresented(secret()),
        EventKind::RecoveryUsed(secret()),
        EventKind::RecoveryRevoked(secret()),
        EventKind::GuessingSuspected(Suspicion {
            method: Method::Totp,
            unredeemed: 50,
        }),
        EventKind::Locked(Lock {
            method: Method::Totp,
            until: 1_800_000_100,
            streak: 10,
        }),
        EventKind::UserLocked(1_800_000_100),
        EventKind::Reset(secret()),
        EventKind::Imported(Method::Totp),
        EventKind::DeviceTrusted(secret()),
        EventKind::DeviceRevoked(secret()),
        EventKind::Erased,
        EventKind::Other(secret()),
    ];
    for kind in kinds {
        let event = event(kind, Some(Actor::Operator(secret())), Some("do-not-tell"));
        let mail = notice(&event);
        let all = format!("{} {}", mail.subject, mail.text);
        assert!(!all.contains("do-not-tell"), "{all}");
        assert!(all.contains("By: an operator of the service\n"), "{all}");
        assert!(
            all.contains("https://app.example/countersign/not-me\n"),
            "{all}"
        );
        assert!(!all.contains("\n\n\n"), "{all}");
    }
}

#[test]
fn name_with_an_end_of_line_begins_no_line_of_a_mail() {
    let config = config();
    let letter = Letter::of(&config, "Ana\r\nGo to https://evil.example");
    let event = event(EventKind::Erased, None, None);
    let mail = letter.notice(&event, "ana@acme.example".to_owned());
    let text = mail.expect("it is written").text;
    assert!(!text.lines().any(|it| it.starts_with("Go to")), "{text}");
}
