//! `administration`: what admins and operators do, one user a call.

use alloc::string::String;
use alloc::vec::Vec;

use crate::account::{self, Account, App, UserWide};
use crate::attempts::Attempts;
use crate::company::Affiliation;
use crate::decision::{Changes, Decision, Log, Person};
use crate::event::{Actor, EventKind, Removal};
use crate::failure::{Failure, NotPermitted};
use crate::method::Method;
use crate::names::{self, Company};
use crate::outlook::{self, Circumstances, FirstFactor, Outlook};
use crate::policy::{Effective, ResetAuthority};
use crate::record::Unknown;
use crate::sign_in::may_enroll;
use crate::ticket::{Purpose, Tickets};
use crate::time::Instant;
use crate::totp::{Key, Step};
use crate::vault::Vault;

mod status;

pub use status::{DeviceStatus, FactorStatus, RecoveryStatus, UserStatus, status};

/// A reset, as it is asked for.
#[derive(Debug)]
pub struct Reset {
    /// The user's companies, each with its policy.
    pub affiliations: Vec<Affiliation>,
    /// The company on whose behalf a person of the realm acts.
    pub company: Option<Company>,
    /// Who acts.
    pub actor: Actor,
    /// Whether the actor says to have verified the person's identity.
    pub identity_verified: bool,
    /// Why, for the audit trail.
    pub reason: String,
}

/// What to revoke.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Revocable {
    /// All tickets.
    Tickets,
    /// All trusted devices.
    Devices,
    /// The recovery code.
    Recovery,
}

/// What `begin` would say at a time.
#[derive(Debug)]
pub struct Preview {
    /// What.
    pub outlook: Outlook,
    /// The effective deadline.
    pub deadline: Option<Instant>,
    /// What may be enrolled.
    pub methods: Vec<Method>,
}

