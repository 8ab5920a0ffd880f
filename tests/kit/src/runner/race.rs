//! Calls that come at once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Run;
use crate::case::{Call, Outcome, Step};
use crate::expression::look_up;
use crate::pattern;

impl Run<'_> {
    /// Makes the calls of a step at once, so often as it says, and compares what they answer.
    ///
    /// Each call has read the records before any of them commits, so that they really collide.
    pub(super) async fn race(&mut self, step: &Step) -> Result<(), String> {
        let times = step.race.unwrap_or(1);
        let own = step.own_call();
        let calls: Vec<Call> = own
            .iter()
            .chain(&step.calls)
            .map(|call| self.complete(call))
            .collect::<Result<_, String>>()?;
        let mut racing = Vec::new();
        for _ in 0..times {
            for call in &calls {
                racing.push((
                    call.call.clone().ok_or("a call names no function")?,
                    self.state.arguments(call)?,
                ));
            }
        }
        self.trace.amend(|it| it.calls.clone_from(&racing));
        let noted = self.state.events();
        let answers = self.state.race(racing).await?;
        let events = self.state.events_since(noted);
        self.trace.amend(|it| {
            it.answers.clone_from(&answers);
            it.events.extend(events);
        });
        self.count(&step.outcomes, answers)?;
        self.state.check_secrecy()
    }

    fn count(&mut self, outcomes: &[Outcome], answers: Vec<Value>) -> Result<(), String> {
        let mut left = answers;
        for outcome in outcomes {
            let wanted = self.state.resolve(&outcome.is)?;
            let (such, others) = left
                .into_iter()
                .partition::<Vec<_>, _>(|answer| pattern::check(&wanted, answer).is_ok());
            left = others;
            if !holds(&outcome.count, such.len())? {
                return Err(format!(
                    "{} answers are {wanted}, expected {}; others: {}",
                    such.len(),
                    outcome.count,
                    tally(&left)
                ));
            }
            for (name, path) in &outcome.save {
                let value = such.last().and_then(|answer| look_up(answer, path));
                let value = value.ok_or_else(|| format!("{path} is in no such answer"))?;
                self.state.save(name, value)?;
            }
        }
        match left.first() {
            None => Ok(()),
            Some(other) => Err(format!("an answer is none of the outcomes: {other}")),
        }
    }
}

/// Says how many there are of each.
fn tally(answers: &[Value]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for answer in answers {
        let count = counts.entry(answer.to_string()).or_default();
        *count = count.saturating_add(1);
    }
    match counts.is_empty() {
        true => "none".to_owned(),
        false => {
            let counts = counts.iter().map(|(it, count)| format!("{count} × {it}"));
            counts.collect::<Vec<_>>().join(", ")
        }
    }
}

fn holds(count: &Value, found: usize) -> Result<bool, String> {
    if let Some(count) = count.as_u64() {
        return Ok(u64::try_from(found) == Ok(count));
    }
    let malformed = || format!("{count} is neither a number nor a range");
    let range = count.as_str().and_then(|it| it.split_once(".."));
    let (least, most) = range.ok_or_else(malformed)?;
    let least: usize = least.parse().map_err(|_| malformed())?;
    let most: usize = most.parse().map_err(|_| malformed())?;
    Ok((least..=most).contains(&found))
}
