//! The thief, who knows the password.

use countersign_core::failure::Failure;
use countersign_core::method::Method;
use countersign_core::secret::Text;
use countersign_core::ticket::Purpose;
use countersign_core::time::{Instant, Span};

use super::dice::Dice;
use super::target::{Answer, Target, Texted};
use super::year::Year;
use super::{Scenario, Space, When};

/// Who knows the password, and guesses codes.
pub(super) struct Thief {
    scenario: Scenario,
    finale: Instant,
    /// When he next does something.
    pub(super) next: Instant,
    /// From when on another text message may go out, as far as he knows.
    texts_from: Instant,
    signed_in: Option<Instant>,
    tickets: Vec<Option<Text>>,
    turns: usize,
    begun: usize,
}

impl Thief {
    pub(super) fn new(scenario: Scenario, start: Instant) -> Self {
        let finale = match scenario.thief.finale {
            true => start.after(scenario.length).before(Span::days(1)),
            false => Instant::new(u64::MAX),
        };
        Self {
            scenario,
            finale,
            next: start.after(Span::seconds(1)),
            texts_from: start,
            signed_in: None,
            tickets: (0..scenario.thief.tickets).map(|_| None).collect(),
            turns: 0,
            begun: 0,
        }
    }

    /// Sees that the owner signed in.
    pub(super) fn notice(&mut self, now: Instant) {
        self.signed_in = Some(now);
        // The owner's code burnt those of the steps before: two steps later, a guess may be right in as many ways as ever.
        self.next = now.after(match self.scenario.thief.when {
            When::After(_) => Span::seconds(1),
            When::Never | When::Always | When::Before(_) => Span::seconds(61),
        });
    }

    /// Guesses once, or waits.
    pub(super) fn act(
        &mut self,
        target: &mut Target,
        dice: &mut Dice,
        now: Instant,
        owner: Instant,
        year: &mut Year,
    ) -> Result<(), Failure> {
        let mut later = Instant::new(u64::MAX);
        for method in self.scenario.thief.aim.methods() {
            if let Some(rather) = self.rather_at(target, *method, now, owner) {
                later = later.min(rather);
                continue;
            }
            match self.ticket_for(target, *method, now)? {
                Ok(ticket) => {
                    self.guess_on(target, &ticket, *method, dice, now, year)?;
                    return Ok(());
                }
                Err(until) => later = later.min(until),
            }
        }
        self.next = later;
        Ok(())
    }

    fn guess_on(
        &mut self,
        target: &mut Target,
        ticket: &Text,
        method: Method,
        dice: &mut Dice,
        now: Instant,
        year: &mut Year,
    ) -> Result<(), Failure> {
        let code = self.guess(target, ticket, method, dice, now, year);
        year.won = target.verify(ticket, method, &code, now)? == Answer::Right;
        let may_present = self.scenario.thief.recovery && target.typed_on(ticket, now).is_some();
        if may_present {
            target.present_wrong(ticket, now)?;
        }
        self.next = now.after(Span::seconds(1));
        Ok(())
    }

    /// When he rather comes back to a factor, if he does not guess at it now.
    fn rather_at(
        &self,
        target: &Target,
        method: Method,
        now: Instant,
        owner: Instant,
    ) -> Option<Instant> {
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
        if let Some(until) = target.rests_until(method, now) {
            return Some(until);
        }
        let attempts = target.attempts(method);
        if now >= self.finale {
            return None;
        }
        if attempts.streak >= thief.streak {
            return Some(until_noticed);
        }
        // Whatever the core takes for fading: he looks every hour.
        (attempts.unredeemed_at(now) >= thief.unredeemed).then(|| now.after(Span::hours(1)))
    }

    /// A ticket on which a code for this factor would be compared, or from when on there may be one.
    fn ticket_for(
        &mut self,
        target: &mut Target,
        method: Method,
        now: Instant,
    ) -> Result<Result<Text, Instant>, Failure> {
        let never = Instant::new(u64::MAX);
        if method == Method::Totp {
            return Ok(self.ticket(target, now)?.ok_or(never));
        }
        let most = self.scenario.thief.on_a_ticket;
        let awaits = |it: &&Text| {
            let typed = target.typed_on(it, now);
            typed.is_some_and(|it| it < most) && target.texted_code(it, now).is_some()
        };
        if let Some(held) = self.tickets.iter().flatten().find(awaits) {
            return Ok(Ok(held.duplicate()));
        }
        if now < self.texts_from {
            return Ok(Err(self.texts_from));
        }
        let Some(ticket) = self.ticket(target, now)? else {
            return Ok(Err(never));
        };
        Ok(match target.send_code(&ticket, now)? {
            Texted::Sent => Ok(ticket),
            Texted::NotBefore(until) => {
                self.texts_from = until;
                Err(until)
            }
        })
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
    fn guess(
        &self,
        target: &Target,
        ticket: &Text,
        method: Method,
        dice: &mut Dice,
        now: Instant,
        year: &mut Year,
    ) -> String {
        let drawn = format!("{:02}", dice.below(u64::from(Space::Tiny.size())));
        year.note(method, target.live(ticket, method, now));
        let codes = match self.scenario.space {
            Space::Million => Vec::new(),
            Space::Tiny => target.live_codes(ticket, method, now),
        };
        let hit = codes.into_iter().find(|code| code.ends_with(&drawn));
        hit.unwrap_or_else(|| target.wrong_code(ticket, method, now))
    }
}
