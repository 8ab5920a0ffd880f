//! Generated from `wit/`; its documentation is there.

#![allow(missing_docs, unsafe_code, reason = "generated from wit/")]

use crate::Component;

wit_bindgen::generate!({
    path: "../wit",
    world: "plugin",
    generate_all,
});

// Here, not beside the implementation, because what it expands to is `unsafe`;
// and not natively, because no native linker takes the names of these exports.
#[cfg(target_family = "wasm")]
export!(Component with_types_in self);
#[cfg(not(target_family = "wasm"))]
const _: Component = Component;
