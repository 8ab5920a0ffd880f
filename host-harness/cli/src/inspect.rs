//! `countersign inspect`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::contract::meta::{Description, Level};
use countersign_host::keyring::LocalKeyring;
use countersign_host::printable::Printable;
use countersign_host::signature::{PublicKey, beside, check, read_beside};
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, Inspection, Plugin, PluginBuilder, Verdict};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::json::pretty;
use crate::plugin::{self, Kind, Lab};
use crate::style::{BAD, BOLD, DIM, GOOD};

/// Says what a plugin file is, and whether a host would load it
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct Inspect {
    /// The plugin; without it, the component that was built with this command
    plugin: Option<PathBuf>,
    /// Say whether this public key, in PEM, has signed it; may be given more than once
    #[arg(long, value_name = "FILE", requires = "plugin")]
    signed_by: Vec<PathBuf>,
    /// Print JSON in place of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    lab: Lab,
}

impl Inspect {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let path = self.plugin.as_deref();
        let bytes = plugin::read(path, self.lab)?;
        let signature = match path {
            Some(path) if !self.signed_by.is_empty() => {
                Some(signature(path, &bytes, &self.signed_by)?)
            }
            _ => None,
        };
        let report = Report::of(&bytes, signature, &self.lab.builder(cache)).await?;
        match self.json {
            true => writeln!(out, "{}", pretty(&report.to_json()))?,
            false => report.write(&plugin::name(path), out)?,
        }
        match (&report.inspection.verdict, &report.signature) {
            // The report says why.
            (Verdict::Refused(_), _) => Err(Exit::Refused("a host would not load it".to_owned())),
            (Verdict::Loads, Some(Err(_))) => Err(Exit::Refused(
                "a host that asks for such a signature would not load it".to_owned(),
            )),
            (Verdict::Loads, _) => Ok(()),
        }
    }
}

/// All that is known of a file.
struct Report {
    kind: Kind,
    inspection: Inspection,
    /// The key that has signed it, or why none has; if that was asked.
    signature: Option<Result<PublicKey, String>>,
    /// Whether it was loaded for a laboratory alone.
    is_lab: bool,
    /// What the plugin says of itself, if it loads; or why it does not answer.
    description: Option<Result<Description, Error>>,
}

impl Report {
    async fn of(
        bytes: &[u8],
        signature: Option<Result<PublicKey, String>>,
        builder: &PluginBuilder,
    ) -> Result<Self, Exit> {
        let mut inspection = plugin::waiting(|| builder.inspect(bytes))?;
        let mut is_lab = false;
        let mut description = None;
        if inspection.verdict == Verdict::Loads {
            // The last word is loading itself: it has limits that looking does not.
            match plugin::compile(bytes, builder) {
                Ok(plugin) => {
                    is_lab = plugin.is_lab();
                    description = Some(describe(plugin).await?);
                }
                Err(error) => inspection.verdict = Verdict::Refused(error.to_string()),
            }
        }
        Ok(Self {
            kind: Kind::of(bytes),
            inspection,
            signature,
            is_lab,
            description,
        })
    }

    fn to_json(&self) -> Value {
        let (said, fault) = match &self.description {
            Some(Ok(it)) => (Some(description_to_json(it)), None),
            Some(Err(error)) => (None, Some(error.to_string())),
            None => (None, None),
        };
        let mut json = json!(self.inspection);
        if let Value::Object(fields) = &mut json {
            fields.insert("kind".to_owned(), json!(self.kind.name()));
            fields.insert("lab".to_owned(), json!(self.is_lab));
            fields.insert("description".to_owned(), json!(said));
            fields.insert("description-fault".to_owned(), json!(fault));
            match &self.signature {
                Some(Ok(key)) => fields.insert("signed-by".to_owned(), json!(key.to_string())),
                Some(Err(why)) => fields.insert("not-signed".to_owned(), json!(why)),
                None => None,
            };
        }
        json
    }

    fn write(&self, name: &str, out: &mut dyn Write) -> Result<(), Exit> {
        let it = &self.inspection;
        writeln!(out, "{BOLD}{name}{BOLD:#}\n")?;
        match &it.verdict {
            Verdict::Loads if self.is_lab && !it.unexpected.is_empty() => row(
                out,
                "verdict",
                &[format!(
                    "{BAD}loads in a laboratory only{BAD:#}: never run it before real people"
                )],
            )?,
            Verdict::Loads if matches!(self.signature, Some(Err(_))) => row(
                out,
                "verdict",
                &[format!(
                    "{BAD}refused{BAD:#} by a host that wants it signed by these keys"
                )],
            )?,
            Verdict::Loads => row(
                out,
                "verdict",
                &[format!("{GOOD}a host would load it{GOOD:#}")],
            )?,
            Verdict::Refused(why) => {
                let why = self.kind.explain(why);
                row(out, "verdict", &[format!("{BAD}refused{BAD:#}: {why}")])?;
            }
        }
        row(out, "kind", &[self.kind.name().to_owned()])?;
        row(out, "size", &[format!("{} bytes", with_thousands(it.size))])?;
        row(out, "sha-256", &[it.sha256.to_string()])?;
        match &self.signature {
            Some(Ok(key)) => row(out, "signed", &[format!("{GOOD}by{GOOD:#} {key}")])?,
            Some(Err(why)) => row(out, "signed", &[format!("{BAD}no{BAD:#}: {why}")])?,
            None => {}
        }
        if let Some(contract) = &it.contract {
            row(
                out,
                "world",
                &[format!("countersign:mfa/plugin@{contract}, by its exports")],
            )?;
        }
        match &self.description {
            Some(Ok(said)) => describe_rows(said, out)?,
            Some(Err(error)) => row(out, "says", &[format!("{BAD}nothing{BAD:#}: {error}")])?,
            None => {}
        }
        row(out, "imports", &self.imports())?;
        row(out, "exports", &or_none(&it.exports))?;
        if !it.missing.is_empty() {
            row(out, "missing", &it.missing)?;
        }
        Ok(())
    }

