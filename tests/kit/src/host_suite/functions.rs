//! What each function's calls reach: a duty that holds in one of them may be forgotten in another (SCOPE-1, SCOPE-2,
//! SMS-4).

use serde_json::{Value, json};

use super::bench::{Bench, is};
use super::script::{
    About, Call, FUNCTIONS, Function, account, commit, create, delete, get, policy, tickets,
};
use super::sms::{count, message, stays};
use super::{HostCase, case};

pub(super) const CASES: &[HostCase] = &[
    case!(
        own_records,
        "scope-own-records-in-every-function",
        "In every function about a user the call reads that user's records; in all others, nobody's",
        ["SCOPE-1"],
        []
    ),
    case!(
        unnamed_company,
        "scope-unnamed-company-refused-in-every-function",
        "In every function the policies of the companies that it names, and of `*`, are read; any other is refused",
        ["SCOPE-1"],
        []
    ),
    case!(
        policy_write,
        "scope-policy-write-refused-in-every-function",
        "In every function but policy.put no policy is made, replaced or deleted",
        ["SCOPE-2"],
        [Records, Events]
    ),
    case!(
        messages,
        "sms-only-in-three-functions",
        "A message goes out in calls of enrollment.begin-sms, enrollment.resend and verification.send-code, and in no other",
        ["SMS-4"],
        [Messages]
    ),
    case!(
        questions,
        "sms-check-only-in-three-functions",
        "In no other function is a number permitted either",
        ["SMS-4"],
        []
    ),
];

async fn own_records(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = |value: &str| commit(&[create(&account(), value), create(&tickets(), value)]);
    bench.ok(Call::ana(&[put("0a")])).await?;
    bench.ok(Call::about("bea", &[], &[put("0b")])).await?;
    for function in &FUNCTIONS {
        let named = at(function);
        match function.user {
            About::Nobody => {
                for id in [account(), tickets()] {
                    let call = Call::of(function, &[get(&[id])]);
                    bench.refused(call).await.map_err(named)?;
                }
            }
            About::Ana | About::AStranger => {
                let held = match function.user == About::Ana {
                    true => json!(["0a", "0a"]),
                    false => json!([null, null]),
                };
                let call = Call::of(function, &[get(&[account(), tickets()])]);
                let found = bench.ok(call).await.map_err(named)?;
                is(&bytes(&found), &held).map_err(named)?;
            }
        }
    }
    Ok(())
}

async fn unnamed_company(bench: &mut Bench<'_>) -> Result<(), String> {
    for company in ["acme", "globex", "evil", "*"] {
        let put = commit(&[create(&policy(company), "01")]);
        bench.ok(Call::policy_put(company, &[put])).await?;
    }
    for function in &FUNCTIONS {
        let named = at(function);
        for company in ["*", "acme", "globex", "evil"] {
            let call = Call::of(function, &[get(&[policy(company)])]);
            match company == "*" || function.names.contains(&company) {
                true => {
                    let found = bench.ok(call).await.map_err(named)?;
                    is(&bytes(&found), &json!(["01"])).map_err(named)?;
                }
                false => {
                    let refused = bench.refused(call).await;
                    refused.map_err(|why| named(format!("the policy of {company}: {why}")))?;
                }
            }
        }
    }
    Ok(())
}

async fn policy_write(bench: &mut Bench<'_>) -> Result<(), String> {
    let put = commit(&[create(&policy("acme"), "01")]);
    bench.ok(Call::policy_put("acme", &[put])).await?;
    for function in FUNCTIONS.iter().filter(|it| it.name != "policy.put") {
        let named = at(function);
        for company in ["globex", "*"] {
            let put = commit(&[create(&policy(company), "01")]);
            let call = Call::of(function, &[put]);
            bench.refused_without_trace(call).await.map_err(named)?;
        }
        if function.names.contains(&"acme") {
            let id = policy("acme");
            let script = [get(std::slice::from_ref(&id)), commit(&[delete(&id)])];
            let call = Call::of(function, &script);
            bench.refused_without_trace(call).await.map_err(named)?;
        }
    }
    Ok(())
}

async fn messages(bench: &mut Bench<'_>) -> Result<(), String> {
    for function in &FUNCTIONS {
        let named = at(function);
        let call = Call::of(function, &[message("123456", NUMBER, function.name)]);
        match function.texts {
            true => {
                let before = bench.look().await?.messages.len();
                let sent = bench.ok(call).await.map_err(named)?;
                is(&sent, &json!("sent")).map_err(named)?;
                count(bench, before.saturating_add(1))
                    .await
                    .map_err(named)?;
            }
            false => stays(bench, call).await.map_err(named)?,
        }
    }
    Ok(())
}

async fn questions(bench: &mut Bench<'_>) -> Result<(), String> {
    for function in &FUNCTIONS {
        let named = at(function);
        let asking = json!({ "sms-check": {
            "company": "acme", "number": NUMBER, "purpose": "enroll",
        } });
        let answer = bench.ok(Call::of(function, &[asking])).await;
        let is_permitted = matches!(&answer, Ok(it) if it.get("permitted").is_some());
        if is_permitted != function.texts {
            let expected = match function.texts {
                true => "permission",
                false => "none",
            };
            return Err(named(format!("expected {expected}, it was {answer:?}")));
        }
    }
    Ok(())
}

/// Puts a function's name before what was wrong with it.
fn at(function: &Function) -> impl Fn(String) -> String + Copy {
    let name = function.name;
    move |why| format!("{name}: {why}")
}

/// What the records of a get hold.
pub(super) fn bytes(found: &Value) -> Value {
    let found = found.as_array().into_iter().flatten();
    found
        .map(|it| it.get("bytes").cloned().unwrap_or_default())
        .collect()
}

const NUMBER: &str = "+34600000001";
