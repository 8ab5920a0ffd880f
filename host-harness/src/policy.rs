//! A company's policy as JSON, in the form of [`call_json`](crate::Countersign::call_json).

use serde_json::{Value, json};

use crate::contract::policy::{
    FirstBinding, Guessing, Mode, Policy, Resend, ResetAuthority, RoleMethods, SmsRules, TotpWindow,
};
use crate::contract::{Deadline, Method};
use crate::dynamic::ArgumentError;
use crate::fields::{self, Fields, Fit, misfit, name_of};

impl Policy {
    /// Reads a policy from its JSON form: the record `policy` of `wit/policy.wit`, with the contract's names.
    ///
    /// The bounds of the values are not looked at: `policy.put` does that.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] for the first field that is missing, unknown or of another type. It does not hold the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_host::contract::policy::{Mode, Policy};
    ///
    /// let policy = Policy::app_only(Mode::Voluntary);
    /// let mut json = policy.to_json();
    /// assert_eq!(Policy::from_json(&json), Ok(policy));
    ///
    /// json["sms"]["per-hour"] = "five".into();
    /// let error = Policy::from_json(&json).unwrap_err();
    /// assert_eq!(error.to_string(), "policy.sms.per-hour: expected a whole number");
    /// ```
    pub fn from_json(json: &Value) -> Result<Self, ArgumentError> {
        let mut fields = Fields::of("policy", json)?;
        let (path, value) = fields.need("mode", MODES)?;
        let mode = mode(&path, value)?;
        let methods = fields.list("methods", method)?;
        let role_methods = fields.list("role-methods", role_methods)?;
        let trusted_providers = fields.list("trusted-providers", fields::text)?;
        let first_binding = fields.word("first-binding", &FIRST_BINDINGS)?;
        let reset_authority = fields.word("reset-authority", &RESET_AUTHORITIES)?;
        let totp_window = fields.word("totp-window", &TOTP_WINDOWS)?;
        let (path, value) = fields.need("sms", "an object")?;
        let policy = Self {
            mode,
            methods,
            role_methods,
            trusted_providers,
            first_binding,
            reset_authority,
            totp_window,
            sms: sms_rules(&path, value)?,
            guessing: fields.word("guessing", &GUESSINGS)?,
            reauth_interval: fields.whole("reauth-interval")?,
            device_days: fields.whole("device-days")?,
            reminder_days: fields.list("reminder-days", fields::whole)?,
        };
        fields.end()?;
        Ok(policy)
    }

    /// Reads a policy from text, such as a file.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json), and where the text is no JSON.
    pub fn parse(text: &str) -> Result<Self, ArgumentError> {
        Self::from_json(&fields::parse("policy", text)?)
    }

    /// Returns the policy in its JSON form, as `policy.put` takes it through
    /// [`call_json`](crate::Countersign::call_json).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let roles: Vec<Value> = self
            .role_methods
            .iter()
            .map(|it| json!({ "role": it.role, "methods": names(&it.methods) }))
            .collect();
        let mode = match &self.mode {
            Mode::Off => json!("off"),
            Mode::Voluntary => json!("voluntary"),
            Mode::EnforcedFrom(it) => {
                json!({ "enforced-from": { "at": it.at, "zone": it.zone } })
            }
        };
        json!({
            "mode": mode,
            "methods": names(&self.methods),
            "role-methods": roles,
            "trusted-providers": self.trusted_providers,
            "first-binding": name_of(&self.first_binding, &FIRST_BINDINGS),
            "reset-authority": name_of(&self.reset_authority, &RESET_AUTHORITIES),
            "totp-window": name_of(&self.totp_window, &TOTP_WINDOWS),
            "sms": {
                "countries": self.sms.countries,
                "per-hour": self.sms.per_hour,
                "per-day": self.sms.per_day,
                "daily-budget": self.sms.daily_budget,
                "enrolling-percent": self.sms.enrolling_percent,
                "lifetime-minutes": self.sms.lifetime_minutes,
                "beyond-ten-minutes": self.sms.beyond_ten_minutes,
                "resend": name_of(&self.sms.resend, &RESENDS),
                "may-manage-app": self.sms.may_manage_app,
            },
            "guessing": name_of(&self.guessing, &GUESSINGS),
            "reauth-interval": self.reauth_interval,
            "device-days": self.device_days,
            "reminder-days": self.reminder_days,
        })
    }
}

fn mode(path: &str, json: &Value) -> Fit<Mode> {
    match json {
        Value::String(it) if it == "off" => Ok(Mode::Off),
        Value::String(it) if it == "voluntary" => Ok(Mode::Voluntary),
        Value::Object(object) if object.len() == 1 => {
            let Some(deadline) = object.get("enforced-from") else {
                return Err(misfit(path, MODES));
            };
            let path = format!("{path}.enforced-from");
            let mut fields = Fields::of(&path, deadline)?;
            let deadline = Deadline {
                at: fields.whole("at")?,
                zone: fields.text("zone")?,
            };
            fields.end()?;
            Ok(Mode::EnforcedFrom(deadline))
        }
        _ => Err(misfit(path, MODES)),
    }
}

