//! The owner and the thief, taking turns.

use countersign_core::failure::Failure;
use countersign_core::secret::Text;
use countersign_core::ticket::Purpose;
use countersign_core::time::{Instant, Span};

use super::dice::Dice;
use super::target::{Answer, Target};
use super::{Scenario, Space, When};

/// What came of one scenario.
#[derive(Clone, Debug, Default)]
pub struct Year {
    /// How many guesses were compared while none, one, two or three codes were live.
    compared: [u32; 4],
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
    let mut target = Target::new(scenario.window, &mut dice, start)?;
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

/// The user, who signs in now and then.
struct Owner {
    interval: Span,
    /// How many sign-ins were planned, and from when on.
    plans: u64,
    start: Instant,
    /// When she wanted to sign in, or will.
    planned: Instant,
    /// When she next does something.
    next: Instant,
    ticket: Option<Text>,
    waited: bool,
}

impl Owner {
    fn new(scenario: Scenario, start: Instant, dice: &mut Dice) -> Self {
        let mut owner = Self {
            interval: scenario.owner.interval(),
            plans: 0,
            start,
            planned: start,
            next: start,
            ticket: None,
            waited: false,
        };
        owner.plan(start, dice);
        owner
    }

    /// Plans the next sign-in, not to the second.
    fn plan(&mut self, now: Instant, dice: &mut Dice) {
        self.plans = self.plans.saturating_add(1);
        let late = dice.below(self.interval.as_seconds() / 16);
        let due = self.start.after(self.interval.times(self.plans));
        self.planned = due.after(Span::seconds(late));
        self.next = self.planned.max(now.after(Span::minutes(1)));
        self.waited = false;
    }

    /// Does the next thing, and says whether she is signed in by it.
    fn act(
        &mut self,
        target: &mut Target,
        dice: &mut Dice,
        now: Instant,
        year: &mut Year,
    ) -> Result<bool, Failure> {
        if let Some(until) = target.rests_until(now) {
            // A person does not come back in the very second.
            self.next = until.after(Span::seconds(dice.below(20).saturating_add(1)));
            self.waited = true;
            return Ok(false);
        }
        let held = self.ticket.take();
        let held = held.filter(|it| target.typed_on(it, now).is_some());
        let Some(ticket) =
            held.map_or_else(|| target.begin(Purpose::SignIn, now), |it| Ok(Some(it)))?
        else {
            self.next = now.after(Span::hours(1));
            return Ok(false);
        };
        let code = if dice.below(100) < TYPOS_OF_100 {
            target.wrong_code(now)
        } else {
            target.right_code(now)
        };
        if target.verify(&ticket, &code, now)? == Answer::Wrong {
            self.ticket = Some(ticket);
            self.next = now.after(Span::seconds(5));
            return Ok(false);
        }
        year.sign_ins = year.sign_ins.saturating_add(1);
        if self.waited {
            year.delayed = year.delayed.saturating_add(1);
            year.longest_delay = year.longest_delay.max(Some(now.since(self.planned)));
        }
        self.plan(now, dice);
        Ok(true)
    }
}

/// Who knows the password, and guesses codes.
struct Thief {
    scenario: Scenario,
    finale: Instant,
    /// When he next does something.
    next: Instant,
    signed_in: Option<Instant>,
    tickets: Vec<Option<Text>>,
    turns: usize,
    begun: usize,
}

impl Thief {
    fn new(scenario: Scenario, start: Instant) -> Self {
        let finale = match scenario.thief.finale {
            true => start.after(scenario.length).before(Span::days(1)),
            false => Instant::new(u64::MAX),
        };
        Self {
            scenario,
            finale,
            next: start.after(Span::seconds(1)),
            signed_in: None,
            tickets: (0..scenario.thief.tickets).map(|_| None).collect(),
            turns: 0,
            begun: 0,
        }
    }

    /// Sees that the owner signed in.
    fn notice(&mut self, now: Instant) {
        self.signed_in = Some(now);
        // The owner's code burnt those of the steps before: two steps later, a guess may be right in as many ways as ever.
        self.next = now.after(match self.scenario.thief.when {
            When::After(_) => Span::seconds(1),
            When::Never | When::Always | When::Before(_) => Span::seconds(61),
        });
    }

