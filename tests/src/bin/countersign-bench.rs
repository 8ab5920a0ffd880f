//! Prints what a call costs, in the component and natively, what stores cost, and what a gateway answers over HTTP. Run it
//! optimized: `cargo bench-table`.
//!
//! An id as an argument, such as `B-5`, measures only that; `--million` measures B-7 on a store of a million users, too,
//! which takes some minutes and gigabytes more.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;

use countersign_tests::bench;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (mut only, mut most) = (None, 100_000);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--million" => most = 1_000_000,
            id if id.starts_with("B-") => only = Some(argument),
            _ => return Err("expected an id such as B-5, or --million".into()),
        }
    }
    print!("{}", bench::measure(only.as_deref(), most)?);
    Ok(())
}
