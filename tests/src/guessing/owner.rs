//! The owner, who wants to sign in.

use countersign_core::failure::Failure;
use countersign_core::method::Method;
use countersign_core::secret::Text;
use countersign_core::ticket::Purpose;
use countersign_core::time::{Instant, Span};

use super::Scenario;
use super::dice::Dice;
use super::target::{Answer, Target, Texted};
use super::year::Year;

/// The user, who signs in now and then.
pub(super) struct Owner {
    interval: Span,
    /// How many sign-ins were planned, and from when on.
    plans: u64,
    start: Instant,
    /// When she wanted to sign in, or will.
    pub(super) planned: Instant,
    /// When she next does something.
    pub(super) next: Instant,
    /// Her factors.
    methods: &'static [Method],
    /// The one that she would rather show.
    by: Method,
    ticket: Option<Text>,
    waited: bool,
}

impl Owner {
    pub(super) fn new(scenario: Scenario, start: Instant, dice: &mut Dice) -> Self {
        let mut owner = Self {
            interval: scenario.owner.interval(),
            plans: 0,
            start,
            planned: start,
            next: start,
            methods: match scenario.thief.aim.has_phone() {
                true => &[Method::Totp, Method::Sms],
                false => &[Method::Totp],
            },
            by: Method::Totp,
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
        // Without a phone nothing is drawn.
        if let [one, other] = self.methods {
            self.by = if dice.below(2) == 0 { *one } else { *other };
        }
    }

    /// Does the next thing, and says whether she is signed in by it.
    pub(super) fn act(
        &mut self,
        target: &mut Target,
        dice: &mut Dice,
        now: Instant,
        year: &mut Year,
    ) -> Result<bool, Failure> {
        let method = match self.ready(target, now) {
            Ok(method) => method,
            Err(until) => {
                self.wait(until, dice);
                return Ok(false);
            }
        };
        let held = self.ticket.take();
        let held = held.filter(|it| target.typed_on(it, now).is_some());
        let Some(ticket) =
            held.map_or_else(|| target.begin(Purpose::SignIn, now), |it| Ok(Some(it)))?
        else {
            self.next = now.after(Span::hours(1));
            return Ok(false);
        };
        if method == Method::Sms
            && target.texted_code(&ticket, now).is_none()
            && let Texted::NotBefore(until) = target.send_code(&ticket, now)?
        {
            self.ticket = Some(ticket);
            match target.rests_until(Method::Totp, now) {
                Some(rests) => self.wait(until.min(rests), dice),
                None => {
                    self.by = Method::Totp;
                    self.next = now.after(Span::seconds(5));
                }
            }
            return Ok(false);
        }
        let right = match method {
            Method::Totp => target.right_code(now),
            Method::Sms => target.texted_code(&ticket, now).unwrap_or_default(),
        };
        let code = if dice.below(100) < TYPOS_OF_100 {
            target.wrong_code(&ticket, method, now)
        } else {
            right
        };
        if target.verify(&ticket, method, &code, now)? == Answer::Wrong {
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

    /// A factor that does not rest, the one that she would rather show if it can be; or until when all do.
    fn ready(&self, target: &Target, now: Instant) -> Result<Method, Instant> {
        let others = self.methods.iter().filter(|it| **it != self.by);
        let mut rests_until = Instant::new(u64::MAX);
        for method in [&self.by].into_iter().chain(others) {
            match target.rests_until(*method, now) {
                None => return Ok(*method),
                Some(until) => rests_until = rests_until.min(until),
            }
        }
        Err(rests_until)
    }

    fn wait(&mut self, until: Instant, dice: &mut Dice) {
        // A person does not come back in the very second.
        self.next = until.after(Span::seconds(dice.below(20).saturating_add(1)));
        self.waited = true;
    }
}

/// How often the owner mistypes a code.
const TYPOS_OF_100: u64 = 3;
