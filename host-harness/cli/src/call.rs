//! `countersign call`.

mod script;
mod signature;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_host::clock::{Clock, FixedClock, SystemClock};
use countersign_host::keyring::LocalKeyring;
use countersign_host::printable::Printable;
use countersign_host::random::{Random, SystemRandom};
use countersign_host::sink::{JsonLines, Sink};
use countersign_host::sms::Outbox;
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Plugin, Signature};
use serde_json::{Map, Value};

use self::script::Script;
use crate::exit::Exit;
use crate::json::pretty;
use crate::plugin::Lab;
use crate::{calendar, input, plugin};

/// Calls a plugin as a host does, with JSON: for plugin developers
///
/// One call, or a script of several, on an empty store in memory that is gone at the end. A call runs with the limits
/// of a host; there is a phone line, which shows its messages on the error stream in place of sending them.
#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(crate) struct Call {
    /// The function, such as `sign-in.begin`; see --list
    #[arg(required_unless_present_any = ["list", "script"], conflicts_with = "script")]
    function: Option<String>,
    /// Its arguments: a JSON object, @FILE with one, or - to read it from the standard input
    #[arg(conflicts_with_all = ["script", "list"])]
    arguments: Option<String>,
    /// A file of JSON lines, one call each (see --help); - is the standard input
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    script: Option<PathBuf>,
    /// The plugin; without it, the component that was built with this command
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// The time of the calls: seconds since 1970, or a local time such as 2026-03-01T00:00; without it, now
    #[arg(long, value_name = "TIME", conflicts_with = "list")]
    at: Option<String>,
    /// The time zone of a local time
    #[arg(long, value_name = "ZONE", default_value = "UTC", requires = "at")]
    zone: String,
    /// The user, where a call has the parameter `user` and its arguments leave it out
    #[arg(long, value_name = "USER", conflicts_with = "list")]
    user: Option<String>,
    /// Append the events of the calls to a file, one line of JSON each
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    events: Option<PathBuf>,
    /// Print every function, or the one named, with its parameters and their types
    #[arg(long)]
    list: bool,
    /// With --list: print JSON
    #[arg(long, requires = "list")]
    json: bool,
    #[command(flatten)]
    lab: Lab,
}

impl Call {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let at = self.at.as_deref();
        let at = at.map(|at| calendar::parse(at, &self.zone)).transpose()?;
        let plugin = plugin::load_in(self.lab, self.plugin.as_deref(), cache)?;
        if self.list {
            return list(&plugin, self.function.as_deref(), self.json, out);
        }
        let events = self.events.as_deref().map(append).transpose()?;
        let mut caller = Caller::new(plugin, at, self.user.clone())?;
        let ran = self.make(&mut caller, out).await;
        if let Some(mut events) = events {
            // Also what was committed before a call went wrong.
            for event in caller.store.events() {
                events.take(&event)?;
            }
        }
        ran
    }

    /// Makes the call, or those of the script.
    async fn make(self, caller: &mut Caller, out: &mut dyn Write) -> Result<(), Exit> {
        if let Some(path) = &self.script {
            let script = Script::parse(&input::read(&path.to_string_lossy())?)?;
            return script.run(caller, out).await;
        }
        let function = self.function.unwrap_or_default();
        let args = match self.arguments.as_deref() {
            None => Value::Null,
            Some("-") => parse(&input::read("-")?)?,
            Some(text) => match text.strip_prefix('@') {
                Some(path) => parse(&input::read(path)?)?,
                None => parse(text)?,
            },
        };
        let answer = caller.call(&function, args).await?;
        writeln!(out, "{}", pretty(&answer))?;
        match answer.get("err") {
            Some(_) => Err(answered_err(&function)),
            None => Ok(()),
        }
    }
}

/// Puts a plugin behind an empty store, and plays a script on it whose answers nobody needs.
pub(crate) async fn rehearsed(plugin: Plugin, script: Option<&Path>) -> Result<Countersign, Exit> {
    let mut caller = Caller::new(plugin, None, None)?;
    if let Some(path) = script {
        let path = path.to_string_lossy();
        let script = Script::parse(&input::read(&path)?).map_err(|exit| exit.at(&path))?;
        let played = script.run(&mut caller, &mut io::sink()).await;
        played.map_err(|exit| exit.at(&path))?;
    }
    Ok(caller.mfa)
}

/// A plugin with everything around it, for one run of the command.
struct Caller {
    mfa: Countersign,
    store: MemoryStore,
    clock: FixedClock,
    outbox: Outbox,
    user: Option<String>,
    functions: Vec<Signature>,
    /// Messages that were shown.
    shown: usize,
}

