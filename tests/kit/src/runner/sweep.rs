//! A case with each use of an import failing in turn.

use serde_json::json;

use super::trace::Trace;
use super::{Failed, Moment, Place, Run};
use crate::case::{FaultKind, Planned, Variables};

/// Runs a case up to the call of a step, once for each use that the call makes of each import in the step's `sweep`,
/// with that use failing.
///
/// The call must then be refused with `unavailable`. Where nothing can have happened nothing may have changed, and the
/// same call must get what it should have got; where the commit happened and nobody knew, it must get what `again` says.
/// A commit that was told that another came first must be made again, and nobody may notice.
pub(super) async fn sweep(
    at: Place<'_>,
    row: &Variables,
    place: usize,
    trace: &Trace,
) -> Result<(), Failed> {
    let Some(step) = at.case.step.get(place) else {
        return Ok(());
    };
    for name in &step.sweep {
        let kinds: &[FaultKind] = match name.as_str() {
            "store.commit" => &[
                FaultKind::FailBefore,
                FaultKind::FailAfter,
                FaultKind::Conflict,
            ],
            _ => &[FaultKind::FailBefore],
        };
        for kind in kinds {
            let mut planned = Planned {
                import: name.clone(),
                on: 1,
                times: 1,
                kind: *kind,
            };
            while one(at, row, place, &planned, trace).await? {
                planned.on = planned.on.saturating_add(1);
            }
            let on = planned.on;
            if on == 1 {
                return Err(Failed::at("sweep", format!("{name} was not used at all")));
            }
        }
    }
    Ok(())
}

/// Lets one use fail. Says whether there was that use.
async fn one(
    at: Place<'_>,
    row: &Variables,
    place: usize,
    planned: &Planned,
    trace: &Trace,
) -> Result<bool, Failed> {
    let (import, kind, on) = (&planned.import, planned.kind, planned.on);
    let title = format!("sweep of {import}, {kind:?} on use {on}");
    let failed = |why: String| Failed::at(&title, why);
    let mut run = Run::begin(at, row, trace).await?;
    for (i, step) in at.case.step.iter().take(place).enumerate() {
        let name = format!("{title}, {}", i.saturating_add(1));
        run.step(&name, step).await?;
    }
    let Some((step, call)) = at
        .case
        .step
        .get(place)
        .and_then(|step| Some((step, step.own_call()?)))
    else {
        return Err(failed("a sweep needs a call".to_owned()));
    };
    trace.add(Moment {
        place: title.clone(),
        ..Moment::default()
    });
    run.surround(step).await.map_err(failed)?;
    let call = run.complete(&call).map_err(failed)?;
    let expect = call.expect.clone().unwrap_or(json!("ok"));

    let before = run.state.snapshot();
    run.plan(planned).await.map_err(failed)?;
    let answer = run.ask(&call).await;
    let fired = run.state.end_fault().await.map_err(failed)? > 0;
    let answer = answer.map_err(failed)?;
    if !fired || kind == FaultKind::Conflict {
        run.check(&expect, &answer).map_err(failed)?;
        return Ok(fired);
    }
    run.check(&json!("err.unavailable"), &answer)
        .map_err(failed)?;
    let expect = match kind {
        FaultKind::FailAfter => step.again.clone().unwrap_or(expect),
        _ => {
            before.check_unchanged(&run.state).map_err(failed)?;
            expect
        }
    };
    trace.add(Moment {
        place: format!("{title}, called again without a fault"),
        ..Moment::default()
    });
    let answer = run.ask(&call).await.map_err(failed)?;
    run.check(&expect, &answer)
        .map_err(|why| failed(format!("called again without a fault: {why}")))?;
    Ok(true)
}
