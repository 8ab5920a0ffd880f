//! What a call reaches, and what the host says of it (SCOPE-1 to SCOPE-3).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bench::{Bench, holds, is};
use super::functions::bytes;
use super::script::{
    Call, account, add, commit, commit_with, create, delete, get, policy, quota, replace, tickets,
};
use super::{HostCase, case};
use crate::World;
use crate::lab::Control;

pub(super) const CASES: &[HostCase] = &[
    case!(
        own_records,
        "scope-own-records-alone",
        "A call reads and writes its own user's records, and no other's",
        ["SCOPE-1"],
        []
    ),
    case!(
        names_do_not_collide,
        "scope-names-do-not-collide",
        "No user's id is taken for another's with a record's name behind it",
        ["SCOPE-1"],
        []
    ),
    case!(
        unnamed_company,
        "scope-unnamed-company-refused",
        "The policies of the companies that the call names, and of `*`, are read; any other is refused",
        ["SCOPE-1"],
        []
    ),
    case!(
        nobodys_call,
        "scope-call-about-nobody",
        "A call that is about no user reaches no user's records, and no other company's policy",
        ["SCOPE-1"],
        [Records, Events]
    ),
    case!(
        write_elsewhere,
        "scope-policy-write-outside-put-refused",
        "A policy is neither replaced nor deleted in a call that is not policy.put",
        ["SCOPE-2"],
        [Records, Events]
    ),
    case!(
        write_of_another,
        "scope-policy-put-of-another-refused",
        "In policy.put of a company, that company's policy is written, and no other",
        ["SCOPE-2"],
        [Records, Events]
    ),
    case!(
        counters,
        "scope-counters-are-added-to-alone",
        "A counter is neither replaced nor deleted, also not at the version that the call read",
        ["SCOPE-1"],
        [Records, Events]
    ),
    case!(
        stamps,
        "scope-events-are-stamped",
        "Time and user of an event are the call's, whatever the plugin claims, and the realm is the host's",
        ["SCOPE-3"],
        [Events]
    ),
    case!(
        event_ids,
        "scope-event-ids-are-unique",
        "No two events have the same id, of one call or of many, also after a restart",
        ["SCOPE-3"],
        [Events, Restart]
    ),
];

async fn own_records(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = |value: &str| commit(&[create(&account(), value), create(&tickets(), value)]);
    bench.ok(Call::ana(&[put("0a")])).await?;
    let found = get(&[account(), tickets()]);
    let bea = Call::about("bea", &[], std::slice::from_ref(&found));
    bench
        .wants(bea.clone(), &json!({ "ok": [null, null] }))
        .await?;
    bench.ok(Call::about("bea", &[], &[put("0b")])).await?;
    for (call, held) in [(Call::ana(&[found]), "0a"), (bea, "0b")] {
        let found = bench.ok(call).await?;
        is(&bytes(&found), &json!([held, held]))?;
    }
    Ok(())
}

async fn names_do_not_collide(bench: &mut Bench<'_>) -> Result<(), String> {
    let users = [
        "ana",
        "an",
        "ana/account",
        "account/ana",
        "ana:account",
        "ana-",
        "%61na",
        "*",
    ];
    for (i, user) in users.iter().enumerate() {
        let value = format!("{i:02x}");
        bench
            .ok(Call::about(
                user,
                &[],
                &[commit(&[create(&account(), &value)])],
            ))
            .await?;
    }
    for (i, user) in users.iter().enumerate() {
        let found = bench
            .ok(Call::about(user, &[], &[get(&[account()])]))
            .await?;
        is(&bytes(&found), &json!([format!("{i:02x}")]))?;
    }
    Ok(())
}

async fn unnamed_company(bench: &mut Bench<'_>) -> Result<(), String> {
    for company in ["acme", "evil"] {
        let put = commit(&[create(&policy(company), "01")]);
        bench.ok(Call::policy_put(company, &[put])).await?;
    }
    let reading = |ids: &[Value]| Call::about("ana", &["acme", "globex"], &[get(ids)]);
    let found = bench
        .ok(reading(&[policy("acme"), policy("*"), policy("globex")]))
        .await?;
    is(&bytes(&found), &json!(["01", null, null]))?;
    for company in ["evil", "ACME", "acme ", "ana", ""] {
        bench.refused(reading(&[policy(company)])).await?;
        bench
            .refused(reading(&[policy("acme"), policy(company)]))
            .await?;
    }
    bench.refused(Call::ana(&[get(&[policy("acme")])])).await
}

