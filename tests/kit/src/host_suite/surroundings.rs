//! Loading, instances, limits, clock and randomness (WORLD-1 to WORLD-4).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bench::{Bench, holds, is};
use super::script::{Call, account, commit, create, get};
use super::{HostCase, case};
use crate::World;
use crate::lab::Control;

pub(super) const CASES: &[HostCase] = &[
    case!(
        more_imports,
        "world-more-imports-refused",
        "A component that imports more than the contract is refused when it is loaded, with each such import named",
        ["WORLD-1"],
        []
    ),
    case!(
        other_version,
        "world-other-version-refused",
        "A component that imports another version of an interface is refused when it is loaded, with its name",
        ["WORLD-1"],
        []
    ),
    case!(
        more_functions,
        "world-more-functions-refused",
        "A component that imports an unknown function of an interface is refused when it is loaded, with its name",
        ["WORLD-1"],
        []
    ),
    case!(
        fresh_instance,
        "world-fresh-instance",
        "No call finds what another one left in the instance's memory",
        ["WORLD-2"],
        []
    ),
    case!(
        trap,
        "world-trap-is-a-refusal",
        "A call that traps is refused, and the next one is answered",
        ["WORLD-2", "WORLD-3"],
        []
    ),
    case!(
        endless,
        "world-endless-loop-is-a-refusal",
        "A call that does not end is ended and refused, and the next one is answered",
        ["WORLD-3"],
        []
    ),
    case!(
        memory,
        "world-endless-memory-is-a-refusal",
        "A call that takes memory without end is refused, and the next one is answered",
        ["WORLD-3"],
        []
    ),
    case!(
        stack,
        "world-endless-recursion-is-a-refusal",
        "A call that uses up its stack is refused, and the next one is answered",
        ["WORLD-3"],
        []
    ),
    case!(
        clock,
        "clock-is-the-hosts",
        "The clock shows the host's time, the same throughout a call, also when it went back",
        ["WORLD-4"],
        []
    ),
    case!(
        no_clock,
        "clock-that-fails-refuses",
        "Without a clock a call is refused, and no time is made up",
        ["WORLD-4"],
        [ClockFaults]
    ),
    case!(
        random,
        "random-is-random",
        "Random bytes are as many as asked for, never the same, and not all zero",
        ["wasi:random"],
        []
    ),
    case!(
        no_random,
        "random-that-fails-refuses",
        "Without randomness a call is refused, and no bytes are made up",
        ["wasi:random"],
        [RandomFaults]
    ),
];

async fn more_imports(bench: &mut Bench<'_>) -> Result<(), String> {
    let names = ["wasi:cli/environment@0.2.0", "evil:more/extra@0.1.0"];
    load_refused(bench, &importing(&names), &names).await
}

async fn other_version(bench: &mut Bench<'_>) -> Result<(), String> {
    for name in [
        "countersign:mfa/store@9.9.9",
        "countersign:mfa/keyring@0.2.0",
        "wasi:random/random@0.3.0",
    ] {
        load_refused(bench, &importing(&[name]), &[name]).await?;
    }
    Ok(())
}

async fn more_functions(bench: &mut Bench<'_>) -> Result<(), String> {
    let names = ["countersign:mfa/store", "drop-all"];
    let component = wat::parse_str(DROPS_ALL).map_err(|error| error.to_string())?;
    load_refused(bench, &component, &names).await
}

/// Has the host load a component that it must refuse, with an error that has these names.
async fn load_refused(
    bench: &mut Bench<'_>,
    component: &[u8],
    names: &[&str],
) -> Result<(), String> {
    match bench.load(component).await {
        Ok(()) => Err("expected that it is refused, it was loaded".to_owned()),
        Err(refusal) => {
            for name in names {
                if !refusal.0.contains(name) {
                    return Err(format!("expected that it names {name}, it says: {refusal}"));
                }
            }
            Ok(())
        }
    }
}

async fn fresh_instance(bench: &mut Bench<'_>) -> Result<(), String> {
    for user in ["ana", "bea", "ana"] {
        let twice = [json!("remember"), json!("remember")];
        let answers = bench.answers(Call::about(user, &[], &twice)).await?;
        is(&json!(answers), &json!([{ "ok": 0 }, { "ok": 1 }]))?;
    }
    Ok(())
}

async fn trap(bench: &mut Bench<'_>) -> Result<(), String> {
    outlives(bench, "trap").await
}

async fn endless(bench: &mut Bench<'_>) -> Result<(), String> {
    outlives(bench, "endless").await
}

async fn memory(bench: &mut Bench<'_>) -> Result<(), String> {
    outlives(bench, "grow").await
}

