//! The real thing, driven beside the reference.
//!
//! A fault leaves no doubt about the state: the world says whether it really happened, and a fault *after* a commit is
//! one after which the change is there and its answer lost. So there is one possible state at any time, which status and
//! records are compared with after each call. Two calls at once have two; whichever agrees with everything is taken.

mod arguments;
mod judgement;
mod records;

use std::rc::Rc;
use std::sync::Arc;

use countersign_conformance::subject::{Core, Instance, Subject};
use countersign_conformance::world::{Import, Kind};
use countersign_conformance::{World, pattern};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use self::judgement::{Outcome, fail, judge};
use crate::command::{Call, Command, Fault, USERS, Which, Who};
use crate::forecast::Lesson;
use crate::guessing::Guessing;
use crate::history::{History, Made, State, Step};
use crate::invariants;
use crate::reference::{Act, Bearer, Over, Reference, Typed};
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
            Command::Guess(user, wrong) => {
                let mut guessing = Guessing::new(*user, *wrong);
                while let Some(command) = guessing.next(&self.reference) {
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
            Command::Restart => self.instance = Core.start(&self.world),
            Command::RotateKeys => self.world.keyring().rotate(),
        }
    }

    fn alone(&mut self, call: &Call, fault: Option<Fault>) {
        let act = self.reference.resolve(call);
        if self.is_ambiguous(&act) {
            return;
        }
        let args = self.arguments(&act);
        let before = Rc::clone(&self.state);
        self.arrange(fault);
        let answer = self.call(call.function(), &args);
        let fault = self
            .clear(fault)
            .filter(|fault| !self.is_forestalled(*fault, call, &answer));
        let mut next = self.reference.clone();
        let forecast = next.perform(&act);
        let outcome = judge(&answer, &forecast, fault);
        let mut why = Ok(());
        match &outcome {
            Ok(Outcome::Answered) => {
                why = self.learn(&mut next, &forecast.learns, &answer);
                self.reference = next;
            }
            Ok(Outcome::Lost) => {
                tally::note("an answer was lost, not the change".to_owned());
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
        self.note(before, vec![made], fault, why);
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

        let start = self.reference.clone();
        let mut reasons = Vec::new();
        let mut agreed = false;
        for order in [[0, 1], [1, 0]] {
            let mut next = start.clone();
            let mut crowded = Vec::new();
            let mut lessons = Vec::new();
            let matched = order.iter().try_for_each(|place| {
                let forecast = next.perform(&acts[*place]);
                judge(&answers[*place], &forecast, None)?;
                crowded.extend(forecast.crowded);
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
        self.note(before, made.collect(), None, why);
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
        calls: Vec<Made>,
        fault: Option<Fault>,
        agreed: Result<(), String>,
    ) {
        self.history.steps.push(Step {
            now: self.reference.now,
            calls,
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
                if app.counts.disabled {
                    tally::note("the app is disabled".to_owned());
                }
                if app.counts.streak == 0 && app.counts.unredeemed_at(step.now) > 0 {
                    tally::note("a success left something unredeemed".to_owned());
                }
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
    fn is_forestalled(&self, fault: Fault, call: &Call, answer: &Value) -> bool {
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
            && call.user().is_some_and(collects)
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

    /// Compares the tickets that are kept with those that are good, and takes over what the contract leaves open: which
    /// of several had to go, and whether one whose time was over is good again after the clock went back.
    fn settle(&mut self, crowded: &[usize]) -> Result<(), String> {
        if !crowded.is_empty() {
            tally::note("a ticket was crowded out".to_owned());
        }
        for user in 0..USERS {
            let live = &self.state.people[user].tickets.live;
            let is_kept = |number: usize| {
                let text = self.secrets.tickets.get(&number);
                text.map(|text| live.iter().any(|it| text.starts_with(&it.id)))
            };
            let mut gone = Vec::new();
            for number in 0..self.reference.tickets.len() {
                let ticket = &self.reference.tickets[number];
                if ticket.owner != user {
                    continue;
                }
                let is_good = ticket.is_good(self.reference.now);
                match is_kept(number) {
                    Some(false) if ticket.over.is_none() && !is_good => {
                        gone.push((number, Some(Over::Expired)));
                    }
                    Some(false) if is_good && crowded.contains(&number) => {
                        gone.push((number, Some(Over::Spent)));
                    }
                    Some(true) if crowded.contains(&number) => gone.push((number, None)),
                    Some(false) if is_good => {
                        return Err(format!("a good ticket of {} is not kept", name(user)));
                    }
                    Some(true) if ticket.over.is_some() => {
                        return Err(format!("a ticket of {} that is over is kept", name(user)));
                    }
                    _ => {}
                }
            }
            for (number, over) in gone {
                self.reference.tickets[number].over = over;
            }
        }
        // One whose answer was lost can be the one that went, and nobody has its text to look for it.
        let owner = crowded.first().map(|it| self.reference.tickets[*it].owner);
        if let Some(owner) = owner
            && self.reference.good(owner).len() > 16
        {
            let tickets = &mut self.reference.tickets;
            let lost = crowded.iter().find(|it| !tickets[**it].known);
            match lost {
                Some(lost) => tickets[*lost].over = Some(Over::Spent),
                None => return Err("TICKET-5: more than 16 tickets are good".to_owned()),
            }
        }
        Ok(())
    }

    /// Compares users' status and records with the reference. Others were not touched (S-12).
    fn agree(&self, users: &[Option<Who>], first: usize) -> Result<(), String> {
        for user in users.iter().copied().flatten() {
            let call = Call::Status(user);
            let expected = self
                .reference
                .clone()
                .perform(&self.reference.resolve(&call));
            let status = self.call(call.function(), &json!({ "user": name(user) }));
            pattern::check(&expected.answers[0], &status)
                .map_err(|why| format!("status of {}: {why}", name(user)))?;
            self.records_agree(user, first)?;
        }
        Ok(())
    }

    /// Whether a typed code is, by chance, that of a step that it is not meant to be of: one in a million.
    fn is_ambiguous(&self, act: &Act) -> bool {
        let key = match (&act.call, act.bearer) {
            (Call::Verify(user, ..), _) => {
                let app = self.reference.people[*user].app.as_ref();
                app.map(|it| it.key)
            }
            (Call::Confirm(..), Bearer::Minted(number)) => {
                let pending = self.reference.tickets[number].pending.as_ref();
                pending.map(|it| it.key)
            }
            _ => None,
        };
        let Some((key, app)) = key.and_then(|key| Some((key, self.secrets.app(key)?))) else {
            return false;
        };
        let now = self.reference.now;
        let text = self.secrets.typed(act.typed, now);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let current = self.reference.step(key);
        [-1, 0, 1].into_iter().any(|offset| {
            let meant = matches!(act.typed, Typed::Of { key: of, step, .. }
                if of == key && step == current.saturating_add_signed(offset));
            (app.code_near(now, offset) == digits) != meant
        })
    }
}
