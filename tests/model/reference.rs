//! The reference: a small model of the contract, written from `wit/` and not from the core.
//!
//! It knows no secret. Tickets, keys and recovery codes have numbers here, and whoever drives the real thing keeps the
//! texts. So the same model decides which commands are worth generating, before anything runs, and what every answer must
//! be, while it runs.

mod administration;
pub(crate) mod counts;
mod factors;
pub(crate) mod policy;
mod showing;
mod sign_in;
mod tickets;

use std::collections::BTreeMap;
use std::fmt;

use self::counts::{Counts, UserWide};
use self::policy::{Membership, Owner, Policy, Rules};
pub(crate) use self::tickets::{Bearer, Over, Pending, Stage, Ticket};
use crate::command::{Call, Code, Command, Purpose, Recovery, USERS, Which, Who};
use crate::forecast::{Forecast, Lesson};
use crate::secrets::IMPORTS;

/// Everything that the contract lets anybody observe.
#[derive(Clone)]
pub(crate) struct Reference {
    pub(crate) now: u64,
    pub(crate) policies: BTreeMap<Owner, (Policy, u64)>,
    pub(crate) people: Vec<Person>,
    /// Every ticket ever minted.
    pub(crate) tickets: Vec<Ticket>,
    /// Every key ever made; in front those of `secrets::IMPORTS`.
    pub(crate) keys: Vec<Key>,
    /// Every recovery code ever issued.
    pub(crate) codes: Vec<Issued>,
}

/// A user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) known: bool,
    pub(crate) erased: bool,
    pub(crate) epoch: u64,
    pub(crate) ever_enrolled: bool,
    pub(crate) suspect: bool,
    pub(crate) app: Option<App>,
    pub(crate) recovery: Option<usize>,
    pub(crate) user_wide: UserWide,
    /// The key and step that were last accepted.
    pub(crate) last: Option<(usize, u64)>,
}

/// A confirmed app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) key: usize,
    pub(crate) mark: u64,
    pub(crate) confirmed_at: u64,
    pub(crate) used_at: Option<u64>,
    pub(crate) counts: Counts,
}

/// A key of an app.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) owner: Option<Who>,
    pub(crate) period: u64,
    /// Whether whoever drives knows it: an answer that was lost took it along.
    pub(crate) known: bool,
}

/// A recovery code.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) owner: Who,
    pub(crate) at: u64,
    pub(crate) acknowledged: bool,
    pub(crate) known: bool,
}

/// A call, with everything in it that only exists while it runs.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) call: Call,
    pub(crate) bearer: Bearer,
    pub(crate) typed: Typed,
    pub(crate) presented: Presented,
}

/// What is typed for a code of an app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Typed {
    /// The code of a key and a step; spelt with spaces or not.
    Of {
        key: usize,
        step: u64,
        respelt: bool,
    },
    /// A code of no step near, where the right ones would be of this key.
    Wrong(Option<usize>),
    Malformed(usize),
}

/// What is typed for a recovery code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Presented {
    Issued { number: usize, respelt: bool },
    Wrong,
    Malformed,
}

impl Reference {
    /// A world in which nothing is stored but these policies.
    pub(crate) fn new(now: u64) -> Self {
        let imports = IMPORTS.iter().map(|entry| Key {
            owner: None,
            period: entry.period,
            known: true,
        });
        Self {
            now,
            policies: BTreeMap::new(),
            people: vec![Person::default(); USERS],
            tickets: Vec::new(),
            keys: imports.collect(),
            codes: Vec::new(),
        }
    }

    /// Answers a call, and becomes what it leads to.
    pub(crate) fn perform(&mut self, act: &Act) -> Forecast {
        match &act.call {
            Call::Begin(user, begin) => self.begin(*user, begin),
            Call::Inspect(user, _) => self.inspect(*user, act.bearer),
            Call::Assess(user, session) => self.assess(*user, session),
            Call::BeginTotp(user, _) => self.begin_totp(*user, act.bearer),
            Call::Cancel(user, _, method) => self.cancel(*user, act.bearer, *method),
            Call::Confirm(user, _, method, _) => {
                self.confirm(*user, act.bearer, *method, act.typed)
            }
            Call::Remove(user, _, method) => self.remove(*user, act.bearer, *method),
            Call::Prefer(user, _, method) => self.prefer(*user, act.bearer, *method),
            Call::Verify(user, _, method, _) => self.verify(*user, act.bearer, *method, act.typed),
            Call::Present(user, ..) => self.present(*user, act.bearer, act.presented),
            Call::Issue(user, _) => self.issue(*user, act.bearer),
            Call::Acknowledge(user, _) => self.acknowledge(*user, act.presented),
            Call::Put(put) => self.put(put),
            Call::Get(owner) => self.get(*owner),
            Call::Status(user) => self.status(*user),
            Call::Preview(user, begin, other, ahead) => {
                self.preview(*user, begin, other.as_ref(), *ahead)
            }
            Call::Reset(user, reset) => self.reset(*user, reset),
            Call::Unlock(user, method) => self.unlock(*user, *method),
            Call::AddTotp(user, import) => self.add_totp(*user, import),
            Call::Revoke(user, what) => self.revoke(*user, *what),
            Call::FirstFactorChanged(user) => self.first_factor_changed(*user),
            Call::Erase(user) => self.erase(*user),
        }
    }

