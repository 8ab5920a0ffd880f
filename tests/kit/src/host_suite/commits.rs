//! Reads and commits (STORE-1 to STORE-4, STORE-7).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bench::{Bench, holds, is};
use super::meeting::winners_of_one_read;
use super::script::{
    Call, account, check, commit, commit_with, create, delete, get, policy, quota, replace, tickets,
};
use super::{HostCase, case};
use crate::World;
use crate::case::FaultKind;
use crate::lab::Control;

pub(super) const CASES: &[HostCase] = &[
    case!(
        read_your_write,
        "store-write-is-seen",
        "What was committed is read by every later call",
        ["STORE-1"],
        []
    ),
    case!(
        outlives_restart,
        "store-write-outlives-restart",
        "What was committed is read by a host that was started anew",
        ["STORE-1"],
        [Restart]
    ),
    case!(
        order,
        "store-get-keeps-order",
        "Records come in the order asked for, with none for what is not there",
        ["STORE-1"],
        []
    ),
    case!(
        deleted,
        "store-deleted-is-gone",
        "What was deleted is not read any more",
        ["STORE-1"],
        []
    ),
    case!(
        kept_until,
        "store-collectable-kept-until-then",
        "A record is not collected before its time has passed",
        ["STORE-1"],
        []
    ),
    case!(
        stale,
        "store-stale-version-conflicts",
        "A record is not replaced or deleted at a version that it had before",
        ["STORE-2"],
        []
    ),
    case!(
        none_expected,
        "store-none-is-a-version",
        "A record that is there is not created, one that is not is not replaced",
        ["STORE-2"],
        []
    ),
    case!(
        race,
        "store-one-of-a-race-wins",
        "Of calls that race with one version, one succeeds at most and the others conflict",
        ["STORE-2"],
        [Race]
    ),
    case!(
        conflict_undoes,
        "store-conflict-undoes-the-rest",
        "A commit whose last change conflicts leaves nothing, no event either",
        ["STORE-3"],
        [Records, Events]
    ),
    case!(
        check_undoes,
        "store-check-undoes-the-rest",
        "A check that does not hold fails the commit, one that holds does not",
        ["STORE-2", "STORE-3"],
        [Records, Events]
    ),
    case!(
        check_of_old,
        "store-check-of-an-old-version-conflicts",
        "A check of a version that the record had before fails the commit",
        ["STORE-2", "STORE-3"],
        [Records, Events]
    ),
    case!(
        events_come,
        "store-events-come-with-the-commit",
        "The events of a commit are noted, each once, in their order",
        ["STORE-3"],
        [Events]
    ),
    case!(
        versions,
        "store-versions-never-repeat",
        "No version comes twice for a record, also not after it was deleted",
        ["STORE-4"],
        []
    ),
    case!(
        versions_collected,
        "store-versions-never-repeat-collected",
        "No version comes twice for a record, also not after it was collected",
        ["STORE-4"],
        []
    ),
    case!(
        unknown_commit,
        "store-unknown-commit-is-unavailable",
        "A commit of which nobody knows whether it happened is unavailable",
        ["STORE-7"],
        [ImportFaults]
    ),
    case!(
        failed_get,
        "store-failed-get-is-no-none",
        "A store that does not answer is an error, not a record that is not there",
        ["STORE-1", "STORE-7"],
        [ImportFaults]
    ),
];

async fn read_your_write(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .ok(Call::ana(&[commit(&[create(&account(), "01")])]))
        .await?;
    content(bench, "01").await?;
    let update = [get(&[account()]), commit(&[replace(&account(), "0203")])];
    bench.ok(Call::ana(&update)).await?;
    content(bench, "0203").await?;
    let empty = [get(&[account()]), commit(&[replace(&account(), "")])];
    bench.ok(Call::ana(&empty)).await?;
    content(bench, "").await
}

async fn outlives_restart(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .ok(Call::ana(&[commit(&[create(&account(), "01")])]))
        .await?;
    bench.turn(Control::Restart).await?;
    content(bench, "01").await
}

async fn order(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = commit(&[create(&account(), "0a"), create(&tickets(), "0b")]);
    bench.ok(Call::ana(&[put])).await?;
    let ids = [quota("none"), tickets(), policy("*"), account(), tickets()];
    let found = bench.ok(Call::ana(&[get(&ids)])).await?;
    let found: Vec<Value> = found
        .as_array()
        .ok_or("expected a list")?
        .iter()
        .map(|it| it.get("bytes").cloned().unwrap_or_default())
        .collect();
    is(&json!(found), &json!([null, "0b", null, "0a", "0b"]))
}

