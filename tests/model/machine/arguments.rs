//! From the reference's numbers to the JSON of a call.

use countersign_tests::policy::voluntary;
use serde_json::{Value, json};

use super::Machine;
use crate::command::{
    Actor, Begin, Call, Carrier, Code, Dialled, Method, Recovery, Remember, Revocable, Which, Who,
};
use crate::reference::policy::Membership;
use crate::reference::{Act, Bearer};
use crate::secrets::{IMPORTS, PHONES, name};

impl Machine {
    pub(super) fn arguments(&self, act: &Act) -> Value {
        let ticket = || match act.bearer {
            Bearer::Minted(number) => self.secrets.ticket(Some(number)),
            Bearer::Forged(number) => {
                let mut forged = self.secrets.ticket(Some(number));
                let last = if forged.ends_with('A') { "B" } else { "A" };
                forged.replace_range(forged.len() - 1.., last);
                forged
            }
            Bearer::Nonsense => self.secrets.ticket(None),
        };
        let typed = || self.secrets.typed(act.typed, self.reference.now);
        let mut args = match &act.call {
            Call::Begin(user, begin) => json!({ "request": {
                "memberships": memberships(&begin.memberships),
                "first-factor": self.first_factor(*user, begin.federated, begin.age, begin.carrier),
                "purpose": begin.purpose.to_json(),
                "device-token": self.secrets.token(act.device),
                "binding-attested": begin.attested,
                "known-enrolled": begin.known_enrolled,
            } }),
            Call::Inspect(..) | Call::Issue(..) | Call::Resend(..) | Call::SendCode(..) => {
                json!({ "ticket": ticket() })
            }
            Call::BeginSms(_, _, dialled) => {
                json!({ "ticket": ticket(), "phone": typed_number(*dialled) })
            }
            Call::Assess(user, session) => {
                let epoch = self.reference.people[*user].epoch;
                json!({
                    "memberships": memberships(&session.memberships),
                    "session": {
                        "first-factor":
                            self.first_factor(*user, session.federated, session.age, session.carrier),
                        "factor-at": session.factor_age.map(|it| self.reference.now - it),
                        "device-at": session.device_age.map(|it| self.reference.now - it),
                        "epoch": epoch.saturating_sub(session.epochs_ago),
                    },
                    "max-age": session.max_age,
                })
            }
            Call::BeginTotp(user, _) => json!({
                "ticket": ticket(),
                "label": { "issuer": "Example", "account-name": format!("{}@example.com", name(*user)) },
            }),
            Call::Cancel(_, _, method)
            | Call::Remove(_, _, method)
            | Call::Prefer(_, _, method) => {
                json!({ "ticket": ticket(), "method": method.name() })
            }
            Call::Confirm(_, _, method, _) => {
                json!({ "ticket": ticket(), "method": method.name(), "code": typed() })
            }
            Call::Verify(_, _, method, _, remember) => json!({
                "ticket": ticket(), "method": method.name(), "code": typed(),
                "remember": *remember == Remember::Yes,
            }),
            Call::Present(..) => {
                json!({ "ticket": ticket(), "code": self.secrets.presented(act.presented) })
            }
            Call::Acknowledge(..) => json!({ "code-id": self.secrets.code_id(act.presented) }),
            Call::Put(put) => {
                let mut args = voluntary();
                args["company"] = json!(put.owner.name());
                args["policy"] = put.policy.to_json();
                args["enforce-now"] = json!(put.enforce_now);
                args["expected"] = json!(act.expected);
                args
            }
            Call::Get(owner) => json!({ "company": owner.name() }),
            Call::Status(_) | Call::FirstFactorChanged(_) => json!({}),
            Call::Preview(user, begin, other, ahead) => {
                self.preview(*user, begin, other.as_ref(), *ahead)
            }
            Call::Reset(user, reset) => json!({
                "memberships": memberships(&reset.memberships),
                "company": reset.company.map(|it| it.name()),
                "actor": actor(*user, reset.actor),
                "identity-verified": reset.verified,
                "reason": "lost the phone",
            }),
            Call::Unlock(user, method) => {
                json!({ "method": method.name(), "actor": actor(*user, Actor::Operator) })
            }
            Call::AddTotp(user, import) => {
                let current = self.reference.step(import.entry);
                let by = if import.operator {
                    Actor::Operator
                } else {
                    Actor::Admin
                };
                json!({
                    "uri": IMPORTS[import.entry].uri,
                    "mark": import.mark.map(|it| current.saturating_add_signed(it)),
                    "actor": actor(*user, by),
                })
            }
            Call::Revoke(user, what) => json!({
                "actor": actor(*user, Actor::Operator),
                "what": match what {
                    Revocable::Tickets => "tickets",
                    Revocable::Devices => "devices",
                    Revocable::Recovery => "recovery",
                },
            }),
            Call::Erase(user) => json!({ "actor": actor(*user, Actor::Operator) }),
        };
        if let Some(user) = act.call.user() {
            args["user"] = json!(name(user));
        }
        args
    }

