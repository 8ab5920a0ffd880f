//! Early enrollment, told and checked.

mod admin;
mod companies;
mod deadline;
mod early;
mod recovery;
mod text_messages;

use countersign_host::Plugin;
use std::io::Write;

use countersign_host::clock::FixedClock;
use countersign_host::contract::enrollment::{ConfirmVerdict, TotpSetup};
use countersign_host::contract::policy::Policy;
use countersign_host::contract::sign_in::{BeginOutcome, Challenge, Session};
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{
    Assertion, FirstFactor, Method, Proof, Purpose, RecoveryCode, RejectReason, Rejection,
};
use countersign_host::event::StampedEvent;
use countersign_host::store::Content;
use jiff::civil::{Date, Time, date, time};

use super::people::Company;
use super::stage::{Device, Stage};
use super::teller::Teller;
use super::{calendar, check, told, words};
use crate::authenticator::Authenticator;
use crate::exit::Exit;

/// Tells the story, and stops where it comes out otherwise.
pub(super) async fn tell(
    plugin: Plugin,
    authenticator: Authenticator,
    out: &mut dyn Write,
) -> Result<(), Exit> {
    let clock = FixedClock::at(calendar::second(BEGINNING, time(9, 0, 0, 0), ZONE)?);
    let digest = plugin.digest().to_string();
    let digest = digest.get(..16).unwrap_or_default();
    let mut teller = Teller::new(out);
    teller.title(
        "Countersign: early enrollment, on the real component",
        &[
            ("plugin", format!("a WebAssembly component, sha-256 {digest}...")),
            ("store", "in memory, gone when this ends".to_owned()),
            ("clock", format!("stands still; the demo moves it. Times are those of {ZONE}")),
            ("codes", format!("made by {authenticator}")),
            ("phones", "an outbox in memory: no message leaves it".to_owned()),
            ("calls", "in full, with their audit events; later, where you know them, in a line each".to_owned()),
            (
                "secrets",
                "printed here, because this is a demo. A gateway shows them to their user and to nobody else."
                    .to_owned(),
            ),
        ],
    )?;
    let stage = Stage::new(plugin, clock.clone(), ZONE, teller)?;
    let mut story = Story {
        stage,
        clock,
        authenticator,
        secrets: Vec::new(),
    };
    let acme = story.acme_turns_mfa_on().await?;
    story.ana_is_nudged().await?;
    let first = story.ana_enrolls().await?;
    story.ana_signs_in(&first).await?;
    let ben = story.ben_meets_the_deadline().await?;
    story.ana_mislays_her_phone(&first).await?;
    let second = story.ana_loses_her_phone(&first).await?;
    story.nothing_old_works(&first, &second).await?;
    let acme = story.cleo_gets_text_messages(acme).await?;
    story.ben_has_an_app_and_a_phone(&ben).await?;
    let globex = story.two_companies_have_a_say(acme).await?;
    story.gus_moves_the_deadline(globex).await?;
    story.end().await
}

/// Where the story has got to.
struct Story<'a> {
    stage: Stage<'a>,
    clock: FixedClock,
    authenticator: Authenticator,
    /// What must not be found in the store or in the audit trail.
    secrets: Vec<String>,
}

/// What a company has decided.
struct Ruling {
    policy: Policy,
    revision: u64,
}

/// What a person has after enrolling.
struct Enrolled {
    /// The key in the app.
    key: String,
    /// On paper.
    recovery: RecoveryCode,
    /// What the gateway keeps of the session in which it was confirmed.
    session: Session,
}

