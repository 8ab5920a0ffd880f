//! `countersign serve --demo`: a gateway to look at, with people in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use countersign_gateway::config::Config;
use countersign_gateway::demo::{PEOPLE, seed};
use countersign_gateway::mail::MailOutbox;
use countersign_gateway::{Gateway, Outboxes};
use countersign_host::keyring::KeyFile;
use countersign_host::random::{Random, SystemRandom};
use countersign_host::sms::Outbox;

use crate::exit::Exit;
use crate::style::{BOLD, DIM};
use crate::table::{Cell, Table};

/// Where a demonstration keeps its files. One that nobody named is removed at the end.
pub(super) struct Place {
    directory: PathBuf,
    is_kept: bool,
}

impl Place {
    /// Makes the directory, with keys and settings in it, unless they are there. The settings come last, and whole: a start
    /// that was ended on the way is made good by the next one.
    pub(super) fn make(kept: Option<PathBuf>, port: Option<u16>) -> Result<Self, Exit> {
        let (directory, is_kept) = match kept {
            Some(directory) => (directory, true),
            None => (
                std::env::temp_dir().join(format!("countersign-demo-{}", word(8)?)),
                false,
            ),
        };
        let place = Self { directory, is_kept };
        let settings_path = place.directory.join(SETTINGS);
        if !settings_path.exists() {
            make_private(&place.directory)?;
            let keys = place.directory.join("keys");
            if !keys.exists() {
                let drawn =
                    KeyFile::draw(&SystemRandom).map_err(|error| Exit::Fault(error.to_string()))?;
                drawn.write_new(&keys)?;
            }
            let password = place.directory.join(PASSWORD);
            if !password.exists() {
                write_private(&password, &format!("demo-{}\n", word(6)?))?;
            }
            let port = port.unwrap_or(PORT);
            let settings = format!(
                "# Settings of the demonstration. gateway.example.toml explains all there are.\n\
                 public-url = \"http://localhost:{port}\"\nissuer = \"Countersign demo\"\n\
                 store = \"sqlite:mfa.db\"\nkeys = \"file:keys\"\ndirectory = \"sqlite:directory.db\"\n\n\
                 [listen]\nhttp = \"127.0.0.1:{port}\"\noperations = \"127.0.0.1:{}\"\n\n\
                 [log]\nformat = \"text\"\nlevel = \"warn\"\n",
                port.saturating_add(1)
            );
            let unfinished = place.directory.join(UNFINISHED);
            fs::write(&unfinished, settings)?;
            fs::rename(&unfinished, &settings_path)?;
        }
        Ok(place)
    }

    /// Refuses a port that the settings do not have: they are written once, and it would be listened on another one.
    pub(super) fn agree(&self, port: Option<u16>, config: &Config) -> Result<(), Exit> {
        let is = config.listen.http.port();
        match port {
            Some(port) if port != is => Err(Exit::Usage(format!(
                "--port {port}: expected {is}, where the demo in {} listens; {SETTINGS} in there says so",
                self.directory.display()
            ))),
            _ => Ok(()),
        }
    }

    /// Reads the settings, with the address of a decision service over them. The environment is not asked: it may be meant
    /// for a real gateway. On a loopback address callers need the secret in a file that is made for it.
    pub(super) fn config(&self, decisions: Option<String>) -> Result<Config, Exit> {
        let mut over = Vec::new();
        if let Some(address) = decisions {
            if !address.starts_with("unix:") {
                over.push((SECRET_FILE.to_owned(), self.secret()?));
            }
            over.push((super::DECISIONS.to_owned(), address));
        }
        let path = self.directory.join(SETTINGS);
        Config::load(&path, over).map_err(|error| super::told(&path, error))
    }

    /// Returns the name of the file with the decision service's secret, and makes it unless it is there.
    fn secret(&self) -> Result<String, Exit> {
        let path = self.directory.join(SECRET);
        if !path.exists() {
            write_private(&path, &format!("{}\n", word(40)?))?;
        }
        Ok(SECRET.to_owned())
    }

