//! Runs a case against a subject.

mod race;
mod state;
mod sweep;

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::case::{Call, Case, Cases, FaultKind, Planned, Step, Variables};
use crate::expression::look_up;
use crate::pattern;
use crate::subject::Subject;
use crate::world::{Broken, Fate, Import, Kind};
use state::State;

/// Where a case failed, and how.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Which step: `start`, `3`, `3.2`.
    step: String,
    why: String,
}

impl Failed {
    fn at(step: &str, why: impl Into<String>) -> Self {
        Self {
            step: step.to_owned(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.why)
    }
}

impl std::error::Error for Failed {}

/// Runs a case, once for each set of its variables.
///
/// # Errors
///
/// The first step that failed.
pub async fn run(cases: &Cases, case: &Case, subject: &Arc<dyn Subject>) -> Result<(), Failed> {
    if case.each.is_empty() {
        return run_once(cases, case, subject, &Variables::new()).await;
    }
    for (i, row) in case.each.iter().enumerate() {
        let ran = run_once(cases, case, subject, row).await;
        ran.map_err(|failed| Failed {
            step: format!("{} with each[{i}] {}", failed.step, json!(row)),
            why: failed.why,
        })?;
    }
    Ok(())
}

async fn run_once(
    cases: &Cases,
    case: &Case,
    subject: &Arc<dyn Subject>,
    row: &Variables,
) -> Result<(), Failed> {
    let mut run = Run::begin(cases, case, subject, row).await?;
    for (i, step) in case.step.iter().enumerate() {
        let name = i.saturating_add(1).to_string();
        if !step.sweep.is_empty() {
            sweep::sweep(cases, case, subject, row, i).await?;
        }
        run.step(&name, step).await?;
    }
    Ok(())
}

/// A case under way.
struct Run<'a> {
    cases: &'a Cases,
    state: State,
}

impl<'a> Run<'a> {
    /// Begins a case, and makes its start.
    async fn begin(
        cases: &'a Cases,
        case: &Case,
        subject: &Arc<dyn Subject>,
        row: &Variables,
    ) -> Result<Self, Failed> {
        let mut run = Self {
            cases,
            state: State::new(subject, row),
        };
        for name in &case.start {
            let name = run
                .state
                .resolve(&json!(name))
                .map_err(|why| Failed::at("start", why))?;
            let name = name.as_str().unwrap_or_default().to_owned();
            run.sequence(&format!("start: {name}"), &name).await?;
        }
        run.state.look();
        Ok(run)
    }

    async fn sequence(&mut self, place: &str, name: &str) -> Result<(), Failed> {
        let steps = self
            .cases
            .templates
            .sequence
            .get(name)
            .ok_or_else(|| Failed::at(place, format!("no sequence is called {name}")))?;
        for (i, step) in steps.iter().enumerate() {
            let place = format!("{place}.{}", i.saturating_add(1));
            // A sequence may include others, so the future is of no known size.
            Box::pin(self.step(&place, step)).await?;
        }
        Ok(())
    }

    async fn step(&mut self, place: &str, step: &Step) -> Result<(), Failed> {
        let failed = |why: String| Failed::at(place, why);
        if step.race.is_some() {
            self.surround(step).map_err(failed)?;
            self.race(step).await.map_err(failed)?;
        } else if let Some(call) = step.own_call() {
            for i in 0..step.times.unwrap_or(1) {
                self.state.set("i", &json!(i)).map_err(failed)?;
                self.surround(step).map_err(failed)?;
                self.call(step, &call)
                    .await
                    .map_err(|why| match step.times {
                        Some(_) => Failed::at(&format!("{place} for i = {i}"), why),
                        None => failed(why),
                    })?;
            }
        } else {
            self.surround(step).map_err(failed)?;
            if let Some(name) = &step.sequence {
                let name = self.state.resolve(&json!(name)).map_err(failed)?;
                self.sequence(place, name.as_str().unwrap_or_default())
                    .await?;
            }
            self.nested(place, step).await?;
        }
        if let Some(expected) = &step.messages {
            self.state.check_messages(expected).map_err(failed)?;
        }
        match &step.events {
            Some(expected) => self.state.check_events(expected).map_err(failed),
            None => Ok(()),
        }
    }

    async fn nested(&mut self, place: &str, step: &Step) -> Result<(), Failed> {
        let rows: Vec<Variables> = match step.repeat {
            Some(times) => (0..times)
                .map(|n| Variables::from([("n".to_owned(), json!(n))]))
                .collect(),
            None => step.each.clone(),
        };
        for (i, row) in rows.iter().enumerate() {
            for (name, value) in row {
                self.state
                    .set(name, value)
                    .map_err(|why| Failed::at(place, why))?;
            }
            for (j, inner) in step.step.iter().enumerate() {
                let place = format!("{place}[{i}].{}", j.saturating_add(1));
                Box::pin(self.step(&place, inner)).await?;
            }
        }
        Ok(())
    }

