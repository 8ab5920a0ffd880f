//! B-6, the gateway over HTTP, as `countersign bench http` measures it in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::Table;
use super::people::Trouble;
use crate::cluster::Cluster;

/// What the command says of one thing.
#[derive(Deserialize)]
struct Measured {
    what: String,
    #[serde(rename = "a-second")]
    a_second: f64,
    /// In milliseconds.
    p50: f64,
    p99: f64,
}

/// Measures on a file, and on a server where its programs are. What cannot be measured is said.
pub(super) fn measure(table: &mut Table) {
    let program = match program() {
        Ok(program) => program,
        Err(trouble) => return table.missing("B-6", &format!("the gateway over HTTP: {trouble}")),
    };
    on(&program, "sqlite", "SQLite", table);
    if !Cluster::is_possible() {
        return table.missing("B-6", "PostgreSQL: its programs are not here");
    }
    let database = || -> Result<(Cluster, String), Trouble> {
        let cluster = Cluster::start()?;
        let database = super::runtime(1)?.block_on(cluster.database())?;
        Ok((cluster, database))
    };
    match database() {
        Ok((_cluster, database)) => on(&program, &database, "PostgreSQL", table),
        Err(trouble) => table.missing("B-6", &format!("PostgreSQL: {trouble}")),
    }
}

fn on(program: &Path, store: &str, name: &str, table: &mut Table) {
    let measured = match ask(program, store) {
        Ok(measured) => measured,
        Err(trouble) => return table.missing("B-6", &format!("{name}: {trouble}")),
    };
    for (theirs, ours) in ROWS {
        // The store has no part in it.
        if ours == BARE && name != "SQLite" {
            continue;
        }
        let Some(it) = measured.iter().find(|it| it.what == theirs) else {
            table.missing("B-6", &format!("{ours} on {name}: the command is another"));
            continue;
        };
        let work = match ours {
            BARE => ours.to_owned(),
            _ => format!("{ours}, {name}"),
        };
        let percentiles = [it.p50, it.p99].map(|it| Duration::from_secs_f64(it / 1_000.0));
        table.served(("B-6", &work), it.a_second, percentiles);
    }
}

fn ask(program: &Path, store: &str) -> Result<Vec<Measured>, Trouble> {
    let mut command = Command::new(program);
    command.args([
        "bench",
        "http",
        "--json",
        "--seconds",
        "1",
        "--store",
        store,
    ]);
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(told.lines().next().unwrap_or("no answer").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Returns the command that was built beside this program.
fn program() -> Result<PathBuf, Trouble> {
    let program = std::env::current_exe()?.with_file_name("countersign");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    match program.is_file() {
        true => Ok(program),
        false => Err("`cargo build --release` makes the command that it is measured by".into()),
    }
}

const BARE: &str = "a handler that does nothing, over HTTP by 2 clients";

/// What the command calls what it measures, and what the table does.
const ROWS: [(&str, &str); 7] = [
    ("a handler that does nothing", BARE),
    ("forward-auth", "forward-auth"),
    (
        "sign-in by the API, argon2id",
        "sign-in by the API, argon2id",
    ),
    (
        "sign-in.begin and verification.verify, by the decision service on loopback",
        "begin and verify by decision service, loopback",
    ),
    (
        "verification.verify alone, by the decision service on loopback",
        "verify by decision service, loopback",
    ),
    (
        "sign-in.begin and verification.verify, by the decision service on its socket",
        "begin and verify by decision service, socket",
    ),
    (
        "verification.verify alone, by the decision service on its socket",
        "verify by decision service, socket",
    ),
];
