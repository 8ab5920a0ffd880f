//! What a company asks of its users: the contract's `policy`.

use countersign_core::policy as core;

use crate::types::{Actor, Company, Failure};
use crate::{answer, convert, transaction};

pub use crate::bindings::exports::countersign::mfa::policy::{
    FirstBinding, Guessing, Guest, Mode, Policy, Resend, ResetAuthority, RoleMethods, SmsRules,
    StoredPolicy, TotpWindow,
};

/// Reads a company's own policy; none if it has none and falls to `*`.
///
/// # Errors
///
/// Returns what the contract names for `policy.get`.
pub fn get(company: Company) -> Result<Option<StoredPolicy>, Failure> {
    answer(|| {
        let company = convert::company(&company, "company")?;
        Ok(transaction::read_policy(&company)?.map(convert::policy_to_wit))
    })
}

/// Replaces a company's policy, and returns the new revision.
///
/// # Errors
///
/// Returns what the contract names for `policy.put`: a field out of its bounds, a revision that somebody else changed
/// first, or a deadline that is not in the future.
///
/// # Examples
///
/// A plugin for a house where a factor is shown again at least every day:
///
/// ```no_run
/// use countersign_sdk::policy::{self, Policy};
/// use countersign_sdk::types::{Actor, Company, Failure, InvalidInput};
///
/// fn put(
///     company: Company,
///     policy: Policy,
///     expected: Option<u64>,
///     actor: Actor,
///     enforce_now: bool,
/// ) -> Result<u64, Failure> {
///     if policy.reauth_interval > 86_400 {
///         return Err(Failure::InvalidInput(InvalidInput {
///             field: "policy.reauth-interval".into(),
///             expected: "300 to 86,400 seconds".into(),
///         }));
///     }
///     policy::put(company, policy, expected, actor, enforce_now)
/// }
/// # let _ = put;
/// ```
pub fn put(
    company: Company,
    policy: Policy,
    expected: Option<u64>,
    actor: Actor,
    enforce_now: bool,
) -> Result<u64, Failure> {
    answer(|| {
        let company = convert::company(&company, "company")?;
        let policy = convert::policy(policy)?;
        let actor = convert::actor(actor)?;
        let put = |stored, now| {
            let ask = core::Put {
                policy: policy.clone(),
                expected,
                actor: actor.clone(),
                enforce_now,
            };
            core::put(&company, stored, ask, now)
        };
        Ok(transaction::replace_policy(&company, put)?.revision)
    })
}
