//! Of codes: who is let in by what.

use countersign_conformance::authenticator::Authenticator;
use countersign_core::method::Method;
use countersign_core::policy::EffectiveMode;
use countersign_core::ticket::{Purpose, Stage, Ticket};
use countersign_core::totp::Key;
use serde_json::Value;

use super::newest;
use crate::history::{History, Made, Step, Stood};
use crate::secrets::{IMPORTS, Secrets};

/// S-1. The same digits for the same factor are the same code, unless they lie far apart: then chance made them alike.
///
/// A key that was removed and imported anew is another factor, which begins with the current step (ADMIN-8).
pub(super) fn s_1_a_code_is_accepted_at_most_once(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let accepted = |step: &Step| -> Vec<(String, String)> {
        let calls = step.calls.iter();
        calls
            .filter_map(|made| Some((accepted_of(step, made)?, digits(made))))
            .collect()
    };
    let step = newest(history);
    for code in accepted(step) {
        let near = history
            .steps
            .iter()
            .filter(|it| it.now.abs_diff(step.now) < LONGEST_LIFE);
        let times = near.flat_map(accepted).filter(|it| *it == code).count();
        if times > 1 {
            return Err("S-1: a code was accepted a second time".to_owned());
        }
    }
    Ok(())
}

/// S-3. What is accepted is a code of the factor that was confirmed before the call; and where there was none, nothing
/// is accepted, and nobody is challenged for it.
pub(super) fn s_3_a_pending_factor_never_authenticates(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    for made in &step.calls {
        let Some(user) = made.user else { continue };
        let enrolled = step.before.people[user].is_enrolled() || step.calls.len() > 1;
        let challenged = made.function == "sign-in.begin" && made.case("challenge").is_some();
        if challenged && !enrolled {
            return Err("S-3: a user without a factor was challenged".to_owned());
        }
        if made.function != "verification.verify" || made.case("accepted").is_none() {
            continue;
        }
        if made.method() == Some("sms") {
            // Whether the code is right is for `texts` to say.
            if step.before.people[user].factor("sms").is_none() {
                return Err("S-3: a text message was accepted, and there was no phone".to_owned());
            }
            continue;
        }
        let key = confirmed_key(&step.before.people[user]);
        let key = key.ok_or("S-3: a code was accepted, and there was no factor")?;
        if steps_of(&key, made, step.now).is_empty() {
            return Err("S-3: a code was accepted that is not the confirmed factor's".to_owned());
        }
    }
    Ok(())
}

/// S-5. By the record; and by the answers: of no factor more than a hundred codes in a row were compared.
pub(super) fn s_5_neither_count_passes_its_limit_without_disabling(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    for (stood, method) in step
        .after
        .people
        .iter()
        .flat_map(|it| [(it, "totp"), (it, "sms")])
    {
        let Some((_, counts)) = stood.factor(method) else {
            continue;
        };
        // A good ticket has at most four wrong codes that its success would still redeem.
        let passed = counts.streak >= 100 || counts.unredeemed >= 104;
        if passed && !counts.disabled {
            return Err(format!(
                "S-5: {} in a row and {} unredeemed, and not disabled",
                counts.streak, counts.unredeemed
            ));
        }
    }
    let shown = step
        .calls
        .iter()
        .filter(|it| it.function == "verification.verify");
    for (user, method) in shown.filter_map(|it| Some((it.user?, it.method()?))) {
        let mut in_a_row = 0;
        let mut of = None;
        for (step, made) in history
            .steps
            .iter()
            .flat_map(|step| step.calls.iter().map(move |made| (step, made)))
            .filter(|(_, made)| made.user == Some(user) && made.function == "verification.verify")
            .filter(|(_, made)| made.method() == Some(method))
        {
            let id = step.before.people[user].factor(method).map(|(id, _)| id);
            if of != id || made.case("accepted").is_some() {
                (in_a_row, of) = (0, id);
            }
            if made
                .case("rejected")
                .is_some_and(|it| it["reason"] == "wrong")
            {
                in_a_row += 1;
            }
            if in_a_row > 100 {
                return Err(
                    "S-5: more than a hundred wrong codes in a row were compared".to_owned(),
                );
            }
        }
    }
    Ok(())
}

