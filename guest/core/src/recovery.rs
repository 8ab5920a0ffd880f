//! `recovery`: the one code that leads to a new device.

use alloc::string::String;

use crate::account::Recovery;
use crate::decision::{Changes, Decision, Log, Person};
use crate::enrollment::{IssuedRecovery, require_app_may_change};
use crate::event::EventKind;
use crate::failure::{Failure, NotPermitted};
use crate::recovery_code::RecoveryCode;
use crate::secret::Text;
use crate::sign_in::{EnrollOffer, may_recover};
use crate::ticket::{Stage, Ticket};
use crate::time::Instant;
use crate::vault::Vault;
use crate::verification::{Reason, Rejection};

/// What became of a recovery code.
#[derive(Debug)]
pub enum Presented {
    /// It was right: enrollment is open, and nothing else.
    Accepted(EnrollOffer),
    /// It was not.
    Rejected(Rejection),
}

/// Takes a recovery code in place of a lost factor, and opens enrollment for a new one.
///
/// The code is not spent by this, and the old factors stay: an abandoned page must leave a way in.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or no code is awaited on it.
/// - [`Failure::NotPermitted`]: there is no recovery code, the purpose is a step-up, MFA is off, or the first factor was
///   not fresh.
/// - [`Failure::Locked`]: the policy counts wrong codes user-wide, and there were too many.
/// - [`Failure::Invalid`]: the code is none; nothing was counted.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn present(
    mut person: Person,
    ticket: &Text,
    typed: &str,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<Presented>, Failure> {
    let ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_challenged()?;
    let account = person.account.as_ref();
    let recovery = account
        .filter(|it| may_recover(Some(it), &ticket.purpose, &ticket.policy))
        .and_then(|it| it.recovery.as_ref())
        .ok_or(NotPermitted::NoRecoveryCode)?;
    if !ticket.may_recover(now) {
        return Err(NotPermitted::FirstFactorTooOld.into());
    }
    if let Some(until) = account.and_then(|it| it.resting_user_wide(ticket.policy.guessing, now)) {
        return Err(Failure::Locked(until));
    }
    let code = RecoveryCode::parse(typed)
        .map_err(|_| Failure::invalid("code", "26 symbols of Crockford's base 32"))?;
    // What an acceptance needs is drawn before the comparison, so that a fault cannot tell a right code from a wrong one.
    let code_id = recovery.id.clone();
    let stage = Stage::Recovering {
        code_id: code_id.clone(),
    };
    let next = ticket.advance(&person.user, stage, now, vault)?;
    if recovery.check(&person.user, &code, vault)? {
        Ok(accept(person, ticket, code_id, next, now))
    } else {
        Ok(reject(person, ticket, now))
    }
}

/// Issues a new recovery code, which ends the one before at once.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or no factor was shown on it.
/// - [`Failure::NotPermitted`]: there is no factor to recover, it was shown too long ago, or a text message may not do this.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn issue(
    mut person: Person,
    ticket: &Text,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<IssuedRecovery>, Failure> {
    let ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_verified(now)?;
    ticket.require_on()?;
    require_app_may_change(&person, &ticket)?;
    let mut account = person.account.take().unwrap_or_default();
    if !account.is_enrolled() {
        return Err(NotPermitted::NoSuchFactor.into());
    }
    let (kept, code) = Recovery::issue(&person.user, now, vault)?;
    let id = kept.id.clone();
    account.recovery = Some(kept);
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::RecoveryIssued(id.clone()));
    // What the old code opened ends with it.
    person.tickets.end_recovering(now);
    person.tickets.keep(ticket, now);
    Ok(Decision {
        reply: IssuedRecovery { id, code },
        changes: Changes {
            account: Some(account),
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Notes that the user said to have saved the code with this id.
///
/// # Errors
///
/// Returns [`NotPermitted::NoRecoveryCode`] unless it is the current code's.
pub fn acknowledge(mut person: Person, code_id: &str) -> Result<Decision<()>, Failure> {
    let mut account = person.account.take().unwrap_or_default();
    let recovery = account
        .recovery
        .as_mut()
        .filter(|it| it.id == code_id)
        .ok_or(NotPermitted::NoRecoveryCode)?;
    if recovery.acknowledged {
        return Ok(Decision::tell(()));
    }
    recovery.acknowledged = true;
    let mut log = Log::of(&[]);
    log.note(EventKind::RecoveryAcknowledged(code_id.into()));
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

fn accept(
    mut person: Person,
    ticket: Ticket,
    code_id: String,
    (text, next): (Text, Ticket),
    now: Instant,
) -> Decision<Presented> {
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::RecoveryPresented(code_id));
    person.tickets.end_recovering(now);
    let offer = EnrollOffer::of(text, &next, true);
    person.tickets.end(ticket, now);
    person.tickets.keep(next, now);
    Decision {
        reply: Presented::Accepted(offer),
        changes: Changes {
            account: None,
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    }
}

fn reject(mut person: Person, mut ticket: Ticket, now: Instant) -> Decision<Presented> {
    let guessing = ticket.policy.guessing;
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::RecoveryFailed);
    ticket.failures.recovery = ticket.failures.recovery.saturating_add(1);
    let attempts_left = ticket.attempts_left();
    if attempts_left == 0 {
        person.tickets.end(ticket, now);
    } else {
        person.tickets.keep(ticket, now);
    }
    let mut account = person.account.take().unwrap_or_default();
    let before = account.user_wide.clone();
    if let Some(until) = account.user_wide.fail(guessing, now) {
        log.note(EventKind::UserLocked(until));
    }
    let retry_at = account.resting_user_wide(guessing, now);
    Decision {
        reply: Presented::Rejected(Rejection {
            reason: Reason::Wrong,
            attempts_left,
            retry_at,
        }),
        changes: Changes {
            account: Some(account).filter(|it| it.user_wide != before),
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    }
}
