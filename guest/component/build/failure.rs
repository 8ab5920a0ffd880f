//! Why there is no component, in words for whoever ran `cargo build`.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

/// A step that failed, for which reason, and what can be done about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) step: &'static str,
    pub(crate) reason: String,
    pub(crate) remedy: String,
}

impl Failure {
    /// Something about the build itself is not as this script expects.
    pub(crate) fn of_build(reason: &str) -> Self {
        Self {
            step: "prepare the build",
            reason: reason.to_owned(),
            remedy: "run cargo from the root of a complete checkout".to_owned(),
        }
    }

    /// A file below the build directory could not be read or written.
    pub(crate) fn of_file(path: &Path, error: &io::Error) -> Self {
        Self {
            step: "prepare the build",
            reason: format!("{}: {error}", path.display()),
            remedy: "check space and permissions, or run `cargo clean`".to_owned(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the component was not built")?;
        writeln!(f, "failed: {}", self.step)?;
        let reason = self.reason.trim().replace('\n', "\n        ");
        writeln!(f, "reason: {reason}")?;
        writeln!(f, "remedy: {}", self.remedy)?;
        write!(
            f,
            "without a component: `cargo test -p countersign-core` needs none"
        )
    }
}

/// Runs `command` to its end, and returns what it printed.
///
/// # Errors
///
/// Returns the end of its standard error if it failed, or why it did not start.
pub(crate) fn capture(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&stderr);
    let lines: Vec<&str> = stderr.lines().collect();
    let end = lines
        .get(lines.len().saturating_sub(LINES)..)
        .unwrap_or(&[]);
    Err(format!("{name}: {status}\n{}", end.join("\n")))
}

/// How much of a program's complaint is shown.
const LINES: usize = 30;
