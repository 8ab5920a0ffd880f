#![doc = include_str!("../profiles/README.md")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::contract::policy::{Mode, Policy};
use crate::policy;

/// A policy with a name, to begin with and to be measured by.
///
/// # Examples
///
/// ```
/// use countersign_host::contract::policy::{Mode, Policy};
/// use countersign_host::profile::Profile;
///
/// let profile = Profile::named("nist-aal2").unwrap();
/// let mut policy = profile.policy(Mode::Voluntary);
/// policy.sms.lifetime_minutes = 15;
/// let departures = profile.departures(&policy);
/// let told: Vec<String> = departures.iter().map(ToString::to_string).collect();
/// assert_eq!(told, [
///     "mode: has voluntary, wants enforced-from",
///     "sms.lifetime-minutes: has 15, wants at most 10",
/// ]);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Profile {
    /// `procore`
    Procore,
    /// `asvs-l2`
    AsvsL2,
    /// `nist-aal2`
    NistAal2,
    /// `pci`
    Pci,
}

impl Profile {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Procore, Self::AsvsL2, Self::NistAal2, Self::Pci];

    /// Finds a profile by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Procore => "procore",
            Self::AsvsL2 => "asvs-l2",
            Self::NistAal2 => "nist-aal2",
            Self::Pci => "pci",
        }
    }

    /// Says in a few words what it follows.
    #[must_use]
    pub fn title(self) -> &'static str {
        &self.data().title
    }

    /// Returns the profile as a policy: all its values, and a mode of yours.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the test of the table reads each of them"
    )]
    pub fn policy(self, mode: Mode) -> Policy {
        let mut json = self.data().policy.clone();
        if let Value::Object(fields) = &mut json {
            fields.insert("mode".to_owned(), "off".into());
        }
        let policy = Policy::from_json(&json).expect("the data of a profile is a policy");
        Policy { mode, ..policy }
    }

    /// Returns each field of a policy with what the profile says of it, in the order of `wit/policy.wit`.
    pub fn values(self) -> impl Iterator<Item = Setting> {
        let data = self.data();
        FIELDS.iter().map(|(field, measure)| Setting {
            field,
            value: match measure {
                Measure::Mode if data.is_floor(field) => ENFORCED.to_owned(),
                Measure::Mode => "any".to_owned(),
                _ => written(at(&data.policy, field)),
            },
            is_floor: data.is_floor(field),
            because: data.because.get(*field).map_or("", String::as_str),
        })
    }

    /// Returns in which fields a policy is laxer than the profile, where the profile is a floor.
    ///
    /// A policy may be stricter than the profile in every field. It cannot be seen from a policy whether all that a
    /// text asks for is done: this is a reading aid, not a certificate.
    #[must_use]
    pub fn departures(self, policy: &Policy) -> Vec<Departure> {
        let data = self.data();
        let policy = policy.to_json();
        let floors = FIELDS.iter().filter(|(field, _)| data.is_floor(field));
        floors
            .filter_map(|(field, measure)| {
                let (has, floor) = (at(&policy, field), at(&data.policy, field));
                let wants = measure.wants(has, floor)?;
                Some(Departure {
                    field,
                    has: written(has),
                    wants,
                    because: data.because.get(*field).map_or("", String::as_str),
                })
            })
            .collect()
    }

    fn data(self) -> &'static Data {
        match self {
            Self::Procore => &PROCORE,
            Self::AsvsL2 => &ASVS_L2,
            Self::NistAal2 => &NIST_AAL2,
            Self::Pci => &PCI,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a profile says of one field.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Setting {
    /// The field, such as `sms.resend`.
    pub field: &'static str,
    /// Its value, for people.
    pub value: String,
    /// Whether a policy that is laxer departs from the profile.
    pub is_floor: bool,
    /// Why: the clause that it comes from, or that there is none.
    pub because: &'static str,
}

/// A field in which a policy is laxer than a profile.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Departure {
    /// The field, such as `sms.resend`.
    pub field: &'static str,
    /// What the policy has.
    pub has: String,
    /// What the profile wants.
    pub wants: String,
    /// Why it does.
    pub because: &'static str,
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: has {}, wants {}", self.field, self.has, self.wants)
    }
}

