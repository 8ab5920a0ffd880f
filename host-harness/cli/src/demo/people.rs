//! Who the story is about, and what a gateway knows of them.

use countersign_host::contract::enrollment::Label;
use countersign_host::contract::policy::{
    FirstBinding, Guessing, Mode, Policy, Resend, ResetAuthority, SmsRules, TotpWindow,
};
use countersign_host::contract::sign_in::BeginRequest;
use countersign_host::contract::{
    Actor, Channel, Deadline, FirstFactor, FirstFactorKind, Membership, Method, Purpose,
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

/// Acme's policy: the defaults of the contract, with a deadline.
pub(super) fn policy(deadline: Deadline) -> Policy {
    let countries = [
        "US", "CA", "MX", "GB", "IE", "FR", "DE", "ES", "IT", "AU", "NZ", "SG", "HK",
    ];
    Policy {
        mode: Mode::EnforcedFrom(deadline),
        methods: vec![Method::Totp],
        role_methods: Vec::new(),
        trusted_providers: Vec::new(),
        first_binding: FirstBinding::Password,
        reset_authority: ResetAuthority::Realm,
        totp_window: TotpWindow::PlusMinusOne,
        sms: SmsRules {
            countries: countries.map(str::to_owned).to_vec(),
            per_hour: 5,
            per_day: 10,
            daily_budget: 1_000,
            enrolling_percent: 30,
            lifetime_minutes: 10,
            beyond_ten_minutes: false,
            resend: Resend::Same,
            may_manage_app: true,
        },
        guessing: Guessing::PerFactor,
        reauth_interval: 12 * 60 * 60,
        device_days: 0,
        reminder_days: vec![30, 14, 7, 1],
    }
}
