//! What only a store on a server meets.

mod commits;
mod interruptions;
mod roles;
mod servers;
mod statements;
mod tls;
mod trails;

use countersign_tests::cluster::Cluster;
use countersign_tests::peer::Peer;
use libtest_mimic::Trial;
use tokio_postgres::Client;

use crate::kind::RUNTIME;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = servers::trials();
    trials.extend(commits::trials());
    trials.extend(interruptions::trials());
    trials.extend(roles::trials());
    trials.extend(statements::trials());
    trials.extend(tls::trials());
    trials.extend(trails::trials());
    trials
}

/// A trial that needs a server; where there is none it is shown as ignored, or fails where it is required.
pub(crate) fn trial<F>(name: &str, trial: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = ()>,
{
    Peer::Postgres.trial(format!("postgres/{name}"), move || {
        RUNTIME.block_on(trial());
        Ok(())
    })
}

/// The address of an empty database on the server that all trials share.
async fn database() -> String {
    let cluster = Cluster::shared().expect("a server starts");
    cluster.database().await.expect("a database is made")
}

/// Somebody who uses the database at an address beside the store.
async fn client(url: &str) -> Client {
    let cluster = Cluster::shared().expect("it runs");
    let client = cluster.client(name(url)).await;
    client.expect("it connects")
}

/// The name of the database at an address.
fn name(url: &str) -> &str {
    url.rsplit('/').next().expect("a name")
}