impl Story<'_> {
    /// Moves the clock to a local time.
    fn at(&mut self, date: Date, time: Time) -> Result<(), Exit> {
        let at = calendar::second(date, time, ZONE)?;
        self.clock.set(at);
        self.stage.teller.moved(calendar::moment(at, ZONE));
        Ok(())
    }

    /// Makes the code that an app shows now.
    fn code(&self, key: &str) -> Result<String, Exit> {
        self.authenticator.code(key, self.stage.now()?)
    }

    /// Makes a code that is not one of a key's now, and none of the steps around it.
    fn wrong_code(&self, key: &str) -> Result<String, Exit> {
        let now = self.stage.now()?;
        let mut right = Vec::new();
        for at in [-60, -30, 0, 30, 60] {
            let at = now.saturating_add_signed(at);
            right.push(self.authenticator.code(key, at)?);
        }
        let wrong = (0..10_u32).map(|it| format!("{it}{it}{it}{it}{it}{it}"));
        wrong
            .into_iter()
            .find(|it| !right.contains(it))
            .ok_or_else(|| Exit::Fault("no wrong code was found".to_owned()))
    }

    /// Has a company's admin put a policy in place of the one before.
    async fn rule(
        &mut self,
        company: Company,
        policy: Policy,
        before: Option<u64>,
    ) -> Result<Ruling, Exit> {
        let answer = self
            .stage
            .put_policy(company, &policy, before, false)
            .await?;
        let told = format!("the policy of {} is stored", company.id);
        let revision = told!(&told, answer, Ok(it) => it);
        Ok(Ruling { policy, revision })
    }

    /// Has a user sign in, whom the plugin asks for a code.
    async fn challenge(&mut self, user: &str) -> Result<Challenge, Exit> {
        let answer = self.stage.begin(user, Purpose::SignIn).await?;
        let told = format!("{user} is asked for a code of an authenticator app");
        let challenge = told!(&told, answer, Ok(BeginOutcome::Challenge(it)) => it);
        check(
            challenge.methods.iter().any(|it| it.method == Method::Totp),
            &told,
        )?;
        Ok(challenge)
    }

    /// Has a user type a code that is right.
    async fn accept(
        &mut self,
        user: &str,
        ticket: &str,
        method: Method,
        code: &str,
        device: Device,
    ) -> Result<Assertion, Exit> {
        let amr = match method {
            Method::Totp => ["otp", "mfa"],
            Method::Sms => ["sms", "mfa"],
        };
        let answer = self.stage.show(user, ticket, method, code, device).await?;
        let told = format!(
            "the code of {user} is accepted, for a session with amr {}",
            amr.join(" and ")
        );
        let assertion = told!(&told, answer, Ok(VerifyVerdict::Accepted(Verified::Done(it))) => it);
        check(
            assertion.user == user
                && assertion.purpose == Purpose::SignIn
                && assertion.proof == Proof::Factor
                && assertion.amr == amr,
            &told,
        )?;
        Ok(assertion)
    }

    /// Has a user sign in with the app that has this key.
    async fn sign_in(&mut self, user: &str, key: &str) -> Result<Assertion, Exit> {
        let ticket = self.challenge(user).await?.ticket;
        let code = self.code(key)?;
        self.accept(user, &ticket, Method::Totp, &code, Device::Forget)
            .await
    }

    /// Has a user type a code that is not accepted.
    async fn reject(
        &mut self,
        user: &str,
        ticket: &str,
        method: Method,
        code: &str,
        left: u32,
    ) -> Result<(), Exit> {
        let answer = self
            .stage
            .show(user, ticket, method, code, Device::Forget)
            .await?;
        let told = format!("the code is wrong, and {left} tries are left");
        let rejection = told!(&told, answer, Ok(VerifyVerdict::Rejected(it)) => it);
        check(is_wrong(&rejection, left), &told)
    }

    /// Has a user begin an app, and returns what the page shows.
    async fn set_up(&mut self, user: &str, ticket: &str, account: &str) -> Result<TotpSetup, Exit> {
        let answer = self.stage.begin_totp(user, ticket, account).await?;
        let told = format!("{user} gets a key of 160 bits for an authenticator app");
        let setup = told!(&told, answer, Ok(it) => it);
        check(
            setup.secret.len() == 32 && setup.uri.starts_with("otpauth://totp/Acme:"),
            &told,
        )?;
        self.secrets.push(setup.secret.clone());
        Ok(setup)
    }

    /// Has a user confirm an app with the code that it shows, and save the recovery code.
    async fn confirm(
        &mut self,
        user: &str,
        ticket: &str,
        setup: TotpSetup,
        proof: Proof,
    ) -> Result<Enrolled, Exit> {
        let code = self.code(&setup.secret)?;
        let answer = self
            .stage
            .confirm(user, ticket, Method::Totp, &code)
            .await?;
        let told = format!("the app of {user} is confirmed, with a new recovery code");
        let confirmation = told!(&told, answer, Ok(ConfirmVerdict::Accepted(it)) => it);
        check(confirmation.assertion.proof == proof, &told)?;
        let recovery = told!(&told, confirmation.recovery_code, Some(it) => it);
        self.secrets.push(recovery.code.clone());
        self.stage
            .teller
            .shows(&[("recovery code", &recovery.code)])?;
        Ok(Enrolled {
            key: setup.secret,
            recovery,
            session: session(&confirmation.assertion),
        })
    }

    async fn acknowledge(&mut self, user: &str, recovery: &RecoveryCode) -> Result<(), Exit> {
        let answer = self.stage.acknowledge(user, &recovery.id).await?;
        told!(&format!("it is noted that {user} saved the code"), answer, Ok(()) => Ok(()))
    }

    /// Shows what is left, and looks for secrets where none may be.
    async fn end(mut self) -> Result<(), Exit> {
        self.stage.chapter("What Dana can see")?;
        self.stage
            .teller
            .says("Dana, at Acme, sees who has what, and none of it is a secret.")?;
        for (user, methods) in [
            ("ana", &[Method::Totp][..]),
            ("ben", &[Method::Totp, Method::Sms]),
        ] {
            let answer = self.stage.status(user).await?;
            let told = format!("{user} has the factors of the story, and saved the recovery code");
            let status = told!(&told, answer, Ok(it) => it);
            let has: Vec<Method> = status.factors.iter().map(|it| it.method).collect();
            check(
                has == methods && status.recovery.is_some_and(|it| it.acknowledged),
                &told,
            )?;
        }
        let store = self.stage.store();
        let events = store.events();
        let told = |it: &StampedEvent| {
            let mut json = it.to_json();
            // Random digits, in which a code may stand by chance.
            json.as_object_mut().map(|fields| fields.remove("id"));
            json.to_string()
        };
        let trail: Vec<String> = events.iter().map(told).collect();
        let mut records: Vec<Vec<u8>> = Vec::new();
        let mut counters: Vec<String> = Vec::new();
        for (key, stored) in store.records() {
            match stored.content {
                Content::Sealed(bytes) => records.push(bytes),
                Content::Count(_) => counters.push(key.record.name().to_owned()),
            }
        }
        let is_free = self.secrets.iter().all(|secret| {
            let bytes = secret.as_bytes();
            let in_record = |it: &Vec<u8>| it.windows(bytes.len()).any(|part| part == bytes);
            let mut in_clear = trail.iter().chain(&counters);
            !in_clear.any(|it| it.contains(secret)) && !records.iter().any(in_record)
        });
        check(
            is_free,
            "no secret stands in the audit trail or in the clear in the store",
        )?;
        self.stage.teller.says(&format!(
            "The audit trail has {} events, the store {} records, each sealed, and {}. None of the {} keys, tickets, \
             tokens, numbers and recovery codes above stands in any of them.",
            events.len(),
            records.len(),
            words::count(u64::try_from(counters.len()).unwrap_or(u64::MAX), "counter"),
            self.secrets.len(),
        ))?;
        let calls = self.stage.calls();
        self.stage.teller.says(&format!(
            "That is the story: {calls} calls of the component, each in an instance of its own, and each answered \
             as it was told."
        ))
    }
}

/// Opens a session on an assertion.
fn session(assertion: &Assertion) -> Session {
    Session {
        first_factor: FirstFactor::password(),
        factor_at: Some(assertion.factor_at),
        device_at: None,
        epoch: assertion.epoch,
    }
}

/// Says whether a code was wrong and counted, and the factor may be tried again at once.
fn is_wrong(rejection: &Rejection, left: u32) -> bool {
    rejection.reason == RejectReason::Wrong
        && rejection.attempts_left == left
        && rejection.retry_at.is_none()
}

/// Where all of it happens. The story ends before summer time does.
const ZONE: &str = "America/Los_Angeles";
const BEGINNING: Date = date(2026, 10, 5);
const DEADLINE: Date = date(2026, 10, 19);
