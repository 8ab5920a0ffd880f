//! What a call costs, measured side by side with the core in this process.
//!
//! Machines are noisy and differ, so every figure is the median of several batches, batches of what is compared take
//! turns in one run, and the goals are ratios where that is possible. Nothing here fails: a figure beyond its goal is
//! marked.

mod bare;
mod crowd;
mod durable;
mod gateway;
mod in_flight;
mod loading;
mod people;
mod table;
mod threads;
mod verifying;

use std::io;
use std::time::Duration;

use tokio::runtime::Runtime;

pub use self::table::{Row, Table};
use crate::subject::Component;

/// Measures everything, or what has an id of `only`, such as `B-5`; B-7 with stores of up to `most` users.
///
/// # Errors
///
/// Whatever goes wrong: a code that is not accepted, or a temporary directory that cannot be written.
pub fn measure(
    only: Option<&str>,
    most: usize,
) -> Result<Table, Box<dyn std::error::Error + Send + Sync>> {
    let plugin = Component::plugin();
    let mut table = Table::new(plugin.is_pooled());
    let wanted = |ids: &[&str]| only.is_none_or(|only| ids.contains(&only));
    if wanted(&["B-9"]) {
        in_flight::measure(&plugin, &mut table)?;
    }
    if wanted(&["B-1", "B-2", "B-3"]) {
        let alone = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        alone.block_on(verifying::measure(&plugin, &mut table))?;
    }
    if wanted(&["B-3", "B-8"]) {
        loading::measure(&mut table)?;
    }
    if wanted(&["B-4"]) {
        threads::measure(&plugin, &mut table)?;
    }
    if wanted(&["B-5"]) {
        durable::measure(&plugin, &mut table)?;
    }
    if wanted(&["B-6"]) {
        gateway::measure(&mut table);
    }
    if wanted(&["B-7"]) {
        crowd::measure(&plugin, &mut table, most)?;
    }
    table.sort();
    Ok(table)
}

/// Makes a runtime of so many threads.
fn runtime(threads: usize) -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
}

/// Makes a directory that is gone with what is returned, on a disk: below the build's own, since the system's
/// temporary one may be memory.
fn directory(name: &str) -> io::Result<Directory> {
    let build = std::path::Path::new(countersign_component::PATH).with_file_name("bench");
    let path = build.join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path)?;
    Ok(Directory(path))
}

struct Directory(std::path::PathBuf);

impl Directory {
    fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left is seen, and hurts nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The time that one piece of work took, of several batches.
#[derive(Debug, Default)]
struct Samples(Vec<Duration>);

impl Samples {
    fn note(&mut self, batch: Duration, calls: usize) {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        self.0.push(batch.checked_div(calls).unwrap_or_default());
    }

    fn median(&mut self) -> Duration {
        self.0.sort_unstable();
        let middle = self.0.get(self.0.len() / 2);
        middle.copied().unwrap_or_default()
    }
}
