//! The phone line.
//!
//! This version asks whether a number may be sent to, and sends nothing yet.

use countersign_core::failure::{Dependency, Failure, NotPermitted};
use countersign_core::names::Company;
use countersign_core::phone::PhoneNumber;

use crate::bindings::countersign::mfa::sms::{self, MessagePurpose, Permission};

/// Requires that the host would send to a number that is to be enrolled.
///
/// # Errors
///
/// Returns [`NotPermitted::NumberRefused`], or [`Failure::Unavailable`] when the host does not answer.
pub(crate) fn require_permitted(payer: &Company, number: &PhoneNumber) -> Result<(), Failure> {
    match sms::check(payer.as_str(), number.as_str(), MessagePurpose::Enroll) {
        Ok(Permission::Permitted(_)) => Ok(()),
        Ok(Permission::Refused(_)) => Err(NotPermitted::NumberRefused.into()),
        Err(_) => Err(Dependency::Sms.into()),
    }
}
