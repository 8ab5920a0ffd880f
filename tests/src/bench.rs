//! What a call costs, measured side by side with the core in this process.
//!
//! Machines are noisy and differ, so every figure is the median of several batches, batches of what is compared take
//! turns in one run, and the goals are ratios where that is possible. Nothing here fails: a figure beyond its goal is
//! marked.

mod loading;
mod table;
mod verifying;

use std::error::Error;
use std::time::Duration;

pub use self::table::{Row, Table};
use crate::subject::Component;

/// Measures everything.
///
/// # Errors
///
/// Whatever goes wrong: a code that is not accepted, or a temporary directory that cannot be written.
pub fn measure() -> Result<Table, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let plugin = Component::plugin();
    let mut table = Table::new(plugin.is_pooled());
    runtime.block_on(verifying::measure(&plugin, &mut table))?;
    loading::measure(&mut table)?;
    Ok(table)
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
