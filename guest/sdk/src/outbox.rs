//! The phone line: asked before a decision, and sent to after its commit.

use core::cell::RefCell;

use countersign_core::event::Event;
use countersign_core::failure::{Dependency, Failure};
use countersign_core::names::{Company, User};
use countersign_core::phone::PhoneNumber;
use countersign_core::text_message::{
    Dispatch, Errand, Message, Outcome, Permission, PhoneLine, Receipt, Sending,
};

use crate::bindings::countersign::mfa::sms;
use crate::transaction;

/// The host's phone line, as a decision asks it. A call that must decide anew asks once: looking a number up may cost.
#[derive(Debug, Default)]
pub struct Line {
    asked: RefCell<Option<(Company, PhoneNumber, Permission)>>,
}

impl PhoneLine for &Line {
    fn check(
        &mut self,
        payer: &Company,
        number: &PhoneNumber,
        errand: Errand,
    ) -> Result<Permission, Dependency> {
        let mut asked = self.asked.borrow_mut();
        if let Some((company, about, permission)) = &*asked
            && company == payer
            && about == number
        {
            return Ok(permission.clone());
        }
        let permission = match sms::check(payer.as_str(), number.as_str(), to_wit(errand)) {
            Ok(sms::Permission::Permitted(country)) => Permission::Permitted(country),
            Ok(sms::Permission::Refused(why)) => Permission::Refused(why),
            Err(_) => return Err(Dependency::Sms),
        };
        *asked = Some((payer.clone(), number.clone(), permission.clone()));
        Ok(permission)
    }
}

/// Sends a message whose decision is committed, notes what became of it, and returns the receipt with that.
///
/// # Errors
///
/// Returns the refusal, once it is noted, or [`Failure::Unavailable`] when the store does not take a note. The message is
/// counted then, and may have gone out.
pub fn send(user: &User, sending: Sending) -> Result<(Receipt, Outcome), Failure> {
    let Dispatch {
        message,
        receipt,
        companies,
    } = match sending {
        Ok(dispatch) => dispatch,
        Err(refusal) => return Err(transaction::refuse(user, refusal)?),
    };
    let outcome = match sms::send(&message_to_wit(&message)) {
        sms::Outcome::Sent => Outcome::Sent,
        sms::Outcome::AlreadySent => Outcome::AlreadySent,
        sms::Outcome::Refused(why) | sms::Outcome::Failed(why) => Outcome::Failed(why),
        sms::Outcome::Unknown => Outcome::Unknown,
    };
    transaction::note(&Event {
        kind: outcome.event(),
        companies,
        actor: None,
    })?;
    Ok((receipt, outcome))
}

fn message_to_wit(message: &Message) -> sms::Message {
    sms::Message {
        company: message.company.as_str().into(),
        number: message.number.as_str().into(),
        code: message.code.expose().into(),
        purpose: to_wit(message.errand),
        valid_minutes: message.valid_minutes,
        idempotency_key: message.idempotency_key.clone(),
    }
}

fn to_wit(errand: Errand) -> sms::MessagePurpose {
    match errand {
        Errand::Enroll => sms::MessagePurpose::Enroll,
        Errand::SignIn => sms::MessagePurpose::SignIn,
        Errand::ManageFactors => sms::MessagePurpose::ManageFactors,
        Errand::StepUp => sms::MessagePurpose::StepUp,
    }
}
