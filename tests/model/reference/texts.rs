//! Text messages: `begin-sms` and `resend` of `wit/enrollment.wit`, `send-code` of `wit/verification.wit`, and its limits.

use countersign_conformance::world::Fate;
use serde_json::{Value, json};

use super::policy::{Company, Rules};
use super::{Bearer, Reference, Stage};
use crate::command::{Dialled, Line, Method, Purpose, Who};
use crate::forecast::{Forecast, Outgoing, invalid, refusal};
use crate::secrets::{PHONES, masked};

/// The code of a message, as it runs on a ticket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Sent {
    pub(crate) code: usize,
    pub(crate) sent_at: u64,
    /// The last second in which it is good.
    pub(crate) good_until: u64,
}

/// A phone that is begun and not confirmed.
#[derive(Clone, Debug)]
pub(crate) struct PendingPhone {
    pub(crate) number: usize,
    pub(crate) sent: Sent,
    pub(crate) wrong: u64,
}

/// A code that was drawn for messages.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) owner: Who,
    pub(crate) ticket: usize,
    /// Whether a message with it arrived.
    pub(crate) known: bool,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Errand {
    Enroll,
    SignIn,
    Manage,
    StepUp,
}

/// Whose messages a counter counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Whose {
    User(Who),
    /// A number that is confirmed.
    Number(usize),
    /// A number that nobody has confirmed.
    NewNumber(usize),
    /// A company, or the realm.
    Payer(Option<Company>),
    /// The same, for enrolling.
    PayerForNew(Option<Company>),
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Window {
    Minute,
    Hour,
    Day,
}

/// A counter of one window, by the window's place since 1970.
pub(crate) type Counter = (Whose, Window, u64);

impl Errand {
    /// What a challenge's message is for.
    fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::SignIn => Self::SignIn,
            Purpose::Manage => Self::Manage,
            Purpose::StepUp => Self::StepUp,
        }
    }
}

impl Sent {
    pub(crate) fn is_over(&self, now: u64) -> bool {
        now > self.good_until
    }

    /// As `inspect` shows it.
    pub(super) fn to_json(&self, sends: u64) -> Value {
        json!({
            "expires-at": self.good_until,
            "resend-at": self.sent_at + BETWEEN,
            "sends-left": MOST_SENDS - sends,
        })
    }
}

impl Window {
    pub(crate) fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}

impl Reference {
    pub(super) fn begin_sms(&mut self, user: Who, bearer: Bearer, dialled: Dialled) -> Forecast {
        let (number, mut refusals) = match dialled {
            Dialled::Number(number) | Dialled::Respelt(number) => (number, Vec::new()),
            Dialled::Malformed => (0, vec![invalid("phone")]),
        };
        let place = match self.past_challenge(user, bearer) {
            Ok(place) => place,
            Err(faults) => {
                refusals.extend(faults);
                return Forecast::refused(refusals);
            }
        };
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let ticket = &self.tickets[place];
        let pending = ticket.pending_phone.clone();
        // The same number is a resend; another begins anew.
        let running = pending.filter(|it| it.number == number);
        if running.is_none() {
            refusals.extend(self.too_late(place));
            let same_channel = ticket.first_phone == Some(number);
            if ticket.rules.is_off() || same_channel || !ticket.rules.sms {
                refusals.push(refusal("not-permitted.method-not-allowed"));
            }
        }
        refusals.extend(self.phone_stays(user, place));
        let wrong = running.as_ref().map_or(0, |it| it.wrong);
        let running = running.map(|it| it.sent);
        self.text(
            user,
            place,
            (number, Errand::Enroll),
            (running, wrong),
            refusals,
        )
    }

    pub(super) fn resend(&mut self, user: Who, bearer: Bearer) -> Forecast {
        let place = match self.past_challenge(user, bearer) {
            Ok(place) => place,
            Err(refusals) => return Forecast::refused(refusals),
        };
        let Some(pending) = self.tickets[place].pending_phone.clone() else {
            return Forecast::one(refusal("not-permitted.not-pending"));
        };
        let running = (Some(pending.sent), pending.wrong);
        self.text(
            user,
            place,
            (pending.number, Errand::Enroll),
            running,
            Vec::new(),
        )
    }

