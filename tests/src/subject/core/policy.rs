//! Policies, both ways.

use countersign_core::failure::Failure;
use countersign_core::method::Methods;
use countersign_core::policy as core;
use countersign_core::time::{Instant, Span};
use countersign_core::totp::Window;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::Method;
use super::output::methods;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Policy {
    mode: Mode,
    methods: Vec<Method>,
    role_methods: Vec<RoleMethods>,
    trusted_providers: Vec<String>,
    first_binding: FirstBinding,
    reset_authority: ResetAuthority,
    totp_window: TotpWindow,
    sms: SmsRules,
    guessing: Guessing,
    reauth_interval: u32,
    device_days: u32,
    reminder_days: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Hypothetical {
    pub(super) company: String,
    pub(super) policy: Policy,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Off,
    Voluntary,
    EnforcedFrom(Deadline),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Deadline {
    at: u64,
    zone: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RoleMethods {
    role: String,
    methods: Vec<Method>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FirstBinding {
    Password,
    Attested,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ResetAuthority {
    Realm,
    AnyCompany,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TotpWindow {
    PlusMinusOne,
    CurrentAndPrevious,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Resend {
    Same,
    Fresh,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Guessing {
    PerFactor,
    AlsoUserWideTen,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SmsRules {
    countries: Vec<String>,
    per_hour: u32,
    per_day: u32,
    daily_budget: u32,
    enrolling_percent: u32,
    lifetime_minutes: u32,
    beyond_ten_minutes: bool,
    resend: Resend,
    may_manage_app: bool,
}

impl Policy {
    /// Parses the sets of methods; the other bounds are checked where it is put.
    pub(super) fn parse(self) -> Result<core::Policy, Failure> {
        let mut role_methods = Vec::with_capacity(self.role_methods.len());
        for (i, it) in self.role_methods.into_iter().enumerate() {
            let field = format!("policy.role-methods[{i}].methods");
            role_methods.push((it.role, method_set(&it.methods, &field)?));
        }
        Ok(core::Policy {
            mode: match self.mode {
                Mode::Off => core::Mode::Off,
                Mode::Voluntary => core::Mode::Voluntary,
                Mode::EnforcedFrom(deadline) => core::Mode::EnforcedFrom(core::Deadline {
                    at: Instant::new(deadline.at),
                    zone: deadline.zone,
                }),
            },
            methods: method_set(&self.methods, "policy.methods")?,
            role_methods,
            trusted_providers: self.trusted_providers,
            first_binding: match self.first_binding {
                FirstBinding::Password => core::FirstBinding::Password,
                FirstBinding::Attested => core::FirstBinding::Attested,
            },
            reset_authority: match self.reset_authority {
                ResetAuthority::Realm => core::ResetAuthority::Realm,
                ResetAuthority::AnyCompany => core::ResetAuthority::AnyCompany,
            },
            window: match self.totp_window {
                TotpWindow::PlusMinusOne => Window::PlusMinusOne,
                TotpWindow::CurrentAndPrevious => Window::CurrentAndPrevious,
            },
            sms: self.sms.parse(),
            guessing: match self.guessing {
                Guessing::PerFactor => core::Guessing::PerFactor,
                Guessing::AlsoUserWideTen => core::Guessing::AlsoUserWideTen,
            },
            reauth: Span::seconds(self.reauth_interval.into()),
            device_days: self.device_days,
            reminder_days: self.reminder_days,
        })
    }
}

impl SmsRules {
    fn parse(self) -> core::SmsRules {
        core::SmsRules {
            countries: self.countries,
            per_hour: self.per_hour,
            per_day: self.per_day,
            daily_budget: self.daily_budget,
            enrolling_percent: self.enrolling_percent,
            lifetime_minutes: self.lifetime_minutes,
            beyond_ten_minutes: self.beyond_ten_minutes,
            resend: match self.resend {
                Resend::Same => core::Resend::Same,
                Resend::Fresh => core::Resend::Fresh,
            },
            may_manage_app: self.may_manage_app,
        }
    }
}

/// A stored policy, with its revision.
pub(super) fn stored(it: &core::StoredPolicy) -> Value {
    let policy = &it.policy;
    let roles = policy.role_methods.iter();
    let roles =
        roles.map(|(role, set)| json!({ "role": role, "methods": methods(&set.to_list()) }));
    json!({
        "revision": it.revision,
        "policy": {
            "mode": match &policy.mode {
                core::Mode::Off => json!("off"),
                core::Mode::Voluntary => json!("voluntary"),
                core::Mode::EnforcedFrom(deadline) => json!({ "enforced-from": {
                    "at": deadline.at.as_seconds(),
                    "zone": deadline.zone,
                } }),
            },
            "methods": methods(&policy.methods.to_list()),
            "role-methods": roles.collect::<Value>(),
            "trusted-providers": policy.trusted_providers,
            "first-binding": match policy.first_binding {
                core::FirstBinding::Password => "password",
                core::FirstBinding::Attested => "attested",
            },
            "reset-authority": match policy.reset_authority {
                core::ResetAuthority::Realm => "realm",
                core::ResetAuthority::AnyCompany => "any-company",
            },
            "totp-window": match policy.window {
                Window::PlusMinusOne => "plus-minus-one",
                Window::CurrentAndPrevious => "current-and-previous",
            },
            "sms": sms_rules(&policy.sms),
            "guessing": match policy.guessing {
                core::Guessing::PerFactor => "per-factor",
                core::Guessing::AlsoUserWideTen => "also-user-wide-ten",
            },
            "reauth-interval": policy.reauth.as_seconds(),
            "device-days": policy.device_days,
            "reminder-days": policy.reminder_days,
        },
    })
}

fn sms_rules(rules: &core::SmsRules) -> Value {
    json!({
        "countries": rules.countries,
        "per-hour": rules.per_hour,
        "per-day": rules.per_day,
        "daily-budget": rules.daily_budget,
        "enrolling-percent": rules.enrolling_percent,
        "lifetime-minutes": rules.lifetime_minutes,
        "beyond-ten-minutes": rules.beyond_ten_minutes,
        "resend": match rules.resend {
            core::Resend::Same => "same",
            core::Resend::Fresh => "fresh",
        },
        "may-manage-app": rules.may_manage_app,
    })
}

fn method_set(list: &[Method], field: &str) -> Result<Methods, Failure> {
    let list: Vec<_> = list.iter().map(|it| it.parse()).collect();
    Methods::parse(&list, field)
}
