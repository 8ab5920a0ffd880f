//! `countersign demo`.

mod interactive;
mod keyboard;
mod people;
mod phone;
mod qr;
mod stage;
mod story;
mod teller;
mod words;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::authenticator::Authenticator;
use crate::calendar;
use crate::exit::Exit;
use crate::plugin;

/// Stops the demo where it told what did not come.
///
/// The answer was just printed, so that it need not be said again.
macro_rules! told {
    ($told:expr, $answer:expr, $pattern:pat $(if $guard:expr)? => $value:expr) => {
        match $answer {
            $pattern $(if $guard)? => $value,
            _ => return Err(crate::exit::Exit::untrue($told)),
        }
    };
}
use told;

/// Tells the story of early enrollment, on the real component
///
/// A company turns MFA on with a deadline; one of its people enrolls early, loses her phone and recovers, another is
/// made to enroll when the deadline has passed. Then codes come by text message, somebody works for two companies, and
/// an admin moves a deadline and resets a user. Everything told is checked as it is told: if an answer of the plugin
/// is another one, the demo stops with exit code 1.
///
/// Keys and codes are printed, because it is a demo; nothing is kept. The codes come from an authenticator that is not
/// Countersign's own: from oathtool where it is installed.
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct Demo {
    /// Play the user yourself: scan the QR code with your phone, and type the codes it shows
    #[arg(long, short)]
    interactive: bool,
    /// Tell it with another plugin: everything told is checked of that one
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// The same words after `--`, as `cargo demo -- --interactive` passes them on.
    #[arg(last = true, hide = true, value_name = "OPTION", value_parser = ["--interactive", "-i"])]
    passed_on: Vec<String>,
}

impl Demo {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let interactive = self.interactive || !self.passed_on.is_empty();
        let told = async {
            let plugin = plugin::load(self.plugin.as_deref(), cache)?;
            match interactive {
                true => interactive::tell(plugin, out).await,
                false => story::tell(plugin, Authenticator::find(), out).await,
            }
        };
        tokio::select! {
            told = told => told,
            _ = tokio::signal::ctrl_c() => Err(Exit::Interrupted),
        }
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    everything came as it was told, or whoever played left early
  1    an answer was another one than was told, or the demo could not go on
  2    the command line cannot be used
  3    a host would refuse the plugin
  5    the plugin trapped, used up its limits or broke the contract, and was stopped
  130  Ctrl-C";

/// Says whether what was told holds.
fn check(holds: bool, told: &str) -> Result<(), Exit> {
    match holds {
        true => Ok(()),
        false => Err(Exit::untrue(told)),
    }
}
