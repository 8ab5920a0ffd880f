//! A case with each use of an import failing in turn.

use std::sync::Arc;

use serde_json::json;

use super::{Failed, Run};
use crate::case::{Case, Cases, Variables};
use crate::pattern;
use crate::subject::Subject;
use crate::world::{Import, Kind};

/// Runs a case up to the call of a step, once for each use that the call makes of each import in the step's `sweep`,
/// with that use failing.
///
/// The call must then be refused with `unavailable`. Where nothing can have happened nothing may have changed, and the
/// same call must get what it should have got; where the commit happened and nobody knew, it must get what `again` says.
/// A commit that was told that another came first must be made again, and nobody may notice.
pub(super) async fn sweep(
    cases: &Cases,
    case: &Case,
    subject: &Arc<dyn Subject>,
    row: &Variables,
    place: usize,
) -> Result<(), Failed> {
    let Some(step) = case.step.get(place) else {
        return Ok(());
    };
    for name in &step.sweep {
        let import: Import = name
            .parse()
            .map_err(|_| Failed::at("sweep", format!("no import is called {name}")))?;
        let kinds: &[Kind] = match import {
            Import::Commit => &[Kind::Before, Kind::After, Kind::Conflict],
            _ => &[Kind::Before],
        };
        for kind in kinds {
            let mut on = 1;
            while one(cases, case, subject, row, place, (import, *kind, on)).await? {
                on = on.saturating_add(1);
            }
            if on == 1 {
                return Err(Failed::at("sweep", format!("{name} was not used at all")));
            }
        }
    }
    Ok(())
}

/// Lets one use fail. Says whether there was that use.
async fn one(
    cases: &Cases,
    case: &Case,
    subject: &Arc<dyn Subject>,
    row: &Variables,
    place: usize,
    (import, kind, on): (Import, Kind, u32),
) -> Result<bool, Failed> {
    let title = format!("sweep of {}, {kind:?} on use {on}", import.name());
    let failed = |why: String| Failed::at(&title, why);
    let mut run = Run::begin(cases, case, subject, row).await?;
    for (i, step) in case.step.iter().take(place).enumerate() {
        let name = format!("{title}, {}", i.saturating_add(1));
        run.step(&name, step).await?;
    }
    let Some((step, call)) = case
        .step
        .get(place)
        .and_then(|step| Some((step, step.own_call()?)))
    else {
        return Err(failed("a sweep needs a call".to_owned()));
    };
    run.surround(step).map_err(failed)?;
    let call = run.complete(&call).map_err(failed)?;
    let expect = call.expect.clone().unwrap_or(json!("ok"));

    let before = run.state.snapshot();
    let failing = run.state.world().failing().clone();
    failing.plan(import, kind, on, 1);
    let answer = run.state.call(&call).await;
    let fired = failing.end() > 0;
    let answer = answer.map_err(failed)?;
    if !fired || kind == Kind::Conflict {
        let expect = run.state.resolve(&expect).map_err(failed)?;
        pattern::check(&expect, &answer).map_err(failed)?;
        return Ok(fired);
    }
    pattern::check(&json!("err.unavailable"), &answer).map_err(failed)?;
    let expect = match kind {
        Kind::After => step.again.clone().unwrap_or(expect),
        _ => {
            before.check_unchanged(&run.state).map_err(failed)?;
            expect
        }
    };
    let answer = run.state.call(&call).await.map_err(failed)?;
    let expect = run.state.resolve(&expect).map_err(failed)?;
    pattern::check(&expect, &answer)
        .map_err(|why| failed(format!("called again without a fault: {why}")))?;
    Ok(true)
}
