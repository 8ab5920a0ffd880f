//! Prints how probable it is that a thief who knows the password guesses a code within a year: `cargo guessing`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::process::ExitCode;

use countersign_tests::guessing;

fn main() -> ExitCode {
    match guessing::simulate() {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("the plugin refused what the simulation took for allowed: {failure:?}");
            ExitCode::FAILURE
        }
    }
}
