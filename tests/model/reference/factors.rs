//! `wit/enrollment.wit`.

use serde_json::{Value, json};

use super::counts::Counts;
use super::policy::Mode;
use super::sign_in::STARTING;
use super::{App, Bearer, Pending, Phone, Reference, Stage, Typed};
use crate::command::{Method, Purpose, Who};
use crate::forecast::{Forecast, Lesson, invalid, refusal};

/// What a right code makes a factor of.
enum Bound {
    App { key: usize, step: u64 },
    Phone { number: usize, code: usize },
}

impl Bound {
    fn method(&self) -> Method {
        match self {
            Self::App { .. } => Method::Totp,
            Self::Phone { .. } => Method::Sms,
        }
    }
}

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
        refusals.extend(self.app_stays(user, number));
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
        let number = match self.past_challenge(user, bearer) {
            Ok(number) => number,
            Err(refusals) => return Forecast::refused(refusals),
        };
        let ticket = &mut self.tickets[number];
        let was_pending = match method {
            Method::Totp => ticket.pending.take().is_some(),
            Method::Sms => ticket.pending_phone.take().is_some(),
        };
        match was_pending {
            true => Forecast::ok(Value::Null),
            false => Forecast::refused(vec![refusal("not-permitted.not-pending")]),
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
        let ticket = &self.tickets[number];
        refusals.extend(match method {
            _ if !ticket.is_pending(method) => vec![refusal("not-permitted.not-pending")],
            Method::Totp => self.app_stays(user, number),
            Method::Sms => self.phone_stays(user, number),
        });
        if method == Method::Totp && self.is_of_another_length(typed, None) {
            refusals.push(invalid("code"));
        }
        let is_enrolling = matches!(ticket.stage, Stage::Enrolling { .. });
        if is_enrolling && self.people[user].has(method) {
            refusals.push(refusal("not-permitted.already-enrolled"));
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let bound = match method {
            Method::Totp => self.matched_app(number, typed),
            Method::Sms => match self.matched_phone(number, typed) {
                Ok(bound) => bound,
                Err(rejection) => return *rejection,
            },
        };
        match bound {
            Some(bound) => self.bind(user, number, bound),
            None => self.reject_pending(number, method),
        }
    }

    fn matched_app(&self, number: usize, typed: Typed) -> Option<Bound> {
        let ticket = &self.tickets[number];
        let pending = ticket.pending.as_ref()?;
        let step = self.matched(typed, pending.key, &ticket.rules)?;
        Some(Bound::App {
            key: pending.key,
            step,
        })
    }

    /// The phone whose code was typed; a rejection where that is too old, which does not count.
    fn matched_phone(&self, number: usize, typed: Typed) -> Result<Option<Bound>, Box<Forecast>> {
        let Some(pending) = &self.tickets[number].pending_phone else {
            return Ok(None);
        };
        if pending.sent.is_over(self.now) {
            return Err(Box::new(Forecast::ok(json!({ "rejected": {
                "reason": "code-expired", "attempts-left": 5 - pending.wrong, "retry-at": null,
            } }))));
        }
        let is_right = matches!(typed, Typed::Sent { code, .. } if code == pending.sent.code);
        Ok(is_right.then_some(Bound::Phone {
            number: pending.number,
            code: pending.sent.code,
        }))
    }

    fn reject_pending(&mut self, number: usize, method: Method) -> Forecast {
        let ticket = &mut self.tickets[number];
        let wrong = match method {
            Method::Totp => ticket.pending.as_mut().map(|it| &mut it.wrong),
            Method::Sms => ticket.pending_phone.as_mut().map(|it| &mut it.wrong),
        };
        let left = wrong.map_or(0, |wrong| {
            *wrong += 1;
            5 - *wrong
        });
        match (left, method) {
            (0, Method::Totp) => ticket.pending = None,
            (0, Method::Sms) => ticket.pending_phone = None,
            _ => {}
        }
        Forecast::ok(json!({ "rejected": {
            "reason": "wrong", "attempts-left": left, "retry-at": null,
        } }))
    }

    /// The commit that makes a factor: ENROLL-9, ENROLL-11, ENROLL-12, RECOVER-2.
    fn bind(&mut self, user: Who, number: usize, bound: Bound) -> Forecast {
        let now = self.now;
        let stage = self.tickets[number].stage;
        let purpose = self.tickets[number].purpose;
        let method = bound.method();
        let person = &mut self.people[user];
        if stage == Stage::Recovering {
            (person.app, person.phone, person.preferred) = (None, None, None);
        }
        // Only a second factor comes without a recovery code.
        let is_second = person.is_enrolled() && !person.has(method);
        match bound {
            Bound::App { key, step } => {
                person.app = Some(App {
                    key,
                    mark: step,
                    confirmed_at: now,
                    used_at: Some(now),
                    counts: Counts::default(),
                });
                person.last = Some((key, step));
            }
            Bound::Phone { number, code } => {
                person.phone = Some(Phone {
                    number,
                    confirmed_at: now,
                    used_at: Some(now),
                    counts: Counts::default(),
                });
                person.last_text = Some(code);
            }
        }
        person.known = true;
        person.ever_enrolled = true;
        person.raise_epoch();
        let code = (!is_second).then(|| self.new_code(user));
        let ticket = &mut self.tickets[number];
        match method {
            Method::Totp => ticket.pending = None,
            Method::Sms => ticket.pending_phone = None,
        }
        let stays = matches!(stage, Stage::Verified { .. });
        self.spend_all(user, Some(number).filter(|_| stays));
        let goes_on = purpose == Purpose::Manage && matches!(stage, Stage::Enrolling { .. });
        let verified = Stage::Verified {
            method,
            factor_at: now,
        };
        let next = goes_on.then(|| self.advance(number, verified));
        let proof = match stage {
            Stage::Recovering => "recovery",
            _ => "enrollment",
        };
        let assertion = self.assertion(user, number, (method, proof), next);
        let mut forecast = Forecast::ok(json!({ "accepted": {
            "assertion": assertion,
            "recovery-code": code.map(|_| json!({ "id": "$any", "code": "$any" })),
        } }));
        if let Some(code) = code {
            forecast = forecast.learning(Lesson::Recovery(code, "ok.accepted.recovery-code"));
        }
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
        let rules = &self.tickets[number].rules;
        let mode = rules.mode;
        let person = &self.people[user];
        let mut refusals = Vec::new();
        let is_last = !person.methods().any(|it| it != method && rules.allows(it));
        if !person.has(method) {
            refusals.push(refusal("not-permitted.no-such-factor"));
        }
        if is_last && matches!(mode, Mode::EnforcedFrom(_)) {
            refusals.push(refusal("not-permitted.last-factor"));
        }
        if method == Method::Totp {
            refusals.extend(self.app_stays(user, number));
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let person = &mut self.people[user];
        match method {
            Method::Totp => person.app = None,
            Method::Sms => person.phone = None,
        }
        if !person.is_enrolled() {
            person.recovery = None;
            // The owner's own removal, where everybody concerned leaves it to the users, opens a new grace (SIGN-13).
            if mode == Mode::Voluntary {
                person.ever_enrolled = false;
            }
        }
        person.raise_epoch();
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
        if !self.people[user].has(method) {
            refusals.push(refusal("not-permitted.no-such-factor"));
        }
        if self.tickets[number].rules.is_off() {
            refusals.push(refusal("not-permitted.method-not-allowed"));
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        self.people[user].preferred = Some(method);
        Forecast::ok(Value::Null)
    }

    /// A ticket past its challenge.
    pub(super) fn past_challenge(&self, user: Who, bearer: Bearer) -> Result<usize, Vec<Value>> {
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

    pub(super) fn too_late(&self, number: usize) -> Vec<Value> {
        match self.tickets[number].stage {
            Stage::Verified { factor_at, .. } if self.now >= factor_at + STARTING => {
                vec![refusal("not-permitted.start-too-late")]
            }
            _ => Vec::new(),
        }
    }
}
