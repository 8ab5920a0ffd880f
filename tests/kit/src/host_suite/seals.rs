//! What lies in a store cannot be read, altered or moved there (STORE-6).

use serde_json::json;

use super::bench::{Bench, holds};
use super::script::{Call, account, commit, create, delete, get, policy, replace, tickets};
use super::{HostCase, case};
use crate::lab::Control;

pub(super) const CASES: &[HostCase] = &[
    case!(
        sealed,
        "seal-hides-the-value",
        "A value does not lie in the store as it is",
        ["STORE-6"],
        [Records]
    ),
    case!(
        flipped,
        "seal-shows-a-flipped-bit",
        "A value of which one bit was altered is unavailable, and is not overwritten",
        ["STORE-6"],
        [Tamper, Records]
    ),
    case!(
        truncated,
        "seal-shows-a-cut",
        "A value that was cut is unavailable, and is not overwritten",
        ["STORE-6"],
        [Tamper, Records]
    ),
    case!(
        emptied,
        "seal-shows-an-emptied-value",
        "A value that was emptied is unavailable, and is not overwritten",
        ["STORE-6"],
        [Tamper, Records]
    ),
    case!(
        moved,
        "seal-binds-the-user",
        "A value of another user in a user's place is unavailable, and is not overwritten",
        ["STORE-6"],
        [Tamper, Records]
    ),
    case!(
        spares_none,
        "seal-broken-one-fails-the-get",
        "A get of several records, of which one is broken, does not answer as if that one were not there",
        ["STORE-6"],
        [Tamper]
    ),
    case!(
        policies_too,
        "seal-covers-policies",
        "A policy that was altered is unavailable",
        ["STORE-6"],
        [Tamper]
    ),
    case!(
        rotated,
        "seal-opens-under-a-retired-key",
        "What was sealed before the keys were rotated is read after it",
        ["STORE-1", "STORE-6"],
        [RotateKeys]
    ),
];

async fn sealed(bench: &mut Bench<'_>) -> Result<(), String> {
    // "a secret of ana's", 17 bytes.
    let value = "6120736563726574206f6620616e612773";
    bench
        .ok(Call::ana(&[commit(&[create(&account(), value)])]))
        .await?;
    let view = bench.look().await?;
    holds(!view.records.is_empty(), "the lab to show the record")?;
    for record in &view.records {
        let shown = record.content.to_lowercase();
        let is_plain = shown.contains(value) || shown.contains("a secret of ana's");
        // YSBzZWNyZXQgb2YgYW5hJ3M=
        let is_plain = is_plain || record.content.contains("YSBzZWNyZXQgb2YgYW5h");
        holds(!is_plain, "the value not to lie in the store as it is")?;
    }
    Ok(())
}

async fn flipped(bench: &mut Bench<'_>) -> Result<(), String> {
    tampered(bench, "flip").await
}

async fn truncated(bench: &mut Bench<'_>) -> Result<(), String> {
    tampered(bench, "truncate").await
}

async fn emptied(bench: &mut Bench<'_>) -> Result<(), String> {
    tampered(bench, "empty").await
}

async fn moved(bench: &mut Bench<'_>) -> Result<(), String> {
    tampered(bench, "swap").await
}

async fn tampered(bench: &mut Bench<'_>, how: &str) -> Result<(), String> {
    for user in ["ana", "bea"] {
        let put = commit(&[create(&account(), "0102030405060708")]);
        bench.ok(Call::about(user, &[], &[put])).await?;
    }
    tamper(bench, "account", "ana", how).await?;
    let before = bench.look().await?;
    bench.refused(Call::ana(&[get(&[account()])])).await?;
    let versions = before.records.iter().map(|it| it.version);
    let guesses = versions.map(|it| json!(it)).chain([json!(null)]);
    for guess in guesses {
        let put = json!({ "put": { "id": "account", "expected": guess, "value": "09" } });
        let delete = json!({ "delete": { "id": "account", "expected": guess } });
        for change in [put, delete] {
            not_done(bench, Call::ana(&[commit(&[change])])).await?;
        }
    }
    for change in [replace(&account(), "09"), delete(&account())] {
        not_done(bench, Call::ana(&[get(&[account()]), commit(&[change])])).await?;
    }
    bench.unchanged(&before).await?;
    // Nobody else has to suffer for it.
    bench
        .ok(Call::about("bea", &[], &[get(&[account()])]))
        .await?;
    Ok(())
}

async fn spares_none(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = commit(&[create(&account(), "01"), create(&tickets(), "02")]);
    bench.ok(Call::ana(&[put])).await?;
    tamper(bench, "tickets", "ana", "flip").await?;
    bench
        .refused(Call::ana(&[get(&[account(), tickets()])]))
        .await
}

async fn policies_too(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = commit(&[create(&policy("acme"), "01")]);
    bench.ok(Call::policy_put("acme", &[put])).await?;
    tamper(bench, "policy", "acme", "flip").await?;
    let read = Call::about("ana", &["acme"], &[get(&[policy("acme")])]);
    bench.refused(read).await
}

async fn rotated(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .ok(Call::ana(&[commit(&[create(&account(), "01")])]))
        .await?;
    bench.turn(Control::RotateKeys).await?;
    let found = bench.ok(Call::ana(&[get(&[account()])])).await?;
    let held = found.get(0).and_then(|it| it.get("bytes")).cloned();
    super::bench::is(&held.unwrap_or_default(), &json!("01"))
}

/// Makes a call whose last step must not succeed; that it conflicts will do.
async fn not_done(bench: &mut Bench<'_>, call: Call) -> Result<(), String> {
    match bench.ok(call).await {
        Ok(_) => Err("expected that what cannot be opened is not overwritten".to_owned()),
        Err(_) => Ok(()),
    }
}

async fn tamper(bench: &mut Bench<'_>, record: &str, of: &str, how: &str) -> Result<(), String> {
    bench
        .turn(Control::Tamper {
            record: record.to_owned(),
            of: of.to_owned(),
            how: how.to_owned(),
        })
        .await
}
