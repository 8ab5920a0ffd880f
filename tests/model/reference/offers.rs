//! The factors as a challenge shows them, and devices that stand for one.

use serde_json::{Value, json};

use super::policy::Rules;
use super::{Carried, Device, Reference};
use crate::command::{Method, Purpose, Who};
use crate::forecast::{locked, refusal};
use crate::secrets::masked;

/// Whether a factor can be used now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Usable,
    WaitUntil(u64),
    Disabled,
    NotOffered,
}

impl Reference {
    /// The factors as a challenge shows them, the one to show first in front.
    pub(super) fn offered(&self, user: Who, rules: &Rules, first_phone: Option<usize>) -> Value {
        let person = &self.people[user];
        let first = person.shown_first();
        let (front, back): (Vec<Method>, Vec<Method>) =
            person.methods().partition(|it| Some(*it) == first);
        let offers = front.into_iter().chain(back).map(|method| {
            let phone = person.phone.as_ref().filter(|_| method == Method::Sms);
            json!({
                "method": method.name(),
                "hint": phone.map(|it| masked(it.number, 2)),
                "preferred": Some(method) == first,
                "state": match self.state(user, method, rules, first_phone) {
                    State::Usable => json!("usable"),
                    State::WaitUntil(until) => json!({ "wait-until": until }),
                    State::Disabled => json!("disabled"),
                    State::NotOffered => json!("not-offered"),
                },
            })
        });
        offers.collect()
    }

    /// The state of a factor that the user has.
    pub(super) fn state(
        &self,
        user: Who,
        method: Method,
        rules: &Rules,
        first_phone: Option<usize>,
    ) -> State {
        let counts = self.people[user].counts(method);
        if counts.is_some_and(|it| it.disabled) {
            return State::Disabled;
        }
        if self.is_not_offered(user, method, rules, first_phone) {
            return State::NotOffered;
        }
        let own = counts.and_then(|it| it.resting(self.now));
        own.max(self.resting_user_wide(user, rules))
            .map_or(State::Usable, State::WaitUntil)
    }

    /// The first factor came by the same phone, or the policy allows another of the user's factors and not this one.
    fn is_not_offered(
        &self,
        user: Who,
        method: Method,
        rules: &Rules,
        first_phone: Option<usize>,
    ) -> bool {
        let person = &self.people[user];
        let others_allowed = person.methods().any(|it| rules.allows(it));
        let superseded = !rules.is_off() && !rules.allows(method) && others_allowed;
        superseded || (method == Method::Sms && self.is_same_channel(user, first_phone))
    }

    pub(super) fn is_same_channel(&self, user: Who, first_phone: Option<usize>) -> bool {
        let number = self.people[user].phone.as_ref().map(|it| it.number);
        number.is_some() && number == first_phone
    }

    /// Why a factor cannot be compared with on a ticket.
    pub(super) fn not_ready(&self, user: Who, method: Method, place: usize) -> Vec<Value> {
        let ticket = &self.tickets[place];
        let Some(counts) = self.people[user].counts(method) else {
            return vec![refusal("not-permitted.no-such-factor")];
        };
        let mut refusals = Vec::new();
        if counts.disabled {
            refusals.push(refusal("not-permitted.factor-disabled"));
        }
        if self.is_not_offered(user, method, &ticket.rules, ticket.first_phone) {
            refusals.push(refusal("not-permitted.method-not-allowed"));
        }
        // VERIFY-6: the same whatever the code, and nothing is compared.
        let own = counts.resting(self.now);
        let everything = self.resting_user_wide(user, &ticket.rules);
        refusals.extend([own, everything].into_iter().flatten().map(locked));
        refusals
    }

    pub(super) fn resting_user_wide(&self, user: Who, rules: &Rules) -> Option<u64> {
        let until = self.people[user].user_wide.rest_until;
        until.filter(|until| rules.user_wide && self.now < *until)
    }

    /// The device that lets a user in who would be challenged (VERIFY-18).
    pub(super) fn trusted_device(
        &self,
        user: Who,
        carried: Carried,
        (rules, first_phone): (&Rules, Option<usize>),
        purpose: Purpose,
    ) -> Option<Device> {
        let Carried::Given(token) = carried else {
            return None;
        };
        let person = &self.people[user];
        let device = person.devices.iter().find(|it| it.token == token)?;
        let may_work = person.has(device.method)
            && matches!(
                self.state(user, device.method, rules, first_phone),
                State::Usable | State::WaitUntil(_)
            );
        let stands =
            may_work && rules.allows(device.method) && self.may_last(user, device.method, rules);
        let until = device
            .expires_at
            .min(device.trusted_at + rules.device_days * 86_400);
        let is_trusted = device.trusted_at <= self.now && self.now < until;
        (purpose == Purpose::SignIn && stands && is_trusted).then_some(*device)
    }

    /// Whether what a factor shows may last (VERIFY-28): a text message beside an app may not, unless it may manage the app.
    pub(super) fn may_last(&self, user: Who, method: Method, rules: &Rules) -> bool {
        method == Method::Totp || self.people[user].app.is_none() || rules.texts.may_manage_app
    }
}
