//! Of records, faults and answers: what changes when, and what leaves.

use countersign_host::store::{Key, Record};
use serde_json::Value;

use super::newest;
use crate::command::Fault;
use crate::history::{History, Made, Step};
use crate::secrets::{Secrets, name};

/// S-2. Of one factor, as stored.
pub(super) fn s_2_the_replay_mark_never_goes_down(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    for (before, after) in step.before.people.iter().zip(&step.after.people) {
        let app = |it: &crate::history::Stood| {
            let app = it.account.as_ref()?.app.as_ref()?;
            Some((app.id.clone(), app.mark))
        };
        if let (Some((old, was)), Some((new, is))) = (app(before), app(after))
            && old == new
            && is < was
        {
            return Err("S-2: the replay mark went down".to_owned());
        }
    }
    Ok(())
}

/// S-4. A factor comes, goes, or is disabled for good; it does not come back.
pub(super) fn s_4_a_live_factor_changes_only_by_what_may_change_it(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    for (user, (before, after)) in step
        .before
        .people
        .iter()
        .zip(&step.after.people)
        .enumerate()
    {
        let factors = |it: &crate::history::Stood| {
            let account = it.account.as_ref();
            let app = account.and_then(|it| it.app.as_ref());
            let app = app.map(|it| (it.id.clone(), it.key.to_base32().expose().to_owned()));
            let phone = account.and_then(|it| it.phone.as_ref());
            (
                app,
                phone.map(|it| (it.id.clone(), it.number.as_str().to_owned())),
            )
        };
        let own = || step.calls.iter().filter(|it| it.user == Some(user));
        let did = |functions: &[&str]| {
            own().any(|made| {
                let accepted = made.ok().is_some() && made.case("rejected").is_none();
                functions.contains(&made.function) && (accepted || step.fault.is_some())
            })
        };
        if factors(before) != factors(after)
            && !did(&[
                "enrollment.confirm",
                "enrollment.remove",
                "administration.reset",
                "administration.add-totp",
                "administration.erase",
            ])
        {
            return Err("S-4: a factor changed by what may not change it".to_owned());
        }
        for method in ["totp", "sms"] {
            let disabled = |it: &crate::history::Stood| {
                let (id, counts) = it.factor(method)?;
                Some((id.to_owned(), counts.disabled))
            };
            let shows =
                |it: &&Made| it.function == "verification.verify" && it.method() == Some(method);
            match (disabled(before), disabled(after)) {
                (Some((old, true)), Some((new, false))) if old == new => {
                    return Err("S-4: a disabled factor came back".to_owned());
                }
                (Some((old, false)), Some((new, true)))
                    if old == new && own().find(shows).is_none() =>
                {
                    return Err("S-4: a factor was disabled without a wrong code".to_owned());
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// S-4, where an app is there and the policy does not let a text message manage it: on a ticket that a text message led
/// to, the phone can be removed, and nothing else changes hands. Goes by the answer that gave the ticket.
pub(super) fn s_4_a_text_message_changes_no_app(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let Some(made) = step.alone() else {
        return Ok(());
    };
    let (Some(user), Some(ticket)) = (made.user, made.ticket()) else {
        return Ok(());
    };
    let (before, after) = (&step.before.people[user], &step.after.people[user]);
    let policy = before.ticket(ticket).map(|it| &it.policy);
    let may = policy.is_none_or(|it| it.sms.may_manage_app);
    let has_app = before.factor("totp").is_some();
    if may || !has_app || std::rc::Rc::ptr_eq(before, after) {
        return Ok(());
    }
    let calls = history.steps.iter().flat_map(|it| &it.calls);
    let shown = calls
        .filter_map(Made::next_ticket)
        .find(|(it, _)| *it == ticket);
    if shown.map(|(_, method)| method) != Some("sms") {
        return Ok(());
    }
    let id = |it: &crate::history::Stood, method| it.factor(method).map(|(id, _)| id.to_owned());
    let code = |it: &crate::history::Stood| {
        let account = it.account.as_ref()?;
        account.recovery.as_ref().map(|it| it.id.clone())
    };
    let phone_stays = id(after, "sms").is_none() || id(before, "sms") == id(after, "sms");
    // One that was removed on this very ticket may come back, as a second factor without a code.
    let phone_stays = phone_stays || id(before, "sms").is_none();
    match id(before, "totp") == id(after, "totp") && code(before) == code(after) && phone_stays {
        true => Ok(()),
        false => Err("S-4: a text message changed the app, or what can take its place".to_owned()),
    }
}

/// S-9. Broken randomness only shows where some is drawn, and a conflict is no fault that anybody may notice.
pub(super) fn s_9_a_fault_lets_nobody_in(history: &History, _: &Secrets) -> Result<(), String> {
    let step = newest(history);
    let is_shown = match step.fault {
        None => false,
        Some(Fault::Clock) => true,
        Some(Fault::Random(_)) => return no_new_secret(step),
        Some(Fault::Import { kind, .. }) => kind != countersign_conformance::world::Kind::Conflict,
    };
    match is_shown && step.calls.iter().any(|made| made.ok().is_some()) {
        true => Err("S-9: a call was answered in spite of a fault".to_owned()),
        false => Ok(()),
    }
}

/// S-10. Keys once they are confirmed, and recovery codes: whole answers are searched for them.
pub(super) fn s_10_no_secret_leaves_twice(
    history: &History,
    secrets: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    for made in &step.calls {
        let text = made.answer.to_string();
        let was_confirmed = |key: &str| {
            let people = history.steps.iter().flat_map(|it| &it.before.people);
            let mut apps = people.filter_map(|it| it.account.as_ref()?.app.as_ref());
            apps.any(|app| app.key.to_base32().expose() == key)
        };
        if secrets
            .keys()
            .any(|key| text.contains(key) && was_confirmed(key))
        {
            return Err("S-10: the key of a confirmed factor left".to_owned());
        }
        for (_, code) in secrets.codes() {
            if !text.contains(code.as_str()) {
                continue;
            }
            let others = history.steps.iter().flat_map(|it| &it.calls);
            let times = others.filter(|it| it.answer.to_string().contains(code.as_str()));
            if times.count() > 1 {
                return Err("S-10: a recovery code left twice".to_owned());
            }
        }
    }
    Ok(())
}

/// S-11. One call makes one commit, so that its events are in the same one as its changes.
pub(super) fn s_11_every_change_comes_with_an_event(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    match step.changed_by_call().is_empty() || !step.events.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "S-11: changed without an event: {:?}",
            step.changed()
        )),
    }
}

/// S-12. The records of its own user, or the policy that it puts; and events of nobody else.
pub(super) fn s_12_a_call_touches_only_its_own_records(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    for key in step.changed_by_call() {
        let is_own = step.calls.iter().any(|made| match &key.record {
            Record::Account { user } | Record::Tickets { user } => {
                made.user.is_some_and(|it| name(it) == &**user)
            }
            Record::Policy { company } => {
                made.function == "policy.put" && made.args["company"] == **company
            }
            Record::Quota { .. } => is_text(made),
        });
        if !is_own {
            return Err(format!("S-12: a call touched {:?}", key.record));
        }
    }
    for event in &step.events {
        let user = event.get("user").and_then(Value::as_str);
        let is_own = step.calls.iter().any(|made| made.user.map(name) == user);
        if !is_own {
            return Err(format!("S-12: an event of {user:?}"));
        }
    }
    Ok(())
}

/// S-13. Of a function called with a ticket that never was, for users of all kinds and one nobody knows.
pub(crate) fn s_13_a_stranger_tells_nobody_apart(answers: &[Value]) -> Result<(), String> {
    match answers.windows(2).all(|pair| pair[0] == pair[1]) {
        true => Ok(()),
        false => Err("S-13: a stranger can tell users apart".to_owned()),
    }
}

/// S-15. A ticket is spent by what the answers said of it: it led to another or to an end, or had its last try.
pub(super) fn s_15_a_spent_ticket_does_nothing(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let (step, before) = history.steps.split_last().expect("something happened");
    for made in &step.calls {
        let Some(ticket) = made.ticket() else {
            continue;
        };
        let earlier = before.iter().flat_map(|it| &it.calls);
        let spent = earlier
            .filter(|it| it.ticket() == Some(ticket) && it.user == made.user)
            .any(spends);
        if spent && made.ok().is_some() {
            return Err("S-15: a spent ticket was good".to_owned());
        }
    }
    Ok(())
}

/// S-15, and of every refusal: nothing was changed, except where a fault leaves it open.
pub(super) fn s_15_a_refusal_changes_nothing(history: &History, _: &Secrets) -> Result<(), String> {
    let step = newest(history);
    let refused = step.calls.iter().all(|made| made.refusal().is_some());
    let is_lost = matches!(
        step.fault,
        Some(Fault::Import {
            kind: countersign_conformance::world::Kind::After,
            ..
        }) | Some(Fault::Import {
            import: countersign_conformance::world::Import::Commit,
            on: 2,
            ..
        })
    );
    // A message that is refused is noted and, among the tickets, counted; one whose fate was not noted went out all the same.
    let noted = |event: &Value| event["event"] == "sms-refused" && step.calls.iter().any(is_text);
    let counts = |key: &Key| {
        let is_tickets = matches!(key.record, Record::Tickets { .. });
        is_tickets && !step.events.is_empty()
    };
    let changed = step.changed_by_call();
    let changes = !changed.into_iter().all(counts) || !step.events.iter().all(noted);
    match refused && !is_lost && changes {
        true => Err("S-15: a refused call changed something".to_owned()),
        false => Ok(()),
    }
}

/// Whether a call asks for a text message.
fn is_text(made: &Made) -> bool {
    [
        "verification.send-code",
        "enrollment.begin-sms",
        "enrollment.resend",
    ]
    .contains(&made.function)
}

/// Whether a call ended its ticket, by its answer.
fn spends(made: &Made) -> bool {
    let last = made
        .case("rejected")
        .is_some_and(|it| it["attempts-left"] == 0);
    match made.function {
        "verification.verify" | "recovery.present" => made.case("accepted").is_some() || last,
        // On a ticket in stage `verified` it stays, which the answer does not tell; others spend it.
        "enrollment.confirm" => made
            .answer
            .pointer("/ok/accepted/assertion")
            .is_some_and(|it| it["proof"] == "recovery" || !it["next-ticket"].is_null()),
        _ => false,
    }
}

/// No new ticket, key or recovery code may be made of bytes that cannot be random.
fn no_new_secret(step: &Step) -> Result<(), String> {
    let Some(Fault::Random(broken)) = step.fault else {
        return Ok(());
    };
    let is_new = |made: &Made| {
        let text = made.ok().map(Value::to_string).unwrap_or_default();
        let new = ["\"ticket\":\"", "\"code\":\""];
        let device = made.answer.pointer("/ok/accepted/done/device-token");
        new.iter().any(|it| text.contains(it)) || device.is_some_and(Value::is_string)
    };
    // The same bytes at every draw are told only where there are two; a keyed MAC makes secrets of them that differ.
    let is_told = broken != countersign_conformance::world::Broken::Stuck;
    match is_told && step.calls.iter().any(is_new) {
        true => Err("S-9: a secret was made of bytes that cannot be random".to_owned()),
        false => Ok(()),
    }
}
