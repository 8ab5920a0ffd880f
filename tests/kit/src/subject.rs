//! What is tested: a plugin that runs in this process.

mod component;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

pub use self::component::Component;
use crate::world::World;

/// A plugin under test, in this process.
pub trait Subject: Send + Sync {
    /// Its name, in front of the names of its trials: `core`, `component`.
    fn name(&self) -> &str;

    /// Starts it in a world, whose clock, randomness, store, keys and phone line are then its imports.
    ///
    /// Starting a second one in the same world is how a case restarts the host: whatever was not stored is lost.
    fn start(&self, world: &World) -> Arc<dyn Instance>;
}

/// A plugin that runs.
#[async_trait]
pub trait Instance: Send + Sync {
    /// Calls a function of the contract by its name, such as `sign-in.begin`.
    ///
    /// Arguments and answer are JSON as in `countersign_host`'s `call_json`: `args` is an object with an entry for each
    /// parameter; the answer is `{"ok": …}` or `{"err": …}`, or the value itself where the function cannot fail. Calls
    /// may run at once, from several threads.
    ///
    /// A host that fails to do its part and refuses the call itself is a refusal like the plugin's own: it is answered
    /// `{"err": {"unavailable": "random"}}`, with the import that failed.
    ///
    /// # Errors
    ///
    /// [`Fault`] for what no case can expect: a trap, a limit, arguments that do not fit the function.
    async fn call(&self, function: &str, args: &Value) -> Result<Value, Fault>;
}

/// Why a call has no answer that the contract knows.
///
/// The two are told apart since a host that dies of a call, or hangs, has not refused it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The host says why: it stopped the call, or cannot do what it was asked for. It can be asked again.
    Stopped(String),
    /// The host is gone, did not answer in time, or broke the protocol.
    Gone(String),
}

impl Fault {
    /// Returns why, in words.
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Self::Stopped(why) | Self::Gone(why) => why,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

impl std::error::Error for Fault {}
