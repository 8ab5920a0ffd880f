//! A plugin with all that it needs to decide.

use std::fmt;
use std::sync::Arc;

use crate::call;
use crate::calls::{Calls, UnderWay};
use crate::clock::{Clock, SystemClock};
use crate::contract::Dependency;
use crate::error::{BuildError, Error};
use crate::exports::Export;
use crate::fault::{Fault, Faults, Source};
use crate::interfaces::{
    Administration, Enrollment, Meta, Policies, Recovery, SignIn, Verification,
};
use crate::keyring::{Keyring, SealingKeys};
use crate::plugin::Plugin;
use crate::random::{Random, SystemRandom};
use crate::scope::Scope;
use crate::seal::Sealer;
use crate::sms::{NoPhoneLine, SmsSender};
use crate::store::Store;

/// A plugin with store, keyring, phone line, clock and randomness: what a gateway asks what comes next.
///
/// Its methods are grouped like the interfaces of the contract. Each call runs in an instance of its own, reaches one
/// user, and is answered with [`Error`], a refusal, if anything at all goes wrong. Clones are cheap, and share
/// everything; so do they with a value of [`for_client`](Self::for_client).
///
/// The futures must be awaited on a tokio runtime with its timer enabled. They may be dropped at any time; what they
/// were about may then have happened or not.
#[derive(Clone, Debug)]
pub struct Countersign {
    plugin: Plugin,
    pub(crate) host: Arc<Host>,
    client: Option<Arc<str>>,
}

/// What the imports of a call are answered with.
pub(crate) struct Host {
    pub(crate) realm: Arc<str>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sealer: Sealer,
    pub(crate) keyring: Arc<dyn Keyring>,
    pub(crate) sms: Arc<dyn SmsSender>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    faults: Option<Arc<dyn Faults>>,
    calls: Option<Arc<dyn Calls>>,
}

impl Countersign {
    /// Begins to put one together.
    pub fn builder(plugin: Plugin) -> CountersignBuilder {
        CountersignBuilder {
            plugin,
            realm: String::new(),
            store: None,
            keyring: None,
            sms: Arc::new(NoPhoneLine),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            faults: None,
            calls: None,
        }
    }

    /// Returns the plugin.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Returns the realm.
    pub fn realm(&self) -> &str {
        &self.host.realm
    }

    /// Names who calls, for the events of the calls made through the value returned: an address, an agent, a session.
    #[must_use]
    pub fn for_client(&self, client: &str) -> Self {
        Self {
            client: Some(client.into()),
            ..self.clone()
        }
    }

    /// What the plugin says of itself.
    pub fn meta(&self) -> Meta<'_> {
        Meta(self)
    }

    /// What comes next for a user who passed the first factor.
    pub fn sign_in(&self) -> SignIn<'_> {
        SignIn(self)
    }

    /// Setting up, changing and removing factors.
    pub fn enrollment(&self) -> Enrollment<'_> {
        Enrollment(self)
    }

    /// Showing a factor.
    pub fn verification(&self) -> Verification<'_> {
        Verification(self)
    }

    /// The recovery code.
    pub fn recovery(&self) -> Recovery<'_> {
        Recovery(self)
    }

    /// What companies ask of their users.
    pub fn policy(&self) -> Policies<'_> {
        Policies(self)
    }

    /// What admins and operators do.
    pub fn administration(&self) -> Administration<'_> {
        Administration(self)
    }

    /// Calls a function of the contract.
    pub(crate) async fn call<E: Export>(
        &self,
        scope: Scope,
        params: E::Params<'_>,
    ) -> Result<E::Answer, Error> {
        let under_way = UnderWay::begin(self.host.calls.as_deref(), E::ORDINAL);
        let client = self.client.clone();
        let answer = call::typed::<E>(&self.plugin, &self.host, client, scope, params).await;
        under_way.end(&answer);
        answer
    }

    /// Calls a function of the contract, with values of types that are known only now.
    pub(crate) async fn call_dynamic(
        &self,
        scope: Scope,
        ordinal: usize,
        params: &[wasmtime::component::Val],
    ) -> Result<wasmtime::component::Val, Error> {
        let under_way = UnderWay::begin(self.host.calls.as_deref(), ordinal);
        let client = self.client.clone();
        let answer = call::dynamic(&self.plugin, &self.host, client, scope, ordinal, params).await;
        under_way.end(&answer);
        answer
    }
}

impl Host {
    /// Tells the operator what went wrong with an import.
    pub(crate) fn report(&self, import: Dependency, why: &str) {
        self.note(Source::Import(import), why);
    }

    /// Tells the operator what the plugin was stopped for.
    pub(crate) fn report_plugin(&self, why: &str) {
        self.note(Source::Plugin, why);
    }

    fn note(&self, source: Source, why: &str) {
        if let Some(faults) = &self.faults {
            faults.note(&Fault {
                source,
                realm: self.realm.to_string(),
                why: why.to_owned(),
            });
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// Puts a [`Countersign`] together.
///
/// Realm, store and keyring must be given. Without others there is no phone line, and clock and randomness are the
/// operating system's.
#[must_use]
pub struct CountersignBuilder {
    plugin: Plugin,
    realm: String,
    store: Option<Arc<dyn Store>>,
    keyring: Option<(Arc<dyn Keyring>, Arc<dyn SealingKeys>)>,
    sms: Arc<dyn SmsSender>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    faults: Option<Arc<dyn Faults>>,
    calls: Option<Arc<dyn Calls>>,
}

impl CountersignBuilder {
    /// Sets the realm, within which users and companies are unique: 1 to 128 bytes without control characters.
    ///
    /// It is bound into every sealed record, and must never change.
    pub fn realm(mut self, realm: &str) -> Self {
        self.realm = realm.to_owned();
        self
    }

    /// Sets where records are kept.
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Sets the keys to tag and to seal with.
    pub fn keyring(mut self, keyring: impl Keyring + SealingKeys + 'static) -> Self {
        let keyring = Arc::new(keyring);
        self.keyring = Some((keyring.clone(), keyring));
        self
    }

    /// Sets the phone line.
    pub fn sms(mut self, sms: impl SmsSender + 'static) -> Self {
        self.sms = Arc::new(sms);
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the randomness.
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Sets who is told of faults of the host.
    pub fn faults(mut self, faults: impl Faults + 'static) -> Self {
        self.faults = Some(Arc::new(faults));
        self
    }

    /// Sets who is told of each call, to count it.
    pub fn calls(mut self, calls: impl Calls + 'static) -> Self {
        self.calls = Some(Arc::new(calls));
        self
    }

    /// Puts it together. Nothing of the plugin runs.
    ///
    /// # Errors
    ///
    /// [`BuildError`] names what is missing.
    pub fn build(self) -> Result<Countersign, BuildError> {
        let length = (1..=128).contains(&self.realm.len());
        if !length || self.realm.chars().any(char::is_control) {
            return Err(BuildError::Realm);
        }
        let store = self.store.ok_or(BuildError::Store)?;
        let (keyring, sealing) = self.keyring.ok_or(BuildError::Keyring)?;
        Ok(Countersign {
            plugin: self.plugin,
            client: None,
            host: Arc::new(Host {
                realm: self.realm.into(),
                store,
                sealer: Sealer::new(sealing, self.random.clone()),
                keyring,
                sms: self.sms,
                clock: self.clock,
                random: self.random,
                faults: self.faults,
                calls: self.calls,
            }),
        })
    }
}

impl fmt::Debug for CountersignBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountersignBuilder")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}
