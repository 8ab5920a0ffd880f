//! Text messages: what goes out, to whom, and within which limits.
//!
//! A message is decided on, counted and recorded first, and sent by the caller only once that is committed: whoever loses
//! the commit sends nothing. What the host owns (the words, the transport, which country a number is in) is asked for
//! through a [`PhoneLine`], before anything is decided.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::code::Code;
use crate::decision::{Add, Changes, Decision, Log, Person};
use crate::event::{Event, EventKind};
use crate::failure::{Dependency, Failure, NotPermitted};
use crate::method::Method;
use crate::names::Company;
use crate::phone::PhoneNumber;
use crate::policy::Resend;
use crate::sent_code::{BETWEEN, SentCode};
use crate::ticket::{MOST_SENDS, Purpose, Ticket};
use crate::time::{Instant, Span};
use crate::vault::Vault;

mod limits;

/// What a message's code is for, which the message tells whoever reads it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Errand {
    /// To enroll the number, which nobody has shown to be the user's.
    Enroll,
    /// To a confirmed number: to open a session.
    SignIn,
    /// To a confirmed number: to set up, change or remove factors.
    ManageFactors,
    /// To a confirmed number: to show the factor again. For what, is the gateway's text, and stays out of the message.
    StepUp,
}

impl Errand {
    /// To challenge a confirmed number on a ticket of this purpose.
    #[must_use]
    pub fn of_challenge(purpose: &Purpose) -> Self {
        match purpose {
            Purpose::SignIn => Self::SignIn,
            Purpose::ManageFactors => Self::ManageFactors,
            Purpose::StepUp(_) => Self::StepUp,
        }
    }
}

/// A message to be sent once its decision is committed.
pub struct Message {
    /// Who pays.
    pub company: Company,
    /// To whom.
    pub number: PhoneNumber,
    /// The code.
    pub code: Code,
    /// What the code is for.
    pub errand: Errand,
    /// Full minutes that the code is good for, at least 1.
    pub valid_minutes: u32,
    /// The same for the same message, and for no other.
    pub idempotency_key: String,
}

/// What the user is told of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// The number, masked.
    pub masked: String,
    /// The last second in which the code is good.
    pub good_until: Instant,
    /// From when on another may be asked for.
    pub resend_at: Instant,
    /// How many more may be asked for on the ticket.
    pub sends_left: u32,
}

/// A message with its receipt.
#[derive(Debug)]
pub struct Dispatch {
    /// What to send.
    pub message: Message,
    /// What to tell the user, once it is known what became of it.
    pub receipt: Receipt,
    /// The companies whose business it is.
    pub companies: Vec<Company>,
}

/// A message that may go out, or a refusal.
pub type Sending = Result<Dispatch, Refusal>;

/// A message that was refused once the host was asked, to be counted and noted by [`count_refusal`].
#[derive(Debug)]
pub struct Refusal {
    /// What to answer.
    pub failure: Failure,
    /// What to note.
    pub event: Event,
}

/// Where the host is asked about a number.
pub trait PhoneLine {
    /// Says whether a number may be sent to, and in which country it is.
    ///
    /// # Errors
    ///
    /// Returns the phone line as the fault when there is no answer.
    fn check(
        &mut self,
        payer: &Company,
        number: &PhoneNumber,
        errand: Errand,
    ) -> Result<Permission, Dependency>;
}

/// What the host says of a number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Permission {
    /// It may be sent to; its country, ISO 3166-1.
    Permitted(String),
    /// It may not; why.
    Refused(String),
}

/// What became of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The carrier took it.
    Sent,
    /// It went out before under the same key.
    AlreadySent,
    /// It did not go out; why.
    Failed(String),
    /// Nobody knows.
    Unknown,
}

impl Outcome {
    /// The event that notes it.
    ///
    /// # Security
    ///
    /// The reason is the host's text. Of anything but a few words nothing is kept, so that neither number nor code gets
    /// into the audit trail this way.
    #[must_use]
    pub fn event(&self) -> EventKind {
        match self {
            Self::Sent | Self::AlreadySent => EventKind::SmsSent,
            Self::Unknown => EventKind::SmsFailed("unknown".into()),
            Self::Failed(why) => EventKind::SmsFailed(plain(why)),
        }
    }
}

