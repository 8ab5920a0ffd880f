//! The engine: what is switched on, the pool, and the thread that counts time.

use std::time::Duration;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::chain;
use crate::call::{MEMORIES, TABLES};
use crate::error::LoadError;
use crate::limits::Limits;

/// Makes an engine, with a pool if there can be one. Says whether there is.
pub(super) fn new(limits: &Limits, pooled: bool) -> Result<(Engine, bool), LoadError> {
    if pooled {
        let mut config = config(limits);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
        if let Ok(engine) = Engine::new(&config) {
            return Ok((engine, true));
        }
    }
    let mut config = config(limits);
    // Without a pool, most likely for want of address space: reserve what a memory may have, and no 4 GiB.
    config.memory_reservation(u64::try_from(limits.memory).unwrap_or(u64::MAX));
    config.memory_guard_size(64 << 10);
    config.memory_reservation_for_growth(0);
    Engine::new(&config)
        .map(|engine| (engine, false))
        .map_err(|error| LoadError::Engine(chain(&error)))
}

/// Counts time for an engine, on a thread that ends with it.
pub(super) fn tick(engine: &Engine) -> Result<(), LoadError> {
    let engine = engine.weak();
    let ticker = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new()
        .name("countersign-tick".to_owned())
        .spawn(ticker)
        .map(|_| ())
        .map_err(|error| LoadError::Engine(error.to_string()))
}

/// What holds with and without a pool. Features that a plugin needs not are off: what is not there has no bugs.
fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack)
        .async_stack_size(limits.stack.saturating_add(HOST_STACK))
        .wasm_backtrace_max_frames(None)
        .wasm_custom_page_sizes(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false);
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let calls = limits.concurrent_calls;
    let times = |each: usize| calls.saturating_mul(u32::try_from(each).unwrap_or(u32::MAX));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(limits.core_instances))
        .total_memories(times(MEMORIES))
        .total_tables(times(TABLES))
        .total_stacks(calls)
        .max_core_instances_per_component(limits.core_instances)
        .max_memories_per_component(as_u32(MEMORIES))
        .max_tables_per_component(as_u32(TABLES))
        .max_memory_size(limits.memory)
        .table_elements(limits.table_elements)
        .linear_memory_keep_resident(KEEP_MEMORY)
        .table_keep_resident(KEEP_TABLE)
        .async_stack_keep_resident(KEEP_STACK);
    pool
}

fn as_u32(small: usize) -> u32 {
    u32::try_from(small).unwrap_or(u32::MAX)
}

const TICK: Duration = Duration::from_millis(10);
/// What a store, keyring or phone line may use of a call's stack.
const HOST_STACK: usize = 1536 << 10;
/// Wiping so much by hand costs less than the page faults that come of giving it back.
const KEEP_MEMORY: usize = 256 << 10;
const KEEP_TABLE: usize = 16 << 10;
const KEEP_STACK: usize = 64 << 10;