async fn deleted(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .ok(Call::ana(&[commit(&[create(&account(), "01")])]))
        .await?;
    let call = [get(&[account()]), commit(&[delete(&account())])];
    bench.ok(Call::ana(&call)).await?;
    bench
        .wants(Call::ana(&[get(&[account()])]), &json!({ "ok": [null] }))
        .await
}

async fn kept_until(bench: &mut Bench<'_>) -> Result<(), String> {
    let until = World::START.saturating_add(60);
    let put = json!({ "put": {
        "id": "tickets", "expected": null, "value": "01", "collectable-at": until,
    } });
    bench.ok(Call::ana(&[commit(&[put])])).await?;
    bench.turn(Control::Clock { at: until }).await?;
    // A commit may be when a store collects.
    bench
        .ok(Call::ana(&[commit(&[create(&account(), "02")])]))
        .await?;
    let found = bench.ok(Call::ana(&[get(&[tickets()])])).await?;
    holds(
        found.get(0).is_some_and(|it| !it.is_null()),
        "the record still to be there",
    )
}

async fn stale(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .ok(Call::ana(&[commit(&[create(&account(), "01")])]))
        .await?;
    let twice = [
        get(&[account()]),
        commit(&[replace(&account(), "02")]),
        commit(&[replace(&account(), "03")]),
    ];
    bench.wants(Call::ana(&twice), &conflict()).await?;
    content(bench, "02").await?;
    let deleting = [
        get(&[account()]),
        commit(&[replace(&account(), "04")]),
        commit(&[delete(&account())]),
    ];
    bench.wants(Call::ana(&deleting), &conflict()).await?;
    content(bench, "04").await
}

async fn none_expected(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .ok(Call::ana(&[commit(&[create(&account(), "01")])]))
        .await?;
    let create_again = [get(&[account()]), commit(&[create(&account(), "02")])];
    bench.wants(Call::ana(&create_again), &conflict()).await?;
    content(bench, "01").await?;
    let gone = [
        get(&[account()]),
        commit(&[delete(&account())]),
        commit(&[replace(&account(), "03")]),
    ];
    bench.wants(Call::ana(&gone), &conflict()).await?;
    bench
        .wants(Call::ana(&[get(&[account()])]), &json!({ "ok": [null] }))
        .await
}

async fn race(bench: &mut Bench<'_>) -> Result<(), String> {
    for round in 0..3 {
        let calls = (0..4).map(|i| {
            let value = format!("{round:02x}{i:02x}");
            Call::ana(&[get(&[account()]), commit(&[replace(&account(), &value)])])
        });
        let answers = bench.race_whole(calls.collect()).await?;
        let last = || answers.iter().filter_map(|it| it.last());
        let won = last().filter(|it| **it == done()).count();
        let lost = last().filter(|it| **it == conflict()).count();
        holds(
            won >= 1 && won.saturating_add(lost) == answers.len(),
            "each to succeed or to conflict",
        )?;
        // One may have come after another, and read what that one wrote.
        holds(
            winners_of_one_read(&answers).iter().all(|it| *it <= 1),
            "of those that read the same version, one to succeed",
        )?;
    }
    Ok(())
}

async fn conflict_undoes(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .ok(Call::ana(&[commit(&[create(&tickets(), "01")])]))
        .await?;
    let before = bench.look().await?;
    let mixed = commit_with(
        &[create(&account(), "02"), create(&tickets(), "03")],
        &[json!({ "challenge-issued": null })],
    );
    bench.wants(Call::ana(&[mixed]), &conflict()).await?;
    bench.unchanged(&before).await
}

async fn check_undoes(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .ok(Call::ana(&[commit(&[create(&tickets(), "01")])]))
        .await?;
    let before = bench.look().await?;
    let absent = json!({ "check": { "id": "tickets", "expected": null } });
    let mixed = commit_with(
        &[create(&account(), "02"), absent],
        &[json!({ "challenge-issued": null })],
    );
    bench.wants(Call::ana(&[mixed]), &conflict()).await?;
    bench.unchanged(&before).await?;
    let holding = [
        get(&[tickets()]),
        commit(&[create(&account(), "02"), check(&tickets())]),
    ];
    bench.wants(Call::ana(&holding), &done()).await
}

async fn check_of_old(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = commit(&[create(&account(), "01")]);
    bench.ok(Call::ana(&[put])).await?;
    let before = bench.look().await?;
    // In one call, since a host may want a version to be one that the call has read.
    let mixed = commit_with(
        &[create(&tickets(), "03"), check(&account())],
        &[json!({ "challenge-issued": null })],
    );
    let outdated = [
        get(&[account()]),
        commit(&[replace(&account(), "02")]),
        mixed,
    ];
    bench.wants(Call::ana(&outdated), &conflict()).await?;
    content(bench, "02").await?;
    let there = bench.ok(Call::ana(&[get(&[tickets()])])).await?;
    is(&there, &json!([null]))?;
    let after = bench.look().await?;
    holds(
        after.events.len() == before.events.len() && after.records.len() == before.records.len(),
        "that the commit leaves no record, and no event",
    )
}

