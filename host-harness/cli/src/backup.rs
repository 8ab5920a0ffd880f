//! `countersign backup`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::store::{Copied, Inventory as _, SqliteStore};

use crate::database::StoreArgs;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::style::{DIM, GOOD};

/// Copies a SQLite store to a file, as it is at one moment, while gateways use it
///
/// Values in the copy are sealed as in the store. Keep it apart from the keys: whoever has both has every user's codes.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Backup {
    /// The file to make, which must not be there
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

impl Backup {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let path = sqlite(&self.store, PG_DUMP)?;
        if !path.exists() {
            let path = path.display();
            return Err(Exit::Usage(format!(
                "--store sqlite:{path}: expected a file that is there"
            )));
        }
        let store = SqliteStore::open(path).await.map_err(failed)?;
        let copied = copied(|told| store.backup(&self.to, told)).await;
        // A gateway may have it open, and then is the one to tidy up.
        let _ = store.close().await;
        copied?;
        let to = self.to.to_string_lossy();
        let to = countersign_host::printable::Printable(&to);
        writeln!(out, "{GOOD}backed up{GOOD:#}: {to}")?;
        writeln!(out, "{DIM}{APART}{DIM:#}")?;
        Ok(())
    }
}

/// Makes a copy with a bar that says how far it is.
pub(crate) async fn copied<F>(
    copy: impl FnOnce(Box<dyn FnMut(Copied) + Send>) -> F,
) -> Result<(), Exit>
where
    F: Future<Output = Result<(), countersign_host::store::SqliteError>>,
{
    let mut progress = None;
    let told = move |it: Copied| {
        let progress = progress.get_or_insert_with(|| Progress::of("pages", Some(it.of)));
        progress.set(it.pages);
    };
    copy(Box::new(told)).await.map_err(failed)
}

/// Returns the file of a store, or says what does its work for another kind.
pub(crate) fn sqlite<'a>(store: &'a StoreArgs, postgres: &str) -> Result<&'a Path, Exit> {
    let address = store.address()?;
    match address.sqlite() {
        Some(path) => Ok(path),
        None if address.is_postgres() => Err(Exit::Usage(postgres.to_owned())),
        None => Err(Exit::Usage(
            "--store: expected sqlite:PATH: no other store is one file".to_owned(),
        )),
    }
}

pub(crate) fn failed(error: countersign_host::store::SqliteError) -> Exit {
    use countersign_host::store::SqliteError::AlreadyThere;
    match error {
        AlreadyThere(_) => Exit::Usage(error.to_string()),
        error => Exit::Fault(error.to_string()),
    }
}

const PG_DUMP: &str = "--store: expected sqlite:PATH; for PostgreSQL use its own `pg_dump --format=custom --file=FILE DATABASE`";

const APART: &str =
    "Keep it apart from the keys. To use it: countersign restore --from FILE --store sqlite:PATH";

const EXIT_CODES: &str = "\
Exit codes:
  0  the copy is whole, and on the disk
  1  the copy could not be made; nothing is left of it
  2  the command line, the file or the store cannot be used";
