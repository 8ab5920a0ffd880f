//! The text message that challenges a confirmed phone.

use super::require_ready;
use crate::decision::{Decision, Person};
use crate::failure::{Failure, NotPermitted};
use crate::method::Method;
use crate::secret::Text;
use crate::text_message::{self, Errand, Order, PhoneLine, Sending};
use crate::ticket::Ticket;
use crate::time::Instant;
use crate::vault::Vault;

/// Decides on a message with a code to the user's phone, the first or another.
///
/// The ticket lives on at least as long as its code. A refusal by the host is a reply, which changes nothing by itself.
///
/// # Errors
///
/// - [`Failure::Ticket`]: the ticket is worth nothing, or no code is awaited on it.
/// - [`Failure::Locked`]: the phone rests.
/// - [`Failure::NotPermitted`]: there is no phone, it is disabled or not offered here, or there were too many messages.
/// - [`Failure::Unavailable`]: an import is at fault.
///
/// # Security
///
/// A message adds no tries and takes none: wrong codes stay counted on ticket and factor. A new code voids the one before.
pub fn send_code(
    mut person: Person,
    ticket: &Text,
    now: Instant,
    vault: &mut dyn Vault,
    line: &mut dyn PhoneLine,
) -> Result<Decision<Sending>, Failure> {
    let mut ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    ticket.require_challenged()?;
    let account = person.account.as_ref();
    let phone = account.and_then(|it| it.phone.as_ref());
    let (Some(account), Some(phone)) = (account, phone) else {
        return Err(NotPermitted::NoSuchFactor.into());
    };
    let number = phone.number.clone();
    require_ready(account, Method::Sms, &ticket, now)?;
    let order = Order {
        number,
        errand: Errand::of_challenge(&ticket.purpose),
        running: ticket.sent.take(),
    };
    let sent = |ticket: &mut Ticket, sent| ticket.sent = Some(sent);
    text_message::decide(person, ticket, order, sent, now, vault, line)
}
