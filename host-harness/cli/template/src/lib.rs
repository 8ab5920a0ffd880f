//! A plugin: what it is called, what it claims, and a module for each interface of the contract.

#![cfg_attr(target_family = "wasm", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod administration;
mod enrollment;
mod policy;
mod recovery;
mod sign_in;
mod verification;

use countersign_sdk::meta;

/// The plugin. It holds nothing: no two calls share an instance.
pub struct Plugin;

countersign_sdk::export!(Plugin);

impl meta::Guest for Plugin {
    fn describe() -> meta::Description {
        meta::describe(NAME, &[])
    }
}

const NAME: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
