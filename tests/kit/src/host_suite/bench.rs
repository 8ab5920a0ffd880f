//! Where a case stands: a world with the probe in it.

use std::time::Duration;

use serde_json::{Value, json};

use super::script::{Call, account, get};
use crate::host::{Host, Refusal};
use crate::lab::{Control, Lab, Session, View};
use crate::runner::Moment;
use crate::subject::Fault;

/// A world with the probe in it, and what was done there so far.
pub(super) struct Bench<'a> {
    host: &'a dyn Host,
    session: Box<dyn Session>,
    trace: Vec<Moment>,
    /// Something was refused, so that it is worth knowing whether everything is.
    has_refused: bool,
    /// Why the host is gone. A case that takes any failure of a call for a refusal does not see it.
    lost: Option<String>,
    clock_fails: bool,
    random_fails: bool,
}

/// What came of a call.
#[derive(Debug)]
enum Reply {
    /// What each step of the script was answered.
    Answers(Vec<Value>),
    /// The host stopped the call, or answered it itself; in its words.
    Refused(String),
}

impl<'a> Bench<'a> {
    pub(super) async fn begin(host: &'a dyn Host, lab: &dyn Lab) -> Result<Self, String> {
        let session = lab.begin(SEED).await.map_err(|fault| fault.to_string())?;
        Ok(Self {
            host,
            session,
            trace: Vec::new(),
            has_refused: false,
            lost: None,
            clock_fails: false,
            random_fails: false,
        })
    }

    /// Ends a case with what it found. Whoever refused something must not refuse everything; and where the host is gone,
    /// that is what is wrong, whatever the case made of it.
    pub(super) async fn end(&mut self, found: Result<(), String>) -> Result<(), String> {
        if let Some(why) = &self.lost {
            return Err(gone(why));
        }
        found?;
        if !self.has_refused {
            return Ok(());
        }
        if self.clock_fails {
            self.turn(Control::ClockFails { fails: false }).await?;
        }
        if self.random_fails {
            let mode = "works".to_owned();
            self.turn(Control::Random { mode }).await?;
        }
        // No case is about this user.
        let plain = Call::about("quinn", &[], &[get(&[account()])]);
        let answered = self.wants(plain, &json!({ "ok": [null] })).await;
        answered
            .map_err(|why| format!("a plain call of another user, after what was refused: {why}"))
    }

    /// Says which call was made last.
    pub(super) fn step(&self) -> String {
        self.trace.len().to_string()
    }

    pub(super) fn into_trace(self) -> Vec<Moment> {
        self.trace
    }

    /// Makes a call that must be answered, and returns what each step of its script was answered.
    pub(super) async fn answers(&mut self, call: Call) -> Result<Vec<Value>, String> {
        match self.reply(call).await? {
            Reply::Answers(answers) => Ok(answers),
            Reply::Refused(why) => Err(format!("expected an answer, the call was refused: {why}")),
        }
    }

    /// Makes a call that must be answered, and returns what the last step of its script was answered.
    pub(super) async fn answer(&mut self, call: Call) -> Result<Value, String> {
        let answers = self.answers(call).await?;
        answers
            .last()
            .cloned()
            .ok_or_else(|| "no answer".to_owned())
    }

    /// Makes a call whose last step must be answered `{"ok": …}`, and returns what is in it.
    pub(super) async fn ok(&mut self, call: Call) -> Result<Value, String> {
        let answer = self.answer(call).await?;
        match answer.get("ok") {
            Some(it) => Ok(it.clone()),
            None => Err(format!("expected ok, it was {answer}")),
        }
    }

    /// Makes a call whose last step must be answered exactly so.
    pub(super) async fn wants(&mut self, call: Call, expected: &Value) -> Result<(), String> {
        let answer = self.answer(call).await?;
        self.expect(expected);
        is(&answer, expected)
    }

