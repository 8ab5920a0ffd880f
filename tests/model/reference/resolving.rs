//! Which ticket, code, number and device a call means, once it is about to be made.

use super::{Act, Bearer, Carried, Pending, Presented, Reference, Stage, Ticket, Typed};
use crate::command::{Call, Carrier, Code, Method, Purpose, Recovery, Token, USERS, Which, Who};

impl Reference {
    /// Finds out which ticket and which codes a call means now.
    pub(crate) fn resolve(&self, call: &Call) -> Act {
        let user = call.user().unwrap_or(0);
        let bearer = call
            .which()
            .map_or(Bearer::Nonsense, |which| self.bearer(user, which, call));
        let typed = match call {
            Call::Verify(_, _, Method::Totp, code, _) => {
                self.typed(user, *code, self.people[user].app.as_ref().map(|it| it.key))
            }
            Call::Confirm(_, _, Method::Totp, code) => {
                self.typed(user, *code, self.pending(bearer).map(|it| it.key))
            }
            Call::Verify(_, _, Method::Sms, code, _) | Call::Confirm(_, _, Method::Sms, code) => {
                self.typed_text(user, *code, bearer)
            }
            _ => Typed::Malformed(0),
        };
        let presented = match call {
            Call::Present(_, _, code) | Call::Acknowledge(_, code) => self.presented(user, *code),
            _ => Presented::Malformed,
        };
        Act {
            call: call.clone(),
            bearer,
            typed,
            presented,
            expected: match call {
                Call::Put(put) => {
                    let stored = self.policies.get(&put.owner).map(|(_, revision)| *revision);
                    match put.current {
                        true => stored,
                        false => Some(stored.unwrap_or(0) + 7),
                    }
                }
                _ => None,
            },
            device: match call {
                Call::Begin(_, begin) => self.carried(user, begin.device),
                _ => Carried::None,
            },
        }
    }

    fn typed(&self, user: Who, code: Code, key: Option<usize>) -> Typed {
        let known = |key: usize| self.keys[key].known;
        let current = |key: usize, offset: i64, respelt| Typed::Of {
            key,
            step: self.step(key).saturating_add_signed(offset),
            respelt,
        };
        let wrong = Typed::Wrong(key.filter(|key| known(*key)));
        let person = &self.people[user];
        let found = match code {
            Code::Malformed(how) => return Typed::Malformed(how),
            Code::Wrong => return wrong,
            Code::LastAccepted => {
                return person.last.map_or(wrong, |(key, step)| Typed::Of {
                    key,
                    step,
                    respelt: false,
                });
            }
            Code::Right(offset) => return self.of(key, offset, false).unwrap_or(wrong),
            Code::Respelt(offset) => return self.of(key, offset, true).unwrap_or(wrong),
            Code::OtherKey => self
                .tickets
                .iter()
                .filter(|it| it.owner == user && it.is_good(self.now))
                .filter_map(|it| it.pending.as_ref())
                .map(|it| it.key)
                .chain(person.app.as_ref().map(|it| it.key))
                .find(|other| Some(*other) != key),
            Code::OldKey => (0..self.keys.len())
                .rev()
                .filter(|it| self.keys[*it].owner == Some(user))
                .find(|other| Some(*other) != key),
            Code::OtherUser => (0..USERS)
                .filter(|other| *other != user)
                .find_map(|other| self.people[other].app.as_ref().map(|it| it.key)),
        };
        found
            .filter(|key| known(*key))
            .map_or(wrong, |key| current(key, 0, false))
    }

    fn of(&self, key: Option<usize>, offset: i64, respelt: bool) -> Option<Typed> {
        let key = key.filter(|key| self.keys[*key].known)?;
        Some(Typed::Of {
            key,
            step: self.step(key).saturating_add_signed(offset),
            respelt,
        })
    }

    fn presented(&self, user: Who, code: Recovery) -> Presented {
        let current = self.people[user].recovery;
        let of = |owner: Who| {
            let all = (0..self.codes.len()).rev();
            all.filter(move |it| self.codes[*it].owner == owner && self.codes[*it].known)
        };
        let found = match code {
            Recovery::Malformed => return Presented::Malformed,
            Recovery::Wrong => None,
            Recovery::Right | Recovery::Respelt => current.filter(|it| self.codes[*it].known),
            Recovery::Old(n) => of(user).filter(|it| Some(*it) != current).nth(n),
            Recovery::OtherUser => (0..USERS)
                .filter(|other| *other != user)
                .find_map(|other| of(other).next()),
        };
        found.map_or(Presented::Wrong, |number| Presented::Issued {
            number,
            respelt: code == Recovery::Respelt,
        })
    }

    fn pending(&self, bearer: Bearer) -> Option<&Pending> {
        match bearer {
            Bearer::Minted(number) => self.tickets[number].pending.as_ref(),
            Bearer::Forged(_) | Bearer::Nonsense => None,
        }
    }

