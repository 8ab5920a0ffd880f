//! The calls of an import as lines that `countersign call --script` reads.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use super::rehearsal::Call;
use crate::exit::Exit;

/// Where the lines go. They hold secrets.
#[derive(Debug)]
pub(super) enum Script {
    /// The standard output, which is no terminal.
    Out,
    /// A file that did not exist, and that nobody else may read.
    File(File),
}

impl Script {
    /// Opens it, so that what cannot be written is told before anything is done.
    ///
    /// # Security
    ///
    /// A file that exists is refused whatever it is: its readers are not ours to choose, and it may be a terminal.
    pub(super) fn create(path: &str) -> Result<Self, Exit> {
        match (path, Output::of(&io::stdout())) {
            ("-", output) => Self::on(output),
            (path, _) => Self::create_file(path),
        }
    }

    fn on(output: Output) -> Result<Self, Exit> {
        match output {
            Output::Terminal => Err(Exit::Usage(TERMINAL.to_owned())),
            Output::Other => Ok(Self::Out),
        }
    }

    fn create_file(path: &str) -> Result<Self, Exit> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(Self::File).map_err(|error| {
            Exit::Usage(format!(
                "--script: {path}: expected a file that does not exist and can be made: {error}"
            ))
        })
    }

    pub(super) fn is_out(&self) -> bool {
        matches!(self, Self::Out)
    }

    /// Writes the calls.
    pub(super) fn write(
        self,
        calls: &[Call],
        operator: &str,
        out: &mut dyn Write,
    ) -> Result<(), Exit> {
        let mut file = match self {
            Self::Out => None,
            Self::File(file) => Some(file),
        };
        let into: &mut dyn Write = match &mut file {
            None => out,
            Some(file) => file,
        };
        writeln!(
            into,
            "# Secrets of {} users. Delete it when it has run.",
            calls.len()
        )?;
        for call in calls {
            let line = Line::of(call, operator);
            let mut text = Zeroizing::new(Vec::with_capacity(LINE));
            serde_json::to_writer(&mut *text, &line).map_err(io::Error::from)?;
            text.push(b'\n');
            into.write_all(&text)?;
        }
        into.flush()?;
        Ok(())
    }
}

/// What the standard output is.
#[derive(Clone, Copy)]
enum Output {
    Terminal,
    Other,
}

impl Output {
    fn of(stream: &impl IsTerminal) -> Self {
        match stream.is_terminal() {
            true => Self::Terminal,
            false => Self::Other,
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    call: &'static str,
    with: With<'a>,
}

#[derive(Serialize)]
struct With<'a> {
    user: String,
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<u64>,
    actor: Actor,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Actor {
    Operator(String),
}

impl<'a> Line<'a> {
    fn of(call: &'a Call, operator: &str) -> Self {
        Self {
            call: "administration.add-totp",
            with: With {
                user: literal(&call.user),
                uri: &call.uri,
                mark: call.mark,
                actor: Actor::Operator(literal(operator)),
            },
        }
    }
}

/// Keeps a dollar sign at the beginning from standing for something saved.
fn literal(text: &str) -> String {
    match text.starts_with('$') {
        true => format!("${text}"),
        false => text.to_owned(),
    }
}

const TERMINAL: &str = "--script -: expected the standard output to be a pipe or a file: the lines hold secrets, \
                        which stay on a terminal";

/// More than a line takes, so that it is not copied as it grows.
const LINE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::{Output, Script};

    #[test]
    fn secrets_go_to_no_terminal() {
        let refusal = Script::on(Output::Terminal).unwrap_err();
        assert!(refusal.message().unwrap().contains("terminal"));
        assert!(Script::on(Output::Other).is_ok());
    }
}
