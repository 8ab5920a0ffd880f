//! `countersign serve`.

mod demo;

use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use countersign_gateway::config::{Config, ConfigError, Secret};
use countersign_gateway::decisions::ListenError;
use countersign_gateway::serve::{Ended, Serving, serve};
use countersign_gateway::start::{Beside, Opened, StartError, Started, is_to_be_made, open, start};
use countersign_gateway::{Background, Passwords, app, decisions, log};
use countersign_host::keyring::claim;
use countersign_host::printable::Printable;
use tokio::signal;
use tokio::sync::oneshot;

use self::demo::Place;
use crate::exit::Exit;
use crate::opened;
use crate::style::ERROR;
use crate::table::{Cell, Table};

/// Runs the reference gateway: pages, an API and forward-auth in front of the plugin
///
/// It ends at Ctrl-C or SIGTERM: whoever asked gets an answer first. A second one ends it at once.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Serve {
    /// The settings, in TOML. Each can be set by a variable COUNTERSIGN_GATEWAY_… instead
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    config: Option<PathBuf>,
    /// Two companies and a few people to try it with, on SQLite, reachable from this machine alone
    #[arg(long)]
    demo: bool,
    /// Keep what happens in the demo in a directory, and go on with it the next time
    #[arg(long, value_name = "DIRECTORY", requires = "demo")]
    keep: Option<PathBuf>,
    /// Where the demo listens; operations are one further. 7400 unless it was kept with another one
    #[arg(long, value_name = "PORT", requires = "demo")]
    port: Option<u16>,
    /// Say what is wrong with the settings, open what they name, print what was found, and serve nobody
    #[arg(long)]
    check: bool,
    /// Serve gateways in other languages too, on unix:PATH or a loopback address, whatever the settings say
    #[arg(long, value_name = "ADDRESS")]
    decisions: Option<String>,
    /// Serve nothing else but what operators ask: no pages, no API, no forward-auth
    #[arg(long, conflicts_with_all = ["demo", "check"])]
    decisions_only: bool,
}

impl Serve {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let decisions = self.decisions.as_deref().map(from_here).transpose()?;
        if self.demo {
            // Before anything is made, so that it is cleared away however early the signal comes.
            let stop = Stop::new()?;
            let place = Place::make(self.keep, self.port)?;
            let mut config = place.config(decisions)?;
            place.agree(self.port, &config)?;
            config.plugin.cache = cache.map(Path::to_owned);
            return run(config, Whom::Demo(&place), stop, out).await;
        }
        let over = decisions.map(|it| (DECISIONS.to_owned(), it));
        let path = self
            .config
            .as_deref()
            .ok_or_else(|| Exit::Usage(NO_CONFIG.to_owned()))?;
        let mut config =
            Config::load(path, environment().chain(over)).map_err(|error| told(path, error))?;
        if let (None, Some(cache)) = (&config.plugin.cache, cache) {
            config.plugin.cache = Some(cache.to_owned());
        }
        match self.check {
            true => check(&config, out).await,
            // Before anything is opened, so that a signal during a slow start is not the system's to act on.
            false if self.decisions_only => run(config, Whom::Gateways, Stop::new()?, out).await,
            false => run(config, Whom::People, Stop::new()?, out).await,
        }
    }
}

/// Who is served, beside operators, and gateways where there is a decision service.
#[derive(Clone, Copy)]
enum Whom<'a> {
    People,
    Demo(&'a Place),
    /// Gateways alone.
    Gateways,
}

/// Serves until the first signal, and to the end of what is under way, or until the second signal.
async fn run(config: Config, whom: Whom<'_>, stop: Stop, out: &mut dyn Write) -> Result<(), Exit> {
    let Stop { first, second } = stop;
    let shutdown = async {
        let _ = first.await;
    };
    tokio::select! {
        ended = serve_until(shutdown, config, whom, out) => ended,
        // Not the process's end at once: the demo's files are cleared away.
        Ok(()) = second => Err(Exit::Interrupted),
    }
}

