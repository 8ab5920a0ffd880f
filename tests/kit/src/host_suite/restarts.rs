//! What a host that was started anew still knows (STORE-1, STORE-4, STORE-5, KEY-2).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bench::{Bench, holds, is};
use super::script::{
    Call, account, add, check_mac, commit, create, delete, get, index, mac, quota, replace,
};
use super::{HostCase, case};
use crate::lab::Control;

pub(super) const CASES: &[HostCase] = &[
    case!(
        counters,
        "counter-outlives-restart",
        "A counter goes on where it was in a host that was started anew",
        ["STORE-1", "STORE-5"],
        [Restart]
    ),
    case!(
        versions,
        "store-versions-never-repeat-restarted",
        "No version comes twice for a record that was deleted before the host was started anew",
        ["STORE-4"],
        [Restart]
    ),
    case!(
        keys,
        "key-outlives-restart",
        "Tags check, and an index is the same, in a host that was started anew",
        ["KEY-2"],
        [Restart]
    ),
];

async fn counters(bench: &mut Bench<'_>) -> Result<(), String> {
    let q = quota("kept");
    bench.ok(Call::ana(&[commit(&[add(&q, 2, 3)])])).await?;
    bench.turn(Control::Restart).await?;
    let found = bench
        .ok(Call::ana(&[get(std::slice::from_ref(&q))]))
        .await?;
    let count = found.get(0).and_then(|it| it.get("count")).cloned();
    is(&count.unwrap_or_default(), &json!(2))?;
    let over = Call::ana(&[commit(&[add(&q, 2, 3)])]);
    bench
        .wants(over, &json!({ "err": { "ceiling-reached": 0 } }))
        .await
}

async fn versions(bench: &mut Bench<'_>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        for change in [create(&account(), "01"), replace(&account(), "02")] {
            let script = [get(&[account()]), commit(&[change]), get(&[account()])];
            let found = bench.ok(Call::ana(&script)).await?;
            let version = found.get(0).and_then(|it| it.get("version")?.as_u64());
            let version = version.ok_or_else(|| format!("expected a version, it was {found}"))?;
            holds(seen.insert(version), "a version that the record never had")?;
        }
        let removal = [get(&[account()]), commit(&[delete(&account())])];
        bench.ok(Call::ana(&removal)).await?;
        bench.turn(Control::Restart).await?;
    }
    Ok(())
}

async fn keys(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("0102");
    let asking = [index("phone-index", &data)];
    let found = bench.ok(Call::ana(&asking)).await?;
    let mut made: Vec<(&str, Value)> = Vec::new();
    for context in ["ticket", "recovery-code", "device"] {
        let tag = bench.ok(Call::ana(&[mac(context, &data)])).await?;
        made.push((context, tag));
    }
    bench.turn(Control::Restart).await?;
    is(&bench.ok(Call::ana(&asking)).await?, &found)?;
    for (context, tag) in made {
        let checking = Call::ana(&[check_mac(context, &data, &tag)]);
        bench.wants(checking, &json!({ "ok": true })).await?;
    }
    Ok(())
}
