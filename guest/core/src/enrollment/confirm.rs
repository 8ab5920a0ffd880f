//! The commit that makes a factor.

use alloc::string::String;

use super::{Confirmation, IssuedRecovery, phone, require_app_may_change};
use crate::account::{self, Account, Recovery};
use crate::assertion::{Assertion, NextTicket, Proof, Shown};
use crate::code::Code;
use crate::decision::{Changes, Decision, Log, Person};
use crate::event::{Binding, EventKind, Removal};
use crate::failure::{Failure, NotPermitted, TicketFault};
use crate::method::Method;
use crate::names::User;
use crate::phone::PhoneNumber;
use crate::recovery_code::RecoveryCode;
use crate::secret::Text;
use crate::sent_code::Redeemed;
use crate::ticket::{PendingApp, PendingPhone, Purpose, Stage, Ticket};
use crate::time::Instant;
use crate::totp::{Digits, Key, Unspent};
use crate::vault::Vault;
use crate::verification::{Reason, Rejection};

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
    let pending = Pending::take(&mut ticket, method).ok_or(NotPermitted::NotPending)?;
    match method {
        Method::Totp => require_app_may_change(&person, &ticket)?,
        Method::Sms => phone::require_phone_may_change(&person, &ticket)?,
    }
    let account = person.account.take().unwrap_or_default();
    let binding = binding(&account, &ticket, method)?;
    let code = Code::parse(typed, Digits::Six)
        .map_err(|_| Failure::invalid("code", "six ASCII digits"))?;
    // What an acceptance needs is drawn before the comparison, so that a fault cannot tell a right code from a wrong one.
    let drawn = Drawn::for_acceptance(&person.user, &ticket, method, binding, now, vault)?;
    Ok(match pending.compare(&code, &ticket, now) {
        Ok(confirmed) => {
            let change = Change {
                account,
                ticket,
                binding,
                confirmed,
            };
            accept(person, change, drawn, now)
        }
        Err((pending, reason)) => reject(person, ticket, pending, reason, now),
    })
}

/// What is pending of one method.
enum Pending {
    App(PendingApp),
    Phone(PendingPhone),
}

/// What was pending, with the proof that the user's device has it.
enum Confirmed {
    App(Key, Unspent),
    Phone(PhoneNumber, Redeemed),
}

impl Pending {
    fn take(ticket: &mut Ticket, method: Method) -> Option<Self> {
        match method {
            Method::Totp => ticket.pending_app.take().map(Self::App),
            Method::Sms => ticket.pending_phone.take().map(Self::Phone),
        }
    }

    fn put_back(self, ticket: &mut Ticket) {
        match self {
            Self::App(pending) => ticket.pending_app = Some(pending),
            Self::Phone(pending) => ticket.pending_phone = Some(pending),
        }
    }

    fn compare(
        self,
        code: &Code,
        ticket: &Ticket,
        now: Instant,
    ) -> Result<Confirmed, (Self, Reason)> {
        match self {
            Self::App(pending) => {
                let matched = pending.key.match_code(code, now, ticket.policy.window);
                match matched.and_then(|it| it.into_unspent(None)) {
                    Some(proof) => Ok(Confirmed::App(pending.key, proof)),
                    None => Err((Self::App(pending), Reason::Wrong)),
                }
            }
            Self::Phone(PendingPhone {
                number,
                sent,
                failures,
            }) => {
                let reason = if sent.is_over(now) {
                    Reason::CodeExpired
                } else {
                    Reason::Wrong
                };
                match sent.redeem(code, now) {
                    Ok(proof) => Ok(Confirmed::Phone(number, proof)),
                    Err(sent) => {
                        let pending = PendingPhone {
                            number,
                            sent,
                            failures,
                        };
                        Err((Self::Phone(pending), reason))
                    }
                }
            }
        }
    }

    /// Counts a wrong code.
    fn fail(&mut self) {
        let failures = match self {
            Self::App(pending) => &mut pending.failures,
            Self::Phone(pending) => &mut pending.failures,
        };
        *failures = failures.saturating_add(1);
    }

    fn attempts_left(&self) -> u32 {
        match self {
            Self::App(pending) => pending.attempts_left(),
            Self::Phone(pending) => pending.attempts_left(),
        }
    }
}

/// A confirmation that is about to happen.
struct Change {
    account: Account,
    ticket: Ticket,
    binding: Binding,
    confirmed: Confirmed,
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
        method: Method,
        binding: Binding,
        now: Instant,
        vault: &mut dyn Vault,
    ) -> Result<Self, Failure> {
        let goes_on = matches!(ticket.stage, Stage::Enrolling { .. })
            && ticket.purpose == Purpose::ManageFactors;
        let stage = Stage::Verified {
            method,
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
fn binding(account: &Account, ticket: &Ticket, method: Method) -> Result<Binding, Failure> {
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
        Stage::Enrolling { .. } if account.has(method) => Err(NotPermitted::AlreadyEnrolled.into()),
        _ if account.has(method) => Ok(Binding::Replacement),
        _ if account.is_enrolled() => Ok(Binding::Second),
        _ => Ok(Binding::First),
    }
}

fn accept(
    mut person: Person,
    change: Change,
    drawn: Drawn,
    now: Instant,
) -> Decision<Confirmation> {
    let Change {
        mut account,
        ticket,
        binding,
        confirmed,
    } = change;
    let mut log = Log::of(&ticket.policy.companies);
    if binding == Binding::Recovery {
        drop_old_factors(&mut account, &mut log);
    }
    let shown = match confirmed {
        Confirmed::App(key, proof) => {
            account.bind_app(drawn.factor_id, key, &proof, now);
            Shown::App(proof)
        }
        Confirmed::Phone(number, proof) => {
            account.bind_phone(drawn.factor_id, number, &proof, now);
            Shown::Phone(proof)
        }
    };
    account.raise_epoch();
    log.note(EventKind::EnrollmentConfirmed(shown.method(), binding));
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
        Assertion::new(shown, kind, &person.user, &account, &ticket, now).with_next(continued);

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
            ..Changes::default()
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
    mut pending: Pending,
    reason: Reason,
    now: Instant,
) -> Decision<Confirmation> {
    // A code that is too old was not compared, and does not count.
    if reason == Reason::Wrong {
        pending.fail();
    }
    let attempts_left = pending.attempts_left();
    let discarded = attempts_left == 0;
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::EnrollmentFailed { discarded });
    if !discarded {
        pending.put_back(&mut ticket);
    }
    person.tickets.keep(ticket, now);
    Decision {
        reply: Confirmation::Rejected(Rejection {
            reason,
            attempts_left,
            retry_at: None,
        }),
        changes: Changes {
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    }
}
