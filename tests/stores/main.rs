//! Stores that survive: the duties of every store, and what each of them does when the machine fails it.
//!
//! A part of a trial's name as an argument runs the trials that have it. Those that need a PostgreSQL server start one
//! of their own; where its programs are missing they are shown as ignored, and fail where the environment variable
//! `COUNTERSIGN_REQUIRE` names `postgres`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]

mod clock_jumps;
mod couriers;
mod directory;
mod double_spend;
mod duties;
mod faults;
mod gateway;
mod kind;
mod linearizability;
mod people;
mod postgres;
mod readme;
mod sqlite;
mod two_hosts;
mod worker;

use libtest_mimic::Arguments;

fn main() {
    if sqlite::is_worker() {
        return;
    }
    if worker::is_wanted() {
        return worker::serve();
    }
    let mut trials = duties::trials();
    trials.extend(double_spend::trials());
    trials.extend(linearizability::trials());
    trials.extend(two_hosts::trials());
    trials.extend(faults::trials());
    trials.extend(clock_jumps::trials());
    trials.extend(sqlite::trials());
    trials.extend(postgres::trials());
    trials.extend(readme::trials());
    trials.extend(couriers::trials());
    trials.extend(directory::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
