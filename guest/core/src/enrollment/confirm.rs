//! The commit that makes a factor.

use alloc::string::String;

use super::{Confirmation, IssuedRecovery, require_app_may_change};
use crate::account::{self, Account, Recovery};
use crate::assertion::{Assertion, NextTicket, Proof};
use crate::code::Code;
use crate::decision::{Changes, Decision, Log, Person};
use crate::event::{Binding, EventKind, Removal};
use crate::failure::{Failure, NotPermitted, TicketFault};
use crate::method::Method;
use crate::names::User;
use crate::recovery_code::RecoveryCode;
use crate::secret::Text;
use crate::ticket::{PendingApp, Purpose, Stage, Ticket};
use crate::time::Instant;
use crate::totp::{Digits, Key, Unspent};
use crate::vault::Vault;
use crate::verification::Rejection;

/// Turns what is pending into a factor, if the code shows that the user's device has it.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, a code is awaited on it, or the recovery it stands for is over.
/// - [`Failure::NotPermitted`]: nothing of this method is pending, or there is a factor already.
/// - [`Failure::Invalid`]: the code is none; nothing was counted.
/// - [`Failure::Unavailable`]: an import is at fault.
///
/// # Security
///
/// Everything that a new factor changes is in this one decision: the factor, the mark of its first code, the recovery
/// code, the epoch, and the end of all other tickets with what was pending on them. So two tickets, or a recovery and its
/// owner, cannot both win.
pub fn confirm(
    mut person: Person,
    ticket: &Text,
    method: Method,
    typed: &str,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<Confirmation>, Failure> {
    let mut ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_past_challenge()?;
    let pending = match ticket.pending_app.take() {
        Some(pending) if method == Method::Totp => pending,
        _ => return Err(NotPermitted::NotPending.into()),
    };
    require_app_may_change(&person, &ticket)?;
    let account = person.account.take().unwrap_or_default();
    let binding = binding(&account, &ticket)?;
    let code = Code::parse(typed, Digits::Six)
        .map_err(|_| Failure::invalid("code", "six ASCII digits"))?;
    // What an acceptance needs is drawn before the comparison, so that a fault cannot tell a right code from a wrong one.
    let drawn = Drawn::for_acceptance(&person.user, &ticket, binding, now, vault)?;
    let matched = pending.key.match_code(&code, now, ticket.policy.window);
    Ok(match matched.and_then(|it| it.into_unspent(None)) {
        Some(proof) => {
            let change = Change {
                account,
                ticket,
                binding,
                key: pending.key,
            };
            accept(person, change, drawn, proof, now)
        }
        None => reject(person, ticket, pending, now),
    })
}

/// A confirmation that is about to happen.
struct Change {
    account: Account,
    ticket: Ticket,
    binding: Binding,
    key: Key,
}

/// What a confirmation needs of the vault.
struct Drawn {
    factor_id: String,
    recovery: Option<(Recovery, RecoveryCode)>,
    next: Option<(Text, Ticket)>,
}

impl Drawn {
    fn for_acceptance(
        user: &User,
        ticket: &Ticket,
        binding: Binding,
        now: Instant,
        vault: &mut dyn Vault,
    ) -> Result<Self, Failure> {
        let goes_on = matches!(ticket.stage, Stage::Enrolling { .. })
            && ticket.purpose == Purpose::ManageFactors;
        let stage = Stage::Verified {
            method: Method::Totp,
            factor_at: now,
        };
        Ok(Self {
            factor_id: account::new_factor_id(vault)?,
            recovery: match binding {
                Binding::Second => None,
                Binding::First | Binding::Replacement | Binding::Recovery => {
                    Some(Recovery::issue(user, now, vault)?)
                }
            },
            next: if goes_on {
                Some(ticket.advance(user, stage, now, vault)?)
            } else {
                None
            },
        })
    }
}

/// Says as what the factor comes to be, if stage and factors are still those for it.
fn binding(account: &Account, ticket: &Ticket) -> Result<Binding, Failure> {
    match &ticket.stage {
        Stage::Recovering { code_id } => {
            let current = account
                .recovery
                .as_ref()
                .is_some_and(|it| it.id == *code_id);
            if current {
                Ok(Binding::Recovery)
            } else {
                Err(TicketFault::Spent.into())
            }
        }
        // Only a factor that was shown lets one be replaced.
        Stage::Enrolling { .. } if account.app.is_some() => {
            Err(NotPermitted::AlreadyEnrolled.into())
        }
        _ if account.app.is_some() => Ok(Binding::Replacement),
        _ if account.is_enrolled() => Ok(Binding::Second),
        _ => Ok(Binding::First),
    }
}

fn accept(
    mut person: Person,
    change: Change,
    drawn: Drawn,
    proof: Unspent,
    now: Instant,
) -> Decision<Confirmation> {
    let Change {
        mut account,
        ticket,
        binding,
        key,
    } = change;
    let mut log = Log::of(&ticket.policy.companies);
    if binding == Binding::Recovery {
        drop_old_factors(&mut account, &mut log);
    }
    account.bind_app(drawn.factor_id, key, &proof, now);
    account.raise_epoch();
    log.note(EventKind::EnrollmentConfirmed(Method::Totp, binding));
    let issued = drawn.recovery.map(|(kept, code)| {
        let id = kept.id.clone();
        log.note(EventKind::RecoveryIssued(id.clone()));
        account.recovery = Some(kept);
        IssuedRecovery { id, code }
    });
    let kind = match binding {
        Binding::Recovery => Proof::Recovery,
        Binding::First | Binding::Second | Binding::Replacement => Proof::Enrollment,
    };
    let continued = drawn
        .next
        .as_ref()
        .map(|(text, next)| NextTicket::of(text.duplicate(), next));
    let assertion =
        Assertion::new(proof, kind, &person.user, &account, &ticket, now).with_next(continued);

    // The table of stages: a verified ticket stays, any other is spent, for the next one or for good.
    person.tickets.end_all(now);
    if matches!(ticket.stage, Stage::Verified { .. }) {
        person.tickets.keep(ticket, now);
    } else {
        person.tickets.end(ticket, now);
    }
    if let Some((_, next)) = drawn.next {
        person.tickets.keep(next, now);
    }
    Decision {
        reply: Confirmation::Accepted(assertion, issued),
        changes: Changes {
            account: Some(account),
            tickets: Some(person.tickets),
            events: log.into_events(),
        },
    }
}

fn drop_old_factors(account: &mut Account, log: &mut Log) {
    if let Some(code) = account.recovery.take() {
        log.note(EventKind::RecoveryUsed(code.id));
    }
    for method in account.methods() {
        log.note(EventKind::FactorRemoved(method, Removal::Recovery));
    }
    account.app = None;
    account.phone = None;
    account.preferred = None;
}

fn reject(
    mut person: Person,
    mut ticket: Ticket,
    mut pending: PendingApp,
    now: Instant,
) -> Decision<Confirmation> {
    pending.failures = pending.failures.saturating_add(1);
    let attempts_left = pending.attempts_left();
    let discarded = attempts_left == 0;
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::EnrollmentFailed { discarded });
    ticket.pending_app = (!discarded).then_some(pending);
    person.tickets.keep(ticket, now);
    Decision {
        reply: Confirmation::Rejected(Rejection {
            attempts_left,
            retry_at: None,
        }),
        changes: Changes {
            account: None,
            tickets: Some(person.tickets),
            events: log.into_events(),
        },
    }
}