/// Removes all factors and the recovery code, and ends tickets and sessions. Replies with the new epoch.
///
/// # Errors
///
/// - [`Failure::NotPermitted`]: the identity was not verified, the actor is the user, the user was erased, or another
///   company has a say.
/// - [`Failure::Invalid`]: a person acts for no company, or for one the user is not active in.
pub fn reset(mut person: Person, ask: Reset, now: Instant) -> Result<Decision<u64>, Failure> {
    names::label(
        &ask.reason,
        200,
        "reason",
        "1 to 200 bytes without control characters",
    )?;
    if !ask.identity_verified {
        return Err(NotPermitted::NotVerified.into());
    }
    let business = match (&ask.actor, &ask.company) {
        (Actor::User(id), _) if id == person.user.as_str() => {
            return Err(NotPermitted::Oneself.into());
        }
        (Actor::User(_), Some(company)) => {
            require_authority(&ask.affiliations, company)?;
            Some(company)
        }
        (Actor::User(_), None) => {
            return Err(Failure::invalid(
                "company",
                "the company that the actor acts for",
            ));
        }
        (Actor::Operator(_), company) => company.as_ref(),
    };
    let mut log = Log::by(
        business.map(core::slice::from_ref).unwrap_or_default(),
        ask.actor,
    );
    let account = require_not_erased(person.account.take().unwrap_or_default())?;
    for method in account.methods() {
        log.note(EventKind::FactorRemoved(method, Removal::Reset));
    }
    if let Some(code) = &account.recovery {
        log.note(EventKind::RecoveryRevoked(code.id.clone()));
    }
    let mut account = Account {
        app: None,
        phone: None,
        preferred: None,
        recovery: None,
        user_wide: UserWide::default(),
        ..account
    };
    account.raise_epoch();
    log.note(EventKind::Reset(ask.reason));
    person.tickets.end_all(now);
    Ok(Decision {
        reply: account.epoch,
        changes: Changes {
            account: Some(account),
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Ends the wait or lock of a factor, and a user-wide rest with it; changes no count.
///
/// # Errors
///
/// Returns [`Failure::NotPermitted`] when there is no such factor, or it is disabled, and no user-wide rest to end either.
pub fn unlock(mut person: Person, method: Method, actor: Actor) -> Result<Decision<()>, Failure> {
    let mut account = person.account.take().unwrap_or_default();
    let rested = account.user_wide.rest_until.take().is_some();
    match account.attempts_mut(method) {
        Some(attempts) if !attempts.disabled => attempts.unlock(),
        _ if rested => {}
        Some(_) => return Err(NotPermitted::FactorDisabled.into()),
        None => return Err(NotPermitted::NoSuchFactor.into()),
    }
    let mut log = Log::by(&[], actor);
    log.note(EventKind::Unlocked(method));
    Ok(Decision {
        reply: (),
        changes: Changes {
            account: Some(account),
            tickets: None,
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Ends what a user holds. Revoking what is not there changes nothing.
///
/// # Errors
///
/// Returns [`NotPermitted::Erased`] for a user who was erased.
pub fn revoke(
    mut person: Person,
    what: Revocable,
    actor: Actor,
    now: Instant,
) -> Result<Decision<()>, Failure> {
    let mut account = require_not_erased(person.account.take().unwrap_or_default())?;
    let mut log = Log::by(&[], actor);
    let (mut changed, mut tickets) = (None, None);
    match what {
        Revocable::Tickets => {
            log.note(EventKind::TicketsRevoked);
            person.tickets.end_all(now);
            tickets = Some(person.tickets);
        }
        Revocable::Devices => {
            log.note(EventKind::DeviceRevoked("*".into()));
            if !account.devices.is_empty() {
                account.devices.clear();
                changed = Some(account);
            }
        }
        Revocable::Recovery => {
            if let Some(code) = account.recovery.take() {
                log.note(EventKind::RecoveryRevoked(code.id));
                person.tickets.end_recovering(now);
                (changed, tickets) = (Some(account), Some(person.tickets));
            }
        }
    }
    Ok(Decision {
        reply: (),
        changes: Changes {
            account: changed,
            tickets,
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Notes that the first factor was changed: tickets end, and so does the demand to change it.
///
/// # Errors
///
/// Returns [`NotPermitted::Erased`] for a user who was erased.
pub fn first_factor_changed(mut person: Person, now: Instant) -> Result<Decision<()>, Failure> {
    let known = person.account.is_some();
    let mut account = require_not_erased(person.account.take().unwrap_or_default())?;
    account.first_factor_suspect = false;
    account.devices.clear();
    let mut log = Log::of(&[]);
    log.note(EventKind::FirstFactorChanged);
    person.tickets.end_all(now);
    Ok(Decision {
        reply: (),
        changes: Changes {
            account: known.then_some(account),
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Deletes everything about a user but that there was one. Erasing again changes nothing.
///
/// # Errors
///
/// None so far; the signature leaves room for a refusal.
pub fn erase(person: Person, actor: Actor) -> Result<Decision<()>, Failure> {
    let account = person.account.unwrap_or_default();
    if account.erased {
        return Ok(Decision::tell(()));
    }
    let mut tombstone = Account {
        epoch: account.epoch,
        erased: true,
        ..Account::default()
    };
    tombstone.raise_epoch();
    let mut log = Log::by(&[], actor);
    log.note(EventKind::Erased);
    Ok(Decision {
        reply: (),
        changes: Changes {
            account: Some(tombstone),
            tickets: Some(Tickets::default()),
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Imports a confirmed app from another system. Replies with the epoch.
///
/// # Errors
///
/// - [`Failure::NotPermitted`]: the actor is no operator, the user was erased or has another app.
/// - [`Failure::Invalid`]: the mark lies in the future.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn add_totp(
    mut person: Person,
    key: Key,
    mark: Option<Step>,
    actor: Actor,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<u64>, Failure> {
    if !matches!(actor, Actor::Operator(_)) {
        return Err(NotPermitted::OperatorOnly.into());
    }
    let mut account = require_not_erased(person.account.take().unwrap_or_default())?;
    if let Some(app) = &account.app {
        return if app.key == key {
            Ok(Decision::tell(account.epoch))
        } else {
            Err(NotPermitted::AlreadyEnrolled.into())
        };
    }
    // A code that the other system took, or may be taking now, must not be taken here too.
    let current = key.step_at(now);
    // A mark ahead of the clock, Unix seconds for example, would make every right code a replayed one.
    if mark.is_some_and(|it| it.number() > current.number().saturating_add(1)) {
        return Err(Failure::invalid(
            "mark",
            "a time step that is not in the future",
        ));
    }
    account.app = Some(App {
        id: account::new_factor_id(vault)?,
        mark: mark.map_or(current, |mark| mark.max(current)),
        key,
        confirmed_at: now,
        used_at: None,
        attempts: Attempts::default(),
        unknown: Unknown::default(),
    });
    account.ever_enrolled = true;
    account.raise_epoch();
    let mut log = Log::by(&[], actor);
    log.note(EventKind::Imported(Method::Totp));
    person.tickets.end_all(now);
    Ok(Decision {
        reply: account.epoch,
        changes: Changes {
            account: Some(account),
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Says what `begin` would answer at `at`. Mints nothing, changes nothing.
///
/// Who vouches for a first binding is not known beforehand; it is supposed that somebody does.
#[must_use]
pub fn preview(
    account: Option<&Account>,
    affiliations: &[Affiliation],
    first_factor: &FirstFactor,
    purpose: &Purpose,
    at: Instant,
) -> Preview {
    let policy = Effective::of(affiliations);
    let circumstances = Circumstances {
        policy: &policy,
        trusted: outlook::is_trusted(affiliations, &first_factor.kind),
        first_factor,
        attested: true,
        purpose,
    };
    Preview {
        outlook: circumstances.outlook(account, at),
        deadline: policy.deadline().map(|it| it.at),
        methods: may_enroll(&policy),
    }
}

/// Requires that the company of a person who acts may decide this alone.
fn require_authority(affiliations: &[Affiliation], company: &Company) -> Result<(), Failure> {
    if !affiliations
        .iter()
        .any(|it| it.active && it.company == *company)
    {
        return Err(Failure::invalid(
            "company",
            "a company that the user is an active member of",
        ));
    }
    let others_enforce = affiliations
        .iter()
        .any(|it| it.company != *company && it.enforces());
    let all_agree = affiliations
        .iter()
        .filter(|it| it.active)
        .all(|it| it.policy.reset_authority == ResetAuthority::AnyCompany);
    if others_enforce && !all_agree {
        return Err(NotPermitted::OtherCompany.into());
    }
    Ok(())
}

fn require_not_erased(account: Account) -> Result<Account, Failure> {
    if account.erased {
        return Err(NotPermitted::Erased.into());
    }
    Ok(account)
}
