//! The phone line of the demo, and what a phone shows.

use countersign_host::sms::{Message, Outbox};

use super::people;

/// Makes the line: everything that is sent stays in it.
pub(super) fn line() -> Outbox {
    Outbox::in_country(people::COUNTRY)
}

/// Returns what the user reads.
pub(super) fn text(message: &Message) -> String {
    let issuer = people::ISSUER;
    let (code, minutes) = (&message.code, message.valid_minutes);
    format!(
        "{code} is your code for {issuer}. It is good for {minutes} minutes.\nNever share it. We will never ask for it."
    )
}
