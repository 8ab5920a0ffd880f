//! A thief who knows the password, and types codes.

use crate::command::{Begin, Call, Code, Command, Method, Purpose, Which, Who};
use crate::reference::policy::{Company, Membership};
use crate::reference::{Reference, Stage};

/// So many wrong codes, with all the sign-ins and waits that they take.
pub(crate) struct Guessing {
    user: Who,
    left: u32,
    /// Whether the last thing was a sign-in: if that brought no challenge, nothing will.
    begun: bool,
}

impl Guessing {
    pub(crate) fn new(user: Who, wrong: u32) -> Self {
        Self {
            user,
            left: wrong,
            begun: false,
        }
    }

    /// The next thing to do; none when there is no more to guess at.
    pub(crate) fn next(&mut self, reference: &Reference) -> Option<Command> {
        let person = &reference.people[self.user];
        let app = person.app.as_ref().filter(|app| !app.counts.disabled)?;
        if self.left == 0 {
            return None;
        }
        let rests = [app.counts.rest_until, person.user_wide.rest_until];
        if let Some(until) = rests.into_iter().flatten().max()
            && until > reference.now
        {
            return Some(Command::Wait(until - reference.now));
        }
        let newest = reference.good(self.user).into_iter().rev();
        let is_challenged = newest
            .map(|it| &reference.tickets[it])
            .any(|it| it.stage == Stage::Challenged && it.known);
        if is_challenged {
            self.left -= 1;
            self.begun = false;
            let which = Which::Suited(0);
            return Some(Command::Do(Call::Verify(
                self.user,
                which,
                Method::Totp,
                Code::Wrong,
            )));
        }
        if self.begun {
            return None;
        }
        self.begun = true;
        Some(Command::Do(sign_in(self.user)))
    }
}

/// A sign-in with a fresh password, of a member of every company.
pub(crate) fn sign_in(user: Who) -> Call {
    begin(user, Purpose::SignIn)
}

/// The same for any purpose.
pub(crate) fn begin(user: Who, purpose: Purpose) -> Call {
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
            purpose,
            attested: true,
            known_enrolled: false,
        },
    )
}