    /// Makes a call whose last step the host must refuse: by stopping the call, or by the import's error.
    ///
    /// `conflict` and `ceiling-reached` are no refusals: they say that the same may be asked for again.
    pub(super) async fn refused(&mut self, call: Call) -> Result<(), String> {
        let answer = match self.reply(call).await? {
            Reply::Refused(_) => return Ok(()),
            Reply::Answers(answers) => answers.last().cloned().unwrap_or_default(),
        };
        self.expect(&json!("a refusal"));
        let refused = answer.get("err").is_some_and(|it| {
            it.is_string() && it != "conflict" || it.get("unavailable").is_some()
        });
        match refused {
            true => {
                self.has_refused = true;
                Ok(())
            }
            false => Err(format!("expected a refusal, it was {answer}")),
        }
    }

    /// As [`refused`](Self::refused), after which everything must lie where it lay.
    pub(super) async fn refused_without_trace(&mut self, call: Call) -> Result<(), String> {
        let before = self.look().await?;
        self.refused(call).await?;
        self.unchanged(&before).await
    }

    /// Makes a call that the host must stop.
    pub(super) async fn stopped(&mut self, call: Call) -> Result<(), String> {
        match self.reply(call).await? {
            Reply::Refused(_) => Ok(()),
            Reply::Answers(answers) => Err(format!(
                "expected the call to be refused, it was answered {}",
                json!(answers)
            )),
        }
    }

    /// Makes calls at once, and returns what the last step of each was answered.
    pub(super) async fn race(&mut self, calls: Vec<Call>) -> Result<Vec<Value>, String> {
        let answers = self.race_whole(calls).await?;
        let last = |it: Vec<Value>| it.last().cloned().unwrap_or_default();
        Ok(answers.into_iter().map(last).collect())
    }

    /// Makes calls at once, and returns what each step of each was answered.
    pub(super) async fn race_whole(&mut self, calls: Vec<Call>) -> Result<Vec<Vec<Value>>, String> {
        let calls: Vec<(String, Value)> = calls
            .into_iter()
            .map(|it| (it.function.to_owned(), it.args))
            .collect();
        self.trace.push(Moment {
            place: self.next(),
            calls: calls.clone(),
            ..Moment::default()
        });
        let answers = match tokio::time::timeout(PATIENCE, self.session.race(calls)).await {
            Ok(answers) => answers.map_err(|fault| fault.to_string())?,
            Err(_) => return Err(gone(NO_END)),
        };
        self.amend(|it| it.answers.clone_from(&answers));
        let mut all = Vec::with_capacity(answers.len());
        for answer in answers {
            match read(&answer)? {
                Reply::Answers(answers) => all.push(answers),
                Reply::Refused(why) => {
                    return Err(format!("expected an answer, a call was refused: {why}"));
                }
            }
        }
        Ok(all)
    }

    /// Does something to the world.
    pub(super) async fn turn(&mut self, control: Control) -> Result<(), String> {
        self.trace.push(Moment {
            place: self.next(),
            did: vec![json!(control).to_string()],
            ..Moment::default()
        });
        match &control {
            Control::ClockFails { fails } => self.clock_fails = *fails,
            Control::Random { mode } => self.random_fails = mode != "works",
            _ => {}
        }
        let turned = self.session.turn(&control).await;
        turned.map_err(|fault| format!("the lab: {fault}"))
    }

    /// Ends a fault that was planned, which must have happened.
    pub(super) async fn end_fault(&mut self) -> Result<(), String> {
        let fired = self.session.end_fault().await;
        match fired.map_err(|fault| format!("the lab: {fault}"))? {
            0 => Err("the fault that was planned never happened".to_owned()),
            _ => Ok(()),
        }
    }

    /// Shows what lies in the world.
    pub(super) async fn look(&mut self) -> Result<View, String> {
        let view = self.session.look(0).await;
        let mut view = view.map_err(|fault| format!("the lab: {fault}"))?;
        // What a host notes for itself is its own affair.
        view.records.retain(|it| !it.of.starts_with("host_"));
        view.records
            .sort_by(|a, b| (&a.record, &a.of).cmp(&(&b.record, &b.of)));
        Ok(view)
    }

