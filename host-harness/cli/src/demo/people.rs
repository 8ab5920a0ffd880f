//! Who the story is about, and what a gateway knows of them.

use countersign_host::contract::enrollment::Label;
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::sign_in::BeginRequest;
use countersign_host::contract::{
    Actor, Deadline, FirstFactor, FirstFactorKind, Membership, Method, Purpose,
};

/// A company, and its admin.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Company {
    pub(super) id: &'static str,
    pub(super) admin: &'static str,
}

/// The company that almost everybody in the story belongs to.
pub(super) const ACME: Company = Company {
    id: "acme",
    admin: "dana",
};
/// Another one.
pub(super) const GLOBEX: Company = Company {
    id: "globex",
    admin: "gus",
};

impl Company {
    /// The admin, as who asks for a change.
    pub(super) fn actor(self) -> Actor {
        Actor::User(self.admin.to_owned())
    }
}

/// Whether a membership counts.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Standing {
    Active,
    Resting,
}

/// Somebody who passed the first factor just now.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) user: &'a str,
    pub(super) companies: &'a [(Company, Standing)],
    /// The single sign-on that brought them; none for a password.
    pub(super) provider: Option<&'a str>,
    /// The token that their browser keeps, if it was trusted.
    pub(super) device: Option<&'a str>,
}

impl<'a> Visit<'a> {
    /// A user with a password.
    pub(super) fn of(user: &'a str, companies: &'a [(Company, Standing)]) -> Self {
        Self {
            user,
            companies,
            provider: None,
            device: None,
        }
    }

    /// The same, brought by a single sign-on.
    pub(super) fn by(self, provider: &'a str) -> Self {
        Self {
            provider: Some(provider),
            ..self
        }
    }

    /// The same, with the token of a device.
    pub(super) fn on(self, device: &'a str) -> Self {
        Self {
            device: Some(device),
            ..self
        }
    }

    pub(super) fn memberships(&self) -> Vec<Membership> {
        self.companies
            .iter()
            .map(|(company, standing)| Membership {
                company: company.id.to_owned(),
                roles: Vec::new(),
                active: *standing == Standing::Active,
            })
            .collect()
    }

    pub(super) fn first_factor(&self) -> FirstFactor {
        let mut first = FirstFactor::password();
        if let Some(id) = self.provider {
            first.kind = FirstFactorKind::Federated(id.to_owned());
        }
        first
    }

    /// What the gateway asks.
    pub(super) fn request(&self, purpose: Purpose) -> BeginRequest {
        BeginRequest {
            memberships: self.memberships(),
            first_factor: self.first_factor(),
            purpose,
            device_token: self.device.map(str::to_owned),
            binding_attested: false,
            known_enrolled: false,
        }
    }

    /// Says who it is, and what the gateway knows of them.
    pub(super) fn described(&self) -> String {
        let of = |standing| {
            let of: Vec<&str> = self
                .companies
                .iter()
                .filter(|(_, it)| *it == standing)
                .map(|(company, _)| company.id)
                .collect();
            of.join(" and ")
        };
        let resting = match of(Standing::Resting) {
            it if it.is_empty() => it,
            it => format!(" (inactive: {it})"),
        };
        let user = self.user;
        let (by, first) = match self.provider {
            Some(id) => (" by single sign-on", id),
            None => ("", "password"),
        };
        let device = self.device.map_or("", |_| ", the device's token");
        let active = of(Standing::Active);
        format!("{user}{by}, member of {active}{resting}, {first}{device}")
    }
}

/// The membership of those who are in Acme only.
pub(super) const OF_ACME: &[(Company, Standing)] = &[(ACME, Standing::Active)];
/// The same of Globex.
pub(super) const OF_GLOBEX: &[(Company, Standing)] = &[(GLOBEX, Standing::Active)];
/// The memberships of those who are in both.
pub(super) const OF_BOTH: &[(Company, Standing)] =
    &[(ACME, Standing::Active), (GLOBEX, Standing::Active)];

/// How an authenticator app shows an entry.
pub(super) fn label(account: &str) -> Label {
    Label {
        issuer: ISSUER.to_owned(),
        account_name: account.to_owned(),
    }
}

/// A policy of the usual values, with a deadline.
pub(super) fn policy(deadline: Deadline) -> Policy {
    Policy::app_only(Mode::EnforcedFrom(deadline))
}

/// The same policy, with text messages to one country, and devices that are trusted for a month.
pub(super) fn with_phones(mut policy: Policy) -> Policy {
    policy.methods = vec![Method::Totp, Method::Sms];
    policy.sms.countries = vec![COUNTRY.to_owned()];
    policy.device_days = 30;
    policy
}

/// How the gateway calls itself where a user reads it.
pub(super) const ISSUER: &str = "Acme";

/// Where the codes of text messages are typed.
pub(super) const HOST: &str = "id.example.com";

/// Where all phones of the story are.
pub(super) const COUNTRY: &str = "US";
