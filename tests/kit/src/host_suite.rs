//! What tests a host: whether its side of the contract holds, seen from where a plugin stands.
//!
//! The probe (`guest/probe`) is loaded in place of a plugin. Each case has it carry out scripts with its imports, and
//! compares what they answered, and what then lies in the world, with what a duty of the host says. The contract lets
//! a host refuse in two ways what must be refused: it may stop the call, or answer the import with its error. Both
//! pass; that something was done or changed all the same does not. A host that dies of a call, or does not end it, has
//! not refused it; nor is it worth anything that one refuses which refuses everything, so that a case in which something was refused
//! ends with a plain call that must be answered.
//!
//! What cannot be seen this way is not claimed: logs (SMS-3), and that a clock which goes on is read only once, where a
//! lab's clock stands still.

mod bench;
mod bounds;
mod commits;
mod counters;
mod functions;
mod keys;
mod meeting;
mod restarts;
mod scope;
mod script;
mod seals;
mod sms;
mod surroundings;

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::host::{Host, Refusal};
use crate::lab::{Ability, Lab};
use crate::runner::{Failed, Outcome, Ran};
use bench::Bench;

/// A case for hosts.
#[derive(Clone, Copy)]
pub struct HostCase {
    /// Its id, in kebab-case; never reused.
    pub id: &'static str,
    /// What a host does that passes, as a sentence.
    pub title: &'static str,
    /// The duties that it checks, or the interface that is not the contract's own.
    pub covers: &'static [&'static str],
    /// What it needs the lab to be able to do.
    pub needs: &'static [Ability],
    check: Check,
}

type Checked<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;
type Check = for<'a> fn(&'a mut Bench<'_>) -> Checked<'a>;

/// A host with the probe in it.
pub struct HostUnderTest {
    host: Arc<dyn Host>,
    lab: Arc<dyn Lab>,
}

impl HostUnderTest {
    /// Has a host load the probe, from the bytes of its file.
    ///
    /// # Errors
    ///
    /// The host's refusal: the probe is a component of the contract's world, so every host must load it.
    pub async fn load(host: Arc<dyn Host>, probe: &[u8]) -> Result<Self, Refusal> {
        let lab = host.load(probe).await?;
        Ok(Self { host, lab })
    }

    /// Returns the host's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.host.name()
    }

    /// Says whether the lab made calls that race one after another. Where nothing is answered the case itself shows why.
    async fn races_apart(&self) -> bool {
        match Bench::begin(&*self.host, &*self.lab).await {
            Ok(mut bench) => meeting::meets(&mut bench).await == Ok(false),
            Err(_) => false,
        }
    }
}

impl HostCase {
    /// Returns every case, in the order of the contract's files.
    #[must_use]
    pub fn all() -> Vec<Self> {
        [
            commits::CASES,
            counters::CASES,
            restarts::CASES,
            seals::CASES,
            bounds::CASES,
            scope::CASES,
            functions::CASES,
            keys::CASES,
            sms::CASES,
            surroundings::CASES,
        ]
        .concat()
    }

    /// Runs it.
    pub async fn run(&self, under_test: &HostUnderTest) -> Ran {
        let needs: BTreeSet<Ability> = self.needs.iter().copied().collect();
        let missing = needs.difference(under_test.lab.abilities());
        let missing: Vec<Ability> = missing.copied().collect();
        if !missing.is_empty() {
            return Ran::untold(Outcome::Skipped { missing });
        }
        if needs.contains(&Ability::Race) && under_test.races_apart().await {
            return Ran::untold(Outcome::Apart);
        }
        let mut bench = match Bench::begin(&*under_test.host, &*under_test.lab).await {
            Ok(bench) => bench,
            Err(why) => {
                return Ran::untold(Outcome::Failed(Failed {
                    step: "start".to_owned(),
                    why,
                }));
            }
        };
        let found = (self.check)(&mut bench).await;
        let outcome = match bench.end(found).await {
            Ok(()) => Outcome::Passed,
            Err(why) => Outcome::Failed(Failed {
                step: bench.step(),
                why,
            }),
        };
        Ran {
            trace: bench.into_trace(),
            ..Ran::untold(outcome)
        }
    }
}

impl fmt::Debug for HostCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCase")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HostUnderTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostUnderTest")
            .field("host", &self.name())
            .finish_non_exhaustive()
    }
}

/// One row of a table of cases.
macro_rules! case {
    ($check:ident, $id:literal, $title:literal, [$($duty:literal),*], [$($need:ident),*]) => {
        super::HostCase {
            id: $id,
            title: $title,
            covers: &[$($duty),*],
            needs: &[$(crate::lab::Ability::$need),*],
            check: |bench| Box::pin($check(bench)),
        }
    };
}
use case;