/// S-6. When a wrong code is answered, it stands in the record.
pub(super) fn s_6_a_wrong_code_is_counted_before_it_is_answered(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let Some(made) = step.alone() else {
        return Ok(());
    };
    let (Some(user), Some(rejected)) = (made.user, made.case("rejected")) else {
        return Ok(());
    };
    // What is over is not compared; `texts` sees that it does not count.
    if rejected["reason"] != "wrong" {
        return Ok(());
    }
    let is_text = made.method() == Some("sms");
    let (before, after) = (&step.before.people[user], &step.after.people[user]);
    let counted = match made.function {
        "verification.verify" => {
            let method = made.method().unwrap_or_default();
            let streak = |stood: &Stood| stood.factor(method).map(|(_, it)| it.streak);
            streak(after) == streak(before).map(|it| it + 1)
                && more(before, after, made, |it| match is_text {
                    true => it.failures.phone,
                    false => it.failures.app,
                })
        }
        "recovery.present" => more(before, after, made, |it| it.failures.recovery),
        "enrollment.confirm" => more(before, after, made, |it| {
            let app = it.pending_app.as_ref().map(|it| it.failures);
            let phone = it.pending_phone.as_ref().map(|it| it.failures);
            (if is_text { phone } else { app }).unwrap_or(5)
        }),
        _ => true,
    };
    match counted {
        true => Ok(()),
        false => Err("S-6: a wrong code was answered and is not counted".to_owned()),
    }
}

/// S-7.
pub(super) fn s_7_a_recovery_code_implies_a_factor_and_leads_to_one_enrollment(
    history: &History,
    secrets: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    for stood in &step.after.people {
        let Some(account) = &stood.account else {
            continue;
        };
        if account.recovery.is_some() && !account.is_enrolled() {
            return Err("S-7: there is a recovery code and no factor".to_owned());
        }
    }
    for made in &step.calls {
        let Some(user) = made.user else { continue };
        let account = step.before.people[user].account.as_ref();
        let id = account
            .and_then(|it| it.recovery.as_ref())
            .map(|it| it.id.clone());
        if made.function == "recovery.present" && made.case("accepted").is_some() {
            let typed = normal(made.args["code"].as_str().unwrap_or_default());
            let is_current = secrets
                .codes()
                .any(|(of, code)| Some(of) == id.as_ref() && normal(code) == typed);
            // Of two calls at once the other may have changed the code before.
            if !is_current && step.calls.len() == 1 {
                return Err(
                    "S-7: a recovery code was accepted that is not the current one".to_owned(),
                );
            }
        }
        let recoveries = |step: &Step, of: &Option<String>| {
            let account = step.before.people[user].account.as_ref();
            let same = account.and_then(|it| it.recovery.as_ref()).map(|it| &it.id) == of.as_ref();
            let by_recovery = step.calls.iter().filter(|made| {
                made.user == Some(user) && made.answer.pointer(PROOF) == Some(&"recovery".into())
            });
            by_recovery.filter(|_| same).count()
        };
        if made.answer.pointer(PROOF) == Some(&"recovery".into()) {
            let times: usize = history.steps.iter().map(|it| recoveries(it, &id)).sum();
            if id.is_none() || times > 1 {
                return Err("S-7: a recovery code led to a second enrollment".to_owned());
            }
        }
    }
    Ok(())
}

