//! Of trusted devices: whom they let in, and for how long.

use serde_json::Value;

use super::newest;
use crate::history::{History, Made, Step};
use crate::secrets::Secrets;

/// VERIFY-18. A device lets in only the user whom its token was given to, at sign-in, with a factor, and not after any
/// change of factors, reset, revocation or change of the first factor.
pub(super) fn a_device_lets_in_its_user_until_anything_changes(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    for made in step.calls.iter().filter(|it| is_let_in(it)) {
        let Some(user) = made.user else { continue };
        let carried = made.args["request"]["device-token"].as_str();
        let given = history.steps.iter().position(|step| {
            let own = step.calls.iter().filter(|it| it.user == Some(user));
            let mut tokens = own.filter_map(|it| token(it));
            tokens.any(|it| Some(it) == carried)
        });
        let Some(given) = given else {
            return Err("VERIFY-18: a device let in whom it was not given to".to_owned());
        };
        if made.args["request"]["purpose"] != "sign-in" {
            return Err("VERIFY-18: a device stood for a factor where none may".to_owned());
        }
        if step.calls.len() == 1 && !step.before.people[user].is_enrolled() {
            return Err("VERIFY-18: a device let in a user without a factor".to_owned());
        }
        let (start, since) = history.steps[given..]
            .split_first()
            .expect("it is in there");
        if step.now >= start.now + LONGEST_TRUST {
            return Err("VERIFY-18: a device let in after the longest time there is".to_owned());
        }
        let epoch = |step: &Step| {
            let account = step.before.people[user].account.as_ref();
            account.map_or(0, |it| it.epoch)
        };
        let changes = since.iter().any(|it| {
            let is_raised = epoch(it) != epoch(step);
            is_raised
                || it
                    .calls
                    .iter()
                    .any(|made| made.user == Some(user) && ends_trust(it, made))
        });
        if changes {
            return Err("VERIFY-18: a device let in after a change that ends trust".to_owned());
        }
    }
    Ok(())
}

/// The token that an answer gives.
fn token(made: &Made) -> Option<&str> {
    let token = made.answer.pointer("/ok/accepted/done/device-token");
    token.and_then(Value::as_str)
}

fn is_let_in(made: &Made) -> bool {
    let reason = made.case("allow").map(|it| &it["reason"]);
    made.function == "sign-in.begin" && reason.is_some_and(|it| it == "trusted-device")
}

/// Whether it changed what lets a device in, without raising the epoch. Two at once may have come in any order.
fn ends_trust(step: &Step, made: &Made) -> bool {
    let revokes = match made.function {
        "administration.first-factor-changed" => true,
        "administration.revoke" => made.args["what"] == "devices",
        _ => false,
    };
    let is_lost = step.fault.is_some() && !step.events.is_empty();
    step.calls.len() == 1 && revokes && (made.ok().is_some() || is_lost)
}

/// Ninety days, the contract's bound.
const LONGEST_TRUST: u64 = 90 * 86_400;
