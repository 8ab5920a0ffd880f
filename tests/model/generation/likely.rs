//! What leads on from where the users are.

use crate::command::{
    Call, Code, Command, Dialled, Method, Purpose, Put, Recovery, Remember, Revocable, Script,
    Token, Which, Who,
};
use crate::guessing::{begin, begin_with, sign_in};
use crate::reference::policy::{Mode, Owner};
use crate::reference::{Reference, Stage, Ticket};

/// What leads on from where each user is.
pub(super) fn likely(state: &Reference) -> Vec<Command> {
    let mut likely: Vec<Command> = likely_calls(state).into_iter().map(Command::Do).collect();
    for (user, person) in state.people.iter().enumerate() {
        scripts(state, user, &mut likely);
        // After a code was accepted, the next one comes with the next step.
        if person
            .app
            .as_ref()
            .is_some_and(|it| state.step(it.key) <= it.mark)
        {
            likely.push(Command::Wait(31));
            likely.push(Command::Wait(60));
        }
        let rests = person
            .methods()
            .filter_map(|it| person.counts(it)?.resting(state.now));
        let texted = person.texted_at.map(|at| at + 60);
        for until in rests.chain(texted).filter(|it| *it > state.now) {
            likely.push(Command::Wait(until - state.now));
        }
    }
    // The last second of a code, and the first after it.
    for ticket in state
        .tickets
        .iter()
        .rev()
        .take(4)
        .filter(|it| it.is_good(state.now))
    {
        let pending = ticket.pending_phone.as_ref().map(|it| &it.sent);
        if let Some(sent) = ticket.sent.as_ref().or(pending)
            && sent.good_until > state.now
        {
            likely.push(Command::Wait(sent.good_until - state.now));
            likely.push(Command::Wait(sent.good_until - state.now + 1));
        }
    }
    likely
}

/// What takes several calls.
fn scripts(state: &Reference, user: Who, likely: &mut Vec<Command>) {
    let (policy, person) = (&state.policies[&Owner::Acme].0, &state.people[user]);
    if person.erased || policy.mode == Mode::Off {
        return;
    }
    let mut add = |script| likely.push(Command::Script(user, script));
    let (right, old) = (Code::Right(0), Code::OldKey);
    if policy.sms && person.phone.is_none() {
        add(Script::SetUpPhone(user));
        add(Script::SetUpPhone(user));
    }
    if policy.sms && !person.is_enrolled() {
        add(Script::SetUpPhoneTwice(right));
        add(Script::SetUpPhoneTwice(old));
    }
    if policy.sms && person.recovery.is_some() {
        add(Script::RecoverWithPhone(user));
    }
    if person.phone.is_some() {
        add(Script::SetUpPhone(3));
        // The last second of a code that is good for ten minutes, and the first after it.
        add(Script::TextLate(600));
        add(Script::TextLate(601));
        add(Script::SignInByText(Remember::No));
        add(Script::SignInByText(Remember::Yes));
        add(Script::TextTwice(right));
        add(Script::TextTwice(old));
        add(Script::ManageByText);
        add(Script::ManageByText);
    }
    if person.app.is_some() {
        add(Script::SignInByApp(Remember::Yes));
        add(Script::LoseApp);
    }
}

