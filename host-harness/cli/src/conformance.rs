//! `countersign conformance`.

pub(crate) mod explanation;
mod files;
mod list;
mod summary;

use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::{Args, ValueEnum};
use countersign_conformance::runner::Terms;
use countersign_conformance::{
    Cases, Clause, Component, Expected, Host, Lab, Level, Local, Remote, Selection, Suite,
};
use countersign_host::{Digest, Plugin};

use self::files::{Files, Form};
use crate::exit::Exit;
use crate::plugin::{self, Kind};
use crate::progress::Progress;

/// Says whether a plugin does what the contract wants, clause by clause
#[derive(Args, Debug)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct Conformance {
    /// The plugin; without it, the component that was built with this command
    plugin: Option<PathBuf>,
    /// The level to hold it to, whatever it claims; without it, the one that it claims
    #[arg(long, value_enum)]
    level: Option<Asked>,
    /// Only cases with this in their id, of this file, or of this duty, such as VERIFY-3; may be repeated
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// List the cases in place of running them; as JSON with --json -
    #[arg(long, conflicts_with_all = ["explain", "expect", "junit", "html"])]
    list: bool,
    /// Run this case, and tell all of it: clauses, steps, what was expected and what was seen
    #[arg(long, value_name = "CASE", conflicts_with_all = ["filter", "expect", "junit", "html", "json"])]
    explain: Option<String>,
    /// Cases that are known to fail, as a TOML file: a table `expected` for each, with id and why
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Do not count it against the plugin where the host cannot do what a case needs
    #[arg(long)]
    allow_skips: bool,
    /// Write a report as JUnit XML, for a build server; `-` prints it in place of the tables
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a report as one page, for a browser; `-` prints it in place of the tables
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a report as JSON; `-` prints it in place of the tables
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How many cases run at once; as many as there are processors unless set
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Seconds that a case may take
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
    /// Begin the cases with other randomness and on another day: a plugin that knows the cases cannot know these
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Run the cases in this host, not in this command's own: a program with its arguments, such as `node
    /// tests/hosts/node/host.mjs`. It speaks the protocol of `tests/hosts/README.md`, and runs with your rights
    #[arg(long, value_name = "COMMAND", conflicts_with = "lab_stub_wasi")]
    host: Option<String>,
    #[command(flatten)]
    stubs: plugin::Lab,
}

/// A level that is asked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Asked {
    /// Policy and deadline, authenticator app, recovery, status and reset
    Core,
    /// Text messages, trusted devices and all of administration too
    Extended,
}

