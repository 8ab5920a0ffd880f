//! Which commands come, and how often: likely ones that lead on from where the users are, and any at all.

use countersign_conformance::World;
use countersign_conformance::world::{Broken, Import, Kind};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

use crate::command::{
    Actor, Begin, Call, Code, Command, Fault, Imported, Method, Purpose, Put, Recovery, Reset,
    Revocable, Session, USERS, Which,
};
use crate::guessing::{Guessing, begin, sign_in};
use crate::reference::policy::{Company, Membership, Mode, Owner, Policy};
use crate::reference::{Reference, Stage};

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
            7 => (racer(state), racer(state)).prop_map(|(one, other)| Command::Together(one, other)),
            8 => wait().prop_map(Command::Wait),
            2 => (1..200_u64).prop_map(Command::Back),
            2 => (0..USERS, select(vec![4, 4, 10, 10, 20, 100]))
                .prop_map(|(user, wrong)| Command::Guess(user, wrong)),
            1 => (0..USERS, select(vec![3, 17])).prop_map(|(user, times)| Command::Flood(user, times)),
            2 => (0..10_usize).prop_map(Command::Stranger),
            1 => Just(Command::Restart),
            1 => Just(Command::RotateKeys),
        ]
        .boxed()
    }

    fn apply(mut state: Reference, command: &Command) -> Reference {
        match command {
            Command::Do(call) => perform(&mut state, call),
            Command::Under(fault, call) => {
                if matches!(fault, Fault::Import { import: Import::Commit, kind, .. } if *kind != Kind::Before)
                {
                    perform(&mut state, call);
                }
            }
            Command::Together(one, other) => {
                perform(&mut state, one);
                perform(&mut state, other);
            }
            Command::Guess(user, wrong) => {
                let mut guessing = Guessing::new(*user, *wrong);
                while let Some(command) = guessing.next(&state) {
                    state = Self::apply(state, &command);
                }
            }
            Command::Flood(user, times) => {
                for _ in 0..*times {
                    perform(&mut state, &sign_in(*user));
                }
            }
            Command::Wait(_) | Command::Back(_) => state.tick(command),
            Command::Stranger(_) | Command::Restart | Command::RotateKeys => {}
        }
        state
    }
}

fn perform(state: &mut Reference, call: &Call) {
    let act = state.resolve(call);
    for lesson in state.perform(&act).learns {
        state.know(&lesson);
    }
}

/// What leads on from where each user is.
fn likely(state: &Reference) -> Vec<Command> {
    let mut likely: Vec<Command> = likely_calls(state).into_iter().map(Command::Do).collect();
    for person in &state.people {
        let Some(app) = &person.app else { continue };
        // After a code was accepted, the next one comes with the next step.
        if state.step(app.key) <= app.mark {
            likely.push(Command::Wait(31));
            likely.push(Command::Wait(60));
        }
        if let Some(until) = app.counts.resting(state.now) {
            likely.push(Command::Wait(until - state.now));
        }
    }
    likely
}

