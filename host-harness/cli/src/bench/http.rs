//! `countersign bench http`.

use std::fs::DirBuilder;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::client::Client;
use super::decisions::Rounds;
use super::samples::Samples;
use super::site::{BARE, HOST, Hashing, KEY, PASSWORD, Site};
use crate::authenticator::Authenticator;
use crate::exit::Exit;
use crate::json::pretty;
use crate::plugin;
use crate::table::{Cell, Table};

/// Measures the gateway over HTTP: forward-auth, signing in by the API, and by the decision service
///
/// It starts a gateway of its own in this process, with people in it, and asks it over connections that are kept. Client
/// and gateway share this machine. Beside each figure stands how often as much the same listener answers that does nothing.
#[derive(Args, Debug)]
pub(crate) struct Http {
    /// Connections that ask at once
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    clients: u16,
    /// How long each thing is measured
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// sqlite, in a temporary directory, or the address of a PostgreSQL database for this alone: what is added stays
    #[arg(long, value_name = "STORE", default_value = "sqlite")]
    store: String,
    /// People that take turns
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    users: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A temporary directory that is gone with it.
struct Folder(PathBuf);

impl Folder {
    /// Makes one for this user alone: a store lies in it, and the socket of a service that answers for everybody.
    fn make(path: PathBuf) -> Result<Self, Exit> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it is the system's to remove.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Http {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let plugin = plugin::load(None, cache)?;
        let place = std::env::temp_dir().join(format!("countersign-bench-{}", std::process::id()));
        let at = |name: &str| format!("sqlite:{}", place.join(name).display());
        let (store, directory) = match &*self.store {
            "sqlite" => (at("store.db"), at("directory.db")),
            address if address.starts_with("postgres") => (address.to_owned(), address.to_owned()),
            _ => {
                let expected = "--store: expected sqlite or postgres://USER@HOST/DATABASE";
                return Err(Exit::Usage(expected.to_owned()));
            }
        };
        let folder = Folder::make(place)?;
        let users = usize::from(self.users.max(self.clients));
        let site = Site::start(plugin, &folder.0, (&store, &directory), users).await?;
        let rows = self.measure(Arc::new(site)).await?;
        drop(folder);
        let bare = rows.first().map_or(0.0, |(_, it)| it.a_second());
        let share = |it: &Samples| it.a_second() / bare.max(f64::MIN_POSITIVE);
        if self.json {
            let rows: Vec<Value> = rows.iter().map(|(it, of)| row(it, of, share(of))).collect();
            writeln!(out, "{}", pretty(&Value::Array(rows)))?;
            return Ok(());
        }
        let mut table = Table::default();
        table.heading(["", "a second", "p50", "p99", "of the bare listener"]);
        for (what, samples) in &rows {
            table.row([
                Cell::new(what),
                Cell::new(&format!("{:.0}", samples.a_second())),
                Cell::new(&milliseconds(samples.percentile(50))),
                Cell::new(&milliseconds(samples.percentile(99))),
                Cell::new(&format!("{:.1} %", 100.0 * share(samples))),
            ]);
        }
        table.write(out)?;
        Ok(())
    }

    async fn measure(&self, site: Arc<Site>) -> Result<Vec<(&'static str, Samples)>, Exit> {
        let bare = self.repeat(&site, BARE, "".into()).await?;
        let mut client = Client::connect(&site.at, HOST).await?;
        // Its own, so that nobody else's sign-in ends the session.
        let mut samples = (Samples::default(), Samples::default());
        let name = site.name(Hashing::Cheap, 0);
        let token = sign_in(&site, &mut client, &name, &mut samples).await?;
        let token = token.unwrap_or_default();
        let head = format!("cookie: __Host-countersign={token}\r\n");
        let auth = self.repeat(&site, AUTH, head.into()).await?;
        let (cheap, verify) = self.sign_ins(&site, Hashing::Cheap).await?;
        let (real, _) = self.sign_ins(&site, Hashing::Argon2id).await?;
        let mut rows = vec![
            ("a handler that does nothing", bare),
            ("forward-auth", auth),
            ("sign-in by the API, cheap hash", cheap),
            ("its code alone", verify),
            ("sign-in by the API, argon2id", real),
        ];
        let (users, clients) = (usize::from(self.users), usize::from(self.clients));
        // As long as each of the two would take alone.
        let time = Duration::from_secs(self.seconds.saturating_mul(2));
        for way in &site.decisions {
            let rounds = Rounds::of(&site, way, users.max(clients), clients).await?;
            rows.extend(way.names.into_iter().zip(rounds.measure(time).await?));
        }
        Ok(rows)
    }

