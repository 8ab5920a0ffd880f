//! The exports of `administration`.

use alloc::string::String;
use alloc::vec::Vec;

use countersign_core::administration as core;
use countersign_core::company;
use countersign_core::failure::Failure as CoreFailure;
use countersign_core::otpauth;
use countersign_core::secret::Text;
use countersign_core::time::Instant;
use countersign_core::totp::Step;

use crate::bindings::countersign::mfa::types::{
    Actor, Company, Failure, FirstFactor, Membership, Method, Purpose, User,
};
use crate::bindings::exports::countersign::mfa::administration as wit;
use crate::{Component, answer, convert, transaction};

impl wit::Guest for Component {
    fn status(user: User) -> Result<wit::UserStatus, Failure> {
        answer(|| {
            let user = convert::user(&user)?;
            let now = transaction::now()?;
            let reading = transaction::read(&user, &[])?;
            Ok(convert::status_to_wit(core::status(&reading.person, now)))
        })
    }

    fn preview(
        user: User,
        memberships: Vec<Membership>,
        first_factor: FirstFactor,
        purpose: Purpose,
        hypothetical: Option<wit::Hypothetical>,
        at: u64,
    ) -> Result<wit::PreviewReport, Failure> {
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

    fn reset(
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

    fn unlock(user: User, method: Method, actor: Actor) -> Result<(), Failure> {
        answer(|| {
            let (user, actor) = (convert::user(&user)?, convert::actor(actor)?);
            transaction::run(&user, &[], |person, _, _, _| {
                core::unlock(person, convert::method(method), actor.clone())
            })
        })
    }

    fn add_totp(user: User, uri: String, mark: Option<u64>, actor: Actor) -> Result<u64, Failure> {
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

    fn revoke(user: User, actor: Actor, what: wit::Revocable) -> Result<(), Failure> {
        answer(|| {
            let (user, actor) = (convert::user(&user)?, convert::actor(actor)?);
            transaction::run(&user, &[], |person, _, now, _| {
                core::revoke(person, convert::revocable(what), actor.clone(), now)
            })
        })
    }

    fn first_factor_changed(user: User) -> Result<(), Failure> {
        answer(|| {
            let user = convert::user(&user)?;
            transaction::run(&user, &[], |person, _, now, _| {
                core::first_factor_changed(person, now)
            })
        })
    }

    fn erase(user: User, actor: Actor) -> Result<(), Failure> {
        answer(|| {
            let (user, actor) = (convert::user(&user)?, convert::actor(actor)?);
            transaction::run(&user, &[], |person, _, _, _| {
                core::erase(person, actor.clone())
            })
        })
    }
}
