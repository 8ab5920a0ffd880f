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

/// The companies whose policies a call with these memberships reads: each of them, and the default one.
///
/// # Errors
///
/// Returns [`Failure::Invalid`] for memberships that are out of bounds; `field` is the list's own name.
pub fn owners(memberships: &[Membership], field: &str) -> Result<Vec<Company>, Failure> {
    check_memberships(memberships, field)?;
    let named = memberships.iter().map(|it| it.company.clone());
    Ok(named.chain([Company::default_policy()]).collect())
}

/// The policies that were read, each by its owner.
#[derive(Clone, Debug, Default)]
pub struct Policies(Vec<(Company, Policy)>);

impl FromIterator<(Company, Policy)> for Policies {
    fn from_iter<I: IntoIterator<Item = (Company, Policy)>>(read: I) -> Self {
        Self(read.into_iter().collect())
    }
}

impl Policies {
    /// Gives each membership its policy: the company's own, or the default one.
    ///
    /// A resting membership needs none: it counts for nothing.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Invalid`] for an active membership of a company that has no policy, where there is no
    /// default one either; `field` is the list's own name.
    pub fn affiliate(
        &self,
        memberships: Vec<Membership>,
        field: &str,
    ) -> Result<Vec<Affiliation>, Failure> {
        let default = Company::default_policy();
        memberships
            .into_iter()
            .enumerate()
            .map(|(i, it)| {
                let own = self
                    .find(&it.company)
                    .map(|policy| (it.company.clone(), policy));
                let found = own.or_else(|| Some((default.clone(), self.find(&default)?)));
                let (policy_of, policy) = match found {
                    Some(found) => found,
                    None if !it.active => (default.clone(), Policy::baseline()),
                    None => {
                        let field = format!("{field}[{i}].company");
                        return Err(Failure::invalid(
                            &field,
                            "a company with a policy, or a default policy `*`",
                        ));
                    }
                };
                Ok(Affiliation {
                    company: it.company,
                    roles: it.roles,
                    active: it.active,
                    policy_of,
                    policy,
                })
            })
            .collect()
    }

    /// Supposes that a company's policy is another one than the stored one.
    pub fn suppose(&mut self, owner: Company, policy: Policy) {
        self.0.retain(|(it, _)| *it != owner);
        self.0.push((owner, policy));
    }

    fn find(&self, company: &Company) -> Option<Policy> {
        let (_, policy) = self.0.iter().find(|(owner, _)| owner == company)?;
        Some(policy.clone())
    }
}
