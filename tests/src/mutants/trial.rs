//! Cases on mutants.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use countersign_conformance::runner::{self, Outcome};
use countersign_conformance::{Case, Cases, Lab, Level};
use tokio::runtime::{Builder, Runtime};

use super::{Build, Fault, Mutant};

/// What caught a mutant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caught {
    /// The case.
    pub case: String,
    /// Where it failed, and how.
    pub why: String,
}

/// Runs all cases that `wanted` names on all mutants, on as many threads as there are processors. Returns what caught
/// each, in their order. `done` is told after each mutant.
///
/// # Errors
///
/// A mutant that the host refuses.
pub fn try_all<'a>(
    build: &Build,
    mutants: &[&'a Mutant],
    cases: &Arc<Cases>,
    wanted: impl Fn(&Mutant, &Case) -> bool + Sync,
    done: impl Fn(&Mutant, &[Caught]) + Sync,
) -> Result<Vec<(&'a Mutant, Vec<Caught>)>, Fault> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = Mutex::new(mutants.iter().enumerate());
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let work = || -> Result<(), Fault> {
            let runtime = runtime()?;
            loop {
                let taken = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((place, mutant)) = taken else {
                    return Ok(());
                };
                let lab = build.lab(Some(&mutant.id))?;
                let mut caught = Vec::new();
                // Every mutant claims all levels, as the plugin does that it is made of.
                let required = cases.required_of(Level::Extended).map(|(_, case)| case);
                for case in required.filter(|it| wanted(mutant, it)) {
                    caught.extend(try_one(&runtime, cases, case, &lab));
                }
                done(mutant, &caught);
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.push((place, (*mutant, caught)));
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok::<(), Fault>(())
    })?;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, it)| it).collect())
}

/// Runs a case on a plugin, and returns how it was caught, if it was.
///
/// What a mutant may do to the host or to the case itself catches it, too: a trap, a limit, an answer that makes the
/// runner panic.
pub fn try_one(
    runtime: &Runtime,
    cases: &Arc<Cases>,
    case: &Case,
    lab: &Arc<dyn Lab>,
) -> Option<Caught> {
    let (cases, own, lab) = (Arc::clone(cases), case.clone(), Arc::clone(lab));
    let ran = runtime
        .block_on(runtime.spawn(async move { runner::run(&cases, &own, &*lab).await.outcome }));
    let why = match ran {
        Ok(Outcome::Passed | Outcome::Skipped { .. } | Outcome::Apart) => return None,
        Ok(Outcome::Failed(failed)) => failed.to_string(),
        Err(error) => error.to_string(),
    };
    Some(Caught {
        case: case.id.clone(),
        why,
    })
}

/// Makes a runtime in which calls that race do.
///
/// # Errors
///
/// What the system says.
pub fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
}
