//! `wit/verification.wit` and `wit/recovery.wit`.

use serde_json::{Value, json};

use super::{Bearer, Presented, Reference, Stage, Typed};
use crate::command::{Method, Purpose, Who};
use crate::forecast::{Forecast, Lesson, invalid, locked, refusal};

impl Reference {
    pub(super) fn verify(
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
        let number = match self.challenged(user, bearer) {
            Ok(number) => number,
            Err(faults) => {
                refusals.extend(faults);
                return Forecast::refused(refusals);
            }
        };
        let ticket = self.tickets[number].clone();
        let app = self.people[user].app.clone();
        let Some(mut app) = app.filter(|_| method == Method::Totp) else {
            refusals.push(refusal("not-permitted.no-such-factor"));
            return Forecast::refused(refusals);
        };
        if app.counts.disabled {
            refusals.push(refusal("not-permitted.factor-disabled"));
        }
        // VERIFY-6: the same whatever the code, and nothing is compared.
        let own = app.counts.resting(self.now);
        let everything = self.resting_user_wide(user, &ticket.rules);
        refusals.extend([own, everything].into_iter().flatten().map(locked));
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let matched = self.matched(typed, app.key, &ticket.rules);
        let Some(step) = matched.filter(|step| *step > app.mark) else {
            return self.reject(user, number);
        };
        app.mark = step;
        app.used_at = Some(self.now);
        app.counts.succeed(self.now, ticket.wrong_app);
        let person = &mut self.people[user];
        person.last = Some((app.key, step));
        person.app = Some(app);
        person.user_wide = super::counts::UserWide::default();
        // VERIFY-15: the owner beats the thief.
        self.spend_where(user, Some(number), |stage| stage == Stage::Recovering);
        let factor_at = self.now;
        let next = match ticket.purpose {
            Purpose::Manage => Some(self.advance(number, Stage::Verified { factor_at })),
            Purpose::SignIn | Purpose::StepUp => None,
        };
        self.spend(number);
        let assertion = self.assertion(user, number, "factor", next);
        let forecast = Forecast::ok(json!({ "accepted": { "done": assertion } }));
        match next {
            Some(next) => {
                forecast.learning(Lesson::Ticket(next, "ok.accepted.done.next-ticket.ticket"))
            }
            None => forecast,
        }
    }

    fn reject(&mut self, user: Who, number: usize) -> Forecast {
        let now = self.now;
        let ticket = &mut self.tickets[number];
        ticket.wrong_app += 1;
        let (own, is_last) = (ticket.wrong_app, ticket.wrong() == 5);
        let rules = ticket.rules.clone();
        let person = &mut self.people[user];
        if rules.user_wide {
            person.user_wide.fail(now);
        }
        let mut ends_challenges = false;
        let mut rest = None;
        if let Some(app) = &mut person.app {
            ends_challenges = app.counts.fail(now, own, is_last);
            rest = app.counts.rest_until;
            person.suspect |= app.counts.disabled;
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
        if !ticket.fresh {
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
        // RECOVER-8.
        if self.people[user].app.is_none() {
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
        proof: &str,
        next: Option<usize>,
    ) -> Value {
        let ticket = &self.tickets[number];
        let person = &self.people[user];
        let young = person
            .app
            .as_ref()
            .map(|it| it.confirmed_at)
            .filter(|at| self.now.saturating_sub(*at) < 86_400);
        json!({
            "user": crate::secrets::name(user),
            "purpose": ticket.purpose.to_json(),
            "method": "totp",
            "proof": proof,
            "amr": if proof == "recovery" { json!([]) } else { json!(["otp", "mfa"]) },
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
    fn challenged(&self, user: Who, bearer: Bearer) -> Result<usize, Vec<Value>> {
        let number = self.take(user, bearer)?;
        match self.tickets[number].stage {
            Stage::Challenged => Ok(number),
            _ => Err(vec![refusal("ticket.wrong-stage")]),
        }
    }
}
