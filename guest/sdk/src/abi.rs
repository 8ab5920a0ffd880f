//! What a component without `std` has to bring along: memory, and an end to panics.
//!
//! This is the only file with `unsafe` in the guest. It decides nothing: it hands
//! out memory, wipes it when it comes back, and stops the instance when something
//! is beyond repair.
//!
//! # Security
//!
//! Every block is overwritten with zeros before it is free again, so that a key,
//! a code or a record cannot be read later out of memory that nobody owns. That
//! covers what travels through the canonical ABI too, since the host's arguments
//! are written into blocks from [`cabi_realloc`]. It does not cover the stack.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::ptr;
use core::slice;

use dlmalloc::{Allocator, Dlmalloc};

#[global_allocator]
static ALLOCATOR: Wiping = Wiping(UnsafeCell::new(Dlmalloc::new_with_allocator(Memory(
    UnsafeCell::new(false),
))));

/// The allocator of the component: dlmalloc that wipes each block it takes back.
struct Wiping(UnsafeCell<Dlmalloc<Memory>>);

// SAFETY: a component without threads has one thread, and no method of the allocator
// calls back into it.
unsafe impl Sync for Wiping {}

// `realloc` is left to the trait on purpose: its default allocates, copies, and
// frees through `dealloc` below. dlmalloc's own would move a block without wiping
// the place that it left.
//
// SAFETY: blocks come from dlmalloc and return to it with the layout they came
// with; wiping stays inside the block, which the caller no longer uses.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no other reference while this one lives.
        let heap = unsafe { &mut *self.0.get() };
        // SAFETY: the caller upholds the contract of `GlobalAlloc::alloc`.
        unsafe { heap.malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no other reference while this one lives.
        let heap = unsafe { &mut *self.0.get() };
        // SAFETY: the caller upholds the contract of `GlobalAlloc::alloc_zeroed`.
        unsafe { heap.calloc(layout.size(), layout.align()) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: one thread, and no other reference while this one lives.
        let heap = unsafe { &mut *self.0.get() };
        // SAFETY: the caller gives back a block of `layout.size()` bytes that it
        // owned, and that nothing refers to any more.
        unsafe {
            wipe(block, layout.size());
            heap.free(block, layout.size(), layout.align());
        }
    }
}

/// Where the heap gets its memory: first what the instance is born with, then growth.
///
/// Every call runs in an instance of its own, and to grow its memory costs the host
/// more than all that most calls compute.
struct Memory(UnsafeCell<bool>);

/// What the instance is born with. Most calls need less.
#[repr(align(16))]
struct Born(UnsafeCell<MaybeUninit<[u8; BORN_WITH]>>);

// SAFETY: only `Memory::alloc` touches it, once, to hand it out.
unsafe impl Sync for Born {}

static BORN: Born = Born(UnsafeCell::new(MaybeUninit::uninit()));

// SAFETY: each region is handed out once: `BORN` behind a flag that never goes back,
// the others by `memory.grow`, whose pages nobody had before.
unsafe impl Allocator for Memory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        // SAFETY: one thread, and no other reference while this one lives.
        let used = unsafe { &mut *self.0.get() };
        if !*used && size <= BORN_WITH {
            *used = true;
            return (BORN.0.get().cast(), BORN_WITH, 0);
        }
        let pages = size.div_ceil(PAGE);
        match wasm32::memory_grow::<0>(pages) {
            usize::MAX => (ptr::null_mut(), 0, 0),
            // Within four gigabytes; the host's limit is far below.
            first => (
                ptr::with_exposed_provenance_mut(first.wrapping_mul(PAGE)),
                pages.wrapping_mul(PAGE),
                0,
            ),
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

/// A page of WebAssembly.
const PAGE: usize = 64 << 10;

/// A call with sixteen tickets in reach takes less.
const BORN_WITH: usize = 128 << 10;

/// Overwrites `length` bytes from `start` with zeros that the optimizer must write.
///
/// # Safety
///
/// `start` must be valid for writes of `length` bytes, and nothing else may refer
/// to them.
unsafe fn wipe(start: *mut u8, length: usize) {
    // SAFETY: the caller vouches for the bytes; `MaybeUninit` asks nothing of what is
    // in them.
    let bytes = unsafe { slice::from_raw_parts_mut(start.cast::<MaybeUninit<u8>>(), length) };
    // SAFETY: eight bytes of any content are a `MaybeUninit<u64>`.
    let (head, words, tail) = unsafe { bytes.align_to_mut::<MaybeUninit<u64>>() };
    // Plain writes to memory that is about to be freed are dead stores, which the
    // optimizer may drop. Whole words, because a volatile write is never widened.
    for byte in head.iter_mut().chain(tail) {
        // SAFETY: a reference is valid for writes.
        unsafe { ptr::write_volatile(byte, MaybeUninit::new(0)) };
    }
    for word in words {
        // SAFETY: a reference is valid for writes.
        unsafe { ptr::write_volatile(word, MaybeUninit::new(0)) };
    }
}

/// Gives the host memory for what it passes in, as the canonical ABI demands.
///
/// Traps when there is no memory left: the ABI knows no failure here.
///
/// # Safety
///
/// `old` must come from this function with `old_length` and `align`, unless
/// `old_length` is zero; `align` must be a power of two.
// The name is fixed by the canonical ABI, and wit-bindgen defines it on other
// targets than this one only. An exported name is unsafe because it may collide;
// this one is ours by that contract.
#[unsafe(export_name = "cabi_realloc")]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_length: usize,
    align: usize,
    new_length: usize,
) -> *mut u8 {
    let (Ok(old_layout), Ok(new_layout)) = (
        Layout::from_size_align(old_length, align),
        Layout::from_size_align(new_length, align),
    ) else {
        trap()
    };
    if new_length == 0 {
        // An empty list needs an address that is aligned, and none that is there. The
        // canonical ABI never shrinks to nothing, so no old block is lost here.
        return ptr::without_provenance_mut(align);
    }
    let block = if old_length == 0 {
        // SAFETY: `new_layout` is not empty.
        unsafe { ALLOCATOR.alloc(new_layout) }
    } else {
        // SAFETY: the caller gives back what came from here with this layout, and the
        // new length is not zero and forms a layout.
        unsafe { ALLOCATOR.realloc(old, old_layout, new_length) }
    };
    if block.is_null() {
        trap()
    }
    block
}

/// Ends the instance without a word.
///
/// A message could carry what the code was working on, and the host learns of the
/// trap anyway.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    trap()
}

fn trap() -> ! {
    wasm32::unreachable()
}
