//! The calls of the demo: each shown, made, its answer summed up, and the events that it left.

use std::sync::Arc;

use countersign_host::clock::Clock;
use countersign_host::contract::administration::{Hypothetical, PreviewReport, UserStatus};
use countersign_host::contract::enrollment::{ConfirmVerdict, TotpSetup};
use countersign_host::contract::policy::Policy;
use countersign_host::contract::recovery::PresentVerdict;
use countersign_host::contract::sign_in::{Assessment, BeginOutcome, Session, TicketView};
use countersign_host::contract::verification::VerifyVerdict;
use countersign_host::contract::{Failure, Method, Purpose, Receipt, RecoveryCode};
use countersign_host::keyring::LocalKeyring;
use countersign_host::preview::{Preview, Subject};
use countersign_host::random::{Random, SystemRandom};
use countersign_host::sms::{Message, Outbox};
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, Plugin};

use super::people::{self, Company, Visit};
use super::teller::Teller;
use super::words::{self, Words};
use super::{calendar, phone, qr};
use crate::exit::Exit;

/// What a call came to. A failure of the contract is an answer, which the story may have told.
pub(super) type Answer<T> = Result<Result<T, Failure>, Exit>;

/// Whether a browser is to be trusted from now on.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Device {
    Forget,
    Remember,
}

/// Whether an admin says to have verified who asks for a reset.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Identity {
    Verified,
    NotVerified,
}

