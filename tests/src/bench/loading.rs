//! B-3, loading, and B-8, the size.

use std::time::{Duration, Instant};

use countersign_component::WASM;
use countersign_host::Plugin;

use super::people::Trouble;
use super::{Samples, Table};

/// Loads the component from its bytes and from a cache, in turns.
pub(super) fn measure(table: &mut Table) -> Result<(), Trouble> {
    let directory = std::env::temp_dir().join(format!("countersign-bench-{}", std::process::id()));
    let measured = load(table, &Plugin::builder().cache(&directory));
    // It holds nothing but what was compiled here.
    let _ = std::fs::remove_dir_all(&directory);
    table.size(
        ("B-8", "the component, stripped"),
        WASM.len(),
        MOST_KILOBYTES.saturating_mul(1_000),
    );
    measured
}

fn load(table: &mut Table, cached: &countersign_host::PluginBuilder) -> Result<(), Trouble> {
    cached.load(WASM)?;
    let (mut from_bytes, mut from_cache) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let plugin = Plugin::load(WASM)?;
        from_bytes.note(start.elapsed(), 1);
        drop(plugin);
        for _ in 0..CACHED_A_ROUND {
            let start = Instant::now();
            let plugin = cached.load(WASM)?;
            from_cache.note(start.elapsed(), 1);
            if !plugin.was_cached() {
                return Err("the cache was not used".into());
            }
        }
    }
    table.time(
        ("B-3", "load from bytes, compiled"),
        from_bytes.median(),
        None,
    );
    table.time(
        ("B-3", "load from its own cache"),
        from_cache.median(),
        Some(Duration::from_millis(2)),
    );
    Ok(())
}

const ROUNDS: usize = 5;
const CACHED_A_ROUND: usize = 5;
const MOST_KILOBYTES: usize = 150;
