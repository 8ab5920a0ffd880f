//! A policy as a form has it.

use countersign_host::contract::policy::{FirstBinding, Guessing, Mode, Policy, ResetAuthority};
use countersign_host::contract::{Deadline, Method};
use countersign_host::profile::Profile;

use super::deadline::{date, midnight};
use crate::refusal::Refusal;

/// A policy as a form has it: as it was typed, so that whatever does not fit is shown again.
///
/// What the form has no field for is kept from the policy that holds, or from the profile that was started from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Draft {
    /// The profile that was started from.
    pub(super) profile: String,
    /// `off`, `voluntary` or `enforced`.
    pub(super) mode: String,
    pub(super) date: String,
    pub(super) zone: String,
    pub(super) sms: String,
    pub(super) countries: String,
    pub(super) binding: String,
    pub(super) guessing: String,
    /// Minutes after which a factor is asked for again.
    pub(super) reauth: String,
    /// Days that a device is trusted.
    pub(super) devices: String,
    pub(super) authority: String,
}

impl Draft {
    /// Writes a policy as the form has it.
    pub(super) fn of(policy: &Policy) -> Self {
        let deadline = deadline_of(policy);
        let is_attested = policy.first_binding == FirstBinding::Attested;
        let is_user_wide = policy.guessing == Guessing::AlsoUserWideTen;
        let is_any = policy.reset_authority == ResetAuthority::AnyCompany;
        let word = |is, yes: &str, no: &str| if is { yes } else { no }.to_owned();
        Self {
            profile: String::new(),
            mode: match policy.mode {
                Mode::Off => "off",
                Mode::Voluntary => "voluntary",
                Mode::EnforcedFrom(_) => "enforced",
            }
            .to_owned(),
            date: deadline.map(date).unwrap_or_default(),
            zone: deadline.map(|it| it.zone.clone()).unwrap_or_default(),
            sms: word(policy.methods.contains(&Method::Sms), "yes", ""),
            countries: policy.sms.countries.join(" "),
            binding: word(is_attested, "attested", "password"),
            guessing: word(is_user_wide, "user-wide", "per-factor"),
            reauth: (policy.reauth_interval / 60).to_string(),
            devices: policy.device_days.to_string(),
            authority: word(is_any, "any-company", "realm"),
        }
    }

    /// Starts from a profile; whether MFA is required is none of its business.
    pub(super) fn from_profile(profile: Profile, policy: &Policy) -> Self {
        Self {
            profile: profile.name().to_owned(),
            ..Self::of(&profile.policy(policy.mode.clone()))
        }
    }

    /// Takes what was typed.
    pub(super) fn typed(field: impl Fn(&str) -> String) -> Self {
        Self {
            profile: field("profile"),
            mode: field("mode"),
            date: field("date"),
            zone: field("zone"),
            sms: field("sms"),
            countries: field("countries"),
            binding: field("binding"),
            guessing: field("guessing"),
            reauth: field("reauth"),
            devices: field("devices"),
            authority: field("authority"),
        }
    }

