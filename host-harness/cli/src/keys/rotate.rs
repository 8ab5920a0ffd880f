//! `countersign keys rotate`.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use clap::Args;
use countersign_host::keyring::claim;
use countersign_host::reseal::{Ended, Reseal, ResealError};

use crate::database::{Access, KeyedArgs, require_realm};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::style::{BOLD, DIM, GOOD};

/// Seals again, with the active key, every record that is sealed with another: the last step of a rotation
///
/// Users sign in meanwhile. It can be stopped and begun again: what is sealed with the active key is passed over. Every
/// gateway must have the active key by now, or it refuses the records that are sealed with it.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Rotate {
    #[command(flatten)]
    store: KeyedArgs,
}

impl Rotate {
    pub(super) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let keyring = Arc::new(self.store.keyring().await?);
        let store = self.store.store.open(Access::Write).await?;
        let realm = self.store.store.realm();
        require_realm(&*store, realm).await?;
        let claimed = claim(&*store, realm, &keyring).await;
        claimed.map_err(|error| Exit::Usage(format!("--keys: {error}")))?;
        let noted = store.key_notes(realm).await?.sealing;
        let work = Reseal::new(store, realm, keyring.clone());
        let progress = Progress::of("records", work.total().await.ok());
        let mut told = 0;
        let walks = work.run(|it| {
            // A walk that finds nothing is quick, and no news.
            progress.add(it.looked_at.saturating_sub(told));
            told = told.max(it.looked_at);
            ControlFlow::Continue(())
        });
        let ended = tokio::select! {
            ended = walks => ended,
            _ = tokio::signal::ctrl_c() => {
                anstream::eprintln!("stopped; run it again for the rest");
                return Err(Exit::Interrupted);
            }
        };
        let sealed = match ended {
            Ok(Ended::Complete(it) | Ended::Stopped(it)) => it.resealed,
            Err(ResealError::Store(error)) => {
                return Err(Exit::Fault(format!("{error}; run it again for the rest")));
            }
            Err(error @ (ResealError::Seal(_) | ResealError::Clock(_))) => {
                return Err(Exit::Fault(error.to_string()));
            }
            Err(error) => return Err(Exit::AnsweredNo(error.to_string())),
        };
        let active = keyring.key_id();
        writeln!(
            out,
            "{GOOD}rotated{GOOD:#}: {BOLD}{sealed}{BOLD:#} records sealed again; all are sealed with {active:08x}"
        )?;
        for id in noted.into_iter().filter(|id| *id != active) {
            writeln!(
                out,
                "{DIM}no record needs {id:08x}; leave it in the file as retired{DIM:#}"
            )?;
        }
        Ok(())
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    every record is sealed with the active key
  1    the command could not do its work; run it again for the rest
  2    the command line, the store or the keys cannot be used
  4    records cannot be opened, or a gateway seals with another key
  130  Ctrl-C; run it again for the rest";
