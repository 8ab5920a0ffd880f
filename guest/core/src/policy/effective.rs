//! The one policy that several companies come to.

use alloc::vec::Vec;

use super::{Deadline, FirstBinding, Guessing, Mode, Policy, Resend, SmsRules};
use crate::company::Affiliation;
use crate::method::Methods;
use crate::names::Company;
use crate::time::{Instant, Span};
use crate::totp::Window;

/// What holds for one user: the strictest of what the companies that count ask for.
///
/// A company counts if the membership is active and its mode is not off. A ticket keeps the `Effective` of its `begin`.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// Whether MFA is used.
    pub mode: EffectiveMode,
    /// What may be enrolled.
    pub methods: Methods,
    /// How a first factor comes to be bound.
    pub first_binding: FirstBinding,
    /// The time steps that a code may belong to.
    pub window: Window,
    /// The rules for text messages.
    pub sms: SmsRules,
    /// Where wrong codes are counted, besides each factor.
    pub guessing: Guessing,
    /// After which time a factor must be shown again.
    pub reauth: Span,
    /// Days that a trusted device is good for.
    pub device_days: u32,
    /// The companies that count, whose business events are; the first pays for text messages.
    pub companies: Vec<Company>,
}

/// Whether MFA is used by one user.
#[derive(Clone, Debug, PartialEq)]
pub enum EffectiveMode {
    /// No company that counts.
    Off,
    /// All that count are voluntary.
    Voluntary,
    /// At least one enforces; the earliest deadline.
    EnforcedFrom(Deadline),
}

impl Effective {
    /// Merges the policies of the companies that count.
    ///
    /// Where none counts the mode is off, and the other values are those of the active companies, or strict ones.
    #[must_use]
    pub fn of(affiliations: &[Affiliation]) -> Self {
        let counting: Vec<&Affiliation> = affiliations.iter().filter(|it| it.counts()).collect();
        let companies = counting.iter().map(|it| it.company.clone()).collect();
        let mode = counting
            .iter()
            .map(|it| EffectiveMode::from(&it.policy.mode))
            .reduce(EffectiveMode::stricter)
            .unwrap_or(EffectiveMode::Off);
        let ruling = if counting.is_empty() {
            affiliations.iter().filter(|it| it.active).collect()
        } else {
            counting
        };
        let merged = ruling
            .into_iter()
            .map(|it| Self::alone(&it.policy, it.policy.methods_for(&it.roles)))
            .reduce(Self::stricter)
            .unwrap_or_else(|| Self::alone(&Policy::baseline(), Methods::TOTP));
        Self {
            mode,
            companies,
            ..merged
        }
    }

    /// The deadline, if there is one.
    #[must_use]
    pub fn deadline(&self) -> Option<&Deadline> {
        match &self.mode {
            EffectiveMode::EnforcedFrom(deadline) => Some(deadline),
            EffectiveMode::Off | EffectiveMode::Voluntary => None,
        }
    }

    /// The deadline, if there is one and it is still ahead.
    #[must_use]
    pub fn deadline_ahead(&self, now: Instant) -> Option<&Deadline> {
        self.deadline().filter(|deadline| now < deadline.at)
    }

    /// Says whether MFA must be used at `now`. The deadline's own second is the first one.
    #[must_use]
    pub fn is_enforced(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline.at)
    }

    /// Until when what was shown at `factor_at` is good: the reauthentication interval, cut at a deadline ahead.
    #[must_use]
    pub fn valid_until(&self, factor_at: Instant, now: Instant) -> Instant {
        let interval = factor_at.after(self.reauth);
        self.deadline_ahead(now)
            .map_or(interval, |deadline| interval.min(deadline.at))
    }

    /// How many bytes it takes in a record at the most, names with every character escaped.
    #[must_use]
    pub fn encoded_at_most(&self) -> usize {
        let names = self.companies.iter().map(|it| it.as_str().len());
        let zone = self.deadline().map_or(0, |it| it.zone.len());
        let texts = names
            .chain([zone])
            .map(|it| it.saturating_mul(2).saturating_add(3));
        let countries = self.sms.countries.len().saturating_mul(5);
        texts
            .sum::<usize>()
            .saturating_add(countries)
            .saturating_add(512)
    }

    fn alone(policy: &Policy, methods: Methods) -> Self {
        Self {
            mode: EffectiveMode::Off,
            methods,
            first_binding: policy.first_binding,
            window: policy.window,
            sms: policy.sms.clone(),
            guessing: policy.guessing,
            reauth: policy.reauth,
            device_days: policy.device_days,
            companies: Vec::new(),
        }
    }

    fn stricter(self, other: Self) -> Self {
        Self {
            mode: self.mode,
            methods: self.methods.and(other.methods),
            first_binding: if other.first_binding == FirstBinding::Attested {
                FirstBinding::Attested
            } else {
                self.first_binding
            },
            window: if other.window == Window::CurrentAndPrevious {
                Window::CurrentAndPrevious
            } else {
                self.window
            },
            sms: self.sms.stricter(other.sms),
            guessing: if other.guessing == Guessing::AlsoUserWideTen {
                Guessing::AlsoUserWideTen
            } else {
                self.guessing
            },
            reauth: self.reauth.min(other.reauth),
            device_days: self.device_days.min(other.device_days),
            companies: self.companies,
        }
    }
}

impl EffectiveMode {
    fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::EnforcedFrom(one), Self::EnforcedFrom(two)) => {
                Self::EnforcedFrom(if two.at < one.at { two } else { one })
            }
            (Self::EnforcedFrom(deadline), _) | (_, Self::EnforcedFrom(deadline)) => {
                Self::EnforcedFrom(deadline)
            }
            (Self::Voluntary, _) | (_, Self::Voluntary) => Self::Voluntary,
            (Self::Off, Self::Off) => Self::Off,
        }
    }
}

impl From<&Mode> for EffectiveMode {
    fn from(mode: &Mode) -> Self {
        match mode {
            Mode::Off => Self::Off,
            Mode::Voluntary => Self::Voluntary,
            Mode::EnforcedFrom(deadline) => Self::EnforcedFrom(deadline.clone()),
        }
    }
}

impl SmsRules {
    fn stricter(self, other: Self) -> Self {
        Self {
            countries: self
                .countries
                .into_iter()
                .filter(|country| other.countries.contains(country))
                .collect(),
            per_hour: self.per_hour.min(other.per_hour),
            per_day: self.per_day.min(other.per_day),
            // The first company pays, so its own budget stands.
            daily_budget: self.daily_budget,
            enrolling_percent: self.enrolling_percent,
            lifetime_minutes: self.lifetime_minutes.min(other.lifetime_minutes),
            beyond_ten_minutes: self.beyond_ten_minutes && other.beyond_ten_minutes,
            resend: if other.resend == Resend::Fresh {
                Resend::Fresh
            } else {
                self.resend
            },
            may_manage_app: self.may_manage_app && other.may_manage_app,
        }
    }
}