    /// Has all clients ask for one path again and again.
    async fn repeat(
        &self,
        site: &Arc<Site>,
        path: &'static str,
        head: Arc<str>,
    ) -> Result<Samples, Exit> {
        let began = Instant::now();
        let until = Duration::from_secs(self.seconds);
        let tasks = (0..self.clients).map(|_| {
            let (site, head) = (Arc::clone(site), Arc::clone(&head));
            tokio::spawn(async move {
                let mut client = Client::connect(&site.at, HOST).await?;
                let mut samples = Samples::default();
                while began.elapsed() < until {
                    let asked = Instant::now();
                    let answer = client.send("GET", path, &head, "").await?;
                    if answer.status != 200 {
                        return Err(unexpected(path, answer.status));
                    }
                    samples.note(asked.elapsed());
                }
                Ok(samples)
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut clients = Vec::new();
        for task in tasks {
            clients.push(task.await.map_err(ended)??);
        }
        Ok(Samples::of(clients, began.elapsed()))
    }

    /// Has all clients sign people in, each client its own: returns whole sign-ins, and the second half of each.
    async fn sign_ins(
        &self,
        site: &Arc<Site>,
        hashing: Hashing,
    ) -> Result<(Samples, Samples), Exit> {
        // A code is good once: whoever signed in before needs a next one.
        site.clock.advance(STEP);
        let began = Instant::now();
        let until = Duration::from_secs(self.seconds);
        let (users, step) = (usize::from(self.users), usize::from(self.clients));
        let tasks = (0..step).map(|first| {
            let site = Arc::clone(site);
            tokio::spawn(async move {
                let mut client = Client::connect(&site.at, HOST).await?;
                let mut samples = (Samples::default(), Samples::default());
                let mut number = first;
                while began.elapsed() < until {
                    let name = site.name(hashing, number);
                    sign_in(&site, &mut client, &name, &mut samples).await?;
                    number = number.saturating_add(step);
                    if number >= users.max(step) {
                        number = first;
                        site.clock.advance(STEP);
                    }
                }
                Ok::<_, Exit>(samples)
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let (mut whole, mut verified) = (Vec::new(), Vec::new());
        for task in tasks {
            let (one, other) = task.await.map_err(ended)??;
            whole.push(one);
            verified.push(other);
        }
        let took = began.elapsed();
        Ok((Samples::of(whole, took), Samples::of(verified, took)))
    }
}

/// Signs somebody in; returns the token of their session, unless the code came too late.
async fn sign_in(
    site: &Site,
    client: &mut Client,
    name: &str,
    (whole, verified): &mut (Samples, Samples),
) -> Result<Option<String>, Exit> {
    let json_head = "content-type: application/json\r\n";
    let typed = json!({ "name": name, "password": PASSWORD }).to_string();
    let began = Instant::now();
    let answer = client.send("POST", SIGN_IN, json_head, &typed).await?;
    let password_took = began.elapsed();
    if answer.status != 200 {
        return Err(unexpected(SIGN_IN, answer.status));
    }
    let pending = token(&answer.body)?;
    let head = format!("{json_head}authorization: Bearer {pending}\r\n");
    let code = Authenticator::TotpRs.code(KEY, site.now())?;
    let typed = json!({ "method": "totp", "code": code }).to_string();
    let began = Instant::now();
    let answer = client.send("POST", VERIFY, &head, &typed).await?;
    let code_took = began.elapsed();
    match answer.status {
        200 => {}
        // Others moved the clock by more than a step meanwhile. It counts for nothing.
        422 => return Ok(None),
        status => return Err(unexpected(VERIFY, status)),
    }
    verified.note(code_took);
    whole.note(password_took.saturating_add(code_took));
    token(&answer.body).map(Some)
}

/// One measurement, for programs: times are in milliseconds.
fn row(what: &str, samples: &Samples, share: f64) -> Value {
    let milliseconds = |percent| samples.percentile(percent).as_secs_f64() * 1_000.0;
    json!({
        "what": what, "a-second": samples.a_second(), "p50": milliseconds(50), "p99": milliseconds(99), "of-bare": share,
    })
}

fn token(body: &str) -> Result<String, Exit> {
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    let token = answer.get("token").and_then(Value::as_str);
    token
        .map(str::to_owned)
        .ok_or_else(|| Exit::Fault("an answer of the gateway has no token".to_owned()))
}

pub(super) fn unexpected(path: &str, status: u16) -> Exit {
    Exit::Fault(format!("{path}: expected 200, found {status}"))
}

pub(super) fn ended(error: impl std::fmt::Display) -> Exit {
    Exit::Fault(error.to_string())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

/// Seconds of a code.
pub(super) const STEP: u64 = 30;
const AUTH: &str = "/countersign/auth-request";
const SIGN_IN: &str = "/countersign/api/v1/sign-in";
const VERIFY: &str = "/countersign/api/v1/verify";
