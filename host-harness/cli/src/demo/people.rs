//! Who the story is about, and what a gateway knows of them.

use countersign_host::contract::enrollment::Label;
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::sign_in::BeginRequest;
use countersign_host::contract::{
    Actor, Channel, Deadline, FirstFactor, FirstFactorKind, Membership, Purpose,
};

/// The company.
pub(super) const ACME: &str = "acme";
/// Its admin.
pub(super) const DANA: &str = "dana";

/// Dana, as who asks for a change.
pub(super) fn dana() -> Actor {
    Actor::User(DANA.to_owned())
}

/// The company that everybody in the story belongs to.
pub(super) fn memberships() -> Vec<Membership> {
    vec![Membership {
        company: ACME.to_owned(),
        roles: Vec::new(),
        active: true,
    }]
}

/// A password, typed just now.
pub(super) fn password() -> FirstFactor {
    FirstFactor {
        kind: FirstFactorKind::Password,
        age: 0,
        channel: Channel::Direct,
    }
}

/// What the gateway asks after a password.
pub(super) fn request(purpose: Purpose) -> BeginRequest {
    BeginRequest {
        memberships: memberships(),
        first_factor: password(),
        purpose,
        device_token: None,
        binding_attested: false,
        known_enrolled: false,
    }
}

/// How an authenticator app shows an entry.
pub(super) fn label(account: &str) -> Label {
    Label {
        issuer: "Acme".to_owned(),
        account_name: account.to_owned(),
    }
}

/// Acme's policy: the usual values, with a deadline.
pub(super) fn policy(deadline: Deadline) -> Policy {
    Policy::app_only(Mode::EnforcedFrom(deadline))
}
