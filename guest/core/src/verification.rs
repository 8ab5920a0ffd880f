//! `verification`: showing a confirmed factor.

use crate::account::Account;
use crate::assertion::{Assertion, NextTicket, Proof, Shown};
use crate::attempts::Toll;
use crate::code::Code;
use crate::decision::{Changes, Decision, Log, Person};
use crate::device::Device;
use crate::event::{EventKind, Flaw};
use crate::failure::{Failure, NotPermitted};
use crate::method::Method;
use crate::outlook::{self, OfferedState};
use crate::policy::EffectiveMode;
use crate::secret::Text;
use crate::sign_in::EnrollOffer;
use crate::ticket::{Purpose, Stage, Ticket};
use crate::time::Instant;
use crate::totp::Digits;
use crate::vault::Vault;

mod sending;

pub use sending::send_code;

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
    /// Why.
    pub reason: Reason,
    /// How many more tries there are.
    pub attempts_left: u32,
    /// From when on the factor can be tried again, if it must rest.
    pub retry_at: Option<Instant>,
}

/// Why a code is rejected, as far as the user may know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// Not the code, or one that was used before.
    Wrong,
    /// The code of a text message, too late. It was not compared and did not count.
    CodeExpired,
}

/// A code as it was typed. It has no `Debug`: what was typed may be right.
#[expect(missing_debug_implementations, reason = "what was typed may be right")]
pub struct Attempt<'a> {
    /// For which factor.
    pub method: Method,
    /// The text.
    pub typed: &'a str,
    /// Whether the user wants the device to be trusted.
    pub remember: bool,
}