pub(super) fn likely_calls(state: &Reference) -> Vec<Call> {
    let mut likely = vec![Call::Status(0)];
    // The company stops text messages, or allows them again.
    let mut policy = state.policies[&Owner::Acme].0.clone();
    policy.sms = !policy.sms;
    if !policy.is_out_of_bounds() {
        likely.push(Call::Put(Put {
            owner: Owner::Acme,
            policy,
            current: true,
            enforce_now: true,
        }));
    }
    for (user, person) in state.people.iter().enumerate() {
        if person.erased {
            continue;
        }
        let is_off = state.policies[&Owner::Acme].0.mode == Mode::Off;
        if !is_off || person.is_enrolled() {
            likely.push(begin(user, Purpose::Manage));
        }
        if !is_off && person.is_enrolled() {
            likely.push(sign_in(user));
        }
        if state
            .given
            .iter()
            .any(|(owner, known)| *owner == user && *known)
        {
            for _ in 0..2 {
                likely.push(begin_with(user, Purpose::SignIn, Token::Own(0)));
            }
        }
        for number in state.good(user).into_iter().rev().take(3) {
            on_ticket(state, user, &state.tickets[number], &mut likely);
        }
        let is_disabled = |it| person.counts(it).is_some_and(|it| it.disabled);
        if person.suspect || person.methods().any(is_disabled) {
            for _ in 0..2 {
                likely.push(Call::FirstFactorChanged(user));
                likely.push(sign_in(user));
            }
            for _ in 0..2 {
                likely.push(Call::Revoke(user, Revocable::Recovery));
            }
        }
    }
    likely
}

/// What leads on from a ticket.
fn on_ticket(state: &Reference, user: Who, ticket: &Ticket, likely: &mut Vec<Call>) {
    let (totp, sms, suited) = (Method::Totp, Method::Sms, Which::Suited(0));
    let person = &state.people[user];
    let verify = |method, code| Call::Verify(user, suited, method, code, Remember::No);
    match ticket.stage {
        Stage::Challenged => {
            if person.app.is_some() {
                for _ in 0..3 {
                    likely.push(verify(totp, Code::Right(0)));
                }
                likely.push(Call::Verify(
                    user,
                    suited,
                    totp,
                    Code::Right(1),
                    Remember::Yes,
                ));
                likely.push(verify(totp, Code::Wrong));
                // What was used, and what is not confirmed.
                likely.push(verify(totp, Code::LastAccepted));
                if state.has_pending(user) {
                    likely.push(verify(totp, Code::OtherKey));
                    likely.push(verify(totp, Code::OtherKey));
                }
            }
            if person.phone.is_some() {
                for _ in 0..if ticket.sent.is_none() { 3 } else { 1 } {
                    likely.push(Call::SendCode(user, suited));
                }
            }
            if ticket.sent.is_some() {
                for _ in 0..3 {
                    likely.push(verify(sms, Code::Right(0)));
                }
                likely.push(Call::Verify(
                    user,
                    suited,
                    sms,
                    Code::Right(0),
                    Remember::Yes,
                ));
                likely.push(verify(sms, Code::Wrong));
                likely.push(verify(sms, Code::OldKey));
                likely.push(verify(sms, Code::OtherKey));
            }
            if person.recovery.is_some() {
                likely.push(Call::Present(user, suited, Recovery::Right));
            }
        }
        Stage::Verified { factor_at, .. } if state.now < factor_at + 300 => {
            likely.push(Call::BeginTotp(user, suited));
            for method in person.methods() {
                likely.push(Call::Remove(user, suited, method));
            }
            likely.push(Call::Issue(user, suited));
            if person.methods().count() == 2 {
                likely.push(Call::Prefer(user, suited, sms));
                likely.push(Call::Prefer(user, suited, totp));
            }
        }
        Stage::Verified { .. } => {}
        Stage::Enrolling { .. } | Stage::Recovering => likely.push(Call::BeginTotp(user, suited)),
    }
    if ticket.stage != Stage::Challenged && ticket.rules.sms && ticket.pending_phone.is_none() {
        // To each a number of their own; the second time another.
        let number = if person.phone.is_some() { 3 } else { user };
        for _ in 0..2 {
            likely.push(Call::BeginSms(user, suited, Dialled::Number(number)));
        }
    }
    for method in [totp, sms].into_iter().filter(|it| ticket.is_pending(*it)) {
        for _ in 0..3 {
            likely.push(Call::Confirm(user, suited, method, Code::Right(0)));
        }
        likely.push(Call::Confirm(user, suited, method, Code::Wrong));
        likely.push(Call::Cancel(user, suited, method));
    }
    if ticket.pending_phone.is_some() {
        likely.push(Call::Resend(user, suited));
        likely.push(Call::Confirm(user, suited, sms, Code::OldKey));
    }
}
