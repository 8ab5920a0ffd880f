//! `countersign pull`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::Digest;
use countersign_host::signature::{PublicKey, beside, check};
use serde_json::json;

use crate::draft::{Draft, Place, Readers, require_free};
use crate::exit::Exit;
use crate::inspect::read_keys;
use crate::json::pretty;
use crate::registry::{Name, Pulled, Registry, RegistryArgs};
use crate::style::{BAD, GOOD};
use crate::table::{Cell, Table};

/// Gets a plugin from a registry, checks it, and runs nothing of it
///
/// The file gets its name once all of it is there and is what its digests say. A signature that comes along is written
/// beside it, with .sig at the end of its name.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Pull {
    /// What, such as registry.example/acme/mfa:1.2.0, or registry.example/acme/mfa@sha256:…
    #[arg(value_name = "REGISTRY/NAME:TAG")]
    from: Name,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The digest of the manifest, as `push` printed it: refuse whatever else the tag has come to mean
    #[arg(long, value_name = "sha256:DIGEST", value_parser = digest)]
    digest: Option<Digest>,
    /// Refuse what this public key, in PEM, has not signed; may be given more than once
    #[arg(long, value_name = "FILE")]
    signed_by: Vec<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    registry: RegistryArgs,
}

impl Pull {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let place = match self.force {
            true => Place::Any,
            false => Place::Free,
        };
        require_free(&self.output, place)?;
        require_free(&beside(&self.output), place)?;
        let keys = read_keys(&self.signed_by)?;
        let name = self.from.to_string();
        let registry = Registry::new(self.from, &self.registry)?;
        let pulled = registry.pull(self.digest).await?;
        let signer = match keys.is_empty() {
            true => None,
            false => Some(signer(&keys, &pulled).map_err(|exit| exit.at(&name))?),
        };
        keep(&self.output, &pulled, place)?;
        told(&name, &self.output, &pulled, signer, self.json, out)
    }
}

fn signer(keys: &[PublicKey], pulled: &Pulled) -> Result<PublicKey, Exit> {
    let signature = pulled.signature.as_ref().map(<[u8; 64]>::as_slice);
    Ok(*check(keys, &pulled.component, signature)?)
}

/// Writes the component and its signature. Until both are on the disk neither has its name.
fn keep(path: &Path, pulled: &Pulled, place: Place) -> Result<(), Exit> {
    let signed = beside(path);
    let component = Draft::write(path, &pulled.component, Readers::Usual)?;
    match &pulled.signature {
        Some(signature) => {
            Draft::write(&signed, signature, Readers::Usual)?.name(&signed, place)?
        }
        // That of what was there before.
        None if place == Place::Any => remove(&signed)?,
        None => {}
    }
    component.name(path, place).inspect_err(|_| {
        if pulled.signature.is_some() {
            // What it signs is not there.
            let _ = remove(&signed);
        }
    })
}

fn remove(path: &Path) -> Result<(), Exit> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Exit::Fault(format!(
            "cannot remove {}: {error}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

fn told(
    name: &str,
    path: &Path,
    pulled: &Pulled,
    signer: Option<PublicKey>,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Exit> {
    let digest = format!("sha256:{}", pulled.digest);
    let sha256 = Digest::of(&pulled.component).to_string();
    let file = path.to_string_lossy();
    if json {
        let told = json!({
            "name": name,
            "file": file,
            "digest": digest,
            "sha256": sha256,
            "is-signed": pulled.signature.is_some(),
            "signed-by": signer.map(|it| it.to_string()),
        });
        writeln!(out, "{}", pretty(&told))?;
        return Ok(());
    }
    let signed = match (&pulled.signature, signer) {
        (_, Some(key)) => Cell::styled(GOOD, &format!("by {key}")),
        (Some(_), None) => Cell::styled(BAD, "there, and not checked: --signed-by does"),
        (None, None) => Cell::styled(BAD, "none"),
    };
    let mut table = Table::default();
    table.row([Cell::styled(GOOD, "pulled"), Cell::new(name)]);
    table.row([Cell::new("file"), Cell::new(&file)]);
    table.row([Cell::new("digest"), Cell::new(&digest)]);
    table.row([Cell::new("sha-256"), Cell::new(&sha256)]);
    table.row([Cell::new("signature"), signed]);
    table.write(out)?;
    Ok(())
}

fn digest(text: &str) -> Result<Digest, &'static str> {
    let digits = text.strip_prefix("sha256:");
    let digest = digits.and_then(|it| it.parse().ok());
    digest.ok_or("expected sha256: and 64 hexadecimal digits")
}

const EXIT_CODES: &str = "\
Without --digest, --signed-by or a digest in the name, a registry and whoever may write to it decide
what comes. `countersign inspect` says what it is, and whether a host would load it.

Exit codes:
  0  the file is there
  1  the registry cannot be pulled from, or the file not be written
  2  the command line, a key or the place of the file cannot be used
  3  it is not what it must be: not by its digest, its signature or its size, or no component";
