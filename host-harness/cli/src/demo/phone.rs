//! The phone line of the demo, and what a phone shows.

use countersign_host::sms::{Message, Outbox, SetupError, Texts};

use super::people;

/// Makes the line: everything that is sent stays in it.
pub(super) fn line() -> Outbox {
    Outbox::in_country(people::COUNTRY)
}

/// Returns what the user reads.
///
/// # Errors
///
/// [`SetupError`], if the demo's own names made no text message.
pub(super) fn text(message: &Message) -> Result<String, SetupError> {
    Texts::new(people::HOST, people::ISSUER)?.write(message)
}
