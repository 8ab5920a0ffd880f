//! `countersign sign`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::printable::Printable;
use countersign_host::random::SystemRandom;
use countersign_host::signature::{PrivateKey, beside};
use zeroize::Zeroizing;

use crate::draft::{Draft, Place, Readers, require_free};
use crate::exit::Exit;
use crate::plugin::{self, Kind, Lab};
use crate::style::{DIM, GOOD};

/// Signs a plugin, for gateways whose settings name the key
///
/// The signature lies beside the plugin, in a file whose name has .sig at its end: 64 bytes of Ed25519, as OpenSSL makes
/// and checks them too.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Sign {
    /// The plugin
    #[arg(required_unless_present = "new_key", conflicts_with = "new_key")]
    plugin: Option<PathBuf>,
    /// The private key, in PEM: a file that its owner alone can read
    #[arg(long, value_name = "FILE", required_unless_present = "new_key")]
    key: Option<PathBuf>,
    /// Replace a signature that is there
    #[arg(long)]
    force: bool,
    /// Make a pair of keys in place of a signature: NAME.private.pem and NAME.public.pem
    #[arg(long, value_name = "NAME", conflicts_with_all = ["key", "force"])]
    new_key: Option<PathBuf>,
}

impl Sign {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        match (self.plugin, self.key, self.new_key) {
            (_, _, Some(name)) => new_key(&name, out),
            (Some(plugin), Some(key), None) => {
                let place = match self.force {
                    true => Place::Any,
                    false => Place::Free,
                };
                sign(&plugin, &key, place, out)
            }
            _ => Err(Exit::Usage("expected a plugin and --key".to_owned())),
        }
    }
}

fn sign(plugin: &Path, key: &Path, place: Place, out: &mut dyn Write) -> Result<(), Exit> {
    let signed = beside(plugin);
    require_free(&signed, place)?;
    let key = read_key(key)?;
    let bytes = plugin::read(Some(plugin), Lab::default())?;
    // Most likely the wrong file: cargo leaves modules and components of one name side by side.
    if Kind::of(&bytes) != Kind::Component {
        let path = plugin.display();
        let kind = Kind::of(&bytes).name();
        return Err(Exit::Usage(format!(
            "{path}: expected a component, found {kind}"
        )));
    }
    Draft::write(&signed, &key.sign(&bytes), Readers::Usual)?.name(&signed, place)?;
    told(out, "signed", &signed, key.public())
}

fn new_key(name: &Path, out: &mut dyn Write) -> Result<(), Exit> {
    let (private, public) = (with(name, ".private.pem"), with(name, ".public.pem"));
    require_free(&private, Place::Free)?;
    require_free(&public, Place::Free)?;
    let key = PrivateKey::draw(&SystemRandom).map_err(|error| Exit::Fault(error.to_string()))?;
    let draft = Draft::write(&private, key.to_pem().as_bytes(), Readers::Owner)?;
    let pem = key.public().to_pem();
    Draft::write(&public, pem.as_bytes(), Readers::Usual)?.name(&public, Place::Free)?;
    draft.name(&private, Place::Free)?;
    told(out, "made", &public, key.public())?;
    told(out, "made", &private, "for its owner alone")?;
    writeln!(out, "{DIM}{KEEP}{DIM:#}")?;
    Ok(())
}

/// Reads a private key, unless others can read it too.
fn read_key(path: &Path) -> Result<PrivateKey, Exit> {
    let at = |why: &dyn std::fmt::Display| Exit::Usage(format!("{}: {why}", path.display()));
    let file = File::open(path).map_err(|error| at(&error))?;
    #[cfg(unix)]
    {
        let permissions = file.metadata().map_err(|error| at(&error))?.permissions();
        if std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o077 != 0 {
            return Err(at(&"others can reach it: expected mode 0600"));
        }
    }
    // With room to spare, so that it is not moved and left behind while it grows.
    let mut text = Zeroizing::new(String::with_capacity(MOST_TEXT));
    let most = u64::try_from(MOST_TEXT).unwrap_or(u64::MAX);
    let read: io::Result<usize> = file.take(most).read_to_string(&mut text);
    read.map_err(|error| at(&error))?;
    text.parse().map_err(|error| at(&error))
}

fn with(name: &Path, end: &str) -> PathBuf {
    let mut path = OsString::from(name);
    path.push(end);
    path.into()
}

fn told(
    out: &mut dyn Write,
    done: &str,
    path: &Path,
    what: impl std::fmt::Display,
) -> Result<(), Exit> {
    let path = path.to_string_lossy();
    let path = Printable(&path);
    writeln!(out, "{GOOD}{done}{GOOD:#}  {path}  {DIM}{what}{DIM:#}")?;
    Ok(())
}

/// More than a key in PEM has.
const MOST_TEXT: usize = 16 << 10;

const KEEP: &str = "Keep the private key off every gateway. What they need is the public one, as `signed-by` of [plugin].";

const EXIT_CODES: &str = "\
A signature says who released a plugin. It does not say that it is the newest: an older release is
signed as well, and only a pin keeps that out.

Exit codes:
  0  it is signed, or the keys are made
  1  the plugin cannot be read, or the signature or a key not written
  2  the command line cannot be used, the key cannot, or a file is there already
  3  no host would take the plugin, for its size";