impl Conformance {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let cases = Cases::of_the_contract().map_err(|error| Exit::Fault(error.to_string()))?;
        let selection = Selection::of(self.filter.clone());
        check(&selection, &cases)?;
        let files = self.files()?;
        if self.list {
            if self.json.is_some() && files.printed().is_none() {
                let expected = "--list --json: expected `-`, a list goes to no file";
                return Err(Exit::Usage(expected.to_owned()));
            }
            let level = self.level.map(Level::from);
            let as_json = files.printed().is_some();
            return list::write(&cases, &selection, level, as_json, out);
        }
        // Reports head a case with its file before its id.
        let explained = self.explain.as_deref();
        let explained = explained.map(|id| id.rsplit_once('/').map_or(id, |(_, id)| id));
        if let Some(id) = explained {
            known(id, &cases)?;
        }
        let expected = self.expected(&cases)?;
        // What cannot be written is told before anything is run.
        files.begin()?;
        let name = plugin::name(self.plugin.as_deref());
        let (digest, lab) = self.lab(cache).await?;
        if let Some(id) = explained {
            return explanation::write(&cases, id, &*lab, self.terms(), out).await;
        }
        let total = u64::try_from(selection.of_all(&cases).count()).ok();
        let mut suite = Suite::new(Arc::new(cases), lab);
        suite.level = self.level.map(Level::from);
        suite.selection = selection;
        suite.expected = expected;
        suite.allows_skips = self.allow_skips;
        suite.jobs = self.jobs();
        suite.terms = self.terms();
        let progress = Progress::of("cases", total);
        let report = suite.run(&name, Some(digest), |_| progress.add(1)).await;
        drop(progress);
        files.write(&report)?;
        let told = match files.printed() {
            Some(form) => {
                let text = form.text(&report)?;
                out.write_all(text.as_bytes()).map_err(Exit::from)
            }
            None => summary::write(&report, out),
        };
        // The verdict stands, whether or not somebody reads the report to its end.
        match report.conforms() {
            true => told,
            false => Err(Exit::AnsweredNo(format!("it {}", report.verdict()))),
        }
    }

    fn expected(&self, cases: &Cases) -> Result<Expected, Exit> {
        let Some(path) = &self.expect else {
            return Ok(Expected::default());
        };
        let text = fs::read_to_string(path)
            .map_err(|error| Exit::Fault(format!("cannot read {}: {error}", path.display())))?;
        Expected::parse(&text, cases)
            .map_err(|error| Exit::Usage(format!("{}: {error}", path.display())))
    }

    /// Loads the plugin into the host that was asked for, and says its digest.
    async fn lab(&self, cache: Option<&Path>) -> Result<(String, Arc<dyn Lab>), Exit> {
        let Some(command) = &self.host else {
            let plugin = self.load(cache)?;
            let digest = plugin.digest().to_string();
            let lab = Local::of(Arc::new(Component::of(HOST, plugin)));
            return Ok((digest, Arc::new(lab)));
        };
        let host =
            Remote::parse(command).map_err(|error| Exit::Usage(format!("--host: {error}")))?;
        let path = self.plugin.as_deref();
        let bytes = plugin::read(path, self.stubs)?;
        let loaded = host.load(&bytes).await;
        let lab = loaded
            .map_err(|refusal| Exit::Refused(format!("{}: {refusal}", plugin::name(path))))?;
        Ok((Digest::of(&bytes).to_string(), lab))
    }

    fn load(&self, cache: Option<&Path>) -> Result<Plugin, Exit> {
        let path = self.plugin.as_deref();
        let bytes = plugin::read(path, self.stubs)?;
        let mut builder = self.stubs.builder(cache);
        if !self.stubs.is_generous() {
            builder = builder.limits(plugin::relaxed_limits());
        }
        let loaded = plugin::waiting(|| builder.load(&bytes));
        loaded.map_err(|error| match Exit::from(error).at(&plugin::name(path)) {
            Exit::Refused(message) => Exit::Refused(Kind::of(&bytes).explain(&message)),
            exit => exit,
        })
    }

    fn jobs(&self) -> usize {
        let jobs = self.jobs.or_else(|| available_parallelism().ok());
        jobs.map_or(1, NonZeroUsize::get)
    }

    fn terms(&self) -> Terms {
        Terms {
            most: Duration::from_secs(self.timeout.into()),
            seed: self.seed,
        }
    }

    fn files(&self) -> Result<Files, Exit> {
        let asked = [
            (Form::Junit, self.junit.as_deref()),
            (Form::Html, self.html.as_deref()),
            (Form::Json, self.json.as_deref()),
        ];
        Files::of(&asked, &[self.plugin.as_deref(), self.expect.as_deref()])
    }
}

/// Refuses a text that selects nothing, also where others do: it is most likely a typing error.
fn check(selection: &Selection, cases: &Cases) -> Result<(), Exit> {
    let Some(text) = selection.idle(cases) else {
        return Ok(());
    };
    if text.is_empty() {
        return Err(Exit::Usage("--filter: expected a text".to_owned()));
    }
    Err(Exit::Usage(format!(
        "no case, file or duty is called {text}{}",
        cases.near(text)
    )))
}

/// Refuses the id of no case.
fn known(id: &str, cases: &Cases) -> Result<(), Exit> {
    match cases.find(id) {
        Some(_) => Ok(()),
        None if Clause::of_the_contract().iter().any(|it| it.id == id) => Err(Exit::Usage(
            format!("{id} is a duty, not a case; --list --filter {id} tells its cases"),
        )),
        None => Err(Exit::Usage(format!(
            "no case is called {id}{}",
            cases.near(id)
        ))),
    }
}

impl From<Asked> for Level {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Core => Self::Core,
            Asked::Extended => Self::Extended,
        }
    }
}

/// The host that the plugin runs in.
const HOST: &str = "countersign-host";

const EXIT_CODES: &str = "\
The plugin says by meta.describe which levels it implements, and every case of these must pass. A case that \
is skipped was not run, and has its reason; it is never a pass. Ids of cases do not change between versions.

Exit codes:
  0    it conforms: all that is required passed, or failed as expected
  1    the plugin or a file cannot be read, or a report not written
  2    the command line cannot be used, or names a case that is not there
  3    a host would refuse the plugin, or --host does not start; nothing of it ran
  4    it does not conform; the report says which clause, and where
  130  Ctrl-C";
