//! The phone line (SMS-1, SMS-2, SMS-4, SMS-5; in which functions, in `functions.rs`). That no log has a number or a code (SMS-3) cannot be seen from here.

use serde_json::{Value, json};

use super::bench::{Bench, holds, is};
use super::script::{Call, account, get};
use super::{HostCase, case};
use crate::lab::Control;

pub(super) const CASES: &[HostCase] = &[
    case!(
        digits,
        "sms-sends-six-to-eight-digits",
        "A code of 6 to 8 ASCII digits goes out as it is",
        ["SMS-1"],
        [Messages]
    ),
    case!(
        other_texts,
        "sms-sends-no-other-text",
        "What is not 6 to 8 ASCII digits does not go out",
        ["SMS-1"],
        [Messages]
    ),
    case!(
        numbers,
        "sms-sends-to-numbers-alone",
        "A message to what is not `+` and 7 to 15 ASCII digits does not go out",
        ["SMS-1"],
        [Messages]
    ),
    case!(
        once,
        "sms-same-key-goes-out-once",
        "A message with a key that went out before does not go out again, whatever is in it",
        ["SMS-2"],
        [Messages]
    ),
    case!(
        once_after_restart,
        "sms-same-key-goes-out-once-restarted",
        "Also a host that was started anew knows what went out",
        ["SMS-2"],
        [Messages, Restart]
    ),
    case!(
        once_in_a_race,
        "sms-same-key-goes-out-once-in-a-race",
        "Of calls that race with one key, one message goes out",
        ["SMS-2"],
        [Messages, Race]
    ),
    case!(
        once_though_unknown,
        "sms-same-key-after-unknown",
        "A message that may have gone out does not go out again",
        ["SMS-2"],
        [Messages, LineFaults]
    ),
    case!(
        keys,
        "sms-key-of-1-to-128-bytes",
        "A message without a key, or with one of more than 128 bytes, does not go out",
        ["SMS-2"],
        [Messages]
    ),
    case!(
        one,
        "sms-one-message-a-call",
        "Of two messages of one call, under two keys, one goes out at most",
        ["SMS-4"],
        [Messages]
    ),
    case!(
        check_numbers,
        "sms-check-permits-numbers-alone",
        "What is not `+` and 7 to 15 ASCII digits is not permitted",
        ["SMS-5"],
        []
    ),
    case!(
        check_country,
        "sms-check-names-the-country",
        "A number is permitted with the country that it is of",
        ["SMS-5"],
        []
    ),
    case!(
        check_refusal,
        "sms-check-hears-the-line",
        "A number that the phone line refuses is not permitted",
        ["SMS-5"],
        [LineFaults]
    ),
];

async fn digits(bench: &mut Bench<'_>) -> Result<(), String> {
    let codes = ["000000", "1234567", "99999999"];
    for (i, code) in codes.iter().enumerate() {
        let sent = bench.ok(sending(code, NUMBER, &format!("key-{i}"))).await?;
        is(&sent, &json!("sent"))?;
    }
    let view = bench.look().await?;
    let went: Vec<Value> = view
        .messages
        .iter()
        .map(|it| json!([it.get("code"), it.get("number")]))
        .collect();
    let expected: Vec<Value> = codes.iter().map(|it| json!([it, NUMBER])).collect();
    is(&json!(went), &json!(expected))
}

async fn other_texts(bench: &mut Bench<'_>) -> Result<(), String> {
    let texts = [
        "",
        "12345",
        "123456789",
        "12345a",
        "abcdef",
        "123 456",
        "+12345",
        "-12345",
        "12345\n",
        "１２３４５６",
        "١٢٣",
        "12345\u{0}",
        "https://evil.example",
    ];
    for (i, text) in texts.iter().enumerate() {
        stays(bench, sending(text, NUMBER, &format!("key-{i}"))).await?;
    }
    Ok(())
}

async fn numbers(bench: &mut Bench<'_>) -> Result<(), String> {
    for (i, number) in NO_NUMBERS.iter().enumerate() {
        let stayed = stays(bench, sending("123456", number, &format!("key-{i}"))).await;
        stayed.map_err(|why| format!("{number:?}: {why}"))?;
    }
    Ok(())
}

async fn one(bench: &mut Bench<'_>) -> Result<(), String> {
    for (user, second) in [("ana", "+34600000002"), ("bea", NUMBER)] {
        let before = bench.look().await?.messages.len();
        let keys = [format!("{user}-1"), format!("{user}-2")];
        let [first_key, second_key] = &keys;
        let script = [
            message("123456", NUMBER, first_key),
            message("654321", second, second_key),
        ];
        stays_at(bench, Call::phone(user, &script), before.saturating_add(1)).await?;
    }
    Ok(())
}

async fn check_numbers(bench: &mut Bench<'_>) -> Result<(), String> {
    for number in NO_NUMBERS {
        let permitted = permitted(bench, number).await;
        holds(
            permitted.is_none(),
            &format!("{number:?} not to be permitted"),
        )?;
    }
    Ok(())
}

