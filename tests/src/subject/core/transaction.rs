//! One call: the time, what was read under which versions, and the commit.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::company::Policies;
use countersign_core::decision::{Add, Changes, Decision, Person, TRIES};
use countersign_core::event::Event;
use countersign_core::failure::{Dependency, Failure};
use countersign_core::names::{Company, User};
use countersign_core::policy::StoredPolicy;
use countersign_core::record::{Unreadable, v1};
use countersign_core::text_message::{self, Refusal};
use countersign_core::ticket::Tickets;
use countersign_core::time::Instant;
use countersign_core::vault::Hedge;
use countersign_host::contract::event;
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::store::{Change, Commit, CommitError, Content, Key, Record};

use super::Native;
use super::event::to_contract;
use super::keys::Keys;

/// A call under way.
pub(super) struct Call<'a> {
    pub(super) imports: &'a Native,
    now: u64,
    /// What the next event of this call is known by; none before the first.
    next_event: Mutex<Option<EventId>>,
}

/// What was read for a call.
pub(super) struct Reading {
    pub(super) person: Person,
    pub(super) policies: Policies,
    places: Places,
}

/// Where a user's records are, and the versions that were read of them.
struct Places {
    account: (Key, Option<u64>),
    tickets: (Key, Option<u64>),
}

/// What became of a commit.
enum Committed {
    Won,
    /// Another came first.
    Lost,
    /// A counter, by its place in the list of changes, would pass its ceiling.
    CeilingReached(usize),
}

impl<'a> Call<'a> {
    pub(super) fn new(imports: &'a Native, now: u64) -> Self {
        Self {
            imports,
            now,
            next_event: Mutex::default(),
        }
    }

    /// Returns the time, if it can be one.
    pub(super) fn now(&self) -> Result<Instant, Failure> {
        Instant::from_clock(self.now).ok_or(Dependency::Clock.into())
    }

    /// Reads a user, and the policies of `owners`.
    pub(super) async fn read(&self, user: &User, owners: &[Company]) -> Result<Reading, Failure> {
        let name: Arc<str> = user.as_str().into();
        let account = self.key(Record::Account { user: name.clone() });
        let tickets = self.key(Record::Tickets { user: name });
        let mut keys = Vec::with_capacity(owners.len().saturating_add(2));
        keys.extend([account.clone(), tickets.clone()]);
        keys.extend(owners.iter().map(|owner| self.policy_key(owner)));
        let mut found = self.get(&keys).await?.into_iter();
        let mut next = || found.next().flatten().unzip();
        let (account_bytes, account_version) = next();
        let (tickets_bytes, tickets_version) = next();
        let mut policies = Vec::new();
        for owner in owners {
            if let (Some(bytes), _) = next() {
                policies.push((owner.clone(), decode(&bytes, v1::decode_policy)?.policy));
            }
        }
        let decode_account = |bytes: Vec<u8>| decode(&bytes, v1::decode_account);
        let decode_tickets = |bytes: Vec<u8>| decode(&bytes, v1::decode_tickets);
        Ok(Reading {
            person: Person {
                user: user.clone(),
                account: account_bytes.map(decode_account).transpose()?,
                tickets: tickets_bytes.map_or_else(|| Ok(Tickets::default()), decode_tickets)?,
            },
            policies: policies.into_iter().collect(),
            places: Places {
                account: (account, account_version),
                tickets: (tickets, tickets_version),
            },
        })
    }

