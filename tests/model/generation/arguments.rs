//! Every argument there is.

use countersign_conformance::world::{Broken, Fate, Import, Kind};
use proptest::prelude::*;
use proptest::sample::select;

use crate::command::{
    Actor, Begin, Call, Carrier, Code, Dialled, Fault, Imported, Method, Purpose, Put, Recovery,
    Remember, Reset, Revocable, Session, Token, USERS, Which,
};
use crate::reference::policy::{Company, Membership, Mode, Owner, Policy, Texts};
use crate::secrets::PHONES;

pub(super) fn call(now: u64) -> BoxedStrategy<Call> {
    let on_ticket = (0..USERS, which());
    prop_oneof![
        6 => (0..USERS, begin_request()).prop_map(|(user, begin)| Call::Begin(user, begin)),
        2 => on_ticket.clone().prop_map(|(user, which)| Call::Inspect(user, which)),
        2 => (0..USERS, session()).prop_map(|(user, session)| Call::Assess(user, session)),
        2 => on_ticket.clone().prop_map(|(user, which)| Call::BeginTotp(user, which)),
        2 => (on_ticket.clone(), dialled())
            .prop_map(|((user, which), number)| Call::BeginSms(user, which, number)),
        1 => on_ticket.clone().prop_map(|(user, which)| Call::Resend(user, which)),
        2 => on_ticket.clone().prop_map(|(user, which)| Call::SendCode(user, which)),
        1 => (on_ticket.clone(), method()).prop_map(|((u, which), m)| Call::Cancel(u, which, m)),
        4 => (on_ticket.clone(), method(), code())
            .prop_map(|((user, which), method, code)| Call::Confirm(user, which, method, code)),
        2 => (on_ticket.clone(), method()).prop_map(|((u, which), m)| Call::Remove(u, which, m)),
        1 => (on_ticket.clone(), method()).prop_map(|((u, which), m)| Call::Prefer(u, which, m)),
        7 => (on_ticket.clone(), method(), code(), remember()).prop_map(
            |((user, which), method, code, remember)| Call::Verify(user, which, method, code, remember)
        ),
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

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![3 => Just(Method::Totp), 2 => Just(Method::Sms)]
}

fn remember() -> impl Strategy<Value = Remember> {
    prop_oneof![2 => Just(Remember::No), 1 => Just(Remember::Yes)]
}

fn dialled() -> impl Strategy<Value = Dialled> {
    prop_oneof![
        6 => (0..PHONES.len()).prop_map(Dialled::Number),
        1 => (0..PHONES.len()).prop_map(Dialled::Respelt),
        1 => Just(Dialled::Malformed),
    ]
}

fn carrier() -> impl Strategy<Value = Carrier> {
    prop_oneof![
        6 => Just(Carrier::Direct),
        2 => Just(Carrier::OwnPhone),
        1 => (0..PHONES.len()).prop_map(Carrier::Phone),
    ]
}

fn token() -> impl Strategy<Value = Token> {
    prop_oneof![
        4 => Just(Token::None),
        4 => (0..3_usize).prop_map(Token::Own),
        1 => Just(Token::OtherUser),
        1 => Just(Token::Nonsense),
    ]
}

pub(super) fn fate() -> impl Strategy<Value = Fate> {
    select(vec![
        Fate::Failed,
        Fate::Refused,
        Fate::AlreadySent,
        Fate::Lost,
        Fate::Doubtful,
    ])
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
        (carrier(), token()),
        prop_oneof![
            3 => Just(Purpose::SignIn),
            2 => Just(Purpose::Manage),
            1 => Just(Purpose::StepUp)
        ],
        prop_oneof![3 => Just(true), 1 => Just(false)],
        prop_oneof![9 => Just(false), 1 => Just(true)],
    )
        .prop_map(
            |(
                memberships,
                federated,
                age,
                (carrier, device),
                purpose,
                attested,
                known_enrolled,
            )| Begin {
                memberships,
                federated,
                age,
                carrier,
                purpose,
                device,
                attested,
                known_enrolled,
            },
        )
}

