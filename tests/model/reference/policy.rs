//! Policies, and what several of them come to: `wit/policy.wit`, and the effective policy of `wit/sign-in.wit`.

use countersign_tests::policy::voluntary;
use serde_json::{Value, json};

use crate::command::Method;

/// A company that a user may belong to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Company {
    Acme,
    Bolt,
    /// One that never has a policy of its own.
    Cove,
}

/// What a policy may be put for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Owner {
    Acme,
    Bolt,
    Default,
}

/// That a user belongs to a company.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Membership {
    pub(crate) company: Company,
    pub(crate) active: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    Off,
    Voluntary,
    EnforcedFrom(u64),
}

/// The rules for text messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Texts {
    pub(crate) countries: Vec<&'static str>,
    pub(crate) per_hour: u64,
    pub(crate) per_day: u64,
    pub(crate) budget: u64,
    pub(crate) enrolling_percent: u64,
    pub(crate) minutes: u64,
    pub(crate) beyond_ten: bool,
    pub(crate) fresh: bool,
    pub(crate) may_manage_app: bool,
}

/// What a company asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Policy {
    pub(crate) mode: Mode,
    pub(crate) sms: bool,
    pub(crate) trusts_idp: bool,
    pub(crate) attested: bool,
    pub(crate) any_company: bool,
    pub(crate) plus_minus_one: bool,
    pub(crate) user_wide: bool,
    pub(crate) reauth: u64,
    pub(crate) device_days: u64,
    pub(crate) texts: Texts,
}

/// The policy that holds for one user; a ticket keeps that of its begin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Rules {
    pub(crate) mode: Mode,
    pub(crate) sms: bool,
    pub(crate) attested: bool,
    pub(crate) plus_minus_one: bool,
    pub(crate) user_wide: bool,
    pub(crate) reauth: u64,
    pub(crate) device_days: u64,
    pub(crate) texts: Texts,
    /// The first company that counts; none where it is the realm.
    pub(crate) payer: Option<Company>,
}

impl Rules {
    /// The strictest of the companies that are active and not off.
    ///
    /// Where there is none the contract leaves all but the mode open; it is then that of the active ones, or the
    /// strict values.
    pub(crate) fn of(policies: &[(Membership, Policy)]) -> Self {
        let active: Vec<&Policy> = policies
            .iter()
            .filter(|(membership, _)| membership.active)
            .map(|(_, policy)| policy)
            .collect();
        let on: Vec<&Policy> = active
            .iter()
            .copied()
            .filter(|it| it.mode != Mode::Off)
            .collect();
        let earliest = on.iter().filter_map(|it| it.deadline()).min();
        let mode = match (earliest, on.is_empty()) {
            (Some(at), _) => Mode::EnforcedFrom(at),
            (None, false) => Mode::Voluntary,
            (None, true) => Mode::Off,
        };
        let ruling = if on.is_empty() { active } else { on };
        let none = ruling.is_empty();
        Self {
            mode,
            sms: !none && ruling.iter().all(|it| it.sms),
            attested: none || ruling.iter().any(|it| it.attested),
            plus_minus_one: !none && ruling.iter().all(|it| it.plus_minus_one),
            user_wide: ruling.iter().any(|it| it.user_wide),
            reauth: ruling
                .iter()
                .map(|it| it.reauth)
                .min()
                .unwrap_or(12 * 3_600),
            device_days: ruling.iter().map(|it| it.device_days).min().unwrap_or(0),
            texts: Texts::of(&ruling),
            payer: policies
                .iter()
                .find(|(membership, policy)| membership.active && policy.mode != Mode::Off)
                .map(|(membership, _)| membership.company),
        }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.mode == Mode::Off
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        match self.mode {
            Mode::EnforcedFrom(at) => Some(at),
            Mode::Off | Mode::Voluntary => None,
        }
    }

    /// SIGN-3: at the second itself, and ever after.
    pub(crate) fn is_enforced(&self, now: u64) -> bool {
        self.deadline().is_some_and(|at| now >= at)
    }

    /// Whether a factor of this method may be enrolled.
    pub(crate) fn allows(&self, method: Method) -> bool {
        match method {
            Method::Totp => true,
            Method::Sms => self.sms,
        }
    }

