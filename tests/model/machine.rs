//! The real thing, driven beside the reference.
//!
//! A fault leaves no doubt about the state: the world says whether it really happened, and a fault *after* a commit is
//! one after which the change is there and its answer lost. So there is one possible state at any time, which status and
//! records are compared with after each call. Two calls at once have two; whichever agrees with everything is taken.

mod arguments;
mod judgement;
mod records;
mod settling;
mod texts;

use std::rc::Rc;
use std::sync::Arc;

use countersign_conformance::World;
use countersign_conformance::world::{Import, Kind};
use countersign_conformance::{Instance, Subject};
use countersign_host::sms::Message;
use countersign_tests::subject::Core;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use self::judgement::{Outcome, fail, judge};
use self::texts::{is_after_sending, went_out};
use crate::command::{Call, Command, Fault, Line, Method, USERS, Which};
use crate::forecast::{Forecast, Lesson, Outgoing};
use crate::guessing::{Guessing, steps};
use crate::history::{History, Made, State, Step};
use crate::invariants;
use crate::reference::Reference;
use crate::secrets::{Secrets, name};
use crate::tally;

/// A world, the core in it, and the reference.
pub(crate) struct Machine {
    world: World,
    instance: Arc<dyn Instance>,
    runtime: Runtime,
    pub(crate) reference: Reference,
    secrets: Secrets,
    history: History,
    state: Rc<State>,
    /// How many messages went out so far.
    messages: usize,
    /// The newest version of a counter, and the sum of the reference's, when they were last compared.
    counted: (Option<u64>, u64),
}

impl Machine {
    /// Makes a world, and puts the policies of the reference in it.
    pub(crate) fn new(reference: &Reference) -> Self {
        let world = World::new(1);
        let runtime = Builder::new_current_thread().enable_time().build();
        let mut machine = Self {
            instance: Core.start(&world),
            runtime: runtime.expect("a runtime starts"),
            reference: Reference::new(World::START),
            secrets: Secrets::new(),
            history: History::default(),
            state: State::of(&world, None),
            messages: 0,
            counted: (None, 0),
            world,
        };
        for (owner, (policy, _)) in &reference.policies {
            machine.alone(
                &Call::Put(crate::command::Put {
                    owner: *owner,
                    policy: policy.clone(),
                    current: true,
                    enforce_now: true,
                }),
                None,
            );
        }
        machine
    }

    /// Does what a command says, and compares.
    pub(crate) fn apply(&mut self, command: &Command) {
        match command {
            Command::Do(call) => self.alone(call, None),
            Command::Under(fault, call) => self.alone(call, Some(*fault)),
            Command::Together(one, other) => self.together(one, other),
            Command::Guess(user, method, wrong) => {
                let mut guessing = Guessing::new(*user, *method, *wrong);
                while let Some(command) = guessing.next(&self.reference) {
                    self.apply(&command);
                }
            }
            Command::Script(user, script) => {
                for command in steps(*user, *script) {
                    self.apply(&command);
                }
            }
            Command::Flood(user, times) => {
                for _ in 0..*times {
                    self.alone(&crate::guessing::sign_in(*user), None);
                }
            }
            Command::Stranger(function) => self.stranger(*function),
            Command::Wait(_) | Command::Back(_) => {
                self.reference.tick(command);
                self.world.clock().set(self.reference.now);
            }
            Command::Line(line) => {
                self.reference.tick(command);
                self.world.line().refuse_all(*line == Line::Refuses);
            }
            Command::Destine(fate) => {
                self.reference.tick(command);
                self.world.line().destine(*fate);
            }
            Command::Restart => self.instance = Core.start(&self.world),
            Command::RotateKeys => self.world.keyring().rotate(),
        }
    }