/// S-8. Goes by the policies as they were put, and by what the call itself says.
pub(super) fn s_8_after_the_deadline_nobody_is_let_in_without_a_factor(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let Some(made) = step.alone() else {
        return Ok(());
    };
    let (arguments, let_in) = match made.function {
        // Whom a device may let in is for `devices` to say.
        "sign-in.begin" => {
            let allow = made.case("allow");
            (
                &made.args["request"],
                allow.is_some_and(|it| it["reason"] != "trusted-device"),
            )
        }
        "sign-in.assess" => {
            let session = &made.args["session"];
            let shown = !session["factor-at"].is_null() || !session["device-at"].is_null();
            let enrolled = made
                .user
                .is_some_and(|it| step.before.people[it].is_enrolled());
            (
                &made.args,
                made.case("continue").is_some() && !(shown && enrolled),
            )
        }
        _ => return Ok(()),
    };
    if !let_in {
        return Ok(());
    }
    let memberships = arguments["memberships"].as_array();
    let policies: Vec<&Value> = memberships
        .into_iter()
        .flatten()
        .filter(|it| it["active"] == true)
        .filter_map(|it| policy_put(history, &it["company"]))
        .filter(|policy| policy["mode"] != "off")
        .collect();
    let due = policies.iter().any(|policy| {
        let at = policy["mode"]["enforced-from"]["at"].as_u64();
        at.is_some_and(|at| step.now >= at)
    });
    let first_factor = match made.function {
        "sign-in.begin" => &arguments["first-factor"],
        _ => &arguments["session"]["first-factor"],
    };
    let exempt = policies.iter().all(|policy| {
        let trusted = policy["trusted-providers"].as_array();
        trusted.is_some_and(|it| it.contains(&first_factor["kind"]["federated"]))
    });
    // A step-up, and a session that asks for a young factor, are never exempt.
    let may_be_exempt = arguments["purpose"].is_null() || arguments["purpose"] == "sign-in";
    let may_be_exempt = may_be_exempt && arguments["max-age"].is_null();
    match due && !(exempt && may_be_exempt) {
        true => Err("S-8: somebody was let in without a factor after the deadline".to_owned()),
        false => Ok(()),
    }
}

/// S-14. A challenge shows every factor, and something that can be done; and who shows one that is not allowed any more
/// must enroll another.
pub(super) fn s_14_an_enrolled_user_gets_no_less_for_want_of_a_usable_factor(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let Some((made, user)) = step.alone().and_then(|made| Some((made, made.user?))) else {
        return Ok(());
    };
    let before = &step.before.people[user];
    if !before.is_enrolled() {
        return Ok(());
    }
    if made.function == "verification.verify" {
        return not_allowed_leads_to_enrolling(before, made);
    }
    let is_assessed = made.function == "sign-in.assess" && made.ok() == Some(&"enroll".into());
    if is_assessed || (made.function == "sign-in.begin" && made.case("enroll").is_some()) {
        return Err("S-14: an enrolled user was offered to enroll".to_owned());
    }
    if made.function != "sign-in.begin" {
        return Ok(());
    }
    if let Some(challenge) = made.case("challenge") {
        let methods = challenge["methods"].as_array().map_or(&[][..], |it| it);
        let is_offered = |it: &Value| it["state"] != "disabled" && it["state"] != "not-offered";
        let shown = |method: &str| methods.iter().any(|it| it["method"] == method);
        let all = ["totp", "sms"]
            .iter()
            .all(|it| shown(it) == before.factor(it).is_some());
        let works = methods.iter().any(is_offered) || challenge["recovery-available"] == true;
        if !all || !works {
            return Err("S-14: a challenge that cannot be met, or hides a factor".to_owned());
        }
    }
    match made.case("allow").map(|it| &it["reason"]) {
        Some(reason)
            if !["mode-off", "exempt", "trusted-device"]
                .iter()
                .any(|it| reason == it) =>
        {
            Err("S-14: an enrolled user was let in without a factor".to_owned())
        }
        _ => Ok(()),
    }
}

