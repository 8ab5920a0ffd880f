//! The companies of a user, each with the policy that it has.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::failure::Failure;
use crate::names::{self, Company};
use crate::policy::{Mode, Policy};

/// That a user belongs to a company.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    /// The company.
    pub company: Company,
    /// The user's roles in it.
    pub roles: Vec<String>,
    /// False while it rests.
    pub active: bool,
}

/// A membership with the policy that holds for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Affiliation {
    /// The company.
    pub company: Company,
    /// The user's roles in it.
    pub roles: Vec<String>,
    /// False while the membership rests.
    pub active: bool,
    /// Whose policy it is: the company's own, or the default.
    pub policy_of: Company,
    /// The policy.
    pub policy: Policy,
}

impl Affiliation {
    /// Says whether the company has a say: active, and not off.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.active && self.policy.mode != Mode::Off
    }

    /// Says whether the company has set a deadline, past or ahead.
    #[must_use]
    pub fn enforces(&self) -> bool {
        self.active && self.policy.deadline().is_some()
    }
}

/// Takes 1 to 16 memberships, no company twice, with at most 8 roles each.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] for the first field that is out of bounds; `field` is the list's own name.
pub fn check_memberships(memberships: &[Membership], field: &str) -> Result<(), Failure> {
    if memberships.is_empty() || memberships.len() > 16 {
        return Err(Failure::invalid(field, "1 to 16 memberships"));
    }
    for (i, membership) in memberships.iter().enumerate() {
        if memberships
            .iter()
            .take(i)
            .any(|it| it.company == membership.company)
        {
            let field = format!("{field}[{i}].company");
            return Err(Failure::invalid(&field, "no company twice"));
        }
        if membership.roles.len() > 8 {
            let field = format!("{field}[{i}].roles");
            return Err(Failure::invalid(&field, "at most 8 roles"));
        }
        for (j, role) in membership.roles.iter().enumerate() {
            let field = format!("{field}[{i}].roles[{j}]");
            names::label(role, 64, &field, "1 to 64 bytes without control characters")?;
        }
    }
    Ok(())
}

/// Gives each membership its policy. `find` returns a company's own policy, if it has one.
///
/// A resting membership needs none: it counts for nothing.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] for an active membership of a company that has no policy, where there is no
/// default one either.
pub fn affiliate(
    memberships: Vec<Membership>,
    field: &str,
    find: impl Fn(&Company) -> Option<Policy>,
) -> Result<Vec<Affiliation>, Failure> {
    let default = Company::default_policy();
    memberships
        .into_iter()
        .enumerate()
        .map(
            |(
                i,
                Membership {
                    company,
                    roles,
                    active,
                },
            )| {
                let own = find(&company).map(|policy| (company.clone(), policy));
                let (policy_of, policy) =
                    match own.or_else(|| Some((default.clone(), find(&default)?))) {
                        Some(found) => found,
                        None if !active => (default.clone(), Policy::baseline()),
                        None => {
                            let field = format!("{field}[{i}].company");
                            return Err(Failure::invalid(
                                &field,
                                "a company with a policy, or a default policy `*`",
                            ));
                        }
                    };
                Ok(Affiliation {
                    company,
                    roles,
                    active,
                    policy_of,
                    policy,
                })
            },
        )
        .collect()
}