/// Decides on what a refusal leaves behind: it is noted, and counted so that nobody can have the host asked without end.
pub fn count_refusal(mut person: Person, refusal: &Refusal, now: Instant) -> Decision<()> {
    person.tickets.count_refusal(now);
    Decision {
        reply: (),
        changes: Changes {
            tickets: Some(person.tickets),
            events: [refusal.event.clone()].into(),
            ..Changes::default()
        },
    }
}

/// A message that is wanted.
pub(crate) struct Order {
    pub(crate) number: PhoneNumber,
    pub(crate) errand: Errand,
    /// The code that is running, if one is.
    pub(crate) running: Option<SentCode>,
}

/// Decides on a message: whether it may go out, and if so what it says, counts and changes. `keep` puts its code where it
/// belongs on the ticket.
///
/// # Errors
///
/// - [`Failure::NotPermitted`]: there were too many messages, or refusals, to this ticket or user.
/// - [`Failure::Unavailable`]: an import is at fault.
pub(crate) fn decide(
    mut person: Person,
    mut ticket: Ticket,
    order: Order,
    keep: impl FnOnce(&mut Ticket, SentCode),
    now: Instant,
    vault: &mut dyn Vault,
    line: &mut dyn PhoneLine,
) -> Result<Decision<Sending>, Failure> {
    require_may_send(&person, &ticket, now)?;
    if let Err(refusal) = ask(&order, &ticket, line)? {
        return Ok(Decision::tell(Err(refusal)));
    }
    let begins = order.errand == Errand::Enroll && order.running.is_none();
    let Composed {
        sent,
        adds,
        dispatch,
    } = compose(order, &mut person, &mut ticket, now, vault)?;
    keep(&mut ticket, sent);
    let mut log = Log::of(&ticket.policy.companies);
    if begins {
        log.note(EventKind::EnrollmentBegun(Method::Sms));
    }
    log.note(EventKind::SmsRequested);
    person.tickets.keep(ticket, now);
    Ok(Decision {
        reply: Ok(dispatch),
        changes: Changes {
            account: None,
            tickets: Some(person.tickets),
            adds,
            events: log.into_events(),
        },
    })
}

/// A message that is decided on, and what it changes.
struct Composed {
    sent: SentCode,
    adds: Vec<Add>,
    dispatch: Dispatch,
}

/// Requires what ticket and user still have left, before anybody is asked anything.
fn require_may_send(person: &Person, ticket: &Ticket, now: Instant) -> Result<(), NotPermitted> {
    if ticket.sends >= MOST_SENDS {
        return Err(NotPermitted::SendLimit(ticket.expires_at));
    }
    if let Some(until) = person.tickets.refused_until(now) {
        return Err(NotPermitted::SendLimit(until));
    }
    match person.tickets.texted_at {
        // A time ahead of the clock is of a clock that was wrong; the counters hold all the same.
        Some(at) if at <= now && now < at.after(BETWEEN) => {
            Err(NotPermitted::SendLimit(at.after(BETWEEN)))
        }
        _ => Ok(()),
    }
}

/// Asks the host whether the number may be sent to.
///
/// A narrowed list of countries never locks out a number that was confirmed.
fn ask(
    order: &Order,
    ticket: &Ticket,
    line: &mut dyn PhoneLine,
) -> Result<Result<(), Refusal>, Dependency> {
    let (why, reason) = match line.check(&payer(ticket), &order.number, order.errand)? {
        Permission::Refused(why) => (plain(&why), NotPermitted::NumberRefused),
        Permission::Permitted(country)
            if order.errand == Errand::Enroll
                && !ticket.policy.sms.countries.contains(&country) =>
        {
            (
                "country-not-allowed".into(),
                NotPermitted::CountryNotAllowed,
            )
        }
        Permission::Permitted(_) => return Ok(Ok(())),
    };
    Ok(Err(Refusal {
        failure: reason.into(),
        event: Log::of(&ticket.policy.companies).event(EventKind::SmsRefused(why)),
    }))
}

