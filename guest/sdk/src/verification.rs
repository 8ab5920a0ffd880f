//! Showing a factor: the contract's `verification`.

use alloc::string::String;

use countersign_core::verification as core;

use crate::types::{Failure, Method, Receipt, Ticket, User};
use crate::{answer, convert, outbox, transaction};

pub use crate::bindings::exports::countersign::mfa::verification::{
    Guest, Verified, VerifyVerdict,
};

/// Sends a code to the user's phone, after the commit that counts the message.
///
/// # Errors
///
/// Returns what the contract names for `verification.send-code`.
pub fn send_code(user: User, ticket: Ticket) -> Result<Receipt, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        let line = outbox::Line::default();
        let sending = transaction::run(&user, &[], |person, _, now, keys| {
            core::send_code(person, &ticket, now, keys, &mut &line)
        })?;
        outbox::send(&user, sending).map(convert::receipt_to_wit)
    })
}

/// Compares a code, and says so in the verdict.
///
/// # Errors
///
/// Returns what the contract names for `verification.verify`; nothing was compared then, and nobody may be let in.
///
/// # Security
///
/// The comparison takes the same time for every code, an accepted code is spent in the commit that accepts it, and a
/// wrong one is counted in the commit that rejects it. Whatever is added around this function must leave a rejection a
/// rejection.
pub fn verify(
    user: User,
    ticket: Ticket,
    method: Method,
    code: String,
    remember: bool,
) -> Result<VerifyVerdict, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        let attempt = core::Attempt {
            method: convert::method(method),
            typed: &code,
            remember,
        };
        transaction::run(&user, &[], |person, _, now, keys| {
            core::verify(person, &ticket, &attempt, now, keys)
        })
        .map(convert::verdict_to_wit)
    })
}