    /// Returns the imports, those marked that the contract does not have.
    fn imports(&self) -> Vec<String> {
        let it = &self.inspection;
        let mark = |import: &String| {
            let beyond: Vec<&str> = it
                .unexpected
                .iter()
                .filter_map(|name| name.strip_prefix(import.as_str()))
                .collect();
            match beyond.as_slice() {
                [] => import.clone(),
                [""] => format!("{import}  {BAD}not in the contract{BAD:#}"),
                members => {
                    let members = members.join(" ");
                    format!("{import}  {BAD}not in the contract: {members}{BAD:#}")
                }
            }
        };
        or_none(&it.imports.iter().map(mark).collect::<Vec<_>>())
    }
}

/// Finds the key that has signed a plugin, or says why none has.
fn signature(
    plugin: &Path,
    bytes: &[u8],
    keys: &[PathBuf],
) -> Result<Result<PublicKey, String>, Exit> {
    let keys = read_keys(keys)?;
    let signature = read_beside(plugin).map_err(|error| {
        let path = beside(plugin);
        Exit::Fault(format!("cannot read {}: {error}", path.display()))
    })?;
    let signer = check(&keys, bytes, signature.as_deref());
    Ok(signer.copied().map_err(|error| error.to_string()))
}

/// Reads the files of public keys.
pub(crate) fn read_keys(paths: &[PathBuf]) -> Result<Vec<PublicKey>, Exit> {
    let read = |path: &PathBuf| {
        PublicKey::read(path)
            .map_err(|error| Exit::Usage(format!("--signed-by {}: {error}", path.display())))
    };
    paths.iter().map(read).collect()
}

/// Asks a plugin what it is. That takes no import, so there is nothing to be given.
async fn describe(plugin: Plugin) -> Result<Result<Description, Error>, Exit> {
    let mfa = Countersign::builder(plugin)
        .realm("inspect")
        .store(MemoryStore::new())
        .keyring(LocalKeyring::from_key([0; 32]))
        .build()?;
    Ok(mfa.meta().describe().await)
}

fn describe_rows(said: &Description, out: &mut dyn Write) -> Result<(), Exit> {
    let levels: Vec<&str> = said.levels.iter().map(|it| level(*it)).collect();
    let formats = &said.formats;
    // What the plugin says is not ours: no control characters of it reach the terminal.
    row(out, "says", &[Printable(&said.name).to_string()])?;
    row(out, "contract", &[Printable(&said.contract).to_string()])?;
    row(out, "levels", &[levels.join(", ")])?;
    row(
        out,
        "records",
        &[format!(
            "writes format {}, reads {} to {}",
            formats.written, formats.oldest_read, formats.newest_read
        )],
    )
}

fn description_to_json(it: &Description) -> Value {
    let levels: Vec<&str> = it.levels.iter().map(|it| level(*it)).collect();
    json!({
        "name": it.name,
        "contract": it.contract,
        "levels": levels,
        "formats": {
            "oldest-read": it.formats.oldest_read,
            "newest-read": it.formats.newest_read,
            "written": it.formats.written,
        },
    })
}

fn level(it: Level) -> &'static str {
    match it {
        Level::Core => "core",
        Level::Extended => "extended",
    }
}

/// Writes a row whose further lines stand below the first.
fn row(out: &mut dyn Write, head: &str, lines: &[String]) -> Result<(), Exit> {
    let mut head = head;
    for line in lines {
        writeln!(out, "  {DIM}{head:<9}{DIM:#}  {line}")?;
        head = "";
    }
    Ok(())
}

fn or_none(lines: &[String]) -> Vec<String> {
    match lines {
        [] => vec!["none".to_owned()],
        lines => lines.to_vec(),
    }
}

fn with_thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

const EXIT_CODES: &str = "\
Nothing of a plugin runs until it was found fit; then it is asked once what it is.

Exit codes:
  0  a host would load it
  1  it cannot be read
  2  the command line, or a key that it names, cannot be used
  3  a host would refuse it, for its signature too if asked; the report names why";

#[cfg(test)]
mod tests {
    use super::with_thousands;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!(with_thousands(7), "7");
        assert_eq!(with_thousands(1_234), "1,234");
        assert_eq!(with_thousands(4_194_304), "4,194,304");
    }
}
