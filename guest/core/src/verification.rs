//! `verification`: showing a confirmed factor.

use crate::account::{Account, App};
use crate::assertion::{Assertion, NextTicket, Proof};
use crate::attempts::{Readiness, Toll};
use crate::code::Code;
use crate::decision::{Changes, Decision, Log, Person};
use crate::event::{EventKind, Flaw};
use crate::failure::{Failure, NotPermitted};
use crate::method::Method;
use crate::policy::EffectiveMode;
use crate::secret::Text;
use crate::sign_in::EnrollOffer;
use crate::ticket::{Purpose, Stage, Ticket};
use crate::time::Instant;
use crate::totp::Unspent;
use crate::vault::Vault;

/// What became of a code.
#[derive(Debug)]
pub enum Verdict {
    /// It was right, and leads to the gateway's goal.
    Done(Assertion),
    /// It was right; an allowed factor must be enrolled first.
    Enroll(EnrollOffer),
    /// It was not right.
    Rejected(Rejection),
}

/// A code that was compared, and was not right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rejection {
    /// How many more tries there are.
    pub attempts_left: u32,
    /// From when on the factor can be tried again, if it must rest.
    pub retry_at: Option<Instant>,
}

/// Compares a typed code with a confirmed factor, once.
///
/// A rejection changes the counts; an error changes nothing.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or no code is awaited on it.
/// - [`Failure::Locked`]: the factor rests; nothing was compared.
/// - [`Failure::NotPermitted`]: there is no such factor, or it is disabled.
/// - [`Failure::Invalid`]: the code is none; nothing was counted.
/// - [`Failure::Unavailable`]: an import is at fault.
///
/// # Security
///
/// The caller must commit the decision before it tells the reply: the mark of an accepted code and the count of a
/// wrong one are in it.
pub fn verify(
    mut person: Person,
    ticket: &Text,
    method: Method,
    typed: &str,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<Verdict>, Failure> {
    let ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_challenged()?;
    let account = person.account.take().unwrap_or_default();
    require_ready(&account, method, &ticket, now)?;
    let Some(app) = account.app.as_ref().filter(|_| method == Method::Totp) else {
        return Err(Failure::NotImplemented);
    };
    let code = Code::parse(typed, app.key.digits())
        .map_err(|_| Failure::invalid("code", "as many ASCII digits as the factor has"))?;
    // What an acceptance needs is drawn before the comparison, so that a fault cannot tell a right code from a wrong one.
    let next = next_stage(&ticket, method, now)
        .map(|stage| ticket.advance(&person.user, stage, now, vault))
        .transpose()?;
    Ok(match compare(app, &code, &ticket, now) {
        Ok(proof) => accept(person, account, ticket, next, proof, now),
        Err(flaw) => reject(person, account, ticket, method, flaw, now),
    })
}

/// The stage that an accepted code leads to, where it leads to one.
fn next_stage(ticket: &Ticket, method: Method, now: Instant) -> Option<Stage> {
    let policy = &ticket.policy;
    let allowed = policy.methods.has(method) || policy.mode == EffectiveMode::Off;
    if ticket.purpose == Purpose::ManageFactors {
        Some(Stage::Verified {
            method,
            factor_at: now,
        })
    } else if allowed {
        None
    } else {
        Some(Stage::Enrolling { required: true })
    }
}

/// Says why no code can be sent on a ticket: in this version nobody has a phone.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or no code is awaited on it.
/// - [`Failure::NotPermitted`]: there is no phone.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn may_send_code(
    mut person: Person,
    ticket: &Text,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<(), Failure> {
    let ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_challenged()?;
    match person.account.and_then(|it| it.phone) {
        Some(_) => Err(Failure::NotImplemented),
        None => Err(NotPermitted::NoSuchFactor.into()),
    }
}

/// Compares, and turns a match into the right to accept unless its step is spent.
fn compare(app: &App, code: &Code, ticket: &Ticket, now: Instant) -> Result<Unspent, Flaw> {
    app.key
        .match_code(code, now, ticket.policy.window)
        .ok_or(Flaw::Wrong)?
        .into_unspent(Some(app.mark))
        .ok_or(Flaw::Replayed)
}

/// Requires that a factor can be compared with, before anything is.
fn require_ready(
    account: &Account,
    method: Method,
    ticket: &Ticket,
    now: Instant,
) -> Result<(), Failure> {
    let attempts = account.attempts(method).ok_or(NotPermitted::NoSuchFactor)?;
    if let Some(until) = account.resting_user_wide(ticket.policy.guessing, now) {
        return Err(Failure::Locked(until));
    }
    match attempts.readiness(now) {
        Readiness::Usable => Ok(()),
        Readiness::Resting(until) => Err(Failure::Locked(until)),
        Readiness::Disabled => Err(NotPermitted::FactorDisabled.into()),
    }
}

fn accept(
    mut person: Person,
    mut account: Account,
    ticket: Ticket,
    next: Option<(Text, Ticket)>,
    proof: Unspent,
    now: Instant,
) -> Decision<Verdict> {
    let method = Method::Totp;
    if let Some(app) = &mut account.app {
        app.spend(&proof, now);
        app.attempts.succeed(now, ticket.failures.of(method));
    }
    account.user_wide.succeed();
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::ChallengePassed(method));

    // Whoever shows a factor is the owner: a recovery that somebody else began ends here.
    if let Some(code_id) = person.tickets.end_recovering(now) {
        log.note(EventKind::RecoveryAbandoned(code_id));
    }
    let verdict = match &next {
        Some((text, it)) if matches!(it.stage, Stage::Enrolling { .. }) => {
            Verdict::Enroll(EnrollOffer::of(text.duplicate(), it, true))
        }
        next => {
            let next = next.as_ref();
            let continued = next.map(|(text, it)| NextTicket::of(text.duplicate(), it));
            Verdict::Done(
                Assertion::new(proof, Proof::Factor, &person.user, &account, &ticket, now)
                    .with_next(continued),
            )
        }
    };
    if let Some((_, next)) = next {
        person.tickets.keep(next, now);
    }
    person.tickets.end(ticket, now);
    Decision {
        reply: verdict,
        changes: Changes {
            account: Some(account),
            tickets: Some(person.tickets),
            events: log.into_events(),
        },
    }
}

