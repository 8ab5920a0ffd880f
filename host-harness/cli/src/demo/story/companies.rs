//! A user of two companies.

use countersign_host::contract::enrollment::ConfirmVerdict;
use countersign_host::contract::sign_in::{AllowReason, BeginOutcome};
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{Deadline, EnrollOffer, Method, Proof, Purpose};
use jiff::civil::{Date, date, time};

use super::{DEADLINE, Ruling, Story, ZONE};
use crate::demo::people::{self, ACME, GLOBEX, OF_BOTH, Standing, Visit};
use crate::demo::stage::Device;
use crate::demo::{calendar, check, told};
use crate::exit::Exit;

impl Story<'_> {
    /// Returns Globex's policy.
    pub(super) async fn two_companies_have_a_say(&mut self, acme: Ruling) -> Result<Ruling, Exit> {
        self.at(WEDNESDAY, time(9, 0, 0, 0))?;
        self.stage.chapter("Two companies have a say")?;
        let at = calendar::second(LATER, time(0, 0, 0, 0), ZONE)?;
        self.stage.teller.says(&format!(
            "Globex turns MFA on too, from {}: with the app only, and with trust in its own single sign-on.",
            calendar::day(at, ZONE)
        ))?;
        self.stage.teller.briefly();
        let zone = ZONE.to_owned();
        let mut policy = people::policy(Deadline { at, zone });
        policy.trusted_providers = vec![SSO.to_owned()];
        let globex = self.rule(GLOBEX, policy, None).await?;
        self.stage.teller.fully();

        self.stage.teller.says(
            "Finn works for Globex, and used to for Acme. An inactive membership counts for nothing: he has the \
             deadline of Globex.",
        )?;
        let visit = Visit::of(
            "finn",
            &[(ACME, Standing::Resting), (GLOBEX, Standing::Active)],
        );
        let answer = self.stage.arrive(visit, Purpose::SignIn).await?;
        let told = "Finn is let in, with the deadline of Globex";
        let allowance = told!(told, answer, Ok(BeginOutcome::Allow(it)) => it);
        check(allowance.notice.is_some_and(|it| it.deadline == at), told)?;

        self.stage.teller.says(
            "Acme takes him back. The strictest wins: the earliest deadline, which has passed, and only the methods \
             that both allow.",
        )?;
        let visit = Visit::of("finn", OF_BOTH);
        let passed = calendar::second(DEADLINE, time(0, 0, 0, 0), ZONE)?;
        let must = |it: &EnrollOffer| {
            it.required && it.deadline == Some(passed) && it.methods == [Method::Totp]
        };
        let told = "Finn must enroll an app, by the deadline of Acme";
        let answer = self.stage.arrive(visit, Purpose::SignIn).await?;
        told!(told, answer, Ok(BeginOutcome::Enroll(it)) if must(&it) => ());

        self.stage.teller.says(
            "He comes by the single sign-on of Globex. That Globex trusts it does not open Acme's door. When Dana \
             trusts it too, Finn needs no factor of ours.",
        )?;
        self.stage.teller.briefly();
        let visit = visit.by(SSO);
        let answer = self.stage.arrive(visit, Purpose::SignIn).await?;
        told!(told, answer, Ok(BeginOutcome::Enroll(it)) if must(&it) => ());
        let mut policy = acme.policy;
        policy.trusted_providers = vec![SSO.to_owned()];
        self.rule(ACME, policy, Some(acme.revision)).await?;
        let answer = self.stage.arrive(visit, Purpose::SignIn).await?;
        self.stage.teller.fully();
        let told = "Finn is let in, by a single sign-on that both trust";
        let allowance = told!(told, answer, Ok(BeginOutcome::Allow(it)) => it);
        check(allowance.reason == AllowReason::Exempt, told)?;

        self.at(WEDNESDAY, time(9, 30, 0, 0))?;
        self.stage.teller.says(
            "Cleo joins Globex, which allows no text messages. Her phone still shows that she is Cleo; then she \
             must enroll an app.",
        )?;
        self.cleo_needs_an_app().await?;
        Ok(globex)
    }

    async fn cleo_needs_an_app(&mut self) -> Result<(), Exit> {
        self.stage.teller.briefly();
        let answer = self
            .stage
            .arrive(Visit::of("cleo", OF_BOTH), Purpose::SignIn)
            .await?;
        let told = "Cleo is asked for a code of her phone, and then must enroll an app";
        let challenge = told!(told, answer, Ok(BeginOutcome::Challenge(it)) => it);
        self.send("cleo", &challenge.ticket).await?;
        self.stage.teller.fully();
        let code = self.stage.last_message()?.code;
        let answer = self
            .stage
            .show(
                "cleo",
                &challenge.ticket,
                Method::Sms,
                &code,
                Device::Forget,
            )
            .await?;
        let offer = told!(
            told,
            answer,
            Ok(VerifyVerdict::Accepted(Verified::Enroll(it))) if it.required && it.methods == [Method::Totp] => it
        );
        self.secrets.push(offer.ticket.clone());
        self.stage.teller.briefly();
        let setup = self
            .set_up("cleo", &offer.ticket, "cleo@acme.example")
            .await?;
        let code = self.code(&setup.secret)?;
        let answer = self
            .stage
            .confirm("cleo", &offer.ticket, Method::Totp, &code)
            .await?;
        self.stage.teller.fully();
        told!(
            "Cleo's app is confirmed",
            answer,
            Ok(ConfirmVerdict::Accepted(it))
                if it.assertion.proof == Proof::Enrollment => Ok(())
        )
    }
}

/// The single sign-on of Globex.
pub(super) const SSO: &str = "globex-login";
const WEDNESDAY: Date = date(2026, 10, 28);
/// Globex's deadline.
const LATER: Date = date(2026, 11, 16);
