//! A year of guessing, simulated: `cargo test --test suite guessing -- --nocapture` prints the table.

#![expect(
    clippy::print_stdout,
    reason = "the figures are there to be read, with --nocapture"
)]

use countersign_core::time::Span;
use countersign_core::totp::Window;
use countersign_tests::guessing::{
    self, Aim, Owner, STRATEGIES, Scenario, Space, Strategy, Success, When,
};

// V-20, V-24, N-08
#[test]
fn a_year_of_guessing_succeeds_in_less_than_one_case_of_a_thousand() {
    let table = guessing::simulate().expect("nothing was refused");
    println!("{table}");
    assert_eq!(table.rows.len(), STRATEGIES.len() * 6);
    for (scenario, year) in &table.rows {
        // With three codes of the app live for each guess, which is more than there often are, and one of the phone.
        let at_app = year.guesses() - year.at_phone;
        let missed = (1.0 - 3e-6_f64).powf(f64::from(at_app));
        let at_most = 1.0 - missed * (1.0 - 1e-6_f64).powf(f64::from(year.at_phone));
        assert!(at_most < 0.001, "{scenario:?}: {year:?}");
        assert!(
            year.probability(Space::Million) <= at_most,
            "{scenario:?}: {year:?}"
        );
    }
}

/// A phone is one more factor to guess at, with one live code where an app has three.
#[test]
fn a_phone_beside_the_app_adds_a_third_of_what_the_app_is_worth_to_a_thief() {
    let year = |name| {
        let year = Scenario::year(Owner::Daily, Window::PlusMinusOne, find(name)).run();
        year.expect("nothing was refused")
    };
    let app = year("patient: 99, then one for each that fades");
    let both = year("at app and phone: patient");
    assert!(both.at_phone > 150, "{both:?}");
    assert!(both.guesses() - both.at_phone > 150, "{both:?}");
    let added = both.probability(Space::Million) - app.probability(Space::Million);
    assert!(
        added < 0.4 * app.probability(Space::Million),
        "{app:?} {both:?}"
    );
}

/// Why a success redeems no more than its own ticket's wrong codes.
#[test]
fn if_a_success_cleared_everything_a_patient_thief_would_succeed_in_one_case_of_ten() {
    let thief = find("through every lock: 95, then the owner's turn");
    let fifth_of_a_year = Scenario {
        success: Success::ClearsAll,
        length: Span::days(73),
        ..Scenario::year(Owner::Daily, Window::PlusMinusOne, thief)
    };
    let came_of_it = fifth_of_a_year.run().expect("nothing was refused");
    let missed = 1.0 - came_of_it.probability(Space::Million);
    let in_a_year = 1.0 - missed.powi(5);
    println!(
        "if a success cleared everything: {:.2} %",
        in_a_year * 100.0
    );
    assert_eq!(came_of_it.disabled_after, None);
    assert!((0.09..0.11).contains(&in_a_year), "{came_of_it:?}");
}

#[test]
fn an_owner_s_own_typing_errors_neither_delay_nor_disable() {
    for owner in Owner::ALL {
        for seed in 0..5 {
            let year = Scenario {
                seed,
                ..Scenario::year(owner, Window::PlusMinusOne, STRATEGIES[0])
            };
            assert_eq!(year.thief.when, When::Never);
            let year = year.run().expect("nothing was refused");
            assert_eq!(
                (year.delayed, year.warnings, year.disabled_after),
                (0, 0, None)
            );
        }
    }
}

/// The same simulation with a hundred codes, where guesses do win, as often as the counting says.
#[test]
fn with_a_hundred_codes_a_thief_wins_as_often_as_is_computed() {
    let four_between = find("no wait: four, then the owner's turn");
    let after = find("right after the owner");
    let at_phone = Strategy {
        name: "at the phone, no wait",
        aim: Aim::Phone,
        ..four_between
    };
    for (thief, window) in [
        (four_between, Window::PlusMinusOne),
        (four_between, Window::CurrentAndPrevious),
        (after, Window::PlusMinusOne),
        (at_phone, Window::PlusMinusOne),
    ] {
        let scenario = |seed, space| Scenario {
            space,
            seed,
            length: Span::days(1),
            ..Scenario::year(Owner::EightHourly, window, thief)
        };
        let (mut wins, mut computed, mut variance) = (0.0, 0.0, 0.0);
        for seed in 0..TRIALS {
            let played = scenario(seed, Space::Tiny)
                .run()
                .expect("nothing was refused");
            let counted = scenario(seed, Space::Million)
                .run()
                .expect("nothing was refused");
            let p = counted.probability(Space::Tiny);
            wins += f64::from(u8::from(played.won));
            computed += p;
            variance += p * (1.0 - p);
        }
        let off = (wins - computed) / f64::sqrt(variance);
        println!(
            "{}: {wins} wins, {computed:.1} computed, {off:+.2} σ",
            thief.name
        );
        assert!(
            off.abs() < 3.0,
            "{}: {wins} wins, {computed:.1} computed",
            thief.name
        );
        assert!(wins > 0.04 * TRIALS as f64, "too few to tell");
    }
}

/// Whoever thinks of a better strategy than those of the table: he is somewhere among these.
#[test]
fn no_strategy_drawn_at_random_gets_more_guesses_than_the_counts_allow() {
    let mut seed = 0x1234_5678_u64;
    let mut below = |bound: u64| {
        // An LCG of Knuth's (MMIX), of which the upper half is good.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    // A hundred, one for each four days, and at the last the four that a ticket's own success could still redeem.
    let most = 100 + 365 / 4 + 5;
    for round in 0..36 {
        let thief = Strategy {
            name: "drawn",
            aim: [Aim::App, Aim::App, Aim::Phone, Aim::Both][below(4) as usize],
            when: match below(4) {
                0 => When::After(Span::seconds(1 + below(100_000))),
                1 => When::Before(Span::seconds(1 + below(100_000))),
                _ => When::Always,
            },
            on_a_ticket: 1 + below(5) as u32,
            tickets: 1 + below(20) as usize,
            streak: 1 + below(100) as u32,
            unredeemed: 1 + below(110) as u32,
            recovery: below(2) == 0,
            purposes: below(2) == 0,
            finale: below(2) == 0,
            phones: 0,
        };
        let owner = Owner::ALL[round % 3];
        let year = Scenario {
            seed: below(1 << 31),
            ..Scenario::year(owner, Window::PlusMinusOne, thief)
        };
        let came_of_it = year.run().expect("nothing was refused");
        let at_app = came_of_it.guesses() - came_of_it.at_phone;
        assert!(at_app <= most, "{year:?}: {came_of_it:?}");
        assert!(came_of_it.at_phone <= most, "{year:?}: {came_of_it:?}");
    }
}

fn find(name: &str) -> Strategy {
    let found = STRATEGIES.iter().find(|it| it.name == name);
    *found.expect("there is such a strategy")
}

const TRIALS: u64 = 400;
