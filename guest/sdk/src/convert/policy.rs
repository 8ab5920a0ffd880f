//! Policies, both ways.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use countersign_core::failure::Failure;
use countersign_core::method::Methods;
use countersign_core::policy::{
    Deadline, FirstBinding, Guessing, Mode, Policy, Resend, ResetAuthority, SmsRules, StoredPolicy,
};
use countersign_core::time::{Instant, Span};
use countersign_core::totp::Window;

use super::input::method;
use super::output::methods;
use crate::bindings::countersign::mfa::types;
use crate::bindings::exports::countersign::mfa::policy as wit;

/// Takes a policy; its other bounds are checked where it is put.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn policy(policy: wit::Policy) -> Result<Policy, Failure> {
    Ok(Policy {
        mode: match policy.mode {
            wit::Mode::Off => Mode::Off,
            wit::Mode::Voluntary => Mode::Voluntary,
            wit::Mode::EnforcedFrom(deadline) => Mode::EnforcedFrom(Deadline {
                at: Instant::new(deadline.at),
                zone: deadline.zone,
            }),
        },
        methods: method_set(policy.methods, "policy.methods")?,
        role_methods: policy
            .role_methods
            .into_iter()
            .enumerate()
            .map(|(i, it)| {
                let field = format!("policy.role-methods[{i}].methods");
                Ok((it.role, method_set(it.methods, &field)?))
            })
            .collect::<Result<Vec<(String, Methods)>, Failure>>()?,
        trusted_providers: policy.trusted_providers,
        first_binding: match policy.first_binding {
            wit::FirstBinding::Password => FirstBinding::Password,
            wit::FirstBinding::Attested => FirstBinding::Attested,
        },
        reset_authority: match policy.reset_authority {
            wit::ResetAuthority::Realm => ResetAuthority::Realm,
            wit::ResetAuthority::AnyCompany => ResetAuthority::AnyCompany,
        },
        window: match policy.totp_window {
            wit::TotpWindow::PlusMinusOne => Window::PlusMinusOne,
            wit::TotpWindow::CurrentAndPrevious => Window::CurrentAndPrevious,
        },
        sms: SmsRules {
            countries: policy.sms.countries,
            per_hour: policy.sms.per_hour,
            per_day: policy.sms.per_day,
            daily_budget: policy.sms.daily_budget,
            enrolling_percent: policy.sms.enrolling_percent,
            lifetime_minutes: policy.sms.lifetime_minutes,
            beyond_ten_minutes: policy.sms.beyond_ten_minutes,
            resend: match policy.sms.resend {
                wit::Resend::Same => Resend::Same,
                wit::Resend::Fresh => Resend::Fresh,
            },
            may_manage_app: policy.sms.may_manage_app,
        },
        guessing: match policy.guessing {
            wit::Guessing::PerFactor => Guessing::PerFactor,
            wit::Guessing::AlsoUserWideTen => Guessing::AlsoUserWideTen,
        },
        reauth: Span::seconds(u64::from(policy.reauth_interval)),
        device_days: policy.device_days,
        reminder_days: policy.reminder_days,
    })
}

/// Renames a stored policy.
pub fn policy_to_wit(stored: StoredPolicy) -> wit::StoredPolicy {
    let StoredPolicy {
        policy, revision, ..
    } = stored;
    wit::StoredPolicy {
        revision,
        policy: wit::Policy {
            mode: match policy.mode {
                Mode::Off => wit::Mode::Off,
                Mode::Voluntary => wit::Mode::Voluntary,
                Mode::EnforcedFrom(deadline) => wit::Mode::EnforcedFrom(types::Deadline {
                    at: deadline.at.as_seconds(),
                    zone: deadline.zone,
                }),
            },
            methods: methods(policy.methods.to_list()),
            role_methods: policy
                .role_methods
                .into_iter()
                .map(|(role, set)| wit::RoleMethods {
                    role,
                    methods: methods(set.to_list()),
                })
                .collect(),
            trusted_providers: policy.trusted_providers,
            first_binding: match policy.first_binding {
                FirstBinding::Password => wit::FirstBinding::Password,
                FirstBinding::Attested => wit::FirstBinding::Attested,
            },
            reset_authority: match policy.reset_authority {
                ResetAuthority::Realm => wit::ResetAuthority::Realm,
                ResetAuthority::AnyCompany => wit::ResetAuthority::AnyCompany,
            },
            totp_window: match policy.window {
                Window::PlusMinusOne => wit::TotpWindow::PlusMinusOne,
                Window::CurrentAndPrevious => wit::TotpWindow::CurrentAndPrevious,
            },
            sms: wit::SmsRules {
                countries: policy.sms.countries,
                per_hour: policy.sms.per_hour,
                per_day: policy.sms.per_day,
                daily_budget: policy.sms.daily_budget,
                enrolling_percent: policy.sms.enrolling_percent,
                lifetime_minutes: policy.sms.lifetime_minutes,
                beyond_ten_minutes: policy.sms.beyond_ten_minutes,
                resend: match policy.sms.resend {
                    Resend::Same => wit::Resend::Same,
                    Resend::Fresh => wit::Resend::Fresh,
                },
                may_manage_app: policy.sms.may_manage_app,
            },
            guessing: match policy.guessing {
                Guessing::PerFactor => wit::Guessing::PerFactor,
                Guessing::AlsoUserWideTen => wit::Guessing::AlsoUserWideTen,
            },
            reauth_interval: u32::try_from(policy.reauth.as_seconds()).unwrap_or(u32::MAX),
            device_days: policy.device_days,
            reminder_days: policy.reminder_days,
        },
    }
}

fn method_set(list: Vec<types::Method>, field: &str) -> Result<Methods, Failure> {
    let list: Vec<_> = list.into_iter().map(method).collect();
    Methods::parse(&list, field)
}
