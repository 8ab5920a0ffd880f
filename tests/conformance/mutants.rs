//! Deliberately wrong plugins, each caught by the cases that it names.
//!
//! All of them are compiled once, below `target/mutants`; what the host compiles of each is kept there, too, until the
//! plugin's sources change. `cargo wrong-plugins` runs all cases on all of them.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use countersign_conformance::{Cases, runner};
use countersign_tests::mutants::{self, Build, try_one};
use libtest_mimic::{Failed, Trial};

use crate::RUNTIME;

/// A trial a mutant; one that the mutants are in order; and one that the plugin in which all of them sleep is right.
pub(crate) fn trials(cases: &Arc<Cases>) -> Vec<Trial> {
    let mutants = match mutants::of_this_tree() {
        Ok(mutants) => mutants,
        Err(error) => panic!("{error}"),
    };
    let killers: BTreeSet<String> = mutants
        .iter()
        .flat_map(|it| it.killed_by.iter().cloned())
        .collect();
    let mut trials = Vec::new();
    let (of, all) = (Arc::clone(cases), mutants.clone());
    trials.push(Trial::test("mutants/are-in-order", move || {
        let found = mutants::disorder(&all, &of).map_err(|error| error.to_string())?;
        passes(found.is_empty(), || found.join("\n"))
    }));
    let of = Arc::clone(cases);
    trials.push(Trial::test("mutants/control", move || {
        let lab = build()?.lab(None).map_err(|error| error.to_string())?;
        for case in of.all().filter(|it| killers.contains(&it.id)) {
            let ran = RUNTIME.block_on(runner::run(&of, case, &*lab));
            ran.passed()
                .map_err(|failed| format!("{}: {failed}", case.id))?;
        }
        Ok(())
    }));
    for mutant in mutants {
        let of = Arc::clone(cases);
        trials.push(Trial::test(format!("mutants/{}", mutant.id), move || {
            let lab = build()?
                .lab(Some(&mutant.id))
                .map_err(|error| error.to_string())?;
            for case in of.all().filter(|it| mutant.killed_by.contains(&it.id)) {
                let caught = try_one(&RUNTIME, &of, case, &lab);
                passes(caught.is_some(), || {
                    format!("{} passes it: {}", case.id, mutant.wrong)
                })?;
            }
            Ok(())
        }));
    }
    trials
}

fn build() -> Result<&'static Build, String> {
    BUILD.as_ref().map_err(Clone::clone)
}

fn passes(holds: bool, why: impl FnOnce() -> String) -> Result<(), Failed> {
    match holds {
        true => Ok(()),
        false => Err(why().into()),
    }
}

static BUILD: LazyLock<Result<Build, String>> = LazyLock::new(|| {
    let mutants = mutants::of_this_tree().map_err(|error| error.to_string())?;
    Build::of(&mutants).map_err(|error| error.to_string())
});
