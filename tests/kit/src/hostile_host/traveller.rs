//! Whoever makes a journey, and what they make of a host that lies.

mod aftermath;

use std::sync::Arc;

use serde_json::{Value, json};

use super::journey::{Honest, Journey, Move, Told};
use super::{Harm, HostileHost};
use crate::authenticator::Authenticator;
use crate::subject::{Fault, Instance, Subject};
use crate::world::{Lie, World};

/// What was told on a journey on which lies were told.
#[derive(Default)]
struct Seen {
    /// How many wrong codes of factors were counted when it began.
    before: u64,
    /// How many were told since that an honest host counts for a factor.
    counted: u64,
    /// What was told to be wrong, with the tries that were said to be left.
    rejected: Vec<(Move, u64)>,
    accepted: Vec<Spent>,
}

/// A code that was accepted.
struct Spent {
    by: Move,
    /// On which ticket it was typed.
    ticket: Value,
    code: String,
}

/// Whoever makes a journey, and what they have at hand.
pub(super) struct Traveller {
    pub(super) world: World,
    instance: Arc<dyn Instance>,
    ticket: Value,
    epoch: Value,
    /// The keys of apps, the newest last.
    apps: Vec<String>,
    recovery: Value,
    /// The code that was last typed.
    typed: String,
    enrolled: bool,
}

impl Traveller {
    /// Makes a journey in a host that lies, and returns the harm that comes of it.
    pub(super) async fn deceived(
        subject: &dyn Subject,
        journey: &Journey,
        host: &HostileHost,
        told: Told,
        honest: &Honest,
    ) -> Vec<(Harm, String)> {
        let mut harm = Vec::new();
        let mut traveller = match Self::set_out(subject, journey, host).await {
            Ok(traveller) => traveller,
            Err(why) => return vec![(Harm::Broken, why)],
        };
        let mut seen = Seen {
            before: traveller.wrong_codes().await.unwrap_or(0),
            ..Seen::default()
        };
        for (i, it) in journey.moves.iter().enumerate() {
            if i == told.call {
                let (on, lasts) = (told.use_, told.lasts);
                traveller
                    .world
                    .lying()
                    .plan(host.lie, host.kind(), on, lasts);
            } else if i > told.call && !told.lasts {
                traveller.world.lying().end();
            }
            let ticket = traveller.ticket.clone();
            let answer = match traveller.make(*it).await {
                Ok(answer) => answer,
                Err(fault) => {
                    harm.push((Harm::Trap, format!("{it:?}: {fault}")));
                    break;
                }
            };
            let wanted = honest.answers.get(i).unwrap_or(&Value::Null);
            if reach(&answer) > reach(wanted) {
                let why = format!("{it:?}: expected no more than {wanted}, found {answer}");
                harm.push((Harm::More, why));
            }
            let is_counted = honest.counted.get(i).is_some_and(|counted| *counted);
            if let Some(left) = attempts_left(&answer) {
                seen.counted = seen.counted.saturating_add(u64::from(is_counted));
                if it.is_wrong() {
                    seen.rejected.push((*it, left));
                }
            }
            if it.spends() && case(&answer) == Some("accepted") {
                let code = traveller.typed.clone();
                seen.accepted.push(Spent {
                    by: *it,
                    ticket,
                    code,
                });
            }
        }
        traveller.world.lying().end();
        harm.extend(traveller.aftermath(seen).await);
        harm
    }

    /// Puts a plugin into an honest world in which ana and bea are known as the journey wants it.
    pub(super) async fn set_out(
        subject: &dyn Subject,
        journey: &Journey,
        host: &HostileHost,
    ) -> Result<Self, String> {
        let world = World::new(SEED);
        let mut traveller = Self {
            instance: subject.start(&world),
            world,
            ticket: json!("none"),
            epoch: json!(0),
            apps: Vec::new(),
            recovery: json!("none"),
            typed: String::new(),
            enrolled: false,
        };
        traveller.put_policy(journey).await?;
        if host.lie == Lie::GetOfAnother {
            traveller.others_app().await?;
        }
        for it in journey.before {
            let answer = traveller
                .make(*it)
                .await
                .map_err(|fault| fault.to_string())?;
            if answer.get("err").is_some() {
                return Err(format!("{it:?} was refused: {answer}"));
            }
        }
        traveller.enrolled = !traveller.apps.is_empty();
        Ok(traveller)
    }