fn likely_calls(state: &Reference) -> Vec<Call> {
    let mut likely = vec![Call::Status(0)];
    let (totp, suited) = (Method::Totp, Which::Suited(0));
    for (user, person) in state.people.iter().enumerate() {
        if person.erased {
            continue;
        }
        let is_off = state.policies[&Owner::Acme].0.mode == Mode::Off;
        if !is_off || person.app.is_some() {
            likely.push(begin(user, Purpose::Manage));
        }
        if !is_off && person.app.is_some() {
            likely.push(sign_in(user));
        }
        for number in state.good(user).into_iter().rev().take(3) {
            let ticket = &state.tickets[number];
            match ticket.stage {
                Stage::Challenged => {
                    likely.push(Call::Verify(user, suited, totp, Code::Right(0)));
                    likely.push(Call::Verify(user, suited, totp, Code::Right(1)));
                    likely.push(Call::Verify(user, suited, totp, Code::Wrong));
                    // What was used, and what is not confirmed.
                    likely.push(Call::Verify(user, suited, totp, Code::LastAccepted));
                    if state.has_pending(user) {
                        likely.push(Call::Verify(user, suited, totp, Code::OtherKey));
                        likely.push(Call::Verify(user, suited, totp, Code::OtherKey));
                    }
                    if person.recovery.is_some() {
                        likely.push(Call::Present(user, suited, Recovery::Right));
                    }
                }
                Stage::Verified { factor_at } if state.now < factor_at + 300 => {
                    likely.push(Call::BeginTotp(user, suited));
                    likely.push(Call::Remove(user, suited, totp));
                    likely.push(Call::Issue(user, suited));
                }
                Stage::Verified { .. } => {}
                Stage::Enrolling { .. } | Stage::Recovering => {
                    likely.push(Call::BeginTotp(user, suited));
                }
            }
            if ticket.pending.is_some() {
                for _ in 0..3 {
                    likely.push(Call::Confirm(user, suited, totp, Code::Right(0)));
                }
                likely.push(Call::Confirm(user, suited, totp, Code::Wrong));
            }
        }
        let disabled = person.app.as_ref().is_some_and(|it| it.counts.disabled);
        if person.suspect || disabled {
            for _ in 0..2 {
                likely.push(Call::FirstFactorChanged(user));
                likely.push(sign_in(user));
            }
            likely.push(Call::Revoke(user, Revocable::Recovery));
        }
    }
    likely
}

/// A call that reads, so that two of them meet.
fn racer(state: &Reference) -> BoxedStrategy<Call> {
    prop_oneof![
        3 => select(likely_calls(state)),
        1 => call(state.now),
    ]
    .prop_filter("it is refused before it reads", |call| match call {
        Call::Put(put) => !put.policy.is_out_of_bounds(),
        _ => true,
    })
    .boxed()
}

fn call(now: u64) -> BoxedStrategy<Call> {
    let on_ticket = (0..USERS, which());
    prop_oneof![
        6 => (0..USERS, begin_request()).prop_map(|(user, begin)| Call::Begin(user, begin)),
        2 => on_ticket.clone().prop_map(|(user, which)| Call::Inspect(user, which)),
        2 => (0..USERS, session()).prop_map(|(user, session)| Call::Assess(user, session)),
        2 => on_ticket.clone().prop_map(|(user, which)| Call::BeginTotp(user, which)),
        1 => (on_ticket.clone(), method()).prop_map(|((u, which), m)| Call::Cancel(u, which, m)),
        4 => (on_ticket.clone(), method(), code())
            .prop_map(|((user, which), method, code)| Call::Confirm(user, which, method, code)),
        2 => (on_ticket.clone(), method()).prop_map(|((u, which), m)| Call::Remove(u, which, m)),
        1 => (on_ticket.clone(), method()).prop_map(|((u, which), m)| Call::Prefer(u, which, m)),
        7 => (on_ticket.clone(), method(), code())
            .prop_map(|((user, which), method, code)| Call::Verify(user, which, method, code)),
        4 => (on_ticket.clone(), recovery()).prop_map(|((u, which), it)| Call::Present(u, which, it)),
        1 => on_ticket.prop_map(|(user, which)| Call::Issue(user, which)),
        1 => (0..USERS, recovery()).prop_map(|(user, it)| Call::Acknowledge(user, it)),
        4 => put(now).prop_map(Call::Put),
        1 => owner().prop_map(Call::Get),
        1 => (0..USERS).prop_map(Call::Status),
        2 => (0..USERS, begin_request(), proptest::option::of((owner(), policy(now))), ahead())
            .prop_map(|(user, begin, other, ahead)| Call::Preview(user, begin, other, ahead)),
        2 => (0..USERS, reset()).prop_map(|(user, reset)| Call::Reset(user, reset)),
        1 => (0..USERS, method()).prop_map(|(user, method)| Call::Unlock(user, method)),
        2 => (0..USERS, imported()).prop_map(|(user, import)| Call::AddTotp(user, import)),
        1 => (0..USERS, select(vec![Revocable::Tickets, Revocable::Devices, Revocable::Recovery]))
            .prop_map(|(user, what)| Call::Revoke(user, what)),
        1 => (0..USERS).prop_map(Call::FirstFactorChanged),
        // Of one of them only: nothing more happens to a user who was erased.
        1 => Just(Call::Erase(USERS - 1)),
    ]
    .boxed()
}

