//! Which commands come, and how often: likely ones that lead on from where the users are, and any at all.

mod arguments;
mod likely;

use countersign_conformance::World;
use countersign_conformance::world::{Import, Kind};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

use self::arguments::{call, fate, fault, policy, text_fault, wait};
use self::likely::{likely, likely_calls};
use crate::command::{Call, Command, Dialled, Fault, Line, Method, USERS, Which};
use crate::guessing::{Guessing, sign_in, steps};
use crate::reference::Reference;
use crate::reference::policy::Owner;

/// The reference as what decides on sequences of commands.
///
/// Of a fault it supposes that it happens. Where it does not, what follows was chosen for a state that never was, and
/// means something all the same.
pub(crate) struct Sequences;

impl ReferenceStateMachine for Sequences {
    type State = Reference;
    type Transition = Command;

    fn init_state() -> BoxedStrategy<Reference> {
        (
            policy(World::START),
            proptest::option::of(policy(World::START)),
        )
            .prop_map(|(acme, default)| {
                let mut reference = Reference::new(World::START);
                reference.policies.insert(Owner::Acme, (acme, 1));
                if let Some(default) = default {
                    reference.policies.insert(Owner::Default, (default, 1));
                }
                reference
            })
            .boxed()
    }

    fn transitions(state: &Reference) -> BoxedStrategy<Command> {
        let now = state.now;
        prop_oneof![
            44 => select(likely(state)),
            34 => call(now).prop_map(Command::Do),
            8 => (fault(), prop_oneof![2 => select(likely_calls(state)), 1 => call(now)])
                .prop_map(|(fault, call)| Command::Under(fault, call)),
            3 => (text_fault(), select(texts(state)))
                .prop_map(|(fault, call)| Command::Under(fault, call)),
            7 => (racer(state), racer(state)).prop_map(|(one, other)| Command::Together(one, other)),
            8 => wait().prop_map(Command::Wait),
            2 => (1..200_u64).prop_map(Command::Back),
            2 => (0..USERS, select(vec![4, 4, 10, 10, 20, 100]))
                .prop_map(|(user, wrong)| Command::Guess(user, Method::Totp, wrong)),
            1 => (0..USERS, select(vec![4, 4, 10, 10, 20, 100]))
                .prop_map(|(user, wrong)| Command::Guess(user, Method::Sms, wrong)),
            1 => select(vec![Line::Works, Line::Works, Line::Works, Line::Refuses])
                .prop_map(Command::Line),
            3 => fate().prop_map(Command::Destine),
            1 => (0..USERS, select(vec![3, 17])).prop_map(|(user, times)| Command::Flood(user, times)),
            2 => (0..14_usize).prop_map(Command::Stranger),
            1 => Just(Command::Restart),
            1 => Just(Command::RotateKeys),
        ]
        .boxed()
    }

    fn apply(mut state: Reference, command: &Command) -> Reference {
        match command {
            Command::Do(call) => perform(&mut state, call),
            Command::Under(fault, call) => {
                let happens = matches!(fault, Fault::Import { import: Import::Commit, kind, on, .. }
                    if *kind != Kind::Before || *on == 2);
                if happens {
                    perform(&mut state, call);
                }
            }
            Command::Together(one, other) => {
                perform(&mut state, one);
                perform(&mut state, other);
            }
            Command::Guess(user, method, wrong) => {
                let mut guessing = Guessing::new(*user, *method, *wrong);
                while let Some(command) = guessing.next(&state) {
                    state = Self::apply(state, &command);
                }
            }
            Command::Script(user, script) => {
                for command in steps(*user, *script) {
                    state = Self::apply(state, &command);
                }
            }
            Command::Flood(user, times) => {
                for _ in 0..*times {
                    perform(&mut state, &sign_in(*user));
                }
            }
            Command::Wait(_) | Command::Back(_) | Command::Line(_) | Command::Destine(_) => {
                state.tick(command);
            }
            Command::Stranger(_) | Command::Restart | Command::RotateKeys => {}
        }
        state
    }
}

fn perform(state: &mut Reference, call: &Call) {
    let act = state.resolve(call);
    let forecast = state.perform(&act);
    for lesson in forecast.learns {
        state.know(&lesson);
    }
    if let Some(outgoing) = forecast.outgoing.filter(|it| it.arrives) {
        state.drawn[outgoing.code].known = true;
    }
}

/// What leads to a message.
fn texts(state: &Reference) -> Vec<Call> {
    let mut texts = likely_calls(state);
    texts.retain(Call::texts);
    texts.push(Call::SendCode(0, Which::Suited(0)));
    texts
}

/// A call that reads, so that two of them meet.
fn racer(state: &Reference) -> BoxedStrategy<Call> {
    prop_oneof![
        3 => select(likely_calls(state)),
        1 => call(state.now),
    ]
    .prop_filter("it is refused before it reads", |call| match call {
        Call::Put(put) => !put.policy.is_out_of_bounds(),
        Call::BeginSms(_, _, dialled) => *dialled != Dialled::Malformed,
        _ => true,
    })
    .boxed()
}
