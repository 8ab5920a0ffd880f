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
        let memberships: Vec<Value> = companies
            .iter()
            .map(|it| json!({ "company": it, "roles": [], "active": true }))
            .collect();
        Self {
            function: "administration.reset",
            args: json!({
                "user": user,
                "memberships": memberships,
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
                "policy": {
                    "mode": "off",
                    "methods": ["totp"],
                    "role-methods": [],
                    "trusted-providers": [json!(script).to_string()],
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
                },
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
