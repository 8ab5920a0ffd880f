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
/// - [`Failure::NotPermitted`]: there is no such factor, or it is disabled or not offered here.
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
    match compare(app, &code, &ticket, now) {
        Ok(proof) => accept(person, account, ticket, proof, now, vault),
        Err(flaw) => Ok(reject(person, account, ticket, method, flaw, now)),
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
    proof: Unspent,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<Verdict>, Failure> {
    let method = Method::Totp;
    if let Some(app) = &mut account.app {
        app.spend(&proof, now);
        app.attempts.succeed(now, ticket.failures.of(method));
    }
    account.user_wide.succeed();
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::ChallengePassed(method));

    // Whoever shows a factor is the owner: a recovery that somebody else began ends here.
    person.tickets.end_recovering(now);

    let allowed = ticket.policy.methods.has(method) || ticket.policy.mode == EffectiveMode::Off;
    let verdict = if ticket.purpose == Purpose::ManageFactors {
        let stage = Stage::Verified {
            method,
            factor_at: now,
        };
        let (text, next) = ticket.advance(&person.user, stage, now, vault)?;
        let continued = NextTicket::of(text, &next);
        person.tickets.keep(next, now);
        Verdict::Done(
            Assertion::new(proof, Proof::Factor, &person.user, &account, &ticket, now)
                .with_next(Some(continued)),
        )
    } else if allowed {
        Verdict::Done(Assertion::new(
            proof,
            Proof::Factor,
            &person.user,
            &account,
            &ticket,
            now,
        ))
    } else {
        let stage = Stage::Enrolling { required: true };
        let (text, next) = ticket.advance(&person.user, stage, now, vault)?;
        let offer = EnrollOffer::of(text, &next, true);
        person.tickets.keep(next, now);
        Verdict::Enroll(offer)
    };
    person.tickets.end(ticket, now);
    Ok(Decision {
        reply: verdict,
        changes: Changes {
            account: Some(account),
            tickets: Some(person.tickets),
            events: log.into_events(),
        },
    })
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
    account.user_wide.fail(ticket.policy.guessing, now);
    let own = ticket.failures.of(method);
    let toll = account
        .attempts_mut(method)
        .map(|attempts| (attempts.fail(now, own, ends_ticket), attempts.streak));
    let mut retry_at = account.resting_user_wide(ticket.policy.guessing, now);
    let mut locked = false;
    if let Some((toll, streak)) = toll {
        retry_at = retry_at.max(toll.rest_until);
        locked = toll.locked;
        note_toll(&mut log, &mut account, method, streak, &toll);
    }
    let rejection = Rejection {
        attempts_left: ticket.attempts_left(),
        retry_at,
    };
    if ends_ticket || locked {
        person.tickets.end(ticket, now);
    } else {
        person.tickets.keep(ticket, now);
    }
    if locked {
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