fn which() -> impl Strategy<Value = Which> + Clone {
    prop_oneof![
        8 => (0..3_usize).prop_map(Which::Suited),
        2 => (0..4_usize).prop_map(Which::Good),
        2 => (0..4_usize).prop_map(Which::Over),
        1 => (0..2_usize).prop_map(Which::Others),
        1 => (0..2_usize).prop_map(Which::Forged),
        1 => Just(Which::Nonsense),
    ]
}

fn code() -> impl Strategy<Value = Code> {
    prop_oneof![
        5 => (-2..=2_i64).prop_map(Code::Right),
        1 => (-1..=1_i64).prop_map(Code::Respelt),
        2 => Just(Code::LastAccepted),
        1 => Just(Code::OtherKey),
        1 => Just(Code::OldKey),
        1 => Just(Code::OtherUser),
        3 => Just(Code::Wrong),
        1 => (0..6_usize).prop_map(Code::Malformed),
    ]
}

fn recovery() -> impl Strategy<Value = Recovery> {
    prop_oneof![
        4 => Just(Recovery::Right),
        1 => Just(Recovery::Respelt),
        2 => (0..3_usize).prop_map(Recovery::Old),
        1 => Just(Recovery::OtherUser),
        2 => Just(Recovery::Wrong),
        1 => Just(Recovery::Malformed),
    ]
}

/// For as long as nobody has a phone, a text message is a method that nobody has.
fn method() -> impl Strategy<Value = Method> {
    prop_oneof![9 => Just(Method::Totp), 1 => Just(Method::Sms)]
}

fn memberships() -> impl Strategy<Value = Vec<Membership>> {
    let of = |company, share| {
        let active = prop_oneof![4 => Just(true), 1 => Just(false)];
        let membership = active.prop_map(move |active| Membership { company, active });
        proptest::option::weighted(share, membership)
    };
    (
        of(Company::Acme, 0.8),
        of(Company::Bolt, 0.5),
        of(Company::Cove, 0.1),
    )
        .prop_map(|(acme, bolt, cove)| {
            let mut list: Vec<Membership> = [acme, bolt, cove].into_iter().flatten().collect();
            if list.is_empty() {
                list.push(Membership {
                    company: Company::Acme,
                    active: true,
                });
            }
            list
        })
}

fn begin_request() -> impl Strategy<Value = Begin> {
    (
        memberships(),
        prop_oneof![3 => Just(false), 1 => Just(true)],
        prop_oneof![6 => Just(0_u64), 1 => Just(300), 1 => Just(301)],
        prop_oneof![
            3 => Just(Purpose::SignIn),
            2 => Just(Purpose::Manage),
            1 => Just(Purpose::StepUp)
        ],
        prop_oneof![3 => Just(true), 1 => Just(false)],
        prop_oneof![9 => Just(false), 1 => Just(true)],
    )
        .prop_map(
            |(memberships, federated, age, purpose, attested, known_enrolled)| Begin {
                memberships,
                federated,
                age,
                purpose,
                attested,
                known_enrolled,
            },
        )
}

fn session() -> impl Strategy<Value = Session> {
    (
        memberships(),
        prop_oneof![3 => Just(false), 1 => Just(true)],
        prop_oneof![3 => Just(0_u64), 1 => Just(50_000)],
        prop_oneof![4 => Just(0_u64), 1 => Just(1)],
        proptest::option::of(select(vec![0_u64, 10, 299, 300, 43_199, 43_200, 700_000])),
        proptest::option::weighted(0.3, select(vec![0_u64, 10, 300])),
    )
        .prop_map(
            |(memberships, federated, age, epochs_ago, factor_age, max_age)| Session {
                memberships,
                federated,
                age,
                epochs_ago,
                factor_age,
                max_age,
            },
        )
}

fn owner() -> impl Strategy<Value = Owner> {
    select(vec![Owner::Acme, Owner::Bolt, Owner::Default])
}

