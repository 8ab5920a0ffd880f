//! A gateway and its people, for all that is measured.

use std::error::Error;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_host::clock::{Clock, FixedClock};
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::sign_in::{BeginOutcome, BeginRequest};
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{Actor, FirstFactor, Membership, Method, Purpose};
use countersign_host::keyring::LocalKeyring;
use countersign_host::{Countersign, Plugin, Store};
use tokio::task::JoinSet;

use countersign_conformance::authenticator::Authenticator;

/// Why something could not be measured.
pub(super) type Trouble = Box<dyn Error + Send + Sync>;

/// The component on a store, with a clock that the measurement moves.
#[derive(Clone)]
pub(super) struct Gateway {
    pub(super) mfa: Countersign,
    pub(super) clock: FixedClock,
}

/// A user with a ticket.
#[derive(Clone)]
pub(super) struct Challenged {
    pub(super) user: String,
    pub(super) ticket: String,
}

impl Gateway {
    pub(super) fn on(plugin: &Plugin, store: impl Store + 'static) -> Result<Self, Trouble> {
        let clock = FixedClock::at(START);
        let mfa = Countersign::builder(plugin.clone())
            .realm(REALM)
            .store(store)
            .keyring(keyring())
            .clock(clock.clone())
            .build()?;
        Ok(Self { mfa, clock })
    }

    /// Gives users the same app, after a policy where there is none; `callers` at once.
    pub(super) async fn enroll(&self, users: Range<usize>, callers: usize) -> Result<(), Trouble> {
        if users.start == 0 {
            let policy = Policy::app_only(Mode::Voluntary);
            let operator = operator();
            let put = self.mfa.policy();
            put.put("*", &policy, None, &operator, false).await?;
        }
        let gateway = self.clone();
        at_once(users.collect(), callers, move |user| {
            let gateway = gateway.clone();
            async move {
                let administration = gateway.mfa.administration();
                let operator = operator();
                Ok(administration
                    .add_totp(&name(user), URI, None, &operator)
                    .await?)
            }
        })
        .await
        .map(drop)
    }

    /// Begins a sign-in of each user; `callers` at once.
    pub(super) async fn begin(
        &self,
        users: impl IntoIterator<Item = usize>,
        callers: usize,
    ) -> Result<Vec<Challenged>, Trouble> {
        let request = Arc::new(BeginRequest {
            memberships: vec![Membership {
                company: "acme".to_owned(),
                roles: Vec::new(),
                active: true,
            }],
            first_factor: FirstFactor::password(),
            purpose: Purpose::SignIn,
            device_token: None,
            binding_attested: false,
            known_enrolled: true,
        });
        let gateway = self.clone();
        at_once(users.into_iter().collect(), callers, move |user| {
            let (gateway, request) = (gateway.clone(), Arc::clone(&request));
            async move {
                let user = name(user);
                match gateway.mfa.sign_in().begin(&user, &request).await? {
                    BeginOutcome::Challenge(it) => Ok(Challenged {
                        user,
                        ticket: it.ticket,
                    }),
                    _ => Err("a sign-in was not challenged".into()),
                }
            }
        })
        .await
    }

    /// Returns the code of now.
    pub(super) fn code(&self) -> Result<String, Trouble> {
        let code = Authenticator::scan(URI).map_err(|it| it.to_string())?;
        Ok(code.code(self.clock.now()?))
    }

    pub(super) async fn verify(
        &self,
        Challenged { user, ticket }: &Challenged,
        code: &str,
    ) -> Result<VerifyVerdict, Trouble> {
        let verification = self.mfa.verification();
        let verdict = verification.verify(user, ticket, Method::Totp, code, false);
        Ok(verdict.await?)
    }

    /// Has every user show the code, `callers` at once, and returns how long all of it took.
    ///
    /// Every `wrong`th of them types a wrong one first.
    pub(super) async fn verify_all(
        &self,
        people: Vec<Challenged>,
        callers: usize,
        wrong: Option<usize>,
    ) -> Result<Duration, Trouble> {
        let right = Arc::<str>::from(self.code()?);
        // Another digit in the first place: no code of a step beside it is looked at, they are as random as any.
        let other = if right.starts_with('0') { "1" } else { "0" };
        let false_one = Arc::<str>::from(format!("{other}{}", right.get(1..).unwrap_or_default()));
        let gateway = self.clone();
        let people = people.into_iter().enumerate().collect();
        let start = Instant::now();
        at_once(
            people,
            callers,
            move |(i, challenged): (usize, Challenged)| {
                let gateway = gateway.clone();
                let (right, false_one) = (Arc::clone(&right), Arc::clone(&false_one));
                async move {
                    if wrong.is_some_and(|n| i.is_multiple_of(n)) {
                        let verdict = gateway.verify(&challenged, &false_one).await?;
                        if matches!(verdict, VerifyVerdict::Accepted(_)) {
                            return Err("a wrong code was accepted".into());
                        }
                    }
                    require_accepted(&gateway.verify(&challenged, &right).await?)
                }
            },
        )
        .await?;
        Ok(start.elapsed())
    }
}

/// Does one piece of work after another, `callers` at once, and returns what came of each, in any order.
async fn at_once<I, T, F>(
    work: Vec<I>,
    callers: usize,
    does: impl Fn(I) -> F + Clone + Send + 'static,
) -> Result<Vec<T>, Trouble>
where
    I: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<T, Trouble>> + Send,
{
    let size = work.len().div_ceil(callers.max(1)).max(1);
    let mut callers = JoinSet::new();
    let mut work = work.into_iter();
    loop {
        let share: Vec<I> = work.by_ref().take(size).collect();
        if share.is_empty() {
            break;
        }
        let does = does.clone();
        callers.spawn(async move {
            let mut done = Vec::with_capacity(share.len());
            for it in share {
                done.push(does(it).await?);
            }
            Ok::<_, Trouble>(done)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = callers.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}

pub(super) fn require_accepted(verdict: &VerifyVerdict) -> Result<(), Trouble> {
    match verdict {
        VerifyVerdict::Accepted(Verified::Done(_)) => Ok(()),
        _ => Err("a code was not accepted by the component".into()),
    }
}

pub(super) fn keyring() -> LocalKeyring {
    LocalKeyring::from_key([7; 32])
}

pub(super) fn name(user: usize) -> String {
    format!("user-{user:07}")
}

fn operator() -> Actor {
    Actor::Operator("bench".to_owned())
}

pub(super) const REALM: &str = "bench";
/// 2026-01-05T00:00:00Z.
const START: u64 = 1_767_571_200;
/// In seconds. Tickets of the day before are collected by then.
pub(super) const DAY: u64 = 24 * 60 * 60;
const URI: &str = "otpauth://totp/Bench:user?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bench";
