//! Tells the linker what a plugin needs; idle in a native build.
//!
//! The probe is built by this same script, and `countersign new` puts it into every new plugin: what a crate tells the
//! linker does not carry over to who depends on it.

fn main() {
    // Of no file but itself, which cargo sees to.
    println!("cargo::rerun-if-env-changed=CARGO_CFG_TARGET_FAMILY");
    if std::env::var_os("CARGO_CFG_TARGET_FAMILY").is_some_and(|family| family == "wasm") {
        for argument in LINKER_ARGUMENTS {
            println!("cargo::rustc-link-arg-cdylib={argument}");
        }
    }
}

const LINKER_ARGUMENTS: [&str; 3] = [
    // 64 KiB: the default of 1 MiB is what every instance would have to hold, and
    // nothing in the plugin recurses.
    "-zstack-size=65536",
    // The adapter for WASI 0.1 is of no use to this component, but as long as it is
    // on offer, the imports are named after *its* version of WASI, which differs
    // from toolchain to toolchain. Without it they are named as wit/ has them.
    "--wasi-adapter=none",
    // `memcmp` and the like, which this target's `core` expects from libc. Only what is
    // called is linked, and none of it imports anything.
    "-lc",
];
