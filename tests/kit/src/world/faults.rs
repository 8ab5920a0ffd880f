//! Which use of an import fails.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lie::Lying;

/// A function that the world offers, and that can fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Import {
    /// `store.get`.
    Get,
    /// `store.commit`.
    Commit,
    /// `keyring.mac`.
    Mac,
    /// `keyring.check-mac`.
    CheckMac,
    /// `keyring.index`.
    Index,
    /// `wasi:random/random`.
    Random,
    /// `sms.check`.
    SmsCheck,
}

/// How it fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// It does nothing, and says that it failed.
    Before,
    /// It does everything, and says that it failed. Other imports than `store.commit` change nothing: for them it is
    /// the same as [`Kind::Before`].
    After,
    /// `store.commit` alone: it does nothing, and says that another commit came first.
    Conflict,
}

/// No import has this name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownImport;

/// The one fault that is planned, if any, and the one lie. Its clones are the same plan.
#[derive(Clone, Debug, Default)]
pub struct Failing {
    plan: Arc<Mutex<Option<Plan>>>,
    lying: Lying,
}

#[derive(Debug)]
struct Plan {
    import: Import,
    kind: Kind,
    /// Uses that still go well.
    spared: u32,
    /// Uses that then fail.
    times: u32,
    fired: u32,
}

impl Failing {
    /// Plans that the `on`th use of `import` from now, counted from 1, fails, and `times - 1` after it.
    pub fn plan(&self, import: Import, kind: Kind, on: u32, times: u32) {
        *self.state() = Some(Plan {
            import,
            kind,
            spared: on.saturating_sub(1),
            times,
            fired: 0,
        });
    }

    /// Gives the plan up, and says how many uses failed by it.
    pub fn end(&self) -> u32 {
        self.state().take().map_or(0, |plan| plan.fired)
    }

    /// Returns the lie that is planned beside the fault.
    pub(super) fn lying(&self) -> &Lying {
        &self.lying
    }

    /// Counts a use of an import, and says how it fails if it does.
    pub(super) fn strike(&self, import: Import) -> Option<Kind> {
        let mut state = self.state();
        let plan = state.as_mut().filter(|plan| plan.import == import)?;
        if plan.spared > 0 {
            plan.spared = plan.spared.saturating_sub(1);
            return None;
        }
        if plan.fired >= plan.times {
            return None;
        }
        plan.fired = plan.fired.saturating_add(1);
        Some(plan.kind)
    }

    fn state(&self) -> MutexGuard<'_, Option<Plan>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Import {
    /// Every import that can fail.
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Commit,
        Self::Mac,
        Self::CheckMac,
        Self::Index,
        Self::Random,
        Self::SmsCheck,
    ];

    /// Returns its name in a case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "store.get",
            Self::Commit => "store.commit",
            Self::Mac => "keyring.mac",
            Self::CheckMac => "keyring.check-mac",
            Self::Index => "keyring.index",
            Self::Random => "random",
            Self::SmsCheck => "sms.check",
        }
    }

    /// Returns the name of the interface in the contract's `dependency`.
    #[must_use]
    pub fn dependency(self) -> &'static str {
        match self {
            Self::Get | Self::Commit => "store",
            Self::Mac | Self::CheckMac | Self::Index => "keyring",
            Self::Random => "random",
            Self::SmsCheck => "sms",
        }
    }
}

impl FromStr for Import {
    type Err = UnknownImport;

    fn from_str(name: &str) -> Result<Self, UnknownImport> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.name() == name).ok_or(UnknownImport)
    }
}

impl fmt::Display for UnknownImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no import has this name")
    }
}

impl std::error::Error for UnknownImport {}