    /// The earlier of the end of the interval and a deadline that is ahead.
    pub(crate) fn valid_until(&self, from: u64, now: u64) -> u64 {
        let interval = from + self.reauth;
        match self.deadline() {
            Some(at) if now < at => interval.min(at),
            _ => interval,
        }
    }

    pub(crate) fn methods(&self) -> Value {
        match self.sms {
            true => json!(["totp", "sms"]),
            false => json!(["totp"]),
        }
    }
}

impl Texts {
    /// The strictest of them; but the budget is that of the first, which pays. Where nobody says anything, the
    /// contract's defaults with a fresh code each time.
    fn of(ruling: &[&Policy]) -> Self {
        let each = || ruling.iter().map(|it| &it.texts);
        let least = |of: fn(&Self) -> u64| each().map(of).min().unwrap_or(0);
        let all = |of: fn(&Self) -> bool| each().all(of);
        let Some(first) = each().next() else {
            return Self {
                countries: Vec::new(),
                per_hour: 5,
                per_day: 10,
                budget: 1_000,
                enrolling_percent: 30,
                minutes: 10,
                beyond_ten: false,
                fresh: true,
                may_manage_app: false,
            };
        };
        let mut countries = first.countries.clone();
        countries.retain(|it| each().all(|texts| texts.countries.contains(it)));
        Self {
            countries,
            per_hour: least(|it| it.per_hour),
            per_day: least(|it| it.per_day),
            budget: first.budget,
            enrolling_percent: first.enrolling_percent,
            minutes: least(|it| it.minutes),
            beyond_ten: all(|it| it.beyond_ten),
            fresh: each().any(|it| it.fresh),
            may_manage_app: all(|it| it.may_manage_app),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "countries": self.countries,
            "per-hour": self.per_hour,
            "per-day": self.per_day,
            "daily-budget": self.budget,
            "enrolling-percent": self.enrolling_percent,
            "lifetime-minutes": self.minutes,
            "beyond-ten-minutes": self.beyond_ten,
            "resend": if self.fresh { "fresh" } else { "same" },
            "may-manage-app": self.may_manage_app,
        })
    }
}

impl Policy {
    pub(crate) fn deadline(&self) -> Option<u64> {
        match self.mode {
            Mode::EnforcedFrom(at) => Some(at),
            Mode::Off | Mode::Voluntary => None,
        }
    }

    /// Whether a bound of the contract is broken: 300 to 2,592,000 seconds, and ten minutes unless it says otherwise.
    pub(crate) fn is_out_of_bounds(&self) -> bool {
        let is_too_long = self.texts.minutes > 10 && !self.texts.beyond_ten;
        !(300..=2_592_000).contains(&self.reauth) || is_too_long
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut policy = voluntary()["policy"].clone();
        policy["mode"] = match self.mode {
            Mode::Off => json!("off"),
            Mode::Voluntary => json!("voluntary"),
            Mode::EnforcedFrom(at) => {
                json!({ "enforced-from": { "at": at, "zone": "Europe/Madrid" } })
            }
        };
        policy["methods"] = match self.sms {
            true => json!(["totp", "sms"]),
            false => json!(["totp"]),
        };
        policy["trusted-providers"] = match self.trusts_idp {
            true => json!(["idp"]),
            false => json!([]),
        };
        policy["first-binding"] = json!(if self.attested {
            "attested"
        } else {
            "password"
        });
        policy["reset-authority"] = json!(if self.any_company {
            "any-company"
        } else {
            "realm"
        });
        policy["totp-window"] = json!(if self.plus_minus_one {
            "plus-minus-one"
        } else {
            "current-and-previous"
        });
        policy["guessing"] = json!(if self.user_wide {
            "also-user-wide-ten"
        } else {
            "per-factor"
        });
        policy["reauth-interval"] = json!(self.reauth);
        policy["device-days"] = json!(self.device_days);
        policy["sms"] = self.texts.to_json();
        policy
    }
}

impl Company {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Acme => "acme",
            Self::Bolt => "bolt",
            Self::Cove => "cove",
        }
    }

    pub(crate) fn owner(self) -> Option<Owner> {
        match self {
            Self::Acme => Some(Owner::Acme),
            Self::Bolt => Some(Owner::Bolt),
            Self::Cove => None,
        }
    }
}

impl Owner {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Acme => "acme",
            Self::Bolt => "bolt",
            Self::Default => "*",
        }
    }
}
