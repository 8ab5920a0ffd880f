//! Prints every duty of the contract with the cases and tests that cover it: `cargo duties`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the list is what it is for")]

use std::error::Error;

use countersign_tests::duties::Duties;

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", Duties::of_this_tree()?);
    Ok(())
}
