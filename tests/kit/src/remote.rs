//! A host that is a program of its own, in any language, which is spoken to in lines of JSON.
//!
//! The protocol is described in `tests/hosts/README.md`. The program is as little trusted as the plugin: what it says is
//! bounded in size and time, and one that dies, hangs or babbles is a [`Fault`] with words.

mod process;
mod protocol;

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::{NamedTempFile, TempPath};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::process::Process;
use self::protocol::{Answer, Answers, Call, Ended, Hello, Nothing, Request};
use crate::host::{Host, Refusal};
use crate::lab::{Ability, Control, Lab, Session, View};
use crate::subject::Fault;

/// A host that is started by a command, once for each case that runs at the same time.
///
/// The command is the leader of a process group of its own, which ends as a whole: so does a host behind `sh` or `npx`. What
/// a terminal sends to the kit's group (Ctrl-C) does not reach it; its input ends.
///
/// Needs a tokio runtime with time and I/O, and goes on being used in the one that loaded.
///
/// # Security
///
/// The command runs with the rights of whoever tests. What it writes, and a plugin's answers in it, is text of strangers:
/// escape it before it reaches a terminal.
///
/// # Examples
///
/// ```
/// use countersign_conformance::{Host, Remote};
///
/// let host = Remote::parse("node tests/hosts/node/host.mjs").unwrap();
/// assert_eq!(host.name(), "node tests/hosts/node/host.mjs");
/// assert!(Remote::parse("  ").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Remote {
    name: String,
    program: String,
    args: Vec<String>,
    limits: Limits,
}

/// The command of a host is empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoCommand;

/// How long a host may take, and how often it runs.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// From its start to its first answer. It compiles the component meanwhile.
    start: Duration,
    /// For every other answer.
    answer: Duration,
    processes: usize,
}

impl Remote {
    /// Reads a command: a program and its arguments, with white space between them. There are no quotes; a program whose
    /// path has a space in it needs [`Remote::new`].
    ///
    /// # Errors
    ///
    /// [`NoCommand`] if there is nothing in it.
    pub fn parse(command: &str) -> Result<Self, NoCommand> {
        let mut words = command.split_whitespace();
        let program = words.next().ok_or(NoCommand)?;
        Ok(Self::new(program, words))
    }

    /// Takes a program and its arguments. The path of the component comes behind them.
    #[must_use]
    pub fn new<T: Into<String>>(
        program: impl Into<String>,
        args: impl IntoIterator<Item = T>,
    ) -> Self {
        let program = program.into();
        let args: Vec<String> = args.into_iter().map(Into::into).collect();
        let words: Vec<&str> = std::iter::once(&program)
            .chain(&args)
            .map(String::as_str)
            .collect();
        Self {
            name: words.join(" "),
            program,
            args,
            limits: LIMITS,
        }
    }

    /// Changes how long the host may take for its start and for each answer.
    #[must_use]
    pub fn within(mut self, start: Duration, answer: Duration) -> Self {
        self.limits.start = start;
        self.limits.answer = answer;
        self
    }
}

#[async_trait]
impl Host for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    async fn load(&self, component: &[u8]) -> Result<Arc<dyn Lab>, Refusal> {
        let written =
            |error: std::io::Error| Refusal(format!("no file for the component: {error}"));
        let mut file = NamedTempFile::with_suffix(".wasm").map_err(written)?;
        file.write_all(component).map_err(written)?;
        let pool = Arc::new(Pool {
            remote: self.clone(),
            // Closed: somebody may want to read it while it is there.
            component: file.into_temp_path(),
            places: Arc::new(Semaphore::new(self.limits.processes)),
            idle: Mutex::default(),
        });
        let (process, hello) = pool.start().await?;
        pool.give_back(process);
        Ok(Arc::new(Program {
            name: hello.host,
            abilities: hello.abilities,
            pool,
        }))
    }
}

/// A program that has loaded the plugin.
struct Program {
    name: String,
    abilities: BTreeSet<Ability>,
    pool: Arc<Pool>,
}

#[async_trait]
impl Lab for Program {
    fn name(&self) -> &str {
        &self.name
    }

