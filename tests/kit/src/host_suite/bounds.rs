//! Sizes, counts and names (STORE-8).

use serde_json::{Value, json};

use super::bench::Bench;
use super::script::{
    Call, account, add, commit, commit_with, create, fill, get, policy, quota, tickets,
};
use super::{HostCase, case};

pub(super) const CASES: &[HostCase] = &[
    case!(
        account_size,
        "bounds-account-size",
        "An account of 16,384 bytes is kept, one of 16,385 refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        tickets_size,
        "bounds-tickets-size",
        "Tickets of 32,768 bytes are kept, of 32,769 refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        policy_size,
        "bounds-policy-size",
        "A policy of 16,384 bytes is kept, one of 16,385 refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        ids,
        "bounds-ids-of-a-get",
        "A get of 64 ids is answered, one of 65 refused",
        ["STORE-8"],
        []
    ),
    case!(
        changes,
        "bounds-changes-of-a-commit",
        "A commit of 64 changes happens, one of 65 is refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        events,
        "bounds-events-of-a-commit",
        "A commit of 32 events happens, one of 33 is refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        companies,
        "bounds-companies-of-an-event",
        "An event of 16 companies is noted, one of 17 refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        texts,
        "bounds-texts-of-an-event",
        "An event with a text of 200 bytes is noted, with one of 201 refused, whichever its kind",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        event_names,
        "bounds-names-of-an-event",
        "An event whose actor or company has 128 bytes is noted, with 129 refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        names,
        "bounds-names-of-counters",
        "A counter's name of 1 to 128 bytes of a-z 0-9 / : - is known, any other refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        kinds,
        "bounds-counters-are-no-records",
        "An add to a record and a value for a counter are refused",
        ["STORE-8"],
        [Records, Events]
    ),
    case!(
        twice,
        "bounds-record-once-a-commit",
        "A record that stands in a commit twice is refused",
        ["STORE-8"],
        [Records, Events]
    ),
];

async fn account_size(bench: &mut Bench<'_>) -> Result<(), String> {
    size(bench, &account(), 16_384).await
}

async fn tickets_size(bench: &mut Bench<'_>) -> Result<(), String> {
    size(bench, &tickets(), 32_768).await
}

async fn size(bench: &mut Bench<'_>, id: &Value, most: usize) -> Result<(), String> {
    let over = commit(&[fill(id, most.saturating_add(1))]);
    bench.refused_without_trace(Call::ana(&[over])).await?;
    bench.ok(Call::ana(&[commit(&[fill(id, most)])])).await?;
    let found = bench
        .ok(Call::ana(&[get(std::slice::from_ref(id))]))
        .await?;
    let length = found.get(0).and_then(|it| it.get("length")).cloned();
    super::bench::is(&length.unwrap_or_default(), &json!(most))
}

async fn policy_size(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = |length| Call::policy_put("acme", &[commit(&[fill(&policy("acme"), length)])]);
    bench.refused_without_trace(put(16_385)).await?;
    bench.ok(put(16_384)).await.map(|_| ())
}

async fn ids(bench: &mut Bench<'_>) -> Result<(), String> {
    bench
        .refused(Call::ana(&[get(&vec![account(); 65])]))
        .await?;
    bench
        .ok(Call::ana(&[get(&vec![account(); 64])]))
        .await
        .map(|_| ())
}

async fn changes(bench: &mut Bench<'_>) -> Result<(), String> {
    let adds = |count: u32| -> Vec<Value> {
        (0..count)
            .map(|i| add(&quota(&format!("q:{i}")), 1, 10))
            .collect()
    };
    bench
        .refused_without_trace(Call::ana(&[commit(&adds(65))]))
        .await?;
    bench.ok(Call::ana(&[commit(&adds(64))])).await.map(|_| ())
}

