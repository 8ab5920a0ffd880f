//! A policy, in the contract's JSON.

use countersign_host::contract::policy;
use countersign_host::contract::{Deadline, Method};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::ticket::MethodName;
use crate::api::whole::Instant;

/// What a company asks of its people.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[schema(as = Policy)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PolicyView {
    mode: ModeName,
    /// What may be enrolled; contains `totp`.
    #[schema(min_items = 1, max_items = 2)]
    methods: Vec<MethodName>,
    /// Roles with methods of their own.
    #[schema(max_items = 32)]
    role_methods: Vec<RoleMethods>,
    /// Single sign-on providers whose users need no factor of ours.
    #[schema(max_items = 32)]
    trusted_providers: Vec<String>,
    first_binding: FirstBinding,
    reset_authority: ResetAuthority,
    totp_window: TotpWindow,
    sms: SmsRules,
    guessing: Guessing,
    /// Seconds after which a factor must be shown again.
    #[schema(minimum = 300, maximum = 2_592_000)]
    reauth_interval: u32,
    /// Days that a trusted device is good for; 0 for none.
    #[schema(maximum = 90)]
    device_days: u32,
    /// Days before the deadline on which people without a factor are reminded.
    #[schema(max_items = 8)]
    reminder_days: Vec<u32>,
}

/// Returns a policy that could be put, for the document.
pub(super) fn example() -> PolicyView {
    let mode = policy::Mode::EnforcedFrom(Deadline {
        at: 4_102_444_800,
        zone: "Europe/Madrid".to_owned(),
    });
    policy::Policy::app_only(mode).into()
}

/// Whether MFA is used.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[schema(as = Mode)]
#[serde(rename_all = "kebab-case")]
enum ModeName {
    Off,
    Voluntary,
    EnforcedFrom(DeadlineView),
}

/// From when on MFA is required.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[schema(as = Deadline)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DeadlineView {
    /// In seconds since 1970.
    #[schema(inline)]
    at: Instant,
    /// The time zone that it was meant in, such as `Europe/Madrid`.
    #[schema(min_length = 1, max_length = 64)]
    zone: String,
}

/// Methods of a role.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RoleMethods {
    #[schema(min_length = 1, max_length = 64)]
    role: String,
    #[schema(min_items = 1, max_items = 2)]
    methods: Vec<MethodName>,
}

/// How a first factor comes to be bound.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum FirstBinding {
    Password,
    Attested,
}

/// Who may reset somebody of several companies.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ResetAuthority {
    Realm,
    AnyCompany,
}

/// Which codes of an app are taken.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum TotpWindow {
    PlusMinusOne,
    CurrentAndPrevious,
}

/// Where wrong codes are counted.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Guessing {
    PerFactor,
    AlsoUserWideTen,
}

/// What a resend does.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Resend {
    Same,
    Fresh,
}

/// The rules for text messages.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SmsRules {
    /// Countries that may be sent to when enrolling, two capital letters each.
    #[schema(max_items = 249)]
    countries: Vec<String>,
    #[schema(minimum = 1, maximum = 20)]
    per_hour: u32,
    #[schema(minimum = 1, maximum = 50)]
    per_day: u32,
    #[schema(minimum = 1, maximum = 1_000_000)]
    daily_budget: u32,
    #[schema(maximum = 100)]
    enrolling_percent: u32,
    /// More than 10 needs `beyond-ten-minutes`.
    #[schema(minimum = 1, maximum = 30)]
    lifetime_minutes: u32,
    beyond_ten_minutes: bool,
    resend: Resend,
    may_manage_app: bool,
}

/// Translates cases that have the same names on both sides.
macro_rules! same_cases {
    ($($ours:ident, $theirs:path { $($case:ident),+ };)+) => {$(
        impl From<$ours> for $theirs {
            fn from(it: $ours) -> Self {
                match it { $($ours::$case => Self::$case),+ }
            }
        }

        impl From<$theirs> for $ours {
            fn from(it: $theirs) -> Self {
                match it { $(<$theirs>::$case => Self::$case),+ }
            }
        }
    )+};
}

