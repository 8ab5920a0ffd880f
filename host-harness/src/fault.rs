//! What went wrong in the host, for its operator.

use crate::contract::Dependency;
use crate::error::dependency;

/// Something that the host could not do, and that the plugin was told of in general words only.
///
/// It names no user, company, number or code.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fault {
    /// What failed.
    pub import: Dependency,
    /// The realm.
    pub realm: String,
    /// Why.
    pub why: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", dependency(self.import), self.why)
    }
}

/// Is told of each [`Fault`], to log it or raise an alarm; any `Fn(&Fault)` will do.
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
