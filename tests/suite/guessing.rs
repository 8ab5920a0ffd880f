//! A year of guessing, simulated: `cargo test --test suite guessing -- --nocapture` prints the table.

#![expect(
    clippy::print_stdout,
    reason = "the figures are there to be read, with --nocapture"
)]

use countersign_conformance::guessing::{self, Owner, STRATEGIES, Scenario, Space, Strategy, When};
use countersign_core::time::Span;
use countersign_core::totp::Window;

// V-20, V-24, N-08
#[test]
fn a_year_of_guessing_succeeds_in_less_than_one_case_of_a_thousand() {
    let table = guessing::simulate().expect("nothing was refused");
    println!("{table}");
    assert_eq!(table.rows.len(), STRATEGIES.len() * 6);
    for (scenario, year) in &table.rows {
        // With three codes live for each guess, which is more than there often are.
        let at_most = 1.0 - (1.0 - 3e-6_f64).powf(f64::from(year.guesses()));
        assert!(at_most < 0.001, "{scenario:?}: {year:?}");
        assert!(
            year.probability(Space::Million) <= at_most,
            "{scenario:?}: {year:?}"
        );
    }
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
    for (thief, window) in [
        (four_between, Window::PlusMinusOne),
        (four_between, Window::CurrentAndPrevious),
        (after, Window::PlusMinusOne),
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
        assert!(came_of_it.guesses() <= most, "{year:?}: {came_of_it:?}");
    }
}

fn find(name: &str) -> Strategy {
    let found = STRATEGIES.iter().find(|it| it.name == name);
    *found.expect("there is such a strategy")
}

const TRIALS: u64 = 400;
