//! One call: one instance, one user, one time.

#[cfg(feature = "bench")]
mod kept;
mod texting;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "bench")]
pub use self::kept::Kept;
pub(crate) use self::texting::Texting;
use wasmtime::component::{Func, Val};
use wasmtime::{ResourceLimiter, UpdateDeadline};

use crate::contract::Dependency;
use crate::countersign::Host;
use crate::error::{Error, Limit, Reached};
use crate::event::EventId;

use crate::exports::{self, Export};
use crate::limits::Limits;
use crate::meter::{InHost, Meter};
use crate::plugin::{Admitted, Plugin};
use crate::scope::Scope;
use crate::store::Key;

/// The host's side of one call; dropped with it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) host: Arc<Host>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) scope: Scope,
    pub(crate) client: Option<Arc<str>>,
    /// Read once, so that WORLD-4 holds whatever the clock does.
    pub(crate) now: u64,
    /// The versions that the plugin has read in this call: it may replace no others.
    pub(crate) read: Vec<(Key, u64)>,
    /// Random bytes drawn so far.
    pub(crate) drawn: u64,
    /// What the next event of this call is known by; none before the first.
    pub(crate) next_event: Option<EventId>,
    /// What it may still ask of the phone line.
    pub(crate) texting: Texting,
    meter: Arc<Meter>,
    host_calls: u32,
}

/// Why a call was stopped by the host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error("{0}")]
    Scope(Reached),
    #[error("{0}")]
    Misuse(&'static str),
    #[error("{0}")]
    Limit(Limit),
    #[error("{1}")]
    Fault(Dependency, String),
}

impl Call {
    /// Begins the host's part of an import, whose time is not the plugin's.
    pub(crate) fn enter_host(&mut self) -> Result<InHost, Stop> {
        self.host_calls = self.host_calls.saturating_add(1);
        if self.host_calls > self.limits.host_calls {
            return Err(Stop::Limit(Limit::HostCalls));
        }
        if self.meter.call_time() > self.limits.call_time {
            return Err(Stop::Limit(Limit::CallTime));
        }
        Ok(self.meter.enter_host())
    }

    /// Waits for `work`, at most `limit` and never longer than the call has left; none when that is over.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let left = self.limits.call_time.saturating_sub(self.meter.call_time());
        tokio::time::timeout(limit.min(left), work).await.ok()
    }

    /// Turns a record into a key of this call's realm.
    pub(crate) fn key(&self, record: crate::store::Record) -> Key {
        Key {
            realm: self.host.realm.clone(),
            record,
        }
    }
}

impl ResourceLimiter for Call {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match desired <= self.limits.memory {
            true => Ok(true),
            false => Err(Stop::Limit(Limit::Memory).into()),
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match desired <= self.limits.table_elements {
            true => Ok(true),
            false => Err(Stop::Limit(Limit::Table).into()),
        }
    }

    fn instances(&self) -> usize {
        usize::try_from(self.limits.core_instances).unwrap_or(usize::MAX)
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

/// A call under way: admitted, metered, not yet instantiated.
struct Running {
    // Before `_admitted`, so that the instance is given back before the next call takes its place.
    store: wasmtime::Store<Call>,
    meter: Arc<Meter>,
    plugin: Plugin,
    _admitted: Admitted,
}

impl Running {
    async fn start(
        plugin: &Plugin,
        host: &Arc<Host>,
        client: Option<Arc<str>>,
        scope: Scope,
        function: usize,
    ) -> Result<Self, Error> {
        let admitted = plugin.admit().await?;
        let now = time(host)?;
        let meter = Arc::new(Meter::new());
        let call = Call {
            host: Arc::clone(host),
            limits: Arc::clone(plugin.shared_limits()),
            scope,
            client,
            now,
            read: Vec::new(),
            drawn: 0,
            next_event: None,
            texting: Texting::new(plugin.phone_line(), exports::texts(function)),
            meter: Arc::clone(&meter),
            host_calls: 0,
        };
        let mut store = wasmtime::Store::new(plugin.engine(), call);
        store.limiter(|call| call);
        store.set_hostcall_fuel(plugin.limits().transfer);
        store.set_max_component_handles(HANDLES);
        // Set before anything of the plugin runs: its start functions run when it is instantiated.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            let call = store.data();
            match call.meter.guest_time() <= call.limits.guest_time {
                true => Ok(UpdateDeadline::Yield(1)),
                false => Err(Stop::Limit(Limit::GuestTime).into()),
            }
        });
        Ok(Self {
            store,
            meter,
            plugin: plugin.clone(),
            _admitted: admitted,
        })
    }