async fn events(bench: &mut Bench<'_>) -> Result<(), String> {
    let noted = |count| Call::ana(&[commit_with(&[], &vec![json!({ "other": "it" }); count])]);
    bench.refused_without_trace(noted(33)).await?;
    bench.ok(noted(32)).await.map(|_| ())
}

async fn companies(bench: &mut Bench<'_>) -> Result<(), String> {
    let noted = |count: u32| {
        let companies: Vec<String> = (0..count).map(|i| format!("c{i}")).collect();
        Call::ana(&[commit_with(
            &[],
            &[json!({ "challenge-issued": null, "companies": companies })],
        )])
    };
    bench.refused_without_trace(noted(17)).await?;
    bench.ok(noted(16)).await.map(|_| ())
}

async fn texts(bench: &mut Bench<'_>) -> Result<(), String> {
    for kind in [
        "reset",
        "sms-failed",
        "sms-refused",
        "recovery-issued",
        "recovery-acknowledged",
        "recovery-presented",
        "recovery-abandoned",
        "recovery-used",
        "recovery-revoked",
        "device-trusted",
        "device-revoked",
        "deadline-set",
        "other",
    ] {
        let noted = |text: String| Call::ana(&[commit_with(&[], &[json!({ kind: text })])]);
        bench.refused_without_trace(noted("x".repeat(201))).await?;
        // 201 bytes in 101 characters: bytes are what is bounded.
        let wide = format!("x{}", "é".repeat(100));
        bench.refused_without_trace(noted(wide)).await?;
        bench.ok(noted("x".repeat(200))).await?;
    }
    Ok(())
}

async fn event_names(bench: &mut Bench<'_>) -> Result<(), String> {
    let of_actor = |name: String| json!({ "challenge-issued": null, "actor": name });
    let of_company = |name: String| json!({ "challenge-issued": null, "companies": [name] });
    let noted = |event: Value| Call::ana(&[commit_with(&[], &[event])]);
    // 129 bytes in 65 characters, too.
    for name in ["x".repeat(129), format!("x{}", "é".repeat(64))] {
        for event in [of_actor(name.clone()), of_company(name)] {
            bench.refused_without_trace(noted(event)).await?;
        }
    }
    for event in [of_actor("x".repeat(128)), of_company("x".repeat(128))] {
        bench.ok(noted(event)).await?;
    }
    Ok(())
}

async fn names(bench: &mut Bench<'_>) -> Result<(), String> {
    let long = "q".repeat(129);
    let malformed = [
        "", &long, "Q", "a b", "a_b", "a.b", "é", "a\n", "a\u{0}", "../a", "a%2fb",
    ];
    for name in malformed {
        bench.refused(Call::ana(&[get(&[quota(name)])])).await?;
        let adding = Call::ana(&[commit(&[add(&quota(name), 1, 10)])]);
        bench.refused_without_trace(adding).await?;
    }
    let long = "q".repeat(128);
    for name in ["a", "0", "a/b:c-9", "-", "/", long.as_str()] {
        let adding = [commit(&[add(&quota(name), 1, 10)]), get(&[quota(name)])];
        let found = bench.ok(Call::ana(&adding)).await?;
        let count = found.get(0).and_then(|it| it.get("count")).cloned();
        super::bench::is(&count.unwrap_or_default(), &json!(1))?;
    }
    Ok(())
}

async fn kinds(bench: &mut Bench<'_>) -> Result<(), String> {
    let adding = Call::ana(&[commit(&[add(&account(), 1, 10)])]);
    bench.refused_without_trace(adding).await?;
    let putting = Call::ana(&[commit(&[create(&quota("q"), "01")])]);
    bench.refused_without_trace(putting).await
}

async fn twice(bench: &mut Bench<'_>) -> Result<(), String> {
    let records = commit(&[create(&account(), "01"), create(&account(), "02")]);
    bench.refused_without_trace(Call::ana(&[records])).await?;
    let counters = commit(&[add(&quota("q"), 1, 10), add(&quota("q"), 1, 10)]);
    bench.refused_without_trace(Call::ana(&[counters])).await
}