async fn check_country(bench: &mut Bench<'_>) -> Result<(), String> {
    let numbers = [
        (NUMBER, "ES"),
        ("+18765550100", "JM"),
        ("+12025550100", "US"),
        ("+447700900123", "GB"),
    ];
    for (number, country) in numbers {
        let found = permitted(bench, number).await;
        is(&json!(found), &json!(country))?;
    }
    Ok(())
}

async fn check_refusal(bench: &mut Bench<'_>) -> Result<(), String> {
    bench.turn(Control::Line { refuses: true }).await?;
    let found = permitted(bench, NUMBER).await;
    is(&json!(found), &json!(null))?;
    bench.turn(Control::Line { refuses: false }).await?;
    let found = permitted(bench, NUMBER).await;
    is(&json!(found), &json!("ES"))
}

/// Asks whether a number may be sent to, and returns its country if it may.
async fn permitted(bench: &mut Bench<'_>, number: &str) -> Option<Value> {
    let asking = json!({ "sms-check": {
        "company": "acme", "number": number, "purpose": "enroll",
    } });
    // A host may answer that it may not, answer an error, or stop the call.
    let answer = bench.ok(Call::phone("ana", &[asking])).await.ok()?;
    answer.get("permitted").cloned()
}

async fn once(bench: &mut Bench<'_>) -> Result<(), String> {
    is(
        &bench.ok(sending("123456", NUMBER, "same")).await?,
        &json!("sent"),
    )?;
    for code in ["123456", "654321"] {
        let again = bench.ok(sending(code, NUMBER, "same")).await?;
        is(&again, &json!("already-sent"))?;
    }
    count(bench, 1).await?;
    is(
        &bench.ok(sending("123456", NUMBER, "other")).await?,
        &json!("sent"),
    )?;
    count(bench, 2).await
}

async fn once_after_restart(bench: &mut Bench<'_>) -> Result<(), String> {
    bench.ok(sending("123456", NUMBER, "same")).await?;
    bench.turn(Control::Restart).await?;
    let again = bench.ok(sending("123456", NUMBER, "same")).await?;
    is(&again, &json!("already-sent"))?;
    count(bench, 1).await
}

async fn once_in_a_race(bench: &mut Bench<'_>) -> Result<(), String> {
    let racing = Call::phone(
        "ana",
        &[get(&[account()]), message("123456", NUMBER, "same")],
    );
    bench.race(vec![racing; 4]).await?;
    count(bench, 1).await
}

async fn once_though_unknown(bench: &mut Bench<'_>) -> Result<(), String> {
    let fate = "doubtful".to_owned();
    bench.turn(Control::Fate { fate }).await?;
    is(
        &bench.ok(sending("123456", NUMBER, "same")).await?,
        &json!("unknown"),
    )?;
    bench.answer(sending("123456", NUMBER, "same")).await?;
    count(bench, 1).await
}

async fn keys(bench: &mut Bench<'_>) -> Result<(), String> {
    stays(bench, sending("123456", NUMBER, "")).await?;
    stays(bench, sending("123456", NUMBER, &"k".repeat(129))).await?;
    let sent = bench
        .ok(sending("123456", NUMBER, &"k".repeat(128)))
        .await?;
    is(&sent, &json!("sent"))
}

/// Makes a call whose message must not go out: refused, or answered with an outcome that says so.
pub(super) async fn stays(bench: &mut Bench<'_>, call: Call) -> Result<(), String> {
    let before = bench.look().await?.messages.len();
    stays_at(bench, call, before).await
}

/// Makes a call whose last message must not go out, after which so many are out.
async fn stays_at(bench: &mut Bench<'_>, call: Call, expected: usize) -> Result<(), String> {
    if let Ok(outcome) = bench.ok(call).await {
        let says_so = outcome.get("refused").is_some() || outcome.get("failed").is_some();
        holds(says_so, "an outcome that says that nothing went out")?;
    }
    count(bench, expected).await
}

pub(super) async fn count(bench: &mut Bench<'_>, expected: usize) -> Result<(), String> {
    let found = bench.look().await?.messages.len();
    match found == expected {
        true => Ok(()),
        false => Err(format!(
            "expected {expected} messages to be out, {found} are"
        )),
    }
}

fn sending(code: &str, number: &str, key: &str) -> Call {
    Call::phone("ana", &[message(code, number, key)])
}

pub(super) fn message(code: &str, number: &str, key: &str) -> Value {
    json!({ "sms-send": {
        "company": "acme",
        "number": number,
        "code": code,
        "purpose": "enroll",
        "idempotency-key": key,
    } })
}

const NUMBER: &str = "+34600000001";
const NO_NUMBERS: [&str; 16] = [
    "",
    "+",
    "+346000",
    "34600000001",
    "+3460000000000001",
    "+34 600000001",
    "+34600000001;+34600000002",
    "tel:+34600000001",
    "+3460000000a",
    "+34６００００００１",
    "+٣٤٦٠٠٠٠٠٠٠١",
    "\u{ff0b}34600000001",
    "+34600000001\n",
    "+34600000001\r\n",
    "+34600000001\u{0}",
    " +34600000001",
];
