//! From JSON to the core: first into the words of the contract, then within their bounds.

use countersign_core::administration::Revocable as CoreRevocable;
use countersign_core::company;
use countersign_core::event;
use countersign_core::failure::Failure;
use countersign_core::method;
use countersign_core::names::{self, Company};
use countersign_core::otpauth;
use countersign_core::outlook;
use countersign_core::phone::PhoneNumber;
use countersign_core::sign_in;
use countersign_core::ticket;
use countersign_core::time::{Instant, Span};
use serde::Deserialize;

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Method {
    Totp,
    Sms,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Revocable {
    Tickets,
    Devices,
    Recovery,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Actor {
    User(String),
    Operator(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Membership {
    company: String,
    roles: Vec<String>,
    active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct FirstFactor {
    kind: FirstFactorKind,
    age: u32,
    channel: Channel,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FirstFactorKind {
    Password,
    Federated(String),
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Channel {
    Direct,
    Phone(String),
    Email,
    Other(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    SignIn,
    ManageFactors,
    StepUp(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct BeginRequest {
    pub(super) memberships: Vec<Membership>,
    pub(super) first_factor: FirstFactor,
    pub(super) purpose: Purpose,
    pub(super) device_token: Option<String>,
    pub(super) binding_attested: bool,
    pub(super) known_enrolled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Session {
    first_factor: FirstFactor,
    factor_at: Option<u64>,
    device_at: Option<u64>,
    epoch: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Label {
    issuer: String,
    account_name: String,
}

impl Method {
    pub(super) fn parse(self) -> method::Method {
        match self {
            Self::Totp => method::Method::Totp,
            Self::Sms => method::Method::Sms,
        }
    }
}

impl Revocable {
    pub(super) fn parse(self) -> CoreRevocable {
        match self {
            Self::Tickets => CoreRevocable::Tickets,
            Self::Devices => CoreRevocable::Devices,
            Self::Recovery => CoreRevocable::Recovery,
        }
    }
}

impl Actor {
    pub(super) fn parse(&self) -> Result<event::Actor, Failure> {
        match self {
            Self::User(id) => id_of(id, "actor.user").map(event::Actor::User),
            Self::Operator(id) => id_of(id, "actor.operator").map(event::Actor::Operator),
        }
    }
}

impl FirstFactor {
    pub(super) fn parse(self, field: &str) -> Result<outlook::FirstFactor, Failure> {
        let kind = match self.kind {
            FirstFactorKind::Federated(provider) => outlook::FirstFactorKind::Federated(id_of(
                &provider,
                &format!("{field}.kind.federated"),
            )?),
            FirstFactorKind::Password | FirstFactorKind::Other => {
                outlook::FirstFactorKind::Password
            }
        };
        let phone = match self.channel {
            Channel::Phone(number) => {
                let phone = PhoneNumber::from_canonical(number)
                    .map_err(|_| Failure::invalid(&format!("{field}.channel.phone"), E164))?;
                Some(phone)
            }
            Channel::Other(name) => {
                let field = format!("{field}.channel.other");
                names::label(
                    &name,
                    64,
                    &field,
                    "1 to 64 bytes without control characters",
                )?;
                None
            }
            Channel::Direct | Channel::Email => None,
        };
        Ok(outlook::FirstFactor {
            kind,
            age: Span::seconds(self.age.into()),
            phone,
        })
    }
}

impl Purpose {
    pub(super) fn parse(self, field: &str) -> Result<ticket::Purpose, Failure> {
        match self {
            Self::SignIn => Ok(ticket::Purpose::SignIn),
            Self::ManageFactors => Ok(ticket::Purpose::ManageFactors),
            Self::StepUp(binding) => {
                id_of(&binding, &format!("{field}.step-up")).map(ticket::Purpose::StepUp)
            }
        }
    }
}

impl Session {
    pub(super) fn parse(self, max_age: Option<u32>) -> Result<sign_in::Session, Failure> {
        Ok(sign_in::Session {
            first_factor: self.first_factor.parse("session.first-factor")?,
            factor_at: self.factor_at.map(Instant::new),
            device_at: self.device_at.map(Instant::new),
            epoch: self.epoch,
            max_age: max_age.map(|it| Span::seconds(it.into())),
        })
    }
}

impl Label {
    pub(super) fn parse(&self) -> Result<otpauth::Label, Failure> {
        otpauth::Label::parse(&self.issuer, &self.account_name).map_err(|fault| {
            let field = match fault.field {
                "issuer" => "label.issuer",
                _ => "label.account-name",
            };
            Failure::invalid(field, fault.expected)
        })
    }
}

/// Parses memberships; how many there may be, and their roles, is checked where their policies are looked up.
pub(super) fn memberships(
    list: Vec<Membership>,
    field: &str,
) -> Result<Vec<company::Membership>, Failure> {
    let each = list.into_iter().enumerate();
    each.map(|(i, it)| {
        Ok(company::Membership {
            company: Company::parse(&it.company, &format!("{field}[{i}].company"))?,
            roles: it.roles,
            active: it.active,
        })
    })
    .collect()
}

/// Parses a number as a person types it.
pub(super) fn phone(typed: &str) -> Result<PhoneNumber, Failure> {
    PhoneNumber::parse(typed).map_err(|_| Failure::invalid("phone", E164))
}

/// Parses the id of a recovery code.
pub(super) fn code_id(text: &str) -> Result<String, Failure> {
    names::label(
        text,
        64,
        "code-id",
        "1 to 64 bytes without control characters",
    )
}

fn id_of(text: &str, field: &str) -> Result<String, Failure> {
    names::label(
        text,
        128,
        field,
        "1 to 128 bytes without control characters",
    )
}

/// What is expected of a telephone number.
const E164: &str = "E.164: `+` and 7 to 15 digits, the first not 0";
