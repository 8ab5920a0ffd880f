//! Where reports of a run go.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use countersign_conformance::Report;

use crate::draft::{Draft, Place, Readers, require_free};
use crate::exit::Exit;
use crate::json::pretty;

/// The files that reports go to, and what is printed in place of the tables.
#[derive(Debug, Default)]
pub(super) struct Files {
    written: Vec<(Form, PathBuf)>,
    printed: Option<Form>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Junit,
    Html,
    Json,
}

impl Files {
    /// Takes what was asked for; `-` is what is printed.
    ///
    /// # Errors
    ///
    /// [`Exit::Usage`] for a file that has another part in this run, or two.
    pub(super) fn of(
        asked: &[(Form, Option<&Path>)],
        others: &[Option<&Path>],
    ) -> Result<Self, Exit> {
        let mut taken: Vec<PathBuf> = others.iter().flatten().map(|it| place(it)).collect();
        let mut files = Self::default();
        for (form, path) in asked {
            let Some(path) = path else {
                continue;
            };
            if path.as_os_str() == "-" {
                if files.printed.replace(*form).is_some() {
                    return Err(Exit::Usage("expected one report on `-`".to_owned()));
                }
                continue;
            }
            let place = place(path);
            if taken.contains(&place) {
                let path = path.display();
                return Err(Exit::Usage(format!(
                    "{path}: expected a file of its own for the report"
                )));
            }
            taken.push(place);
            files.written.push((*form, path.to_path_buf()));
        }
        Ok(files)
    }

    /// Makes sure that they can be written, before anything is run. Reports of an earlier run are gone then, so that none
    /// of them is taken for one of this.
    pub(super) fn begin(&self) -> Result<(), Exit> {
        for (_, path) in &self.written {
            if is_special(path) {
                continue;
            }
            require_free(path, Place::Any)?;
            drop(Draft::write(path, b"", Readers::Usual)?);
            if path.exists() {
                fs::remove_file(path).map_err(|error| unwritable(path, &error))?;
            }
        }
        Ok(())
    }

    /// Says what is printed in place of the tables.
    pub(super) fn printed(&self) -> Option<Form> {
        self.printed
    }

    /// Writes them, each whole or not at all.
    pub(super) fn write(&self, report: &Report) -> Result<(), Exit> {
        for (form, path) in &self.written {
            let text = form.text(report)?;
            if is_special(path) {
                let file = OpenOptions::new().write(true).open(path);
                let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
                written.map_err(|error| unwritable(path, &error))?;
            } else {
                Draft::write(path, text.as_bytes(), Readers::Usual)?.name(path, Place::Any)?;
            }
        }
        Ok(())
    }
}

impl Form {
    /// Writes a report, with a line's end behind it.
    pub(super) fn text(self, report: &Report) -> Result<String, Exit> {
        let text = match self {
            Self::Junit => report.to_junit()?,
            Self::Html => {
                let page = report.to_html();
                page.map_err(|error| Exit::Fault(error.to_string()))?
            }
            Self::Json => pretty(&report.to_json()),
        };
        Ok(format!("{}\n", text.trim_end()))
    }
}

/// A file as others find it, whatever it is called here.
fn place(path: &Path) -> PathBuf {
    let known = path.canonicalize();
    known
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_path_buf())
}

/// Whether it is there, and is a device or a pipe.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Exit {
    Exit::Fault(format!("cannot write {}: {error}", path.display()))
}
