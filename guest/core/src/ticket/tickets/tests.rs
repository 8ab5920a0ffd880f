#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::*;
use crate::code::Code;
use crate::failure::Dependency;
use crate::method::Method;
use crate::names::Company;
use crate::phone::PhoneNumber;
use crate::policy::{Deadline, EffectiveMode, Policy};
use crate::record::v1;
use crate::sent_code::SentCode;
use crate::ticket::{Failures, PendingApp, PendingPhone, Purpose};
use crate::totp::Digits;
use crate::vault::{Slot, Tag};
use zeroize::Zeroizing;

const NOW: Instant = Instant::new(253_402_300_000);

/// Counts where a real one draws; its tags are of nothing.
struct Counting(u8);

impl Vault for Counting {
    fn draw(&mut self, _: Slot) -> Result<Zeroizing<[u8; 32]>, Dependency> {
        self.0 += 1;
        Ok(Zeroizing::new([self.0; 32]))
    }

    fn tag(&mut self, _: Context, _: &[u8]) -> Result<Tag, Dependency> {
        Ok(Tag {
            key_id: u32::MAX,
            bytes: [255; 32],
        })
    }

    fn check(&mut self, _: Context, _: &[u8], _: &Tag) -> Result<bool, Dependency> {
        Ok(true)
    }

    fn index(&mut self, _: &[u8]) -> Result<[u8; 32], Dependency> {
        Ok([0; 32])
    }
}

fn user() -> User {
    User::parse("ana", "user").unwrap()
}

fn policy(number: u64) -> Effective {
    let mut policy = Effective::of(&[]);
    policy.reauth = Span::seconds(300 + number);
    policy
}

/// The largest policy of the contract, other than any other number's; names that double when they are escaped.
fn largest_policy(number: u64) -> Effective {
    let quotes = "\"".repeat(126);
    Effective {
        mode: EffectiveMode::EnforcedFrom(Deadline {
            at: NOW,
            zone: "Z".repeat(64),
        }),
        companies: (10..26)
            .map(|n| Company::parse(&format!("{n}{quotes}"), "company").unwrap())
            .collect(),
        sms: {
            let mut sms = Policy::baseline().sms;
            sms.countries = (0..249).map(|_| "US".to_string()).collect();
            sms
        },
        ..policy(number)
    }
}

fn mint(stage: Stage, policy: Effective, vault: &mut Counting) -> (Text, Ticket) {
    let purpose = Purpose::StepUp("\\".repeat(128));
    Ticket::mint(&user(), purpose, stage, Arc::new(policy), NOW, vault).unwrap()
}

fn largest_ticket(number: u64, vault: &mut Counting) -> Ticket {
    let stage = Stage::Recovering {
        code_id: "0123456789abcdef".into(),
    };
    let (_, mut ticket) = mint(stage, largest_policy(number), vault);
    ticket.first_factor_fresh = true;
    ticket.first_factor_phone = PhoneNumber::parse("+123456789012345").ok();
    ticket.failures = Failures {
        app: 5,
        phone: 5,
        recovery: 5,
    };
    ticket.pending_app = PendingApp::begin(vault).ok();
    let sent = || SentCode {
        code: Code::from_number(999_999, Digits::Six),
        sent_at: NOW,
        good_until: NOW,
    };
    ticket.sends = 3;
    ticket.sent = Some(sent());
    ticket.pending_phone = PhoneNumber::parse("+123456789012345")
        .ok()
        .map(|number| PendingPhone {
            number,
            sent: sent(),
            failures: 4,
        });
    ticket
}

#[test]
fn whatever_the_tickets_are_their_record_can_be_stored() {
    let mut vault = Counting(0);
    let mut tickets = Tickets::default();
    for number in 0..60 {
        tickets.keep(largest_ticket(number, &mut vault), NOW);
        let size = v1::encode_tickets(&tickets).len();
        assert!(size <= 32_768, "{size} bytes after {number}");
    }
    assert!(!tickets.live.is_empty());
}

#[test]
fn sixteen_tickets_of_one_policy_all_fit() {
    let mut vault = Counting(0);
    let mut tickets = Tickets::default();
    for _ in 0..60 {
        tickets.keep(largest_ticket(0, &mut vault), NOW);
    }
    assert_eq!(tickets.live.len(), 16);
    assert!(v1::encode_tickets(&tickets).len() <= 32_768);
}

#[test]
fn a_ticket_and_its_policy_take_no_more_than_their_bounds() {
    let mut vault = Counting(0);
    let mut tickets = Tickets::default();
    let empty = v1::encode_tickets(&tickets).len();
    let ticket = largest_ticket(0, &mut vault);
    let bound = ticket.policy.encoded_at_most();
    tickets.keep(ticket, NOW);
    let with_one = v1::encode_tickets(&tickets).len();
    assert!(with_one - empty <= bound + 1_000);
    tickets.keep(largest_ticket(0, &mut vault), NOW);
    let with_two = v1::encode_tickets(&tickets).len();
    assert!(with_two - with_one <= 1_000);
}

#[test]
fn asking_for_tickets_does_not_end_what_the_owner_has_got_to() {
    let mut vault = Counting(0);
    let mut tickets = Tickets::default();
    let verified = Stage::Verified {
        method: Method::Totp,
        factor_at: NOW,
    };
    let enrolling = Stage::Enrolling { required: true };
    let recovering = Stage::Recovering {
        code_id: String::new(),
    };
    let mut owners = Vec::new();
    for stage in [verified, enrolling, recovering] {
        let (_, mut ticket) = mint(stage, policy(0), &mut vault);
        ticket.pending_app = PendingApp::begin(&mut vault).ok();
        owners.push(ticket.id.clone());
        tickets.keep(ticket, NOW);
    }
    for _ in 0..100 {
        let (_, ticket) = mint(Stage::Challenged, policy(0), &mut vault);
        tickets.keep(ticket, NOW);
    }
    for id in owners {
        assert!(tickets.live.iter().any(|it| it.id == id));
    }
    assert_eq!(tickets.live.len(), 16);
}

#[test]
fn a_clock_that_goes_back_does_not_make_the_newest_ticket_the_oldest() {
    let mut vault = Counting(0);
    let mut tickets = Tickets::default();
    for _ in 0..16 {
        let (_, ticket) = mint(Stage::Challenged, policy(0), &mut vault);
        tickets.keep(ticket, NOW);
    }
    let earlier = NOW.before(Span::minutes(5));
    let (text, mut ticket) = mint(Stage::Challenged, policy(0), &mut vault);
    ticket.begun_at = earlier;
    tickets.keep(ticket, earlier);
    let (_, ticket) = mint(Stage::Challenged, policy(0), &mut vault);
    tickets.keep(ticket, earlier);
    assert!(tickets.take(&user(), &text, earlier, &mut vault).is_ok());
}
