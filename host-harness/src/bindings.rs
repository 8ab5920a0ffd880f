//! What wasmtime makes of `wit/`.
//!
//! [`contract`](crate::contract) shows the types of it to embedders under shorter names.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    imports: { default: async | trappable },
    exports: { default: async },
    additional_derives: [PartialEq, Eq],
});