async fn serve_until(
    shutdown: impl Future<Output = ()>,
    config: Config,
    whom: Whom<'_>,
    out: &mut dyn Write,
) -> Result<(), Exit> {
    let demo = match whom {
        Whom::Demo(place) => Some(place),
        Whom::People | Whom::Gateways => None,
    };
    if matches!(whom, Whom::Gateways) && config.listen.decisions.is_none() {
        return Err(Exit::Usage(NO_DECISIONS.to_owned()));
    }
    log::begin(&config.log);
    let beside = Beside {
        passwords: Passwords::new(config.throttle.at_once),
        outboxes: demo.map(|_| Place::outboxes()),
    };
    let public_url = config.public_url.clone();
    let door = match &config.listen.decisions {
        Some(it) => Some(decisions::listen(it).await.map_err(Exit::from)?),
        None => None,
    };
    let Started { gateway, build } = start(config, beside).await?;
    if let Some(place) = demo {
        place.seed(&gateway).await?;
    }
    let background = Background::start(&gateway).await?;
    let decisions_at = door.as_ref().map(|it| it.address.clone());
    let decided = door.map(|it| (it.listener, decisions::router(&gateway, it.secret)));
    let app = app(gateway.clone());
    let mut serving = match whom {
        Whom::Gateways => Serving::without_app(gateway.clone(), build),
        Whom::People | Whom::Demo(_) => Serving::new(gateway.clone(), build, app),
    };
    serving.others.extend(decided);
    serving.at_end = Box::new(move |at_most| {
        Box::pin(async move {
            let is_done = background.drain(at_most.saturating_sub(CLOSING)).await;
            drop(background);
            gateway.close().await;
            is_done
        })
    });
    let mut announced = Ok(());
    let ready = |at: countersign_gateway::serve::Listening| {
        announced = match demo {
            Some(place) => place.tell(&public_url, decisions_at.as_deref(), out),
            // One line, for whoever waits for it.
            None => {
                let people = at.http.map(|it| format!("{public_url} on {it}, "));
                let gateways = decisions_at.map(|it| format!(", decisions on {it}"));
                let (people, gateways) = (people.unwrap_or_default(), gateways.unwrap_or_default());
                writeln!(
                    out,
                    "ready: {people}operations on {}{gateways}",
                    at.operations
                )
                .and_then(|()| out.flush())
                .map_err(Exit::from)
            }
        };
    };
    let ended = serve(serving, ready, shutdown).await;
    let ended = ended.map_err(|error| Exit::Fault(error.to_string()))?;
    announced?;
    match ended {
        Ended::Whole => Ok(()),
        Ended::Cut => Err(Exit::Cut(CUT.to_owned())),
    }
}

/// Opens all that can be opened without changing it, and tells what it is.
async fn check(config: &Config, out: &mut dyn Write) -> Result<(), Exit> {
    for (key, address) in [("store", &config.store), ("directory", &config.directory)] {
        if is_to_be_made(address) {
            let why = format!("{key}: {address} is not there; the first start makes it");
            return Err(Exit::Usage(why));
        }
    }
    let secrets = [
        (
            "mail.password-file",
            config.mail.as_ref().and_then(|it| it.password.as_ref()),
        ),
        (
            "texts.secret-file",
            config.texts.as_ref().map(|it| &it.secret),
        ),
        (
            "listen.decisions.secret-file",
            config
                .listen
                .decisions
                .as_ref()
                .and_then(|it| it.secret.as_ref()),
        ),
    ];
    for (key, secret) in secrets {
        let read = secret.map(Secret::read).transpose();
        read.map_err(|why| Exit::Usage(format!("{key}: {why}")))?;
    }
    let opened = open(config).await?;
    opened::note_store(&opened.store);
    opened::note_directory(&opened.directory);
    let ping = opened.directory.ping().await;
    ping.map_err(|error| Exit::Fault(format!("directory: {error}")))?;
    let keys = match opened.is_new {
        // The first claim is believed for ever, so that somebody who only looks makes none.
        true => "not yet noted in the store".to_owned(),
        false => {
            let claimed = claim(&*opened.store, &config.realm, &opened.keyring).await;
            claimed.map_err(|error| Exit::Usage(format!("keys: {error}")))?;
            "those of the store".to_owned()
        }
    };
    found(config, &opened, &keys).write(out)?;
    Ok(())
}

