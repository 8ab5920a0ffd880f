//! The same story, played by a person with an authenticator app and a real clock.

use std::io::Write;

use countersign_host::Plugin;
use countersign_host::clock::SystemClock;
use countersign_host::contract::enrollment::ConfirmVerdict;
use countersign_host::contract::recovery::PresentVerdict;
use countersign_host::contract::sign_in::BeginOutcome;
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{
    Deadline, Failure, Method, NotPermitted, Proof, Purpose, RecoveryCode, Rejection, TicketFault,
};

use super::stage::Stage;
use super::teller::Teller;
use super::{calendar, check, keyboard, people, told};
use crate::exit::Exit;

/// Lets a person play Ana, and Ben.
pub(super) async fn tell(plugin: Plugin, out: &mut dyn Write) -> Result<(), Exit> {
    let digest = plugin.digest().to_string();
    let digest = digest.get(..16).unwrap_or_default();
    let mut teller = Teller::new(out);
    teller.title(
        "Countersign: early enrollment, with your own authenticator app",
        &[
            ("plugin", format!("a WebAssembly component, sha-256 {digest}...")),
            ("store", "in memory, gone when this ends".to_owned()),
            ("clock", "this computer's, shown in UTC. Your phone's must agree with it.".to_owned()),
            ("you need", "an authenticator app, on a phone or a computer. Remove its Acme entries afterwards.".to_owned()),
            ("to leave", "Ctrl-D or Ctrl-C".to_owned()),
            (
                "secrets",
                "printed here, because this is a demo. A gateway shows them to their user and to nobody else.".to_owned(),
            ),
        ],
    )?;
    let stage = Stage::new(plugin, SystemClock, ZONE, teller)?;
    let mut play = Play { stage };
    match play.all().await {
        Err(Exit::InputEnded) => {
            play.stage.teller.unanswered()?;
            let bye = "The input ended, and the demo with it. Nothing was kept.";
            play.stage.teller.says(bye)
        }
        ended => ended,
    }
}

struct Play<'a> {
    stage: Stage<'a>,
}

