//! `countersign restore`.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use countersign_host::contract::Actor;
use countersign_host::printable::Printable;
use countersign_host::store::SqliteStore;

use crate::backup::{copied, failed, sqlite};
use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::revoke::{Revoked, What, revoke_all};
use crate::style::{BAD, BOLD, GOOD};

/// Puts a backup of a SQLite store in its place, and revokes what would be good again
///
/// A backup turns time back: recovery codes that were used since would be good again, and so would tickets and trusted
/// devices that were ended. They are revoked for every user before the store is where a gateway could open it. It can
/// be stopped and begun again.
#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(crate) struct Restore {
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Who does it, for the audit trail
    #[arg(long, value_name = "NAME", default_value = "restore")]
    operator: String,
    #[command(flatten)]
    gateway: GatewayArgs,
}

impl Restore {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let to = sqlite(self.gateway.store(), PG_RESTORE)?;
        for file in files(to) {
            if fs::symlink_metadata(&file).is_ok() {
                let file = file.display();
                return Err(Exit::Usage(format!(
                    "{file}: expected no file there: stop every gateway and move the old store away, with -wal and -shm"
                )));
            }
        }
        let keyring = self.gateway.keyed.keyring().await?;
        // No gateway opens a file of this name, so that none serves what is not revoked yet.
        let meanwhile = beside(to, ".restoring");
        remove(&meanwhile)?;
        let work = async {
            copied(|told| SqliteStore::restore(&self.from, &meanwhile, told)).await?;
            let store = SqliteStore::open(&meanwhile).await.map_err(failed)?;
            let gateway =
                self.gateway
                    .stand_on(Arc::new(store.clone()), keyring, Access::Write, cache);
            let gateway = gateway.await?;
            let actor = Actor::Operator(self.operator.clone());
            let realm = self.gateway.store().realm();
            let revoked = revoke_all(&gateway, realm, &What::ALL, &actor).await?;
            copied(|told| store.backup(to, told)).await?;
            Ok::<Revoked, Exit>(revoked)
        };
        let revoked = tokio::select! {
            revoked = work => revoked,
            _ = tokio::signal::ctrl_c() => Err(Exit::Interrupted),
        };
        if revoked.is_err() {
            anstream::eprintln!("nothing was restored; run it again");
        }
        let removed = remove(&meanwhile);
        let revoked = revoked?;
        removed?;
        let to = to.to_string_lossy();
        writeln!(out, "{GOOD}restored{GOOD:#}: {}", Printable(&to))?;
        revoked.write(out)?;
        writeln!(out, "\n{BOLD}{BAD}{SINCE}{BAD:#}{BOLD:#}")?;
        Ok(())
    }
}

/// Names a file and those that SQLite keeps beside it.
fn files(path: &Path) -> [PathBuf; 5] {
    ["", "-wal", "-shm", "-journal", ".part"].map(|it| beside(path, it))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Removes what an earlier restore left.
fn remove(path: &Path) -> Result<(), Exit> {
    for file in files(path) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let file = file.display();
                return Err(Exit::Fault(format!("cannot remove {file}: {error}")));
            }
            _ => {}
        }
    }
    Ok(())
}

const PG_RESTORE: &str = "--store: expected sqlite:PATH; for PostgreSQL stop every gateway, use its own `pg_restore`, \
                          and then `countersign revoke-all tickets,devices,recovery` before a gateway starts";

const SINCE: &str = "\
Not brought back, and for you to see to: everything since the backup. Whoever was reset, erased or
changed a factor since then has the old one again: reset them. Wait two minutes before you start a
gateway, until no code that was used a moment ago is good for its time. Only users of this realm were
revoked: if the store has others, revoke-all for each of them. The file belongs to who made it: see
that the gateway can write it.";

const LONG_HELP: &str = r"Stop every gateway first, and move the old store away with its -wal and -shm. The copy is made and
revoked beside its place, as PATH.restoring, and put there when all is done.

Users of one realm are revoked. If the store has others, do the same for each of them before a
gateway starts:
  countersign revoke-all tickets,devices,recovery --realm NAME --operator NAME

PostgreSQL is restored with pg_restore; then, before a gateway starts:
  countersign revoke-all tickets,devices,recovery --operator NAME

Exit codes:
  0    the store is in its place
  1    the command could not do its work, and nothing is in the place
  2    the command line, the backup, the place or the keys cannot be used
  3    a host would refuse the plugin
  4    the plugin refused, or the backup has nothing of the realm; nothing is in the place
  5    the plugin trapped, used up its limits or broke the contract, and was stopped
  130  Ctrl-C; nothing is in the place";
