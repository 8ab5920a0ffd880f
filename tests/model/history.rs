//! What happened: calls, answers, and what was stored before and after.

use std::collections::BTreeMap;
use std::rc::Rc;

use countersign_conformance::World;
use countersign_core::account::Account;
use countersign_core::attempts::Attempts;
use countersign_core::record::v1;
use countersign_core::ticket::{Ticket, Tickets};
use countersign_host::sms::Message;
use countersign_host::store::{Content, Key, Record, Stored};
use serde_json::Value;

use crate::command::{Fault, USERS, Who};
use crate::secrets;

/// Everything so far, the newest last.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) steps: Vec<Step>,
}

/// One call, or two at once.
pub(crate) struct Step {
    pub(crate) now: u64,
    pub(crate) calls: Vec<Made>,
    /// The fault that really happened during it.
    pub(crate) fault: Option<Fault>,
    pub(crate) before: Rc<State>,
    pub(crate) after: Rc<State>,
    /// What was noted during it.
    pub(crate) events: Vec<Value>,
    /// The messages that went out during it.
    pub(crate) messages: Vec<Message>,
}

/// A call that was made.
pub(crate) struct Made {
    pub(crate) function: &'static str,
    pub(crate) user: Option<Who>,
    pub(crate) args: Value,
    pub(crate) answer: Value,
}

/// What is stored.
pub(crate) struct State {
    pub(crate) versions: BTreeMap<Key, u64>,
    pub(crate) people: Vec<Rc<Stood>>,
    pub(crate) events: usize,
}

/// A user's records, decoded.
pub(crate) struct Stood {
    versions: (Option<u64>, Option<u64>),
    pub(crate) account: Option<Account>,
    pub(crate) tickets: Tickets,
}

impl State {
    /// Reads what is stored; decodes only what changed since `last`.
    pub(crate) fn of(world: &World, last: Option<&Self>) -> Rc<Self> {
        let records: BTreeMap<Key, Stored> = world.store().records().into_iter().collect();
        let people = (0..USERS)
            .map(|user| {
                let name = || secrets::name(user).into();
                let account = world.key(Record::Account { user: name() });
                let tickets = world.key(Record::Tickets { user: name() });
                let version = |key| records.get(key).map(|it| it.version);
                let versions = (version(&account), version(&tickets));
                let known = last.map(|last| &last.people[user]);
                match known.filter(|it| it.versions == versions) {
                    Some(known) => Rc::clone(known),
                    None => Rc::new(Stood {
                        versions,
                        account: open(world, &account, &records)
                            .map(|it| v1::decode_account(&it).expect("the account is readable")),
                        tickets: open(world, &tickets, &records)
                            .map(|it| v1::decode_tickets(&it).expect("the tickets are readable"))
                            .unwrap_or_default(),
                    }),
                }
            })
            .collect();
        Rc::new(Self {
            versions: records
                .into_iter()
                .map(|(key, stored)| (key, stored.version))
                .collect(),
            people,
            events: world.store().events_count(),
        })
    }
}

impl State {
    /// Whether the store may forget a user's tickets: all are over, and need not be remembered.
    pub(crate) fn is_collectable(&self, user: Who, now: u64) -> bool {
        let tickets = &self.people[user].tickets;
        let over = tickets.live.iter().map(|it| it.expires_at);
        over.chain(tickets.ended.iter().map(|it| it.until))
            .all(|at| at.as_seconds() <= now)
    }
}

impl Stood {
    /// A factor's id and wrong codes, by the method's name in the contract.
    pub(crate) fn factor(&self, method: &str) -> Option<(&str, &Attempts)> {
        let account = self.account.as_ref()?;
        match method {
            "totp" => account.app.as_ref().map(|it| (&*it.id, &it.attempts)),
            _ => account.phone.as_ref().map(|it| (&*it.id, &it.attempts)),
        }
    }

    /// A ticket that is kept.
    pub(crate) fn ticket(&self, text: &str) -> Option<&Ticket> {
        self.tickets.live.iter().find(|it| text.starts_with(&it.id))
    }

    pub(crate) fn is_enrolled(&self) -> bool {
        self.account.as_ref().is_some_and(Account::is_enrolled)
    }
}

impl Made {
    pub(crate) fn ok(&self) -> Option<&Value> {
        self.answer.get("ok")
    }

    /// What stands in `ok` under this case.
    pub(crate) fn case(&self, name: &str) -> Option<&Value> {
        self.ok().and_then(|it| it.get(name))
    }

    pub(crate) fn refusal(&self) -> Option<&Value> {
        self.answer.get("err")
    }

    /// The ticket that its answer gives, and the method of the factor that was shown for it.
    pub(crate) fn next_ticket(&self) -> Option<(&str, &str)> {
        let places = ["/ok/accepted/done", "/ok/accepted/assertion"];
        let assertion = places.iter().find_map(|it| self.answer.pointer(it))?;
        let next = assertion["next-ticket"]["ticket"].as_str()?;
        Some((next, assertion["method"].as_str()?))
    }

    /// The method it was made for.
    pub(crate) fn method(&self) -> Option<&str> {
        self.args.get("method").and_then(Value::as_str)
    }

    /// The ticket it was made with.
    pub(crate) fn ticket(&self) -> Option<&str> {
        self.args.get("ticket").and_then(Value::as_str)
    }
}

impl Step {
    /// The one call of it, unless there were two.
    pub(crate) fn alone(&self) -> Option<&Made> {
        match self.calls.as_slice() {
            [made] => Some(made),
            _ => None,
        }
    }

    /// The records whose versions changed.
    pub(crate) fn changed(&self) -> Vec<&Key> {
        let (before, after) = (&self.before.versions, &self.after.versions);
        let keys = before.keys().chain(after.keys());
        let mut changed: Vec<&Key> = keys
            .filter(|key| before.get(*key) != after.get(*key))
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }

    /// The same, without tickets that were over and that the store itself collected.
    pub(crate) fn changed_by_call(&self) -> Vec<&Key> {
        let mut changed = self.changed();
        changed.retain(|key| match &key.record {
            Record::Tickets { user } => {
                let place = (0..USERS).find(|it| secrets::name(*it) == &**user);
                let collectable = place.is_some_and(|it| self.before.is_collectable(it, self.now));
                let is_gone = !self.after.versions.contains_key(*key);
                let is_own = self
                    .calls
                    .iter()
                    .any(|made| made.user == place && place.is_some());
                // Or its first commit found that, and its second never was.
                let refused = self.calls.iter().all(|made| made.refusal().is_some());
                !(collectable && is_gone && (!is_own || refused))
            }
            // A counter whose window is over is collected too.
            Record::Quota { .. } => self.after.versions.contains_key(*key),
            _ => true,
        });
        changed
    }
}

fn open(world: &World, key: &Key, records: &BTreeMap<Key, Stored>) -> Option<Vec<u8>> {
    match &records.get(key)?.content {
        Content::Sealed(sealed) => {
            let opened = world.sealer().open(key, sealed);
            Some(opened.expect("the record opens").to_vec())
        }
        Content::Count(_) => None,
    }
}