    pub(super) fn send_code(&mut self, user: Who, bearer: Bearer) -> Forecast {
        let place = match self.challenged(user, bearer) {
            Ok(place) => place,
            Err(refusals) => return Forecast::refused(refusals),
        };
        let Some(number) = self.people[user].phone.as_ref().map(|it| it.number) else {
            return Forecast::one(refusal("not-permitted.no-such-factor"));
        };
        let refusals = self.not_ready(user, Method::Sms, place);
        let running = self.tickets[place].sent.clone();
        self.text(
            user,
            place,
            (number, Errand::of(self.tickets[place].purpose)),
            (running, 0),
            refusals,
        )
    }

    /// Sends a message, unless something stands against it.
    fn text(
        &mut self,
        user: Who,
        place: usize,
        (number, errand): (usize, Errand),
        (running, wrong): (Option<Sent>, u64),
        mut refusals: Vec<Value>,
    ) -> Forecast {
        let now = self.now;
        let ticket = self.tickets[place].clone();
        refusals.extend(self.limits(user, place).into_iter().map(limited));
        refusals.extend(self.refusal_of(number, errand, &ticket.rules));
        let reaches_commit = refusals.is_empty();
        let counters = self.counters(user, (number, errand), &ticket.rules);
        for (counter, ceiling) in &counters {
            if self.counters.get(counter).copied().unwrap_or(0) >= *ceiling {
                let (_, window, place) = counter;
                refusals.push(limited((place + 1) * window.seconds()));
            }
        }
        if !refusals.is_empty() {
            let forecast = Forecast::refused(refusals);
            return if reaches_commit {
                forecast.refused_by_commit()
            } else {
                forecast
            };
        }

        let rules = &ticket.rules.texts;
        let same = running.filter(|it| !rules.fresh && now + TOO_SHORT <= it.good_until);
        let draws = same.is_none();
        let sent = match same {
            Some(running) => Sent {
                sent_at: now,
                ..running
            },
            None => {
                let end = now + rules.minutes * 60;
                let good_until = match errand {
                    Errand::Enroll => end.min(ticket.expires_at - 1),
                    // Messages prolong a challenge once.
                    _ => end.min(ticket.begun_at + CHALLENGED + rules.minutes * 60),
                };
                let code = self.draw(user, place);
                Sent {
                    code,
                    sent_at: now,
                    good_until,
                }
            }
        };
        for (counter, _) in counters {
            *self.counters.entry(counter).or_default() += 1;
        }
        self.people[user].texted_at = Some(now);
        let ticket = &mut self.tickets[place];
        ticket.sends += 1;
        match errand {
            Errand::Enroll => {
                let sent = sent.clone();
                ticket.pending_phone = Some(PendingPhone {
                    number,
                    sent,
                    wrong,
                });
            }
            _ => {
                ticket.sent = Some(sent.clone());
                // No shorter than a running code.
                ticket.expires_at = ticket.expires_at.max(sent.good_until + 1);
            }
        }
        let is_verified = matches!(ticket.stage, Stage::Verified { .. });
        let sends = ticket.sends;
        let outgoing = Outgoing {
            number,
            errand,
            payer: ticket.rules.payer.map_or("*", Company::name),
            code: sent.code,
            minutes: ((sent.good_until - now) / 60).max(1),
            arrives: !matches!(
                self.fates.front(),
                Some(Fate::Failed | Fate::Refused | Fate::AlreadySent | Fate::Lost)
            ),
        };
        let state = match self.fates.pop_front() {
            None => "sent",
            Some(Fate::Failed | Fate::Refused) => "failed",
            Some(Fate::AlreadySent) => "already-sent",
            Some(Fate::Lost | Fate::Doubtful) => "unknown",
        };
        let mut receipt = sent.to_json(sends);
        receipt["masked"] = json!(masked(number, if is_verified { 4 } else { 2 }));
        receipt["state"] = json!(state);
        Forecast::ok(receipt).texting(outgoing, draws)
    }

