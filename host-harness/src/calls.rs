//! Calls of the plugin as they come and go, for whoever counts them.

use std::time::{Duration, Instant};

use wasmtime::component::Val;

use crate::contract::Failure;
use crate::contract::meta::Description;
use crate::error::Error;
use crate::exports;

/// Is told of each call of the plugin, to count it.
///
/// It is called in the middle of a call, so it must be quick.
///
/// # Security
///
/// It learns which function was called, what came of it and how long it took; nothing of whom the call is about, of its
/// arguments or of its answer. With few users about, how often `verification.verify` was refused still says something of
/// somebody: give what is counted to operators alone.
pub trait Calls: Send + Sync {
    /// Notes that a call begins. Each that begins ends.
    fn begins(&self);

    /// Notes that a call ended.
    fn ends(&self, ended: &Ended);
}

/// A call that ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Ended {
    /// The interface, such as `sign-in`.
    pub interface: &'static str,
    /// The function, such as `begin`.
    pub function: &'static str,
    /// What came of it.
    pub outcome: CallOutcome,
    /// How long it took, waiting for a place included.
    pub took: Duration,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CallOutcome {
    /// The plugin did what it was asked; a rejected code is that too.
    Answered,
    /// The plugin refused, by a failure of the contract.
    Refused,
    /// Somebody's fault: of an import, the plugin, the host, or there were too many calls.
    Faulty,
    /// Whoever waited for it waits no more.
    Dropped,
}

/// A call under way: it ends when this is dropped.
pub(crate) struct UnderWay<'a> {
    calls: Option<&'a dyn Calls>,
    ordinal: usize,
    began: Instant,
    outcome: CallOutcome,
}

impl<'a> UnderWay<'a> {
    pub(crate) fn begin(calls: Option<&'a dyn Calls>, ordinal: usize) -> Self {
        if let Some(calls) = calls {
            calls.begins();
        }
        Self {
            calls,
            ordinal,
            began: Instant::now(),
            outcome: CallOutcome::Dropped,
        }
    }

    /// Notes what came of it.
    pub(crate) fn end<T: Told>(mut self, answer: &Result<T, Error>) {
        self.outcome = match answer {
            Ok(answer) => answer.outcome(),
            Err(_) => CallOutcome::Faulty,
        };
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let (Some(calls), Some(export)) = (self.calls, exports::ALL.get(self.ordinal)) else {
            return;
        };
        calls.ends(&Ended {
            interface: export.interface,
            function: export.function,
            outcome: self.outcome,
            took: self.began.elapsed(),
        });
    }
}

/// An answer that tells what came of the call.
pub(crate) trait Told {
    fn outcome(&self) -> CallOutcome;
}

impl Told for (Description,) {
    fn outcome(&self) -> CallOutcome {
        CallOutcome::Answered
    }
}

impl<T> Told for (Result<T, Failure>,) {
    fn outcome(&self) -> CallOutcome {
        match &self.0 {
            Ok(_) => CallOutcome::Answered,
            // What the plugin could not get is the host's trouble, though the plugin tells of it.
            Err(Failure::Unavailable(_)) => CallOutcome::Faulty,
            Err(_) => CallOutcome::Refused,
        }
    }
}

impl Told for Val {
    fn outcome(&self) -> CallOutcome {
        match self {
            Self::Result(Err(Some(failure))) => match &**failure {
                Self::Variant(case, _) if case == "unavailable" => CallOutcome::Faulty,
                _ => CallOutcome::Refused,
            },
            Self::Result(Err(None)) => CallOutcome::Refused,
            _ => CallOutcome::Answered,
        }
    }
}