fn session() -> impl Strategy<Value = Session> {
    (
        memberships(),
        prop_oneof![3 => Just(false), 1 => Just(true)],
        (prop_oneof![3 => Just(0_u64), 1 => Just(50_000)], carrier()),
        prop_oneof![4 => Just(0_u64), 1 => Just(1)],
        proptest::option::of(select(vec![0_u64, 10, 299, 300, 43_199, 43_200, 700_000])),
        proptest::option::weighted(0.3, select(vec![0_u64, 10, 299, 43_199, 43_200])),
        proptest::option::weighted(0.3, select(vec![0_u64, 10, 300])),
    )
        .prop_map(
            |(
                memberships,
                federated,
                (age, carrier),
                epochs_ago,
                factor_age,
                device_age,
                max_age,
            )| Session {
                memberships,
                federated,
                age,
                carrier,
                epochs_ago,
                factor_age,
                device_age,
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

pub(super) fn policy(now: u64) -> impl Strategy<Value = Policy> {
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
        prop_oneof![3 => Just(true), 2 => Just(false)],
        (seldom(), seldom(), seldom(), seldom(), seldom()),
        prop_oneof![5 => Just(43_200_u64), 2 => Just(300), 2 => Just(604_800), 1 => Just(299)],
        prop_oneof![2 => Just(0_u64), 2 => Just(30), 1 => Just(1)],
        texts(),
    )
        .prop_map(
            |(
                mode,
                sms,
                (trusts_idp, attested, any_company, strict, user_wide),
                reauth,
                days,
                texts,
            )| {
                Policy {
                    mode,
                    sms,
                    trusts_idp,
                    attested,
                    any_company,
                    plus_minus_one: !strict,
                    user_wide,
                    reauth,
                    device_days: days,
                    texts,
                }
            },
        )
}

fn texts() -> impl Strategy<Value = Texts> {
    (
        prop_oneof![4 => Just(vec!["US", "ES"]), 1 => Just(vec!["ES"])],
        prop_oneof![4 => Just((5_u64, 10_u64)), 1 => Just((2, 3)), 1 => Just((20, 50))],
        prop_oneof![5 => Just((1_000_u64, 30_u64)), 1 => Just((4, 50)), 1 => Just((6, 0))],
        prop_oneof![6 => Just((10_u64, false)), 2 => Just((3, false)), 1 => Just((30, true))],
        any::<bool>(),
        prop_oneof![2 => Just(false), 1 => Just(true)],
    )
        .prop_map(
            |(countries, (hour, day), (budget, percent), (minutes, beyond), fresh, app)| Texts {
                countries,
                per_hour: hour,
                per_day: day,
                budget,
                enrolling_percent: percent,
                minutes,
                beyond_ten: beyond,
                fresh,
                may_manage_app: app,
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

pub(super) fn fault() -> impl Strategy<Value = Fault> {
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
        3 => Just(import(Import::Commit, Kind::Conflict, 1, 99)),
        1 => (1..4_u32).prop_map(move |on| import(Import::Mac, Kind::Before, on, 1)),
        1 => (1..3_u32).prop_map(move |on| import(Import::CheckMac, Kind::Before, on, 1)),
        1 => (1..4_u32).prop_map(move |on| import(Import::Random, Kind::Before, on, 1)),
        1 => Just(Fault::Clock),
        1 => select(vec![Broken::Zero, Broken::Repeat, Broken::Stuck, Broken::Fail])
            .prop_map(Fault::Random),
    ]
}

/// One of what only a message uses.
pub(super) fn text_fault() -> impl Strategy<Value = Fault> {
    let import = |import, kind, on: u32| Fault::Import {
        import,
        kind,
        on,
        times: 1,
    };
    prop_oneof![
        // The second commit notes what became of the message.
        2 => select(vec![Kind::Before, Kind::After]).prop_map(move |it| import(Import::Commit, it, 2)),
        2 => Just(import(Import::SmsCheck, Kind::Before, 1)),
        1 => (1..5_u32).prop_map(move |on| import(Import::Index, Kind::Before, on)),
        1 => Just(import(Import::Commit, Kind::After, 1)),
    ]
}

pub(super) fn wait() -> impl Strategy<Value = u64> {
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
