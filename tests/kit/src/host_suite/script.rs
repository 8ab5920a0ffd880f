//! Scripts for the probe, and the calls that carry them.

use serde_json::{Value, json};

/// A call of the probe.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) function: &'static str,
    pub(super) args: Value,
}

impl Call {
    /// A call about a user that names companies.
    pub(super) fn about(user: &str, companies: &[&str], script: &[Value]) -> Self {
        Self {
            function: "administration.reset",
            args: json!({
                "user": user,
                "memberships": memberships(companies),
                "company": null,
                "actor": { "operator": "probe" },
                "identity-verified": true,
                "reason": json!(script).to_string(),
            }),
        }
    }

    /// A call about ana that names no company.
    pub(super) fn ana(script: &[Value]) -> Self {
        Self::about("ana", &[], script)
    }

    /// A call that puts a company's policy, and is about no user.
    pub(super) fn policy_put(company: &str, script: &[Value]) -> Self {
        Self {
            function: "policy.put",
            args: json!({
                "company": company,
                "policy": a_policy(&json!(script).to_string()),
                "expected": null,
                "actor": { "operator": "probe" },
                "enforce-now": false,
            }),
        }
    }

    /// A call that may use the phone line.
    pub(super) fn phone(user: &str, script: &[Value]) -> Self {
        Self {
            function: "enrollment.begin-sms",
            args: json!({
                "user": user,
                "ticket": json!(script).to_string(),
                "phone": "+34600000001",
            }),
        }
    }

    /// A call of any function, with everything that it may name.
    pub(super) fn of(function: &Function, script: &[Value]) -> Self {
        let said = json!(script).to_string();
        let first_factor = json!({
            "kind": { "federated": said }, "age": 0, "channel": "direct",
        });
        let actor = json!({ "operator": said });
        let (ana, memberships) = ("ana", memberships(&["acme"]));
        let args = match function.name {
            "sign-in.begin" => json!({ "user": ana, "request": {
                "memberships": memberships,
                "first-factor": first_factor,
                "purpose": "sign-in",
                "device-token": null,
                "binding-attested": false,
                "known-enrolled": false,
            } }),
            "sign-in.assess" => json!({
                "user": ana,
                "memberships": memberships,
                "session": {
                    "first-factor": first_factor, "factor-at": null, "device-at": null, "epoch": 0,
                },
                "max-age": null,
            }),
            "enrollment.begin-totp" => {
                let label = json!({ "issuer": "Acme", "account-name": "ana" });
                json!({ "user": ana, "ticket": said, "label": label })
            }
            "enrollment.begin-sms" => return Self::phone(ana, script),
            "enrollment.cancel" | "enrollment.remove" | "enrollment.prefer" => {
                json!({ "user": ana, "ticket": said, "method": "totp" })
            }
            "enrollment.confirm" => {
                json!({ "user": ana, "ticket": said, "method": "totp", "code": "123456" })
            }
            "verification.verify" => json!({
                "user": ana, "ticket": said, "method": "totp", "code": "123456", "remember": false,
            }),
            "recovery.present" => json!({ "user": ana, "ticket": said, "code": "code" }),
            "recovery.acknowledge" => json!({ "user": ana, "code-id": said }),
            "policy.get" => json!({ "company": said }),
            "policy.put" => return Self::policy_put("acme", script),
            "administration.status" | "administration.first-factor-changed" => {
                json!({ "user": said })
            }
            "administration.preview" => json!({
                "user": ana,
                "memberships": memberships,
                "first-factor": first_factor,
                "purpose": "sign-in",
                "hypothetical": { "company": "globex", "policy": a_policy("") },
                "at": 0,
            }),
            "administration.reset" => return Self::about(ana, &["acme"], script),
            "administration.unlock" => json!({ "user": ana, "method": "totp", "actor": actor }),
            "administration.add-totp" => json!({
                "user": ana, "uri": said, "mark": null, "actor": { "operator": "probe" },
            }),
            "administration.revoke" => json!({ "user": ana, "actor": actor, "what": "tickets" }),
            "administration.erase" => json!({ "user": ana, "actor": actor }),
            // sign-in.inspect, enrollment.resend, verification.send-code, recovery.issue.
            _ => json!({ "user": ana, "ticket": said }),
        };
        Self {
            function: function.name,
            args,
        }
    }
}

/// A function, and what a call of it by [`Call::of`] may reach.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) user: About,
    /// The companies that it names, whose policies may be read.
    pub(super) names: &'static [&'static str],
    /// Whether it may have a message sent.
    pub(super) texts: bool,
}

/// Whom a call is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum About {
    Ana,
    /// Somebody who is called as the script is: the function has no other text.
    AStranger,
    Nobody,
}

