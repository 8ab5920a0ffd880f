//! The owner and the thief, taking turns.

use countersign_core::failure::Failure;
use countersign_core::method::Method;
use countersign_core::time::{Instant, Span};

use super::dice::Dice;
use super::owner::Owner;
use super::target::Target;
use super::thief::Thief;
use super::{Scenario, Space};

/// What came of one scenario.
#[derive(Clone, Debug, Default)]
pub struct Year {
    /// How many guesses were compared while none, one, two or three codes were live.
    compared: [u32; 4],
    /// How many of them were guesses at the phone.
    pub at_phone: u32,
    /// Whether a guess was right. Only where the space is tiny.
    pub won: bool,
    /// How often the owner was told that somebody seems to guess.
    pub warnings: u32,
    /// How often the owner signed in.
    pub sign_ins: u32,
    /// How many of those sign-ins had to wait.
    pub delayed: u32,
    /// The longest that one had to.
    pub longest_delay: Option<Span>,
    /// After which time the factor was disabled, if it was.
    pub disabled_after: Option<Span>,
}

impl Year {
    /// How many guesses were compared.
    #[must_use]
    pub fn guesses(&self) -> u32 {
        self.compared.iter().sum()
    }

    /// Notes a guess while so many codes were live.
    pub(super) fn note(&mut self, method: Method, live: usize) {
        if let Some(guesses) = self.compared.get_mut(live) {
            *guesses = guesses.saturating_add(1);
        }
        if method == Method::Sms {
            self.at_phone = self.at_phone.saturating_add(1);
        }
    }

    /// The probability that one of them was right, with so many codes.
    #[must_use]
    pub fn probability(&self, space: Space) -> f64 {
        let size = f64::from(space.size());
        let missed: f64 = (0_u32..)
            .zip(self.compared)
            .map(|(live, guesses)| (1.0 - f64::from(live) / size).powf(f64::from(guesses)))
            .product();
        1.0 - missed
    }
}

/// Lets a scenario happen.
pub(super) fn run(scenario: Scenario) -> Result<Year, Failure> {
    let mut dice = Dice::new(scenario.seed);
    let start = START.after(Span::seconds(dice.below(STARTS)));
    let mut target = Target::new(scenario.window, scenario.success, &mut dice, start)?;
    if scenario.thief.aim.has_phone() {
        target.set_up_phone(start)?;
    }
    let mut owner = Owner::new(scenario, start, &mut dice);
    let mut thief = Thief::new(scenario, start);
    let mut phones = phones(scenario, start);
    let end = start.after(scenario.length);
    let mut year = Year::default();
    loop {
        let now = owner.next.min(thief.next);
        if now >= end {
            break;
        }
        if phones.pop_if(|at| *at <= now).is_some() {
            target.set_up_app(&mut dice, now)?;
        } else if owner.next <= thief.next {
            let signed_in = owner.act(&mut target, &mut dice, now, &mut year)?;
            if signed_in {
                thief.notice(now);
            }
        } else {
            thief.act(&mut target, &mut dice, now, owner.planned, &mut year)?;
        }
        if target.is_disabled() {
            year.disabled_after = Some(now.since(start));
        }
        if target.is_disabled() || year.won {
            break;
        }
    }
    year.warnings = target.warnings;
    Ok(year)
}

/// When the owner sets up another app, the last time first.
fn phones(scenario: Scenario, start: Instant) -> Vec<Instant> {
    let count = scenario.thief.phones;
    let parts = count.saturating_add(1);
    let part = scenario.length.as_seconds().checked_div(parts).unwrap_or(0);
    (1..=count)
        .rev()
        .map(|i| start.after(Span::seconds(part).times(i)))
        .collect()
}

/// A day in 2026.
const START: Instant = Instant::new(1_767_571_200);

/// A year begins in any of so many seconds, so that steps and sign-ins do not keep in step.
const STARTS: u64 = 86_400;