/// A gateway with a plugin, in front of an audience.
pub(super) struct Stage<'a> {
    mfa: Countersign,
    store: MemoryStore,
    phones: Outbox,
    clock: Arc<dyn Clock>,
    /// The zone in which times are shown.
    zone: &'static str,
    events_shown: usize,
    messages_shown: usize,
    calls: usize,
    pub(super) teller: Teller<'a>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        plugin: Plugin,
        clock: impl Clock + Clone + 'static,
        zone: &'static str,
        teller: Teller<'a>,
    ) -> Result<Self, Exit> {
        let mut key = [0; 32];
        SystemRandom
            .fill(&mut key)
            .map_err(|error| Exit::Fault(error.to_string()))?;
        let store = MemoryStore::new();
        let phones = phone::line();
        let mfa = Countersign::builder(plugin)
            .realm("demo")
            .store(store.clone())
            .keyring(LocalKeyring::from_key(key))
            .sms(phones.clone())
            .clock(clock.clone())
            .build()?;
        Ok(Self {
            mfa,
            store,
            phones,
            clock: Arc::new(clock),
            zone,
            events_shown: 0,
            messages_shown: 0,
            calls: 0,
            teller,
        })
    }

    pub(super) fn now(&self) -> Result<u64, Exit> {
        self.clock
            .now()
            .map_err(|error| Exit::Fault(error.to_string()))
    }

    pub(super) fn store(&self) -> &MemoryStore {
        &self.store
    }

    pub(super) fn calls(&self) -> usize {
        self.calls
    }

    /// Opens a chapter at the time that it is.
    pub(super) fn chapter(&mut self, heading: &str) -> Result<(), Exit> {
        let now = calendar::moment(self.now()?, self.zone);
        self.teller.chapter(heading, &now)
    }

    pub(super) async fn put_policy(
        &mut self,
        company: Company,
        policy: &Policy,
        expected: Option<u64>,
        enforce_now: bool,
    ) -> Answer<u64> {
        let Company { id, admin } = company;
        let now = if enforce_now { ", enforce-now" } else { "" };
        let asked = words::policy(policy);
        self.teller
            .call(&format!("policy.put  {id}, by {admin}, {asked}{now}"))?;
        let put = self.mfa.policy();
        let answer = put
            .put(id, policy, expected, &company.actor(), enforce_now)
            .await;
        self.settle(answer, |_, revision| format!("revision {revision}"))
    }

    /// Has a member of Acme come with a password.
    pub(super) async fn begin(&mut self, user: &str, purpose: Purpose) -> Answer<BeginOutcome> {
        self.arrive(Visit::of(user, people::OF_ACME), purpose).await
    }

    pub(super) async fn arrive(
        &mut self,
        visit: Visit<'_>,
        purpose: Purpose,
    ) -> Answer<BeginOutcome> {
        let what = match purpose {
            Purpose::SignIn => "sign-in",
            Purpose::ManageFactors => "manage-factors",
            Purpose::StepUp(_) => "step-up",
        };
        let known = visit.described();
        self.teller
            .call(&format!("sign-in.begin  {known}, for {what}"))?;
        let request = visit.request(purpose);
        let answer = self.mfa.sign_in().begin(visit.user, &request).await;
        self.settle(answer, Words::begin)
    }

    pub(super) async fn inspect(&mut self, user: &str, ticket: &str) -> Answer<TicketView> {
        self.teller
            .call(&format!("sign-in.inspect  {user}, the ticket"))?;
        let answer = self.mfa.sign_in().inspect(user, ticket).await;
        self.settle(answer, Words::view)
    }

    pub(super) async fn assess(&mut self, user: &str, session: &Session) -> Answer<Assessment> {
        self.teller
            .call(&format!("sign-in.assess  {user}, the open session"))?;
        let memberships = Visit::of(user, people::OF_ACME).memberships();
        let sign_in = self.mfa.sign_in();
        let answer = sign_in.assess(user, &memberships, session, None).await;
        self.settle(answer, Words::assess)
    }

    pub(super) async fn begin_totp(
        &mut self,
        user: &str,
        ticket: &str,
        account: &str,
    ) -> Answer<TotpSetup> {
        let call = format!("enrollment.begin-totp  {user}, the ticket, label Acme:{account}");
        self.teller.call(&call)?;
        let label = people::label(account);
        let answer = self.mfa.enrollment().begin_totp(user, ticket, &label).await;
        self.settle(answer, Words::setup)
    }

    /// Begins a phone, and shows what it gets.
    pub(super) async fn begin_sms(
        &mut self,
        user: &str,
        ticket: &str,
        number: &str,
    ) -> Answer<Receipt> {
        self.teller.call(&format!(
            "enrollment.begin-sms  {user}, the ticket, {number}"
        ))?;
        let answer = self.mfa.enrollment().begin_sms(user, ticket, number).await;
        let answer = self.settle(answer, Words::receipt)?;
        self.show_messages()?;
        Ok(answer)
    }

    /// Sends a code to a phone that is a factor, and shows what it gets.
    pub(super) async fn send_code(&mut self, user: &str, ticket: &str) -> Answer<Receipt> {
        self.teller
            .call(&format!("verification.send-code  {user}, the ticket"))?;
        let answer = self.mfa.verification().send_code(user, ticket).await;
        let answer = self.settle(answer, Words::receipt)?;
        self.show_messages()?;
        Ok(answer)
    }

    pub(super) async fn confirm(
        &mut self,
        user: &str,
        ticket: &str,
        method: Method,
        code: &str,
    ) -> Answer<ConfirmVerdict> {
        let name = words::name(method);
        self.teller.call(&format!(
            "enrollment.confirm  {user}, the ticket, {name}, {code}"
        ))?;
        let enrollment = self.mfa.enrollment();
        let answer = enrollment.confirm(user, ticket, method, code).await;
        self.settle(answer, Words::confirm)
    }

    pub(super) async fn verify(
        &mut self,
        user: &str,
        ticket: &str,
        code: &str,
    ) -> Answer<VerifyVerdict> {
        self.show(user, ticket, Method::Totp, code, Device::Forget)
            .await
    }

    /// Shows a factor of either kind.
    pub(super) async fn show(
        &mut self,
        user: &str,
        ticket: &str,
        method: Method,
        code: &str,
        device: Device,
    ) -> Answer<VerifyVerdict> {
        let remember = device == Device::Remember;
        let asked = if remember { ", remember" } else { "" };
        let name = words::name(method);
        self.teller.call(&format!(
            "verification.verify  {user}, the ticket, {name}, {code}{asked}"
        ))?;
        let verification = self.mfa.verification();
        let answer = verification
            .verify(user, ticket, method, code, remember)
            .await;
        self.settle(answer, Words::verify)
    }

    pub(super) async fn present(
        &mut self,
        user: &str,
        ticket: &str,
        code: &str,
    ) -> Answer<PresentVerdict> {
        self.teller
            .call(&format!("recovery.present  {user}, the ticket, {code}"))?;
        let answer = self.mfa.recovery().present(user, ticket, code).await;
        self.settle(answer, Words::present)
    }

    pub(super) async fn acknowledge(&mut self, user: &str, id: &str) -> Answer<()> {
        self.teller
            .call(&format!("recovery.acknowledge  {user}, the code's id"))?;
        let answer = self.mfa.recovery().acknowledge(user, id).await;
        self.settle(answer, |_, ()| "noted".to_owned())
    }

    pub(super) async fn remove(&mut self, user: &str, ticket: &str) -> Answer<u64> {
        self.teller
            .call(&format!("enrollment.remove  {user}, the ticket, totp"))?;
        let enrollment = self.mfa.enrollment();
        let answer = enrollment.remove(user, ticket, Method::Totp).await;
        self.settle(answer, |_, epoch| format!("removed; epoch {epoch}"))
    }

    pub(super) async fn prefer(&mut self, user: &str, ticket: &str, method: Method) -> Answer<()> {
        let name = words::name(method);
        self.teller
            .call(&format!("enrollment.prefer  {user}, the ticket, {name}"))?;
        let answer = self.mfa.enrollment().prefer(user, ticket, method).await;
        self.settle(answer, |_, ()| "shown first from now on".to_owned())
    }

    pub(super) async fn issue(&mut self, user: &str, ticket: &str) -> Answer<RecoveryCode> {
        self.teller
            .call(&format!("recovery.issue  {user}, the ticket"))?;
        let answer = self.mfa.recovery().issue(user, ticket).await;
        self.settle(answer, |_, _| "a new recovery code".to_owned())
    }

    pub(super) async fn status(&mut self, user: &str) -> Answer<UserStatus> {
        self.teller
            .call(&format!("administration.status  {user}"))?;
        let answer = self.mfa.administration().status(user).await;
        self.settle(answer, Words::status)
    }

    /// Asks what a visitor would meet under a policy that is not stored.
    pub(super) async fn preview(
        &mut self,
        visit: Visit<'_>,
        hypothetical: &Hypothetical,
        at: u64,
    ) -> Answer<PreviewReport> {
        let day = calendar::date(at, self.zone);
        let Visit { user, .. } = visit;
        let known = visit.described();
        self.teller.call(&format!(
            "administration.preview  {known}, the new policy, at {day}"
        ))?;
        let mut question = Preview::at(at);
        question.hypothetical = Some(hypothetical.clone());
        let subject = Subject {
            user: user.to_owned(),
            memberships: visit.memberships(),
            first_factor: visit.first_factor(),
        };
        let mut report = question.of(&self.mfa, &[subject]).await;
        let row = report.rows.pop();
        let row = row.ok_or_else(|| Exit::Fault("a preview has no row".to_owned()))?;
        let outlook = row.outlook();
        self.settle(row.answer, |_, _| outlook.to_owned())
    }

    /// Has a company's admin reset a user.
    pub(super) async fn reset(
        &mut self,
        visit: Visit<'_>,
        company: Company,
        identity: Identity,
    ) -> Answer<u64> {
        let verified = identity == Identity::Verified;
        let not = if verified { "" } else { "not " };
        let (user, Company { id, admin }) = (visit.user, company);
        self.teller.call(&format!(
            "administration.reset  {user} by {admin} for {id}, identity {not}verified"
        ))?;
        let administration = self.mfa.administration();
        let answer = administration
            .reset(
                user,
                &visit.memberships(),
                Some(id),
                &company.actor(),
                verified,
                "lost phone",
            )
            .await;
        self.settle(answer, |_, epoch| {
            format!("nothing is left to show; epoch {epoch}")
        })
    }

    /// Returns the last message that went out.
    pub(super) fn last_message(&self) -> Result<Message, Exit> {
        let mut messages = self.phones.messages();
        messages
            .pop()
            .ok_or_else(|| Exit::Fault("no message went out".to_owned()))
    }

    /// Shows the messages that nobody has seen yet, as phones show them.
    fn show_messages(&mut self) -> Result<(), Exit> {
        let messages = self.phones.messages();
        for message in messages.iter().skip(self.messages_shown) {
            let text = phone::text(message).map_err(|error| Exit::Fault(error.to_string()))?;
            self.teller.message(&text)?;
        }
        self.messages_shown = messages.len();
        Ok(())
    }

    /// Shows what a page shows to set up an app.
    pub(super) fn show_setup(&mut self, setup: &TotpSetup, with_qr: bool) -> Result<(), Exit> {
        if with_qr {
            self.teller.qr(&qr::draw(&setup.uri)?)?;
        }
        self.teller.shows(&[("key to type", &setup.grouped_key)])?;
        if with_qr {
            self.teller.copyable(&setup.uri)?;
        }
        Ok(())
    }

    /// Prints an answer, and the events that were committed with it.
    fn settle<T>(
        &mut self,
        answer: Result<T, Error>,
        words: impl FnOnce(Words, &T) -> String,
    ) -> Answer<T> {
        self.calls = self.calls.saturating_add(1);
        let zone = Words { zone: self.zone };
        let answer = match answer {
            Ok(it) => Ok(it),
            Err(Error::Refused(failure)) => Err(failure),
            Err(error) => {
                self.teller.unanswered()?;
                return Err(error.into());
            }
        };
        match &answer {
            Ok(it) => {
                let summary = words(zone, it);
                match summary.starts_with("rejected") || summary.starts_with("deny") {
                    true => self.teller.refusal(&summary)?,
                    false => self.teller.answer(&summary)?,
                }
            }
            Err(failure) => self.teller.refusal(&zone.failure(failure))?,
        }
        let events = self.store.events();
        let new: Vec<String> = events
            .iter()
            .skip(self.events_shown)
            .map(words::event)
            .collect();
        self.events_shown = events.len();
        if !new.is_empty() {
            self.teller.event(&new.join(" · "))?;
        }
        Ok(answer)
    }
}