    fn preview(
        &self,
        user: Who,
        begin: &Begin,
        other: Option<&(
            crate::reference::policy::Owner,
            crate::reference::policy::Policy,
        )>,
        ahead: u64,
    ) -> Value {
        json!({
            "memberships": memberships(&begin.memberships),
            "first-factor": self.first_factor(user, begin.federated, begin.age, begin.carrier),
            "purpose": begin.purpose.to_json(),
            "hypothetical": other.map(|(owner, policy)| {
                json!({ "company": owner.name(), "policy": policy.to_json() })
            }),
            "at": self.reference.now + ahead,
        })
    }

    fn first_factor(&self, user: Who, federated: bool, age: u64, carrier: Carrier) -> Value {
        let kind = match federated {
            true => json!({ "federated": "idp" }),
            false => json!("password"),
        };
        let channel = match self.reference.carrying(user, carrier) {
            Some(number) => json!({ "phone": PHONES[number].text }),
            None => json!("direct"),
        };
        json!({ "kind": kind, "age": age, "channel": channel })
    }
}

/// Every function that takes a ticket, with this one.
pub(crate) fn with_a_ticket(user: Who, which: Which) -> Vec<Call> {
    let totp = Method::Totp;
    vec![
        Call::Verify(user, which, totp, Code::Wrong, Remember::No),
        Call::Verify(user, which, Method::Sms, Code::Wrong, Remember::Yes),
        Call::SendCode(user, which),
        Call::BeginSms(user, which, Dialled::Number(0)),
        Call::Resend(user, which),
        Call::Inspect(user, which),
        Call::BeginTotp(user, which),
        Call::Confirm(user, which, totp, Code::Wrong),
        Call::Cancel(user, which, totp),
        Call::Remove(user, which, totp),
        Call::Prefer(user, which, totp),
        Call::Present(user, which, Recovery::Wrong),
        Call::Issue(user, which),
        // Takes none, and is no way to learn whether there is a recovery code.
        Call::Acknowledge(user, Recovery::Wrong),
    ]
}

fn memberships(of: &[Membership]) -> Value {
    let each = of
        .iter()
        .map(|it| json!({ "company": it.company.name(), "roles": [], "active": it.active }));
    each.collect()
}

fn typed_number(dialled: Dialled) -> String {
    match dialled {
        Dialled::Number(number) => PHONES[number].text.to_owned(),
        Dialled::Respelt(number) => {
            let text = PHONES[number].text;
            format!(" {} ({})\u{a0}{}-.", &text[..3], &text[3..5], &text[5..])
        }
        Dialled::Malformed => "no number".to_owned(),
    }
}

fn actor(user: Who, actor: Actor) -> Value {
    match actor {
        Actor::Operator => json!({ "operator": "op" }),
        Actor::Admin => json!({ "user": "ada" }),
        Actor::Oneself => json!({ "user": name(user) }),
    }
}
