//! What one company asks of its users.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::failure::{Failure, NotPermitted};
use crate::method::Methods;
use crate::names;
use crate::time::{Instant, Span};
use crate::totp::Window;

mod effective;
mod stored;

pub use effective::{Effective, EffectiveMode};
pub use stored::{Put, StoredPolicy, put};

/// A company's policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Whether MFA is used.
    pub mode: Mode,
    /// What may be enrolled.
    pub methods: Methods,
    /// The methods of users with certain roles, in place of `methods`.
    pub role_methods: Vec<(String, Methods)>,
    /// Single sign-on providers whose users need no factor of ours.
    pub trusted_providers: Vec<String>,
    /// How a first factor comes to be bound.
    pub first_binding: FirstBinding,
    /// Who may reset, besides realm operators.
    pub reset_authority: ResetAuthority,
    /// The time steps that a code may belong to.
    pub window: Window,
    /// The rules for text messages.
    pub sms: SmsRules,
    /// Where wrong codes are counted, besides each factor.
    pub guessing: Guessing,
    /// After which time a factor must be shown again.
    pub reauth: Span,
    /// Days that a trusted device is good for; 0 for none.
    pub device_days: u32,
    /// Days before the deadline to remind users on.
    pub reminder_days: Vec<u32>,
}

/// Whether MFA is used.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// Not at all.
    Off,
    /// By those who enroll.
    Voluntary,
    /// By those who enroll, and from the deadline on by everybody.
    EnforcedFrom(Deadline),
}

/// The first second at which MFA must be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deadline {
    /// The second.
    pub at: Instant,
    /// The zone in which its date was chosen, to show it in.
    pub zone: String,
}

/// How a first factor comes to be bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FirstBinding {
    /// The first factor is enough.
    Password,
    /// A second channel must vouch for the person.
    Attested,
}

/// Who may reset a user, besides realm operators.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResetAuthority {
    /// The company's admin, while no other company that enforces MFA has the user.
    Realm,
    /// An admin of any of the user's companies, if all of them say so.
    AnyCompany,
}

/// Where wrong codes are counted, besides each factor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Guessing {
    /// Nowhere.
    PerFactor,
    /// Over all factors and the recovery code: 10 tries, then 30 minutes (PCI DSS 4, 8.3.4).
    AlsoUserWideTen,
}

/// What asking for another message does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resend {
    /// The same code goes out again.
    Same,
    /// A new code voids the old one.
    Fresh,
}

/// The rules for text messages.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsRules {
    /// Countries that may be sent to, ISO 3166-1.
    pub countries: Vec<String>,
    /// Messages an hour to one user, and to one number.
    pub per_hour: u32,
    /// Messages a day to one user, and to one number.
    pub per_day: u32,
    /// Messages a day for the company.
    pub daily_budget: u32,
    /// How much of that may go to enrolling, in percent.
    pub enrolling_percent: u32,
    /// Minutes that a code is good for.
    pub lifetime_minutes: u32,
    /// Allows more than 10 minutes.
    pub beyond_ten_minutes: bool,
    /// What a resend does.
    pub resend: Resend,
    /// Whether a text message may be what changes the app.
    pub may_manage_app: bool,
}

impl Policy {
    /// What holds where no company has a say: off, with the strict values.
    #[must_use]
    pub fn baseline() -> Self {
        Self {
            mode: Mode::Off,
            methods: Methods::TOTP,
            role_methods: Vec::new(),
            trusted_providers: Vec::new(),
            first_binding: FirstBinding::Attested,
            reset_authority: ResetAuthority::Realm,
            window: Window::CurrentAndPrevious,
            sms: SmsRules {
                countries: Vec::new(),
                per_hour: 5,
                per_day: 10,
                daily_budget: 1_000,
                enrolling_percent: 30,
                lifetime_minutes: 10,
                beyond_ten_minutes: false,
                resend: Resend::Fresh,
                may_manage_app: false,
            },
            guessing: Guessing::PerFactor,
            reauth: Span::hours(12),
            device_days: 0,
            reminder_days: Vec::new(),
        }
    }

