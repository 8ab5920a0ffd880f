//! Tags and names of counters (KEY-1 to KEY-3).

use serde_json::{Value, json};

use super::bench::{Bench, holds, is};
use super::script::{Call, check_mac, index, mac};
use super::{HostCase, case};
use crate::case::FaultKind;
use crate::lab::Control;

pub(super) const CASES: &[HostCase] = &[
    case!(
        own_tags,
        "key-tag-is-of-its-data",
        "A tag of 32 bytes checks for its data, and for no other",
        ["KEY-1"],
        []
    ),
    case!(
        contexts,
        "key-contexts-differ",
        "The same data has another tag in each context, which checks in no other",
        ["KEY-1"],
        []
    ),
    case!(
        whole,
        "key-tag-is-compared-whole",
        "A tag that was cut, lengthened or altered in its last bit does not check",
        ["KEY-1"],
        []
    ),
    case!(
        length,
        "key-data-of-4096-bytes",
        "Data of 4,096 bytes has a tag, of 4,097 none",
        ["KEY-1"],
        []
    ),
    case!(
        retired,
        "key-retired-key-checks",
        "A retired key checks the tags that it made, and makes no new ones",
        ["KEY-2"],
        [RotateKeys]
    ),
    case!(
        index_stays,
        "key-index-never-changes",
        "An index is the same 32 bytes for the same data, whoever asks, also after a rotation",
        ["KEY-2"],
        [RotateKeys]
    ),
    case!(
        index_differs,
        "key-index-is-of-its-data",
        "Different data has different indices, and an index is no tag",
        ["KEY-1", "KEY-2"],
        []
    ),
    case!(
        index_contexts,
        "key-index-contexts-differ",
        "The same data has another index in each context, and none is a tag",
        ["KEY-1"],
        []
    ),
    case!(
        unknown,
        "key-unknown-key-is-an-error",
        "A key id that nobody knows is an error, not a tag that does not check",
        ["KEY-3"],
        []
    ),
    case!(
        failing,
        "key-failed-check-is-an-error",
        "A keyring that does not answer is an error, not a tag that does not check",
        ["KEY-3"],
        [ImportFaults]
    ),
];

async fn own_tags(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("00ff10");
    let made = tag(bench, "ticket", &data).await?;
    let length = made.get("bytes").and_then(Value::as_str).map(str::len);
    holds(length == Some(64), "32 bytes")?;
    checks(bench, "ticket", &data, &made, true).await?;
    let again = tag(bench, "ticket", &data).await?;
    is(&again, &made)?;
    for other in ["00ff11", "00ff", "", "00ff1000"] {
        checks(bench, "ticket", &json!(other), &made, false).await?;
    }
    let empty = tag(bench, "ticket", &json!("")).await?;
    checks(bench, "ticket", &json!(""), &empty, true).await
}

async fn contexts(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("0102");
    let mut tags = Vec::new();
    for context in CONTEXTS {
        tags.push(tag(bench, context, &data).await?);
    }
    for (made_in, made) in CONTEXTS.iter().zip(&tags) {
        for (context, other) in CONTEXTS.iter().zip(&tags) {
            let same = context == made_in;
            holds(
                same == (other.get("bytes") == made.get("bytes")),
                "a tag of its own",
            )?;
            checks(bench, context, &data, made, same).await?;
        }
    }
    Ok(())
}

async fn whole(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("0102");
    let made = tag(bench, "recovery-code", &data).await?;
    let bytes = made
        .get("bytes")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (front, last) = bytes.split_at_checked(62).ok_or("expected 32 bytes")?;
    let last = u8::from_str_radix(last, 16).map_err(|error| error.to_string())?;
    let altered = [
        String::new(),
        front.to_owned(),
        bytes.chars().take(32).collect(),
        format!("{bytes}00"),
        format!("{front}{:02x}", last ^ 1),
    ];
    for other in altered {
        let other = json!({ "key-id": made.get("key-id"), "bytes": other });
        let call = Call::ana(&[check_mac("recovery-code", &data, &other)]);
        // That a tag of another length is an error will do.
        if let Ok(answer) = bench.ok(call).await {
            is(&answer, &json!(false))?;
        }
    }
    Ok(())
}

