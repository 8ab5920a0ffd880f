//! B-1 and B-2, one `verification.verify`, and B-3, an instance alone.

use std::error::Error;
use std::time::{Duration, Instant};

use countersign_core::verification::Verdict;
use countersign_host::clock::{Clock, FixedClock};
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::sign_in::{BeginOutcome, BeginRequest};
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{Actor, FirstFactor, Membership, Method, Purpose};
use countersign_host::keyring::LocalKeyring;
use countersign_host::random::SystemRandom;
use countersign_host::sms::NoPhoneLine;
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Kept, Plugin};

use super::{Samples, Table};
use crate::authenticator::Authenticator;
use crate::subject::Native;

/// A user with a ticket.
struct Challenged {
    user: String,
    ticket: String,
}

/// A gateway's day: one store, keyring and clock, which native and component share.
struct Bench {
    mfa: Countersign,
    native: Native,
    clock: FixedClock,
}

/// Measures the call that every sign-in makes, natively, in a kept instance and in fresh ones, in turns.
///
/// Each call is of another user who begins a sign-in beforehand, and takes the right code of that day: the store is
/// read, a tag and three codes are compared, two records and an event are committed. Every record is sealed. Limits are
/// the default ones.
pub(super) async fn measure(plugin: &Plugin, table: &mut Table) -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(plugin)?;
    bench.enroll().await?;
    let mut native = Samples::default();
    let mut kept = Samples::default();
    let mut fresh = Samples::default();
    let mut alone = Samples::default();
    let mut instance = Kept::start(&bench.mfa).await?;
    for round in 0..ROUNDS.saturating_add(WARM_UP) {
        bench.clock.advance(DAY);
        let people = bench.begin().await?;
        let (for_native, rest) = people.split_at(USERS);
        let (for_kept, for_fresh) = rest.split_at(USERS);
        let code = bench.code()?;
        let times = [
            bench.natively(for_native, &code).await?,
            in_instance(&mut instance, for_kept, &code).await?,
            bench.in_fresh_instances(for_fresh, &code).await?,
            bench.instances_alone().await?,
        ];
        if round >= WARM_UP {
            let all = [&mut native, &mut kept, &mut fresh, &mut alone];
            for (samples, time) in all.into_iter().zip(times) {
                samples.note(time, USERS);
            }
        }
    }
    let native = native.median();
    table.time(
        ("", "verification.verify, the core in this process: native"),
        native,
        None,
    );
    table.ratio(
        ("B-1", "verification.verify, in a fresh instance each"),
        fresh.median(),
        native,
        6.0,
    );
    table.ratio(
        (
            "B-2",
            "verification.verify, in a kept instance (a benchmark only)",
        ),
        kept.median(),
        native,
        2.5,
    );
    table.time(
        ("B-3", "an instance made and dropped, nothing called"),
        alone.median(),
        Some(Duration::from_micros(10)),
    );
    Ok(())
}

impl Bench {
    fn new(plugin: &Plugin) -> Result<Self, Box<dyn Error>> {
        let store = MemoryStore::new();
        let clock = FixedClock::at(START);
        let keyring = || LocalKeyring::from_key([7; 32]);
        let mfa = Countersign::builder(plugin.clone())
            .realm(REALM)
            .store(store.clone())
            .keyring(keyring())
            .clock(clock.clone())
            .build()?;
        let native = Native::new(
            REALM,
            store,
            keyring(),
            NoPhoneLine,
            clock.clone(),
            SystemRandom,
        );
        Ok(Self { mfa, native, clock })
    }

    /// Sets a policy, and gives every user the same app.
    async fn enroll(&self) -> Result<(), Box<dyn Error>> {
        let operator = Actor::Operator("bench".to_owned());
        self.mfa
            .policy()
            .put("*", &policy(), None, &operator, false)
            .await?;
        for user in users() {
            self.mfa
                .administration()
                .add_totp(&user, URI, None, &operator)
                .await?;
        }
        Ok(())
    }

    /// Begins a sign-in of every user.
    async fn begin(&self) -> Result<Vec<Challenged>, Box<dyn Error>> {
        let request = BeginRequest {
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
        };
        let mut challenged = Vec::new();
        for user in users() {
            let outcome = self.mfa.sign_in().begin(&user, &request).await?;
            let BeginOutcome::Challenge(challenge) = outcome else {
                return Err("a sign-in was not challenged".into());
            };
            let ticket = challenge.ticket;
            challenged.push(Challenged { user, ticket });
        }
        Ok(challenged)
    }

    /// Returns the code of now.
    fn code(&self) -> Result<String, Box<dyn Error>> {
        Ok(Authenticator::scan(URI)?.code(self.clock.now()?))
    }

    async fn natively(
        &self,
        people: &[Challenged],
        code: &str,
    ) -> Result<Duration, Box<dyn Error>> {
        let start = Instant::now();
        for Challenged { user, ticket } in people {
            match self.native.verify_totp(user, ticket, code).await {
                Ok(Verdict::Done(_)) => {}
                _ => return Err("a code was not accepted natively".into()),
            }
        }
        Ok(start.elapsed())
    }

    async fn in_fresh_instances(
        &self,
        people: &[Challenged],
        code: &str,
    ) -> Result<Duration, Box<dyn Error>> {
        let verification = self.mfa.verification();
        let start = Instant::now();
        for Challenged { user, ticket } in people {
            let verdict = verification.verify(user, ticket, Method::Totp, code, false);
            require_accepted(&verdict.await?)?;
        }
        Ok(start.elapsed())
    }

    async fn instances_alone(&self) -> Result<Duration, Box<dyn Error>> {
        let start = Instant::now();
        for _ in 0..USERS {
            drop(Kept::start(&self.mfa).await?);
        }
        Ok(start.elapsed())
    }
}

async fn in_instance(
    instance: &mut Kept,
    people: &[Challenged],
    code: &str,
) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    for Challenged { user, ticket } in people {
        let verdict = instance.verify(user, ticket, Method::Totp, code).await?;
        require_accepted(&verdict)?;
    }
    Ok(start.elapsed())
}

fn require_accepted(verdict: &VerifyVerdict) -> Result<(), Box<dyn Error>> {
    match verdict {
        VerifyVerdict::Accepted(Verified::Done(_)) => Ok(()),
        _ => Err("a code was not accepted by the component".into()),
    }
}

/// The users of the three ways to call, one after another.
fn users() -> impl Iterator<Item = String> {
    (0..USERS.saturating_mul(3)).map(|i| format!("user-{i:06}"))
}

fn policy() -> Policy {
    Policy::app_only(Mode::Voluntary)
}

/// Of each way to call; so many calls are a batch.
const USERS: usize = 300;
const ROUNDS: usize = 31;
const WARM_UP: usize = 2;
const REALM: &str = "bench";
/// 2026-01-05T00:00:00Z.
const START: u64 = 1_767_571_200;
/// In seconds. Tickets of the day before are collected by then.
const DAY: u64 = 24 * 60 * 60;
const URI: &str = "otpauth://totp/Bench:user?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bench";