fn not_allowed_leads_to_enrolling(before: &Stood, made: &Made) -> Result<(), String> {
    let is_done = made
        .case("accepted")
        .is_some_and(|it| it.get("done").is_some());
    let ticket = before.ticket(made.ticket().unwrap_or_default());
    let Some(ticket) = ticket.filter(|_| is_done && made.method() == Some("sms")) else {
        return Ok(());
    };
    let policy = &ticket.policy;
    let is_on = policy.mode != EffectiveMode::Off;
    match is_on && ticket.purpose != Purpose::ManageFactors && !policy.methods.has(Method::Sms) {
        true => Err("S-14: a factor that is not allowed any more was enough".to_owned()),
        false => Ok(()),
    }
}

/// The policy of a company, by what was put.
fn policy_put<'a>(history: &'a History, company: &Value) -> Option<&'a Value> {
    let put = |owner: &Value| {
        let calls = history
            .steps
            .iter()
            .rev()
            .flat_map(|step| step.calls.iter().map(move |made| (step, made)));
        let mut puts = calls
            .filter(|(_, made)| made.function == "policy.put" && made.args["company"] == *owner);
        // One whose answer was lost was put as well.
        let stands = |step: &Step, made: &Made| {
            made.ok().is_some() || (step.fault.is_some() && !step.changed().is_empty())
        };
        puts.find(|(step, made)| stands(step, made))
            .map(|(_, made)| &made.args["policy"])
    };
    put(company).or_else(|| put(&"*".into()))
}

/// The id of the factor that the code of an accepted call is of: for `confirm` that of what became one.
fn accepted_of(step: &Step, made: &Made) -> Option<String> {
    made.case("accepted")?;
    let stood = match made.function {
        "verification.verify" => &step.before.people[made.user?],
        "enrollment.confirm" => &step.after.people[made.user?],
        _ => return None,
    };
    Some(stood.factor(made.method()?)?.0.to_owned())
}

fn confirmed_key(stood: &Stood) -> Option<String> {
    let app = stood.account.as_ref()?.app.as_ref()?;
    Some(entry(&app.key))
}

/// What the user's app has: an import as it was scanned, or the key.
fn entry(key: &Key) -> String {
    let text = key.to_base32();
    let imported = IMPORTS.iter().find(|it| it.uri.contains(text.expose()));
    imported.map_or_else(|| text.expose().to_owned(), |it| it.uri.to_owned())
}

/// The steps around now that a typed code is of, in ascending order.
fn steps_of(key: &str, made: &Made, now: u64) -> Vec<u64> {
    let period = IMPORTS
        .iter()
        .find(|it| it.uri == key)
        .map_or(30, |it| it.period);
    let app = Authenticator::scan(key).expect("it is an entry");
    let digits = digits(made);
    let current = now / period;
    (current - 1..=current + 1)
        .filter(|step| app.code(step * period) == digits)
        .collect()
}

fn digits(made: &Made) -> String {
    let typed = made.args["code"].as_str().unwrap_or_default();
    typed.chars().filter(char::is_ascii_digit).collect()
}

/// Whether a count of a call's ticket rose by one, or the ticket is over.
fn more(before: &Stood, after: &Stood, made: &Made, count: impl Fn(&Ticket) -> u32) -> bool {
    let find = |stood: &Stood| {
        let text = made.ticket().unwrap_or_default();
        let found = stood
            .tickets
            .live
            .iter()
            .find(|it| text.starts_with(&it.id));
        found.map(|it| (count(it), it.stage == Stage::Challenged))
    };
    match (find(before), find(after)) {
        (Some((before, _)), Some((after, _))) => after == before + 1,
        (Some((_, challenged)), None) => challenged,
        _ => false,
    }
}

fn normal(code: &str) -> String {
    code.to_uppercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

const PROOF: &str = "/ok/accepted/assertion/proof";

/// Longer than a code of any key is good for: three steps of the longest period.
const LONGEST_LIFE: u64 = 3 * 120;
