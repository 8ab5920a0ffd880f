//! Counters (STORE-5).

use serde_json::{Value, json};

use super::bench::{Bench, holds, is};
use super::script::{Call, account, add, check, commit, commit_with, create, get, quota};
use super::{HostCase, case};
use crate::World;
use crate::lab::Control;

pub(super) const CASES: &[HostCase] = &[
    case!(
        ceiling,
        "counter-stops-at-its-ceiling",
        "An add reaches the ceiling, and none passes it",
        ["STORE-5"],
        []
    ),
    case!(
        names_the_add,
        "counter-ceiling-names-the-change",
        "What is answered names the add by its place among the changes",
        ["STORE-5"],
        []
    ),
    case!(
        undoes_the_rest,
        "counter-ceiling-undoes-the-rest",
        "An add that would pass its ceiling leaves nothing of its commit, no event either",
        ["STORE-3", "STORE-5"],
        [Records, Events]
    ),
    case!(
        no_overflow,
        "counter-does-not-overflow",
        "An add beyond the largest number would pass every ceiling",
        ["STORE-5"],
        []
    ),
    case!(
        no_conflict,
        "counter-adds-do-not-conflict",
        "Adds that race below the ceiling all succeed, and all count",
        ["STORE-5"],
        [Race]
    ),
    case!(
        racing_ceiling,
        "counter-race-keeps-the-ceiling",
        "Of adds that race, as many succeed as the ceiling has room for",
        ["STORE-5"],
        [Race]
    ),
    case!(
        shared,
        "counter-is-everybodys",
        "A counter is the same one in the calls of all users",
        ["SCOPE-1", "STORE-1"],
        []
    ),
    case!(
        kept_until,
        "counter-collectable-kept-until-then",
        "A counter is not collected before its time has passed",
        ["STORE-1", "STORE-5"],
        []
    ),
    case!(
        kept_longest,
        "counter-kept-until-the-latest-time",
        "Of the times at which adds let a counter be collected, the latest holds",
        ["STORE-1", "STORE-5"],
        []
    ),
];

async fn ceiling(bench: &mut Bench<'_>) -> Result<(), String> {
    let q = quota("q/one");
    for (amount, ok) in [(2, true), (2, false), (1, true), (1, false), (0, true)] {
        let answer = bench
            .answer(Call::ana(&[commit(&[add(&q, amount, 3)])]))
            .await?;
        let expected = match ok {
            true => json!({ "ok": null }),
            false => json!({ "err": { "ceiling-reached": 0 } }),
        };
        is(&answer, &expected)?;
    }
    count(bench, &q, 3).await
}

async fn names_the_add(bench: &mut Bench<'_>) -> Result<(), String> {
    let changes = [
        check(&account()),
        add(&quota("roomy"), 1, 10),
        add(&quota("full"), 2, 1),
    ];
    let call = Call::ana(&[get(&[account()]), commit(&changes)]);
    bench
        .wants(call, &json!({ "err": { "ceiling-reached": 2 } }))
        .await
}

async fn undoes_the_rest(bench: &mut Bench<'_>) -> Result<(), String> {
    let before = bench.look().await?;
    let changes = [
        create(&account(), "01"),
        add(&quota("roomy"), 1, 10),
        add(&quota("full"), 2, 1),
    ];
    let mixed = commit_with(&changes, &[json!({ "challenge-issued": null })]);
    bench
        .wants(
            Call::ana(&[mixed]),
            &json!({ "err": { "ceiling-reached": 2 } }),
        )
        .await?;
    bench.unchanged(&before).await
}

async fn no_overflow(bench: &mut Bench<'_>) -> Result<(), String> {
    let q = quota("q");
    bench.ok(Call::ana(&[commit(&[add(&q, 1, 10)])])).await?;
    let call = Call::ana(&[commit(&[add(&q, u64::MAX, u64::MAX)])]);
    bench
        .wants(call, &json!({ "err": { "ceiling-reached": 0 } }))
        .await?;
    count(bench, &q, 1).await
}

async fn no_conflict(bench: &mut Bench<'_>) -> Result<(), String> {
    let q = quota("race");
    let answers = bench.race(racing(&q, 100)).await?;
    holds(
        answers.iter().all(|it| *it == json!({ "ok": null })),
        "every add to succeed",
    )?;
    count(bench, &q, 8).await
}

async fn racing_ceiling(bench: &mut Bench<'_>) -> Result<(), String> {
    let q = quota("race");
    let answers = bench.race(racing(&q, 5)).await?;
    let done = answers.iter().filter(|it| **it == json!({ "ok": null }));
    holds(done.count() == 5, "five of eight adds to succeed")?;
    let full = json!({ "err": { "ceiling-reached": 0 } });
    let full = answers.iter().filter(|it| **it == full);
    holds(full.count() == 3, "three of eight adds to meet the ceiling")?;
    count(bench, &q, 5).await
}

async fn shared(bench: &mut Bench<'_>) -> Result<(), String> {
    let q = quota("shared");
    bench.ok(Call::ana(&[commit(&[add(&q, 1, 10)])])).await?;
    bench
        .ok(Call::about("bea", &[], &[commit(&[add(&q, 2, 10)])]))
        .await?;
    count(bench, &q, 3).await
}

async fn kept_until(bench: &mut Bench<'_>) -> Result<(), String> {
    let (q, until) = (quota("minute"), World::START.saturating_add(60));
    bench
        .ok(Call::ana(&[commit(&[add_until(&q, until)])]))
        .await?;
    bench.turn(Control::Clock { at: until }).await?;
    collect(bench).await?;
    count(bench, &q, 1).await
}

async fn kept_longest(bench: &mut Bench<'_>) -> Result<(), String> {
    let (shorter, longer) = (
        World::START.saturating_add(60),
        World::START.saturating_add(120),
    );
    for (name, times) in [
        ("longer-first", [longer, shorter]),
        ("shorter-first", [shorter, longer]),
    ] {
        for until in times {
            let adding = commit(&[add_until(&quota(name), until)]);
            bench.ok(Call::ana(&[adding])).await?;
        }
    }
    let between = World::START.saturating_add(90);
    bench.turn(Control::Clock { at: between }).await?;
    collect(bench).await?;
    for name in ["longer-first", "shorter-first"] {
        count(bench, &quota(name), 2).await?;
    }
    Ok(())
}

/// Makes a commit, which may be when a store collects.
async fn collect(bench: &mut Bench<'_>) -> Result<(), String> {
    let any = commit(&[create(&account(), "01")]);
    bench.ok(Call::ana(&[any])).await.map(|_| ())
}

/// Adds one to a counter, which may be collected after a time.
fn add_until(q: &Value, until: u64) -> Value {
    json!({ "add": { "id": q, "amount": 1, "ceiling": 10, "collectable-at": until } })
}

/// Eight calls that add one each; all have read before one of them commits.
fn racing(q: &Value, ceiling: u64) -> Vec<Call> {
    let call = Call::ana(&[get(std::slice::from_ref(q)), commit(&[add(q, 1, ceiling)])]);
    vec![call; 8]
}

async fn count(bench: &mut Bench<'_>, q: &Value, expected: u64) -> Result<(), String> {
    let found = bench.ok(Call::ana(&[get(std::slice::from_ref(q))])).await?;
    let count = found.get(0).and_then(|it| it.get("count")).cloned();
    is(&count.unwrap_or_default(), &json!(expected))
}
