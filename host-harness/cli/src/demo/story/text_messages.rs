//! Codes by text message.

use countersign_host::contract::enrollment::{ConfirmVerdict, Confirmation};
use countersign_host::contract::sign_in::{AllowReason, BeginOutcome};
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{Failure, Method, NotPermitted, Purpose, Receipt, SendState};
use jiff::civil::{Date, date, time};

use super::{Enrolled, Ruling, Story, ZONE};
use crate::demo::people::{self, ACME, OF_ACME, Visit};
use crate::demo::stage::Device;
use crate::demo::{calendar, check, told};
use crate::exit::Exit;

impl Story<'_> {
    pub(super) async fn cleo_gets_text_messages(&mut self, acme: Ruling) -> Result<Ruling, Exit> {
        self.at(MONDAY, time(9, 0, 0, 0))?;
        self.stage.chapter("Cleo gets text messages")?;
        self.stage.teller.says(
            "Some of Acme's people have no smartphone. Dana allows text messages, the weaker method, and lets \
             everybody trust a browser for 30 days. Cleo is new and must enroll. She types the number of her phone.",
        )?;
        self.stage.teller.briefly();
        let policy = people::with_phones(acme.policy);
        let acme = self.rule(ACME, policy, Some(acme.revision)).await?;
        let answer = self.stage.begin("cleo", Purpose::SignIn).await?;
        let offer = told!(
            "Cleo must enroll an app or a phone",
            answer,
            Ok(BeginOutcome::Enroll(it)) if it.required && it.methods == [Method::Totp, Method::Sms] => it
        );
        self.secrets.push(offer.ticket.clone());
        self.begin_phone("cleo", &offer.ticket, CLEO).await?;
        self.stage
            .teller
            .says("The code from the message confirms the phone. A recovery code comes with it, and she saves it.")?;
        self.stage.teller.briefly();
        let confirmation = self.confirm_phone("cleo", &offer.ticket).await?;
        let told = "Cleo's phone comes with a recovery code, which she saves";
        let recovery = told!(told, confirmation.recovery_code, Some(it) => it);
        self.secrets.push(recovery.code.clone());
        self.acknowledge("cleo", &recovery).await?;

        self.at(MONDAY, time(13, 0, 0, 0))?;
        self.stage
            .teller
            .says("After lunch she signs in, and waits for the message.")?;
        let ticket = self.challenge_by_text("cleo", Purpose::SignIn).await?;
        let first = self.send("cleo", &ticket).await?;
        let code = self.stage.last_message()?.code;

        self.at(MONDAY, time(13, 1, 0, 0))?;
        self.stage.teller.says(
            "After a minute she asks again. It is the same code, with the same end: it does not matter which of the \
             two she reads.",
        )?;
        let again = self.send("cleo", &ticket).await?;
        check(
            again.expires_at == first.expires_at && self.stage.last_message()?.code == code,
            "a message sent again has the same code, with the same end",
        )?;

        self.stage.teller.says(
            "She misreads it, then types it right, and ticks \"trust this browser\". On Tuesday the browser shows \
             its token, and she is not asked.",
        )?;

        self.reject("cleo", &ticket, Method::Sms, &misread(&code), 4)
            .await?;
        self.stage.teller.fully();
        let assertion = self
            .accept("cleo", &ticket, Method::Sms, &code, Device::Remember)
            .await?;
        let told = "Cleo's browser gets a token, and is let in with it";
        let token = told!(told, assertion.device_token, Some(it) => it);
        self.secrets.push(token.clone());
        self.clock
            .set(calendar::second(TUESDAY, time(9, 0, 0, 0), ZONE)?);
        let visit = Visit::of("cleo", OF_ACME).on(&token);
        let answer = self.stage.arrive(visit, Purpose::SignIn).await?;
        let allowance = told!(told, answer, Ok(BeginOutcome::Allow(it)) => it);
        check(allowance.reason == AllowReason::TrustedDevice, told)?;
        Ok(acme)
    }

    pub(super) async fn ben_has_an_app_and_a_phone(&mut self, ben: &Enrolled) -> Result<(), Exit> {
        self.at(TUESDAY, time(10, 0, 0, 0))?;
        self.stage.chapter("Ben has an app and a phone")?;
        self.stage.teller.says(
            "Ben shows a code of his app, and adds his phone. His recovery code stays the one he has. He likes \
             messages better, and has them shown first.",
        )?;
        self.stage.teller.briefly();
        let answer = self.stage.begin("ben", Purpose::ManageFactors).await?;
        let told = "Ben shows his app, and may change his factors";
        let challenge = told!(told, answer, Ok(BeginOutcome::Challenge(it)) => it);
        let code = self.code(&ben.key)?;
        let answer = self.stage.verify("ben", &challenge.ticket, &code).await?;
        let ticket = self.managing(told, answer)?;
        self.begin_phone("ben", &ticket, BEN).await?;
        self.stage.teller.briefly();
        let confirmation = self.confirm_phone("ben", &ticket).await?;
        check(
            confirmation.recovery_code.is_none(),
            "a second factor comes without a recovery code",
        )?;
        let answer = self.stage.prefer("ben", &ticket, Method::Sms).await?;
        told!("the phone is shown first", answer, Ok(()) => ());

        self.at(TUESDAY, time(15, 0, 0, 0))?;
        self.stage.teller.says(
            "Somebody knows Ben's password, and has talked his carrier into a SIM card with his number. Ben's \
             messages are the thief's now, and let him in: that is why they are the weaker method.",
        )?;
        let ticket = self
            .challenge_by_text("ben", Purpose::ManageFactors)
            .await?;
        self.send("ben", &ticket).await?;
        let code = self.stage.last_message()?.code;
        let answer = self
            .stage
            .show("ben", &ticket, Method::Sms, &code, Device::Forget)
            .await?;
        let ticket = self.managing("a text message opens the changing of factors", answer)?;
        self.stage.teller.says(
            "But he can neither lock Ben out nor make himself at home: a text message may not remove or replace \
             Ben's app, nor issue a recovery code.",
        )?;
        let told = "a text message may not manage the app";
        let refused = Failure::NotPermitted(NotPermitted::MethodNotAllowed);
        let answer = self.stage.remove("ben", &ticket).await?;
        told!(told, answer, Err(it) if it == refused => ());
        let answer = self
            .stage
            .begin_totp("ben", &ticket, "ben@acme.example (2)")
            .await?;
        told!(told, answer, Err(it) if it == refused => ());
        let answer = self.stage.issue("ben", &ticket).await?;
        self.stage.teller.fully();
        told!(told, answer, Err(it) if it == refused => Ok(()))
    }

    /// Has a user come whose phone is shown first. Returns the ticket.
    pub(super) async fn challenge_by_text(
        &mut self,
        user: &str,
        purpose: Purpose,
    ) -> Result<String, Exit> {
        let answer = self.stage.begin(user, purpose).await?;
        let told = format!("{user} may show the phone first");
        let challenge = told!(&told, answer, Ok(BeginOutcome::Challenge(it)) => it);
        let first = challenge.methods.first().map(|it| it.method);
        check(first == Some(Method::Sms), &told)?;
        self.secrets.push(challenge.ticket.clone());
        Ok(challenge.ticket)
    }

    /// Has a code sent to a confirmed phone.
    pub(super) async fn send(&mut self, user: &str, ticket: &str) -> Result<Receipt, Exit> {
        let answer = self.stage.send_code(user, ticket).await?;
        let told = format!("a message goes out to {user}");
        told!(&told, answer, Ok(it) if it.state == SendState::Sent => Ok(it))
    }

    /// Has a user begin a phone, and tells it in full.
    async fn begin_phone(&mut self, user: &str, ticket: &str, number: &str) -> Result<(), Exit> {
        self.secrets.push(number.replace([' ', '-'], ""));
        self.stage.teller.fully();
        let answer = self.stage.begin_sms(user, ticket, number).await?;
        let told = format!("the phone of {user} gets a code");
        told!(&told, answer, Ok(it) if it.state == SendState::Sent => Ok(()))
    }

    /// Has a user confirm a phone with the code that it got.
    async fn confirm_phone(&mut self, user: &str, ticket: &str) -> Result<Confirmation, Exit> {
        let code = self.stage.last_message()?.code;
        let answer = self.stage.confirm(user, ticket, Method::Sms, &code).await?;
        let told = format!("the phone of {user} is confirmed");
        let confirmation = told!(&told, answer, Ok(ConfirmVerdict::Accepted(it)) => it);
        check(confirmation.assertion.amr == ["sms", "mfa"], &told)?;
        Ok(confirmation)
    }

    /// Returns the ticket with which factors may be changed.
    fn managing(
        &mut self,
        told: &str,
        answer: Result<VerifyVerdict, Failure>,
    ) -> Result<String, Exit> {
        let assertion = told!(told, answer, Ok(VerifyVerdict::Accepted(Verified::Done(it))) => it);
        let next = told!(told, assertion.next_ticket, Some(it) => it);
        self.secrets.push(next.ticket.clone());
        Ok(next.ticket)
    }
}

/// Reads the last digit for another one.
fn misread(code: &str) -> String {
    let mut code = code.to_owned();
    let last = code.pop();
    code.push(if last == Some('0') { '8' } else { '0' });
    code
}

const MONDAY: Date = date(2026, 10, 26);
const TUESDAY: Date = date(2026, 10, 27);
/// Numbers that nobody has: they are kept for stories.
const CLEO: &str = "+1 202-555-0142";
const BEN: &str = "+1 202-555-0177";
