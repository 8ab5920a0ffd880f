//! What one call may reach.

use std::sync::Arc;

use crate::bindings::countersign::mfa::store::{RecordId, UserRecord};
use crate::contract::Membership;
use crate::error::Reached;
use crate::store::Record;

/// What one call may reach: one user's records, the policies of the companies that it names and of `*`, at most one
/// of them to write, and counters.
///
/// The plugin cannot name a user, and this is filled in by the host from the arguments of the call, before the plugin
/// sees them. So a plugin that was broken into in one call sees one user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    user: Option<Arc<str>>,
    companies: Vec<Arc<str>>,
    writable: Option<Arc<str>>,
}

impl Scope {
    /// The scope of a call about nobody.
    pub(crate) fn nobody() -> Self {
        Self::default()
    }

    /// The scope of a call about a user.
    pub(crate) fn of(user: &str) -> Self {
        Self {
            user: Some(user.into()),
            ..Self::default()
        }
    }

    /// Adds a company that the call names.
    pub(crate) fn naming(mut self, company: &str) -> Self {
        self.companies.push(company.into());
        self
    }

    /// Adds the companies of memberships.
    pub(crate) fn member(self, memberships: &[Membership]) -> Self {
        let each = memberships.iter();
        each.fold(self, |scope, it| scope.naming(&it.company))
    }

    /// Makes the policy of a company writable.
    pub(crate) fn writing(mut self, company: &str) -> Self {
        self.writable = Some(company.into());
        self.naming(company)
    }

    /// Returns the user that the call is about.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Turns the plugin's name of a record into the host's, if the call may read it.
    pub(crate) fn readable(&self, id: &RecordId) -> Result<Record, Reached> {
        match id {
            RecordId::User(UserRecord::Account) => match &self.user {
                Some(user) => Ok(Record::Account { user: user.clone() }),
                None => Err(Reached::Account),
            },
            RecordId::User(UserRecord::Tickets) => match &self.user {
                Some(user) => Ok(Record::Tickets { user: user.clone() }),
                None => Err(Reached::Tickets),
            },
            RecordId::Policy(company) => {
                let named = self.companies.iter().any(|it| **it == **company);
                match named || company == DEFAULT {
                    true => Ok(Record::Policy {
                        company: company.as_str().into(),
                    }),
                    false => Err(Reached::Policy),
                }
            }
            RecordId::Quota(name) => Ok(Record::Quota {
                name: name.as_str().into(),
            }),
        }
    }

    /// Turns the plugin's name of a record into the host's, if the call may replace or delete it.
    pub(crate) fn writable(&self, id: &RecordId) -> Result<Record, Reached> {
        match id {
            RecordId::User(_) => self.readable(id),
            RecordId::Policy(company) if self.writable.as_deref() == Some(company) => {
                self.readable(id)
            }
            RecordId::Policy(_) => Err(Reached::PolicyWrite),
            RecordId::Quota(_) => Err(Reached::Counter),
        }
    }
}

/// The company of the default policy.
const DEFAULT: &str = "*";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_about_nobody_reaches_no_user() {
        let id = RecordId::User(UserRecord::Account);
        assert_eq!(Scope::nobody().readable(&id), Err(Reached::Account));
        assert_eq!(Scope::nobody().writable(&id), Err(Reached::Account));
    }

    #[test]
    fn only_named_companies_and_the_default_are_readable() {
        let scope = Scope::of("ana").naming("acme");
        let policy = |company: &str| RecordId::Policy(company.to_owned());
        assert!(scope.readable(&policy("acme")).is_ok());
        assert!(scope.readable(&policy("*")).is_ok());
        assert_eq!(scope.readable(&policy("evil")), Err(Reached::Policy));
        assert_eq!(scope.writable(&policy("acme")), Err(Reached::PolicyWrite));
    }

    #[test]
    fn one_policy_is_writable_where_it_is_put() {
        let scope = Scope::nobody().writing("acme");
        let policy = |company: &str| RecordId::Policy(company.to_owned());
        assert!(scope.writable(&policy("acme")).is_ok());
        assert_eq!(scope.writable(&policy("*")), Err(Reached::PolicyWrite));
    }
}