    /// Returns all fields with what is in them.
    pub(super) fn fields(&self) -> [(&'static str, &str); 11] {
        [
            ("profile", &self.profile),
            ("mode", &self.mode),
            ("date", &self.date),
            ("zone", &self.zone),
            ("sms", &self.sms),
            ("countries", &self.countries),
            ("binding", &self.binding),
            ("guessing", &self.guessing),
            ("reauth", &self.reauth),
            ("devices", &self.devices),
            ("authority", &self.authority),
        ]
    }

    /// Makes the policy that is meant, over the one that holds.
    ///
    /// # Errors
    ///
    /// [`Refusal`] about the first field that does not fit. Bounds are the plugin's to know.
    pub(super) fn policy(&self, holds: &Policy) -> Result<Policy, Refusal> {
        let mode = self.mode(holds)?;
        let mut policy = match Profile::named(&self.profile) {
            Some(profile) => Policy {
                // These are facts of the company, which no profile knows.
                role_methods: holds.role_methods.clone(),
                trusted_providers: holds.trusted_providers.clone(),
                ..profile.policy(mode)
            },
            None => Policy {
                mode,
                ..holds.clone()
            },
        };
        policy.methods = match self.sms.as_str() {
            "" => vec![Method::Totp],
            _ => vec![Method::Totp, Method::Sms],
        };
        policy.sms.countries = countries(&self.countries)?;
        if !self.sms.is_empty() && policy.sms.countries.is_empty() {
            return Err(Refusal::field("countries", COUNTRIES));
        }
        policy.first_binding = match self.binding.as_str() {
            "attested" => FirstBinding::Attested,
            _ => FirstBinding::Password,
        };
        policy.guessing = match self.guessing.as_str() {
            "user-wide" => Guessing::AlsoUserWideTen,
            _ => Guessing::PerFactor,
        };
        policy.reset_authority = match self.authority.as_str() {
            "any-company" => ResetAuthority::AnyCompany,
            _ => ResetAuthority::Realm,
        };
        let minutes = number(&self.reauth, "reauth", "Type minutes: 5 to 43200.")?;
        // What was not changed stays to the second.
        if minutes != policy.reauth_interval / 60 {
            policy.reauth_interval = minutes.saturating_mul(60);
        }
        policy.device_days = number(&self.devices, "devices", "Type days: 0 to 90.")?;
        Ok(policy)
    }

    fn mode(&self, holds: &Policy) -> Result<Mode, Refusal> {
        match self.mode.as_str() {
            "off" => Ok(Mode::Off),
            "voluntary" => Ok(Mode::Voluntary),
            "enforced" => {
                // A deadline that was not set here may be of another hour than midnight: unchanged, it stays.
                let held = deadline_of(holds);
                let unchanged = held.filter(|it| date(it) == self.date && it.zone == self.zone);
                match unchanged {
                    Some(deadline) => Ok(Mode::EnforcedFrom(deadline.clone())),
                    None => midnight(&self.date, &self.zone).map(Mode::EnforcedFrom),
                }
            }
            _ => Err(Refusal::field(
                "mode",
                "Choose whether two-factor authentication is required.",
            )),
        }
    }
}

/// Returns the deadline of a policy.
pub(super) fn deadline_of(policy: &Policy) -> Option<&Deadline> {
    match &policy.mode {
        Mode::EnforcedFrom(deadline) => Some(deadline),
        Mode::Off | Mode::Voluntary => None,
    }
}

/// Reads countries, however they are set apart and written.
fn countries(typed: &str) -> Result<Vec<String>, Refusal> {
    let mut countries: Vec<String> = Vec::new();
    let words = typed.split(|it: char| it.is_whitespace() || it == ',' || it == ';');
    for word in words.filter(|it| !it.is_empty()) {
        let country = word.to_ascii_uppercase();
        if country.len() != 2 || !country.bytes().all(|it| it.is_ascii_uppercase()) {
            return Err(Refusal::field("countries", COUNTRIES));
        }
        if !countries.contains(&country) {
            countries.push(country);
        }
    }
    Ok(countries)
}

fn number(typed: &str, field: &'static str, expected: &str) -> Result<u32, Refusal> {
    let is_number = !typed.is_empty() && typed.bytes().all(|it| it.is_ascii_digit());
    typed
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(|| Refusal::field(field, expected))
}

const COUNTRIES: &str =
    "Type the countries that text messages may go to, two letters each, such as: US CA GB.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_nobody_changed_is_the_policy_that_it_was_filled_from() {
        for profile in Profile::ALL {
            let mut policy = profile.policy(Mode::EnforcedFrom(Deadline {
                at: 1_791_158_401,
                zone: "Europe/London".to_owned(),
            }));
            policy.reauth_interval = 301;
            assert_eq!(Draft::of(&policy).policy(&policy), Ok(policy));
        }
    }

    #[test]
    fn a_profile_changes_neither_roles_nor_providers() {
        let mut holds = Policy::app_only(Mode::Voluntary);
        holds.trusted_providers.push("okta".to_owned());
        let draft = Draft::from_profile(Profile::Pci, &holds);
        let policy = draft.policy(&holds).unwrap();
        assert_eq!(policy.trusted_providers, ["okta"]);
        assert_eq!(policy.mode, Mode::Voluntary);
        assert_eq!(policy.guessing, Guessing::AlsoUserWideTen);
    }

    #[test]
    fn countries_are_read_however_they_are_written() {
        assert_eq!(countries("us, ca;GB\nus").unwrap(), ["US", "CA", "GB"]);
        assert_eq!(countries("USA").unwrap_err().field, Some("countries"));
        assert_eq!(countries("ÅX").unwrap_err().field, Some("countries"));
    }

    #[test]
    fn a_number_that_is_none_is_refused_at_its_field() {
        let holds = Policy::app_only(Mode::Off);
        for typed in ["", "-1", "+5", "5.5", "99999999999"] {
            let draft = Draft {
                devices: typed.to_owned(),
                ..Draft::of(&holds)
            };
            assert_eq!(draft.policy(&holds).unwrap_err().field, Some("devices"));
        }
    }
}
