//! Whether an answer is as it should be.

use countersign_conformance::pattern;
use countersign_conformance::world::{Broken, Import, Kind};
use serde_json::{Value, json};

use crate::command::Fault;
use crate::forecast::Forecast;

/// Ends the test, with the calls that it failed at.
pub(super) fn fail(why: &str, calls: &[(&str, &Value, &Value)]) -> ! {
    let calls: Vec<String> = calls
        .iter()
        .map(|(function, args, answer)| format!("\n  {function} {args}\n    → {answer}"))
        .collect();
    panic!("{why}{}", calls.concat());
}

/// What became of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// It was answered as it should be.
    Answered,
    /// A fault took the answer, not the change.
    Lost,
    /// A fault prevented it.
    Nothing,
}

/// Compares an answer with the forecast, under the fault that really happened.
pub(super) fn judge(
    answer: &Value,
    forecast: &Forecast,
    fault: Option<Fault>,
) -> Result<Outcome, String> {
    let is = |patterns: &[Value]| {
        let mut reasons = Vec::new();
        for pattern in patterns {
            match pattern::check(pattern, answer) {
                Ok(()) => return Ok(()),
                Err(why) => reasons.push(why),
            }
        }
        Err(format!(
            "the reference expects another answer: {}",
            reasons.join("; or ")
        ))
    };
    let unavailable = |of: &[&str]| {
        let patterns: Vec<Value> = of
            .iter()
            .map(|it| json!(format!("err.unavailable.{it}")))
            .collect();
        is(&patterns).map_err(|why| format!("S-9: {why}"))
    };
    match fault {
        None => is(&forecast.answers).map(|()| Outcome::Answered),
        Some(Fault::Clock) => unavailable(&["clock"]).map(|()| Outcome::Nothing),
        Some(Fault::Random(broken)) => match unavailable(&["random", "store"]) {
            Ok(()) => Ok(Outcome::Nothing),
            // Bytes that repeat from draw to draw are told only where there are two draws.
            Err(why) if forecast.draws && broken != Broken::Stuck => Err(why),
            Err(_) => is(&forecast.answers).map(|()| Outcome::Answered),
        },
        Some(Fault::Import {
            kind: Kind::Conflict,
            import: Import::Commit,
            times,
            ..
        }) => match times > 15 {
            true => is(&[json!("err.busy")]).map(|()| Outcome::Nothing),
            false => is(&forecast.answers).map(|()| Outcome::Answered),
        },
        Some(Fault::Import {
            import, kind, on, ..
        }) => {
            match import {
                // A record is sealed with random bytes.
                Import::Random => unavailable(&["random", "store"])?,
                _ => unavailable(&[import.dependency()])?,
            }
            Ok(match (import, kind) {
                // The first commit counted the message, and it went out; or it was refused, and that is not noted.
                (Import::Commit, _) if on == 2 => match forecast.outgoing {
                    Some(_) => Outcome::Lost,
                    None => Outcome::Nothing,
                },
                (Import::Commit, Kind::After) => Outcome::Lost,
                _ => Outcome::Nothing,
            })
        }
    }
}