    /// Until when a ticket and its user get no more messages, whatever the counters say.
    pub(crate) fn limits(&self, user: Who, place: usize) -> Vec<u64> {
        let ticket = &self.tickets[place];
        let spent = (ticket.sends >= MOST_SENDS).then_some(ticket.expires_at);
        // A time ahead of the clock is of a clock that was wrong.
        let texted_at = self.people[user].texted_at.filter(|at| *at <= self.now);
        let soon = texted_at.map(|at| at + BETWEEN);
        let refused = self.people[user].refused_until;
        let refused = refused.filter(|until| *until <= self.now + REFUSING);
        let running = soon.into_iter().chain(refused);
        spent
            .into_iter()
            .chain(running.filter(|at| self.now < *at))
            .collect()
    }

    /// Why the host or the list of countries is against a number. Of a confirmed one the countries are not asked.
    fn refusal_of(&self, number: usize, errand: Errand, rules: &Rules) -> Option<Value> {
        let other = |why: &str| Some(json!({ "err": { "not-permitted": { "other": why } } }));
        let country = PHONES[number].country.filter(|_| self.line == Line::Works);
        match country {
            None => other("number-refused"),
            Some(country)
                if errand == Errand::Enroll && !rules.texts.countries.contains(&country) =>
            {
                other("country-not-allowed")
            }
            Some(_) => None,
        }
    }

    /// Every counter that a message raises, with its ceiling.
    fn counters(
        &self,
        user: Who,
        (number, errand): (usize, Errand),
        rules: &Rules,
    ) -> Vec<(Counter, u64)> {
        let texts = &rules.texts;
        let mut counters = Vec::new();
        let mut add = |whose, window: Window, ceiling| {
            counters.push(((whose, window, self.now / window.seconds()), ceiling));
        };
        add(Whose::User(user), Window::Hour, texts.per_hour);
        add(Whose::User(user), Window::Day, texts.per_day);
        let of_number = match errand {
            Errand::Enroll => Whose::NewNumber(number),
            _ => Whose::Number(number),
        };
        add(of_number, Window::Minute, 1);
        add(of_number, Window::Hour, texts.per_hour);
        add(of_number, Window::Day, texts.per_day);
        // What the realm pays is no company's to set.
        let budget = rules.payer.map_or(1_000, |_| texts.budget);
        add(Whose::Payer(rules.payer), Window::Day, budget);
        if errand == Errand::Enroll {
            let share = budget * texts.enrolling_percent / 100;
            add(Whose::PayerForNew(rules.payer), Window::Day, share);
        }
        counters
    }

    /// Why a phone that is begun could not take the place of the user's.
    pub(super) fn phone_stays(&self, user: Who, place: usize) -> Vec<Value> {
        let mut refusals = self.app_stays(user, place);
        let has_phone = self.people[user].phone.is_some();
        if has_phone && matches!(self.tickets[place].stage, Stage::Enrolling { .. }) {
            refusals.push(refusal("not-permitted.already-enrolled"));
        }
        refusals
    }

    /// Why the app and its recovery code may not be changed: only a text message was shown.
    pub(super) fn app_stays(&self, user: Who, place: usize) -> Vec<Value> {
        let ticket = &self.tickets[place];
        let by_text = matches!(
            ticket.stage,
            Stage::Verified {
                method: Method::Sms,
                ..
            }
        );
        match by_text && self.people[user].app.is_some() && !ticket.rules.texts.may_manage_app {
            true => vec![refusal("not-permitted.method-not-allowed")],
            false => Vec::new(),
        }
    }

    fn draw(&mut self, owner: Who, ticket: usize) -> usize {
        self.drawn.push(Drawn {
            owner,
            ticket,
            known: false,
        });
        self.drawn.len() - 1
    }
}

fn limited(until: u64) -> Value {
    json!({ "err": { "not-permitted": { "send-limit": until } } })
}

/// Messages that may be asked for on a ticket.
const MOST_SENDS: u64 = 3;

/// Seconds between two messages to a user.
const BETWEEN: u64 = 60;

/// How long refusals count, from the first.
const REFUSING: u64 = 3_600;

/// How long a challenge lives without a message.
const CHALLENGED: u64 = 900;

/// A code with fewer seconds left is not sent again.
const TOO_SHORT: u64 = 120;
