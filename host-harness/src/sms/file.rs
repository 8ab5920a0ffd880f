//! Messages that stay where a developer can read them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Message, MessagePurpose, Outcome, Permission, SmsError, SmsSender, Texts};

/// Appends messages to a file, one JSON object a line, in place of sending them: for development.
///
/// Which country a number is in, it is told once, for all. Behind a `PhoneLine` the number's own counts.
///
/// # Security
///
/// Numbers and codes stand in the file in clear. It is made for its owner alone, and one that others can read is
/// refused; it must all the same not be on a machine that real people sign in to.
///
/// # Examples
///
/// ```
/// use countersign_host::sms::{FileOutbox, Texts};
///
/// # let directory = std::env::temp_dir().join(format!("outbox-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let texts = Texts::new("id.example.com", "Example")?;
/// let outbox = FileOutbox::open(directory.join("messages.jsonl"), "ES", texts)?;
/// # drop(outbox);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileOutbox {
    file: Mutex<File>,
    country: String,
    texts: Texts,
}

impl FileOutbox {
    /// Opens a file to append to, or makes it, for its owner alone (mode 0600).
    ///
    /// # Errors
    ///
    /// Whatever keeps the file from being opened; [`io::ErrorKind::PermissionDenied`] also for one that is there and
    /// that its group or others can reach.
    pub fn open(path: impl AsRef<Path>, country: &str, texts: Texts) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        #[cfg(unix)]
        if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
            let why = "expected a file of messages that only its owner can reach";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        Ok(Self {
            file: Mutex::new(file),
            country: country.to_owned(),
            texts,
        })
    }
}

#[async_trait]
impl SmsSender for FileOutbox {
    async fn check(&self, _: &str, _: &str, _: MessagePurpose) -> Result<Permission, SmsError> {
        Ok(Permission::Permitted(self.country.clone()))
    }

    async fn send(&self, message: &Message) -> Outcome {
        let Ok(text) = self.texts.write(message) else {
            return Outcome::failed("text");
        };
        let line = message.to_json(&text);
        // One write, so that lines of several processes do not mix.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match file.write_all(format!("{line}\n").as_bytes()) {
            Ok(()) => Outcome::Sent,
            Err(_) => Outcome::unknown("not-written"),
        }
    }
}
