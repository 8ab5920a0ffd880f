//! `enrollment`: setting up, changing and removing factors.

use alloc::string::String;

use crate::assertion::Assertion;
use crate::decision::{Changes, Decision, Log, Person};
use crate::event::{EventKind, Removal};
use crate::failure::{Failure, NotPermitted};
use crate::method::Method;
use crate::otpauth::{self, Label};
use crate::policy::EffectiveMode;
use crate::recovery_code::RecoveryCode;
use crate::secret::Text;
use crate::ticket::{PendingApp, Stage, Ticket};
use crate::time::Instant;
use crate::vault::Vault;
use crate::verification::Rejection;

mod confirm;
mod phone;

pub use confirm::confirm;
pub use phone::{begin_sms, resend};

/// What the user takes to an authenticator app.
#[derive(Debug)]
pub struct TotpSetup {
    /// The key in base 32.
    pub secret: Text,
    /// The same in groups of four.
    pub grouped_key: Text,
    /// The key URI.
    pub uri: Text,
    /// When the ticket ends.
    pub expires_at: Instant,
    /// Wrong codes left before it is discarded.
    pub attempts_left: u32,
}

/// What became of a confirming code.
#[derive(Debug)]
pub enum Confirmation {
    /// The factor is confirmed.
    Accepted(Assertion, Option<IssuedRecovery>),
    /// It is not.
    Rejected(Rejection),
}

/// A recovery code, to be shown once.
#[derive(Debug)]
pub struct IssuedRecovery {
    /// Its id.
    pub id: String,
    /// The code.
    pub code: RecoveryCode,
}

/// Begins an authenticator app, or shows again what was begun on this ticket.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or a code is awaited on it.
/// - [`Failure::NotPermitted`]: MFA is off, the factor was shown too long ago, or a text message may not change the app.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn begin_totp(
    mut person: Person,
    ticket: &Text,
    label: &Label,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<TotpSetup>, Failure> {
    let mut ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    // What was begun is shown for as long as it can be confirmed.
    if let Some(pending) = &ticket.pending_app {
        return Ok(Decision::tell(setup(pending, label, ticket.expires_at)));
    }
    ticket.require_may_begin(now)?;
    ticket.require_on()?;
    require_app_may_change(&person, &ticket)?;
    let pending = PendingApp::begin(vault)?;
    let reply = setup(&pending, label, ticket.expires_at);
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::EnrollmentBegun(Method::Totp));
    ticket.pending_app = Some(pending);
    person.tickets.keep(ticket, now);
    Ok(Decision {
        reply,
        changes: Changes {
            account: None,
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Discards what is pending of a method. The ticket stays.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or a code is awaited on it.
/// - [`Failure::NotPermitted`]: nothing of this method is pending.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn cancel(
    mut person: Person,
    ticket: &Text,
    method: Method,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<()>, Failure> {
    let mut ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_past_challenge()?;
    let was_pending = match method {
        Method::Totp => ticket.pending_app.take().is_some(),
        Method::Sms => ticket.pending_phone.take().is_some(),
    };
    if !was_pending {
        return Err(NotPermitted::NotPending.into());
    }
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::EnrollmentCancelled(method));
    person.tickets.keep(ticket, now);
    Ok(Decision {
        reply: (),
        changes: Changes {
            account: None,
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

/// Removes a factor, and with the last one the recovery code. Replies with the new epoch.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or no factor was shown on it.
/// - [`Failure::NotPermitted`]: there is no such factor, it is the last one that the policy allows, the factor was shown
///   too long ago, or a text message may not change the app.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn remove(
    mut person: Person,
    ticket: &Text,
    method: Method,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<u64>, Failure> {
    let ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_verified(now)?;
    if method == Method::Totp {
        require_app_may_change(&person, &ticket)?;
    }
    let mut account = person.account.take().unwrap_or_default();
    if !account.has(method) {
        return Err(NotPermitted::NoSuchFactor.into());
    }
    let policy = &ticket.policy;
    let stays = account
        .methods()
        .into_iter()
        .any(|it| it != method && policy.methods.has(it));
    if !stays && matches!(policy.mode, EffectiveMode::EnforcedFrom(_)) {
        return Err(NotPermitted::LastFactor.into());
    }
    match method {
        Method::Totp => account.app = None,
        Method::Sms => account.phone = None,
    }
    let mut log = Log::of(&policy.companies);
    log.note(EventKind::FactorRemoved(method, Removal::Owner));
    if !account.is_enrolled() {
        if let Some(code) = account.recovery.take() {
            log.note(EventKind::RecoveryRevoked(code.id));
        }
        // The owner's own choice, under a policy that leaves it to users, opens a new grace; nothing else does.
        if policy.mode == EffectiveMode::Voluntary {
            account.ever_enrolled = false;
        }
    }
    account.raise_epoch();
    person.tickets.end_all(now);
    person.tickets.keep(ticket, now);
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

/// Makes a confirmed factor the one to show first.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or no factor was shown on it.
/// - [`Failure::NotPermitted`]: there is no such factor, one was shown too long ago, or MFA is off.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn prefer(
    mut person: Person,
    ticket: &Text,
    method: Method,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<()>, Failure> {
    let ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_verified(now)?;
    ticket.require_on()?;
    let mut account = person.account.take().unwrap_or_default();
    if !account.has(method) {
        return Err(NotPermitted::NoSuchFactor.into());
    }
    account.preferred = Some(method);
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::FactorPreferred(method));
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

/// Refuses a change of a live app, or of the recovery code beside it, to somebody who showed only a phone, where the
/// policy does not let that be enough.
pub(crate) fn require_app_may_change(person: &Person, ticket: &Ticket) -> Result<(), Failure> {
    let has_app = person.account.as_ref().is_some_and(|it| it.app.is_some());
    match ticket.stage {
        Stage::Verified {
            method: Method::Sms,
            ..
        } if has_app && !ticket.policy.sms.may_manage_app => {
            Err(NotPermitted::MethodNotAllowed.into())
        }
        _ => Ok(()),
    }
}

fn setup(pending: &PendingApp, label: &Label, expires_at: Instant) -> TotpSetup {
    TotpSetup {
        secret: pending.key.to_base32(),
        grouped_key: otpauth::grouped_key(pending.key.secret()),
        uri: otpauth::build(label, &pending.key),
        expires_at,
        attempts_left: pending.attempts_left(),
    }
}
