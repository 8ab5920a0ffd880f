//! The policy of tests that need just any.

use serde_json::{Value, json};

/// The arguments of a `policy.put` that makes MFA voluntary in the company `acme`, with the app as the only method.
#[must_use]
pub fn voluntary() -> Value {
    json!({ "company": "acme", "actor": { "operator": "op" }, "enforce-now": false, "policy": {
        "mode": "voluntary", "methods": ["totp"], "role-methods": [], "trusted-providers": [],
        "first-binding": "password", "reset-authority": "realm", "totp-window": "plus-minus-one",
        "guessing": "per-factor", "reauth-interval": 43200, "device-days": 0, "reminder-days": [],
        "sms": { "countries": [], "per-hour": 5, "per-day": 10, "daily-budget": 1000,
            "enrolling-percent": 30, "lifetime-minutes": 10, "beyond-ten-minutes": false,
            "resend": "same", "may-manage-app": false },
    } })
}
