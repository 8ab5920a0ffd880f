//! The core against a small model of the contract, under long sequences of commands that nobody thought of.
//!
//! `reference.rs` is the model; `machine.rs` drives the core beside it and compares every answer; `invariants.rs` has what
//! must hold whatever the model says. The sequences are the same in every run:
//!
//! | variable | what it changes |
//! |---|---|
//! | `PROPTEST_CASES` | how many sequences, 60 without it |
//! | `PROPTEST_RNG_SEED` | which ones |
//! | `COUNTERSIGN_MODEL_STEPS` | how many commands one has at most, 120 without it |
//! | `COUNTERSIGN_MODEL_TALLY` | prints which answers were reached how often |
//!
//! A run of more: `PROPTEST_CASES=2000 PROPTEST_RNG_SEED=$RANDOM cargo test --test model`.
//!
//! A failure is cut down to as few commands as still fail and printed with what happened; its seed is kept in
//! `regressions.txt` beside this file, from which the next runs begin.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics fails"
)]

mod command;
mod forecast;
mod generation;
mod guessing;
mod history;
mod invariants;
mod machine;
mod reference;
mod secrets;
mod tally;

use std::cell::Cell;
use std::env;
use std::fmt::Write as _;
use std::panic;

use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use crate::command::Command;
use crate::generation::Sequences;
use crate::machine::Machine;
use crate::reference::Reference;

/// The core beside the reference.
struct Beside;

impl StateMachineTest for Beside {
    type SystemUnderTest = Machine;
    type Reference = Sequences;

    fn init_test(reference: &Reference) -> Machine {
        Machine::new(reference)
    }

    fn apply(mut machine: Machine, _: &Reference, command: Command) -> Machine {
        machine.apply(&command);
        machine
    }
}

#[test]
fn the_core_does_what_the_reference_says_and_keeps_every_invariant() {
    let config = config();
    let steps = number("COUNTERSIGN_MODEL_STEPS").unwrap_or(120);
    let sequences = Sequences::sequential_strategy(1..=steps);
    hush(true);
    let result = TestRunner::new(config.clone()).run(&sequences, |(initial, commands, seen)| {
        Beside::test_sequential(config.clone(), initial, commands, seen);
        Ok(())
    });
    hush(false);
    match result {
        Ok(()) => {
            if env::var_os("COUNTERSIGN_MODEL_TALLY").is_some() {
                eprintln!("{}", tally::table());
            }
            let missing = tally::missing(&REACHED);
            assert!(
                missing.is_empty() || env::var_os("PROPTEST_CASES").is_some(),
                "the sequences show nothing about {missing:?}; COUNTERSIGN_MODEL_TALLY=1 prints what they reach"
            );
        }
        Err(TestError::Fail(why, (initial, commands, _))) => {
            let mut text = format!("{why}\n\npolicies: {initial:?}\n");
            for (i, command) in commands.iter().enumerate() {
                let _ = writeln!(text, "{:>3}. {command:?}", i + 1);
            }
            panic!("{text}");
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

fn config() -> Config {
    // The variables of the environment are in the default.
    let mut config = Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        max_shrink_iters: 3_000,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 60;
    }
    if env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

fn number(variable: &str) -> Option<usize> {
    env::var(variable).ok()?.parse().ok()
}

/// While a sequence is cut down it fails over and over; only the last time is worth printing.
fn hush(quiet: bool) {
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.with(Cell::get) {
                usual(info);
            }
        }));
    });
    QUIET.with(|it| it.set(quiet));
}

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/model/regressions.txt");

/// What the usual sequences must reach; when the weights of `generation.rs` change, this says what was lost.
const REACHED: [&str; 60] = [
    "a message to MessagePurpose::SignIn",
    "a message to MessagePurpose::ManageFactors",
    "a message to MessagePurpose::Enroll",
    "a success left something unredeemed of the app",
    "a success left something unredeemed of the phone",
    "a ticket was crowded out",
    "administration.add-totp ok",
    "administration.first-factor-changed ok",
    "administration.reset ok",
    "administration.unlock ok",
    "an answer was lost, not the change",
    "an answer was lost, not the message",
    "an app and a phone",
    "enrollment.begin-sms err.not-permitted.method-not-allowed",
    "enrollment.begin-sms err.not-permitted.other.country-not-allowed",
    "enrollment.begin-sms err.not-permitted.other.number-refused",
    "enrollment.begin-sms err.not-permitted.send-limit",
    "enrollment.begin-sms err.unavailable.sms",
    "enrollment.begin-sms ok",
    "enrollment.begin-totp err.not-permitted.start-too-late",
    "enrollment.cancel ok",
    "enrollment.confirm ok.accepted",
    "enrollment.confirm ok.rejected.code-expired",
    "enrollment.confirm ok.rejected.wrong",
    "enrollment.prefer ok",
    "enrollment.remove err.not-permitted.last-factor",
    "enrollment.remove ok",
    "enrollment.resend ok",
    "everything rests",
    "recovery.issue ok",
    "recovery.present err.ticket.spent",
    "recovery.present ok.accepted",
    "recovery.present ok.rejected.wrong",
    "refused a message: \"company-limit\"",
    "refused a message: \"user-limit\"",
    "sign-in.assess ok.continue",
    "sign-in.assess ok.enroll",
    "sign-in.begin err.busy",
    "sign-in.begin ok.allow.mode-off",
    "sign-in.begin ok.allow.not-enrolled",
    "sign-in.begin ok.allow.trusted-device",
    "sign-in.begin ok.challenge",
    "sign-in.begin ok.deny.change-first-factor",
    "sign-in.begin ok.deny.contact-admin",
    "sign-in.begin ok.deny.erased",
    "sign-in.begin ok.deny.first-factor-too-old",
    "sign-in.begin ok.deny.same-channel",
    "sign-in.begin ok.enroll",
    "the app is disabled",
    "two at once, 2 first",
    "verification.send-code err.locked",
    "verification.send-code err.not-permitted.method-not-allowed",
    "verification.send-code err.not-permitted.send-limit",
    "verification.send-code ok",
    "verification.verify err.locked",
    "verification.verify err.ticket.spent",
    "verification.verify ok.accepted.done",
    "verification.verify ok.accepted.enroll",
    "verification.verify ok.rejected.code-expired",
    "verification.verify ok.rejected.wrong",
];