impl Caller {
    fn new(plugin: Plugin, at: Option<u64>, user: Option<String>) -> Result<Self, Exit> {
        let fault = |error: &dyn std::fmt::Display| Exit::Fault(error.to_string());
        let at = match at {
            Some(at) => at,
            None => SystemClock.now().map_err(|error| fault(&error))?,
        };
        let mut key = [0; 32];
        SystemRandom.fill(&mut key).map_err(|error| fault(&error))?;
        let clock = FixedClock::at(at);
        let store = MemoryStore::new();
        let outbox = Outbox::in_country("US");
        let functions = plugin.functions();
        let mfa = Countersign::builder(plugin)
            .realm("call")
            .store(store.clone())
            .keyring(LocalKeyring::from_key(key))
            .sms(outbox.clone())
            .clock(clock.clone())
            .build()?;
        Ok(Self {
            mfa,
            store,
            clock,
            outbox,
            user,
            functions,
            shown: 0,
        })
    }

    /// Calls a function, and shows the text messages that it sent. Returns its answer, an `err` too.
    async fn call(&mut self, function: &str, args: Value) -> Result<Value, Exit> {
        let args = self.with_user(function, args)?;
        let answer = self.mfa.call_json(function, &args).await?;
        let messages = self.outbox.messages();
        for message in messages.iter().skip(self.shown) {
            // The plugin's words.
            let (number, code) = (Printable(&message.number), Printable(&message.code));
            anstream::eprintln!("text message to {number}: {code}");
        }
        self.shown = messages.len();
        Ok(answer)
    }

    /// The code of the last text message, if there was one.
    fn sent_code(&self) -> Option<String> {
        self.outbox.messages().pop().map(|it| it.code)
    }

    fn with_user(&self, function: &str, args: Value) -> Result<Value, Exit> {
        let Some(known) = self.functions.iter().find(|it| it.name == function) else {
            return Err(unknown(function));
        };
        let mut args = match args {
            Value::Null => Value::Object(Map::new()),
            args => args,
        };
        let takes_user = known.parameters.iter().any(|it| it.name == "user");
        if let (Some(user), true, Value::Object(fields)) = (&self.user, takes_user, &mut args) {
            fields
                .entry("user")
                .or_insert_with(|| Value::String(user.clone()));
        }
        Ok(args)
    }
}

fn list(plugin: &Plugin, only: Option<&str>, json: bool, out: &mut dyn Write) -> Result<(), Exit> {
    let mut functions = plugin.functions();
    if let Some(only) = only {
        functions.retain(|it| it.name == only);
        if functions.is_empty() {
            return Err(unknown(only));
        }
    }
    match json {
        true => writeln!(out, "{}", pretty(&serde_json::json!(functions)))?,
        false => signature::write_all(&functions, out)?,
    }
    Ok(())
}

fn unknown(function: &str) -> Exit {
    Exit::Usage(format!(
        "{function}: expected a function such as `sign-in.begin`; `countersign call --list` names them all"
    ))
}

fn answered_err(function: &str) -> Exit {
    Exit::AnsweredNo(format!("{function} answered err"))
}

fn append(path: &Path) -> Result<JsonLines<File>, Exit> {
    JsonLines::append(path)
        .map_err(|error| Exit::Usage(format!("cannot append to {}: {error}", path.display())))
}

fn parse(text: &str) -> Result<Value, Exit> {
    serde_json::from_str(text)
        .map_err(|error| Exit::Usage(format!("the arguments: expected JSON: {error}")))
}

const LONG_HELP: &str = r#"JSON for the contract's types:
  record      {"field": value}; a field of type option may be left out
  variant     "case", or {"case": payload} where it carries one
  enum        "case"
  option      null, or the value
  list, tuple [..]; list<u8> a string of hexadecimal digits
  result      {"ok": value} or {"err": value}

Scripts have one JSON object a line; empty lines and lines that begin with # are skipped:
  call    the function
  with    its arguments
  save    names for parts of the answer, as JSON pointers: {"ticket": "/ok/enroll/ticket"}
  expect  what must come, or the script ends there: "ok" (unless said), "err" or "any"
  at      from here on, the time is this, in seconds since 1970
In `with`, the string "$name" stands for what was saved under that name, "$totp:name" for the code
that an authenticator app shows now for a saved key in base 32, "$sms" for the code of the last
text message, and "$$" for a dollar sign at the beginning. Time stands still except for `at`.

  {"call": "policy.get", "with": {"company": "acme"}}
  {"call": "sign-in.begin", "with": {..}, "save": {"ticket": "/ok/enroll/ticket"}}
  {"call": "enrollment.begin-totp", "with": {..}, "save": {"key": "/ok/secret"}}
  {"call": "enrollment.confirm", "with": {"code": "$totp:key", ..}}

Exit codes:
  0  the plugin answered ok
  1  the command could not do its work
  2  the command line, the arguments or the script cannot be used
  3  a host would refuse the plugin
  4  the plugin answered err, or ok where a script expects err
  5  the plugin trapped, used up its limits or broke the contract, and was stopped"#;
