//! A thief who knows the password, and types codes.

use crate::command::{
    Begin, Call, Carrier, Code, Command, Dialled, Line, Method, Purpose, Recovery, Remember,
    Revocable, Script, Token, Which, Who,
};
use crate::reference::policy::{Company, Membership};
use crate::reference::{Reference, Stage};

/// So many wrong codes, with all the sign-ins, messages and waits that they take.
pub(crate) struct Guessing {
    user: Who,
    method: Method,
    left: u32,
    /// Whether the last thing was a sign-in: if that brought no challenge, nothing will.
    tried: bool,
    /// How often it was worth waiting for the next message.
    waits: u32,
}

impl Guessing {
    pub(crate) fn new(user: Who, method: Method, wrong: u32) -> Self {
        Self {
            user,
            method,
            left: wrong,
            tried: false,
            waits: 0,
        }
    }

    /// The next thing to do; none when there is no more to guess at.
    pub(crate) fn next(&mut self, reference: &Reference) -> Option<Command> {
        let person = &reference.people[self.user];
        let counts = person.counts(self.method).filter(|it| !it.disabled)?;
        if self.left == 0 {
            return None;
        }
        let rests = [counts.rest_until, person.user_wide.rest_until];
        if let Some(until) = rests.into_iter().flatten().max()
            && until > reference.now
        {
            return Some(Command::Wait(until - reference.now));
        }
        let newest = reference.good(self.user).into_iter().rev();
        let mut challenged = newest.filter(|it| {
            let ticket = &reference.tickets[*it];
            ticket.stage == Stage::Challenged && ticket.known
        });
        let Some(place) = challenged.next() else {
            return self.try_once(sign_in(self.user));
        };
        let ticket = &reference.tickets[place];
        let running = ticket.sent.as_ref().filter(|it| !it.is_over(reference.now));
        if self.method == Method::Sms && running.is_none() {
            if reference.line == Line::Refuses {
                return None;
            }
            let limits = reference.limits(self.user, place);
            if let Some(until) = limits.into_iter().min().filter(|_| self.waits < MOST_WAITS) {
                self.waits += 1;
                return Some(Command::Wait(until.saturating_sub(reference.now).max(1)));
            }
            return self.try_once(Call::SendCode(self.user, Which::Suited(0)));
        }
        self.left -= 1;
        self.tried = false;
        Some(Command::Do(Call::Verify(
            self.user,
            Which::Suited(0),
            self.method,
            Code::Wrong,
            Remember::No,
        )))
    }

    fn try_once(&mut self, call: Call) -> Option<Command> {
        if !call.texts() {
            let is_first = !std::mem::replace(&mut self.tried, true);
            return is_first.then_some(Command::Do(call));
        }
        self.tried = false;
        self.waits += 1;
        match self.waits {
            n if n > MOST_WAITS => None,
            // The hour's messages may be used up; the next hour has others.
            n if n.is_multiple_of(5) => Some(Command::Wait(3_600)),
            _ => Some(Command::Do(call)),
        }
    }
}

/// The commands of a script.
pub(crate) fn steps(user: Who, script: Script) -> Vec<Command> {
    let (totp, sms, suited, right) = (Method::Totp, Method::Sms, Which::Suited(0), Code::Right(0));
    let verify = |method, remember| Call::Verify(user, suited, method, right, remember);
    let confirm = |code| Call::Confirm(user, suited, sms, code);
    let text = Command::Do(Call::SendCode(user, suited));
    let set_up = |number| Call::BeginSms(user, suited, Dialled::Number(number));
    let minute = || Command::Wait(61);
    match script {
        Script::SetUpPhone(number) => vec![
            minute(),
            Command::Do(begin(user, Purpose::Manage)),
            Command::Do(verify(totp, Remember::No)),
            Command::Do(set_up(number)),
            Command::Do(confirm(right)),
        ],
        Script::SetUpPhoneTwice(code) => vec![
            minute(),
            Command::Do(begin(user, Purpose::Manage)),
            Command::Do(set_up(user)),
            minute(),
            Command::Do(Call::Resend(user, suited)),
            Command::Do(confirm(code)),
        ],
        Script::SignInByText(remember) => vec![
            minute(),
            Command::Do(sign_in(user)),
            text,
            Command::Do(verify(sms, remember)),
        ],
        Script::TextTwice(code) => vec![
            minute(),
            Command::Do(sign_in(user)),
            text.clone(),
            minute(),
            text,
            Command::Do(Call::Verify(user, suited, sms, code, Remember::No)),
        ],
        Script::SignInByApp(remember) => vec![
            Command::Wait(31),
            Command::Do(sign_in(user)),
            Command::Do(verify(totp, remember)),
        ],
        Script::ManageByText => vec![
            minute(),
            Command::Do(begin(user, Purpose::Manage)),
            text,
            Command::Do(verify(sms, Remember::No)),
            minute(),
            Command::Do(set_up(3)),
            Command::Do(confirm(right)),
        ],
        Script::TextLate(seconds) => vec![
            minute(),
            Command::Do(sign_in(user)),
            text,
            Command::Do(set_up(user)),
            Command::Wait(seconds),
            Command::Do(verify(sms, Remember::No)),
            Command::Do(confirm(right)),
        ],
        Script::LoseApp => vec![
            Command::Guess(user, totp, 100),
            Command::Do(Call::Revoke(user, Revocable::Recovery)),
            Command::Do(sign_in(user)),
            Command::Do(Call::FirstFactorChanged(user)),
            Command::Do(sign_in(user)),
        ],
        Script::RecoverWithPhone(number) => vec![
            minute(),
            Command::Do(sign_in(user)),
            Command::Do(Call::Present(user, suited, Recovery::Right)),
            Command::Do(set_up(number)),
            Command::Do(confirm(right)),
        ],
    }
}

/// A sign-in with a fresh password, of a member of every company.
pub(crate) fn sign_in(user: Who) -> Call {
    begin(user, Purpose::SignIn)
}

/// The same for any purpose.
pub(crate) fn begin(user: Who, purpose: Purpose) -> Call {
    begin_with(user, purpose, Token::None)
}

/// The same from a device.
pub(crate) fn begin_with(user: Who, purpose: Purpose, device: Token) -> Call {
    let active = |company| Membership {
        company,
        active: true,
    };
    Call::Begin(
        user,
        Begin {
            memberships: vec![active(Company::Acme)],
            federated: false,
            age: 0,
            carrier: Carrier::Direct,
            purpose,
            device,
            attested: true,
            known_enrolled: false,
        },
    )
}

/// Messages and waits for them.
const MOST_WAITS: u32 = 110;
