//! B-4, two threads beside one.

use std::time::Duration;

use countersign_host::Plugin;
use countersign_host::store::MemoryStore;
use tokio::runtime::Runtime;

use super::people::{DAY, Gateway, Trouble};
use super::{Samples, Table, runtime};

/// Has many users sign in on a store in memory, right and wrong codes mixed, by one thread and by two, in turns.
pub(super) fn measure(plugin: &Plugin, table: &mut Table) -> Result<(), Trouble> {
    let (one, two) = (runtime(1)?, runtime(2)?);
    let gateway = Gateway::on(plugin, MemoryStore::new())?;
    two.block_on(gateway.enroll(0..USERS, CALLERS))?;
    let (mut by_one, mut by_two) = (Samples::default(), Samples::default());
    for round in 0..ROUNDS {
        gateway.clock.advance(DAY);
        let first = round.saturating_mul(SIGN_INS.saturating_mul(2));
        let turn = |runtime: &Runtime, from: usize| -> Result<Duration, Trouble> {
            let users = from..from.saturating_add(SIGN_INS);
            let people = two.block_on(gateway.begin(users, CALLERS))?;
            let gateway = gateway.clone();
            runtime.block_on(async move {
                // In a task, so that the runtime's threads do all the work.
                let all =
                    tokio::spawn(
                        async move { gateway.verify_all(people, CALLERS, Some(WRONG)).await },
                    );
                all.await?
            })
        };
        by_one.note(turn(&one, first)?, SIGN_INS);
        by_two.note(turn(&two, first.saturating_add(SIGN_INS))?, SIGN_INS);
    }
    table.speed(
        ("B-4", "sign-ins by two threads, 100,000 users in memory"),
        by_two.median(),
        ("one thread", by_one.median()),
        1.8,
    );
    Ok(())
}

const USERS: usize = 100_000;
/// In a turn. All turns together reach every user.
const SIGN_INS: usize = 10_000;
const ROUNDS: usize = 5;
const CALLERS: usize = 16;
/// Every fourth types a wrong code first.
const WRONG: usize = 4;
