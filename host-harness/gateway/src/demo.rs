//! Two companies and a few people, to see a gateway work.

use countersign_host::contract::policy::Mode;
use countersign_host::contract::{Actor, Deadline};
use countersign_host::profile::Profile;

use crate::directory::{Company, Member, NewUser};
use crate::gateway::Gateway;
use crate::governing::DEFAULT;
use crate::refusal::Refusal;
use crate::seconds::DAY;

/// Somebody of the demo.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Person {
    /// What they type to sign in.
    pub name: &'static str,
    /// Where they belong, and what they may do there.
    pub about: &'static str,
    companies: &'static [(&'static str, bool)],
    is_operator: bool,
}

/// Everybody of the demo.
pub const PEOPLE: &[Person] = &[
    Person {
        name: "ben",
        about: "of Acme Builders, which requires MFA in three weeks: enroll early, or later",
        companies: &[("acme", false)],
        is_operator: false,
    },
    Person {
        name: "ana",
        about: "admin of Acme Builders: set up a factor before you decide about others",
        companies: &[("acme", true)],
        is_operator: false,
    },
    Person {
        name: "gil",
        about: "of Globex, whose deadline has passed: enrolling is all there is to reach",
        companies: &[("globex", false)],
        is_operator: false,
    },
    Person {
        name: "gwen",
        about: "admin of Globex",
        companies: &[("globex", true)],
        is_operator: false,
    },
    Person {
        name: "vera",
        about: "of both companies",
        companies: &[("acme", false), ("globex", false)],
        is_operator: false,
    },
    Person {
        name: "omar",
        about: "operator, over all companies",
        companies: &[],
        is_operator: true,
    },
];

/// Adds the companies, their policies and the people, all with one password.
///
/// Acme Builders requires MFA three weeks from now, Globex since this moment; whoever is of neither may use it.
///
/// Whoever is there already stays as they are, and so does each policy: after a call that was ended half-way, another one
/// does the rest.
///
/// # Errors
///
/// [`Refusal`]
pub async fn seed(gateway: &Gateway, password: &str) -> Result<(), Refusal> {
    let now = gateway.now()?;
    for (id, name) in [("acme", "Acme Builders"), ("globex", "Globex")] {
        let company = Company {
            id: id.to_owned(),
            name: name.to_owned(),
        };
        gateway.directory.put_company(company).await?;
    }
    let deadline = |at, zone: &str| {
        Mode::EnforcedFrom(Deadline {
            at,
            zone: zone.to_owned(),
        })
    };
    let in_three_weeks = now
        .next_multiple_of(DAY)
        .saturating_add(DAY.saturating_mul(21));
    let policies = [
        (DEFAULT, Mode::Voluntary, false),
        ("acme", deadline(in_three_weeks, "Europe/London"), false),
        ("globex", deadline(now, "America/New_York"), true),
    ];
    let actor = Actor::Operator("demo".to_owned());
    for (company, mode, at_once) in policies {
        let policies = gateway.mfa.policy();
        if policies.get(company).await?.is_some() {
            continue;
        }
        let policy = Profile::Procore.policy(mode);
        policies
            .put(company, &policy, None, &actor, at_once)
            .await?;
    }
    for person in PEOPLE {
        if gateway.directory.user_named(person.name).await?.is_some() {
            continue;
        }
        let hash = gateway.passwords.hash(password, &*gateway.random).await?;
        let each = person.companies.iter();
        let user = NewUser {
            id: format!("u-{}", person.name),
            name: person.name.to_owned(),
            email: Some(format!("{}@example.com", person.name)),
            password: Some(hash),
            is_operator: person.is_operator,
            memberships: each
                .map(|(company, is_admin)| Member {
                    company: (*company).to_owned(),
                    is_admin: *is_admin,
                    roles: Vec::new(),
                    is_active: true,
                })
                .collect(),
        };
        gateway.directory.add_user(user).await?;
    }
    Ok(())
}
