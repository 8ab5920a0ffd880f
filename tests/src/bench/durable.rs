//! B-5, stores that survive, beside the barest loop that keeps as much as safely.

use std::sync::Arc;

use countersign_host::Plugin;
use countersign_host::store::{Database, open};

use super::bare::Bare;
use super::people::{DAY, Gateway, Trouble};
use super::{Samples, Table, runtime};
use crate::cluster::Cluster;

/// Has users sign in on a file and on a server, 1, 8 and 64 at once, in turns with as many bare updates.
pub(super) fn measure(plugin: &Plugin, table: &mut Table) -> Result<(), Trouble> {
    let runtime = runtime(2)?;
    let directory = super::directory("durable")?;
    let path = directory.path().join("mfa.db");
    let bare = Bare::file(&directory.path().join("bare.db"))?;
    let store = runtime.block_on(open(&format!("sqlite:{}", path.display())))?;
    runtime.block_on(compare(plugin, store, &bare, "SQLite", table))?;
    if !Cluster::is_possible() {
        table.missing("B-5", "PostgreSQL: its programs are not here");
        return Ok(());
    }
    let cluster = Cluster::start()?;
    runtime.block_on(async {
        let bare = Bare::server(&cluster.database().await?).await?;
        let store = open(&cluster.database().await?).await?;
        compare(plugin, store, &bare, "PostgreSQL", table).await
    })
}

async fn compare(
    plugin: &Plugin,
    store: Arc<dyn Database>,
    bare: &Bare,
    name: &str,
    table: &mut Table,
) -> Result<(), Trouble> {
    let gateway = Gateway::on(plugin, store)?;
    gateway.enroll(0..USERS, 64).await?;
    for callers in [1_usize, 8, 64] {
        let (mut ours, mut bares) = (Samples::default(), Samples::default());
        let sign_ins = callers.saturating_mul(EACH).min(USERS);
        for _ in 0..ROUNDS {
            gateway.clock.advance(DAY);
            let people = gateway.begin(0..sign_ins, 64).await?;
            let verifying = gateway.clone();
            let all =
                tokio::spawn(async move { verifying.verify_all(people, callers, None).await });
            ours.note(all.await??, sign_ins);
            bares.note(bare.update(callers, sign_ins).await?, sign_ins);
        }
        table.speed(
            (
                "B-5",
                &format!("sign-ins on {name}, {callers} at once, each on the disk"),
            ),
            ours.median(),
            ("bare", bares.median()),
            0.8,
        );
    }
    Ok(())
}

const USERS: usize = 2_000;
/// Sign-ins of one caller in a turn.
const EACH: usize = 100;
const ROUNDS: usize = 7;
