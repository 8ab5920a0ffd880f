//! Setting up, changing and removing factors: the contract's `enrollment`.

use alloc::string::String;

use countersign_core::enrollment as core;

use crate::types::{Failure, Method, Receipt, Ticket, User};
use crate::{answer, convert, outbox, transaction};

pub use crate::bindings::exports::countersign::mfa::enrollment::{
    ConfirmVerdict, Confirmation, Guest, Label, TotpSetup,
};

/// Begins an authenticator app, or shows again what was begun on this ticket.
///
/// It makes no factor: what is begun counts as nothing until [`confirm`].
///
/// # Errors
///
/// Returns what the contract names for `enrollment.begin-totp`.
///
/// # Security
///
/// All of the answer is secret, and for the user's eyes alone.
pub fn begin_totp(user: User, ticket: Ticket, label: Label) -> Result<TotpSetup, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        let label = convert::label(&label)?;
        transaction::run(&user, &[], |person, _, now, keys| {
            core::begin_totp(person, &ticket, &label, now, keys)
        })
        .map(|setup| convert::setup_to_wit(&setup))
    })
}

/// Begins a phone, and sends it a code after the commit that counts the message.
///
/// # Errors
///
/// Returns what the contract names for `enrollment.begin-sms`. With `unavailable(sms)` the message may have gone out.
pub fn begin_sms(user: User, ticket: Ticket, phone: String) -> Result<Receipt, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        let number = convert::phone(&phone)?;
        let line = outbox::Line::default();
        let sending = transaction::run(&user, &[], |person, _, now, keys| {
            core::begin_sms(person, &ticket, &number, now, keys, &mut &line)
        })?;
        outbox::send(&user, sending).map(convert::receipt_to_wit)
    })
}

/// Sends the code of the pending phone again, as the policy has it. It adds no tries.
///
/// # Errors
///
/// Returns what the contract names for `enrollment.resend`.
pub fn resend(user: User, ticket: Ticket) -> Result<Receipt, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        let line = outbox::Line::default();
        let sending = transaction::run(&user, &[], |person, _, now, keys| {
            core::resend(person, &ticket, now, keys, &mut &line)
        })?;
        outbox::send(&user, sending).map(convert::receipt_to_wit)
    })
}

/// Discards what is pending of a method. The ticket stays.
///
/// # Errors
///
/// Returns what the contract names for `enrollment.cancel`.
pub fn cancel(user: User, ticket: Ticket, method: Method) -> Result<(), Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        transaction::run(&user, &[], |person, _, now, keys| {
            core::cancel(person, &ticket, convert::method(method), now, keys)
        })
    })
}

/// Turns what is pending into a factor, if `code` shows that the user's device has it.
///
/// A wrong code is an answer, not an error: it is in the verdict.
///
/// # Errors
///
/// Returns what the contract names for `enrollment.confirm`; nothing was compared then.
///
/// # Security
///
/// A first factor comes with a recovery code, which is secret, and shown once.
pub fn confirm(
    user: User,
    ticket: Ticket,
    method: Method,
    code: String,
) -> Result<ConfirmVerdict, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        transaction::run(&user, &[], |person, _, now, keys| {
            core::confirm(person, &ticket, convert::method(method), &code, now, keys)
        })
        .map(convert::confirmation_to_wit)
    })
}

/// Removes a factor, and with the last one the recovery code. Returns the new epoch.
///
/// # Errors
///
/// Returns what the contract names for `enrollment.remove`.
pub fn remove(user: User, ticket: Ticket, method: Method) -> Result<u64, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        transaction::run(&user, &[], |person, _, now, keys| {
            core::remove(person, &ticket, convert::method(method), now, keys)
        })
    })
}

/// Makes a confirmed factor the one to show first.
///
/// # Errors
///
/// Returns what the contract names for `enrollment.prefer`.
pub fn prefer(user: User, ticket: Ticket, method: Method) -> Result<(), Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        transaction::run(&user, &[], |person, _, now, keys| {
            core::prefer(person, &ticket, convert::method(method), now, keys)
        })
    })
}
