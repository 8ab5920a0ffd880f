//! Prints what a call costs, in the component and natively. Run it optimized: `cargo run --release --bin
//! countersign-bench`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", countersign_conformance::bench::measure()?);
    Ok(())
}