async fn nobodys_call(bench: &mut Bench<'_>) -> Result<(), String> {
    for id in [account(), tickets(), policy("evil")] {
        bench
            .refused(Call::policy_put("acme", &[get(std::slice::from_ref(&id))]))
            .await?;
        let put = Call::policy_put("acme", &[commit(&[create(&id, "01")])]);
        bench.refused_without_trace(put).await?;
    }
    Ok(())
}

async fn write_elsewhere(bench: &mut Bench<'_>) -> Result<(), String> {
    for company in ["acme", "*"] {
        let put = commit(&[create(&policy(company), "01")]);
        let elsewhere = |script: &[Value]| Call::about("ana", &["acme"], script);
        bench
            .refused_without_trace(elsewhere(std::slice::from_ref(&put)))
            .await?;
        bench.ok(Call::policy_put(company, &[put])).await?;
        let id = policy(company);
        for change in [replace(&id, "02"), delete(&id)] {
            let script = [get(std::slice::from_ref(&id)), commit(&[change])];
            bench.refused_without_trace(elsewhere(&script)).await?;
        }
    }
    Ok(())
}

async fn write_of_another(bench: &mut Bench<'_>) -> Result<(), String> {
    for company in ["evil", "*", "acm", "acme-2"] {
        let put = commit(&[create(&policy(company), "01")]);
        bench
            .refused_without_trace(Call::policy_put("acme", &[put]))
            .await?;
    }
    let beside = commit(&[create(&policy("acme"), "01"), create(&policy("*"), "01")]);
    bench
        .refused_without_trace(Call::policy_put("acme", &[beside]))
        .await?;
    let own = commit(&[create(&policy("acme"), "01")]);
    bench.ok(Call::policy_put("acme", &[own])).await.map(|_| ())
}

async fn counters(bench: &mut Bench<'_>) -> Result<(), String> {
    let id = quota("texts:acme");
    bench.ok(Call::ana(&[commit(&[add(&id, 3, 5)])])).await?;
    for change in [replace(&id, "00"), delete(&id), create(&id, "00")] {
        let script = [get(std::slice::from_ref(&id)), commit(&[change])];
        bench.refused_without_trace(Call::ana(&script)).await?;
    }
    // Nor is there a way to it beside an add.
    let script = [
        get(&[id.clone(), account()]),
        commit(&[create(&account(), "01"), delete(&id)]),
    ];
    bench.refused_without_trace(Call::ana(&script)).await
}

async fn stamps(bench: &mut Bench<'_>) -> Result<(), String> {
    let later = World::START.saturating_add(86_400);
    // The plugin may say who asked for it. That is not whose event it is.
    let claim = json!({ "other": "it", "actor": "mallory" });
    let noting = commit_with(&[], &[claim]);
    bench.ok(Call::ana(std::slice::from_ref(&noting))).await?;
    bench.turn(Control::Clock { at: later }).await?;
    bench
        .ok(Call::about("bea", &[], std::slice::from_ref(&noting)))
        .await?;
    bench.ok(Call::policy_put("acme", &[noting])).await?;
    let view = bench.look().await?;
    let said: Vec<Value> = view
        .events
        .iter()
        .map(|it| json!([it.get("at"), it.get("user")]))
        .collect();
    let expected = json!([[World::START, "ana"], [later, "bea"], [later, null]]);
    is(&json!(said), &expected)?;
    for event in &view.events {
        is(&json!(event.get("realm")), &json!(REALM))?;
    }
    Ok(())
}

async fn event_ids(bench: &mut Bench<'_>) -> Result<(), String> {
    let noting = commit_with(&[], &vec![json!({ "other": "it" }); 8]);
    for user in ["ana", "bea"] {
        // Two commits of one call, too.
        let twice = [noting.clone(), noting.clone()];
        bench.ok(Call::about(user, &[], &twice)).await?;
        bench.turn(Control::Restart).await?;
    }
    bench.ok(Call::ana(&[noting])).await?;
    let view = bench.look().await?;
    let ids: BTreeSet<String> = view
        .events
        .iter()
        .filter_map(|it| Some(it.get("id")?.to_string()))
        .collect();
    holds(
        view.events.len() == 40 && ids.len() == 40,
        "40 events with as many ids",
    )
}

/// Of every world: `tests/hosts/README.md`.
const REALM: &str = "conformance";