    /// Moves and breaks what the step wants moved and broken before its call.
    fn surround(&mut self, step: &Step) -> Result<(), String> {
        let world = self.state.world().clone();
        if let Some(at) = &step.at {
            let at = self.state.resolve(at)?;
            world
                .clock()
                .set(at.as_u64().ok_or(format!("{at} is no time"))?);
        }
        if let Some(wait) = &step.wait {
            let wait = self.state.resolve(&json!(wait))?;
            world.clock().advance(seconds(&wait)?);
        }
        if let Some(clock) = &step.clock {
            world.clock().break_down(clock == "fails");
        }
        if let Some(random) = &step.random {
            let random = self.state.resolve(&json!(random))?;
            world.random().break_down(match random.as_str() {
                Some("works") => None,
                Some("fails") => Some(Broken::Fail),
                Some("zero") => Some(Broken::Zero),
                Some("repeats") => Some(Broken::Repeat),
                Some("stuck") => Some(Broken::Stuck),
                _ => return Err(format!("no randomness is called {random}")),
            });
        }
        match step.line.as_deref() {
            None => {}
            Some("refuses") => world.line().refuse_all(true),
            Some("works") => world.line().refuse_all(false),
            Some(other) => return Err(format!("no phone line is called {other}")),
        }
        for fate in &step.fates {
            let fate = self.state.resolve(&json!(fate))?;
            world
                .line()
                .destine(match fate.as_str().unwrap_or_default() {
                    "failed" => Fate::Failed,
                    "refused" => Fate::Refused,
                    "already-sent" => Fate::AlreadySent,
                    "lost" => Fate::Lost,
                    "doubtful" => Fate::Doubtful,
                    other => return Err(format!("no fate is called {other}")),
                });
        }
        if step.rotate_keys {
            world.keyring().rotate();
        }
        if let Some(tamper) = &step.tamper {
            self.state.tamper(tamper)?;
        }
        if step.restart {
            self.state.restart();
        }
        if step.look {
            self.state.look();
        }
        for (name, value) in &step.set {
            self.state.set(name, value)?;
        }
        Ok(())
    }

    /// Completes a call, whose template may be named by a variable.
    fn complete(&mut self, call: &Call) -> Result<Call, String> {
        let mut call = call.clone();
        // Before they are laid over the template's, which they are to be merged with.
        call.args = self.state.resolve(&call.args)?;
        if let Some(name) = &call.template {
            let name = self.state.resolve(&json!(name))?;
            call.template = name.as_str().map(str::to_owned);
        }
        call.complete(&self.cases.templates)
    }

    async fn call(&mut self, step: &Step, call: &Call) -> Result<(), String> {
        let call = self.complete(call)?;
        if let Some(planned) = &step.fault {
            plan(self.state.world().failing(), planned)?;
        }
        let before = self.state.snapshot();
        let called = self.state.call(&call).await;
        if step.fault.is_some() && self.state.world().failing().end() == 0 {
            return Err("the fault that was planned never happened".to_owned());
        }
        let answer = called?;
        if let Some(expected) = &call.expect {
            let expected = self.state.resolve(expected)?;
            pattern::check(&expected, &answer)?;
        }
        if step.unchanged || must_not_change(&call, &answer) {
            match call.call.as_deref() {
                Some(function) if SENDS.contains(&function) && !step.unchanged => {
                    before.check_refused(&self.state)?;
                }
                _ => before.check_unchanged(&self.state)?,
            }
        }
        // Nothing is remembered of a refusal.
        let save = call.save.iter().filter(|_| answer.get("err").is_none());
        for (name, path) in save {
            let value = look_up(&answer, path)
                .ok_or_else(|| format!("{path} is not in the answer {answer}"))?;
            self.state.save(name, value)?;
        }
        self.state.check_secrecy()
    }
}

/// Whether the contract lets a call with this answer change nothing, whatever the case is about.
///
/// A read changes nothing (SIGN-14, SIGN-18, ADMIN-1, ADMIN-2, META-1), neither does `begin` where it mints nothing
/// (SIGN-5), nor a call that was refused, unless an import was at fault.
fn must_not_change(call: &Call, answer: &Value) -> bool {
    let function = call.call.as_deref().unwrap_or_default();
    let outcome = answer.get("ok");
    let minted =
        outcome.is_some_and(|it| it.get("challenge").is_some() || it.get("enroll").is_some());
    match answer.get("err") {
        Some(failure) => failure.get("unavailable").is_none(),
        None if function == "sign-in.begin" => !minted,
        None => READS.contains(&function),
    }
}

fn plan(failing: &crate::world::Failing, planned: &Planned) -> Result<(), String> {
    let import: Import = planned
        .import
        .parse()
        .map_err(|_| format!("no import is called {}", planned.import))?;
    let kind = match planned.kind {
        FaultKind::FailBefore => Kind::Before,
        FaultKind::FailAfter => Kind::After,
        FaultKind::Conflict => Kind::Conflict,
    };
    failing.plan(import, kind, planned.on, planned.times);
    Ok(())
}

/// Reads a length of time: a number of seconds, or a text such as `30s`, `15m`, `12h`, `4d`.
fn seconds(wait: &Value) -> Result<u64, String> {
    if let Some(seconds) = wait.as_u64() {
        return Ok(seconds);
    }
    let text = wait.as_str().unwrap_or_default();
    let malformed = || format!("{wait} is no length of time");
    let place = text.len().checked_sub(1).ok_or_else(malformed)?;
    let (number, unit) = text.split_at_checked(place).ok_or_else(malformed)?;
    let number: u64 = number.parse().map_err(|_| malformed())?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(malformed()),
    };
    number.checked_mul(unit).ok_or_else(malformed)
}

/// Functions that send, and note that they did not.
const SENDS: [&str; 3] = [
    "enrollment.begin-sms",
    "enrollment.resend",
    "verification.send-code",
];

/// Functions that only read.
const READS: [&str; 6] = [
    "administration.preview",
    "administration.status",
    "meta.describe",
    "policy.get",
    "sign-in.assess",
    "sign-in.inspect",
];