fn found(config: &Config, opened: &Opened, keys: &str) -> Table {
    let mut table = Table::default();
    let mut row = |name: &str, value: &str| table.row([Cell::new(name), Cell::new(value)]);
    row("public-url", &config.public_url);
    row("realm", &config.realm);
    row("store", &config.store.to_string());
    row("directory", &config.directory.to_string());
    row("keys", &format!("{}: {keys}", config.keys));
    row("plugin", &opened.plugin.digest().to_string());
    let signer = opened.plugin.signer();
    let signer = signer.map_or_else(|| "not asked for".to_owned(), |it| it.to_string());
    row("plugin.signed-by", &signer);
    row("listen.http", &config.listen.http.to_string());
    row("listen.operations", &config.listen.operations.to_string());
    let decisions = config.listen.decisions.as_ref();
    let decisions = decisions.map_or_else(|| "none".to_owned(), |it| it.address.to_string());
    row("listen.decisions", &decisions);
    row(
        "mail",
        config
            .mail
            .as_ref()
            .map_or("none: nobody is told of anything", |it| &*it.host),
    );
    row(
        "texts",
        config
            .texts
            .as_ref()
            .map_or("none: no phone line", |it| &*it.webhook),
    );
    table
}

/// What ends the gateway from outside: from the moment that this is made, signals are its own.
struct Stop {
    first: oneshot::Receiver<()>,
    second: oneshot::Receiver<()>,
}

impl Stop {
    fn new() -> Result<Self, Exit> {
        let mut signals = Signals::new()?;
        let (tell_first, first) = oneshot::channel();
        let (tell_second, second) = oneshot::channel();
        tokio::spawn(async move {
            signals.next().await;
            let _ = tell_first.send(());
            signals.next().await;
            let _ = tell_second.send(());
        });
        Ok(Self { first, second })
    }
}

struct Signals {
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
    #[cfg(unix)]
    terminate: signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, Exit> {
        #[cfg(unix)]
        use signal::unix::SignalKind;

        Ok(Self {
            #[cfg(unix)]
            interrupt: signal::unix::signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal::unix::signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = signal::ctrl_c().await;
    }
}

/// Takes an address of the command line: a path begins where the command is run, not where the settings are.
fn from_here(typed: &str) -> Result<String, Exit> {
    let Some(path) = typed.strip_prefix("unix:").filter(|it| !it.is_empty()) else {
        return Ok(typed.to_owned());
    };
    let path = std::path::absolute(path)?;
    let path = path.to_str().ok_or_else(|| {
        Exit::Usage("--decisions: expected a directory whose name is UTF-8".to_owned())
    })?;
    Ok(format!("unix:{path}"))
}

/// Returns the variables of the environment that are text; a setting that is none is missed, not taken for another.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        // One of ours that is no text cannot be any setting's value, and is told of as such.
        Some((name, value.into_string().unwrap_or_default()))
    })
}

/// Tells all that is wrong with the settings, a line each.
fn told(path: &Path, error: ConfigError) -> Exit {
    let ConfigError::Unusable(problems) = error else {
        return Exit::Usage(format!("--config: {error}"));
    };
    for problem in &problems {
        let problem = problem.to_string();
        anstream::eprintln!("{ERROR}countersign:{ERROR:#} {}", Printable(&problem));
    }
    let settings = match problems.len() {
        1 => "1 setting".to_owned(),
        count => format!("{count} settings"),
    };
    Exit::Usage(format!(
        "{}: {settings} cannot be used; gateway.example.toml explains all there are",
        path.display()
    ))
}

impl From<StartError> for Exit {
    fn from(error: StartError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<ListenError> for Exit {
    fn from(error: ListenError) -> Self {
        match error {
            ListenError::Setting(_) => Self::Usage(error.to_string()),
            ListenError::Address(_) => Self::Fault(error.to_string()),
        }
    }
}

const CUT: &str =
    "ended before everybody was answered; listen.shutdown-seconds is how long that may take";

/// What closing the stores is left of the time at the end.
const CLOSING: Duration = Duration::from_secs(1);

const NO_CONFIG: &str =
    "expected --config FILE (gateway.example.toml explains all settings there are), or --demo";

const NO_DECISIONS: &str = "--decisions-only: expected --decisions ADDRESS, or [listen.decisions] in the settings: nothing else is served";

const EXIT_CODES: &str = "\
Exit codes:
  0    it was told to end, and did; or --check found nothing wrong
  1    it cannot listen
  2    the command line, a setting, or what it names, cannot be used
  6    it was told to end, and did before everybody had their answer
  130  it was told to end twice";

/// What sets where the decision service listens.
const DECISIONS: &str = "COUNTERSIGN_GATEWAY_LISTEN__DECISIONS__ADDRESS";
