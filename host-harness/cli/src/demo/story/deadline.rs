//! The deadline passes.

use countersign_host::contract::sign_in::{Assessment, BeginOutcome, Session};
use countersign_host::contract::{Failure, FirstFactor, Proof, Purpose, TicketFault};
use jiff::civil::{date, time};

use super::{DEADLINE, Enrolled, Story};
use crate::demo::{check, told};
use crate::exit::Exit;

impl Story<'_> {
    pub(super) async fn ben_meets_the_deadline(&mut self) -> Result<Enrolled, Exit> {
        self.at(date(2026, 10, 18), time(23, 59, 59, 0))?;
        self.stage.chapter("The deadline passes")?;
        self.stage
            .teller
            .says("Ben has put it off. One second before midnight he is still let in with his password alone.")?;
        let told = "Ben is let in, and told that 1 day is left";
        let answer = self.stage.begin("ben", Purpose::SignIn).await?;
        let allowance = told!(told, answer, Ok(BeginOutcome::Allow(it)) => it);
        check(allowance.notice.is_some_and(|it| it.days_left == 1), told)?;
        let session = Session {
            first_factor: FirstFactor::password(),
            factor_at: None,
            device_at: None,
            epoch: allowance.epoch,
        };

        self.at(DEADLINE, time(0, 0, 0, 0))?;
        self.stage
            .teller
            .says("It is midnight. The session of a second ago does not outlive it.")?;
        let answer = self.stage.assess("ben", &session).await?;
        told!("Ben's session ends in enrolling", answer, Ok(Assessment::Enroll) => ());

        self.at(DEADLINE, time(8, 5, 0, 0))?;
        self.stage
            .teller
            .says("In the morning Ben's password leads to one page: enroll.")?;
        let answer = self.stage.begin("ben", Purpose::SignIn).await?;
        let offer = told!(
            "Ben must enroll",
            answer,
            Ok(BeginOutcome::Enroll(it)) if it.required => it
        );
        self.secrets.push(offer.ticket.clone());

        self.stage.teller.says(
            "He tries the ways round it with the ticket he got. It opens enrollment, and nothing else.",
        )?;
        let ticket = offer.ticket.as_str();
        let told = "the ticket is of the wrong stage";
        let wrong_stage = Failure::Ticket(TicketFault::WrongStage);
        let answer = self.stage.verify("ben", ticket, "123456").await?;
        told!(told, answer, Err(it) if it == wrong_stage => ());
        let answer = self.stage.present("ben", ticket, NO_ONES_CODE).await?;
        told!(told, answer, Err(it) if it == wrong_stage => ());
        let answer = self.stage.remove("ben", ticket).await?;
        told!(told, answer, Err(it) if it == wrong_stage => ());

        self.stage.teller.says("So he enrolls.")?;
        let setup = self.set_up("ben", ticket, "ben@acme.example").await?;
        self.stage.show_setup(&setup, false)?;
        self.at(DEADLINE, time(8, 6, 0, 0))?;
        self.stage
            .teller
            .says("The code that his app shows confirms it, and he is in.")?;
        let ben = self
            .confirm("ben", ticket, setup, Proof::Enrollment)
            .await?;
        self.acknowledge("ben", &ben.recovery).await?;
        Ok(ben)
    }
}

/// Well formed, and nobody's.
const NO_ONES_CODE: &str = "00000-00000-00000-00000-00000-0";
