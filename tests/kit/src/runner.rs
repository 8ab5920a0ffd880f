//! Runs a case against a subject.

mod needs;
mod race;
mod state;
mod sweep;
mod terms;
mod trace;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

pub use self::needs::{functions, needs};
pub use self::terms::Terms;
pub use self::trace::Moment;
use crate::case::{Call, Case, Cases, Planned, Step, Variables};
use crate::expression::look_up;
use crate::lab::{Ability, Control, Lab};
use crate::pattern;
use state::State;
use trace::Trace;

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What.
    pub outcome: Outcome,
    /// What was done and seen: of a case that runs for several sets of variables, for the last that was run.
    pub trace: Vec<Moment>,
    /// The place of that set among the case's, from 0; the sets before it passed. 0 where there are none.
    pub set: usize,
}

/// Whether a case passed.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Everything was as it must be.
    Passed,
    /// It was not run, since the lab cannot do all that it needs.
    Skipped {
        /// What is missing.
        missing: Vec<Ability>,
    },
    /// It was not run, since it has calls race, and the lab makes them one after another, although it claims to do
    /// otherwise: nothing is shown by such a race.
    Apart,
    /// Something was not as it must be.
    Failed(Failed),
}

/// Why a case was skipped with [`Outcome::Apart`].
pub const APART: &str = "the lab made the calls of a race one after another";

/// Where a case failed, and how.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Which step: `start`, `3`, `3.2`.
    pub step: String,
    /// What was expected there, and what was found.
    pub why: String,
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

impl Ran {
    /// Of a case of which there is nothing to tell.
    pub(crate) fn untold(outcome: Outcome) -> Self {
        Self {
            outcome,
            trace: Vec::new(),
            set: 0,
        }
    }

    /// Makes an error of everything but a pass.
    ///
    /// # Errors
    ///
    /// Where the case failed and how, or what the lab could not do.
    pub fn passed(&self) -> Result<(), Failed> {
        match &self.outcome {
            Outcome::Passed => Ok(()),
            Outcome::Skipped { missing } => {
                let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
                let why = format!("skipped, the lab lacks {}", missing.join(", "));
                Err(Failed::at("start", why))
            }
            Outcome::Apart => Err(Failed::at("start", format!("skipped, {APART}"))),
            Outcome::Failed(failed) => Err(failed.clone()),
        }
    }
}

/// Runs a case in a lab, once for each set of its variables.
pub async fn run(cases: &Cases, case: &Case, lab: &dyn Lab) -> Ran {
    run_on(cases, case, lab, Terms::default()).await
}

/// Runs a case in a lab as [`run`] does, on terms. It fails when its time is over.
///
/// What runs in the lab ends when it is next waited for; a plugin's own time is the lab's to limit.
pub async fn run_on(cases: &Cases, case: &Case, lab: &dyn Lab, terms: Terms) -> Ran {
    let missing: BTreeSet<Ability> = needs(cases, case);
    let missing: Vec<Ability> = missing.difference(lab.abilities()).copied().collect();
    if !missing.is_empty() {
        return Ran::untold(Outcome::Skipped { missing });
    }
    let trace = Trace::default();
    let set = AtomicUsize::new(0);
    let at = Place {
        cases,
        case,
        lab,
        terms,
    };
    let ran = tokio::time::timeout(terms.most, run_all(at, &trace, &set)).await;
    let trace = trace.take();
    let outcome = match ran {
        Ok(Ok(())) => Outcome::Passed,
        Ok(Err(failed)) => Outcome::Failed(failed),
        Err(_) => {
            let place = trace.last().map_or("start", |it| &it.place);
            let why = format!("not done after {} s", terms.most.as_secs_f64());
            Outcome::Failed(Failed::at(place, why))
        }
    };
    Ran {
        outcome,
        trace,
        set: set.into_inner(),
    }
}

async fn run_all(at: Place<'_>, trace: &Trace, set: &AtomicUsize) -> Result<(), Failed> {
    if at.case.each.is_empty() {
        return run_once(at, &Variables::new(), trace).await;
    }
    for (i, row) in at.case.each.iter().enumerate() {
        set.store(i, Ordering::Relaxed);
        let ran = run_once(at, row, trace).await;
        ran.map_err(|failed| Failed {
            step: format!("{} with each[{i}] {}", failed.step, json!(row)),
            why: failed.why,
        })?;
    }
    Ok(())
}

async fn run_once(at: Place<'_>, row: &Variables, trace: &Trace) -> Result<(), Failed> {
    let mut run = Run::begin(at, row, trace).await?;
    for (i, step) in at.case.step.iter().enumerate() {
        let name = i.saturating_add(1).to_string();
        if !step.sweep.is_empty() {
            let before = trace.take();
            sweep::sweep(at, row, i, trace).await?;
            trace.put(before);
        }
        run.step(&name, step).await?;
    }
    Ok(())
}

/// Which case is run, and where.
#[derive(Clone, Copy)]
struct Place<'a> {
    cases: &'a Cases,
    case: &'a Case,
    lab: &'a dyn Lab,
    terms: Terms,
}

/// A case under way.
struct Run<'a> {
    cases: &'a Cases,
    state: State,
    trace: Trace,
}