fn put(now: u64) -> impl Strategy<Value = Put> {
    (
        owner(),
        policy(now),
        prop_oneof![9 => Just(true), 1 => Just(false)],
        any::<bool>(),
    )
        .prop_map(|(owner, policy, current, enforce_now)| Put {
            owner,
            policy,
            current,
            enforce_now,
        })
}

fn policy(now: u64) -> impl Strategy<Value = Policy> {
    let mode = prop_oneof![
        3 => Just(Mode::Voluntary),
        3 => select(vec![0, 1, 60, 3_600, 86_400, 2_592_000])
            .prop_map(move |ahead| Mode::EnforcedFrom(now + ahead)),
        1 => Just(Mode::EnforcedFrom(now - 86_400)),
        1 => prop_oneof![2 => Just(Mode::Voluntary), 1 => Just(Mode::Off)],
    ];
    let seldom = || prop_oneof![4 => Just(false), 1 => Just(true)];
    (
        mode,
        (seldom(), seldom(), seldom(), seldom(), seldom(), seldom()),
        prop_oneof![5 => Just(43_200_u64), 2 => Just(300), 2 => Just(604_800), 1 => Just(299)],
    )
        .prop_map(
            |(mode, (sms, trusts_idp, attested, any_company, strict, user_wide), reauth)| Policy {
                mode,
                sms,
                trusts_idp,
                attested,
                any_company,
                plus_minus_one: !strict,
                user_wide,
                reauth,
            },
        )
}

fn reset() -> impl Strategy<Value = Reset> {
    (
        memberships(),
        proptest::option::weighted(
            0.7,
            select(vec![Company::Acme, Company::Bolt, Company::Cove]),
        ),
        prop_oneof![3 => Just(Actor::Operator), 4 => Just(Actor::Admin), 1 => Just(Actor::Oneself)],
        prop_oneof![8 => Just(true), 1 => Just(false)],
    )
        .prop_map(|(memberships, company, actor, verified)| Reset {
            memberships,
            company,
            actor,
            verified,
        })
}

fn imported() -> impl Strategy<Value = Imported> {
    (
        0..3_usize,
        proptest::option::of(select(vec![-1_000_i64, -1, 0, 1_000_000_000])),
        prop_oneof![6 => Just(true), 1 => Just(false)],
    )
        .prop_map(|(entry, mark, operator)| Imported {
            entry,
            mark,
            operator,
        })
}

fn fault() -> impl Strategy<Value = Fault> {
    let import = |import, kind, on: u32, times| Fault::Import {
        import,
        kind,
        on,
        times,
    };
    prop_oneof![
        1 => Just(import(Import::Get, Kind::Before, 1, 1)),
        2 => Just(import(Import::Commit, Kind::Before, 1, 1)),
        3 => Just(import(Import::Commit, Kind::After, 1, 1)),
        1 => (1..4_u32).prop_map(move |times| import(Import::Commit, Kind::Conflict, 1, times)),
        1 => Just(import(Import::Commit, Kind::Conflict, 1, 99)),
        1 => (1..4_u32).prop_map(move |on| import(Import::Mac, Kind::Before, on, 1)),
        1 => (1..3_u32).prop_map(move |on| import(Import::CheckMac, Kind::Before, on, 1)),
        1 => (1..4_u32).prop_map(move |on| import(Import::Random, Kind::Before, on, 1)),
        1 => Just(Fault::Clock),
        1 => select(vec![Broken::Zero, Broken::Repeat, Broken::Stuck, Broken::Fail])
            .prop_map(Fault::Random),
    ]
}

fn wait() -> impl Strategy<Value = u64> {
    const DAY: u64 = 86_400;
    prop_oneof![
        4 => 1..90_u64,
        2 => select(vec![299, 300, 301, 899, 900, 901, 1_800, 3_600]),
        1 => select(vec![DAY - 1, DAY, 4 * DAY, 5 * DAY, 30 * DAY, 90 * DAY]),
    ]
}

fn ahead() -> impl Strategy<Value = u64> {
    select(vec![0, 1, 59, 60, 86_399, 86_400, 2_592_000])
}