same_cases! {
    FirstBinding, policy::FirstBinding { Password, Attested };
    ResetAuthority, policy::ResetAuthority { Realm, AnyCompany };
    TotpWindow, policy::TotpWindow { PlusMinusOne, CurrentAndPrevious };
    Guessing, policy::Guessing { PerFactor, AlsoUserWideTen };
    Resend, policy::Resend { Same, Fresh };
}

impl From<PolicyView> for policy::Policy {
    fn from(view: PolicyView) -> Self {
        Self {
            mode: match view.mode {
                ModeName::Off => policy::Mode::Off,
                ModeName::Voluntary => policy::Mode::Voluntary,
                ModeName::EnforcedFrom(it) => policy::Mode::EnforcedFrom(Deadline {
                    at: it.at.get(),
                    zone: it.zone,
                }),
            },
            methods: theirs(view.methods),
            role_methods: view
                .role_methods
                .into_iter()
                .map(|it| policy::RoleMethods {
                    role: it.role,
                    methods: theirs(it.methods),
                })
                .collect(),
            trusted_providers: view.trusted_providers,
            first_binding: view.first_binding.into(),
            reset_authority: view.reset_authority.into(),
            totp_window: view.totp_window.into(),
            sms: policy::SmsRules {
                countries: view.sms.countries,
                per_hour: view.sms.per_hour,
                per_day: view.sms.per_day,
                daily_budget: view.sms.daily_budget,
                enrolling_percent: view.sms.enrolling_percent,
                lifetime_minutes: view.sms.lifetime_minutes,
                beyond_ten_minutes: view.sms.beyond_ten_minutes,
                resend: view.sms.resend.into(),
                may_manage_app: view.sms.may_manage_app,
            },
            guessing: view.guessing.into(),
            reauth_interval: view.reauth_interval,
            device_days: view.device_days,
            reminder_days: view.reminder_days,
        }
    }
}

impl From<policy::Policy> for PolicyView {
    fn from(policy: policy::Policy) -> Self {
        Self {
            mode: match policy.mode {
                policy::Mode::Off => ModeName::Off,
                policy::Mode::Voluntary => ModeName::Voluntary,
                policy::Mode::EnforcedFrom(it) => ModeName::EnforcedFrom(DeadlineView {
                    at: Instant::capped(it.at),
                    zone: it.zone,
                }),
            },
            methods: ours(policy.methods),
            role_methods: policy
                .role_methods
                .into_iter()
                .map(|it| RoleMethods {
                    role: it.role,
                    methods: ours(it.methods),
                })
                .collect(),
            trusted_providers: policy.trusted_providers,
            first_binding: policy.first_binding.into(),
            reset_authority: policy.reset_authority.into(),
            totp_window: policy.totp_window.into(),
            sms: SmsRules {
                countries: policy.sms.countries,
                per_hour: policy.sms.per_hour,
                per_day: policy.sms.per_day,
                daily_budget: policy.sms.daily_budget,
                enrolling_percent: policy.sms.enrolling_percent,
                lifetime_minutes: policy.sms.lifetime_minutes,
                beyond_ten_minutes: policy.sms.beyond_ten_minutes,
                resend: policy.sms.resend.into(),
                may_manage_app: policy.sms.may_manage_app,
            },
            guessing: policy.guessing.into(),
            reauth_interval: policy.reauth_interval,
            device_days: policy.device_days,
            reminder_days: policy.reminder_days,
        }
    }
}

fn theirs(methods: Vec<MethodName>) -> Vec<Method> {
    methods.into_iter().map(Into::into).collect()
}

fn ours(methods: Vec<Method>) -> Vec<MethodName> {
    methods.into_iter().map(Into::into).collect()
}
