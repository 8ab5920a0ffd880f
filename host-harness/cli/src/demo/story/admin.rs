//! What an admin does.

use countersign_host::contract::administration::{Hypothetical, Outlook};
use countersign_host::contract::policy::Mode;
use countersign_host::contract::sign_in::BeginOutcome;
use countersign_host::contract::{Deadline, Failure, NotPermitted, Proof, Purpose};
use jiff::civil::{Date, date, time};

use super::companies::SSO;
use super::{Ruling, Story, ZONE};
use crate::demo::people::{GLOBEX, OF_BOTH, OF_GLOBEX, Visit};
use crate::demo::stage::Identity;
use crate::demo::{calendar, check, told};
use crate::exit::Exit;

impl Story<'_> {
    pub(super) async fn gus_moves_the_deadline(&mut self, globex: Ruling) -> Result<(), Exit> {
        self.at(THURSDAY, time(9, 0, 0, 0))?;
        self.stage.chapter("Gus moves the deadline")?;
        self.stage.teller.says("Gina, of Globex, enrolls early.")?;
        let gina = Visit::of("gina", OF_GLOBEX);
        self.gina_enrolls(gina).await?;

        let at = calendar::second(SOONER, time(0, 0, 0, 0), ZONE)?;
        self.stage.teller.says(&format!(
            "Gus, the admin of Globex, thinks of an earlier deadline, {}. Before he saves it he looks at what each of \
             his people would meet on that day. Nothing is changed by looking.",
            calendar::day(at, ZONE)
        ))?;
        let mut policy = globex.policy;
        policy.mode = Mode::EnforcedFrom(Deadline {
            at,
            zone: ZONE.to_owned(),
        });
        let hypothetical = Hypothetical {
            company: GLOBEX.id.to_owned(),
            policy: policy.clone(),
        };
        self.stage.teller.briefly();
        for (visit, expected) in [
            (Visit::of("cleo", OF_BOTH), Expected::Challenge),
            (Visit::of("finn", OF_BOTH).by(SSO), Expected::Allow),
            (gina, Expected::Challenge),
            (Visit::of("hal", OF_GLOBEX), Expected::Enroll),
        ] {
            let answer = self.stage.preview(visit, &hypothetical, at).await?;
            let told = format!("{} would {}", visit.user, expected.told());
            let outlook = told!(&told, answer, Ok(it) => it.outlook);
            check(expected.is(&outlook), &told)?;
        }
        self.stage.teller.fully();
        self.stage
            .teller
            .says("Only Hal will have to do something. So be it.")?;
        self.rule(GLOBEX, policy, Some(globex.revision)).await?;
        self.gus_resets_gina(gina).await
    }

    async fn gina_enrolls(&mut self, gina: Visit<'_>) -> Result<(), Exit> {
        self.stage.teller.briefly();
        let answer = self.stage.arrive(gina, Purpose::ManageFactors).await?;
        let told = "Gina may enroll, and need not";
        let offer = told!(told, answer, Ok(BeginOutcome::Enroll(it)) if !it.required => it);
        self.secrets.push(offer.ticket.clone());
        let setup = self
            .set_up("gina", &offer.ticket, "gina@globex.example")
            .await?;
        self.confirm("gina", &offer.ticket, setup, Proof::Enrollment)
            .await?;
        self.stage.teller.fully();
        Ok(())
    }

    async fn gus_resets_gina(&mut self, gina: Visit<'_>) -> Result<(), Exit> {
        self.at(THURSDAY, time(16, 0, 0, 0))?;
        self.stage.teller.says(
            "Gina has lost her phone, and her recovery code with it. Gus can reset her: but not himself, not without \
             saying that he verified who asks, and not Cleo, in whom Acme has a say.",
        )?;
        self.stage.teller.briefly();
        let answer = self.stage.status("gina").await?;
        told!("Gina has a factor", answer, Ok(it) if it.factors.len() == 1 => ());
        for (visit, identity, why) in [
            (
                Visit::of(GLOBEX.admin, OF_GLOBEX),
                Identity::Verified,
                NotPermitted::Oneself,
            ),
            (gina, Identity::NotVerified, NotPermitted::NotVerified),
            (
                Visit::of("cleo", OF_BOTH),
                Identity::Verified,
                NotPermitted::OtherCompany,
            ),
        ] {
            let answer = self.stage.reset(visit, GLOBEX, identity).await?;
            let told = format!("the reset of {} is refused", visit.user);
            told!(&told, answer, Err(Failure::NotPermitted(it)) if it == why => ());
        }
        self.stage.teller.fully();
        self.stage
            .teller
            .says("He calls Gina back, on the number that Globex has of her, and resets her.")?;
        let answer = self.stage.reset(gina, GLOBEX, Identity::Verified).await?;
        told!("Gina is reset", answer, Ok(_) => ());
        self.stage.teller.says(
            "The deadline is still ahead, and yet there is no new grace: whoever was enrolled must enroll at once.",
        )?;
        let answer = self.stage.arrive(gina, Purpose::SignIn).await?;
        told!(
            "Gina must enroll, before the deadline",
            answer,
            Ok(BeginOutcome::Enroll(it)) if it.required => Ok(())
        )
    }
}

/// What a preview is to say.
enum Expected {
    Allow,
    Challenge,
    Enroll,
}

impl Expected {
    fn told(&self) -> &'static str {
        match self {
            Self::Allow => "be let in",
            Self::Challenge => "be asked for a code",
            Self::Enroll => "have to enroll",
        }
    }

    fn is(&self, outlook: &Outlook) -> bool {
        matches!(
            (self, outlook),
            (Self::Allow, Outlook::Allow(_))
                | (Self::Challenge, Outlook::Challenge)
                | (Self::Enroll, Outlook::Enroll(true))
        )
    }
}

const THURSDAY: Date = date(2026, 10, 29);
/// Globex's new deadline.
const SOONER: Date = date(2026, 11, 2);