    fn alone(&mut self, call: &Call, fault: Option<Fault>) {
        let act = self.reference.resolve(call);
        if self.is_ambiguous(&act) {
            return;
        }
        // Where the store collects first, the first commit is lost, and the second is not the one that is meant.
        let collects = |user| self.state.is_collectable(user, self.reference.now);
        let is_moved = is_after_sending(fault) && call.user().is_some_and(collects);
        let fault = fault.filter(|_| !is_moved);
        let args = self.arguments(&act);
        let before = Rc::clone(&self.state);
        self.arrange(fault);
        let answer = self.call(call.function(), &args);
        let mut next = self.reference.clone();
        let forecast = next.perform(&act);
        let fault = self
            .clear(fault)
            .filter(|fault| !self.is_forestalled(*fault, call, &forecast, &answer));
        let outcome = judge(&answer, &forecast, fault);
        let messages = self.messages_from(self.messages);
        self.messages += messages.len();
        let sends = outcome.as_ref().is_ok_and(|it| went_out(*it, fault));
        let outgoing = forecast.outgoing.as_ref().filter(|_| sends);
        let outgoing: Vec<Outgoing> = outgoing.cloned().into_iter().collect();
        let mut why = self.heard(&mut next, &outgoing, &messages);
        match &outcome {
            Ok(Outcome::Answered) => {
                let learned = self.learn(&mut next, &forecast.learns, &answer);
                why = why.and(learned);
                self.reference = next;
            }
            Ok(Outcome::Lost) => {
                tally::note("an answer was lost, not the change".to_owned());
                if outgoing.is_empty() {
                    // Nobody got as far as to send.
                    next.fates = self.reference.fates.clone();
                } else {
                    tally::note("an answer was lost, not the message".to_owned());
                }
                self.reference = next;
            }
            Ok(Outcome::Nothing) => {}
            Err(differs) => why = Err(differs.clone()),
        }
        self.state = State::of(&self.world, Some(&before));
        let crowded = match outcome {
            Ok(Outcome::Nothing) => Vec::new(),
            _ => forecast.crowded,
        };
        let why = why
            .and_then(|()| self.settle(&crowded))
            .and_then(|()| self.agree(&[call.user()], usize::MAX));
        let made = Made {
            function: call.function(),
            user: call.user(),
            args,
            answer,
        };
        self.note(before, (vec![made], messages), fault, why);
    }

    /// Two calls at once: what they answer, and leave, must be what some order of them would.
    fn together(&mut self, one: &Call, other: &Call) {
        let acts = [self.reference.resolve(one), self.reference.resolve(other)];
        if acts.iter().any(|act| self.is_ambiguous(act)) {
            return;
        }
        let args = [self.arguments(&acts[0]), self.arguments(&acts[1])];
        let before = Rc::clone(&self.state);
        self.world.store().meet(2);
        let instance = Arc::clone(&self.instance);
        let (first, second) = self.runtime.block_on(async {
            tokio::join!(
                instance.call(one.function(), &args[0]),
                instance.call(other.function(), &args[1]),
            )
        });
        let answers = [first, second].map(|it| it.expect("the arguments fit"));
        self.state = State::of(&self.world, Some(&before));
        let messages = self.messages_from(self.messages);
        self.messages += messages.len();

        let start = self.reference.clone();
        let mut reasons = Vec::new();
        let mut agreed = false;
        for order in [[0, 1], [1, 0]] {
            let mut next = start.clone();
            let mut crowded = Vec::new();
            let mut lessons = Vec::new();
            let mut outgoing = Vec::new();
            let matched = order.iter().try_for_each(|place| {
                let forecast = next.perform(&acts[*place]);
                judge(&answers[*place], &forecast, None)?;
                crowded.extend(forecast.crowded);
                outgoing.extend(forecast.outgoing);
                lessons.extend(forecast.learns.into_iter().map(|it| (it, *place)));
                Ok::<(), String>(())
            });
            if let Err(why) = matched {
                reasons.push(why);
                continue;
            }
            let secrets = self.secrets.clone();
            let learned = lessons.iter().try_for_each(|(lesson, place)| {
                self.learn(&mut next, std::slice::from_ref(lesson), &answers[*place])
            });
            let learned = learned.and_then(|()| self.heard(&mut next, &outgoing, &messages));
            self.reference = next;
            match learned
                .and_then(|()| self.settle(&crowded))
                .and_then(|()| self.agree(&[one.user(), other.user()], start.tickets.len()))
            {
                Ok(()) => {
                    tally::note(format!("two at once, {} first", order[0] + 1));
                    agreed = true;
                    break;
                }
                Err(why) => reasons.push(why),
            }
            self.secrets = secrets;
        }
        let why = match agreed {
            true => Ok(()),
            false => Err(format!(
                "S-16: two calls at once equal no order of them: {reasons:?}"
            )),
        };
        let made = [one, other].into_iter().zip(args).zip(answers);
        let made = made.map(|((call, args), answer)| Made {
            function: call.function(),
            user: call.user(),
            args,
            answer,
        });
        self.note(before, (made.collect(), messages), None, why);
    }

    /// S-13: without the first factor, and so without a ticket, nobody learns anything about anybody.
    fn stranger(&mut self, function: usize) {
        let calls = arguments::with_a_ticket(0, Which::Nonsense);
        let call = &calls[function % calls.len()];
        let mut args = self.arguments(&self.reference.resolve(call));
        let before = Rc::clone(&self.state);
        let mut answers = Vec::new();
        for user in (0..USERS).map(name).chain(["nobody"]) {
            args["user"] = json!(user);
            answers.push(self.call(call.function(), &args));
        }
        self.state = State::of(&self.world, Some(&before));
        if let Err(why) = invariants::s_13_a_stranger_tells_nobody_apart(&answers) {
            fail(&why, &[(call.function(), &args, &json!(answers))]);
        }
        if before.versions != self.state.versions {
            fail("S-13: a stranger changed something", &[]);
        }
    }

