//! What went wrong in the host, for its operator.

use crate::contract::Dependency;
use crate::error::dependency;

/// Something that the host could not do, and that the plugin was told of in general words only; or something that the
/// plugin did, and was stopped for.
///
/// It names no user, company, number or code.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fault {
    /// Whose it is.
    pub source: Source,
    /// The realm.
    pub realm: String,
    /// Why.
    pub why: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.source, self.why)
    }
}

/// Whose a [`Fault`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// An import of the plugin failed. Calls are refused while it does.
    Import(Dependency),
    /// The plugin itself: it trapped, ran out of a limit, or broke the contract.
    Plugin,
    /// The sink of events, behind a [`Courier`](crate::sink::Courier). No call is refused for it.
    Sink,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Import(import) => dependency(*import),
            Self::Plugin => "plugin",
            Self::Sink => "sink",
        })
    }
}

/// Is told of each [`Fault`], to log it or raise an alarm; any `Fn(&Fault)` will do.
///
/// Without one nobody hears of them: callers see that they were refused, and not why.
///
/// It is called in the middle of a call, so it must be quick.
pub trait Faults: Send + Sync {
    /// Notes a fault.
    fn note(&self, fault: &Fault);
}

impl<F: Fn(&Fault) + Send + Sync> Faults for F {
    fn note(&self, fault: &Fault) {
        self(fault);
    }
}
