//! Where master keys come from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{KeyFile, KeyFileError, LocalKeyring};

/// Where to get master keys: text in the format said at the [module](super).
///
/// | written | the text is |
/// |---|---|
/// | `file:PATH` | what stands in a file that only its owner can reach |
/// | `env:NAME` | the value of a variable of the environment |
/// | `command:LINE` | what a command line prints, run by `sh -c`: at most 64 KiB within 30 seconds |
///
/// # Security
///
/// The text is kept in memory only, and wiped once the keys are derived from it. An error never repeats any of it, nor
/// what a command wrote to its error stream, which is thrown away: run it by hand to see why it fails. Other processes of
/// the same user can read a process's environment; a file or a command is better.
///
/// # Examples
///
/// ```
/// use countersign_host::keyring::KeySource;
///
/// let source: KeySource = "file:/etc/countersign/keys".parse()?;
/// assert_eq!(source.to_string(), "file:/etc/countersign/keys");
/// assert!("/etc/countersign/keys".parse::<KeySource>().is_err());
/// # Ok::<(), countersign_host::keyring::NotAKeySource>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    /// A command line.
    Command(String),
}

impl KeySource {
    /// Gets the keys.
    ///
    /// It must be awaited on a tokio runtime. Nothing is kept: each call reads anew.
    ///
    /// # Errors
    ///
    /// [`KeySourceError`] says what to mend, and holds nothing secret.
    pub async fn load(&self) -> Result<LocalKeyring, KeySourceError> {
        let source = self.clone();
        let loaded = tokio::task::spawn_blocking(move || Ok(source.read()?.to_keyring()?));
        loaded
            .await
            .unwrap_or_else(|_| Err(self.unreadable("reading them was ended")))
    }

    /// Reads the text, and waits for it.
    fn read(&self) -> Result<KeyFile, KeySourceError> {
        let text = match self {
            Self::File(path) => self.file(path)?,
            Self::Env(name) => self.env(name)?,
            Self::Command(line) => {
                let output = output(line, TIME);
                output.map_err(|why| self.unreadable(why))?
            }
        };
        if text.len() > MAX_TEXT {
            return Err(self.unreadable("they are longer than 64 KiB"));
        }
        let text = std::str::from_utf8(&text);
        let text = text.map_err(|_| self.unreadable("they are no text in UTF-8"))?;
        Ok(text.parse::<KeyFile>()?)
    }

    fn file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, KeySourceError> {
        let failed = |error: io::Error| self.unreadable(&error.to_string());
        // Before it is opened too: opening a pipe would wait for whoever writes to it.
        let is_file = std::fs::metadata(path).map_err(failed)?.is_file();
        let file = is_file.then(|| File::open(path)).transpose();
        let Some(file) = file.map_err(failed)? else {
            return Err(self.unreadable("expected a file"));
        };
        #[cfg(unix)]
        {
            let permissions = file.metadata().map_err(failed)?.permissions();
            if std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o077 != 0 {
                return Err(KeySourceError::Exposed(path.to_owned()));
            }
        }
        bounded(file).map_err(failed)
    }

    fn env(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeySourceError> {
        let value = std::env::var_os(name).ok_or_else(|| self.unreadable("it is not set"))?;
        Ok(Zeroizing::new(value.into_encoded_bytes()))
    }

    fn unreadable(&self, why: &str) -> KeySourceError {
        KeySourceError::Unreadable {
            from: self.to_string(),
            why: why.to_owned(),
        }
    }
}

impl KeyFile {
    /// Reads a file of keys to edit it.
    ///
    /// # Errors
    ///
    /// [`KeySourceError`]: it is not there, others can reach it, or it is not in the format.
    pub fn read(path: &Path) -> Result<Self, KeySourceError> {
        KeySource::File(path.to_owned()).read()
    }
}

impl FromStr for KeySource {
    type Err = NotAKeySource;

    fn from_str(text: &str) -> Result<Self, NotAKeySource> {
        let (kind, rest) = text.split_once(':').ok_or(NotAKeySource)?;
        match kind {
            _ if rest.trim().is_empty() => Err(NotAKeySource),
            "file" => Ok(Self::File(rest.into())),
            // What no variable is named; asking for it would be a fault of the system's.
            "env" if !rest.contains(['=', '\0']) => Ok(Self::Env(rest.to_owned())),
            "command" => Ok(Self::Command(rest.to_owned())),
            _ => Err(NotAKeySource),
        }
    }
}

/// A command line may hold a password, so it is not shown.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::Command(_) => f.write_str("command:…"),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySource({self})")
    }
}

/// A text names no source of keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected file:PATH, env:NAME or command:LINE")]
pub struct NotAKeySource;

/// Why there are no keys. It holds nothing of them.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySourceError {
    /// They cannot be read.
    #[error("the keys cannot be read from {from}: {why}")]
    Unreadable {
        /// From where; of a command only that it is one.
        from: String,
        /// Why.
        why: String,
    },
    /// Others than its owner can reach the file.
    #[error(
        "the file of keys {} can be reached by others: expected mode 0600",
        .0.display()
    )]
    Exposed(PathBuf),
    /// What was read is no list of keys.
    #[error("in the text of the keys, {0}")]
    Malformed(#[from] KeyFileError),
}

/// Reads all, and one byte more than may be.
fn bounded(from: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let most = MAX_TEXT.saturating_add(1);
    // With room to spare, so that it is not moved and left behind while it grows.
    let mut text = Zeroizing::new(Vec::with_capacity(most.saturating_add(64)));
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    from.take(most).read_to_end(&mut text)?;
    Ok(text)
}

/// Runs a command line and returns what it prints.
fn output(line: &str, at_most: Duration) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let end = Instant::now().checked_add(at_most);
    let left = || end.map_or(at_most, |end| end.saturating_duration_since(Instant::now()));
    let mut command = Command::new("sh");
    command.arg("-c").arg(line);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut running = Running(command.spawn().map_err(|_| "sh cannot be run")?);
    let out = running.0.stdout.take().ok_or("sh cannot be run")?;
    let (read, printed) = mpsc::sync_channel(1);
    // A thread of its own, since there is no reading with a time limit. It ends with the command.
    thread::spawn(move || {
        // Nobody waits for it any more if that fails, and what it holds is wiped.
        let _ = read.send(bounded(out));
    });
    let printed = printed.recv_timeout(left()).map_err(|_| TOO_SLOW)?;
    let printed = printed.map_err(|_| "its output cannot be read")?;
    if printed.len() > MAX_TEXT {
        return Err("they are longer than 64 KiB");
    }
    loop {
        match running.0.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(printed),
            Ok(Some(_)) => return Err("the command failed"),
            Ok(None) if left().is_zero() => return Err(TOO_SLOW),
            Ok(None) => thread::sleep(PAUSE.min(left())),
            Err(_) => return Err("nobody knows whether the command succeeded"),
        }
    }
}

/// A command that is ended when nobody waits for it any more, with all that it started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        #[cfg(unix)]
        if let Some(group) = i32::try_from(self.0.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        {
            // It is not waited for yet, so that its number is still its own.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const TOO_SLOW: &str = "the command did not end in time";
/// A secret store is asked over a network, and perhaps signed in to before.
const TIME: Duration = Duration::from_secs(30);
/// Thousands of lines of comments and keys.
const MAX_TEXT: usize = 65_536;
const PAUSE: Duration = Duration::from_millis(5);