    /// Notes what happened, and ends the test if an invariant is broken or the reference was not agreed with.
    fn note(
        &mut self,
        before: Rc<State>,
        (calls, messages): (Vec<Made>, Vec<Message>),
        fault: Option<Fault>,
        agreed: Result<(), String>,
    ) {
        self.history.steps.push(Step {
            now: self.reference.now,
            calls,
            messages,
            fault,
            after: Rc::clone(&self.state),
            events: self.world.store().events_from(before.events),
            before,
        });
        self.tally();
        let broken = invariants::ALL.iter().filter_map(|invariant| {
            let found = invariant(&self.history, &self.secrets);
            found.err()
        });
        let why: Vec<String> = broken.chain(agreed.err()).collect();
        if !why.is_empty() {
            let step = self.history.steps.last().expect("it was just pushed");
            let calls: Vec<_> = step
                .calls
                .iter()
                .map(|it| (it.function, &it.args, &it.answer))
                .collect();
            fail(&why.join("\n"), &calls);
        }
    }

    fn tally(&self) {
        let step = self.history.steps.last().expect("it was just pushed");
        for made in &step.calls {
            tally::count(made.function, &made.answer);
        }
        for person in &self.reference.people {
            if person.suspect {
                tally::note("the first factor is suspect".to_owned());
            }
            if person.user_wide.rest_until > Some(step.now) {
                tally::note("everything rests".to_owned());
            }
            if let Some(app) = &person.app {
                tally::note(format!("the app is number {}", app.key.min(3)));
            }
            if person.methods().count() == 2 {
                tally::note("an app and a phone".to_owned());
            }
            for method in person.methods() {
                let counts = person.counts(method).expect("there is one of each method");
                let factor = if method == Method::Totp {
                    "app"
                } else {
                    "phone"
                };
                if counts.disabled {
                    tally::note(format!("the {factor} is disabled"));
                }
                if counts.streak == 0 && counts.unredeemed_at(step.now) > 0 {
                    tally::note(format!(
                        "a success left something unredeemed of the {factor}"
                    ));
                }
            }
        }
        for message in &step.messages {
            tally::note(format!("a message to {:?}", message.purpose));
        }
        for event in &step.events {
            if event["event"] == "sms-refused" {
                tally::note(format!("refused a message: {}", event["detail"]["why"]));
            }
        }
    }

    fn call(&self, function: &str, args: &Value) -> Value {
        let answer = self.runtime.block_on(self.instance.call(function, args));
        answer.expect("the arguments fit")
    }

    fn arrange(&self, fault: Option<Fault>) {
        match fault {
            None => {}
            Some(Fault::Clock) => self.world.clock().break_down(true),
            Some(Fault::Random(broken)) => self.world.random().break_down(Some(broken)),
            Some(Fault::Import {
                import,
                kind,
                on,
                times,
            }) => self.world.failing().plan(import, kind, on, times),
        }
    }

    /// Ends a fault; returns it if it really happened.
    fn clear(&self, fault: Option<Fault>) -> Option<Fault> {
        self.world.clock().break_down(false);
        self.world.random().break_down(None);
        match (fault, self.world.failing().end()) {
            (Some(Fault::Import { .. }), 0) => None,
            (fault, _) => fault,
        }
    }

    /// Whether the commit that was to be lost never was: the store first collected a record that the call had read, which
    /// is a conflict, and the next commit went well.
    ///
    /// Or a counter was full, which refused it, and there was no commit to be lost.
    fn is_forestalled(
        &self,
        fault: Fault,
        call: &Call,
        forecast: &Forecast,
        answer: &Value,
    ) -> bool {
        let is_lost_commit = matches!(
            fault,
            Fault::Import {
                import: Import::Commit,
                kind: Kind::After,
                ..
            }
        );
        let collects = |user| self.state.is_collectable(user, self.reference.now);
        is_lost_commit
            && (forecast.refused_by_commit || call.user().is_some_and(collects))
            && answer.pointer("/err/unavailable").is_none()
    }

    fn learn(
        &mut self,
        reference: &mut Reference,
        lessons: &[Lesson],
        answer: &Value,
    ) -> Result<(), String> {
        for lesson in lessons {
            self.secrets.learn(lesson, answer)?;
            reference.know(lesson);
        }
        Ok(())
    }
}
