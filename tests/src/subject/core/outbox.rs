//! The phone line: asked before a decision, and sent to after its commit.

use std::sync::{Mutex, PoisonError};

use countersign_core::event::Event;
use countersign_core::failure::{Dependency, Failure};
use countersign_core::names::{Company, User};
use countersign_core::phone::PhoneNumber;
use countersign_core::text_message::{Errand, Outcome, Permission, PhoneLine, Receipt, Sending};
use countersign_host::sms::{self, MessagePurpose};

use super::Native;
use super::keys::wait;
use super::transaction::Call;

/// The world's phone line, as a decision asks it, once a call.
pub(super) struct Line<'a> {
    imports: &'a Native,
    asked: Mutex<Option<(Company, PhoneNumber, Permission)>>,
}

impl<'a> Line<'a> {
    pub(super) fn of(imports: &'a Native) -> Self {
        Self {
            imports,
            asked: Mutex::default(),
        }
    }
}

impl PhoneLine for &Line<'_> {
    fn check(
        &mut self,
        payer: &Company,
        number: &PhoneNumber,
        errand: Errand,
    ) -> Result<Permission, Dependency> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((company, about, permission)) = &*asked
            && company == payer
            && about == number
        {
            return Ok(permission.clone());
        }
        let sms = &self.imports.sms;
        let answer = wait(sms.check(payer.as_str(), number.as_str(), purpose(errand)));
        let permission = match answer {
            Ok(sms::Permission::Permitted(country)) => Permission::Permitted(country),
            Ok(sms::Permission::Refused(why)) => Permission::Refused(why),
            Err(_) => return Err(Dependency::Sms),
        };
        *asked = Some((payer.clone(), number.clone(), permission.clone()));
        Ok(permission)
    }
}

/// Sends a message whose decision is committed, and notes what became of it.
pub(super) async fn send(
    call: &Call<'_>,
    user: &User,
    sending: Sending,
) -> Result<(Receipt, Outcome), Failure> {
    let dispatch = match sending {
        Ok(dispatch) => dispatch,
        Err(refusal) => return Err(call.refuse(user, refusal).await?),
    };
    let message = dispatch.message;
    let message = sms::Message::new(
        message.company.as_str(),
        message.number.as_str(),
        message.code.expose(),
        purpose(message.errand),
        message.valid_minutes,
        &message.idempotency_key,
    );
    let outcome = match call.imports.sms.send(&message).await {
        sms::Outcome::Sent => Outcome::Sent,
        sms::Outcome::AlreadySent => Outcome::AlreadySent,
        sms::Outcome::Refused(why) | sms::Outcome::Failed(why) => Outcome::Failed(why),
        sms::Outcome::Unknown(_) => Outcome::Unknown,
    };
    let event = Event {
        kind: outcome.event(),
        companies: dispatch.companies,
        actor: None,
    };
    call.note(user, &event).await?;
    Ok((dispatch.receipt, outcome))
}

fn purpose(errand: Errand) -> MessagePurpose {
    match errand {
        Errand::Enroll => MessagePurpose::Enroll,
        Errand::SignIn => MessagePurpose::SignIn,
        Errand::ManageFactors => MessagePurpose::ManageFactors,
        Errand::StepUp => MessagePurpose::StepUp,
    }
}
