//! `countersign keys`.

mod rotate;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_host::keyring::KeyFile;
use countersign_host::random::SystemRandom;
use countersign_host::store::KeyNotes;
use serde_json::{Value, json};

use self::rotate::Rotate;
use crate::database::{Access, StoreArgs};
use crate::exit::Exit;
use crate::json::pretty;
use crate::style::{BAD, DIM, GOOD};
use crate::table::{Cell, Table};

/// The keys that records are sealed with: make, rotate, list
///
/// No key is ever printed. Whoever has a key file and a copy of the store can make the codes of every user: keep the two
/// apart, and both out of reach.
#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(crate) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    New(New),
    Add(Add),
    Activate(Activate),
    List(List),
    Rotate(Rotate),
}

/// Makes a new key file with one key, for its owner alone
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct New {
    /// The file, which must not be there
    file: PathBuf,
}

/// Adds a key that is to come: the first step of a rotation
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Add {
    /// The key file
    file: PathBuf,
}

/// Makes the key that is to come the active one: the second step of a rotation
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Activate {
    /// The key file
    file: PathBuf,
}

/// Lists the keys of a file by id and state, and those that a store has records of
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct List {
    /// The key file
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

impl Keys {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        match self.action {
            Action::New(new) => new.run(out),
            Action::Add(add) => add.run(out),
            Action::Activate(activate) => activate.run(out),
            Action::List(list) => list.run(out).await,
            Action::Rotate(rotate) => rotate.run(out).await,
        }
    }
}

impl New {
    fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let drawn = KeyFile::draw(&SystemRandom);
        let keys = drawn.map_err(|error| Exit::Fault(error.to_string()))?;
        keys.write_new(&self.file)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Exit::Usage("expected a file that is not there: records cannot be read without the keys they were sealed with".to_owned()),
                _ => Exit::Usage(format!("cannot be written: {error}")),
            })
            .map_err(|exit| exit.at(&self.file.to_string_lossy()))?;
        for (state, id) in keys.keys() {
            writeln!(out, "{GOOD}{state}{GOOD:#} {id:08x}")?;
        }
        writeln!(out, "{DIM}{KEEP}{DIM:#}")?;
        Ok(())
    }
}

impl Add {
    fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let mut keys = read(&self.file)?;
        let added = keys.add_next(&SystemRandom);
        let id = added.map_err(|error| not_edited(&self.file, &error))?;
        write(&keys, &self.file)?;
        writeln!(out, "{GOOD}next{GOOD:#} {id:08x}")?;
        writeln!(out, "{DIM}{ADDED}{DIM:#}")?;
        Ok(())
    }
}

impl Activate {
    fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let mut keys = read(&self.file)?;
        let activated = keys.activate_next();
        let id = activated.map_err(|error| not_edited(&self.file, &error))?;
        write(&keys, &self.file)?;
        writeln!(out, "{GOOD}active{GOOD:#} {id:08x}")?;
        writeln!(out, "{DIM}{ACTIVATED}{DIM:#}")?;
        Ok(())
    }
}

impl List {
    async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let keys = read(&self.file)?;
        let notes = match self.store.is_given() {
            true => {
                let store = self.store.open(Access::Read).await?;
                Some(store.key_notes(self.store.realm()).await?)
            }
            false => None,
        };
        let has = |id: u32| keys.keys().any(|(_, it)| it == id);
        let noted = notes.iter().flat_map(|it| it.sealing.iter().copied());
        let missing: Vec<u32> = noted.filter(|id| !has(*id)).collect();
        match self.json {
            true => writeln!(out, "{}", pretty(&to_json(&keys, notes.as_ref(), &missing)))?,
            false => print(&keys, notes.as_ref(), &missing, out)?,
        }
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Exit::AnsweredNo(
                "the store has records of keys that are not in the file".to_owned(),
            )),
        }
    }
}

fn to_json(keys: &KeyFile, notes: Option<&KeyNotes>, missing: &[u32]) -> Value {
    let id = |id: u32| format!("{id:08x}");
    let listed = keys.keys().map(|(state, key)| {
        let mut json = json!({ "id": id(key), "state": state.as_str() });
        if let (Value::Object(fields), Some(notes)) = (&mut json, notes) {
            let in_store = notes.sealing.contains(&key);
            fields.insert("in-store".to_owned(), in_store.into());
            fields.insert(
                "names-counters".to_owned(),
                (notes.index == Some(key)).into(),
            );
        }
        json
    });
    let listed: Vec<Value> = listed.collect();
    let missing: Vec<String> = missing.iter().copied().map(id).collect();
    json!({ "keys": listed, "missing": missing })
}

fn print(
    keys: &KeyFile,
    notes: Option<&KeyNotes>,
    missing: &[u32],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = Table::default();
    let heading = match notes {
        Some(_) => ["id", "state", "in the store"],
        None => ["id", "state", ""],
    };
    table.heading(heading);
    let in_store = |key: u32| {
        let Some(notes) = notes else {
            return "";
        };
        match (notes.sealing.contains(&key), notes.index == Some(key)) {
            (true, true) => "records may be sealed with it; it names counters",
            (true, false) => "records may be sealed with it",
            (false, true) => "it names counters",
            (false, false) => "no",
        }
    };
    for (state, key) in keys.keys() {
        let id = format!("{key:08x}");
        table.row([
            Cell::new(&id),
            Cell::new(state.as_str()),
            Cell::new(in_store(key)),
        ]);
    }
    for key in missing {
        let id = format!("{key:08x}");
        table.row([
            Cell::new(&id),
            Cell::styled(BAD, "missing"),
            Cell::new(in_store(*key)),
        ]);
    }
    table.write(out)
}

fn read(file: &Path) -> Result<KeyFile, Exit> {
    KeyFile::read(file).map_err(|error| Exit::Usage(error.to_string()))
}

fn write(keys: &KeyFile, file: &Path) -> Result<(), Exit> {
    keys.write(file).map_err(|error| {
        let file = file.display();
        Exit::Fault(format!("{file}: nothing was changed: {error}"))
    })
}

fn not_edited(file: &Path, error: &dyn std::fmt::Display) -> Exit {
    Exit::AnsweredNo(format!("{}: {error}", file.display()))
}

const KEEP: &str = "Keep a copy in another safe place than the backups of the store. Without it no record can be read again.";
const ADDED: &str =
    "Hand the file to every gateway and restart them. Then: countersign keys activate";
const ACTIVATED: &str =
    "Hand the file to every gateway and restart them. Then: countersign keys rotate";

const LONG_HELP: &str = r"To rotate, with users signing in meanwhile:
  countersign keys add FILE        then hand the file to every gateway, and restart them
  countersign keys activate FILE   then hand the file to every gateway, and restart them
  countersign keys rotate          seals again what was not written since; can be stopped

Keys that were active before stay in the file as retired: what users hold, such as recovery codes
and trusted devices, is checked with the key of its day. The first key of all names counters.";

const EXIT_CODES: &str = "\
Exit codes:
  0  it went well
  1  the command could not do its work; the file is as it was
  2  the command line, the file or the store cannot be used
  4  the answer is no: there is a next key already, or none, or keys are missing";