    /// Finds out which ticket and which codes a call means now.
    pub(crate) fn resolve(&self, call: &Call) -> Act {
        let user = call.user().unwrap_or(0);
        let bearer = call
            .which()
            .map_or(Bearer::Nonsense, |which| self.bearer(user, which, call));
        let typed = match call {
            Call::Verify(_, _, _, code) => {
                self.typed(user, *code, self.people[user].app.as_ref().map(|it| it.key))
            }
            Call::Confirm(_, _, _, code) => {
                self.typed(user, *code, self.pending(bearer).map(|it| it.key))
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
        }
    }

    /// The policies of these memberships; none if one that is active falls to no policy at all (SIGN-8).
    pub(crate) fn policies_of(
        &self,
        memberships: &[Membership],
    ) -> Option<Vec<(Membership, Policy)>> {
        let mut found = Vec::new();
        for membership in memberships {
            let own = membership.company.owner();
            let own = own.and_then(|owner| self.policies.get(&owner));
            match own.or_else(|| self.policies.get(&Owner::Default)) {
                Some((policy, _)) => found.push((*membership, policy.clone())),
                None if membership.active => return None,
                None => {}
            }
        }
        Some(found)
    }

    /// Moves the clock.
    pub(crate) fn tick(&mut self, command: &Command) {
        match command {
            Command::Wait(seconds) => self.now += seconds,
            Command::Back(seconds) => self.now -= seconds,
            _ => {}
        }
    }

    /// Notes that whoever drives has a secret.
    pub(crate) fn know(&mut self, lesson: &Lesson) {
        match lesson {
            Lesson::Ticket(number, _) => self.tickets[*number].known = true,
            Lesson::Key(number, _) => self.keys[*number].known = true,
            Lesson::Recovery(number, _) => self.codes[*number].known = true,
        }
    }

    pub(crate) fn step(&self, key: usize) -> u64 {
        self.now / self.keys[key].period
    }

    /// The step of a window that a typed code is of, where it is of this key.
    fn matched(&self, typed: Typed, key: usize, rules: &Rules) -> Option<u64> {
        let Typed::Of { key: of, step, .. } = typed else {
            return None;
        };
        let current = self.step(key);
        let latest = current + u64::from(rules.plus_minus_one);
        (of == key && (current - 1..=latest).contains(&step)).then_some(step)
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

    /// Draws a key of the usual kind.
    fn new_key(&mut self, owner: Who) -> usize {
        self.keys.push(Key {
            owner: Some(owner),
            period: 30,
            known: false,
        });
        self.keys.len() - 1
    }

    /// Issues a recovery code, which ends the one before.
    fn new_code(&mut self, owner: Who) -> usize {
        self.codes.push(Issued {
            owner,
            at: self.now,
            acknowledged: false,
            known: false,
        });
        let number = self.codes.len() - 1;
        self.people[owner].recovery = Some(number);
        number
    }

    /// What an assertion says of recovering alone.
    fn recovery_state(&self, user: Who) -> &'static str {
        match self.people[user].recovery {
            None => "none",
            Some(number) if self.codes[number].acknowledged => "acknowledged",
            Some(_) => "unacknowledged",
        }
    }
}

impl Purpose {
    pub(crate) fn to_json(self) -> serde_json::Value {
        match self {
            Self::SignIn => serde_json::json!("sign-in"),
            Self::Manage => serde_json::json!("manage-factors"),
            Self::StepUp => serde_json::json!({ "step-up": "payment 7" }),
        }
    }
}

/// Short: it is printed in front of each failing sequence.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.policies
                    .iter()
                    .map(|(owner, (policy, _))| (owner.name(), policy)),
            )
            .finish()
    }
}

/// Whether a call of this kind does something with a ticket of this stage.
pub(crate) fn suits(call: &Call, ticket: &Ticket) -> bool {
    let challenged = ticket.stage == Stage::Challenged;
    let verified = matches!(ticket.stage, Stage::Verified { .. });
    match call {
        Call::Verify(..) => challenged,
        Call::Present(..) => challenged && ticket.purpose != Purpose::StepUp,
        Call::BeginTotp(..) => !challenged,
        Call::Confirm(..) | Call::Cancel(..) => ticket.pending.is_some(),
        Call::Remove(..) | Call::Prefer(..) | Call::Issue(..) => verified,
        _ => true,
    }
}

impl Reference {
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