fn reject(
    mut person: Person,
    mut account: Account,
    mut ticket: Ticket,
    method: Method,
    flaw: Flaw,
    now: Instant,
) -> Decision<Verdict> {
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::ChallengeFailed(method, flaw));
    ticket.failures.add(method);
    let ends_ticket = ticket.attempts_left() == 0;
    if let Some(until) = account.user_wide.fail(ticket.policy.guessing, now) {
        log.note(EventKind::UserLocked(until));
    }
    let own = ticket.failures.of(method);
    let toll = account
        .attempts_mut(method)
        .map(|attempts| (attempts.fail(now, own, ends_ticket), attempts.streak));
    let mut retry_at = account.resting_user_wide(ticket.policy.guessing, now);
    let mut ends_challenges = false;
    if let Some((toll, streak)) = toll {
        retry_at = retry_at.max(toll.rest_until);
        ends_challenges = toll.ends_challenges;
        note_toll(&mut log, &mut account, method, streak, &toll);
    }
    let ends = ends_ticket || ends_challenges;
    let rejection = Rejection {
        attempts_left: if ends { 0 } else { ticket.attempts_left() },
        retry_at,
    };
    if ends {
        person.tickets.end(ticket, now);
    } else {
        person.tickets.keep(ticket, now);
    }
    if ends_challenges {
        person.tickets.end_challenged(now);
    }
    Decision {
        reply: Verdict::Rejected(rejection),
        changes: Changes {
            account: Some(account),
            tickets: Some(person.tickets),
            events: log.into_events(),
        },
    }
}

fn note_toll(log: &mut Log, account: &mut Account, method: Method, streak: u32, toll: &Toll) {
    if let Some(until) = toll.rest_until {
        log.note(EventKind::Locked {
            method,
            until,
            streak,
        });
    }
    if let Some(unredeemed) = toll.suspicious {
        log.note(EventKind::GuessingSuspected(method, unredeemed));
    }
    if toll.disabled {
        account.first_factor_suspect = true;
        log.note(EventKind::FactorDisabled(method));
    }
}