    /// Compares what lies in the world with what lay there.
    pub(super) async fn unchanged(&mut self, before: &View) -> Result<(), String> {
        let now = self.look().await?;
        if now.records != before.records {
            return Err("expected that nothing changes, records did".to_owned());
        }
        if now.events.len() != before.events.len() {
            return Err("expected that nothing changes, an event came".to_owned());
        }
        match now.messages.len() == before.messages.len() {
            true => Ok(()),
            false => Err("expected that nothing changes, a message went out".to_owned()),
        }
    }

    /// Has the host load another component.
    pub(super) async fn load(&mut self, component: &[u8]) -> Result<(), Refusal> {
        let loaded = self.host.load(component).await.map(|_| ());
        self.has_refused |= loaded.is_err();
        loaded
    }

    async fn reply(&mut self, call: Call) -> Result<Reply, String> {
        self.trace.push(Moment {
            place: self.next(),
            calls: vec![(call.function.to_owned(), call.args.clone())],
            ..Moment::default()
        });
        let calling = self.session.call(call.function, &call.args);
        let answer = match tokio::time::timeout(PATIENCE, calling).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(Fault::Stopped(why))) => {
                self.amend(|it| it.did.push(format!("the host refused: {why}")));
                self.has_refused = true;
                return Ok(Reply::Refused(why));
            }
            Ok(Err(Fault::Gone(why))) => {
                let said = gone(&why);
                self.lost.get_or_insert(why);
                return Err(said);
            }
            Err(_) => {
                self.lost.get_or_insert_with(|| NO_END.to_owned());
                return Err(gone(NO_END));
            }
        };
        self.amend(|it| it.answers.push(answer.clone()));
        let reply = read(&answer)?;
        self.has_refused |= matches!(reply, Reply::Refused(_));
        Ok(reply)
    }

    fn next(&self) -> String {
        self.trace.len().saturating_add(1).to_string()
    }

    fn expect(&mut self, expected: &Value) {
        self.amend(|it| it.expected = Some(expected.clone()));
    }

    fn amend(&mut self, amend: impl FnOnce(&mut Moment)) {
        if let Some(last) = self.trace.last_mut() {
            amend(last);
        }
    }
}

/// Compares two values.
pub(super) fn is(actual: &Value, expected: &Value) -> Result<(), String> {
    match actual == expected {
        true => Ok(()),
        false => Err(format!("expected {expected}, it was {actual}")),
    }
}

/// Says that there was neither an answer nor a refusal.
fn gone(why: &str) -> String {
    format!("expected an answer or a refusal: {why}")
}

/// Makes an error of what does not hold.
pub(super) fn holds(it: bool, expected: &str) -> Result<(), String> {
    match it {
        true => Ok(()),
        false => Err(format!("expected {expected}")),
    }
}

/// Reads what a host answered for the probe.
fn read(answer: &Value) -> Result<Reply, String> {
    let failure = answer
        .get("err")
        .ok_or_else(|| format!("the probe says everything in an err, it was {answer}"))?;
    let Some(said) = failure.get("other").and_then(Value::as_str) else {
        return Ok(Reply::Refused(failure.to_string()));
    };
    let answers: Vec<Value> = serde_json::from_str(said)
        .map_err(|_| format!("the probe's answer did not come through whole: {said}"))?;
    match answers.iter().find(|it| it.get("malformed").is_some()) {
        Some(malformed) => Err(format!("the probe could not read its script: {malformed}")),
        None => Ok(Reply::Answers(answers)),
    }
}

/// One seed for all cases: no case is about what is drawn.
const SEED: u64 = 1;
/// Longer than any host should let a call run.
const PATIENCE: Duration = Duration::from_secs(90);
const NO_END: &str = "no answer within 90 seconds";
