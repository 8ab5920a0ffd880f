//! Before the deadline.

use countersign_host::contract::sign_in::{AllowReason, Assessment, BeginOutcome};
use countersign_host::contract::{Deadline, Failure, Method, Proof, Purpose, TicketFault};
use jiff::civil::{Date, date, time};

use super::{BEGINNING, DEADLINE, Enrolled, Ruling, Story, ZONE, session};
use crate::demo::stage::Device;
use crate::demo::{calendar, check, people, told};
use crate::exit::Exit;

impl Story<'_> {
    pub(super) async fn acme_turns_mfa_on(&mut self) -> Result<Ruling, Exit> {
        self.stage.chapter("Acme turns MFA on")?;
        let at = calendar::second(DEADLINE, time(0, 0, 0, 0), ZONE)?;
        self.stage.teller.says(&format!(
            "Dana, an admin of Acme, chooses the day from which everybody must use MFA: {}, two weeks from now. \
             Nothing is enforced before. Whoever wants to can enroll early.",
            calendar::day(at, ZONE)
        ))?;
        let deadline = Deadline {
            at,
            zone: ZONE.to_owned(),
        };
        self.rule(people::ACME, people::policy(deadline), None)
            .await
    }

    pub(super) async fn ana_is_nudged(&mut self) -> Result<(), Exit> {
        self.at(BEGINNING, time(9, 30, 0, 0))?;
        self.stage.chapter("Ana is told, and let in")?;
        self.stage.teller.says(
            "Ana signs in with her password, as on any other day. The gateway asks the plugin what comes next.",
        )?;
        let told = "Ana is let in, and told that 14 days are left";
        let answer = self.stage.begin("ana", Purpose::SignIn).await?;
        let allowance = told!(told, answer, Ok(BeginOutcome::Allow(it)) => it);
        let deadline = calendar::second(DEADLINE, time(0, 0, 0, 0), ZONE)?;
        let days = allowance
            .notice
            .filter(|it| it.deadline == deadline && it.zone == ZONE)
            .map(|it| it.days_left);
        check(
            allowance.reason == AllowReason::NotEnrolled
                && days == Some(14)
                && allowance.valid_until <= deadline,
            told,
        )?;
        self.stage.teller.says(
            "She is let in. The page says what is coming; her session is good until the deadline at the latest.",
        )
    }

    pub(super) async fn ana_enrolls(&mut self) -> Result<Enrolled, Exit> {
        self.at(BEGINNING, time(9, 32, 0, 0))?;
        self.stage.chapter("Ana enrolls early")?;
        self.stage.teller.says(
            "She goes to her profile, types her password again, and asks for two-factor authentication.",
        )?;
        let told = "Ana may enroll, and need not";
        let answer = self.stage.begin("ana", Purpose::ManageFactors).await?;
        let offer = told!(told, answer, Ok(BeginOutcome::Enroll(it)) if !it.required => it);
        self.secrets.push(offer.ticket.clone());

        self.stage
            .teller
            .says("She takes the authenticator app. The page shows a QR code, and the key for apps without a camera.")?;
        let setup = self
            .set_up("ana", &offer.ticket, "ana@acme.example")
            .await?;
        self.stage.show_setup(&setup, true)?;

        self.at(BEGINNING, time(9, 33, 10, 0))?;
        self.stage.teller.says(
            "Her app has scanned it and shows a code. Only that code makes a factor of it. With it comes the \
             recovery code, shown this once.",
        )?;
        let ticket = offer.ticket;
        let enrolled = self
            .confirm("ana", &ticket, setup, Proof::Enrollment)
            .await?;

        self.stage
            .teller
            .says("She prints it, and ticks \"I have securely saved this code\".")?;
        self.acknowledge("ana", &enrolled.recovery).await?;

        self.stage
            .teller
            .says("The Back button does not show the key again: its ticket is spent.")?;
        let answer = self
            .stage
            .begin_totp("ana", &ticket, "ana@acme.example")
            .await?;
        told!(
            "a spent ticket shows no key",
            answer,
            Err(Failure::Ticket(TicketFault::Spent | TicketFault::Unknown)) => Ok(enrolled)
        )
    }

    pub(super) async fn ana_signs_in(&mut self, ana: &Enrolled) -> Result<(), Exit> {
        self.at(TUESDAY, time(8, 58, 3, 0))?;
        self.stage.chapter("Ana signs in with a code")?;
        self.stage.teller.says(
            "The next morning. Whoever has enrolled is asked at every sign-in, also before the deadline.",
        )?;
        let challenge = self.challenge("ana").await?;
        check(
            challenge.recovery_available,
            "the recovery code can be used in place of a code",
        )?;
        self.secrets.push(challenge.ticket.clone());
        let code = self.code(&ana.key)?;
        let assertion = self
            .accept(
                "ana",
                &challenge.ticket,
                Method::Totp,
                &code,
                Device::Forget,
            )
            .await?;
        let session = session(&assertion);
        let answer = self.stage.assess("ana", &session).await?;
        told!(
            "her session goes on",
            answer,
            Ok(Assessment::Continue(_)) => ()
        );

        self.at(TUESDAY, time(8, 58, 9, 0))?;
        self.stage.teller.says(
            "Somebody behind her knows her password, and read the code over her shoulder. It is six seconds old \
             and still on her screen, but used. The answer is that of any wrong code; the audit trail knows better.",
        )?;
        let thief = self.challenge("ana").await?;
        self.reject("ana", &thief.ticket, Method::Totp, &code, 4)
            .await?;

        self.stage
            .teller
            .says("He guesses. Each wrong code counts; after the fifth this ticket ends and the factor rests.")?;
        let wrong = self.wrong_code(&ana.key)?;
        self.reject("ana", &thief.ticket, Method::Totp, &wrong, 3)
            .await?;

        self.at(TUESDAY, time(8, 58, 41, 0))?;
        self.stage
            .teller
            .says("Ana's own next code, half a minute later, is good on a ticket of hers.")?;
        self.sign_in("ana", &ana.key).await?;
        Ok(())
    }
}

const TUESDAY: Date = date(2026, 10, 6);
