//! The calls of the demo: each shown, made, its answer summed up, and the events that it left.

use std::sync::Arc;

use countersign_host::clock::Clock;
use countersign_host::contract::administration::UserStatus;
use countersign_host::contract::enrollment::{ConfirmVerdict, TotpSetup};
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::recovery::PresentVerdict;
use countersign_host::contract::sign_in::{Assessment, BeginOutcome, Session, TicketView};
use countersign_host::contract::verification::VerifyVerdict;
use countersign_host::contract::{Failure, Method, Purpose};
use countersign_host::keyring::LocalKeyring;
use countersign_host::random::{Random, SystemRandom};
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, Plugin};

use super::people::{self, ACME};
use super::teller::Teller;
use super::words::{self, Words};
use super::{calendar, qr};
use crate::exit::Exit;

/// What a call came to. A failure of the contract is an answer, which the story may have told.
pub(super) type Answer<T> = Result<Result<T, Failure>, Exit>;

/// A gateway with a plugin, in front of an audience.
pub(super) struct Stage<'a> {
    mfa: Countersign,
    store: MemoryStore,
    clock: Arc<dyn Clock>,
    /// The zone in which times are shown.
    zone: &'static str,
    events_shown: usize,
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
        let mfa = Countersign::builder(plugin)
            .realm("demo")
            .store(store.clone())
            .keyring(LocalKeyring::from_key(key))
            .clock(clock.clone())
            .build()?;
        Ok(Self {
            mfa,
            store,
            clock: Arc::new(clock),
            zone,
            events_shown: 0,
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
        policy: &Policy,
        expected: Option<u64>,
        enforce_now: bool,
    ) -> Answer<u64> {
        let mode = match &policy.mode {
            Mode::Off => "off".to_owned(),
            Mode::Voluntary => "voluntary".to_owned(),
            Mode::EnforcedFrom(it) => {
                let day = calendar::date(it.at, &it.zone);
                format!("enforced from {day} {}", it.zone)
            }
        };
        let now = if enforce_now { ", enforce-now" } else { "" };
        self.teller
            .call(&format!("policy.put  {ACME}, by dana, {mode}{now}"))?;
        let put = self.mfa.policy();
        let answer = put
            .put(ACME, policy, expected, &people::dana(), enforce_now)
            .await;
        self.settle(answer, |_, revision| format!("revision {revision}"))
    }

    pub(super) async fn begin(&mut self, user: &str, purpose: Purpose) -> Answer<BeginOutcome> {
        let what = match purpose {
            Purpose::ManageFactors => "manage-factors",
            _ => "sign-in",
        };
        let call = format!("sign-in.begin  {user}, member of {ACME}, password, for {what}");
        self.teller.call(&call)?;
        let request = people::request(purpose);
        let answer = self.mfa.sign_in().begin(user, &request).await;
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
        let memberships = people::memberships();
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

    pub(super) async fn confirm(
        &mut self,
        user: &str,
        ticket: &str,
        code: &str,
    ) -> Answer<ConfirmVerdict> {
        let call = format!("enrollment.confirm  {user}, the ticket, totp, {code}");
        self.teller.call(&call)?;
        let enrollment = self.mfa.enrollment();
        let answer = enrollment.confirm(user, ticket, Method::Totp, code).await;
        self.settle(answer, Words::confirm)
    }

    pub(super) async fn verify(
        &mut self,
        user: &str,
        ticket: &str,
        code: &str,
    ) -> Answer<VerifyVerdict> {
        let call = format!("verification.verify  {user}, the ticket, totp, {code}");
        self.teller.call(&call)?;
        let verification = self.mfa.verification();
        let answer = verification
            .verify(user, ticket, Method::Totp, code, false)
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

    pub(super) async fn status(&mut self, user: &str) -> Answer<UserStatus> {
        self.teller
            .call(&format!("administration.status  {user}"))?;
        let answer = self.mfa.administration().status(user).await;
        self.settle(answer, Words::status)
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
            Err(error) => return Err(error.into()),
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
