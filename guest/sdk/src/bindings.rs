//! Generated from `wit/`; its documentation is there.

#![allow(missing_docs, unsafe_code, reason = "generated from wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "plugin",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "countersign_sdk::bindings",
});
