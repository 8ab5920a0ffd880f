//! What a file is, without running it.

use serde::Serialize;
use wasmtime::component::Component;

use super::{allow_list, compile, engine, find_functions, link};
use crate::digest::Digest;
use crate::error::LoadError;
use crate::limits::Limits;

/// What a file is, what it imports and exports, and whether it would load.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Inspection {
    /// Its size in bytes.
    pub size: usize,
    /// Its digest, to pin it by.
    pub sha256: Digest,
    /// The version of the contract that its exports name, if they do.
    pub contract: Option<String>,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// Imports that the contract's world does not have.
    pub unexpected: Vec<String>,
    /// Exports of the contract's world that it lacks.
    pub missing: Vec<String>,
    /// Whether it would load.
    pub verdict: Verdict,
}

/// Whether a component would load.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It would.
    Loads,
    /// It would not; why.
    Refused(String),
}

impl Inspection {
    pub(super) fn of(
        bytes: &[u8],
        limits: &Limits,
        max_size: usize,
        lab: bool,
    ) -> Result<Self, LoadError> {
        let (engine, _) = engine::new(limits, false)?;
        let mut inspection = Self {
            size: bytes.len(),
            sha256: Digest::of(bytes),
            contract: None,
            imports: Vec::new(),
            exports: Vec::new(),
            unexpected: Vec::new(),
            missing: Vec::new(),
            verdict: Verdict::Loads,
        };
        // What `load` refuses for its size must not be compiled here either.
        if bytes.len() > max_size {
            let error = LoadError::TooLarge { limit: max_size };
            inspection.verdict = Verdict::Refused(error.to_string());
            return Ok(inspection);
        }
        let component = match compile(&engine, bytes) {
            Ok(component) => component,
            Err(error) => {
                inspection.verdict = Verdict::Refused(error.to_string());
                return Ok(inspection);
            }
        };
        let ty = component.component_type();
        let named = |(name, _): (&str, _)| name.to_owned();
        inspection.imports = ty.imports(&engine).map(named).collect();
        inspection.exports = ty.exports(&engine).map(named).collect();
        inspection.contract = inspection
            .exports
            .iter()
            .find_map(|name| name.strip_prefix("countersign:mfa/")?.split_once('@'))
            .map(|(_, version)| version.to_owned());
        inspection.unexpected = allow_list::unexpected_imports(&engine, &component);
        inspection.missing = allow_list::missing_exports(&component);
        if let Err(error) = check(&engine, &component, lab) {
            inspection.verdict = Verdict::Refused(error.to_string());
        }
        Ok(inspection)
    }
}

/// Does what loading does after compiling.
fn check(engine: &wasmtime::Engine, component: &Component, lab: bool) -> Result<(), LoadError> {
    allow_list::check_imports(engine, component, lab)?;
    allow_list::check_exports(component)?;
    find_functions(&link(engine, component, lab)?)?;
    Ok(())
}
