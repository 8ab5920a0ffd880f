//! What operators and admins see and do: the contract's `administration`.

use alloc::string::String;
use alloc::vec::Vec;

use countersign_core::administration as core;
use countersign_core::company;
use countersign_core::failure::Failure as CoreFailure;
use countersign_core::otpauth;
use countersign_core::secret::Text;
use countersign_core::time::Instant;
use countersign_core::totp::Step;

use crate::types::{Actor, Company, Failure, FirstFactor, Membership, Method, Purpose, User};
use crate::{answer, convert, transaction};

pub use crate::bindings::exports::countersign::mfa::administration::{
    CompanyPart, DeviceStatus, FactorStatus, Guest, Hypothetical, Outlook, PreviewReport,
    RecoveryStatus, Revocable, UserStatus,
};

/// Shows what is known of a user. Reads, and writes nothing.
///
/// # Errors
///
/// Returns what the contract names for `administration.status`.
pub fn status(user: User) -> Result<UserStatus, Failure> {
    answer(|| {
        let user = convert::user(&user)?;
        let now = transaction::now()?;
        let reading = transaction::read(&user, &[])?;
        Ok(convert::status_to_wit(core::status(&reading.person, now)))
    })
}

/// Says what `sign-in.begin` would say to a user at a time, and under which policy. Reads, and writes nothing.
///
/// # Errors
///
/// Returns what the contract names for `administration.preview`.
pub fn preview(
    user: User,
    memberships: Vec<Membership>,
    first_factor: FirstFactor,
    purpose: Purpose,
    hypothetical: Option<Hypothetical>,
    at: u64,
) -> Result<PreviewReport, Failure> {
    answer(|| {
        let user = convert::user(&user)?;
        let memberships = convert::memberships(memberships, "memberships")?;
        let first_factor = convert::first_factor(first_factor, "first-factor")?;
        let purpose = convert::purpose(purpose, "purpose")?;
        let owners = company::owners(&memberships, "memberships")?;
        let mut reading = transaction::read(&user, &owners)?;
        if let Some(it) = hypothetical {
            let company = convert::company(&it.company, "hypothetical.company")?;
            let policy = convert::policy(it.policy)
                .and_then(|policy| policy.check_bounds().map(|()| policy))
                .map_err(|failure| failure.under("hypothetical"))?;
            reading.policies.suppose(company, policy);
        }
        let affiliations = reading.policies.affiliate(memberships, "memberships")?;
        let preview = core::preview(
            reading.person.account.as_ref(),
            &affiliations,
            &first_factor,
            &purpose,
            Instant::new(at),
        );
        Ok(convert::preview_to_wit(preview, affiliations))
    })
}

/// Takes away a user's factors, so that new ones can be bound. Returns the new epoch.
///
/// # Errors
///
/// Returns what the contract names for `administration.reset`.
pub fn reset(
    user: User,
    memberships: Vec<Membership>,
    company: Option<Company>,
    actor: Actor,
    identity_verified: bool,
    reason: String,
) -> Result<u64, Failure> {
    answer(|| {
        let user = convert::user(&user)?;
        let memberships = convert::memberships(memberships, "memberships")?;
        let company = company
            .map(|it| convert::company(&it, "company"))
            .transpose()?;
        let actor = convert::actor(actor)?;
        let owners = company::owners(&memberships, "memberships")?;
        transaction::run(&user, &owners, |person, policies, now, _| {
            let ask = core::Reset {
                affiliations: policies.affiliate(memberships.clone(), "memberships")?,
                company: company.clone(),
                actor: actor.clone(),
                identity_verified,
                reason: reason.clone(),
            };
            core::reset(person, ask, now)
        })
    })
}

/// Lets a factor that rests after wrong codes be tried again. It enables none that is disabled.
///
/// # Errors
///
/// Returns what the contract names for `administration.unlock`.
pub fn unlock(user: User, method: Method, actor: Actor) -> Result<(), Failure> {
    answer(|| {
        let (user, actor) = (convert::user(&user)?, convert::actor(actor)?);
        transaction::run(&user, &[], |person, _, _, _| {
            core::unlock(person, convert::method(method), actor.clone())
        })
    })
}

/// Takes over an authenticator app from another system. Returns the new epoch.
///
/// # Errors
///
/// Returns what the contract names for `administration.add-totp`.
pub fn add_totp(user: User, uri: String, mark: Option<u64>, actor: Actor) -> Result<u64, Failure> {
    answer(|| {
        let (user, actor) = (convert::user(&user)?, convert::actor(actor)?);
        let uri = Text::new(uri);
        transaction::run(&user, &[], |person, _, now, keys| {
            let imported = otpauth::parse(uri.expose())
                .map_err(|fault| CoreFailure::invalid("uri", fault.expected))?;
            let mark = mark.map(Step::new);
            core::add_totp(person, imported.key, mark, actor.clone(), now, keys)
        })
    })
}

/// Ends a user's tickets, trusted devices or recovery code.
///
/// # Errors
///
/// Returns what the contract names for `administration.revoke`.
pub fn revoke(user: User, actor: Actor, what: Revocable) -> Result<(), Failure> {
    answer(|| {
        let (user, actor) = (convert::user(&user)?, convert::actor(actor)?);
        transaction::run(&user, &[], |person, _, now, _| {
            core::revoke(person, convert::revocable(what), actor.clone(), now)
        })
    })
}

/// Notes that the user has another password.
///
/// # Errors
///
/// Returns what the contract names for `administration.first-factor-changed`.
pub fn first_factor_changed(user: User) -> Result<(), Failure> {
    answer(|| {
        let user = convert::user(&user)?;
        transaction::run(&user, &[], |person, _, now, _| {
            core::first_factor_changed(person, now)
        })
    })
}

/// Erases what is known of a user, for good.
///
/// # Errors
///
/// Returns what the contract names for `administration.erase`.
pub fn erase(user: User, actor: Actor) -> Result<(), Failure> {
    answer(|| {
        let (user, actor) = (convert::user(&user)?, convert::actor(actor)?);
        transaction::run(&user, &[], |person, _, _, _| {
            core::erase(person, actor.clone())
        })
    })
}
