//! An instance that is kept between calls.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::TypedFunc;

use super::{Running, stopped, time};
use crate::contract::verification::VerifyVerdict;
use crate::contract::{Failure, Method};
use crate::countersign::Countersign;
use crate::error::Error;
use crate::exports::{Export, Verify};
use crate::meter::Meter;
use crate::scope::Scope;

/// An instance that is kept between calls, against WORLD-2: to measure what a fresh one costs, and nothing else.
///
/// # Security
///
/// What one user's call leaves in the plugin's memory, the next user's call can find there.
pub struct Kept {
    mfa: Countersign,
    running: Running,
    verify: TypedFunc<(String, String, Method, String, bool), <Verify as Export>::Answer>,
}

impl Kept {
    /// Makes an instance as a call does, up to where it would call the plugin.
    ///
    /// # Errors
    ///
    /// As the typed methods of [`Countersign`].
    pub async fn start(mfa: &Countersign) -> Result<Self, Error> {
        let mut running = Running::start(
            mfa.plugin(),
            &mfa.host,
            None,
            Scope::nobody(),
            Verify::ORDINAL,
        )
        .await?;
        let verify = async {
            let instance = running.instance().await?;
            let index = &running.plugin.function(Verify::ORDINAL).index;
            instance.get_typed_func(&mut running.store, index)
        };
        let verify = verify.await.map_err(|error| stopped(&mfa.host, &error))?;
        Ok(Self {
            mfa: mfa.clone(),
            running,
            verify,
        })
    }

    /// Calls `verification.verify`, with the limits and the scope of a call of its own.
    ///
    /// # Errors
    ///
    /// As [`Verification::verify`](crate::Verification::verify).
    pub async fn verify(
        &mut self,
        user: &str,
        ticket: &str,
        method: Method,
        code: &str,
    ) -> Result<VerifyVerdict, Error> {
        let host = &self.mfa.host;
        self.running.meter = Arc::new(Meter::new());
        let transfer = self.running.plugin.limits().transfer;
        let store = &mut self.running.store;
        store.set_hostcall_fuel(transfer);
        store.set_epoch_deadline(1);
        let call = store.data_mut();
        call.now = time(host)?;
        call.scope = Scope::of(user);
        call.meter = Arc::clone(&self.running.meter);
        call.read.clear();
        call.drawn = 0;
        call.next_event = None;
        call.host_calls = 0;
        let params = (user.into(), ticket.into(), method, code.into(), false);
        let answer = self.verify.call_async(&mut *store, params);
        let answer = self.running.meter.watch(answer).await;
        let (verdict,): (Result<VerifyVerdict, Failure>,) =
            answer.map_err(|error| stopped(host, &error))?;
        verdict.map_err(Error::Refused)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(..)")
    }
}