    /// Checks every bound of the contract.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Invalid`] for the first field that is out of bounds.
    pub fn check_bounds(&self) -> Result<(), Failure> {
        if let Mode::EnforcedFrom(deadline) = &self.mode {
            check_zone(&deadline.zone)?;
        }
        at_most(
            "policy.role-methods",
            self.role_methods.len(),
            32,
            "at most 32 roles",
        )?;
        for (i, (role, _)) in self.role_methods.iter().enumerate() {
            let field = format!("policy.role-methods[{i}].role");
            names::label(role, 64, &field, "1 to 64 bytes without control characters")?;
            if self
                .role_methods
                .iter()
                .filter(|(it, _)| it == role)
                .count()
                > 1
            {
                return Err(Failure::invalid(&field, "no role twice"));
            }
        }
        at_most(
            "policy.trusted-providers",
            self.trusted_providers.len(),
            32,
            "at most 32 providers",
        )?;
        for (i, provider) in self.trusted_providers.iter().enumerate() {
            let field = format!("policy.trusted-providers[{i}]");
            names::label(
                provider,
                128,
                &field,
                "1 to 128 bytes without control characters",
            )?;
        }
        self.sms.check_bounds()?;
        within(
            "policy.reauth-interval",
            self.reauth.as_seconds(),
            300,
            2_592_000,
            "300 to 2592000 seconds",
        )?;
        within(
            "policy.device-days",
            u64::from(self.device_days),
            0,
            90,
            "0 to 90 days",
        )?;
        at_most(
            "policy.reminder-days",
            self.reminder_days.len(),
            8,
            "at most 8 days",
        )?;
        for (i, day) in self.reminder_days.iter().enumerate() {
            let field = format!("policy.reminder-days[{i}]");
            within(&field, u64::from(*day), 1, 365, "1 to 365")?;
            if self.reminder_days.iter().filter(|it| *it == day).count() > 1 {
                return Err(Failure::invalid(&field, "no day twice"));
            }
        }
        Ok(())
    }

    /// Checks that a deadline is ahead, unless it is the one in `stored` or the caller wants it at once.
    ///
    /// # Errors
    ///
    /// Returns [`NotPermitted::DeadlineNotInFuture`] otherwise.
    pub fn check_deadline(
        &self,
        stored: Option<&Self>,
        now: Instant,
        enforce_now: bool,
    ) -> Result<(), Failure> {
        let Some(deadline) = self.deadline() else {
            return Ok(());
        };
        let known = stored
            .and_then(Self::deadline)
            .is_some_and(|it| it.at == deadline.at);
        if deadline.at > now || known || enforce_now {
            Ok(())
        } else {
            Err(NotPermitted::DeadlineNotInFuture.into())
        }
    }

    /// The deadline, if there is one.
    #[must_use]
    pub fn deadline(&self) -> Option<&Deadline> {
        match &self.mode {
            Mode::EnforcedFrom(deadline) => Some(deadline),
            Mode::Off | Mode::Voluntary => None,
        }
    }

    /// What a user with these roles may enroll: what all of them allow, a role without methods of its own allowing the
    /// policy's.
    #[must_use]
    pub fn methods_for(&self, roles: &[String]) -> Methods {
        let of_role = |role: &String| {
            let own = self.role_methods.iter().find(|(it, _)| it == role);
            own.map_or(self.methods, |(_, methods)| *methods)
        };
        roles
            .iter()
            .map(of_role)
            .reduce(Methods::and)
            .unwrap_or(self.methods)
    }
}

impl SmsRules {
    fn check_bounds(&self) -> Result<(), Failure> {
        at_most(
            "policy.sms.countries",
            self.countries.len(),
            249,
            "at most 249 countries",
        )?;
        for (i, country) in self.countries.iter().enumerate() {
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
                let field = format!("policy.sms.countries[{i}]");
                return Err(Failure::invalid(
                    &field,
                    "two capital letters of ISO 3166-1",
                ));
            }
        }
        within(
            "policy.sms.per-hour",
            u64::from(self.per_hour),
            1,
            20,
            "1 to 20",
        )?;
        within(
            "policy.sms.per-day",
            u64::from(self.per_day),
            1,
            50,
            "1 to 50",
        )?;
        within(
            "policy.sms.daily-budget",
            u64::from(self.daily_budget),
            1,
            1_000_000,
            "1 to 1000000",
        )?;
        within(
            "policy.sms.enrolling-percent",
            u64::from(self.enrolling_percent),
            0,
            100,
            "0 to 100",
        )?;
        let (most, expected) = if self.beyond_ten_minutes {
            (30, "1 to 30 minutes")
        } else {
            (10, "1 to 10 minutes, or up to 30 with beyond-ten-minutes")
        };
        within(
            "policy.sms.lifetime-minutes",
            u64::from(self.lifetime_minutes),
            1,
            most,
            expected,
        )
    }
}

fn check_zone(zone: &str) -> Result<(), Failure> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+-/".contains(&b);
    if zone.is_empty() || zone.len() > 64 || !zone.bytes().all(allowed) {
        return Err(Failure::invalid(
            "policy.mode.enforced-from.zone",
            "an IANA zone name, 1 to 64 bytes of letters, digits and `_ + - /`",
        ));
    }
    Ok(())
}

fn at_most(field: &str, count: usize, most: usize, expected: &'static str) -> Result<(), Failure> {
    if count > most {
        return Err(Failure::invalid(field, expected));
    }
    Ok(())
}

fn within(
    field: &str,
    value: u64,
    least: u64,
    most: u64,
    expected: &'static str,
) -> Result<(), Failure> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Failure::invalid(field, expected))
}