    async fn put_policy(&self, journey: &Journey) -> Result<(), String> {
        let at = World::START.saturating_sub(86_400);
        let args = json!({
            "company": "acme",
            "actor": { "operator": "op" },
            "enforce-now": true,
            "policy": {
                "mode": match journey.enforced {
                    true => json!({ "enforced-from": { "at": at, "zone": "UTC" } }),
                    false => json!("voluntary"),
                },
                "methods": if journey.texts { json!(["totp", "sms"]) } else { json!(["totp"]) },
                "role-methods": [],
                "trusted-providers": [],
                "first-binding": "password",
                "reset-authority": "realm",
                "totp-window": "plus-minus-one",
                "guessing": "per-factor",
                "reauth-interval": 43_200,
                "device-days": 0,
                "reminder-days": [],
                "sms": {
                    "countries": ["US"], "per-hour": 5, "per-day": 10, "daily-budget": 1_000,
                    "enrolling-percent": 30, "lifetime-minutes": 10, "beyond-ten-minutes": false,
                    "resend": "same", "may-manage-app": false,
                },
            },
        });
        let put = self.ask("policy.put", args).await?;
        match put.get("ok") {
            Some(_) => Ok(()),
            None => Err(format!("the policy was refused: {put}")),
        }
    }

    async fn others_app(&self) -> Result<(), String> {
        let begun = self
            .ask("sign-in.begin", begin("bea", "manage-factors", false))
            .await?;
        let ticket = found(&begun, "/ok/enroll/ticket")?;
        let args = json!({ "user": "bea", "ticket": ticket, "label": label() });
        let setup = self.ask("enrollment.begin-totp", args).await?;
        let key = found(&setup, "/ok/secret")?;
        let code = self.app(key.as_str().unwrap_or_default())?.code(self.now());
        let args = json!({ "user": "bea", "ticket": ticket, "method": "totp", "code": code });
        let confirmed = self.ask("enrollment.confirm", args).await?;
        found(&confirmed, "/ok/accepted").map(|_| ())
    }

    /// Makes a call, and keeps what it brings.
    pub(super) async fn make(&mut self, it: Move) -> Result<Value, Fault> {
        let (user, ticket) = ("ana", self.ticket.clone());
        let on = |more: Value| with(json!({ "user": user, "ticket": ticket }), &more);
        let newest = self.apps.last().cloned().unwrap_or_default();
        let app = self.app(&newest).map_err(Fault::Stopped);
        let now = self.now();
        let code = match it {
            Move::Right | Move::Confirm => app?.code(now),
            Move::Wrong | Move::WrongConfirm => app?.wrong_code(now, 0),
            Move::Early => app?.code_near(now, -5),
            Move::Again => self.typed.clone(),
            Move::ConfirmSms | Move::RightSms => self.text(),
            Move::WrongSms => match self.text().as_str() {
                "000000" => "000001".to_owned(),
                _ => "000000".to_owned(),
            },
            _ => String::new(),
        };
        let typed = |method: &str| on(json!({ "method": method, "code": code }));
        let verify = |method| with(typed(method), &json!({ "remember": false }));
        let (function, args) = match it {
            Move::Wait => {
                self.world.clock().advance(90);
                return Ok(json!({ "ok": null }));
            }
            Move::SignIn => ("sign-in.begin", begin(user, "sign-in", self.enrolled)),
            Move::Settings => (
                "sign-in.begin",
                begin(user, "manage-factors", self.enrolled),
            ),
            Move::Assess => ("sign-in.assess", self.session()),
            Move::BeginTotp => ("enrollment.begin-totp", on(json!({ "label": label() }))),
            Move::Confirm | Move::WrongConfirm => ("enrollment.confirm", typed("totp")),
            Move::Right | Move::Wrong | Move::Again | Move::Early => {
                ("verification.verify", verify("totp"))
            }
            Move::Recover => ("recovery.present", on(json!({ "code": self.recovery }))),
            Move::WrongRecovery => (
                "recovery.present",
                on(json!({ "code": wrong(&self.recovery) })),
            ),
            Move::Issue => ("recovery.issue", on(json!({}))),
            Move::Prefer => ("enrollment.prefer", on(json!({ "method": "totp" }))),
            Move::BeginSms => ("enrollment.begin-sms", on(json!({ "phone": PHONE }))),
            Move::ConfirmSms => ("enrollment.confirm", typed("sms")),
            Move::SendCode => ("verification.send-code", on(json!({}))),
            Move::RightSms | Move::WrongSms => ("verification.verify", verify("sms")),
        };
        if !code.is_empty() {
            self.typed = code;
        }
        let answer = self.instance.call(function, &args).await?;
        self.keep(&answer);
        Ok(answer)
    }

