//! The text messages that begin a phone.

use super::require_app_may_change;
use crate::decision::{Decision, Person};
use crate::failure::{Failure, NotPermitted};
use crate::method::Method;
use crate::phone::PhoneNumber;
use crate::secret::Text;
use crate::text_message::{self, Errand, Order, PhoneLine, Sending};
use crate::ticket::{PendingPhone, Stage, Ticket};
use crate::time::Instant;
use crate::vault::Vault;

/// Begins a phone, and decides on the message that goes to it. With the number that is pending already it is a
/// [`resend`].
///
/// A refusal by the host or by the list of countries is a reply, which changes nothing by itself.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or a code is awaited on it.
/// - [`Failure::NotPermitted`]: MFA is off, the policy does not allow text messages to this user, the first factor came
///   by this phone, the factor was shown too long ago, a text message may not change what would be changed, the user has
///   a phone already, or there were too many messages.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn begin_sms(
    mut person: Person,
    ticket: &Text,
    number: &PhoneNumber,
    now: Instant,
    vault: &mut dyn Vault,
    line: &mut dyn PhoneLine,
) -> Result<Decision<Sending>, Failure> {
    let mut ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    let running = match ticket.pending_phone.take() {
        Some(pending) if pending.number == *number => Some(pending),
        _ => {
            ticket.require_may_begin(now)?;
            ticket.require_on()?;
            let same_channel = ticket.first_factor_phone.as_ref() == Some(number);
            if same_channel || !ticket.policy.methods.has(Method::Sms) {
                return Err(NotPermitted::MethodNotAllowed.into());
            }
            None
        }
    };
    require_phone_may_change(&person, &ticket)?;
    send(person, ticket, number.clone(), running, now, vault, line)
}

/// Decides on another message to the phone that is pending.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or a code is awaited on it.
/// - [`Failure::NotPermitted`]: no phone is pending, or there were too many messages.
/// - [`Failure::Unavailable`]: an import is at fault.
pub fn resend(
    mut person: Person,
    ticket: &Text,
    now: Instant,
    vault: &mut dyn Vault,
    line: &mut dyn PhoneLine,
) -> Result<Decision<Sending>, Failure> {
    let mut ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_past_challenge()?;
    let pending = ticket
        .pending_phone
        .take()
        .ok_or(NotPermitted::NotPending)?;
    let number = pending.number.clone();
    send(person, ticket, number, Some(pending), now, vault, line)
}

/// Refuses a phone that could not be confirmed in the end.
pub(super) fn require_phone_may_change(person: &Person, ticket: &Ticket) -> Result<(), Failure> {
    // Whoever has the owner's number for an hour must not leave a number of his own behind, and a replaced phone comes
    // with a recovery code besides, by which the app could be changed. Where there is an app, it is the one to show.
    require_app_may_change(person, ticket)?;
    let has_phone = person.account.as_ref().is_some_and(|it| it.phone.is_some());
    // Only a factor that was shown lets one be replaced.
    match ticket.stage {
        Stage::Enrolling { .. } if has_phone => Err(NotPermitted::AlreadyEnrolled.into()),
        _ => Ok(()),
    }
}

fn send(
    person: Person,
    ticket: Ticket,
    number: PhoneNumber,
    running: Option<PendingPhone>,
    now: Instant,
    vault: &mut dyn Vault,
    line: &mut dyn PhoneLine,
) -> Result<Decision<Sending>, Failure> {
    let failures = running.as_ref().map_or(0, |it| it.failures);
    let order = Order {
        number: number.clone(),
        errand: Errand::Enroll,
        running: running.map(|it| it.sent),
    };
    let pending = |ticket: &mut Ticket, sent| {
        ticket.pending_phone = Some(PendingPhone {
            number,
            sent,
            failures,
        });
    };
    text_message::decide(person, ticket, order, pending, now, vault, line)
}
