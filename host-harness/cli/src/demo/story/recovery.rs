//! A phone is mislaid, and lost.

use countersign_host::contract::recovery::PresentVerdict;
use countersign_host::contract::sign_in::Assessment;
use countersign_host::contract::{EnrollOffer, Failure, Method, Proof, TicketFault};
use jiff::civil::{Date, date, time};

use super::{Enrolled, Story, is_wrong};
use crate::demo::{check, told};
use crate::exit::Exit;

impl Story<'_> {
    pub(super) async fn ana_mislays_her_phone(&mut self, ana: &Enrolled) -> Result<(), Exit> {
        self.at(TUESDAY, time(19, 40, 0, 0))?;
        self.stage.chapter("Ana cannot find her phone")?;
        self.stage.teller.says(
            "At home, Ana's phone is nowhere. She types the recovery code from her print-out, in lower case and \
             without hyphens. It lets nobody in: it opens enrollment of a new device.",
        )?;
        let offer = self.present(ana).await?;
        self.stage
            .teller
            .says("Asked for anything but enrollment, its ticket is of no use.")?;
        let answer = self.stage.verify("ana", &offer.ticket, "123456").await?;
        let wrong_stage = Failure::Ticket(TicketFault::WrongStage);
        told!("the ticket opens enrollment only", answer, Err(it) if it == wrong_stage => ());

        self.at(TUESDAY, time(19, 52, 0, 0))?;
        self.stage.teller.says(
            "Then the phone rings in the car. Until a new device is confirmed nothing has changed: her app still \
             works, and showing it ends the recovery that was under way.",
        )?;
        self.sign_in("ana", &ana.key).await?;
        self.stage
            .teller
            .says("The ticket that the recovery code opened is over. The code itself is not.")?;
        let answer = self.stage.inspect("ana", &offer.ticket).await?;
        told!(
            "the recovery is over",
            answer,
            Err(Failure::Ticket(TicketFault::Spent | TicketFault::Unknown)) => Ok(())
        )
    }

    pub(super) async fn ana_loses_her_phone(&mut self, ana: &Enrolled) -> Result<Enrolled, Exit> {
        self.at(THURSDAY, time(17, 20, 0, 0))?;
        self.stage.chapter("Ana loses her phone for good")?;
        self.stage.teller.says(
            "On Thursday it falls into the bay. The recovery code was not used up on Tuesday, so she presents it \
             again, and this time sets up her new phone.",
        )?;
        let offer = self.present(ana).await?;
        let setup = self
            .set_up("ana", &offer.ticket, "ana@acme.example (2)")
            .await?;
        self.stage.show_setup(&setup, false)?;
        self.at(THURSDAY, time(17, 21, 5, 0))?;
        self.stage.teller.says(
            "The confirming code does it all in one commit: the new app is in, the old one is out, the recovery \
             code is spent, and a new one is issued.",
        )?;
        let enrolled = self
            .confirm("ana", &offer.ticket, setup, Proof::Recovery)
            .await?;
        check(
            enrolled.recovery.id != ana.recovery.id && enrolled.key != ana.key,
            "key and recovery code are new",
        )?;
        self.acknowledge("ana", &enrolled.recovery).await?;

        self.stage
            .teller
            .says("A session that was still open on the lost phone is over.")?;
        let answer = self.stage.assess("ana", &ana.session).await?;
        told!("a session from before the recovery ends", answer, Ok(Assessment::End) => Ok(enrolled))
    }

    pub(super) async fn nothing_old_works(
        &mut self,
        old: &Enrolled,
        new: &Enrolled,
    ) -> Result<(), Exit> {
        self.at(FRIDAY, time(8, 59, 0, 0))?;
        // Two keys have the same code once in a few hundred thousand times. It would not be wrong then.
        while self.is_code_of_both(&old.key, &new.key)? {
            self.clock.advance(30);
        }
        self.stage.chapter("Nothing old works")?;
        self.stage
            .teller
            .says("On Friday somebody has the print-out from Ana's bin, and her password. The code is dead.")?;
        let challenge = self.challenge("ana").await?;
        let ticket = challenge.ticket.as_str();
        let told = "a used recovery code is wrong";
        let answer = self
            .stage
            .present("ana", ticket, &old.recovery.code)
            .await?;
        let rejection = told!(told, answer, Ok(PresentVerdict::Rejected(it)) => it);
        check(is_wrong(&rejection, 4), told)?;

        self.stage.teller.says(
            "Her old phone is found, dried, and its app still shows codes. They are dead as well.",
        )?;
        let code = self.code(&old.key)?;
        self.reject("ana", ticket, Method::Totp, &code, 3).await?;

        self.stage.teller.says("The new phone works.")?;
        self.sign_in("ana", &new.key).await?;
        Ok(())
    }

    /// Has Ana present her recovery code, the way people type it.
    async fn present(&mut self, ana: &Enrolled) -> Result<EnrollOffer, Exit> {
        let challenge = self.challenge("ana").await?;
        let typed = ana.recovery.code.to_lowercase().replace('-', "");
        let answer = self.stage.present("ana", &challenge.ticket, &typed).await?;
        let told = "the recovery code opens enrollment, and there is no way round it";
        let offer = told!(
            told,
            answer,
            Ok(PresentVerdict::Accepted(it)) if it.required => it
        );
        self.secrets.push(offer.ticket.clone());
        Ok(offer)
    }

    /// Says whether the code that an old key makes now would be taken for one of a new key's.
    fn is_code_of_both(&self, old: &str, new: &str) -> Result<bool, Exit> {
        let now = self.stage.now()?;
        let old = self.code(old)?;
        for offset in [-30, 0, 30] {
            let at = now.saturating_add_signed(offset);
            if self.authenticator.code(new, at)? == old {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

const TUESDAY: Date = date(2026, 10, 20);
const THURSDAY: Date = date(2026, 10, 22);
const FRIDAY: Date = date(2026, 10, 23);
