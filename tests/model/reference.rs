//! The reference: a small model of the contract, written from `wit/` and not from the core.
//!
//! It knows no secret. Tickets, keys and recovery codes have numbers here, and whoever drives the real thing keeps the
//! texts. So the same model decides which commands are worth generating, before anything runs, and what every answer must
//! be, while it runs.

mod administration;
pub(crate) mod counts;
mod factors;
mod offers;
mod people;
pub(crate) mod policy;
mod resolving;
mod showing;
mod sign_in;
pub(crate) mod texts;
mod tickets;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use countersign_conformance::world::Fate;

pub(crate) use self::people::{App, Device, Person, Phone};
use self::policy::{Membership, Owner, Policy, Rules};
use self::texts::{Counter, Drawn};
pub(crate) use self::tickets::{Bearer, Over, Pending, Stage, Ticket};
use crate::command::{Call, Command, Line, Purpose, USERS, Who};
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
    /// Every code ever drawn for text messages.
    pub(crate) drawn: Vec<Drawn>,
    /// Every token of a device ever given: whose, and whether whoever drives knows it.
    pub(crate) given: Vec<(Who, bool)>,
    /// How many messages were counted.
    pub(crate) counters: BTreeMap<Counter, u64>,
    pub(crate) line: Line,
    /// What becomes of the next messages.
    pub(crate) fates: VecDeque<Fate>,
}

/// A key of an app.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) owner: Option<Who>,
    pub(crate) period: u64,
    pub(crate) digits: usize,
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
    pub(crate) device: Carried,
    /// The revision of the policy that is to be replaced.
    pub(crate) expected: Option<u64>,
}

/// What is typed for a code of an app or of a text message.
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
    /// The code of a text message.
    Sent {
        code: usize,
        respelt: bool,
    },
    /// Another one than this, where the right one would be this.
    NotSent(Option<usize>),
    Malformed(usize),
}

/// The token that a browser carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Carried {
    None,
    Given(usize),
    Nonsense,
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
            digits: entry.digits,
            known: true,
        });
        Self {
            now,
            policies: BTreeMap::new(),
            people: vec![Person::default(); USERS],
            tickets: Vec::new(),
            keys: imports.collect(),
            codes: Vec::new(),
            drawn: Vec::new(),
            given: Vec::new(),
            counters: BTreeMap::new(),
            line: Line::Works,
            fates: VecDeque::new(),
        }
    }

    /// Answers a call, and becomes what it leads to.
    pub(crate) fn perform(&mut self, act: &Act) -> Forecast {
        match &act.call {
            Call::Begin(user, begin) => self.begin(*user, begin, act.device),
            Call::Inspect(user, _) => self.inspect(*user, act.bearer),
            Call::Assess(user, session) => self.assess(*user, session),
            Call::BeginTotp(user, _) => self.begin_totp(*user, act.bearer),
            Call::BeginSms(user, _, dialled) => self.begin_sms(*user, act.bearer, *dialled),
            Call::Resend(user, _) => self.resend(*user, act.bearer),
            Call::SendCode(user, _) => self.send_code(*user, act.bearer),
            Call::Cancel(user, _, method) => self.cancel(*user, act.bearer, *method),
            Call::Confirm(user, _, method, _) => {
                self.confirm(*user, act.bearer, *method, act.typed)
            }
            Call::Remove(user, _, method) => self.remove(*user, act.bearer, *method),
            Call::Prefer(user, _, method) => self.prefer(*user, act.bearer, *method),
            Call::Verify(user, _, method, _, remember) => {
                self.verify(*user, act.bearer, (*method, *remember), act.typed)
            }
            Call::Present(user, ..) => self.present(*user, act.bearer, act.presented),
            Call::Issue(user, _) => self.issue(*user, act.bearer),
            Call::Acknowledge(user, _) => self.acknowledge(*user, act.presented),
            Call::Put(put) => self.put(put, act.expected),
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

    /// Moves the clock, and what else is moved from without.
    pub(crate) fn tick(&mut self, command: &Command) {
        match command {
            Command::Wait(seconds) => self.now += seconds,
            Command::Back(seconds) => self.now -= seconds,
            Command::Line(line) => self.line = *line,
            Command::Destine(fate) => self.fates.push_back(*fate),
            _ => {}
        }
    }

    /// Notes that whoever drives has a secret.
    pub(crate) fn know(&mut self, lesson: &Lesson) {
        match lesson {
            Lesson::Ticket(number, _) => self.tickets[*number].known = true,
            Lesson::Key(number, _) => self.keys[*number].known = true,
            Lesson::Recovery(number, _) => self.codes[*number].known = true,
            Lesson::Device(number, _) => self.given[*number].1 = true,
        }
    }

    pub(crate) fn step(&self, key: usize) -> u64 {
        self.now / self.keys[key].period
    }

    /// Whether a typed code has another number of digits than the code of this key, which makes it none.
    fn is_of_another_length(&self, typed: Typed, key: Option<usize>) -> bool {
        let digits = |key: Option<usize>| key.map_or(6, |key| self.keys[key].digits);
        match typed {
            Typed::Of { key: of, .. } => digits(Some(of)) != digits(key),
            Typed::Wrong(of) => digits(of) != digits(key),
            Typed::Sent { .. } | Typed::NotSent(_) | Typed::Malformed(_) => false,
        }
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

    /// Draws a key of the usual kind.
    fn new_key(&mut self, owner: Who) -> usize {
        self.keys.push(Key {
            owner: Some(owner),
            period: 30,
            digits: 6,
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