    /// Returns where messages stay, since they go to nobody.
    pub(super) fn outboxes() -> Outboxes {
        Outboxes {
            texts: Outbox::in_country("US"),
            mails: MailOutbox::default(),
        }
    }

    /// Adds the people, unless all of them were added before.
    pub(super) async fn seed(&self, gateway: &Gateway) -> Result<(), Exit> {
        // Written when all of them are there, so that a start that was ended on the way is made good by the next one.
        let seeded = self.directory.join(SEEDED);
        if seeded.exists() {
            return Ok(());
        }
        let added = seed(gateway, &self.password()?).await;
        added.map_err(|refusal| Exit::Fault(refusal.message))?;
        Ok(fs::write(seeded, "")?)
    }

    /// Tells who can sign in, and where.
    pub(super) fn tell(
        &self,
        public_url: &str,
        decisions: Option<&str>,
        out: &mut dyn Write,
    ) -> Result<(), Exit> {
        let address = format!("{public_url}/countersign/");
        writeln!(out, "\n{BOLD}{address}{BOLD:#}\n")?;
        let mut table = Table::default();
        for person in PEOPLE {
            table.row([Cell::new(person.name), Cell::new(person.about)]);
        }
        table.write(out)?;
        writeln!(
            out,
            "\nEverybody's password: {BOLD}{}{BOLD:#}",
            self.password()?
        )?;
        writeln!(
            out,
            "Text messages and mails go to nobody: {address}outbox shows them."
        )?;
        let files = self.directory.display();
        if let Some(at) = decisions {
            writeln!(out, "The decision service is at {at}.")?;
        }
        if decisions.is_some_and(|it| !it.starts_with("unix:")) {
            writeln!(out, "Its callers need the secret in {files}/{SECRET}")?;
        }
        match self.is_kept {
            true => writeln!(out, "{DIM}It keeps what happens in {files}.{DIM:#}")?,
            false => writeln!(
                out,
                "{DIM}What happens is gone at the end; --keep DIRECTORY keeps it.{DIM:#}"
            )?,
        }
        writeln!(out, "{DIM}Ctrl-C ends it.{DIM:#}")?;
        out.flush()?;
        Ok(())
    }

    fn password(&self) -> Result<String, Exit> {
        let text = fs::read_to_string(self.directory.join(PASSWORD))?;
        Ok(text.trim_end().to_owned())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_kept {
            // It lies in the system's temporary directory, which is tidied up in the end.
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// Draws letters and digits that are easy to type.
fn word(length: usize) -> Result<String, Exit> {
    let mut bytes = vec![0; length];
    let drawn = SystemRandom.fill(&mut bytes);
    drawn.map_err(|error| Exit::Fault(error.to_string()))?;
    let symbols: Vec<char> = SYMBOLS.chars().collect();
    // Of a byte five bits: one of 32.
    let each = bytes.iter().map(|it| usize::from(*it & 31));
    Ok(each.filter_map(|at| symbols.get(at)).collect())
}

fn make_private(directory: &Path) -> Result<(), Exit> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(directory)?)
}

fn write_private(path: &Path, text: &str) -> Result<(), Exit> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(path)?.write_all(text.as_bytes())?)
}

/// Without those that look alike; 32, so that none comes up more often than another.
const SYMBOLS: &str = "abcdefghijkmnpqrstuvwxyz23456789";

const SETTINGS: &str = "gateway.toml";

/// Settings that are still being written.
const UNFINISHED: &str = "gateway.toml.new";

/// Is there once everybody is.
const SEEDED: &str = "seeded";

/// Where a demo listens that nobody gave a port.
const PORT: u16 = 7400;

const PASSWORD: &str = "password";

const SECRET: &str = "decisions-secret";

/// What names the file of the decision service's secret.
const SECRET_FILE: &str = "COUNTERSIGN_GATEWAY_LISTEN__DECISIONS__SECRET_FILE";
