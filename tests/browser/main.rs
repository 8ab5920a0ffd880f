//! What people do at the reference gateway, done in a browser.
//!
//! Each trial has a gateway of its own, with a clock of its own, and a browser with a new profile. Every page that a trial
//! comes to is examined: whether people can use it without seeing, with keys alone, on a narrow screen, in light and dark,
//! and whether the browser has something to complain of. Pictures of the pages are kept in `target/screenshots`; with
//! `COUNTERSIGN_SCREENSHOTS=keep` those that the documentation shows are written there too.
//!
//! A part of a trial's name as an argument runs the trials that have it. They need Chromium with `chromedriver`, `oathtool`
//! and `zbarimg`; where one is missing they are shown as ignored, and fail where the environment variable
//! `COUNTERSIGN_REQUIRE` names it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]

mod driver;
mod examination;
mod journeys;
mod person;
mod screenshots;
mod trial;

use std::fmt::Display;

use libtest_mimic::Arguments;

fn main() {
    let arguments = Arguments::from_args();
    let conclusion = libtest_mimic::run(&arguments, journeys::trials());
    driver::close();
    conclusion.exit();
}

/// Returns an error as a trial reports it.
fn told(error: impl Display) -> String {
    error.to_string()
}
