//! `countersign new`.

mod source;
mod template;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::printable::Printable;

use crate::exit::Exit;
use crate::style::{DIM, GOOD};
use source::Source;

/// Makes the sources of a new plugin, to be filled in by the plugin developer's guide
///
/// What is made builds and loads at once. It claims no level, and answers every function with
/// err(other("not-implemented")), so that `countersign conformance` says what is missing.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct New {
    /// What the plugin is called: a name that a Rust package may have
    #[arg(value_parser = name)]
    name: String,
    /// The folder to make; one of the plugin's name here, unless told otherwise
    #[arg(long, value_name = "DIRECTORY")]
    path: Option<PathBuf>,
    /// Where Countersign's sources are: a folder, or a git address, with #COMMIT or #TAG behind it for one state of it.
    /// Unless told otherwise, where this command was built
    #[arg(long, value_name = "SOURCES")]
    sdk: Option<String>,
}

impl New {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let source = match &self.sdk {
            Some(told) => Source::parse(told)?,
            None => Source::of_this_command()?,
        };
        let folder = self.path.unwrap_or_else(|| PathBuf::from(&self.name));
        make(&folder)?;
        for file in template::FILES {
            let text = template::fill(file.text, &self.name, &source);
            write(&folder.join(file.path), &text)?;
        }
        let shown = folder.to_string_lossy();
        let quote = if shown.contains(' ') { "\"" } else { "" };
        let wasm = self.name.replace('-', "_");
        writeln!(out, "{GOOD}made{GOOD:#}: {}", Printable(&shown))?;
        writeln!(
            out,
            "\n  cd {quote}{}{quote}\n  cargo build --release\n  \
             countersign conformance target/wasm32-wasip2/release/{wasm}.wasm --level core\n\n\
             {DIM}{NEXT}{DIM:#}",
            Printable(&shown)
        )?;
        Ok(())
    }
}

/// Makes the folder, unless there is something in it.
fn make(folder: &Path) -> Result<(), Exit> {
    let refused = |expected: &str| {
        let folder = folder.display();
        Err(Exit::Usage(format!("{folder}: expected {expected}")))
    };
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => refused("a folder that is empty or not there"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(|error| failed(folder, &error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            refused("a folder, not a file")
        }
        Err(error) => Err(failed(folder, &error)),
    }
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), Exit> {
    (|| {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(text.as_bytes())
    })()
    .map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &io::Error) -> Exit {
    Exit::Fault(format!("cannot make {}: {error}", path.display()))
}

/// Takes a name that cargo takes, and that gives a file of the same name on every system.
fn name(typed: &str) -> Result<String, String> {
    let (first, rest) = typed.split_at_checked(1).ok_or(EXPECTED)?;
    let begins = first.bytes().all(|it| it.is_ascii_lowercase());
    let goes_on = rest
        .bytes()
        .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-' || it == b'_');
    if !begins || !goes_on || typed.len() > 64 {
        return Err(EXPECTED.to_owned());
    }
    let is_device = typed
        .strip_prefix("com")
        .or_else(|| typed.strip_prefix("lpt"))
        .is_some_and(|port| port.len() == 1 && port.bytes().all(|it| it.is_ascii_digit()));
    if is_device || TAKEN.contains(&&*typed.replace('-', "_")) {
        return Err(
            "expected a name that Rust, Windows and Countersign's packages leave free".to_owned(),
        );
    }
    Ok(typed.to_owned())
}

const EXPECTED: &str =
    "expected at most 64 lower-case letters, digits, hyphens and underscores, a letter first";

/// Keywords, the packages that each program has, names of devices, and the packages that a plugin depends on.
const TAKEN: [&str; 58] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "aux",
    "await",
    "become",
    "box",
    "break",
    "con",
    "const",
    "continue",
    "core",
    "countersign_core",
    "countersign_sdk",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "nul",
    "override",
    "priv",
    "prn",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
    "yield",
];

const NEXT: &str = "The guide goes on from here: guest/GUIDE.md in Countersign's sources.";

const EXIT_CODES: &str = "\
Exit codes:
  0    it is made
  1    a file could not be written
  2    the name, the folder or the sources cannot be used";
