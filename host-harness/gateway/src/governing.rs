//! The policy that holds for a company: its own, or that for everybody.

use countersign_host::contract::policy::Policy;
use countersign_host::{Countersign, Error};

/// The policy that holds for a company.
#[derive(Clone, Debug)]
pub(crate) struct Governing {
    /// What it says.
    pub(crate) policy: Policy,
    /// The revision of the company's own policy; none while it falls to the default one. It is what
    /// [`put_policy`](crate::Gateway::put_policy) expects.
    pub(crate) revision: Option<u64>,
}

impl Governing {
    /// Reads it; none if nobody set one, neither for the company nor for everybody.
    pub(crate) async fn of(mfa: &Countersign, company: &str) -> Result<Option<Self>, Error> {
        let policies = mfa.policy();
        if let Some(own) = policies.get(company).await? {
            return Ok(Some(Self {
                policy: own.policy,
                revision: Some(own.revision),
            }));
        }
        let default = policies.get(DEFAULT).await?;
        Ok(default.map(|it| Self {
            policy: it.policy,
            revision: None,
        }))
    }

    /// Says whether it is the company's own.
    pub(crate) fn is_own(&self) -> bool {
        self.revision.is_some()
    }
}

/// The company that stands for all companies without a policy of their own.
pub(crate) const DEFAULT: &str = "*";