/// Decides on a message: its code, its counters, its receipt. Notes on ticket and user that it was asked for.
///
/// # Errors
///
/// Returns the import at fault.
fn compose(
    order: Order,
    person: &mut Person,
    ticket: &mut Ticket,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Composed, Dependency> {
    let rules = &ticket.policy.sms;
    let lifetime = Span::minutes(u64::from(rules.lifetime_minutes));
    let same = order
        .running
        .filter(|it| rules.resend == Resend::Same && it.is_worth_resending(now));
    let sent = match same {
        Some(running) => SentCode {
            sent_at: now,
            ..running
        },
        None => {
            let mut fresh = SentCode::draw(lifetime, now, vault)?;
            let last = match order.errand {
                // What is pending goes with its ticket.
                Errand::Enroll => ticket.expires_at.before(Span::seconds(1)),
                // One message after another must not keep a first factor alive.
                Errand::SignIn | Errand::ManageFactors | Errand::StepUp => {
                    ticket.ends_unprolonged().after(lifetime)
                }
            };
            fresh.good_until = fresh.good_until.min(last);
            fresh
        }
    };
    if order.errand != Errand::Enroll {
        let after = sent.good_until.after(Span::seconds(1));
        ticket.expires_at = ticket.expires_at.max(after);
    }
    let payer = payer(ticket);
    let adds = limits::counters(
        &person.user,
        &payer,
        &order.number,
        order.errand,
        rules,
        now,
        vault,
    )?;
    ticket.sends = ticket.sends.saturating_add(1);
    person.tickets.texted_at = Some(now);
    let left = sent.good_until.since(now).full(Span::minutes(1)).max(1);
    let dispatch = Dispatch {
        receipt: Receipt {
            masked: order.number.masked(ticket.digits_shown()),
            good_until: sent.good_until,
            resend_at: sent.resend_at(),
            sends_left: ticket.sends_left(),
        },
        message: Message {
            company: payer,
            code: sent.code.duplicate(),
            number: order.number,
            errand: order.errand,
            valid_minutes: u32::try_from(left).unwrap_or(u32::MAX),
            idempotency_key: format!("{}:{}", ticket.id, ticket.sends),
        },
        companies: ticket.policy.companies.clone(),
    };
    Ok(Composed {
        sent,
        adds,
        dispatch,
    })
}

/// A reason of the host's as it may stand in an event: a few plain words, with no room for a number or a code.
fn plain(why: &str) -> String {
    let digits = why.bytes().filter(u8::is_ascii_digit).count();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_plain = (1..=64).contains(&why.len()) && why.bytes().all(plain) && digits <= 5;
    if is_plain { why } else { "unspecified" }.into()
}

/// The first company that counts pays. Where none does, while MFA is off everywhere, it is the realm, as `*`.
fn payer(ticket: &Ticket) -> Company {
    let first = ticket.policy.companies.first().cloned();
    first.unwrap_or_else(Company::default_policy)
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("errand", &self.errand)
            .field("valid_minutes", &self.valid_minutes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    // V-96: the host's reason is not trusted to be free of what was sent.
    #[test]
    fn only_a_few_words_of_a_hosts_reason_get_into_an_event() {
        for (why, kept) in [
            ("http-503", "http-503"),
            ("twilio-21211", "twilio-21211"),
            ("carrier-down", "carrier-down"),
            ("no route to +12025550142", "unspecified"),
            ("code-123456", "unspecified"),
            ("", "unspecified"),
            ("Line\n", "unspecified"),
        ] {
            let event = Outcome::Failed(why.to_string()).event();
            assert_eq!(event, EventKind::SmsFailed(kept.into()), "{why}");
        }
        assert_eq!(Outcome::AlreadySent.event(), EventKind::SmsSent);
        assert_eq!(
            Outcome::Unknown.event(),
            EventKind::SmsFailed("unknown".into())
        );
    }
}