/// Compares a typed code with a confirmed factor, once.
///
/// A rejection changes the counts; an error changes nothing.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or no code is awaited on it.
/// - [`Failure::Locked`]: the factor rests; nothing was compared.
/// - [`Failure::NotPermitted`]: there is no such factor, it is disabled or not offered here, or no code was sent.
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
    attempt: &Attempt<'_>,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<Verdict>, Failure> {
    let mut ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_challenged()?;
    let account = person.account.take().unwrap_or_default();
    let method = attempt.method;
    require_ready(&account, method, &ticket, now)?;
    let digits = match (method, &account.app) {
        (Method::Totp, Some(app)) => app.key.digits(),
        (Method::Totp, None) => return Err(NotPermitted::NoSuchFactor.into()),
        (Method::Sms, _) if ticket.sent.is_none() => return Err(NotPermitted::NoCodeSent.into()),
        (Method::Sms, _) => Digits::Six,
    };
    let code = Code::parse(attempt.typed, digits)
        .map_err(|_| Failure::invalid("code", "as many ASCII digits as the factor has"))?;
    // What an acceptance needs is drawn before the comparison, so that a fault cannot tell a right code from a wrong one.
    let stage = next_stage(&ticket, method, now);
    let drawn = Drawn {
        device: if attempt.remember && stage.is_none() && may_trust(&account, &ticket, method) {
            let days = ticket.policy.device_days;
            Some(Device::trust(&person.user, method, days, now, vault)?)
        } else {
            None
        },
        next: stage
            .map(|stage| ticket.advance(&person.user, stage, now, vault))
            .transpose()?,
    };
    Ok(match compare(&account, &mut ticket, method, &code, now) {
        Ok(shown) => accept(person, account, ticket, drawn, shown, now),
        Err(Flaw::Expired) => reject_expired(&ticket, method),
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

/// Compares, and turns a match into the proof of it unless it is spent.
fn compare(
    account: &Account,
    ticket: &mut Ticket,
    method: Method,
    code: &Code,
    now: Instant,
) -> Result<Shown, Flaw> {
    match method {
        Method::Totp => {
            let app = account.app.as_ref().ok_or(Flaw::Wrong)?;
            app.key
                .match_code(code, now, ticket.policy.window)
                .ok_or(Flaw::Wrong)?
                .into_unspent(Some(app.mark))
                .map(Shown::App)
                .ok_or(Flaw::Replayed)
        }
        Method::Sms => {
            let sent = ticket.sent.take().ok_or(Flaw::Wrong)?;
            let is_over = sent.is_over(now);
            sent.redeem(code, now).map(Shown::Phone).map_err(|sent| {
                ticket.sent = Some(sent);
                if is_over { Flaw::Expired } else { Flaw::Wrong }
            })
        }
    }
}

/// Requires that a factor can be compared with, before anything is.
fn require_ready(
    account: &Account,
    method: Method,
    ticket: &Ticket,
    now: Instant,
) -> Result<(), Failure> {
    let phone = ticket.first_factor_phone.as_ref();
    match outlook::state(account, method, phone, &ticket.policy, now) {
        Some(OfferedState::Usable) => Ok(()),
        Some(OfferedState::WaitUntil(until)) => Err(Failure::Locked(until)),
        Some(OfferedState::Disabled) => Err(NotPermitted::FactorDisabled.into()),
        Some(OfferedState::NotOffered) => Err(NotPermitted::MethodNotAllowed.into()),
        None => Err(NotPermitted::NoSuchFactor.into()),
    }
}

/// Says whether a device can be trusted for what was shown on this ticket.
fn may_trust(account: &Account, ticket: &Ticket, method: Method) -> bool {
    ticket.purpose == Purpose::SignIn
        && ticket.policy.device_days > 0
        && outlook::may_stand(account, method, &ticket.policy)
}

/// What an acceptance needs of the vault.
struct Drawn {
    device: Option<(Text, Device)>,
    next: Option<(Text, Ticket)>,
}

fn accept(
    mut person: Person,
    mut account: Account,
    ticket: Ticket,
    drawn: Drawn,
    shown: Shown,
    now: Instant,
) -> Decision<Verdict> {
    let Drawn { device, next } = drawn;
    let method = shown.method();
    match &shown {
        Shown::App(proof) => {
            if let Some(app) = &mut account.app {
                app.spend(proof, now);
            }
        }
        Shown::Phone(_) => {
            if let Some(phone) = &mut account.phone {
                phone.used_at = Some(now);
            }
        }
    }
    if let Some(attempts) = account.attempts_mut(method) {
        attempts.succeed(now, ticket.failures.of(method));
    }
    account.user_wide.succeed();
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::ChallengePassed(method));

    // Whoever shows a factor is the owner: a recovery that somebody else began ends here.
    if let Some(code_id) = person.tickets.end_recovering(now) {
        log.note(EventKind::RecoveryAbandoned(code_id));
    }
    let token = device.map(|(token, device)| {
        log.note(EventKind::DeviceTrusted(device.id.clone()));
        account.add_device(device, now);
        token
    });
    let verdict = match &next {
        Some((text, it)) if matches!(it.stage, Stage::Enrolling { .. }) => {
            Verdict::Enroll(EnrollOffer::of(text.duplicate(), it, true))
        }
        next => {
            let next = next.as_ref();
            let continued = next.map(|(text, it)| NextTicket::of(text.duplicate(), it));
            Verdict::Done(
                Assertion::new(shown, Proof::Factor, &person.user, &account, &ticket, now)
                    .with_device(token)
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
            ..Changes::default()
        },
    }
}

/// A code that is too old is not compared and does not count.
fn reject_expired(ticket: &Ticket, method: Method) -> Decision<Verdict> {
    let mut log = Log::of(&ticket.policy.companies);
    log.note(EventKind::ChallengeFailed(method, Flaw::Expired));
    let rejection = Rejection {
        reason: Reason::CodeExpired,
        attempts_left: ticket.attempts_left(),
        retry_at: None,
    };
    Decision::note(Verdict::Rejected(rejection), log)
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
        reason: Reason::Wrong,
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
            ..Changes::default()
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