async fn length(bench: &mut Bench<'_>) -> Result<(), String> {
    let most = json!({ "fill": 4_096 });
    let made = tag(bench, "ticket", &most).await?;
    checks(bench, "ticket", &most, &made, true).await?;
    let over = json!({ "fill": 4_097 });
    bench.refused(Call::ana(&[mac("ticket", &over)])).await
}

async fn retired(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("0102");
    let old = tag(bench, "device", &data).await?;
    bench.turn(Control::RotateKeys).await?;
    checks(bench, "device", &data, &old, true).await?;
    let new = tag(bench, "device", &data).await?;
    holds(new.get("key-id") != old.get("key-id"), "another key's id")?;
    holds(new.get("bytes") != old.get("bytes"), "another key's tag")?;
    checks(bench, "device", &data, &new, true).await?;
    let mixed = json!({ "key-id": new.get("key-id"), "bytes": old.get("bytes") });
    checks(bench, "device", &data, &mixed, false).await
}

async fn index_stays(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("2b34");
    let asking = CONTEXTS.map(|it| [index(it, &data)]);
    let mut first = Vec::new();
    for asking in &asking {
        let made = bench.ok(Call::ana(asking)).await?;
        holds(made.as_str().map(str::len) == Some(64), "32 bytes")?;
        let others = bench.ok(Call::about("bea", &["acme"], asking)).await?;
        is(&others, &made)?;
        first.push(made);
    }
    bench.turn(Control::RotateKeys).await?;
    for (asking, made) in asking.iter().zip(&first) {
        is(&bench.ok(Call::ana(asking)).await?, made)?;
    }
    Ok(())
}

async fn index_contexts(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("2b34");
    let mut found = Vec::new();
    for context in CONTEXTS {
        found.push(bench.ok(Call::ana(&[index(context, &data)])).await?);
        let made = tag(bench, context, &data).await?;
        found.extend(made.get("bytes").cloned());
    }
    all_differ(&found)
}

async fn index_differs(bench: &mut Bench<'_>) -> Result<(), String> {
    let mut found = Vec::new();
    for data in ["2b34", "2b35", "", "2b3400"] {
        found.push(
            bench
                .ok(Call::ana(&[index("phone-index", &json!(data))]))
                .await?,
        );
        let made = tag(bench, "ticket", &json!(data)).await?;
        found.extend(made.get("bytes").cloned());
    }
    all_differ(&found)
}

fn all_differ(found: &[Value]) -> Result<(), String> {
    for (i, one) in found.iter().enumerate() {
        let mut others = found.iter().skip(i.saturating_add(1));
        holds(others.all(|it| it != one), "all of them to differ")?;
    }
    Ok(())
}

async fn unknown(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("0102");
    let made = tag(bench, "ticket", &data).await?;
    let known = made.get("key-id").and_then(Value::as_u64).unwrap_or(0);
    for id in [known.saturating_add(1_000) % 4_294_967_295, 4_294_967_295] {
        let other = json!({ "key-id": id, "bytes": made.get("bytes") });
        bench
            .refused(Call::ana(&[check_mac("ticket", &data, &other)]))
            .await?;
    }
    Ok(())
}

async fn failing(bench: &mut Bench<'_>) -> Result<(), String> {
    let data = json!("0102");
    let made = tag(bench, "ticket", &data).await?;
    for (import, step) in [
        ("keyring.check-mac", check_mac("ticket", &data, &made)),
        ("keyring.mac", mac("ticket", &data)),
        ("keyring.index", index("phone-index", &data)),
    ] {
        bench
            .turn(Control::Fault {
                import: import.to_owned(),
                on: 1,
                times: 1,
                kind: FaultKind::FailBefore,
            })
            .await?;
        bench.refused(Call::ana(&[step])).await?;
        bench.end_fault().await?;
    }
    Ok(())
}

async fn tag(bench: &mut Bench<'_>, context: &str, data: &Value) -> Result<Value, String> {
    bench.ok(Call::ana(&[mac(context, data)])).await
}

async fn checks(
    bench: &mut Bench<'_>,
    context: &str,
    data: &Value,
    tag: &Value,
    expected: bool,
) -> Result<(), String> {
    let call = Call::ana(&[check_mac(context, data, tag)]);
    bench.wants(call, &json!({ "ok": expected })).await
}

const CONTEXTS: [&str; 5] = [
    "ticket",
    "recovery-code",
    "device",
    "random-hedge",
    "phone-index",
];
