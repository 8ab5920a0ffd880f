//! The phone line (SMS-1, SMS-2). That no log has a number or a code (SMS-3) cannot be seen from here.

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
        "A message to what is not `+` and 7 to 15 digits does not go out",
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
    let numbers = [
        "",
        "+",
        "+346000",
        "34600000001",
        "+3460000000000001",
        "+34 600000001",
        "+34600000001;+34600000002",
        "tel:+34600000001",
        "+3460000000a",
    ];
    for (i, number) in numbers.iter().enumerate() {
        stays(bench, sending("123456", number, &format!("key-{i}"))).await?;
    }
    Ok(())
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
async fn stays(bench: &mut Bench<'_>, call: Call) -> Result<(), String> {
    let before = bench.look().await?.messages.len();
    if let Ok(outcome) = bench.ok(call).await {
        let says_so = outcome.get("refused").is_some() || outcome.get("failed").is_some();
        holds(says_so, "an outcome that says that nothing went out")?;
    }
    count(bench, before).await
}

async fn count(bench: &mut Bench<'_>, expected: usize) -> Result<(), String> {
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

fn message(code: &str, number: &str, key: &str) -> Value {
    json!({ "sms-send": {
        "company": "acme",
        "number": number,
        "code": code,
        "purpose": "enroll",
        "idempotency-key": key,
    } })
}

const NUMBER: &str = "+34600000001";