    fn abilities(&self) -> &BTreeSet<Ability> {
        &self.abilities
    }

    async fn begin(&self, seed: u64) -> Result<Box<dyn Session>, Fault> {
        let place = self.pool.place().await?;
        let process = match self.pool.idle() {
            Some(process) => process,
            None => {
                let started = self.pool.start().await;
                started.map_err(|refusal| Fault::Gone(refusal.0))?.0
            }
        };
        let mut begun = World {
            process: Some(process),
            pool: Arc::clone(&self.pool),
            _place: place,
        };
        let Nothing {} = begun.ask(&Request::Begin { seed }).await?;
        Ok(Box::new(begun))
    }
}

/// The processes of a host.
struct Pool {
    remote: Remote,
    component: TempPath,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Process>>,
}

impl Pool {
    /// Waits for a place among those that run. One case may hold two, so whoever waits does not do so for ever.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let free = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.remote.limits.start, free).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Fault::Gone(format!(
                "{} runs in too many processes",
                self.remote.name
            ))),
        }
    }

    /// Starts a process, and lets it load the plugin.
    async fn start(&self) -> Result<(Process, Hello), Refusal> {
        let Remote {
            program,
            args,
            limits,
            ..
        } = &self.remote;
        let mut process = Process::start(program, args, &self.component)?;
        let answer = process.ask(&Request::Hello, limits.start).await;
        let answer = answer.map_err(|fault| Refusal(fault.to_string()))?;
        let hello = Hello::read(answer).map_err(Refusal)?;
        Ok((process, hello))
    }

    fn idle(&self) -> Option<Process> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut process) = idle.pop() {
            if process.is_running() {
                return Some(process);
            }
        }
        None
    }

    /// Keeps a process for the next case. One that still owes an answer ends here.
    fn give_back(&self, process: Process) {
        if process.is_usable() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(process);
        }
    }
}

/// A world in a process.
struct World {
    /// Gone only when this is dropped.
    process: Option<Process>,
    pool: Arc<Pool>,
    _place: OwnedSemaphorePermit,
}

impl World {
    async fn ask<T: DeserializeOwned>(
        &mut self,
        request: &(impl Serialize + Sync),
    ) -> Result<T, Fault> {
        let gone = || Fault::Gone("the host is gone".to_owned());
        let process = self.process.as_mut().ok_or_else(gone)?;
        let answer = process.ask(request, self.pool.remote.limits.answer).await?;
        protocol::read(answer).map_err(Fault::Gone)
    }
}

#[async_trait]
impl Session for World {
    async fn call(&mut self, function: &str, args: &Value) -> Result<Value, Fault> {
        let asked: Answer = self.ask(&Request::Call(Call { function, args })).await?;
        Ok(asked.answer)
    }

    async fn race(&mut self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, Fault> {
        let racing = calls.iter();
        let calls = racing.map(|(function, args)| Call { function, args });
        let calls: Vec<Call<'_>> = calls.collect();
        let expected = calls.len();
        let asked: Answers = self.ask(&Request::Race { calls }).await?;
        match asked.answers.len() == expected {
            true => Ok(asked.answers),
            false => Err(Fault::Gone(format!(
                "the host gave {} answers to {expected} calls",
                asked.answers.len()
            ))),
        }
    }

    async fn turn(&mut self, control: &Control) -> Result<(), Fault> {
        let Nothing {} = self.ask(control).await?;
        Ok(())
    }

    async fn end_fault(&mut self) -> Result<u32, Fault> {
        let ended: Ended = self.ask(&Request::EndFault).await?;
        Ok(ended.fired)
    }

    async fn look(&mut self, known: usize) -> Result<View, Fault> {
        self.ask(&Request::Look { known }).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            self.pool.give_back(process);
        }
    }
}

impl fmt::Display for NoCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no command: expected a program that is a host, with its arguments")
    }
}

impl std::error::Error for NoCommand {}

/// A machine that is busy compiles slowly; a program that hangs is to be known by the end of a short break.
const LIMITS: Limits = Limits {
    start: Duration::from_secs(120),
    answer: Duration::from_secs(60),
    processes: 64,
};
