//! What came of the scenarios, for people.

use std::fmt;

use countersign_core::time::Span;
use countersign_core::totp::Window;

use super::{Aim, Owner, Scenario, Space, Year};

/// All scenarios of a run, with what came of each.
#[derive(Debug)]
pub struct Table {
    /// In the order in which they were simulated.
    pub rows: Vec<(Scenario, Year)>,
}

impl Table {
    pub(super) fn of(rows: Vec<(Scenario, Year)>) -> Self {
        Self { rows }
    }

    /// The greatest probability of all where what is guessed at is as told.
    #[must_use]
    pub fn worst(&self, is_such: impl Fn(Aim) -> bool) -> f64 {
        let such = self
            .rows
            .iter()
            .filter(|(scenario, _)| is_such(scenario.thief.aim));
        let all = such.map(|(_, year)| year.probability(Space::Million));
        all.fold(0.0, f64::max)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "A year of guessing by a thief who knows the password\n")?;
        let mut group = None;
        for (scenario, year) in &self.rows {
            let (owner, window) = (scenario.owner, scenario.window);
            if group != Some((owner, window)) {
                group = Some((owner, window));
                writeln!(
                    f,
                    "window {} · the owner signs in every {}",
                    steps(window),
                    often(owner)
                )?;
                writeln!(
                    f,
                    "  {:50} {:>7} {:>11} {:>6}   {:24} disabled",
                    "the thief", "guesses", "succeeds", "warned", "owner delayed"
                )?;
            }
            writeln!(f, "{}", line(scenario, year).trim_end())?;
        }
        let worst = |aim| self.worst(|it| it == aim) * 100.0;
        writeln!(
            f,
            "\nthe most in a year: at an app alone {:.4} %, at the phone beside one {:.4} %, at both {:.4} %",
            worst(Aim::App),
            worst(Aim::Phone),
            worst(Aim::Both)
        )
    }
}

fn line(scenario: &Scenario, year: &Year) -> String {
    let delayed = year.longest_delay.map_or("never".to_owned(), |longest| {
        let (times, all) = (year.delayed, year.sign_ins);
        format!("{times} of {all}, by {}", span(longest))
    });
    let disabled = year
        .disabled_after
        .map_or("never".to_owned(), |after| format!("after {}", span(after)));
    format!(
        "  {:50} {:>7} {:>9.4} % {:>6}   {:24} {}",
        scenario.thief.name,
        year.guesses(),
        year.probability(Space::Million) * 100.0,
        year.warnings,
        delayed,
        disabled
    )
}

fn steps(window: Window) -> &'static str {
    match window {
        Window::PlusMinusOne => "±1",
        Window::CurrentAndPrevious => "current and previous",
    }
}

fn often(owner: Owner) -> &'static str {
    match owner {
        Owner::EightHourly => "8 hours",
        Owner::Daily => "day",
        Owner::Weekly => "week",
    }
}

fn span(it: Span) -> String {
    match it.as_seconds() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}
