//! Tells the linker what a plugin needs; idle in a native build.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TARGET_FAMILY").is_some_and(|family| family == "wasm") {
        for argument in LINKER_ARGUMENTS {
            println!("cargo::rustc-link-arg-cdylib={argument}");
        }
    }
}

const LINKER_ARGUMENTS: [&str; 3] = [
    // Each call has an instance of its own, so memory that nobody needs is paid for each time.
    "-zstack-size=65536",
    // Without it the imports are named after the toolchain's version of WASI, not after the contract's.
    "--wasi-adapter=none",
    // `memcmp` and the like.
    "-lc",
];
