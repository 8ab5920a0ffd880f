//! B-1 and B-2, one `verification.verify`, and B-3, an instance alone.

use std::time::{Duration, Instant};

use countersign_core::verification::Verdict;
use countersign_host::contract::Method;
use countersign_host::random::SystemRandom;
use countersign_host::sms::NoPhoneLine;
use countersign_host::store::MemoryStore;
use countersign_host::{Kept, Plugin};

use super::people::{self, Challenged, DAY, Gateway, Trouble, require_accepted};
use super::{Samples, Table};
use crate::subject::Native;

/// A gateway's day: one store, keyring and clock, which native and component share.
struct Bench {
    gateway: Gateway,
    native: Native,
}

/// Measures the call that every sign-in makes, natively, in a kept instance and in fresh ones, in turns.
///
/// Each call is of another user who begins a sign-in beforehand, and takes the right code of that day: the store is
/// read, a tag and three codes are compared, two records and an event are committed. Every record is sealed. Limits are
/// the default ones.
pub(super) async fn measure(plugin: &Plugin, table: &mut Table) -> Result<(), Trouble> {
    let bench = Bench::new(plugin)?;
    bench.gateway.enroll(0..PEOPLE, 1).await?;
    let mut native = Samples::default();
    let mut kept = Samples::default();
    let mut fresh = Samples::default();
    let mut alone = Samples::default();
    let mut instance = Kept::start(&bench.gateway.mfa).await?;
    for round in 0..ROUNDS.saturating_add(WARM_UP) {
        bench.gateway.clock.advance(DAY);
        let people = bench.gateway.begin(0..PEOPLE, 1).await?;
        let (for_native, rest) = people.split_at(USERS);
        let (for_kept, for_fresh) = rest.split_at(USERS);
        let code = bench.gateway.code()?;
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
    fn new(plugin: &Plugin) -> Result<Self, Trouble> {
        let store = MemoryStore::new();
        let gateway = Gateway::on(plugin, store.clone())?;
        let native = Native::new(
            people::REALM,
            store,
            people::keyring(),
            NoPhoneLine,
            gateway.clock.clone(),
            SystemRandom,
        );
        Ok(Self { gateway, native })
    }

    async fn natively(&self, people: &[Challenged], code: &str) -> Result<Duration, Trouble> {
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
    ) -> Result<Duration, Trouble> {
        let start = Instant::now();
        for challenged in people {
            require_accepted(&self.gateway.verify(challenged, code).await?)?;
        }
        Ok(start.elapsed())
    }

    async fn instances_alone(&self) -> Result<Duration, Trouble> {
        let start = Instant::now();
        for _ in 0..USERS {
            drop(Kept::start(&self.gateway.mfa).await?);
        }
        Ok(start.elapsed())
    }
}

async fn in_instance(
    instance: &mut Kept,
    people: &[Challenged],
    code: &str,
) -> Result<Duration, Trouble> {
    let start = Instant::now();
    for Challenged { user, ticket } in people {
        let verdict = instance.verify(user, ticket, Method::Totp, code).await?;
        require_accepted(&verdict)?;
    }
    Ok(start.elapsed())
}

/// Of each way to call; so many calls are a batch.
const USERS: usize = 300;
/// The users of the three ways to call, one after another.
const PEOPLE: usize = USERS * 3;
const ROUNDS: usize = 31;
const WARM_UP: usize = 2;