fn method(path: &str, json: &Value) -> Fit<Method> {
    fields::word(path, json, &METHODS)
}

fn names(methods: &[Method]) -> Vec<&'static str> {
    methods.iter().map(|it| name_of(it, &METHODS)).collect()
}

fn role_methods(path: &str, json: &Value) -> Fit<RoleMethods> {
    let mut fields = Fields::of(path, json)?;
    let it = RoleMethods {
        role: fields.text("role")?,
        methods: fields.list("methods", method)?,
    };
    fields.end()?;
    Ok(it)
}

fn sms_rules(path: &str, json: &Value) -> Fit<SmsRules> {
    let mut fields = Fields::of(path, json)?;
    let rules = SmsRules {
        countries: fields.list("countries", fields::text)?,
        per_hour: fields.whole("per-hour")?,
        per_day: fields.whole("per-day")?,
        daily_budget: fields.whole("daily-budget")?,
        enrolling_percent: fields.whole("enrolling-percent")?,
        lifetime_minutes: fields.whole("lifetime-minutes")?,
        beyond_ten_minutes: fields.flag("beyond-ten-minutes")?,
        resend: fields.word("resend", &RESENDS)?,
        may_manage_app: fields.flag("may-manage-app")?,
    };
    fields.end()?;
    Ok(rules)
}

const MODES: &str = r#""off", "voluntary" or {"enforced-from": {"at": seconds, "zone": name}}"#;

pub(crate) const METHODS: [(&str, Method); 2] = [("totp", Method::Totp), ("sms", Method::Sms)];

// From here on the laxer one stands first.

pub(crate) const FIRST_BINDINGS: [(&str, FirstBinding); 2] = [
    ("password", FirstBinding::Password),
    ("attested", FirstBinding::Attested),
];

pub(crate) const RESET_AUTHORITIES: [(&str, ResetAuthority); 2] = [
    ("any-company", ResetAuthority::AnyCompany),
    ("realm", ResetAuthority::Realm),
];

pub(crate) const TOTP_WINDOWS: [(&str, TotpWindow); 2] = [
    ("plus-minus-one", TotpWindow::PlusMinusOne),
    ("current-and-previous", TotpWindow::CurrentAndPrevious),
];

pub(crate) const RESENDS: [(&str, Resend); 2] = [("same", Resend::Same), ("fresh", Resend::Fresh)];

pub(crate) const GUESSINGS: [(&str, Guessing); 2] = [
    ("per-factor", Guessing::PerFactor),
    ("also-user-wide-ten", Guessing::AlsoUserWideTen),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let mut json = Policy::app_only(Mode::Voluntary).to_json();
        change(&mut json);
        Policy::from_json(&json).unwrap_err().to_string()
    }

    #[test]
    fn a_policy_is_the_same_after_a_journey_through_json() {
        let mut policy = Policy::app_only(Mode::EnforcedFrom(Deadline {
            at: 1_792_393_200,
            zone: "America/Los_Angeles".to_owned(),
        }));
        policy.role_methods = vec![RoleMethods {
            role: "payor".to_owned(),
            methods: vec![Method::Totp],
        }];
        policy.sms.countries = vec!["ES".to_owned()];
        for mode in [policy.mode.clone(), Mode::Off, Mode::Voluntary] {
            policy.mode = mode;
            assert_eq!(
                Policy::parse(&policy.to_json().to_string()),
                Ok(policy.clone())
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_named_with_what_was_expected() {
        for (error, expected) in [
            (
                refused(|it| it["role-methods"] = json!([{ "role": "a", "methods": ["app"] }])),
                "policy.role-methods[0].methods[0]: expected totp or sms",
            ),
            (
                refused(|it| it["mode"] = json!({ "enforced-from": { "at": -1, "zone": "UTC" } })),
                "policy.mode.enforced-from.at: expected a whole number",
            ),
            (
                refused(|it| it["device-days"] = json!(null)),
                "policy.device-days: expected a whole number",
            ),
            (
                refused(|it| it["sms"]["may-manage-app"] = json!("no")),
                "policy.sms.may-manage-app: expected true or false",
            ),
            (refused(|it| *it = json!([])), "policy: expected an object"),
        ] {
            assert_eq!(error, expected);
        }
        let unknown = refused(|it| it["device-dayz"] = json!(1));
        assert!(
            unknown.starts_with("policy.device-dayz: expected no such field; there are: mode, "),
            "{unknown}"
        );
        let cut = Policy::parse("{\"mode\": ").unwrap_err().to_string();
        assert!(cut.starts_with("policy: expected JSON: EOF"), "{cut}");
    }
}
