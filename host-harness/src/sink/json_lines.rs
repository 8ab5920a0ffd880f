//! Events as lines of JSON.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde_json::Value;

use super::Sink;
use crate::event::StampedEvent;
use crate::printable::json_line;

/// Writes each event as one line of JSON, in the form of [`StampedEvent::to_json`].
///
/// `notify` is `true` where the user is to be told by another channel. An event may stand there twice, with the same `id`. A
/// line that was cut off, by an error or a crash, is ended before the next one begins,
/// so that it spoils none but itself.
///
/// # Security
///
/// Names and reasons are other people's words. They cannot begin another line, nor make a terminal or a viewer show
/// something else: control characters, marks of direction, separators of lines and what is not seen at all are escaped
/// ([`printable`](crate::printable)).
///
/// # Examples
///
/// ```
/// use countersign_host::contract::event::{Event, EventKind};
/// use countersign_host::event::{EventId, StampedEvent};
/// use countersign_host::sink::{JsonLines, Sink};
///
/// let event = Event {
///     kind: EventKind::Reset("lost\n{\"event\":\"erased\"}\u{202e}".into()),
///     companies: vec!["acme".into()],
///     actor: None,
///     notify: true,
/// };
/// let mut lines = JsonLines::new(Vec::new());
/// let id = EventId::from([7; 16]); // by chance
/// lines.take(&StampedEvent::new(id, 1_000, "example", Some("ana"), None, event))?;
/// let text = String::from_utf8(lines.into_inner()).unwrap();
/// assert_eq!(text, concat!(
///     r#"{"at":1000,"companies":["acme"],"detail":{"reason":"lost\n{\"event\":\"erased\"}\u202e"},"#,
///     r#""event":"reset","id":"07070707070707070707070707070707","notify":true,"realm":"example","user":"ana"}"#,
///     "\n",
/// ));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
    /// Whether a line was begun and not ended.
    torn: bool,
}

impl JsonLines<File> {
    /// Appends to a file, which is made if it is not there, and then for its owner alone (mode 0600).
    ///
    /// What is written is in the hands of the operating system, and not forced to the disk.
    ///
    /// The file stays open. Whoever rotates it by another name must copy and empty it in place (`copytruncate` of
    /// logrotate, which can lose what is written in between), or build another sink: a file that was renamed is
    /// written on.
    ///
    /// # Security
    ///
    /// Events name people. A file that everybody on the machine can reach is refused. One that its group can read is
    /// not, so that a collector may.
    ///
    /// # Errors
    ///
    /// That of opening it, or of reading its last byte; [`io::ErrorKind::PermissionDenied`] also for a file that is
    /// there and that others than owner and group can reach, or that the group can write.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let mut last = [b'\n'];
        let metadata = file.metadata()?;
        #[cfg(unix)]
        if metadata.is_file()
            && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o027 != 0
        {
            let why = "expected a file of events that others cannot reach, nor its group write";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        if metadata.is_file() && file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        Ok(Self {
            out: file,
            torn: last != [b'\n'],
        })
    }
}

impl<W: Write> JsonLines<W> {
    /// Writes to anything.
    pub fn new(out: W) -> Self {
        Self { out, torn: false }
    }

    /// Returns what was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn line(&mut self, json: &Value) -> io::Result<()> {
        let end = if self.torn { "\n" } else { "" };
        let line = format!("{end}{}\n", json_line(json));
        let mut left = line.as_bytes();
        while !left.is_empty() {
            match self.out.write(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    left = left.get(written..).unwrap_or_default();
                    self.torn = true;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.torn = false;
        Ok(())
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn take(&mut self, event: &StampedEvent) -> io::Result<()> {
        self.line(&event.to_json())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
