//! `wit/administration.wit` and the functions of `wit/policy.wit`.

use serde_json::{Value, json};

use super::counts::{Counts, UserWide};
use super::policy::Owner;
use super::{App, Person, Reference, Stage};
use crate::command::{Actor, Imported, Method, Put, Reset, Revocable, Who};
use crate::forecast::{Forecast, refusal};
use crate::secrets::masked;

impl Reference {
    pub(super) fn put(&mut self, put: &Put, expected: Option<u64>) -> Forecast {
        let stored = self.policies.get(&put.owner);
        let mut refusals = Vec::new();
        if put.policy.is_out_of_bounds() {
            refusals.push(json!("err.invalid-input"));
        }
        if stored.map(|(_, revision)| *revision) != expected {
            refusals.push(refusal("revision-conflict"));
        }
        let known = stored.and_then(|(policy, _)| policy.deadline());
        let late = put
            .policy
            .deadline()
            .is_some_and(|at| at <= self.now && known != Some(at));
        if late && !put.enforce_now {
            refusals.push(refusal("not-permitted.deadline-not-in-future"));
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let revision = stored.map_or(0, |(_, revision)| *revision) + 1;
        self.policies
            .insert(put.owner, (put.policy.clone(), revision));
        Forecast::ok(json!(revision))
    }

    pub(super) fn get(&self, owner: Owner) -> Forecast {
        match self.policies.get(&owner) {
            None => Forecast::one(json!({ "ok": null })),
            Some((policy, revision)) => Forecast::ok(json!({
                "policy": policy.to_json(),
                "revision": revision,
            })),
        }
    }

    pub(super) fn status(&self, user: Who) -> Forecast {
        let person = &self.people[user];
        let factors: Vec<Value> = person
            .methods()
            .map(|method| self.factor(person, method))
            .collect();
        let devices = person.devices.iter().filter(|it| self.now < it.expires_at);
        let devices = devices.map(
            |it| json!({ "id": "$any", "trusted-at": it.trusted_at, "expires-at": it.expires_at }),
        );
        let recovery = person.recovery.map(|number| {
            let code = &self.codes[number];
            json!({ "id": "$any", "issued-at": code.at, "acknowledged": code.acknowledged })
        });
        Forecast::ok(json!({
            "known": person.known,
            "erased": person.erased,
            "epoch": person.epoch,
            "ever-enrolled": person.ever_enrolled,
            "factors": factors,
            "recovery": recovery,
            "devices": devices.collect::<Value>(),
            "tickets": self.good(user).len(),
            "change-first-factor": person.suspect,
        }))
    }

    fn factor(&self, person: &Person, method: Method) -> Value {
        let app = person.app.as_ref().filter(|_| method == Method::Totp);
        let phone = person.phone.as_ref().filter(|_| method == Method::Sms);
        let counts = person.counts(method).cloned().unwrap_or_default();
        let rest = person.user_wide.rest_until;
        let state = match (counts.disabled, counts.resting(self.now)) {
            (true, _) => json!("disabled"),
            // Whether everything rests depends on the policies of a begin, which nobody gave.
            _ if rest.is_some_and(|until| self.now < until) => json!("$any"),
            (false, Some(until)) => json!({ "wait-until": until }),
            (false, None) => json!("usable"),
        };
        let (confirmed_at, used_at) = match (app, phone) {
            (Some(app), _) => (Some(app.confirmed_at), app.used_at),
            (None, phone) => (
                phone.map(|it| it.confirmed_at),
                phone.and_then(|it| it.used_at),
            ),
        };
        json!({
            "method": method.name(),
            "factor-id": "$any",
            "hint": phone.map(|it| masked(it.number, 4)),
            "confirmed-at": confirmed_at,
            "used-at": used_at,
            "state": state,
            "preferred": person.shown_first() == Some(method),
            "streak": counts.streak,
            "unredeemed": counts.unredeemed_at(self.now),
        })
    }

    pub(super) fn reset(&mut self, user: Who, reset: &Reset) -> Forecast {
        let mut refusals = Vec::new();
        let policies = self.policies_of(&reset.memberships);
        if policies.is_none() {
            refusals.push(json!("err.invalid-input"));
        }
        if !reset.verified {
            refusals.push(refusal("not-permitted.not-verified"));
        }
        if self.people[user].erased {
            refusals.push(refusal("not-permitted.erased"));
        }
        if reset.actor == Actor::Oneself {
            refusals.push(refusal("not-permitted.oneself"));
        }
        if let Some(policies) = policies.filter(|_| reset.actor != Actor::Operator) {
            let active = || policies.iter().filter(|(membership, _)| membership.active);
            let acts_for = |of: &super::Membership| Some(of.company) == reset.company;
            if !active().any(|(membership, _)| acts_for(membership)) {
                refusals.push(json!("err.invalid-input"));
            }
            // ADMIN-4.
            let others_enforce = active()
                .any(|(membership, policy)| !acts_for(membership) && policy.deadline().is_some());
            if others_enforce && !active().all(|(_, policy)| policy.any_company) {
                refusals.push(refusal("not-permitted.other-company"));
            }
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        let person = &mut self.people[user];
        person.raise_epoch();
        *person = Person {
            known: true,
            app: None,
            phone: None,
            preferred: None,
            recovery: None,
            user_wide: UserWide::default(),
            ..person.clone()
        };
        let epoch = person.epoch;
        self.spend_all(user, None);
        Forecast::ok(json!(epoch))
    }

    pub(super) fn unlock(&mut self, user: Who, method: Method) -> Forecast {
        let person = &mut self.people[user];
        // A rest of everything can be ended whatever becomes of the factor.
        let rested = person.user_wide.rest_until.take().is_some();
        match person.counts_mut(method) {
            Some(counts) if !counts.disabled => counts.rest_until = None,
            _ if rested => {}
            Some(_) => return Forecast::refused(vec![refusal("not-permitted.factor-disabled")]),
            None => return Forecast::refused(vec![refusal("not-permitted.no-such-factor")]),
        }
        Forecast::ok(Value::Null)
    }

    pub(super) fn add_totp(&mut self, user: Who, import: &Imported) -> Forecast {
        let current = self.step(import.entry);
        let mark = import.mark.map(|it| current.saturating_add_signed(it));
        let person = &mut self.people[user];
        let mut refusals = Vec::new();
        if !import.operator {
            refusals.push(refusal("not-permitted.operator-only"));
        }
        if person.erased {
            refusals.push(refusal("not-permitted.erased"));
        }
        let same = person.app.as_ref().map(|it| it.key == import.entry);
        if same == Some(false) {
            refusals.push(refusal("not-permitted.already-enrolled"));
        }
        if same == Some(true) && refusals.is_empty() {
            return Forecast::ok(json!(person.epoch));
        }
        if mark.is_some_and(|mark| mark > current) && same.is_none() {
            refusals.push(json!("err.invalid-input"));
        }
        if !refusals.is_empty() {
            return Forecast::refused(refusals);
        }
        person.known = true;
        person.ever_enrolled = true;
        person.raise_epoch();
        person.app = Some(App {
            key: import.entry,
            // ADMIN-8: the greater of the two.
            mark: mark.unwrap_or(0).max(current),
            confirmed_at: self.now,
            used_at: None,
            counts: Counts::default(),
        });
        let epoch = person.epoch;
        self.spend_all(user, None);
        Forecast::ok(json!(epoch))
    }

    pub(super) fn revoke(&mut self, user: Who, what: Revocable) -> Forecast {
        if self.people[user].erased {
            return Forecast::refused(vec![refusal("not-permitted.erased")]);
        }
        match what {
            Revocable::Devices => self.people[user].devices.clear(),
            Revocable::Tickets => self.spend_all(user, None),
            Revocable::Recovery => {
                if self.people[user].recovery.take().is_some() {
                    self.spend_where(user, None, |stage| stage == Stage::Recovering);
                }
            }
        }
        Forecast::ok(Value::Null)
    }

    pub(super) fn first_factor_changed(&mut self, user: Who) -> Forecast {
        if self.people[user].erased {
            return Forecast::refused(vec![refusal("not-permitted.erased")]);
        }
        self.people[user].suspect = false;
        self.people[user].devices.clear();
        self.spend_all(user, None);
        Forecast::ok(Value::Null)
    }

    pub(super) fn erase(&mut self, user: Who) -> Forecast {
        let person = &mut self.people[user];
        if !person.erased {
            *person = Person {
                known: true,
                erased: true,
                epoch: person.epoch + 1,
                ..Person::default()
            };
            self.spend_all(user, None);
        }
        Forecast::ok(Value::Null)
    }
}