    fn keep(&mut self, answer: &Value) {
        let tickets = [
            "/ok/challenge/ticket",
            "/ok/enroll/ticket",
            "/ok/accepted/ticket",
            "/ok/accepted/done/next-ticket/ticket",
        ];
        if let Some(ticket) = tickets.iter().find_map(|at| answer.pointer(at)) {
            self.ticket = ticket.clone();
        }
        if let Some(key) = answer.pointer("/ok/secret").and_then(Value::as_str) {
            self.apps.push(key.to_owned());
        }
        let codes = ["/ok/accepted/recovery-code/code", "/ok/code"];
        if let Some(code) = codes.iter().find_map(|at| answer.pointer(at)) {
            self.recovery = code.clone();
        }
        let epochs = ["/ok/accepted/assertion/epoch", "/ok/accepted/done/epoch"];
        if let Some(epoch) = epochs.iter().find_map(|at| answer.pointer(at)) {
            self.epoch = epoch.clone();
        }
    }

    async fn ask(&self, function: &str, args: Value) -> Result<Value, String> {
        let answer = self.instance.call(function, &args).await;
        answer.map_err(|fault| format!("{function}: {fault}"))
    }

    fn session(&self) -> Value {
        json!({
            "user": "ana",
            "memberships": memberships(),
            "session": { "first-factor": first_factor(), "epoch": self.epoch },
        })
    }

    fn app(&self, key: &str) -> Result<Authenticator, String> {
        match key {
            // Nothing was begun: any code will do, and none is right.
            "" => Authenticator::scan("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            key => Authenticator::scan(key),
        }
    }

    /// Returns the code of the last text message.
    fn text(&self) -> String {
        let messages = self.world.line().messages();
        messages
            .last()
            .map_or("123456".to_owned(), |it| it.code.clone())
    }

    fn now(&self) -> u64 {
        self.world.clock().time()
    }
}

/// How far an answer leads: 2 lets in, 1 changes something or offers to enroll, 0 is neither.
fn reach(answer: &Value) -> u8 {
    match case(answer) {
        Some("allow" | "accepted" | "continue") => 2,
        // What becomes of a session is a text; it is over.
        Some("enroll") if answer.pointer("/ok").is_some_and(Value::is_string) => 0,
        Some("challenge" | "deny" | "rejected" | "end") => 0,
        Some(_) => 1,
        None if answer.get("ok").is_some() => 1,
        None => 0,
    }
}

/// Returns how many tries an answer says are left, if it says that a code is wrong. One that is only late does not count.
fn attempts_left(answer: &Value) -> Option<u64> {
    let rejected = answer.pointer("/ok/rejected")?;
    let is_wrong = rejected.get("reason") == Some(&json!("wrong"));
    let left = rejected.get("attempts-left")?.as_u64();
    left.filter(|_| is_wrong)
}

/// Returns the case of a variant in an answer that is no failure.
fn case(answer: &Value) -> Option<&str> {
    match answer.get("ok")? {
        Value::String(case) => Some(case),
        Value::Object(fields) if fields.len() == 1 => fields.keys().next().map(String::as_str),
        _ => None,
    }
}

fn begin(user: &str, purpose: &str, known: bool) -> Value {
    json!({
        "user": user,
        "request": {
            "memberships": memberships(),
            "first-factor": first_factor(),
            "purpose": purpose,
            "binding-attested": false,
            "known-enrolled": known,
        },
    })
}

fn memberships() -> Value {
    json!([{ "company": "acme", "roles": [], "active": true }])
}

fn first_factor() -> Value {
    json!({ "kind": "password", "age": 0, "channel": "direct" })
}

fn label() -> Value {
    json!({ "issuer": "Example", "account-name": "ana@example.com" })
}

fn with(mut args: Value, more: &Value) -> Value {
    if let (Value::Object(args), Value::Object(more)) = (&mut args, more) {
        args.extend(more.clone());
    }
    args
}

fn found(answer: &Value, at: &str) -> Result<Value, String> {
    let found = answer.pointer(at).cloned();
    found.ok_or_else(|| format!("expected {at}, found {answer}"))
}

/// Changes the last character of a code to another that could stand there.
fn wrong(code: &Value) -> Value {
    let mut code = code.as_str().unwrap_or_default().to_owned();
    let last = code.pop();
    code.push(if last == Some('0') { '2' } else { '0' });
    json!(code)
}

const PHONE: &str = "+12025550100";
/// Every world of a journey is the same.
pub(super) const SEED: u64 = 1;
