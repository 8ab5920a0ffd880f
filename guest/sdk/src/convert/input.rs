//! From the contract to the core: everything that a caller gave is parsed here.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use countersign_core::administration::Revocable;
use countersign_core::company::Membership;
use countersign_core::event::Actor;
use countersign_core::failure::Failure;
use countersign_core::method::Method;
use countersign_core::names::{self, Company, User};
use countersign_core::otpauth::Label;
use countersign_core::outlook::{FirstFactor, FirstFactorKind};
use countersign_core::phone::PhoneNumber;
use countersign_core::secret::Text;
use countersign_core::sign_in::Session;
use countersign_core::ticket::Purpose;
use countersign_core::time::{Instant, Span};

use crate::bindings::countersign::mfa::types as wit;
use crate::bindings::exports::countersign::mfa::{administration, enrollment, sign_in};

/// A `begin-request`, but for the policies of its companies.
#[derive(Debug)]
pub struct BeginRequest {
    /// The memberships, their count and roles not yet checked.
    pub memberships: Vec<Membership>,
    /// The first factor.
    pub first_factor: FirstFactor,
    /// What for.
    pub purpose: Purpose,
    /// The token of the device, whatever it is worth.
    pub device_token: Option<Text>,
    /// Whether a second channel vouched for the person.
    pub attested: bool,
    /// Whether the gateway remembers the user as enrolled.
    pub known_enrolled: bool,
}

/// Takes a user.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn user(text: &str) -> Result<User, Failure> {
    User::parse(text, "user")
}

/// Takes the owner of a policy; `field` is what a failure names.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn company(text: &str, field: &str) -> Result<Company, Failure> {
    Company::parse_owner(text, field)
}

/// Takes a bearer string. Whether it looks like one is for the tickets to say.
pub fn ticket(text: String) -> Text {
    Text::new(text)
}

/// Takes the id of a recovery code.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn code_id(text: &str) -> Result<String, Failure> {
    names::label(
        text,
        64,
        "code-id",
        "1 to 64 bytes without control characters",
    )
}

/// Takes a method.
pub fn method(method: wit::Method) -> Method {
    match method {
        wit::Method::Totp => Method::Totp,
        wit::Method::Sms => Method::Sms,
    }
}

/// Takes what is to be revoked.
pub fn revocable(what: administration::Revocable) -> Revocable {
    match what {
        administration::Revocable::Tickets => Revocable::Tickets,
        administration::Revocable::Devices => Revocable::Devices,
        administration::Revocable::Recovery => Revocable::Recovery,
    }
}

/// Takes who asks.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn actor(actor: wit::Actor) -> Result<Actor, Failure> {
    const EXPECTED: &str = "1 to 128 bytes without control characters";
    match actor {
        wit::Actor::User(id) => names::label(&id, 128, "actor.user", EXPECTED).map(Actor::User),
        wit::Actor::Operator(id) => {
            names::label(&id, 128, "actor.operator", EXPECTED).map(Actor::Operator)
        }
    }
}

/// Takes memberships; the count and the roles are checked where the companies are read.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn memberships(list: Vec<wit::Membership>, field: &str) -> Result<Vec<Membership>, Failure> {
    list.into_iter()
        .enumerate()
        .map(|(i, it)| {
            Ok(Membership {
                company: Company::parse(&it.company, &format!("{field}[{i}].company"))?,
                roles: it.roles,
                active: it.active,
            })
        })
        .collect()
}

/// Takes the gateway's word on the first factor; `field` is what a failure names.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn first_factor(factor: wit::FirstFactor, field: &str) -> Result<FirstFactor, Failure> {
    let kind = match factor.kind {
        wit::FirstFactorKind::Federated(provider) => {
            let field = format!("{field}.kind.federated");
            let provider = names::label(
                &provider,
                128,
                &field,
                "1 to 128 bytes without control characters",
            )?;
            FirstFactorKind::Federated(provider)
        }
        wit::FirstFactorKind::Password | wit::FirstFactorKind::Other => FirstFactorKind::Password,
    };
    let phone = match factor.channel {
        wit::Channel::Phone(number) => {
            let field = format!("{field}.channel.phone");
            // The gateway knows where it sent its message, so the number comes as it was sent to.
            let number = PhoneNumber::from_canonical(number);
            Some(number.map_err(|_| Failure::invalid(&field, E164))?)
        }
        wit::Channel::Other(name) => {
            let field = format!("{field}.channel.other");
            names::label(
                &name,
                64,
                &field,
                "1 to 64 bytes without control characters",
            )?;
            None
        }
        wit::Channel::Direct | wit::Channel::Email => None,
    };
    Ok(FirstFactor {
        kind,
        age: Span::seconds(u64::from(factor.age)),
        phone,
    })
}

/// Takes what `sign-in.begin` is asked.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn begin_request(request: sign_in::BeginRequest) -> Result<BeginRequest, Failure> {
    let device_token = request.device_token.map(Text::new);
    if device_token
        .as_ref()
        .is_some_and(|it| it.expose().len() > 128)
    {
        return Err(Failure::invalid(
            "request.device-token",
            "at most 128 bytes",
        ));
    }
    Ok(BeginRequest {
        memberships: memberships(request.memberships, "request.memberships")?,
        first_factor: first_factor(request.first_factor, "request.first-factor")?,
        purpose: purpose(request.purpose, "request.purpose")?,
        device_token,
        attested: request.binding_attested,
        known_enrolled: request.known_enrolled,
    })
}

/// Takes what a ticket is to be good for; `field` is what a failure names.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn purpose(purpose: wit::Purpose, field: &str) -> Result<Purpose, Failure> {
    Ok(match purpose {
        wit::Purpose::SignIn => Purpose::SignIn,
        wit::Purpose::ManageFactors => Purpose::ManageFactors,
        wit::Purpose::StepUp(binding) => {
            let field = format!("{field}.step-up");
            Purpose::StepUp(names::label(
                &binding,
                128,
                &field,
                "1 to 128 bytes without control characters",
            )?)
        }
    })
}

/// Takes a session, and the age that a factor shown in it may have.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn session(session: sign_in::Session, max_age: Option<u32>) -> Result<Session, Failure> {
    Ok(Session {
        first_factor: first_factor(session.first_factor, "session.first-factor")?,
        factor_at: session.factor_at.map(Instant::new),
        device_at: session.device_at.map(Instant::new),
        epoch: session.epoch,
        max_age: max_age.map(|it| Span::seconds(u64::from(it))),
    })
}

/// Takes how an authenticator app is to show the entry.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn label(label: &enrollment::Label) -> Result<Label, Failure> {
    Label::parse(&label.issuer, &label.account_name).map_err(|fault| {
        let field = match fault.field {
            "issuer" => "label.issuer",
            _ => "label.account-name",
        };
        Failure::invalid(field, fault.expected)
    })
}

/// Takes a number as a person types it.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] with the name of the field that is out of its bounds.
pub fn phone(typed: &str) -> Result<PhoneNumber, Failure> {
    PhoneNumber::parse(typed).map_err(|_| Failure::invalid("phone", E164))
}

/// What is expected of a telephone number.
const E164: &str = "E.164: `+` and 7 to 15 digits, the first not 0";