async fn stack(bench: &mut Bench<'_>) -> Result<(), String> {
    outlives(bench, "recurse").await
}

async fn outlives(bench: &mut Bench<'_>, step: &str) -> Result<(), String> {
    for user in ["ana", "bea"] {
        let misbehaving = [json!("remember"), json!(step)];
        bench.stopped(Call::about(user, &[], &misbehaving)).await?;
        let next = [json!("remember"), get(&[account()])];
        let answers = bench.answers(Call::ana(&next)).await?;
        is(&json!(answers), &json!([{ "ok": 0 }, { "ok": [null] }]))?;
    }
    // And it still works.
    bench
        .ok(Call::ana(&[commit(&[create(&account(), "01")])]))
        .await
        .map(|_| ())
}

async fn clock(bench: &mut Bench<'_>) -> Result<(), String> {
    for at in [World::START, 1_900_000_000, 1_000_000_000] {
        bench.turn(Control::Clock { at }).await?;
        let script = [json!("clock"), get(&[account()]), json!("clock")];
        let answers = bench.answers(Call::ana(&script)).await?;
        holds(
            answers.first() == answers.last(),
            "the same time throughout the call",
        )?;
        let seconds = answers.first().and_then(|it| it.get("ok")?.get("seconds"));
        is(&json!(seconds), &json!(at))?;
    }
    Ok(())
}

async fn no_clock(bench: &mut Bench<'_>) -> Result<(), String> {
    bench.turn(Control::ClockFails { fails: true }).await?;
    bench.stopped(Call::ana(&[json!("clock")])).await?;
    bench.turn(Control::ClockFails { fails: false }).await?;
    bench.ok(Call::ana(&[json!("clock")])).await.map(|_| ())
}

async fn random(bench: &mut Bench<'_>) -> Result<(), String> {
    let mut drawn = BTreeSet::new();
    for length in [16_u64, 32, 100, 1_000] {
        for _ in 0..2 {
            let script = [json!({ "random": length }), json!({ "random": length })];
            for answer in bench.answers(Call::ana(&script)).await? {
                let digits = answer.get("ok").and_then(Value::as_str).unwrap_or_default();
                let all = u64::try_from(digits.len()).unwrap_or(0);
                holds(
                    all == length.saturating_mul(2),
                    "as many bytes as asked for",
                )?;
                holds(digits.bytes().any(|it| it != b'0'), "not all zero")?;
                let (front, _) = digits.split_at_checked(32).ok_or("expected 16 bytes")?;
                holds(
                    drawn.insert(front.to_owned()),
                    "bytes that never came before",
                )?;
            }
        }
    }
    let none = bench.ok(Call::ana(&[json!({ "random": 0 })])).await?;
    is(&none, &json!(""))?;
    let numbers = [json!("random-u64"), json!("random-u64")];
    let answers = bench.answers(Call::ana(&numbers)).await?;
    holds(answers.first() != answers.last(), "another number")
}

async fn no_random(bench: &mut Bench<'_>) -> Result<(), String> {
    let mode = "fails".to_owned();
    bench.turn(Control::Random { mode }).await?;
    bench.stopped(Call::ana(&[json!({ "random": 32 })])).await?;
    let mode = "works".to_owned();
    bench.turn(Control::Random { mode }).await?;
    bench
        .ok(Call::ana(&[json!({ "random": 32 })]))
        .await
        .map(|_| ())
}

/// A component that imports instances with one function each, and has nothing else.
///
/// In the binary format of the component model: the preamble; a type, `(instance (export "escape" (func)))`; the
/// imports.
fn importing(names: &[&str]) -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    section(
        &mut component,
        7,
        b"\x01\x42\x02\x01\x40\0\x01\0\x04\0\x06escape\x01\0",
    );
    let mut imports = vec![length(names.len())];
    for name in names {
        imports.extend([0, length(name.len())]);
        imports.extend(name.as_bytes());
        imports.extend([5, 0]);
    }
    section(&mut component, 10, &imports);
    component
}

fn section(component: &mut Vec<u8>, id: u8, content: &[u8]) {
    component.extend([id, length(content.len())]);
    component.extend(content);
}

/// A length of less than 128, which is one byte of its encoding.
fn length(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

/// A component that imports a function which the store does not have, and calls it as soon as it is started.
const DROPS_ALL: &str = r#"(component
    (import "countersign:mfa/store@0.1.0" (instance $store (export "drop-all" (func))))
    (core func $f (canon lower (func $store "drop-all")))
    (core module $m (import "" "f" (func $f)) (start $f))
    (core instance (instantiate $m (with "" (instance (export "f" (func $f))))))
)"#;