    async fn instance(&mut self) -> wasmtime::Result<wasmtime::component::Instance> {
        let pre = self.plugin.pre();
        self.meter
            .watch(pre.instantiate_async(&mut self.store))
            .await
    }

    async fn typed<E: Export>(mut self, params: E::Params<'_>) -> wasmtime::Result<E::Answer> {
        let instance = self.instance().await?;
        let index = &self.plugin.function(E::ORDINAL).index;
        let function =
            instance.get_typed_func::<E::Params<'_>, E::Answer>(&mut self.store, index)?;
        self.meter
            .watch(function.call_async(&mut self.store, params))
            .await
    }

    async fn dynamic(mut self, ordinal: usize, params: &[Val]) -> wasmtime::Result<Val> {
        let instance = self.instance().await?;
        let index = &self.plugin.function(ordinal).index;
        let Some(function): Option<Func> = instance.get_func(&mut self.store, index) else {
            return Err(wasmtime::format_err!("the export is not a function"));
        };
        let mut answer = [Val::Bool(false)];
        self.meter
            .watch(function.call_async(&mut self.store, params, &mut answer))
            .await?;
        let [answer] = answer;
        Ok(answer)
    }
}

/// Calls an export in an instance of its own.
pub(crate) async fn typed<E: Export>(
    plugin: &Plugin,
    host: &Arc<Host>,
    client: Option<Arc<str>>,
    scope: Scope,
    params: E::Params<'_>,
) -> Result<E::Answer, Error> {
    let running = Running::start(plugin, host, client, scope, E::ORDINAL).await?;
    running
        .typed::<E>(params)
        .await
        .map_err(|error| stopped(host, &error))
}

/// Calls the export with this ordinal in an instance of its own.
pub(crate) async fn dynamic(
    plugin: &Plugin,
    host: &Arc<Host>,
    client: Option<Arc<str>>,
    scope: Scope,
    ordinal: usize,
    params: &[Val],
) -> Result<Val, Error> {
    let running = Running::start(plugin, host, client, scope, ordinal).await?;
    running
        .dynamic(ordinal, params)
        .await
        .map_err(|error| stopped(host, &error))
}

/// Reads the clock.
fn time(host: &Host) -> Result<u64, Error> {
    host.clock.now().map_err(|error| {
        let why = error.to_string();
        host.report(Dependency::Clock, &why);
        Error::Fault {
            import: Dependency::Clock,
            why,
        }
    })
}

/// Says in the host's words why a call was stopped, and tells the operator.
fn stopped(host: &Host, error: &wasmtime::Error) -> Error {
    let stopped = reason(error);
    match &stopped {
        Error::Fault { import, why } => host.report(*import, why),
        other => host.report_plugin(&other.to_string()),
    }
    stopped
}

fn reason(error: &wasmtime::Error) -> Error {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Scope(reached) => Error::Scope(*reached),
            Stop::Misuse(rule) => Error::Misuse(rule),
            Stop::Limit(limit) => Error::Limit(*limit),
            Stop::Fault(import, why) => Error::Fault {
                import: *import,
                why: why.clone(),
            },
        };
    }
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::StackOverflow) => Error::Limit(Limit::Stack),
        Some(wasmtime::Trap::Interrupt) => Error::Limit(Limit::GuestTime),
        Some(trap) => Error::Trap(trap.to_string()),
        None => {
            // What is left comes from the canonical ABI. It speaks of lengths, offsets and discriminants, not of
            // what they were read from.
            let why = error.root_cause().to_string();
            if why.contains(TRANSFER_EXHAUSTED) {
                Error::Limit(Limit::Transfer)
            } else {
                Error::Trap(why)
            }
        }
    }
}

pub(crate) const TABLES: usize = 4;
pub(crate) const MEMORIES: usize = 1;
/// The world has no resources; some compilers use a few of their own.
const HANDLES: usize = 64;
/// How wasmtime says that the fuel for host calls is used up; its type is private. A test holds the words.
const TRANSFER_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";