    /// The code of a message that is meant.
    fn typed_text(&self, user: Who, code: Code, bearer: Bearer) -> Typed {
        let place = match bearer {
            Bearer::Minted(place) => Some(place),
            Bearer::Forged(_) | Bearer::Nonsense => None,
        };
        let known = |code: &usize| self.drawn[*code].known;
        let running = place.and_then(|place| self.tickets[place].running());
        let newest = |wanted: &dyn Fn(usize) -> bool| {
            let mut all = (0..self.drawn.len()).rev();
            all.find(|code| known(code) && Some(*code) != running && wanted(*code))
        };
        let of_ticket = |code: usize| Some(self.drawn[code].ticket) == place;
        let found = match code {
            Code::Malformed(how) => return Typed::Malformed(how),
            Code::Wrong => None,
            Code::Right(_) | Code::Respelt(_) => running,
            Code::LastAccepted => self.people[user].last_text,
            Code::OtherKey => {
                let mut good = self.good(user).into_iter().rev();
                good.find_map(|it| self.tickets[it].running().filter(|it| Some(*it) != running))
            }
            Code::OldKey => {
                newest(&of_ticket).or_else(|| newest(&|it| self.drawn[it].owner == user))
            }
            Code::OtherUser => newest(&|it| self.drawn[it].owner != user),
        };
        match found.filter(known) {
            Some(found) => Typed::Sent {
                code: found,
                respelt: matches!(code, Code::Respelt(_)),
            },
            None => Typed::NotSent(running.filter(known)),
        }
    }

    fn carried(&self, user: Who, token: Token) -> Carried {
        let newest = |own: bool, n: usize| {
            let all = (0..self.given.len()).rev();
            let mut all = all.filter(|it| self.given[*it].1 && (self.given[*it].0 == user) == own);
            all.nth(n).map_or(Carried::Nonsense, Carried::Given)
        };
        match token {
            Token::None => Carried::None,
            Token::Own(n) => newest(true, n),
            Token::OtherUser => newest(false, 0),
            Token::Nonsense => Carried::Nonsense,
        }
    }

    /// Which of `secrets::PHONES` carried the first factor.
    pub(crate) fn carrying(&self, user: Who, carrier: Carrier) -> Option<usize> {
        match carrier {
            Carrier::Direct => None,
            Carrier::OwnPhone => Some(self.people[user].phone.as_ref().map_or(0, |it| it.number)),
            Carrier::Phone(number) => Some(number),
        }
    }

    /// Which ticket is meant; nonsense where there is no such.
    fn bearer(&self, user: Who, which: Which, call: &Call) -> Bearer {
        let newest = |wanted: &dyn Fn(&Ticket) -> bool, n: usize| {
            let all: Vec<usize> = (0..self.tickets.len())
                .rev()
                .filter(|number| {
                    let ticket = &self.tickets[*number];
                    ticket.known && wanted(ticket)
                })
                .collect();
            all.get(n).or(all.last()).copied()
        };
        let mine = |it: &Ticket| it.owner == user && it.is_good(self.now);
        let over = |n| newest(&|it| it.owner == user && !it.is_good(self.now), n);
        let found = match which {
            Which::Nonsense => None,
            Which::Forged(n) => {
                let like = newest(&mine, n);
                return like.map_or(Bearer::Nonsense, Bearer::Forged);
            }
            Which::Suited(n) => {
                let suited = newest(&|it| mine(it) && suits(call, it), n);
                suited.or_else(|| newest(&mine, n)).or_else(|| over(n))
            }
            Which::Good(n) => newest(&mine, n).or_else(|| over(n)),
            Which::Over(n) => over(n),
            Which::Others(n) => newest(
                &|it| it.owner != user && it.is_good(self.now) && suits(call, it),
                n,
            ),
        };
        found.map_or(Bearer::Nonsense, Bearer::Minted)
    }
}

/// Whether a call of this kind does something with a ticket of this stage.
pub(crate) fn suits(call: &Call, ticket: &Ticket) -> bool {
    let challenged = ticket.stage == Stage::Challenged;
    let verified = matches!(ticket.stage, Stage::Verified { .. });
    match call {
        Call::Verify(_, _, Method::Totp, ..) | Call::SendCode(..) => challenged,
        Call::Verify(_, _, Method::Sms, ..) => challenged && ticket.sent.is_some(),
        Call::Present(..) => challenged && ticket.purpose != Purpose::StepUp,
        Call::BeginTotp(..) | Call::BeginSms(..) => !challenged,
        Call::Confirm(_, _, Method::Totp, _) | Call::Cancel(_, _, Method::Totp) => {
            ticket.pending.is_some()
        }
        Call::Confirm(..) | Call::Cancel(..) | Call::Resend(..) => ticket.pending_phone.is_some(),
        Call::Remove(..) | Call::Prefer(..) | Call::Issue(..) => verified,
        _ => true,
    }
}
