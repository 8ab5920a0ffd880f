//! What lies in a store cannot be read, altered or moved there (STORE-6).

use serde_json::{Value, json};

use super::bench::{Bench, holds};
use super::script::{Call, account, commit, create, delete, get, policy, replace, tickets};
use super::{HostCase, case};
use crate::lab::{Control, Place, View};

pub(super) const CASES: &[HostCase] = &[
    case!(
        sealed,
        "seal-hides-the-value",
        "A value does not lie in the store as it is",
        ["STORE-6"],
        [Records]
    ),
    case!(
        all_sealed,
        "seal-hides-tickets-and-policies",
        "Tickets and policies do not lie in the store as they are",
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
        moved_to_another_record,
        "seal-binds-the-record",
        "A value of another record of the same name in a record's place is unavailable, and is not overwritten",
        ["STORE-6"],
        [Tamper, Records]
    ),
    case!(
        moved_to_another_company,
        "seal-binds-the-company",
        "A policy of another company in a company's place is unavailable, and is not overwritten",
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
    let put = commit(&[create(&account(), &hex(OF_THE_ACCOUNT.text))]);
    bench.ok(Call::ana(&[put])).await?;
    hidden(&bench.look().await?, &[OF_THE_ACCOUNT])
}

async fn all_sealed(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = commit(&[create(&tickets(), &hex(OF_THE_TICKETS.text))]);
    bench.ok(Call::ana(&[put])).await?;
    let put = commit(&[create(&policy("acme"), &hex(OF_THE_POLICY.text))]);
    bench.ok(Call::policy_put("acme", &[put])).await?;
    hidden(&bench.look().await?, &[OF_THE_TICKETS, OF_THE_POLICY])
}

/// Checks that a lab shows as many records as there are values, and none of these in them.
fn hidden(view: &View, values: &[Plain]) -> Result<(), String> {
    holds(
        view.records.len() >= values.len(),
        "the lab to show the record",
    )?;
    for record in &view.records {
        let shown = record.content.to_lowercase();
        let is_plain = values.iter().any(|it| {
            shown.contains(&hex(it.text))
                || shown.contains(it.text)
                || record.content.contains(it.base64)
        });
        holds(!is_plain, "the value not to lie in the store as it is")?;
    }
    Ok(())
}

/// A value that is looked for in what is stored.
struct Plain {
    text: &'static str,
    /// The front of it, as far as it does not depend on what comes behind.
    base64: &'static str,
}

fn hex(text: &str) -> String {
    text.bytes().map(|it| format!("{it:02x}")).collect()
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
    closed(bench, "ana", &account()).await?;
    // Nobody else has to suffer for it.
    bench
        .ok(Call::about("bea", &[], &[get(&[account()])]))
        .await?;
    Ok(())
}

async fn moved_to_another_record(bench: &mut Bench<'_>) -> Result<(), String> {
    for user in ["ana", "bea", "acme"] {
        let put = [create(&account(), "0102"), create(&tickets(), "0304")];
        bench.ok(Call::about(user, &[], &[commit(&put)])).await?;
    }
    let put = commit(&[create(&policy("acme"), "0506")]);
    bench.ok(Call::policy_put("acme", &[put])).await?;
    // The last is a user who is called as a company is.
    for (user, id, name, from) in [
        ("ana", account(), "account", "tickets"),
        ("bea", tickets(), "tickets", "account"),
        ("acme", account(), "account", "policy"),
    ] {
        swap(bench, (name, user), (from, user)).await?;
        closed(bench, user, &id).await?;
    }
    Ok(())
}

async fn moved_to_another_company(bench: &mut Bench<'_>) -> Result<(), String> {
    for company in ["acme", "bolt"] {
        let put = commit(&[create(&policy(company), "0102")]);
        bench.ok(Call::policy_put(company, &[put])).await?;
    }
    swap(bench, ("policy", "acme"), ("policy", "bolt")).await?;
    let before = bench.look().await?;
    let read = |company: &str| Call::about("ana", &["acme", "bolt"], &[get(&[policy(company)])]);
    bench.refused(read("acme")).await?;
    for change in [replace(&policy("acme"), "09"), delete(&policy("acme"))] {
        let script = [get(&[policy("acme")]), commit(&[change])];
        not_done(bench, Call::policy_put("acme", &script)).await?;
    }
    bench.unchanged(&before).await?;
    bench.ok(read("bolt")).await.map(|_| ())
}

/// Checks that a user's record cannot be read, replaced or deleted.
async fn closed(bench: &mut Bench<'_>, user: &str, id: &Value) -> Result<(), String> {
    let about = |script: &[Value]| Call::about(user, &[], script);
    let reading = get(std::slice::from_ref(id));
    let before = bench.look().await?;
    bench.refused(about(std::slice::from_ref(&reading))).await?;
    let versions = before.records.iter().map(|it| it.version);
    let guesses = versions.map(|it| json!(it)).chain([json!(null)]);
    for guess in guesses {
        let put = json!({ "put": { "id": id, "expected": guess, "value": "09" } });
        let delete = json!({ "delete": { "id": id, "expected": guess } });
        for change in [put, delete] {
            not_done(bench, about(&[commit(&[change])])).await?;
        }
    }
    for change in [replace(id, "09"), delete(id)] {
        not_done(bench, about(&[reading.clone(), commit(&[change])])).await?;
    }
    bench.unchanged(&before).await
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
    turn(bench, (record, of), how, None).await
}

/// Puts one record, by its kind and whose it is, in the place of another.
async fn swap(
    bench: &mut Bench<'_>,
    record: (&str, &str),
    from: (&str, &str),
) -> Result<(), String> {
    turn(bench, record, "swap", Some(from)).await
}

async fn turn(
    bench: &mut Bench<'_>,
    (record, of): (&str, &str),
    how: &str,
    from: Option<(&str, &str)>,
) -> Result<(), String> {
    let from = from.map(|(record, of)| Place {
        record: record.to_owned(),
        of: of.to_owned(),
    });
    bench
        .turn(Control::Tamper {
            record: record.to_owned(),
            of: of.to_owned(),
            how: how.to_owned(),
            from,
        })
        .await
}

const OF_THE_ACCOUNT: Plain = Plain {
    text: "a secret of ana's",
    base64: "YSBzZWNyZXQgb2YgYW5h",
};
const OF_THE_TICKETS: Plain = Plain {
    text: "the tickets of ana",
    base64: "dGhlIHRpY2tldHMgb2YgYW5h",
};
const OF_THE_POLICY: Plain = Plain {
    text: "the policy of acme",
    base64: "dGhlIHBvbGljeSBvZiBhY21l",
};