    /// Reads, lets `decide` decide, and commits; returns the reply only after the commit that records it.
    pub(super) async fn run<R>(
        &self,
        user: &User,
        owners: &[Company],
        decide: impl Fn(Person, &Policies, Instant, &mut Keys<'_>) -> Result<Decision<R>, Failure>,
    ) -> Result<R, Failure> {
        let now = self.now()?;
        for _ in 0..TRIES {
            let Reading {
                person,
                policies,
                places,
            } = self.read(user, owners).await?;
            let decision = {
                let mut keys = Keys::new(
                    self.imports,
                    Hedge::new(user, now, [places.account.1, places.tickets.1]),
                );
                decide(person, &policies, now, &mut keys)?
            };
            let Decision { changes, reply } = decision;
            if changes.is_empty() {
                return Ok(reply);
            }
            let mut records = self.records(&changes, places, now)?;
            let counters = records.len();
            records.extend(changes.adds.iter().map(|add| self.add(add)));
            match self.commit(Some(user), records, &changes.events).await? {
                Committed::Won => return Ok(reply),
                Committed::Lost => {}
                Committed::CeilingReached(index) => {
                    let counter = index.checked_sub(counters).ok_or(Dependency::Store)?;
                    let refusal = changes.refuse(counter).ok_or(Dependency::Store)?;
                    return Err(Box::pin(self.refuse(user, refusal)).await?);
                }
            }
        }
        Err(Failure::Busy)
    }

    /// Reads a policy with its version.
    pub(super) async fn read_policy(
        &self,
        owner: &Company,
    ) -> Result<Option<(StoredPolicy, u64)>, Failure> {
        let found = self.get(&[self.policy_key(owner)]).await?;
        match found.into_iter().next().flatten() {
            Some((bytes, version)) => Ok(Some((decode(&bytes, v1::decode_policy)?, version))),
            None => Ok(None),
        }
    }

    /// Replaces a policy as `decide` has it.
    pub(super) async fn replace_policy(
        &self,
        owner: &Company,
        decide: impl Fn(Option<StoredPolicy>, Instant) -> Result<(StoredPolicy, Vec<Event>), Failure>,
    ) -> Result<StoredPolicy, Failure> {
        let now = self.now()?;
        for _ in 0..TRIES {
            let (stored, expected) = self.read_policy(owner).await?.unzip();
            let (next, events) = decide(stored, now)?;
            let put = self.put(
                (self.policy_key(owner), expected),
                &v1::encode_policy(&next),
                None,
            )?;
            match self.commit(None, vec![put], &events).await? {
                Committed::Won => return Ok(next),
                Committed::Lost => {}
                Committed::CeilingReached(_) => return Err(Dependency::Store.into()),
            }
        }
        Err(Failure::Busy)
    }

    fn key(&self, record: Record) -> Key {
        Key {
            realm: Arc::clone(&self.imports.realm),
            record,
        }
    }

    fn policy_key(&self, owner: &Company) -> Key {
        let company = owner.as_str().into();
        self.key(Record::Policy { company })
    }

    /// Reads records, and opens them.
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<(Vec<u8>, u64)>>, Failure> {
        let found = self.imports.store.get(keys).await;
        let found = found.map_err(|_| Dependency::Store)?;
        if found.len() != keys.len() {
            return Err(Dependency::Store.into());
        }
        let mut opened = Vec::with_capacity(found.len());
        for (key, stored) in keys.iter().zip(found) {
            opened.push(match stored {
                None => None,
                Some(stored) => match stored.content {
                    Content::Sealed(sealed) => {
                        let bytes = self.imports.sealer.open(key, &sealed);
                        Some((bytes.map_err(|_| Dependency::Store)?, stored.version))
                    }
                    Content::Count(_) => return Err(Dependency::Store.into()),
                },
            });
        }
        Ok(opened)
    }

    async fn commit(
        &self,
        user: Option<&User>,
        changes: Vec<Change>,
        events: &[Event],
    ) -> Result<Committed, Failure> {
        let mut commit = Commit::new(self.now, changes);
        let stamped = events.iter().map(|it| self.stamp(user, to_contract(it)));
        commit.events = stamped.collect::<Result<_, Failure>>()?;
        match self.imports.store.commit(commit).await {
            Ok(()) => Ok(Committed::Won),
            Err(CommitError::Conflict) => Ok(Committed::Lost),
            Err(CommitError::CeilingReached(index)) => Ok(Committed::CeilingReached(index)),
            Err(_) => Err(Dependency::Store.into()),
        }
    }

    /// Puts in what an event does not know of itself, with ids drawn where the host draws them.
    fn stamp(&self, user: Option<&User>, event: event::Event) -> Result<StampedEvent, Failure> {
        let mut next = self
            .next_event
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let id = match *next {
            Some(id) => id,
            None => EventId::draw(&*self.imports.random).map_err(|_| Dependency::Random)?,
        };
        *next = Some(id.following());
        let (realm, user) = (&self.imports.realm, user.map(User::as_str));
        Ok(StampedEvent::new(id, self.now, realm, user, None, event))
    }

    /// Counts and notes that a message was refused, and returns what to answer.
    pub(super) async fn refuse(&self, user: &User, refusal: Refusal) -> Result<Failure, Failure> {
        let counted = self.run(user, &[], |person, _, now, _| {
            Ok(text_message::count_refusal(person, &refusal, now))
        });
        counted.await?;
        Ok(refusal.failure)
    }

    /// Notes an event that no change of a record goes with.
    pub(super) async fn note(&self, user: &User, event: &Event) -> Result<(), Failure> {
        let events = std::slice::from_ref(event);
        match self.commit(Some(user), Vec::new(), events).await? {
            Committed::Won => Ok(()),
            Committed::Lost | Committed::CeilingReached(_) => Err(Dependency::Store.into()),
        }
    }

    fn add(&self, add: &Add) -> Change {
        Change::Add {
            key: self.key(Record::Quota {
                name: add.name.as_str().into(),
            }),
            amount: 1,
            ceiling: add.ceiling,
            collectable_at: add.until.as_seconds(),
        }
    }

    fn records(
        &self,
        changes: &Changes,
        places: Places,
        now: Instant,
    ) -> Result<Vec<Change>, Failure> {
        let Places { account, tickets } = places;
        let account = match &changes.account {
            Some(next) => self.put(account, &v1::encode_account(next), None)?,
            None => check(account),
        };
        let tickets = match &changes.tickets {
            None => check(tickets),
            Some(next) if next.live.is_empty() && next.ended.is_empty() => match tickets {
                (key, expected @ Some(_)) => Change::Delete { key, expected },
                absent => check(absent),
            },
            Some(next) => self.put(
                tickets,
                &v1::encode_tickets(next),
                Some(next.collectable_at(now).as_seconds()),
            )?,
        };
        Ok(vec![account, tickets])
    }

    fn put(
        &self,
        (key, expected): (Key, Option<u64>),
        value: &[u8],
        collectable_at: Option<u64>,
    ) -> Result<Change, Failure> {
        let sealed = self.imports.sealer.seal(&key, value);
        Ok(Change::Put {
            value: sealed.map_err(|_| Dependency::Store)?,
            key,
            expected,
            collectable_at,
        })
    }
}

fn check((key, expected): (Key, Option<u64>)) -> Change {
    Change::Check { key, expected }
}

fn decode<T>(bytes: &[u8], read: impl Fn(&[u8]) -> Result<T, Unreadable>) -> Result<T, Failure> {
    read(bytes).map_err(|_| Dependency::Store.into())
}
