//! `wit/sign-in.wit`.

use serde_json::{Value, json};

use super::offers::State;
use super::policy::{Membership, Mode, Owner, Policy, Rules};
use super::{Bearer, Carried, Reference, Stage};
use crate::command::{Begin, Purpose, Session, Who};
use crate::forecast::{Forecast, Lesson, refusal};
use crate::secrets::masked;

/// What comes next. Where several denials apply, the contract does not say which comes.
#[derive(Debug)]
enum Outlook {
    Allow(&'static str),
    Challenge,
    Enroll { required: bool },
    Deny(Vec<&'static str>),
}

/// All that the table goes by, besides the user.
struct Circumstances {
    trusted: bool,
    fresh: bool,
    /// The phone by which the first factor came.
    first_phone: Option<usize>,
    attested: bool,
    purpose: Purpose,
}

impl Reference {
    pub(super) fn begin(&mut self, user: Who, begin: &Begin, device: Carried) -> Forecast {
        let mut refusals = Vec::new();
        // SIGN-7.
        if begin.known_enrolled && !self.people[user].known {
            refusals.push(refusal("unavailable.store"));
        }
        let policies = self.policies_of(&begin.memberships);
        if policies.is_none() {
            refusals.push(json!("err.invalid-input"));
        }
        let Some(policies) = policies.filter(|_| refusals.is_empty()) else {
            return Forecast::refused(refusals);
        };
        let rules = Rules::of(&policies);
        let fresh = begin.age <= FRESH;
        let first_phone = self.carrying(user, begin.carrier);
        let outlook = self.outlook(
            user,
            &rules,
            &Circumstances {
                trusted: begin.federated && is_trusted(&policies),
                fresh,
                first_phone,
                attested: begin.attested,
                purpose: begin.purpose,
            },
        );
        let device = self.trusted_device(user, device, (&rules, first_phone), begin.purpose);
        match outlook {
            Outlook::Challenge if let Some(device) = device => {
                let ends = device
                    .expires_at
                    .min(device.trusted_at + rules.device_days * 86_400);
                let until = rules.valid_until(self.now, self.now).min(ends);
                Forecast::ok(json!({ "allow": {
                    "reason": "trusted-device",
                    "notice": null,
                    "epoch": self.people[user].epoch,
                    "valid-until": { "$at-most": until },
                    "device-token": "$any",
                } }))
                .recalling(Lesson::Device(device.token, "ok.allow.device-token"))
            }
            Outlook::Allow(reason) => Forecast::ok(json!({ "allow": {
                "reason": reason,
                "notice": self.notice(&rules, reason),
                "epoch": self.people[user].epoch,
                "valid-until": { "$at-most": rules.valid_until(self.now, self.now) },
                "device-token": null,
            } })),
            Outlook::Deny(reasons) => Forecast::refused(
                reasons
                    .iter()
                    .map(|reason| json!({ "ok": { "deny": reason } }))
                    .collect(),
            ),
            Outlook::Challenge => {
                let recoverable = self.may_recover(user, begin.purpose, &rules) && fresh;
                let methods = self.offered(user, &rules, first_phone);
                let first = (fresh, first_phone);
                let (number, crowded) =
                    self.mint(user, begin.purpose, Stage::Challenged, rules, first);
                Forecast::ok(json!({ "challenge": {
                    "ticket": "$any",
                    "expires-at": self.tickets[number].expires_at,
                    "methods": methods,
                    "recovery-available": recoverable,
                } }))
                .learning(Lesson::Ticket(number, "ok.challenge.ticket"))
                .crowding(crowded)
            }
            Outlook::Enroll { required } => {
                let offer = self.offer(&rules, required);
                let stage = Stage::Enrolling { required };
                let first = (fresh, first_phone);
                let (number, crowded) = self.mint(user, begin.purpose, stage, rules, first);
                Forecast::ok(json!({ "enroll": offer }))
                    .learning(Lesson::Ticket(number, "ok.enroll.ticket"))
                    .crowding(crowded)
            }
        }
    }

    pub(super) fn inspect(&self, user: Who, bearer: Bearer) -> Forecast {
        let number = match self.take(user, bearer) {
            Ok(number) => number,
            Err(refusals) => return Forecast::refused(refusals),
        };
        let ticket = &self.tickets[number];
        let challenged = ticket.stage == Stage::Challenged;
        let app = ticket.pending.iter().map(|it| {
            json!({ "method": "totp", "hint": null, "attempts-left": 5 - it.wrong, "sent": null })
        });
        let phone = ticket.pending_phone.iter().map(|it| {
            json!({
                "method": "sms",
                "hint": masked(it.number, if matches!(ticket.stage, Stage::Verified { .. }) { 4 } else { 2 }),
                "attempts-left": 5 - it.wrong,
                "sent": it.sent.to_json(ticket.sends),
            })
        });
        let pending: Vec<Value> = app.chain(phone).collect();
        let (stage, start_until, required) = match ticket.stage {
            Stage::Challenged => ("challenged", None, false),
            Stage::Verified { factor_at, .. } => ("verified", Some(factor_at + STARTING), false),
            Stage::Enrolling { required } => {
                let required = required || ticket.rules.is_enforced(self.now);
                ("enrolling", None, required)
            }
            Stage::Recovering => ("recovering", None, true),
        };
        let recoverable =
            self.may_recover(user, ticket.purpose, &ticket.rules) && ticket.is_fresh(self.now);
        Forecast::ok(json!({
            "stage": stage,
            "purpose": ticket.purpose.to_json(),
            "expires-at": ticket.expires_at,
            "start-until": start_until,
            "methods": self.offered(user, &ticket.rules, ticket.first_phone),
            "may-enroll": match challenged || ticket.rules.is_off() {
                true => json!([]),
                false => ticket.rules.methods(),
            },
            "pending": pending,
            "sent": ticket.sent.as_ref().map(|it| it.to_json(ticket.sends)),
            "attempts-left": if challenged { 5 - ticket.wrong() } else { 0 },
            "recovery-available": challenged && recoverable,
            "required": required,
            "deadline": ticket.rules.deadline(),
        }))
    }

    pub(super) fn assess(&self, user: Who, session: &Session) -> Forecast {
        let Some(policies) = self.policies_of(&session.memberships) else {
            return Forecast::one(json!("err.invalid-input"));
        };
        let person = &self.people[user];
        // SIGN-15. An epoch of 0 has none before it.
        if session.epochs_ago.min(person.epoch) > 0 || person.erased {
            return Forecast::ok(json!("end"));
        }
        let rules = Rules::of(&policies);
        let circumstances = Circumstances {
            trusted: session.federated && is_trusted(&policies),
            fresh: session.age <= FRESH,
            first_phone: self.carrying(user, session.carrier),
            attested: true,
            purpose: match session.max_age {
                Some(_) => Purpose::StepUp,
                None => Purpose::SignIn,
            },
        };
        let outlook = self.outlook(user, &rules, &circumstances);
        let soon = self.now + 60;
        let deadline = rules.deadline().filter(|at| self.now < *at);
        if let Outlook::Allow(_) = outlook {
            let until = deadline.map_or(soon, |at| soon.min(at));
            return Forecast::ok(json!({ "continue": until }));
        }
        if let Some(until) = self
            .shown_until(user, session, &rules)
            .filter(|_| person.methods().any(|it| rules.allows(it)))
        {
            return Forecast::ok(json!({ "continue": soon.min(until) }));
        }
        let led_to = |reason: &&str| match (*reason, person.is_enrolled()) {
            ("first-factor-too-old", true) => "challenge",
            ("first-factor-too-old", false) => "enroll",
            _ => "end",
        };
        match outlook {
            Outlook::Challenge => Forecast::ok(json!("challenge")),
            Outlook::Enroll { .. } => Forecast::ok(json!("enroll")),
            Outlook::Deny(reasons) => Forecast::refused(
                reasons
                    .iter()
                    .map(|it| json!({ "ok": led_to(it) }))
                    .collect(),
            ),
            Outlook::Allow(_) => unreachable!("answered above"),
        }
    }

    pub(super) fn preview(
        &self,
        user: Who,
        begin: &Begin,
        other: Option<&(Owner, Policy)>,
        ahead: u64,
    ) -> Forecast {
        let mut then = self.clone();
        then.now += ahead;
        if let Some((owner, policy)) = other {
            if policy.is_out_of_bounds() {
                return Forecast::one(json!("err.invalid-input"));
            }
            then.policies.insert(*owner, (policy.clone(), 0));
        }
        let Some(policies) = then.policies_of(&begin.memberships) else {
            return Forecast::one(json!("err.invalid-input"));
        };
        let rules = Rules::of(&policies);
        let outlook = then.outlook(
            user,
            &rules,
            &Circumstances {
                trusted: begin.federated && is_trusted(&policies),
                fresh: begin.age <= FRESH,
                first_phone: self.carrying(user, begin.carrier),
                attested: true,
                purpose: begin.purpose,
            },
        );
        let outlooks = match outlook {
            Outlook::Allow(reason) => vec![json!({ "allow": reason })],
            Outlook::Challenge => vec![json!("challenge")],
            Outlook::Enroll { required } => vec![json!({ "enroll": required })],
            Outlook::Deny(reasons) => reasons.iter().map(|it| json!({ "deny": it })).collect(),
        };
        let report = |outlook| {
            json!({ "ok": {
                "outlook": outlook,
                "deadline": rules.deadline(),
                "methods": if rules.is_off() { json!([]) } else { rules.methods() },
            } })
        };
        Forecast::refused(outlooks.into_iter().map(report).collect())
    }

    /// The table of `begin`.
    fn outlook(&self, user: Who, rules: &Rules, circumstances: &Circumstances) -> Outlook {
        let Circumstances {
            trusted,
            fresh,
            first_phone,
            attested,
            purpose,
        } = *circumstances;
        let person = &self.people[user];
        if person.erased {
            return Outlook::Deny(vec!["erased"]);
        }
        if rules.is_off() && purpose != Purpose::Manage {
            return Outlook::Allow("mode-off");
        }
        if trusted && purpose == Purpose::SignIn {
            return Outlook::Allow("exempt");
        }
        if person.is_enrolled() {
            let may_recover = self.may_recover(user, purpose, rules);
            let may_work = |method| match self.state(user, method, rules, first_phone) {
                State::Usable | State::WaitUntil(_) => true,
                State::Disabled | State::NotOffered => false,
            };
            return match person.methods().any(may_work) {
                _ if person.suspect => Outlook::Deny(vec!["change-first-factor"]),
                true => Outlook::Challenge,
                false if may_recover && fresh => Outlook::Challenge,
                false if may_recover => Outlook::Deny(vec!["first-factor-too-old"]),
                false if self.is_same_channel(user, first_phone) => {
                    Outlook::Deny(vec!["same-channel"])
                }
                false => Outlook::Deny(vec!["contact-admin"]),
            };
        }
        let now_due = person.ever_enrolled || rules.is_enforced(self.now);
        let required = match purpose {
            Purpose::SignIn if !now_due => return Outlook::Allow("not-enrolled"),
            Purpose::Manage if rules.is_off() => return Outlook::Deny(vec!["mode-off"]),
            Purpose::Manage => now_due,
            Purpose::SignIn | Purpose::StepUp => true,
        };
        let mut denials = Vec::new();
        if person.suspect {
            denials.push("change-first-factor");
        }
        if !fresh {
            denials.push("first-factor-too-old");
        }
        if rules.attested && !attested {
            denials.push("binding-not-attested");
        }
        match denials.is_empty() {
            true => Outlook::Enroll { required },
            false => Outlook::Deny(denials),
        }
    }

    /// Whether a recovery code can serve.
    pub(super) fn may_recover(&self, user: Who, purpose: Purpose, rules: &Rules) -> bool {
        self.people[user].recovery.is_some() && purpose != Purpose::StepUp && !rules.is_off()
    }

    /// What an offer to enroll says, but for its ticket.
    pub(super) fn offer(&self, rules: &Rules, required: bool) -> Value {
        json!({
            "ticket": "$any",
            "expires-at": self.now + 30 * 60,
            "methods": rules.methods(),
            "required": required,
            "deadline": rules.deadline(),
        })
    }

    fn notice(&self, rules: &Rules, reason: &str) -> Value {
        match rules.mode {
            // SIGN-12: rounded up.
            Mode::EnforcedFrom(at) if at > self.now && reason == "not-enrolled" => json!({
                "deadline": at,
                "days-left": (at - self.now).div_ceil(86_400),
            }),
            _ => Value::Null,
        }
    }

    fn shown_until(&self, user: Who, session: &Session, rules: &Rules) -> Option<u64> {
        // A device stands for the factor only where no more is asked for, and while one is trusted.
        let days = rules.device_days * 86_400;
        let mut devices = self.people[user].devices.iter();
        let is_trusted = devices.any(|it| {
            let ends = it.expires_at.min(it.trusted_at + days);
            it.trusted_at <= self.now && self.now < ends
        });
        let device = session
            .device_age
            .filter(|_| session.max_age.is_none() && is_trusted);
        let at = self.now - session.factor_age.into_iter().chain(device).min()?;
        let until = rules.valid_until(at, self.now);
        let until = match session.max_age {
            None => until,
            Some(0) => return None,
            Some(age) => until.min(at + age + 1),
        };
        (self.now < until).then_some(until)
    }
}

/// Whether every company that counts trusts the provider, and at least one counts.
fn is_trusted(policies: &[(Membership, Policy)]) -> bool {
    let mut counting = policies
        .iter()
        .filter(|(membership, policy)| membership.active && policy.mode != Mode::Off)
        .peekable();
    counting.peek().is_some() && counting.all(|(_, policy)| policy.trusts_idp)
}

/// SIGN-6: what binds a factor needs a first factor at most this old.
const FRESH: u64 = 300;

/// How long after a factor was shown a change may be started.
pub(super) const STARTING: u64 = 300;