async fn events_come(bench: &mut Bench<'_>) -> Result<(), String> {
    let events = [json!({ "other": "first" }), json!({ "other": "second" })];
    let put = commit_with(&[create(&account(), "01")], &events);
    bench.ok(Call::ana(&[put])).await?;
    // Events alone are a commit too.
    bench
        .ok(Call::ana(&[commit_with(
            &[],
            &[json!({ "other": "third" })],
        )]))
        .await?;
    let view = bench.look().await?;
    let details: Vec<Value> = view
        .events
        .iter()
        .map(|it| json!(it.get("detail").and_then(|detail| detail.get("what"))))
        .collect();
    is(&json!(details), &json!(["first", "second", "third"]))
}

async fn versions(bench: &mut Bench<'_>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        bench
            .ok(Call::ana(&[commit(&[create(&account(), "01")])]))
            .await?;
        fresh(&mut seen, version(bench).await?)?;
        let update = [get(&[account()]), commit(&[replace(&account(), "01")])];
        bench.ok(Call::ana(&update)).await?;
        fresh(&mut seen, version(bench).await?)?;
        let removal = [get(&[account()]), commit(&[delete(&account())])];
        bench.ok(Call::ana(&removal)).await?;
    }
    Ok(())
}

async fn versions_collected(bench: &mut Bench<'_>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for round in 0..4_u64 {
        let now = World::START.saturating_add(round.saturating_mul(1_000));
        bench.turn(Control::Clock { at: now }).await?;
        let put = json!({ "put": {
            "id": "account", "expected": "read", "value": "01",
            "collectable-at": now.saturating_add(10),
        } });
        // The host may have collected it by now, or not.
        bench
            .ok(Call::ana(&[commit(&[create_other(round)])]))
            .await?;
        bench
            .ok(Call::ana(&[get(&[account()]), commit(&[put])]))
            .await?;
        fresh(&mut seen, version(bench).await?)?;
    }
    Ok(())
}

async fn unknown_commit(bench: &mut Bench<'_>) -> Result<(), String> {
    for (kind, happens) in [(FaultKind::FailBefore, false), (FaultKind::FailAfter, true)] {
        bench
            .turn(Control::Fault {
                import: "store.commit".to_owned(),
                on: 1,
                times: 1,
                kind,
            })
            .await?;
        let answer = bench
            .answer(Call::ana(&[commit(&[create(&account(), "01")])]))
            .await?;
        bench.end_fault().await?;
        let unavailable = answer.get("err").and_then(|it| it.get("unavailable"));
        holds(unavailable.is_some(), "unavailable")?;
        let found = bench.ok(Call::ana(&[get(&[account()])])).await?;
        let is_there = found.get(0).is_some_and(|it| !it.is_null());
        holds(is_there == happens, "the lab's fault to be what it says")?;
    }
    Ok(())
}

async fn failed_get(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .turn(Control::Fault {
            import: "store.get".to_owned(),
            on: 1,
            times: 1,
            kind: FaultKind::FailBefore,
        })
        .await?;
    bench.refused(Call::ana(&[get(&[account()])])).await?;
    bench.end_fault().await
}

/// Creates a record that no other round creates.
fn create_other(round: u64) -> Value {
    super::script::add(&quota(&format!("round:{round}")), 1, 1)
}

/// Checks what ana's account holds.
async fn content(bench: &mut Bench<'_>, bytes: &str) -> Result<(), String> {
    let found = bench.ok(Call::ana(&[get(&[account()])])).await?;
    let held = found.get(0).and_then(|it| it.get("bytes")).cloned();
    is(&held.unwrap_or_default(), &json!(bytes))
}

/// Reads the version of ana's account.
async fn version(bench: &mut Bench<'_>) -> Result<u64, String> {
    let found = bench.ok(Call::ana(&[get(&[account()])])).await?;
    let version = found.get(0).and_then(|it| it.get("version"));
    version
        .and_then(Value::as_u64)
        .ok_or_else(|| format!("expected a version, it was {found}"))
}

fn fresh(seen: &mut BTreeSet<u64>, version: u64) -> Result<(), String> {
    holds(seen.insert(version), "a version that the record never had")
}

fn done() -> Value {
    json!({ "ok": null })
}

fn conflict() -> Value {
    json!({ "err": "conflict" })
}
