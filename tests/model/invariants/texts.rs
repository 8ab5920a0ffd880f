//! Of text messages: what goes out, and what its code is good for. By what arrived, not by what is stored.

use countersign_core::ticket::Ticket;
use countersign_host::sms::{Message, MessagePurpose};
use serde_json::Value;

use super::newest;
use crate::history::{History, Made, Step};
use crate::secrets::{PHONES, Secrets};

/// VERIFY-16. The code arrived for this very ticket and what it is used for, since the last time that one was accepted on
/// it; no other message did after it; and it is not too old.
pub(super) fn a_sent_code_is_accepted_once_on_its_ticket_and_in_time(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let (step, before) = history.steps.split_last().expect("something happened");
    for made in &step.calls {
        if made.method() != Some("sms") || made.case("accepted").is_none() {
            continue;
        }
        let digits: String = made.args["code"].as_str().unwrap_or_default().to_owned();
        let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
        let enrolls = made.function != "verification.verify";
        // Two calls at once may have sent and typed, in this order.
        let earlier = before.iter().chain(Some(step)).rev();
        let on_ticket = earlier.flat_map(|it| it.calls.iter().rev().map(move |made| (it, made)));
        let on_ticket =
            on_ticket.filter(|(_, it)| it.ticket() == made.ticket() && it.user == made.user);
        let mut found = None;
        for (at, other) in on_ticket {
            if std::ptr::eq(other, made) {
                continue;
            }
            if other.method() == Some("sms") && other.case("accepted").is_some() {
                break;
            }
            if !sends(other) {
                continue;
            }
            let message = at
                .messages
                .iter()
                .find(|it| (it.purpose == MessagePurpose::Enroll) == enrolls);
            if message.is_some_and(|it| it.code == digits) {
                found = Some((at, other));
                break;
            }
            // A later message with another code voids this one. Whether one that did not arrive had another, nobody knows.
            if message.is_some() {
                return Err("VERIFY-16: the code of an earlier message was accepted".to_owned());
            }
        }
        let Some((at, sent)) = found else {
            return Err("VERIFY-16: a code was accepted that did not arrive for it".to_owned());
        };
        let end = sent.ok().and_then(|it| it["expires-at"].as_u64());
        if step.now > end.unwrap_or(at.now + LONGEST_LIFE) {
            return Err("VERIFY-16: a code was accepted after its end".to_owned());
        }
    }
    Ok(())
}

/// VERIFY-16: one that is over says so, and nobody who types it loses a try.
pub(super) fn a_code_that_is_over_does_not_count(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let Some(made) = step.alone() else {
        return Ok(());
    };
    let is_over = made
        .case("rejected")
        .is_some_and(|it| it["reason"] == "code-expired");
    let (Some(user), true) = (made.user, is_over) else {
        return Ok(());
    };
    let (before, after) = (&step.before.people[user], &step.after.people[user]);
    let ticket = made.ticket().unwrap_or_default();
    let tries = |it: &Ticket| {
        let pending = it.pending_phone.as_ref().map(|it| it.failures);
        (it.failures.total(), pending, it.sends)
    };
    let counts = |it: &crate::history::Stood| {
        let streak = it
            .factor("sms")
            .map(|(_, counts)| (counts.streak, counts.unredeemed));
        (streak, it.ticket(ticket).map(tries))
    };
    match counts(before) == counts(after) {
        true => Ok(()),
        false => Err("VERIFY-16: a code that was over counted".to_owned()),
    }
}

/// VERIFY-1: by the events, each of which is in the commit that counts.
pub(super) fn a_message_goes_out_only_after_the_commit_that_counts_it(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let asked = step.calls.iter().filter(|it| asks(it)).count();
    let requested = step
        .events
        .iter()
        .filter(|it| it["event"] == "sms-requested")
        .count();
    match step.messages.len() <= requested && requested <= asked {
        true => Ok(()),
        false => Err("VERIFY-1: a message went out that was not counted".to_owned()),
    }
}

