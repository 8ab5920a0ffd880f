//! The way back for who lost every factor: the contract's `recovery`.

use alloc::string::String;

use countersign_core::recovery as core;

use crate::types::{Failure, RecoveryCode, Ticket, User};
use crate::{answer, convert, transaction};

pub use crate::bindings::exports::countersign::mfa::recovery::{Guest, PresentVerdict};

/// Compares a recovery code. The right one opens the way into enrollment, and nothing else.
///
/// # Errors
///
/// Returns what the contract names for `recovery.present`; nothing was compared then.
pub fn present(user: User, ticket: Ticket, code: String) -> Result<PresentVerdict, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        transaction::run(&user, &[], |person, _, now, keys| {
            core::present(person, &ticket, &code, now, keys)
        })
        .map(convert::presented_to_wit)
    })
}

/// Makes a new recovery code, which ends the one before.
///
/// # Errors
///
/// Returns what the contract names for `recovery.issue`.
///
/// # Security
///
/// The code is secret, for the user's eyes alone, and shown once: only a MAC of it is kept.
pub fn issue(user: User, ticket: Ticket) -> Result<RecoveryCode, Failure> {
    answer(|| {
        let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
        transaction::run(&user, &[], |person, _, now, keys| {
            core::issue(person, &ticket, now, keys)
        })
        .map(|issued| convert::issued_to_wit(&issued))
    })
}

/// Notes that the user said to have saved the code with this id.
///
/// # Errors
///
/// Returns what the contract names for `recovery.acknowledge`.
pub fn acknowledge(user: User, code_id: String) -> Result<(), Failure> {
    answer(|| {
        let (user, code_id) = (convert::user(&user)?, convert::code_id(&code_id)?);
        transaction::run(&user, &[], |person, _, _, _| {
            core::acknowledge(person, &code_id)
        })
    })
}