    /// Guesses once, or waits.
    fn act(
        &mut self,
        target: &mut Target,
        dice: &mut Dice,
        now: Instant,
        owner: Instant,
        year: &mut Year,
    ) -> Result<(), Failure> {
        if let Some(later) = self.rather_at(target, now, owner) {
            self.next = later;
            return Ok(());
        }
        let Some(ticket) = self.ticket(target, now)? else {
            self.next = Instant::new(u64::MAX);
            return Ok(());
        };
        let code = self.guess(target, dice, now, year);
        year.won = target.verify(&ticket, &code, now)? == Answer::Right;
        let may_present = self.scenario.thief.recovery && target.typed_on(&ticket, now).is_some();
        if may_present {
            target.present_wrong(&ticket, now)?;
        }
        self.next = now.after(Span::seconds(1));
        Ok(())
    }

    /// When he rather comes back, if he does not guess now.
    fn rather_at(&self, target: &Target, now: Instant, owner: Instant) -> Option<Instant> {
        let thief = self.scenario.thief;
        let until_noticed = if now < self.finale {
            self.finale
        } else {
            Instant::new(u64::MAX)
        };
        let signed_in = self.signed_in.unwrap_or(Instant::EPOCH);
        match thief.when {
            When::Always => {}
            When::After(span) if now < signed_in.after(span) => {}
            When::Before(span) if now < owner.before(span) => return Some(owner.before(span)),
            When::Before(_) if now < owner => {}
            When::Never | When::After(_) | When::Before(_) => return Some(until_noticed),
        }
        if let Some(until) = target.rests_until(now) {
            return Some(until);
        }
        let attempts = target.attempts();
        if now >= self.finale {
            return None;
        }
        if attempts.streak >= thief.streak {
            return Some(until_noticed);
        }
        // Whatever the core takes for fading: he looks every hour.
        (attempts.unredeemed_at(now) >= thief.unredeemed).then(|| now.after(Span::hours(1)))
    }

    /// The ticket whose turn it is, or another in its place; none if there is none to be had.
    fn ticket(&mut self, target: &mut Target, now: Instant) -> Result<Option<Text>, Failure> {
        let thief = self.scenario.thief;
        let turn = self.turns.checked_rem(thief.tickets).unwrap_or(0);
        self.turns = self.turns.saturating_add(1);
        let Some(held) = self.tickets.get_mut(turn) else {
            return Ok(None);
        };
        let may_go_on = |it: &&mut Text| {
            let typed = target.typed_on(it, now);
            typed.is_some_and(|typed| typed < thief.on_a_ticket)
        };
        if let Some(held) = held.as_mut().filter(may_go_on) {
            return Ok(Some(held.duplicate()));
        }
        let purpose = match self.begun % 3 {
            1 if thief.purposes => Purpose::ManageFactors,
            // No recovery code is taken there.
            2 if thief.purposes && !thief.recovery => Purpose::StepUp("payment".into()),
            _ => Purpose::SignIn,
        };
        self.begun = self.begun.saturating_add(1);
        let ticket = target.begin(purpose, now)?;
        *held = ticket.as_ref().map(Text::duplicate);
        Ok(ticket)
    }

    /// Thinks of a code, and counts how many would be right.
    fn guess(&self, target: &Target, dice: &mut Dice, now: Instant, year: &mut Year) -> String {
        let live = target.live_steps(now).len();
        if let Some(guesses) = year.compared.get_mut(live) {
            *guesses = guesses.saturating_add(1);
        }
        let drawn = format!("{:02}", dice.below(u64::from(Space::Tiny.size())));
        let codes = match self.scenario.space {
            Space::Million => Vec::new(),
            Space::Tiny => target.live_codes(now),
        };
        let hit = codes.into_iter().find(|code| code.ends_with(&drawn));
        hit.unwrap_or_else(|| target.wrong_code(now))
    }
}

/// A day in 2026.
const START: Instant = Instant::new(1_767_571_200);

/// A year begins in any of so many seconds, so that steps and sign-ins do not keep in step.
const STARTS: u64 = 86_400;

/// How often the owner mistypes a code.
const TYPOS_OF_100: u64 = 3;