/// Every function but `meta.describe`, which takes nothing.
pub(super) const FUNCTIONS: [Function; 25] = [
    of_ana("sign-in.begin", &["acme"]),
    of_ana("sign-in.inspect", &[]),
    of_ana("sign-in.assess", &["acme"]),
    of_ana("enrollment.begin-totp", &[]),
    texting("enrollment.begin-sms"),
    texting("enrollment.resend"),
    of_ana("enrollment.cancel", &[]),
    of_ana("enrollment.confirm", &[]),
    of_ana("enrollment.remove", &[]),
    of_ana("enrollment.prefer", &[]),
    texting("verification.send-code"),
    of_ana("verification.verify", &[]),
    of_ana("recovery.present", &[]),
    of_ana("recovery.issue", &[]),
    of_ana("recovery.acknowledge", &[]),
    of("policy.get", About::Nobody, &[]),
    of("policy.put", About::Nobody, &["acme"]),
    of("administration.status", About::AStranger, &[]),
    of_ana("administration.preview", &["acme", "globex"]),
    of_ana("administration.reset", &["acme"]),
    of_ana("administration.unlock", &[]),
    of_ana("administration.add-totp", &[]),
    of_ana("administration.revoke", &[]),
    of("administration.first-factor-changed", About::AStranger, &[]),
    of_ana("administration.erase", &[]),
];

const fn of_ana(name: &'static str, names: &'static [&'static str]) -> Function {
    of(name, About::Ana, names)
}

const fn of(name: &'static str, user: About, names: &'static [&'static str]) -> Function {
    Function {
        name,
        user,
        names,
        texts: false,
    }
}

const fn texting(name: &'static str) -> Function {
    Function {
        name,
        user: About::Ana,
        names: &[],
        texts: true,
    }
}

fn memberships(companies: &[&str]) -> Value {
    companies
        .iter()
        .map(|it| json!({ "company": it, "roles": [], "active": true }))
        .collect()
}

fn a_policy(trusted_provider: &str) -> Value {
    json!({
        "mode": "off",
        "methods": ["totp"],
        "role-methods": [],
        "trusted-providers": [trusted_provider],
        "first-binding": "password",
        "reset-authority": "realm",
        "totp-window": "plus-minus-one",
        "sms": {
            "countries": [],
            "per-hour": 5,
            "per-day": 10,
            "daily-budget": 1000,
            "enrolling-percent": 30,
            "lifetime-minutes": 10,
            "beyond-ten-minutes": false,
            "resend": "same",
            "may-manage-app": false,
        },
        "guessing": "per-factor",
        "reauth-interval": 43_200,
        "device-days": 0,
        "reminder-days": [],
    })
}

pub(super) fn account() -> Value {
    json!("account")
}

pub(super) fn tickets() -> Value {
    json!("tickets")
}

pub(super) fn policy(company: &str) -> Value {
    json!({ "policy": company })
}

pub(super) fn quota(name: &str) -> Value {
    json!({ "quota": name })
}

pub(super) fn get(ids: &[Value]) -> Value {
    json!({ "get": ids })
}

pub(super) fn commit(changes: &[Value]) -> Value {
    json!({ "commit": { "changes": changes, "events": [] } })
}

pub(super) fn commit_with(changes: &[Value], events: &[Value]) -> Value {
    json!({ "commit": { "changes": changes, "events": events } })
}

/// Puts a value where no record is expected.
pub(super) fn create(id: &Value, value: &str) -> Value {
    json!({ "put": { "id": id, "expected": null, "value": value } })
}

/// Puts a value in place of what this call read last.
pub(super) fn replace(id: &Value, value: &str) -> Value {
    json!({ "put": { "id": id, "expected": "read", "value": value } })
}

/// Puts a value of a length where no record is expected.
pub(super) fn fill(id: &Value, length: usize) -> Value {
    json!({ "put": { "id": id, "expected": null, "value": { "fill": length } } })
}

/// Deletes what this call read last.
pub(super) fn delete(id: &Value) -> Value {
    json!({ "delete": { "id": id, "expected": "read" } })
}

/// Checks that a record is as this call read it last.
pub(super) fn check(id: &Value) -> Value {
    json!({ "check": { "id": id, "expected": "read" } })
}

/// Raises a counter, which may be collected in a far future.
pub(super) fn add(id: &Value, amount: u64, ceiling: u64) -> Value {
    json!({ "add": {
        "id": id, "amount": amount, "ceiling": ceiling, "collectable-at": FAR_AWAY,
    } })
}

pub(super) fn mac(context: &str, data: &Value) -> Value {
    json!({ "mac": { "context": context, "data": data } })
}

pub(super) fn check_mac(context: &str, data: &Value, tag: &Value) -> Value {
    json!({ "check-mac": { "context": context, "data": data, "tag": tag } })
}

pub(super) fn index(context: &str, data: &Value) -> Value {
    json!({ "index": { "context": context, "data": data } })
}

/// The year 2100.
const FAR_AWAY: u64 = 4_102_444_800;