/// A file of `profiles/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    title: String,
    /// A policy without its mode.
    policy: Value,
    floor: Vec<String>,
    because: BTreeMap<String, String>,
}

impl Data {
    #[expect(
        clippy::expect_used,
        reason = "the test of the table reads each of them"
    )]
    fn parse(text: &str) -> Self {
        serde_json::from_str(text).expect("the data of a profile is readable")
    }

    fn is_floor(&self, field: &str) -> bool {
        self.floor.iter().any(|it| it == field)
    }
}

/// Which of two values of a field is the laxer one.
#[derive(Clone, Copy, Debug)]
enum Measure {
    /// Anything but an enforced mode.
    Mode,
    /// The greater.
    AtMost,
    /// The list with something that the other has not.
    Among,
    /// `true`.
    Flag,
    /// The one that stands first.
    Words([&'static str; 2]),
    /// Neither.
    Free,
}

impl Measure {
    /// Returns what would be wanted in place of `has`, if that is laxer than the profile's `floor`.
    fn wants(self, has: &Value, floor: &Value) -> Option<String> {
        match self {
            Self::Mode => (!has.is_object()).then(|| ENFORCED.to_owned()),
            Self::AtMost => (has.as_u64() > floor.as_u64()).then(|| format!("at most {floor}")),
            Self::Among => (!is_among(has, floor)).then(|| match items(floor).is_empty() {
                true => "none".to_owned(),
                false => format!("none but {}", written(floor)),
            }),
            Self::Flag => (has != floor && *floor == Value::Bool(false)).then(|| written(floor)),
            Self::Words([lax, _]) => (has != floor && has == lax).then(|| written(floor)),
            Self::Free => None,
        }
    }
}

/// Looks up a field such as `sms.resend`.
fn at<'a>(policy: &'a Value, field: &str) -> &'a Value {
    let pointer = format!("/{}", field.replace('.', "/"));
    policy.pointer(&pointer).unwrap_or(&Value::Null)
}

fn is_among(has: &Value, floor: &Value) -> bool {
    items(has).iter().all(|it| items(floor).contains(it))
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// Writes a value for people.
fn written(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            items.join(" ")
        }
        other => other.to_string(),
    }
}

/// The words of a table whose laxer one stands first.
const fn words<T: Copy>([(lax, _), (strict, _)]: [(&'static str, T); 2]) -> Measure {
    Measure::Words([lax, strict])
}

const ENFORCED: &str = "enforced-from";

/// Every field of a policy.
const FIELDS: [(&str, Measure); 20] = [
    ("mode", Measure::Mode),
    ("methods", Measure::Among),
    ("role-methods", Measure::Free),
    ("trusted-providers", Measure::Among),
    ("first-binding", words(policy::FIRST_BINDINGS)),
    ("reset-authority", words(policy::RESET_AUTHORITIES)),
    ("totp-window", words(policy::TOTP_WINDOWS)),
    ("sms.countries", Measure::Among),
    ("sms.per-hour", Measure::AtMost),
    ("sms.per-day", Measure::AtMost),
    ("sms.daily-budget", Measure::AtMost),
    ("sms.enrolling-percent", Measure::AtMost),
    ("sms.lifetime-minutes", Measure::AtMost),
    ("sms.beyond-ten-minutes", Measure::Flag),
    ("sms.resend", words(policy::RESENDS)),
    ("sms.may-manage-app", Measure::Flag),
    ("guessing", words(policy::GUESSINGS)),
    ("reauth-interval", Measure::AtMost),
    ("device-days", Measure::AtMost),
    ("reminder-days", Measure::Free),
];

static PROCORE: LazyLock<Data> =
    LazyLock::new(|| Data::parse(include_str!("../profiles/procore.json")));
static ASVS_L2: LazyLock<Data> =
    LazyLock::new(|| Data::parse(include_str!("../profiles/asvs-l2.json")));
static NIST_AAL2: LazyLock<Data> =
    LazyLock::new(|| Data::parse(include_str!("../profiles/nist-aal2.json")));
static PCI: LazyLock<Data> = LazyLock::new(|| Data::parse(include_str!("../profiles/pci.json")));

#[cfg(test)]
mod tests;
