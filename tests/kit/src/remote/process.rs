//! One process of a host.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::host::Refusal;
use crate::subject::Fault;

/// A process that answers a line with a line. It is killed when this is dropped, with what it started in turn: a host
/// is often started by a shell or by `npx`.
pub(super) struct Process {
    child: Child,
    group: Group,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// What it wrote last on standard error, once it has ended.
    said: Option<JoinHandle<Vec<u8>>>,
    /// An answer is due, or never came: what comes next cannot be told from it.
    owes: bool,
}

impl Process {
    /// Starts it, with the component's path as the last argument.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if there is no such program.
    pub(super) fn start(program: &str, args: &[String], component: &Path) -> Result<Self, Refusal> {
        let mut command = Command::new(program);
        #[cfg(unix)]
        command.process_group(0);
        let spawned = command
            .args(args)
            .arg(component)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child =
            spawned.map_err(|error| Refusal(format!("{program} does not start: {error}")))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(Refusal(format!("{program} has no pipes")));
        };
        Ok(Self {
            group: Group::led_by(&child),
            child,
            stdin,
            stdout: BufReader::new(stdout),
            said: Some(tokio::spawn(tail(stderr))),
            owes: false,
        })
    }

    /// Says whether it has not ended by itself.
    pub(super) fn is_running(&mut self) -> bool {
        let is_running = matches!(self.child.try_wait(), Ok(None));
        if !is_running {
            self.group.end();
        }
        is_running
    }

    /// Says whether it can be asked again: it owes no answer.
    pub(super) fn is_usable(&self) -> bool {
        !self.owes
    }

    /// Writes a line, and reads the one that answers it.
    ///
    /// # Errors
    ///
    /// [`Fault`] with what the host says is wrong, or with what is wrong with the host. After the latter it is of no
    /// further use.
    pub(super) async fn ask(
        &mut self,
        request: &(impl Serialize + Sync),
        within: Duration,
    ) -> Result<Value, Fault> {
        if self.owes {
            return Err(Fault::Gone("the host still owes an answer".to_owned()));
        }
        let mut line =
            serde_json::to_vec(request).map_err(|error| Fault::Gone(error.to_string()))?;
        line.push(b'\n');
        self.owes = true;
        // The whole exchange: a host that does not read must not hold up whoever writes.
        let exchanged = tokio::time::timeout(within, async {
            self.stdin.write_all(&line).await?;
            self.stdin.flush().await?;
            read_line(&mut self.stdout).await
        })
        .await;
        let answered = match exchanged {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let why = match error.kind() {
                    io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => "it ended".into(),
                    _ => error.to_string(),
                };
                return Err(self.failed(&why).await);
            }
            Err(_) => {
                let why = format!("no answer within {} seconds", within.as_secs());
                return Err(self.failed(&why).await);
            }
        };
        let answer: Value = match serde_json::from_slice(&answered) {
            Ok(answer @ Value::Object(_)) => answer,
            _ => {
                let shown: String = String::from_utf8_lossy(&answered)
                    .chars()
                    .take(SHOWN)
                    .collect();
                let why = format!("expected a line with a JSON object, found `{shown}`");
                return Err(self.failed(&why).await);
            }
        };
        self.owes = false;
        match answer.get("fault") {
            Some(Value::String(why)) => Err(Fault::Stopped(why.clone())),
            _ => Ok(answer),
        }
    }

    /// Ends the process, and says what was wrong with it, with what it said itself at last.
    async fn failed(&mut self, why: &str) -> Fault {
        // One that closed its pipes is about to end by itself, and knows best why.
        let ended = tokio::time::timeout(LAST_WORDS, self.child.wait()).await;
        let status = match ended {
            Ok(Ok(status)) => format!(" ({status})"),
            _ => String::new(),
        };
        self.group.end();
        // If this fails it has ended.
        let _ = self.child.start_kill();
        let said = match self.said.take() {
            Some(said) => tokio::time::timeout(LAST_WORDS, said).await,
            None => return Fault::Gone(format!("the host failed{status}: {why}")),
        };
        let said = said.ok().and_then(Result::ok).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        Fault::Gone(match said.trim() {
            "" => format!("the host failed{status}: {why}"),
            said => format!("the host failed{status}: {why}; it said: {said}"),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.end();
    }
}

/// A process and what it started, and what these started.
struct Group {
    #[cfg(unix)]
    id: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg_attr(not(unix), expect(unused_variables, reason = "there are no groups"))]
    fn led_by(child: &Child) -> Self {
        Self {
            #[cfg(unix)]
            id: child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .and_then(rustix::process::Pid::from_raw),
        }
    }

    /// Ends all of them, once: later the number may be somebody else's.
    fn end(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.id.take() {
            // If this fails they have ended.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

/// Reads a line that is not too long, without its end.
async fn read_line(from: &mut BufReader<ChildStdout>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
    match line.pop() {
        Some(b'\n') => Ok(line),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
        Some(_)
            if u64::try_from(line.len()).is_ok_and(|it| it < LONGEST_LINE.saturating_sub(1)) =>
        {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
        Some(_) => Err(io::Error::other("a line is longer than 16 MiB")),
    }
}

/// Reads to the end, and keeps the last of it.
async fn tail(mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        kept.extend_from_slice(piece.get(..read).unwrap_or_default());
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    kept
}

/// More than any case makes a host say: its records, events and messages.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;
/// How long a process that failed is waited for.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// How much of what is no answer is shown, in characters.
const SHOWN: usize = 200;
/// How much of standard error is kept, in bytes.
const KEPT: usize = 2_000;
