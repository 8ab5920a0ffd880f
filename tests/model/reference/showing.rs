//! `wit/verification.wit` and `wit/recovery.wit`.

use serde_json::{Value, json};

use super::{Bearer, Device, Presented, Reference, Stage, Typed};
use crate::command::{Method, Purpose, Remember, Who};
use crate::forecast::{Forecast, Lesson, invalid, locked, refusal};

impl Reference {
    pub(super) fn verify(
        &mut self,
        user: Who,
        bearer: Bearer,
        (method, remember): (Method, Remember),
        typed: Typed,
    ) -> Forecast {
        let mut refusals = match typed {
            Typed::Malformed(_) => vec![invalid("code")],
            _ => Vec::new(),
        };
        let number = match self.challenged(user, bearer) {
            Ok(number) => number,
            Err(faults) => {
                refusals.extend(faults);
                return Forecast::refused(refusals);
            }
        };
        refusals.extend(self.not_ready(user, method, number));
        let ticket = self.tickets[number].clone();
        let key = self.people[user].app.as_ref().map(|it| it.key);
        match method {
            Method::Totp if self.is_of_another_length(typed, key) => refusals.push(invalid("code")),
            Method::Sms if ticket.sent.is_none() => {
                refusals.push(refusal("not-permitted.no-code-sent"));
            }
            _ => {}
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        // Too late: nothing is compared or counted.
        if method == Method::Sms && ticket.sent.is_some_and(|it| it.is_over(self.now)) {
            return Forecast::ok(json!({ "rejected": {
                "reason": "code-expired", "attempts-left": 5 - self.tickets[number].wrong(), "retry-at": null,
            } }));
        }
        match self.show(user, number, method, typed) {
            true => self.accept(user, number, method, remember),
            false => self.reject(user, number, method),
        }
    }

    /// Compares a code, and uses it up if it is right.
    fn show(&mut self, user: Who, number: usize, method: Method, typed: Typed) -> bool {
        let now = self.now;
        let ticket = &self.tickets[number];
        match method {
            Method::Totp => {
                let app = self.people[user].app.as_ref();
                let Some((key, mark)) = app.map(|it| (it.key, it.mark)) else {
                    return false;
                };
                let matched = self.matched(typed, key, &ticket.rules);
                let Some(step) = matched.filter(|step| *step > mark) else {
                    return false;
                };
                let person = &mut self.people[user];
                person.last = Some((key, step));
                if let Some(app) = &mut person.app {
                    (app.mark, app.used_at) = (step, Some(now));
                }
            }
            Method::Sms => {
                let running = ticket.sent.as_ref().map(|it| it.code);
                let Typed::Sent { code, .. } = typed else {
                    return false;
                };
                if Some(code) != running {
                    return false;
                }
                let person = &mut self.people[user];
                person.last_text = Some(code);
                if let Some(phone) = &mut person.phone {
                    phone.used_at = Some(now);
                }
            }
        }
        true
    }

    fn accept(&mut self, user: Who, number: usize, method: Method, remember: Remember) -> Forecast {
        let now = self.now;
        let ticket = self.tickets[number].clone();
        let person = &mut self.people[user];
        if let Some(counts) = person.counts_mut(method) {
            counts.succeed(now, ticket.wrong_of(method));
        }
        person.user_wide = super::counts::UserWide::default();
        // VERIFY-15: the owner beats the thief.
        self.spend_where(user, Some(number), |stage| stage == Stage::Recovering);
        let allowed = ticket.rules.allows(method) || ticket.rules.is_off();
        if !allowed && ticket.purpose != Purpose::Manage {
            // VERIFY-14.
            let offer = self.offer(&ticket.rules, true);
            let next = self.advance(number, Stage::Enrolling { required: true });
            return Forecast::ok(json!({ "accepted": { "enroll": offer } }))
                .learning(Lesson::Ticket(next, "ok.accepted.enroll.ticket"));
        }
        let asked = remember == Remember::Yes && ticket.purpose == Purpose::SignIn;
        let lasts = self.may_last(user, method, &ticket.rules);
        let device = (asked && lasts && ticket.rules.device_days > 0).then(|| {
            self.given.push((user, false));
            let token = self.given.len() - 1;
            let expires_at = now + ticket.rules.device_days * 86_400;
            self.people[user].trust(Device {
                token,
                method,
                trusted_at: now,
                expires_at,
            });
            token
        });
        let verified = Stage::Verified {
            method,
            factor_at: now,
        };
        let goes_on = ticket.purpose == Purpose::Manage;
        let next = goes_on.then(|| self.advance(number, verified));
        self.spend(number);
        let mut assertion = self.assertion(user, number, (method, "factor"), next);
        if device.is_some() {
            assertion["device-token"] = json!("$any");
        }
        let mut forecast = Forecast::ok(json!({ "accepted": { "done": assertion } }));
        if let Some(token) = device {
            forecast = forecast.learning(Lesson::Device(token, "ok.accepted.done.device-token"));
        }
        match next {
            Some(next) => {
                forecast.learning(Lesson::Ticket(next, "ok.accepted.done.next-ticket.ticket"))
            }
            None => forecast,
        }
    }

    fn reject(&mut self, user: Who, number: usize, method: Method) -> Forecast {
        let now = self.now;
        let ticket = &mut self.tickets[number];
        match method {
            Method::Totp => ticket.wrong_app += 1,
            Method::Sms => ticket.wrong_phone += 1,
        }
        let (own, is_last) = (ticket.wrong_of(method), ticket.wrong() == 5);
        let rules = ticket.rules.clone();
        let person = &mut self.people[user];
        if rules.user_wide {
            person.user_wide.fail(now);
        }
        let mut ends_challenges = false;
        let mut rest = None;
        if let Some(counts) = person.counts_mut(method) {
            ends_challenges = counts.fail(now, own, is_last);
            rest = counts.rest_until;
            let disabled = counts.disabled;
            person.suspect |= disabled;
        }
        let rest = rest.max(self.resting_user_wide(user, &rules));
        if ends_challenges {
            self.spend_where(user, None, |stage| stage == Stage::Challenged);
        }
        if is_last {
            self.spend(number);
        }
        let left = match self.tickets[number].over {
            Some(_) => 0,
            None => 5 - self.tickets[number].wrong(),
        };
        Forecast::ok(json!({ "rejected": {
            "reason": "wrong", "attempts-left": left, "retry-at": rest,
        } }))
    }

    pub(super) fn present(&mut self, user: Who, bearer: Bearer, code: Presented) -> Forecast {
        let mut refusals = match code {
            Presented::Malformed => vec![invalid("code")],
            _ => Vec::new(),
        };
        let number = match self.challenged(user, bearer) {
            Ok(number) => number,
            Err(faults) => {
                refusals.extend(faults);
                return Forecast::refused(refusals);
            }
        };
        let ticket = self.tickets[number].clone();
        if !self.may_recover(user, ticket.purpose, &ticket.rules) {
            refusals.push(refusal("not-permitted.no-recovery-code"));
        }
        if !ticket.is_fresh(self.now) {
            refusals.push(refusal("not-permitted.first-factor-too-old"));
        }
        refusals.extend(self.resting_user_wide(user, &ticket.rules).map(locked));
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let is_right = matches!(code, Presented::Issued { number, .. }
            if self.people[user].recovery == Some(number));
        if is_right {
            // RECOVER-1: an earlier recovery ends; the code and the factors stay.
            self.spend_where(user, None, |stage| stage == Stage::Recovering);
            let offer = self.offer(&ticket.rules, true);
            let next = self.advance(number, Stage::Recovering);
            return Forecast::ok(json!({ "accepted": offer }))
                .learning(Lesson::Ticket(next, "ok.accepted.ticket"));
        }
        let ticket = &mut self.tickets[number];
        ticket.wrong_recovery += 1;
        let left = 5 - ticket.wrong();
        let rules = ticket.rules.clone();
        if left == 0 {
            self.spend(number);
        }
        if rules.user_wide {
            self.people[user].user_wide.fail(self.now);
        }
        Forecast::ok(json!({ "rejected": {
            "reason": "wrong",
            "attempts-left": left,
            "retry-at": self.resting_user_wide(user, &rules),
        } }))
    }

    pub(super) fn issue(&mut self, user: Who, bearer: Bearer) -> Forecast {
        let number = match self.started(user, bearer) {
            Ok(number) => number,
            Err(refusals) => return Forecast::refused(refusals),
        };
        let mut refusals = Vec::new();
        if self.tickets[number].rules.is_off() {
            refusals.push(refusal("not-permitted.method-not-allowed"));
        }
        refusals.extend(self.app_stays(user, number));
        // RECOVER-8.
        if !self.people[user].is_enrolled() {
            refusals.push(refusal("not-permitted.no-such-factor"));
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        self.spend_where(user, None, |stage| stage == Stage::Recovering);
        let code = self.new_code(user);
        Forecast::ok(json!({ "id": "$any", "code": "$any" })).learning(Lesson::Recovery(code, "ok"))
    }

    pub(super) fn acknowledge(&mut self, user: Who, code: Presented) -> Forecast {
        match code {
            Presented::Issued { number, .. } if self.people[user].recovery == Some(number) => {
                self.codes[number].acknowledged = true;
                Forecast::ok(Value::Null)
            }
            _ => Forecast::refused(vec![refusal("not-permitted.no-recovery-code")]),
        }
    }

    /// What an assertion says (`wit/types.wit`).
    pub(super) fn assertion(
        &self,
        user: Who,
        number: usize,
        (method, proof): (Method, &str),
        next: Option<usize>,
    ) -> Value {
        let ticket = &self.tickets[number];
        let person = &self.people[user];
        let confirmed_at = match method {
            Method::Totp => person.app.as_ref().map(|it| it.confirmed_at),
            Method::Sms => person.phone.as_ref().map(|it| it.confirmed_at),
        };
        let young = confirmed_at.filter(|at| self.now.saturating_sub(*at) < 86_400);
        let amr = match (proof, method) {
            ("recovery", _) => json!([]),
            (_, Method::Totp) => json!(["otp", "mfa"]),
            (_, Method::Sms) => json!(["sms", "mfa"]),
        };
        json!({
            "user": crate::secrets::name(user),
            "purpose": ticket.purpose.to_json(),
            "method": method.name(),
            "proof": proof,
            "amr": amr,
            "factor-at": self.now,
            "epoch": person.epoch,
            "valid-until": ticket.rules.valid_until(self.now, self.now),
            "recovery": self.recovery_state(user),
            "device-token": null,
            "fresh-binding": young,
            "next-ticket": next.map(|next| json!({
                "ticket": "$any",
                "start-until": self.now + super::sign_in::STARTING,
                "expires-at": self.tickets[next].expires_at,
            })),
        })
    }

    /// A ticket on which a code is awaited.
    pub(super) fn challenged(&self, user: Who, bearer: Bearer) -> Result<usize, Vec<Value>> {
        let number = self.take(user, bearer)?;
        match self.tickets[number].stage {
            Stage::Challenged => Ok(number),
            _ => Err(vec![refusal("ticket.wrong-stage")]),
        }
    }
}