impl Play<'_> {
    async fn all(&mut self) -> Result<(), Exit> {
        let revision = self.acme_turns_mfa_on().await?;
        let (recovery, confirming) = self.you_enroll().await?;
        self.you_sign_in(&confirming).await?;
        self.the_deadline_comes(revision).await?;
        self.you_lose_your_phone(&recovery).await?;
        let bye = "That is the story. Nothing was kept; remove the entries from your app.";
        self.stage.teller.says(bye)
    }

    async fn acme_turns_mfa_on(&mut self) -> Result<u64, Exit> {
        self.stage.chapter("Acme turns MFA on")?;
        let midnight = self.stage.now()?.div_euclid(DAY).saturating_mul(DAY);
        let at = midnight.saturating_add(14 * DAY);
        self.stage.teller.says(&format!(
            "You are Ana, of Acme. Dana, an admin, chooses the day from which everybody must use MFA: {}. Nothing \
             is enforced before.",
            calendar::day(at, ZONE)
        ))?;
        let zone = ZONE.to_owned();
        let policy = people::policy(Deadline { at, zone });
        let answer = self
            .stage
            .put_policy(people::ACME, &policy, None, false)
            .await?;
        let revision = told!("Acme's first policy is stored", answer, Ok(it) => it);
        self.stage
            .teller
            .says("You sign in with your password. You are let in, and told what is coming.")?;
        let answer = self.stage.begin("ana", Purpose::SignIn).await?;
        told!("Ana is let in", answer, Ok(BeginOutcome::Allow(_)) => Ok(revision))
    }

    /// Returns the recovery code, and the code that confirmed the app.
    async fn you_enroll(&mut self) -> Result<(RecoveryCode, String), Exit> {
        self.stage.chapter("You enroll early")?;
        self.stage
            .teller
            .says("You type your password again, and ask for two-factor authentication.")?;
        let answer = self.stage.begin("ana", Purpose::ManageFactors).await?;
        let offer = told!(
            "Ana may enroll, and need not",
            answer,
            Ok(BeginOutcome::Enroll(it)) if !it.required => it
        );
        let person = Person {
            user: "ana",
            account: "ana@acme.example",
        };
        self.enroll(person, &offer.ticket, Proof::Enrollment).await
    }

    async fn you_sign_in(&mut self, confirming: &str) -> Result<(), Exit> {
        self.stage.chapter("You sign in with a code")?;
        self.stage.teller.says(&format!(
            "From now on you are asked at every sign-in. {confirming}, which confirmed the app, is used up: wait \
             until your app shows another code."
        ))?;
        let Some(code) = self.show_a_code("Code of your app (Enter skips):").await? else {
            return Ok(());
        };
        self.stage
            .teller
            .says("You are in. The same code once more, on a ticket of its own:")?;
        let ticket = self.challenge().await?;
        let answer = self.stage.verify("ana", &ticket, &code).await?;
        told!("a used code is refused", answer, Ok(VerifyVerdict::Rejected(_)) => Ok(()))
    }

    async fn the_deadline_comes(&mut self, revision: u64) -> Result<(), Exit> {
        self.stage.chapter("The deadline comes")?;
        self.stage.teller.says(
            "Two weeks are long. Dana moves the deadline to this second, which must be said twice: without \
             enforce-now a deadline that is not ahead is refused.",
        )?;
        let deadline = Deadline {
            at: self.stage.now()?,
            zone: ZONE.to_owned(),
        };
        let policy = people::policy(deadline);
        let told = "a deadline that is not ahead is refused";
        let answer = self
            .stage
            .put_policy(people::ACME, &policy, Some(revision), false)
            .await?;
        told!(told, answer, Err(Failure::NotPermitted(NotPermitted::DeadlineNotInFuture)) => ());
        let answer = self
            .stage
            .put_policy(people::ACME, &policy, Some(revision), true)
            .await?;
        told!("the deadline is moved", answer, Ok(_) => ());
        self.stage.teller.says(
            "Ben never enrolled. His password leads to one page, and his ticket is good for nothing else.",
        )?;
        let answer = self.stage.begin("ben", Purpose::SignIn).await?;
        let offer = told!(
            "Ben must enroll",
            answer,
            Ok(BeginOutcome::Enroll(it)) if it.required => it
        );
        let answer = self.stage.verify("ben", &offer.ticket, "123456").await?;
        told!(
            "the ticket is of the wrong stage",
            answer,
            Err(Failure::Ticket(TicketFault::WrongStage)) => ()
        );
        if !self
            .asks_yes("Enroll for Ben too? (yes, or Enter skips)")
            .await?
        {
            return Ok(());
        }
        let person = Person {
            user: "ben",
            account: "ben@acme.example",
        };
        self.enroll(person, &offer.ticket, Proof::Enrollment)
            .await?;
        Ok(())
    }

    async fn you_lose_your_phone(&mut self, recovery: &RecoveryCode) -> Result<(), Exit> {
        self.stage.chapter("You lose your phone")?;
        self.stage.teller.says(
            "Suppose that your phone is gone. Your recovery code opens enrollment of a new device, once. Case, \
             spaces and hyphens do not matter.",
        )?;
        let offer = loop {
            let ticket = self.challenge().await?;
            let offered = loop {
                let code = self.asks("Recovery code (Enter skips):").await?;
                if code.is_empty() {
                    return Ok(());
                }
                match self.stage.present("ana", &ticket, &code).await? {
                    Ok(PresentVerdict::Accepted(offer)) => break Some(offer),
                    Ok(PresentVerdict::Rejected(it)) if it.attempts_left > 0 => {}
                    Err(Failure::InvalidInput(_)) => {}
                    Ok(PresentVerdict::Rejected(_)) | Err(_) => break None,
                }
            };
            if let Some(offer) = offered {
                break offer;
            }
            self.stage
                .teller
                .says("That ticket is over. From the password on:")?;
        };
        self.stage
            .teller
            .says("Set up the new device. A second entry in the same app will do.")?;
        let person = Person {
            user: "ana",
            account: "ana@acme.example (2)",
        };
        self.enroll(person, &offer.ticket, Proof::Recovery).await?;

        self.stage.teller.says("The old recovery code is dead:")?;
        let ticket = self.challenge().await?;
        let answer = self.stage.present("ana", &ticket, &recovery.code).await?;
        told!(
            "a used recovery code is wrong",
            answer,
            Ok(PresentVerdict::Rejected(_)) => ()
        );
        self.stage.teller.says(
            "And so is the old entry of your app. Try a code of it; a code of the new one, other than the one that \
             confirmed it, lets you in.",
        )?;
        self.show_a_code("Code of the old or of the new entry (Enter skips):")
            .await?;
        Ok(())
    }

    /// Sets up an app: shows what a page shows, and takes codes until one confirms it. Returns the recovery code and
    /// the code typed.
    async fn enroll(
        &mut self,
        person: Person,
        ticket: &str,
        proof: Proof,
    ) -> Result<(RecoveryCode, String), Exit> {
        let Person { user, account } = person;
        let (confirmation, code) = loop {
            let answer = self.stage.begin_totp(user, ticket, account).await?;
            let setup = answer.map_err(|_| over())?;
            self.stage.show_setup(&setup, true)?;
            self.stage
                .teller
                .says("Scan it, or type the key: time-based, 6 digits, every 30 seconds.")?;
            match self.confirm(user, ticket).await? {
                Some(confirmed) => break confirmed,
                None => self
                    .stage
                    .teller
                    .says("Here it is again; a new one if the last try is used up.")?,
            }
        };
        let told = "the app is confirmed, with a new recovery code";
        check(confirmation.assertion.proof == proof, told)?;
        let recovery = told!(told, confirmation.recovery_code, Some(it) => it);
        self.stage
            .teller
            .shows(&[("recovery code", &recovery.code)])?;
        self.stage
            .teller
            .says("It is shown this once. Copy it: with it, and only with it, a lost phone is no disaster.")?;
        if self
            .asks_yes("Have you saved it? (yes, or Enter for later)")
            .await?
        {
            let answer = self.stage.acknowledge(user, &recovery.id).await?;
            told!("it is noted that the code was saved", answer, Ok(()) => ());
        }
        Ok((recovery, code))
    }

    /// Takes codes until one confirms the app; none to show the key again.
    async fn confirm(
        &mut self,
        user: &str,
        ticket: &str,
    ) -> Result<Option<(countersign_host::contract::enrollment::Confirmation, String)>, Exit> {
        loop {
            let code = self
                .asks("Code of your app (Enter shows the key again):")
                .await?;
            if code.is_empty() {
                return Ok(None);
            }
            match self
                .stage
                .confirm(user, ticket, Method::Totp, &code)
                .await?
            {
                Ok(ConfirmVerdict::Accepted(it)) => return Ok(Some((it, code))),
                Ok(ConfirmVerdict::Rejected(it)) if it.attempts_left > 0 => self
                    .stage
                    .teller
                    .says("Not this one. Is it the entry just made, and do the clocks agree?")?,
                Ok(ConfirmVerdict::Rejected(_)) => return Ok(None),
                Err(Failure::InvalidInput(_)) => self.stage.teller.says("That did not count.")?,
                Err(_) => return Err(over()),
            }
        }
    }

    /// Signs Ana in with a code of her app, and returns it; none if the person skips it.
    async fn show_a_code(&mut self, question: &str) -> Result<Option<String>, Exit> {
        let mut ticket = self.challenge().await?;
        loop {
            let code = self.asks(question).await?;
            if code.is_empty() {
                return Ok(None);
            }
            match self.stage.verify("ana", &ticket, &code).await? {
                Ok(VerifyVerdict::Accepted(Verified::Done(_))) => return Ok(Some(code)),
                Ok(VerifyVerdict::Rejected(Rejection {
                    attempts_left: 1.., ..
                })) => {}
                Err(Failure::InvalidInput(_)) => self.stage.teller.says("That did not count.")?,
                Err(Failure::Locked(_)) => {
                    let wait = "Right or wrong, nothing is compared now. Wait, and try again.";
                    self.stage.teller.says(wait)?;
                }
                Ok(_) | Err(_) => {
                    self.stage
                        .teller
                        .says("That ticket is over. From the password on:")?;
                    ticket = self.challenge().await?;
                }
            }
        }
    }

    /// Has Ana sign in with her password, and returns the ticket of the challenge.
    async fn challenge(&mut self) -> Result<String, Exit> {
        let answer = self.stage.begin("ana", Purpose::SignIn).await?;
        told!("Ana is asked for a code", answer, Ok(BeginOutcome::Challenge(it)) => Ok(it.ticket))
    }

    async fn asks(&mut self, question: &str) -> Result<String, Exit> {
        self.stage.teller.asks(question)?;
        keyboard::line().await
    }

    async fn asks_yes(&mut self, question: &str) -> Result<bool, Exit> {
        let answer = self.asks(question).await?;
        Ok(["y", "yes"].contains(&answer.to_lowercase().as_str()))
    }
}

/// Whom a person plays.
#[derive(Clone, Copy)]
struct Person {
    user: &'static str,
    account: &'static str,
}

fn over() -> Exit {
    Exit::Fault("the ticket is over, half an hour after the password. Begin again.".to_owned())
}

const ZONE: &str = "UTC";
const DAY: u64 = 24 * 60 * 60;
