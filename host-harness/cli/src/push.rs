//! `countersign push`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use countersign_host::signature::{beside, read_beside};
use countersign_host::{Plugin, Verdict};
use serde_json::json;

use crate::exit::Exit;
use crate::json::pretty;
use crate::plugin::{self, Kind, Lab};
use crate::registry::{Artifact, Name, Registry, RegistryArgs};
use crate::style::GOOD;
use crate::table::{Cell, Table};

/// Puts a plugin into a registry, as an OCI artifact with one layer
///
/// A signature that lies beside it, in a file whose name has .sig at its end, goes along as an annotation of the
/// manifest: countersign.mfa.signature.ed25519, in base64.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Push {
    /// The plugin
    plugin: PathBuf,
    /// Where it goes, such as registry.example/acme/mfa:1.2.0
    #[arg(value_name = "REGISTRY/NAME:TAG")]
    to: Name,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    registry: RegistryArgs,
}

impl Push {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        if self.to.digest().is_some() {
            return Err(Exit::Usage(
                "expected a tag to push to; the digest comes of what is pushed".to_owned(),
            ));
        }
        let name = self.to.to_string();
        let bytes = plugin::read(Some(&self.plugin), Lab::default())?;
        let signature = self.signature()?;
        // What no host would load is not released.
        let inspection = plugin::waiting(|| Plugin::inspect(&bytes))?;
        if let Verdict::Refused(why) = &inspection.verdict {
            let why = Kind::of(&bytes).explain(why);
            return Err(Exit::Refused(format!("{}: {why}", self.plugin.display())));
        }
        let registry = Registry::new(self.to, &self.registry)?;
        let artifact = Artifact::new(bytes, &inspection, signature);
        let digest = registry.push(artifact).await?;
        if self.json {
            let pushed = json!({
                "name": name,
                "digest": format!("sha256:{digest}"),
                "sha256": inspection.sha256,
                "is-signed": signature.is_some(),
            });
            writeln!(out, "{}", pretty(&pushed))?;
            return Ok(());
        }
        let mut table = Table::default();
        table.row([Cell::styled(GOOD, "pushed"), Cell::new(&name)]);
        let digest = format!("sha256:{digest}");
        table.row([Cell::new("digest"), Cell::new(&digest)]);
        let sha256 = inspection.sha256.to_string();
        table.row([Cell::new("sha-256"), Cell::new(&sha256)]);
        let signed = match signature {
            Some(_) => "went along, and was not checked",
            None => "none: there is no file of it beside the plugin",
        };
        table.row([Cell::new("signature"), Cell::new(signed)]);
        table.write(out)?;
        Ok(())
    }

    fn signature(&self) -> Result<Option<[u8; 64]>, Exit> {
        let path = beside(&self.plugin);
        let read = read_beside(&self.plugin);
        let read =
            read.map_err(|error| Exit::Fault(format!("cannot read {}: {error}", path.display())))?;
        let signature = read.map(<[u8; 64]>::try_from).transpose();
        signature.map_err(|_| Exit::Usage(format!("{}: expected 64 bytes", path.display())))
    }
}

const EXIT_CODES: &str = "\
What it prints: digest is that of the manifest, by which it is pulled; sha-256 that of the plugin,
by which a gateway pins it.

Exit codes:
  0  it is in the registry
  1  the plugin cannot be read, or the registry not be pushed to
  2  the command line cannot be used
  3  a host would refuse the plugin";
