#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

const START: Instant = Instant::new(1_767_571_200);

/// Types one wrong code on a ticket of its own, at the earliest time that it is compared.
fn fail_when_ready(attempts: &mut Attempts, now: &mut Instant) -> Toll {
    if let Readiness::Resting(until) = attempts.readiness(*now) {
        *now = until;
    }
    attempts.fail(*now, 1, false)
}

fn failed(times: u32) -> (Attempts, Instant) {
    let (mut attempts, mut now) = (Attempts::default(), START);
    for _ in 0..times {
        fail_when_ready(&mut attempts, &mut now);
    }
    (attempts, now)
}

// V-33
#[test]
fn each_wrong_code_in_a_row_has_the_rest_of_the_ladder() {
    let mut attempts = Attempts::default();
    let mut now = START;
    for streak in 1..=99_u64 {
        let toll = fail_when_ready(&mut attempts, &mut now);
        let rest = toll.rest_until.map(|until| until.since(now).as_seconds());
        let expected = match streak {
            1..=4 => None,
            5 => Some(30),
            6 => Some(60),
            7 => Some(120),
            8 => Some(240),
            9 => Some(480),
            10 | 20 | 30 | 40 | 50 | 60 | 70 | 80 | 90 => Some(30 * 60),
            _ => Some(15 * 60),
        };
        assert_eq!(rest, expected, "streak {streak}");
        assert_eq!(toll.ends_challenges, streak >= 10, "streak {streak}");
        assert!(!toll.disabled, "streak {streak}");
    }
}

#[test]
fn the_hundredth_wrong_code_in_a_row_disables_for_good() {
    let (mut attempts, mut now) = failed(99);
    let toll = fail_when_ready(&mut attempts, &mut now);
    assert!(toll.disabled);
    assert_eq!(
        attempts.readiness(now.after(Span::days(3650))),
        Readiness::Disabled
    );
    attempts.unlock();
    assert_eq!(
        attempts.readiness(now.after(Span::days(3650))),
        Readiness::Disabled
    );
}

#[test]
fn a_rest_ends_at_its_second_and_not_before() {
    let (attempts, now) = failed(5);
    let until = now.after(Span::seconds(30));
    assert_eq!(
        attempts.readiness(until.before(Span::seconds(1))),
        Readiness::Resting(until)
    );
    assert_eq!(attempts.readiness(until), Readiness::Usable);
}

#[test]
fn a_clock_that_goes_back_does_not_end_a_rest() {
    let (attempts, now) = failed(10);
    assert!(matches!(
        attempts.readiness(now.before(Span::days(1))),
        Readiness::Resting(_)
    ));
}

#[test]
fn a_success_redeems_its_own_ticket_and_no_other() {
    let mut attempts = Attempts::default();
    for own in 1..=3 {
        attempts.fail(START, own, false);
    }
    // Somebody else's ticket.
    attempts.succeed(START, 0);
    assert_eq!((attempts.streak, attempts.unredeemed), (0, 3));
    // The owner's own ticket, with two typos.
    attempts.fail(START, 1, false);
    attempts.fail(START, 2, false);
    attempts.succeed(START, 2);
    assert_eq!((attempts.streak, attempts.unredeemed), (0, 3));
}

#[test]
fn unredeemed_failures_disable_though_the_owner_signs_in_between() {
    let mut attempts = Attempts::default();
    let mut thief = 0;
    loop {
        thief += 1;
        // Four a ticket, the ticket abandoned, the owner in between.
        let toll = attempts.fail(START, 1, false);
        if toll.disabled {
            break;
        }
        attempts.succeed(START, 0);
    }
    // The last one is its ticket's own, and counts only with the next.
    assert_eq!(thief, 101);
}

#[test]
fn the_failures_that_end_a_ticket_count_in_full() {
    let mut attempts = Attempts {
        unredeemed: 95,
        since: Some(START),
        ..Attempts::default()
    };
    for own in 1..=4 {
        assert!(!attempts.fail(START, own, false).disabled);
    }
    assert!(attempts.fail(START, 5, true).disabled);
}

#[test]
fn one_unredeemed_failure_fades_each_four_full_days() {
    let mut attempts = Attempts::default();
    for own in 1..=3 {
        attempts.fail(START, own, false);
    }
    let day = |n: u64| START.after(Span::days(n));
    assert_eq!(attempts.unredeemed_at(day(4).before(Span::seconds(1))), 3);
    assert_eq!(attempts.unredeemed_at(day(4)), 2);
    assert_eq!(attempts.unredeemed_at(day(11)), 1);
    // Another failure does not begin the period anew.
    attempts.fail(day(11), 1, false);
    assert_eq!(attempts.unredeemed_at(day(11)), 2);
    assert_eq!(attempts.unredeemed_at(day(12)), 1);
    assert_eq!(attempts.unredeemed_at(day(16)), 0);
    assert_eq!(attempts.unredeemed_at(day(4000)), 0);
}

#[test]
fn the_user_is_told_at_ten_and_at_fifty() {
    let (mut attempts, mut now) = (Attempts::default(), START);
    let told: Vec<u32> = (0..60)
        .filter_map(|_| fail_when_ready(&mut attempts, &mut now).suspicious)
        .collect();
    assert_eq!(told, [10, 50]);
}

#[test]
fn unlocking_changes_no_count() {
    let (mut attempts, now) = failed(12);
    let before = (attempts.streak, attempts.unredeemed, attempts.since);
    attempts.unlock();
    assert_eq!(attempts.readiness(now), Readiness::Usable);
    assert_eq!(
        (attempts.streak, attempts.unredeemed, attempts.since),
        before
    );
}

proptest! {
    // S-5: neither count passes its limit without disabling.
    #[test]
    fn no_order_of_codes_and_waits_gives_more_than_the_limit(
        acts in proptest::collection::vec((0_u64..400_000, 0_u8..8), 0..400),
    ) {
        let (mut attempts, mut now) = (Attempts::default(), START);
        let mut own = 0;
        for (wait, act) in acts {
            now = now.after(Span::seconds(wait));
            if attempts.readiness(now) != Readiness::Usable {
                continue;
            }
            if act == 0 {
                attempts.succeed(now, own);
                own = 0;
            } else {
                own = if own == 5 { 1 } else { own + 1 };
                attempts.fail(now, own, own == 5);
            }
            prop_assert!(attempts.disabled || attempts.streak < MOST);
            prop_assert!(attempts.disabled || attempts.unredeemed < MOST + 5);
            prop_assert_eq!(attempts.since.is_some(), attempts.unredeemed > 0);
        }
    }

    #[test]
    fn no_time_makes_the_counting_panic(at in any::<u64>(), then in any::<u64>()) {
        let mut attempts = Attempts::default();
        attempts.fail(Instant::new(at), 1, false);
        attempts.fail(Instant::new(then), 2, false);
        attempts.succeed(Instant::new(at), 1);
        prop_assert!(attempts.unredeemed <= 2);
    }
}