/// VERIFY-2, ENROLL-7. By the record: what is asked for changes no count of wrong codes.
pub(super) fn a_message_changes_no_count_of_tries(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let Some(made) = step.alone().filter(|it| asks(it)) else {
        return Ok(());
    };
    let Some(user) = made.user else { return Ok(()) };
    let ticket = made.ticket().unwrap_or_default();
    let wrong = |it: &crate::history::Stood| {
        let ticket = it.ticket(ticket);
        let pending = ticket.and_then(|it| it.pending_phone.as_ref());
        let pending = pending.map(|it| (it.number.as_str().to_owned(), it.failures));
        let factors = ["totp", "sms"].map(|it_is| it.factor(it_is).map(|(_, it)| it.clone()));
        (ticket.map(|it| it.failures.total()), factors, pending)
    };
    let (before, after) = (
        wrong(&step.before.people[user]),
        wrong(&step.after.people[user]),
    );
    let same_phone = match (&before.2, &after.2) {
        (Some((old, was)), Some((new, is))) => old != new || was == is,
        _ => true,
    };
    match before.0 == after.0 && before.1 == after.1 && same_phone {
        true => Ok(()),
        false => Err("VERIFY-2: a message changed a count of wrong codes".to_owned()),
    }
}

/// The table of `send-code`, by what arrived. The limits are those of the ticket that it was asked for on.
pub(super) fn no_more_messages_than_the_limits(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let [message] = step.messages.as_slice() else {
        return Ok(());
    };
    let asking = step.calls.iter().find(|it| sends(it) || asks(it));
    let Some((made, user)) = asking.and_then(|made| Some((made, made.user?))) else {
        return Err("VERIFY-1: a message went out that nobody asked for".to_owned());
    };
    // Of two calls at once it may be the other's.
    let all_of = |at: &Step, own: &dyn Fn(&Made) -> bool| {
        let mut sending = at.calls.iter().filter(|it| sends(it)).peekable();
        sending.peek().is_some() && sending.all(own)
    };
    let of_user = |at: &Step, _: &Message| all_of(at, &|it: &Made| it.user == Some(user));
    let of_ticket = |at: &Step, _: &Message| all_of(at, &|it: &Made| it.ticket() == made.ticket());
    let is_new = |it: &Message| it.purpose == MessagePurpose::Enroll;
    let of_number =
        |_: &Step, it: &Message| it.number == message.number && is_new(it) == is_new(message);
    let of_payer = |_: &Step, it: &Message| it.company == message.company;
    let of_new = |_: &Step, it: &Message| {
        it.company == message.company && it.purpose == MessagePurpose::Enroll
    };
    // With two calls at once it may be the other's.
    if step.calls.len() > 1 {
        return Ok(());
    }
    let Some(ticket) = step.before.people[user].ticket(made.ticket().unwrap_or_default()) else {
        return Err("VERIFY-1: a message went out for no ticket".to_owned());
    };
    let rules = &ticket.policy.sms;
    let (hour, day) = (rules.per_hour as usize, rules.per_day as usize);
    // What the realm pays is no company's to set.
    let budget = match message.company.as_str() {
        "*" => 1_000,
        _ => rules.daily_budget as usize,
    };
    let share = budget * rules.enrolling_percent as usize / 100;
    let limits = [
        ("a user an hour", within(history, 3_600, of_user), hour),
        ("a user a day", within(history, 86_400, of_user), day),
        ("a number a minute", within(history, 60, of_number), 1),
        ("a number an hour", within(history, 3_600, of_number), hour),
        ("a number a day", within(history, 86_400, of_number), day),
        ("a company a day", within(history, 86_400, of_payer), budget),
        (
            "a company's enrolling a day",
            if is_new(message) {
                within(history, 86_400, of_new)
            } else {
                0
            },
            share,
        ),
        (
            "a ticket",
            all(history).filter(|(at, it)| of_ticket(at, it)).count(),
            3,
        ),
    ];
    if let Some((whose, sent, most)) = limits.into_iter().find(|(_, sent, most)| sent > most) {
        return Err(format!(
            "VERIFY-1: {sent} messages to {whose}, and {most} at most"
        ));
    }
    // Where the clock went back, the time of the last one was that of a clock that was wrong.
    let pairs = history.steps.windows(2).rev();
    let steady = pairs
        .take_while(|pair| pair[0].now <= pair[1].now)
        .map(|pair| &pair[0]);
    let mut earlier = steady.flat_map(|at| at.messages.iter().map(move |it| (at, it)));
    match earlier.find(|(at, it)| of_user(at, it)) {
        Some((at, _)) if step.now < at.now + 60 => {
            Err("VERIFY-1: two messages to a user within a minute".to_owned())
        }
        _ => Ok(()),
    }
}

