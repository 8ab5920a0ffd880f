//! What a Countersign plugin is made of, for whoever writes one.
//!
//! A plugin is a component that exports the contract in `wit/`. This crate has its types, and for each of its functions
//! one that does what the contract says: parse what came in, let `countersign-core` decide inside a transaction, rename
//! what goes out. A plugin of one's own answers each export with the function of the same name, and changes what it
//! wants changed: before it, after it, or below it.
//!
//! The guide in `guest/GUIDE.md` leads from nothing to a plugin that passes the suite and is released.
//!
//! It has no `std`, keeps nothing between calls, and reaches what `wit/world.wit` imports and nothing else. It brings an
//! allocator and a panic handler along, so a plugin needs neither. Natively it compiles for linters, editors and the
//! examples here; its functions only work inside a component.
//!
//! # Examples
//!
//! One interface of a plugin; the others go the same way:
//!
//! ```
//! use countersign_sdk::recovery::{self, PresentVerdict};
//! use countersign_sdk::types::{Failure, RecoveryCode, Ticket, User};
//!
//! struct Plugin;
//!
//! impl recovery::Guest for Plugin {
//!     fn present(user: User, ticket: Ticket, code: String) -> Result<PresentVerdict, Failure> {
//!         recovery::present(user, ticket, code)
//!     }
//!
//!     fn issue(user: User, ticket: Ticket) -> Result<RecoveryCode, Failure> {
//!         recovery::issue(user, ticket)
//!     }
//!
//!     fn acknowledge(user: User, code_id: String) -> Result<(), Failure> {
//!         recovery::acknowledge(user, code_id)
//!     }
//! }
//! ```
//!
//! A decision that is not in this crate, made of the parts that its functions are made of. It reads, lets the core
//! decide, commits and answers; see [`transaction`] for what holds that together:
//!
//! ```no_run
//! use countersign_sdk::countersign_core::decision::Decision;
//! use countersign_sdk::countersign_core::sign_in;
//! use countersign_sdk::sign_in::TicketView;
//! use countersign_sdk::types::{Failure, Ticket, User};
//! use countersign_sdk::{answer, convert, transaction};
//!
//! fn inspect(user: User, ticket: Ticket) -> Result<TicketView, Failure> {
//!     answer(|| {
//!         let (user, ticket) = (convert::user(&user)?, convert::ticket(ticket));
//!         transaction::run(&user, &[], |person, _, now, keys| {
//!             sign_in::inspect(person, &ticket, now, keys).map(Decision::tell)
//!         })
//!         .map(convert::view_to_wit)
//!     })
//! }
//! # let _ = inspect;
//! ```

#![cfg_attr(target_family = "wasm", no_std)]
#![deny(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "memory and panics of a component without std")]
mod abi;
pub mod administration;
pub mod bindings;
pub mod convert;
pub mod enrollment;
pub mod keys;
pub mod meta;
pub mod outbox;
pub mod policy;
pub mod recovery;
pub mod sign_in;
pub mod transaction;
pub mod verification;

use countersign_core::failure::Failure as CoreFailure;

use types::Failure;

pub use bindings::countersign::mfa::types;
pub use countersign_core;

/// Makes a component of a type that implements the `Guest` of every interface.
///
/// Natively it only looks whether the type is there: no native linker takes the names of these exports.
#[macro_export]
macro_rules! export {
    ($plugin:ident) => {
        #[cfg(target_family = "wasm")]
        $crate::bindings::export!($plugin with_types_in $crate::bindings);
        #[cfg(not(target_family = "wasm"))]
        const _: $plugin = $plugin;
    };
}

/// Carries out a call, and renames its failure.
///
/// # Errors
///
/// Returns the failure of `call`, in the contract's words.
pub fn answer<R>(call: impl FnOnce() -> Result<R, CoreFailure>) -> Result<R, Failure> {
    call().map_err(convert::failure_to_wit)
}

/// The answer of a function that a plugin does not have.
///
/// # Examples
///
/// ```
/// use countersign_sdk::types::{Failure, Receipt, Ticket, User};
///
/// fn send_code(_: User, _: Ticket) -> Result<Receipt, Failure> {
///     Err(countersign_sdk::not_implemented())
/// }
/// # assert!(matches!(send_code("ana".into(), "t".into()), Err(Failure::Other(why)) if why == "not-implemented"));
/// ```
#[must_use]
pub fn not_implemented() -> Failure {
    Failure::Other("not-implemented".into())
}