impl<'a> Run<'a> {
    /// Begins a case, and makes its start.
    async fn begin(at: Place<'a>, row: &Variables, trace: &Trace) -> Result<Self, Failed> {
        trace.take();
        let state = State::begin(at.lab, row, at.terms).await;
        let mut run = Self {
            cases: at.cases,
            state: state.map_err(|why| Failed::at("start", why))?,
            trace: trace.clone(),
        };
        for name in &at.case.start {
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
        self.trace.add(Moment {
            place: place.to_owned(),
            ..Moment::default()
        });
        if step.race.is_some() {
            self.surround(step).await.map_err(failed)?;
            self.race(step).await.map_err(failed)?;
        } else if let Some(call) = step.own_call() {
            for i in 0..step.times.unwrap_or(1) {
                self.state.set("i", &json!(i)).map_err(failed)?;
                self.surround(step).await.map_err(failed)?;
                self.call(step, &call)
                    .await
                    .map_err(|why| match step.times {
                        Some(_) => Failed::at(&format!("{place} for i = {i}"), why),
                        None => failed(why),
                    })?;
            }
        } else {
            self.surround(step).await.map_err(failed)?;
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
            Some(expected) => {
                self.trace
                    .amend(|it| it.expected_events = Some(expected.clone()));
                self.state.check_events(expected).map_err(failed)
            }
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
    async fn surround(&mut self, step: &Step) -> Result<(), String> {
        if let Some(at) = &step.at {
            let at = self.state.resolve(at)?;
            let at = at.as_u64().ok_or(format!("{at} is no time"))?;
            self.turn(Control::Clock { at }).await?;
        }
        if let Some(wait) = &step.wait {
            let wait = self.state.resolve(&json!(wait))?;
            self.trace.amend(|it| it.did.push(format!("waited {wait}")));
            self.state.wait(seconds(&wait)?).await?;
        }
        if let Some(clock) = &step.clock {
            let fails = clock == "fails";
            self.turn(Control::ClockFails { fails }).await?;
        }
        if let Some(random) = &step.random {
            let mode = self.text(random)?;
            self.turn(Control::Random { mode }).await?;
        }
        match step.line.as_deref() {
            None => {}
            Some(line @ ("refuses" | "works")) => {
                let refuses = line == "refuses";
                self.turn(Control::Line { refuses }).await?;
            }
            Some(other) => return Err(format!("no phone line is called {other}")),
        }
        for fate in &step.fates {
            let fate = self.text(fate)?;
            self.turn(Control::Fate { fate }).await?;
        }
        if step.rotate_keys {
            self.turn(Control::RotateKeys).await?;
        }
        if let Some(tamper) = &step.tamper {
            let how = self.text(&tamper.how)?;
            self.turn(Control::Tamper {
                record: tamper.record.clone(),
                of: tamper.of.clone(),
                how,
                from: None,
            })
            .await?;
        }
        if step.restart {
            self.turn(Control::Restart).await?;
        }
        if step.look {
            self.state.look();
        }
        for (name, value) in &step.set {
            self.state.set(name, value)?;
        }
        Ok(())
    }

    /// Does something to the world, and notes it.
    async fn turn(&mut self, control: Control) -> Result<(), String> {
        let did = json!(control).to_string();
        self.trace.amend(|it| it.did.push(did));
        self.state.turn(control).await
    }

    fn text(&self, text: &str) -> Result<String, String> {
        match self.state.resolve(&json!(text))? {
            Value::String(text) => Ok(text),
            other => Err(format!("{text} is no text, but {other}")),
        }
    }

    async fn plan(&mut self, planned: &Planned) -> Result<(), String> {
        self.turn(Control::Fault {
            import: planned.import.clone(),
            on: planned.on,
            times: planned.times,
            kind: planned.kind,
        })
        .await
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

    /// Makes a call that is complete, and returns its answer.
    async fn ask(&mut self, call: &Call) -> Result<Value, String> {
        let function = call.call.as_deref().ok_or("the call names no function")?;
        let args = self.state.arguments(call)?;
        self.trace
            .amend(|it| it.calls.push((function.to_owned(), args.clone())));
        let noted = self.state.events();
        let answer = self.state.call(function, &args).await?;
        let events = self.state.events_since(noted);
        self.trace.amend(|it| {
            it.answers.push(answer.clone());
            it.events.extend(events);
        });
        Ok(answer)
    }

    /// Compares an answer with what is expected of it.
    fn check(&self, expected: &Value, answer: &Value) -> Result<(), String> {
        let expected = self.state.resolve(expected)?;
        self.trace.amend(|it| it.expected = Some(expected.clone()));
        pattern::check(&expected, answer)
    }

    async fn call(&mut self, step: &Step, call: &Call) -> Result<(), String> {
        let call = self.complete(call)?;
        if let Some(planned) = &step.fault {
            self.plan(planned).await?;
        }
        let before = self.state.snapshot();
        let called = self.ask(&call).await;
        if step.fault.is_some() && self.state.end_fault().await? == 0 {
            return Err("the fault that was planned never happened".to_owned());
        }
        let answer = called?;
        if let Some(expected) = &call.expect {
            self.check(expected, &answer)?;
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