/// Each may cost the host a look-up.
pub(super) fn no_more_refusals_than_the_limit(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let refused = |at: &Step| {
        let own = at.events.iter().filter(|it| it["event"] == "sms-refused");
        own.map(|it| it["user"].clone()).collect::<Vec<_>>()
    };
    for user in refused(step) {
        let steady = history.steps.iter().rev();
        let recent = steady.take_while(|it| it.now <= step.now && it.now + 3_600 > step.now);
        let count = recent.flat_map(refused).filter(|it| *it == user).count();
        // Counted from the first of an hour: at its end as many again may come.
        if count > 20 {
            return Err("VERIFY-19: refusals go on without end".to_owned());
        }
    }
    Ok(())
}

/// Of answers too: nobody is told a code but by its message, or a number but masked.
pub(super) fn neither_number_nor_code_is_in_an_event_or_answer(
    history: &History,
    _: &Secrets,
) -> Result<(), String> {
    let step = newest(history);
    let mut texts = Vec::new();
    for event in &step.events {
        strings(event, &mut texts);
    }
    for made in &step.calls {
        strings(&made.answer, &mut texts);
    }
    let numbers = || PHONES.iter().map(|it| &it.text[1..]);
    if texts
        .iter()
        .any(|text| numbers().any(|it| text.contains(it)))
    {
        return Err("S-10: a telephone number left".to_owned());
    }
    let is_code = |word: &str| word.len() == 6 && all(history).any(|(_, it)| it.code == word);
    let words = texts
        .iter()
        .flat_map(|it| it.split(|c: char| !c.is_ascii_alphanumeric()));
    match words.into_iter().any(is_code) {
        true => Err("S-10: a code left by another way than its message".to_owned()),
        false => Ok(()),
    }
}

fn asks(made: &Made) -> bool {
    matches!(
        made.function,
        "verification.send-code" | "enrollment.begin-sms" | "enrollment.resend"
    )
}

/// Whether it may have sent something: it was answered, or its answer was lost.
fn sends(made: &Made) -> bool {
    asks(made) && (made.ok().is_some() || made.answer.pointer("/err/unavailable").is_some())
}

fn all(history: &History) -> impl DoubleEndedIterator<Item = (&Step, &Message)> {
    let steps = history.steps.iter();
    steps.flat_map(|step| step.messages.iter().map(move |it| (step, it)))
}

/// How many such messages went out in the window of now, this one included. Whatever was counted before the clock once
/// stood past the window's end may be forgotten.
fn within(history: &History, seconds: u64, of: impl Fn(&Step, &Message) -> bool) -> usize {
    let window = newest(history).now / seconds;
    let steps = history.steps.iter().rev();
    let known = steps.take_while(|it| it.now / seconds <= window);
    let inside = known.filter(|it| it.now / seconds == window);
    let messages = inside.flat_map(|step| step.messages.iter().map(move |it| (step, it)));
    messages.filter(|(step, it)| of(step, it)).count()
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|it| strings(it, found)),
        Value::Object(fields) => fields.values().for_each(|it| strings(it, found)),
        _ => {}
    }
}

/// The contract's bound, where the answer that named an end was lost.
const LONGEST_LIFE: u64 = 30 * 60;
