//! `wit/enrollment.wit`.

use serde_json::{Value, json};

use super::counts::Counts;
use super::policy::Mode;
use super::sign_in::STARTING;
use super::{App, Bearer, Pending, Reference, Stage, Typed};
use crate::command::{Method, Purpose, Who};
use crate::forecast::{Forecast, Lesson, invalid, refusal};

impl Reference {
    pub(super) fn begin_totp(&mut self, user: Who, bearer: Bearer) -> Forecast {
        let number = match self.past_challenge(user, bearer) {
            Ok(number) => number,
            Err(refusals) => return Forecast::refused(refusals),
        };
        let shown = |wrong: u64, ends: u64| {
            json!({
                "secret": "$any",
                "grouped-key": "$any",
                "uri": "$any",
                "expires-at": ends,
                "attempts-left": 5 - wrong,
            })
        };
        let ticket = &self.tickets[number];
        // ENROLL-1: the same ticket, the same key.
        if let Some(pending) = &ticket.pending {
            return Forecast::ok(shown(pending.wrong, ticket.expires_at))
                .recalling(Lesson::Key(pending.key, "ok.secret"));
        }
        let mut refusals = self.too_late(number);
        if ticket.rules.is_off() {
            refusals.push(refusal("not-permitted.method-not-allowed"));
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let key = self.new_key(user);
        let ticket = &mut self.tickets[number];
        ticket.pending = Some(Pending { key, wrong: 0 });
        ticket.begun = true;
        Forecast::ok(shown(0, ticket.expires_at)).learning(Lesson::Key(key, "ok.secret"))
    }

    pub(super) fn cancel(&mut self, user: Who, bearer: Bearer, method: Method) -> Forecast {
        match self.past_challenge(user, bearer) {
            Err(refusals) => Forecast::refused(refusals),
            Ok(number) if method == Method::Sms || self.tickets[number].pending.is_none() => {
                Forecast::refused(vec![refusal("not-permitted.not-pending")])
            }
            Ok(number) => {
                self.tickets[number].pending = None;
                Forecast::ok(Value::Null)
            }
        }
    }

    pub(super) fn confirm(
        &mut self,
        user: Who,
        bearer: Bearer,
        method: Method,
        typed: Typed,
    ) -> Forecast {
        let mut refusals = match typed {
            Typed::Malformed(_) => vec![invalid("code")],
            _ => Vec::new(),
        };
        let number = match self.past_challenge(user, bearer) {
            Ok(number) => number,
            Err(faults) => {
                refusals.extend(faults);
                return Forecast::refused(refusals);
            }
        };
        let ticket = self.tickets[number].clone();
        let pending = ticket.pending.filter(|_| method == Method::Totp);
        let Some(mut pending) = pending else {
            refusals.push(refusal("not-permitted.not-pending"));
            return Forecast::refused(refusals);
        };
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let Some(step) = self.matched(typed, pending.key, &ticket.rules) else {
            pending.wrong += 1;
            let left = 5 - pending.wrong;
            self.tickets[number].pending = Some(pending).filter(|_| left > 0);
            return Forecast::ok(json!({ "rejected": {
                "reason": "wrong", "attempts-left": left, "retry-at": null,
            } }));
        };
        let key = pending.key;
        self.bind(user, number, key, step)
    }

    /// The commit that makes a factor: ENROLL-9, ENROLL-11, ENROLL-12, RECOVER-2.
    fn bind(&mut self, user: Who, number: usize, key: usize, step: u64) -> Forecast {
        let now = self.now;
        let stage = self.tickets[number].stage;
        let purpose = self.tickets[number].purpose;
        let person = &mut self.people[user];
        person.app = Some(App {
            key,
            mark: step,
            confirmed_at: now,
            used_at: Some(now),
            counts: Counts::default(),
        });
        person.known = true;
        person.ever_enrolled = true;
        person.epoch += 1;
        person.last = Some((key, step));
        let code = self.new_code(user);
        self.tickets[number].pending = None;
        let stays = matches!(stage, Stage::Verified { .. });
        self.spend_all(user, Some(number).filter(|_| stays));
        let goes_on = purpose == Purpose::Manage && matches!(stage, Stage::Enrolling { .. });
        let next = goes_on.then(|| self.advance(number, Stage::Verified { factor_at: now }));
        let proof = match stage {
            Stage::Recovering => "recovery",
            _ => "enrollment",
        };
        let assertion = self.assertion(user, number, proof, next);
        let forecast = Forecast::ok(json!({ "accepted": {
            "assertion": assertion,
            "recovery-code": { "id": "$any", "code": "$any" },
        } }))
        .learning(Lesson::Recovery(code, "ok.accepted.recovery-code"));
        match next {
            Some(next) => forecast.learning(Lesson::Ticket(
                next,
                "ok.accepted.assertion.next-ticket.ticket",
            )),
            None => forecast,
        }
    }

    pub(super) fn remove(&mut self, user: Who, bearer: Bearer, method: Method) -> Forecast {
        let number = match self.started(user, bearer) {
            Ok(number) => number,
            Err(refusals) => return Forecast::refused(refusals),
        };
        let mode = self.tickets[number].rules.mode;
        let mut refusals = Vec::new();
        if method == Method::Sms || self.people[user].app.is_none() {
            refusals.push(refusal("not-permitted.no-such-factor"));
        } else if let Mode::EnforcedFrom(_) = mode {
            refusals.push(refusal("not-permitted.last-factor"));
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let person = &mut self.people[user];
        person.app = None;
        person.recovery = None;
        // The owner's own removal, where everybody concerned leaves it to the users, opens a new grace (SIGN-13).
        if mode == Mode::Voluntary {
            person.ever_enrolled = false;
        }
        person.epoch += 1;
        let epoch = person.epoch;
        self.spend_all(user, Some(number));
        Forecast::ok(json!(epoch))
    }

    pub(super) fn prefer(&mut self, user: Who, bearer: Bearer, method: Method) -> Forecast {
        let number = match self.started(user, bearer) {
            Ok(number) => number,
            Err(refusals) => return Forecast::refused(refusals),
        };
        let mut refusals = Vec::new();
        if method == Method::Sms || self.people[user].app.is_none() {
            refusals.push(refusal("not-permitted.no-such-factor"));
        }
        if self.tickets[number].rules.is_off() {
            refusals.push(refusal("not-permitted.method-not-allowed"));
        }
        match refusals.is_empty() {
            true => Forecast::ok(Value::Null),
            false => Forecast::refused(refusals),
        }
    }

    /// A ticket past its challenge.
    fn past_challenge(&self, user: Who, bearer: Bearer) -> Result<usize, Vec<Value>> {
        let number = self.take(user, bearer)?;
        match self.tickets[number].stage {
            Stage::Challenged => Err(vec![refusal("ticket.wrong-stage")]),
            _ => Ok(number),
        }
    }

    /// A ticket on which a factor was shown a short while ago.
    pub(super) fn started(&self, user: Who, bearer: Bearer) -> Result<usize, Vec<Value>> {
        let number = self.take(user, bearer)?;
        if !matches!(self.tickets[number].stage, Stage::Verified { .. }) {
            return Err(vec![refusal("ticket.wrong-stage")]);
        }
        let late = self.too_late(number);
        if late.is_empty() {
            Ok(number)
        } else {
            Err(late)
        }
    }

    fn too_late(&self, number: usize) -> Vec<Value> {
        match self.tickets[number].stage {
            Stage::Verified { factor_at } if self.now >= factor_at + STARTING => {
                vec![refusal("not-permitted.start-too-late")]
            }
            _ => Vec::new(),
        }
    }
}
