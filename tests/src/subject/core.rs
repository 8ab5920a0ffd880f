//! The core, in this process.
//!
//! What `guest/sdk/src` does around `countersign-core` in a component is done here anew around the same core: the clock is
//! read once, records are read, decided on and committed with their events, again if another call came first. A
//! case that both pass says something about the component's carrying and conversion; a fault in the core itself shows
//! in neither alone.

mod arguments;
mod event;
mod exports;
mod input;
mod keys;
mod outbox;
mod output;
mod policy;
mod transaction;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::failure::{Dependency, Failure};
use countersign_core::verification::Verdict;
use countersign_host::Store;
use countersign_host::clock::Clock;
use countersign_host::keyring::{Keyring, SealingKeys};
use countersign_host::random::Random;
use countersign_host::seal::Sealer;
use countersign_host::sms::SmsSender;
use serde_json::{Value, json};

use self::arguments::Misfit;
use self::transaction::Call;
use countersign_conformance::World;
use countersign_conformance::{Fault, Instance, Subject};

/// The core without the component around it.
#[derive(Clone, Copy, Debug)]
pub struct Core;

impl Subject for Core {
    fn name(&self) -> &'static str {
        "core"
    }

    fn start(&self, world: &World) -> Arc<dyn Instance> {
        Arc::new(Native {
            realm: world.realm().into(),
            store: Arc::new(world.store().clone()),
            sealer: world.sealer(),
            keyring: Arc::new(world.keyring().clone()),
            sms: Arc::new(world.line().clone()),
            clock: Arc::new(world.clock().clone()),
            random: Arc::new(world.random().clone()),
        })
    }
}

/// The core with what it needs to decide.
pub struct Native {
    realm: Arc<str>,
    store: Arc<dyn Store>,
    sealer: Sealer,
    keyring: Arc<dyn Keyring>,
    sms: Arc<dyn SmsSender>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// Why a call has no answer.
pub(crate) enum Stop {
    /// The answer of the contract, a refusal.
    Refused(Failure),
    /// The arguments do not fit the function.
    Misfit(Misfit),
}

impl Native {
    /// Puts the core in the place of a plugin. `sms` is asked whether a number may be sent to.
    pub fn new(
        realm: &str,
        store: impl Store + 'static,
        keyring: impl Keyring + SealingKeys + 'static,
        sms: impl SmsSender + 'static,
        clock: impl Clock + 'static,
        random: impl Random + 'static,
    ) -> Self {
        let keyring = Arc::new(keyring);
        let random: Arc<dyn Random> = Arc::new(random);
        Self {
            realm: realm.into(),
            store: Arc::new(store),
            sealer: Sealer::new(keyring.clone(), Arc::clone(&random)),
            keyring,
            sms: Arc::new(sms),
            clock: Arc::new(clock),
            random,
        }
    }

    /// `verification.verify` for an authenticator app, without JSON: for the benchmarks.
    ///
    /// # Errors
    ///
    /// As in the contract.
    pub async fn verify_totp(
        &self,
        user: &str,
        ticket: &str,
        code: &str,
    ) -> Result<Verdict, Failure> {
        let call = self.call()?;
        exports::verify_totp(&call, user, ticket, code).await
    }

    /// Begins a call, with the time that holds throughout it.
    fn call(&self) -> Result<Call<'_>, Failure> {
        match self.clock.now() {
            Ok(now) => Ok(Call::new(self, now)),
            Err(_) => Err(Dependency::Clock.into()),
        }
    }
}

#[async_trait]
impl Instance for Native {
    async fn call(&self, function: &str, args: &Value) -> Result<Value, Fault> {
        let answer = match self.call() {
            Ok(call) => exports::answer(&call, function, args).await,
            Err(failure) => Err(failure.into()),
        };
        match answer {
            // The one function that cannot fail.
            Ok(description) if function == "meta.describe" => Ok(description),
            Ok(reply) => Ok(json!({ "ok": reply })),
            Err(Stop::Refused(failure)) => Ok(json!({ "err": output::failure(failure) })),
            Err(Stop::Misfit(misfit)) => Err(Fault::Stopped(format!("{function}: {misfit}"))),
        }
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

impl From<Misfit> for Stop {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit)
    }
}

#[cfg(test)]
mod tests;
