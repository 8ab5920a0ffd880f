//! What no plugin should do, and every host must outlive.

use alloc::vec::Vec;
use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};

/// Says how often this very instance was asked before: 0 in a fresh one.
pub(crate) fn remember() -> u32 {
    ASKED.fetch_add(1, Ordering::Relaxed)
}

/// Traps.
pub(crate) fn trap() -> ! {
    panic!("as the script wants it")
}

/// Never ends.
pub(crate) fn endless() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes memory until there is none left.
pub(crate) fn grow() -> ! {
    let mut taken = Vec::new();
    loop {
        let mut block = Vec::<u8>::with_capacity(MEBIBYTE);
        block.push(1);
        taken.push(black_box(block));
    }
}

/// Calls itself until the stack is used up.
pub(crate) fn recurse(depth: u64) -> u64 {
    let deeper = black_box(depth).wrapping_add(1);
    match deeper {
        0 => 0,
        // What comes after the call keeps it from being a loop.
        _ => recurse(deeper).wrapping_add(black_box(deeper)),
    }
}

static ASKED: AtomicU32 = AtomicU32::new(0);

const MEBIBYTE: usize = 1 << 20;
