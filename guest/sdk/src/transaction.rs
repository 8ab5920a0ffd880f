//! One call, always in this order: read the clock, get, decide, commit, act, answer.
//!
//! This is the only caller of `store.commit`, and it returns a reply, or what is to be sent, only after the commit that
//! records it. When another call came first it reads and decides again, a bounded number of times. Any fault of an import
//! ends the call with an error, and nobody is accepted.

use alloc::vec::Vec;

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

use crate::bindings::countersign::mfa::store::{
    self, Change, CommitFailure, Content, Put, RecordId, Seen, UserRecord, Versioned,
};
use crate::bindings::wasi::clocks::wall_clock;
use crate::convert::event_to_wit;
use crate::keys::Keys;

/// Reads the clock.
///
/// # Errors
///
/// Returns the clock as the fault for a time that cannot be.
pub fn now() -> Result<Instant, Failure> {
    Instant::from_clock(wall_clock::now().seconds).ok_or(Dependency::Clock.into())
}

/// What was read for one call.
#[derive(Debug)]
pub struct Reading {
    /// The user.
    pub person: Person,
    /// The policies asked for that exist.
    pub policies: Policies,
    account: Option<u64>,
    tickets: Option<u64>,
}

/// Reads a user and some policies.
///
/// # Errors
///
/// Returns [`Failure::Unavailable`] when the store does not answer, or holds what cannot be read.
pub fn read(user: &User, owners: &[Company]) -> Result<Reading, Failure> {
    let ids: Vec<RecordId> = [
        RecordId::User(UserRecord::Account),
        RecordId::User(UserRecord::Tickets),
    ]
    .into_iter()
    .chain(owners.iter().map(policy_id))
    .collect();
    let mut records = get(&ids)?.into_iter();
    let account = records.next().flatten();
    let tickets = records.next().flatten();
    let policies = owners
        .iter()
        .zip(records)
        .filter_map(|(owner, record)| Some((owner, record?)))
        .map(|(owner, record)| Ok((owner.clone(), decode(&record, v1::decode_policy)?.policy)))
        .collect::<Result<Policies, Failure>>()?;
    Ok(Reading {
        account: account.as_ref().map(|it| it.version),
        tickets: tickets.as_ref().map(|it| it.version),
        person: Person {
            user: user.clone(),
            account: account
                .map(|it| decode(&it, v1::decode_account))
                .transpose()?,
            tickets: tickets
                .map_or(Ok(Tickets::default()), |it| decode(&it, v1::decode_tickets))?,
        },
        policies,
    })
}

/// Carries out one call for a user: reads, lets `decide` decide, commits, and only then returns the reply.
///
/// # Errors
///
/// Returns what `decide` returns, [`Failure::Busy`] when other calls kept coming first, and [`Failure::Unavailable`] when
/// an import is at fault; the commit may have happened then.
pub fn run<R>(
    user: &User,
    owners: &[Company],
    decide: impl Fn(Person, &Policies, Instant, &mut Keys<'_>) -> Result<Decision<R>, Failure>,
) -> Result<R, Failure> {
    let mut reply = None;
    commit_decision(user, owners, &mut |person, policies, now, keys| {
        let decision = decide(person, policies, now, keys)?;
        reply = Some(decision.reply);
        Ok(decision.changes)
    })?;
    reply.ok_or(Failure::Busy)
}

/// What decides within a transaction. A trait object, since a copy of the transaction for every export would be most of
/// the component.
type Decide<'a> =
    dyn FnMut(Person, &Policies, Instant, &mut Keys<'_>) -> Result<Changes, Failure> + 'a;

fn commit_decision(
    user: &User,
    owners: &[Company],
    decide: &mut Decide<'_>,
) -> Result<(), Failure> {
    let now = now()?;
    for _ in 0..TRIES {
        let Reading {
            person,
            policies,
            account,
            tickets,
        } = read(user, owners)?;
        let mut keys = Keys::new(Hedge::new(user, now, [account, tickets]));
        let changes = decide(person, &policies, now, &mut keys)?;
        if changes.is_empty() {
            return Ok(());
        }
        let mut records: Vec<Change> = [
            account_change(&changes, account),
            tickets_change(&changes, tickets, now),
        ]
        .into();
        let counters = records.len();
        records.extend(changes.adds.iter().map(add_change));
        match commit(&records, &changes.events)? {
            Committed::Won => return Ok(()),
            Committed::Lost => {}
            Committed::CeilingReached(index) => {
                let counter = index.checked_sub(counters);
                let refusal = counter.and_then(|counter| changes.refuse(counter));
                return Err(refuse(user, refusal.ok_or(Dependency::Store)?)?);
            }
        }
    }
    Err(Failure::Busy)
}

/// Replaces a policy as `decide` has it.
///
/// # Errors
///
/// As [`run`].
pub fn replace_policy(
    company: &Company,
    decide: impl Fn(Option<StoredPolicy>, Instant) -> Result<(StoredPolicy, Vec<Event>), Failure>,
) -> Result<StoredPolicy, Failure> {
    let now = now()?;
    for _ in 0..TRIES {
        let record = get(&[policy_id(company)])?.into_iter().next().flatten();
        let expected = record.as_ref().map(|it| it.version);
        let stored = record
            .map(|it| decode(&it, v1::decode_policy))
            .transpose()?;
        let (next, events) = decide(stored, now)?;
        let change = Change::Put(Put {
            id: policy_id(company),
            expected,
            value: v1::encode_policy(&next).to_vec(),
            collectable_at: None,
        });
        match commit(&[change], &events)? {
            Committed::Won => return Ok(next),
            Committed::Lost => {}
            Committed::CeilingReached(_) => return Err(Dependency::Store.into()),
        }
    }
    Err(Failure::Busy)
}

/// Counts and notes that a message was refused, and returns what to answer.
///
/// # Errors
///
/// As [`run`].
pub fn refuse(user: &User, refusal: Refusal) -> Result<Failure, Failure> {
    commit_decision(user, &[], &mut |person, _, now, _| {
        Ok(text_message::count_refusal(person, &refusal, now).changes)
    })?;
    Ok(refusal.failure)
}

/// Notes an event that no change of a record goes with.
///
/// # Errors
///
/// Returns [`Failure::Unavailable`] when the store does not take it.
pub fn note(event: &Event) -> Result<(), Failure> {
    match commit(&[], core::slice::from_ref(event))? {
        Committed::Won => Ok(()),
        Committed::Lost | Committed::CeilingReached(_) => Err(Dependency::Store.into()),
    }
}

/// Reads a policy.
///
/// # Errors
///
/// Returns [`Failure::Unavailable`] when the store does not answer, or holds what cannot be read.
pub fn read_policy(company: &Company) -> Result<Option<StoredPolicy>, Failure> {
    let record = get(&[policy_id(company)])?.into_iter().next().flatten();
    record.map(|it| decode(&it, v1::decode_policy)).transpose()
}

fn get(ids: &[RecordId]) -> Result<Vec<Option<Versioned>>, Failure> {
    let records = store::get(ids).map_err(|_| Dependency::Store)?;
    // A host that answers less or more than it was asked cannot be believed.
    if records.len() == ids.len() {
        Ok(records)
    } else {
        Err(Dependency::Store.into())
    }
}

/// What became of a commit.
enum Committed {
    Won,
    /// Another came first.
    Lost,
    /// A counter, by its place in the list of changes, would pass its ceiling.
    CeilingReached(usize),
}

fn commit(changes: &[Change], events: &[Event]) -> Result<Committed, Failure> {
    let events: Vec<_> = events.iter().map(event_to_wit).collect();
    match store::commit(changes, &events) {
        Ok(()) => Ok(Committed::Won),
        Err(CommitFailure::Conflict) => Ok(Committed::Lost),
        Err(CommitFailure::CeilingReached(index)) => usize::try_from(index)
            .map(Committed::CeilingReached)
            .map_err(|_| Dependency::Store.into()),
        Err(CommitFailure::Unavailable(_)) => Err(Dependency::Store.into()),
    }
}

fn add_change(add: &Add) -> Change {
    Change::Add(store::Add {
        id: RecordId::Quota(add.name.clone()),
        amount: 1,
        ceiling: add.ceiling,
        collectable_at: add.until.as_seconds(),
    })
}

fn account_change(changes: &Changes, expected: Option<u64>) -> Change {
    let id = RecordId::User(UserRecord::Account);
    match &changes.account {
        Some(account) => Change::Put(Put {
            id,
            expected,
            value: v1::encode_account(account).to_vec(),
            collectable_at: None,
        }),
        None => Change::Check(Seen { id, expected }),
    }
}

fn tickets_change(changes: &Changes, expected: Option<u64>, now: Instant) -> Change {
    let id = RecordId::User(UserRecord::Tickets);
    match &changes.tickets {
        Some(tickets) if tickets.live.is_empty() && tickets.ended.is_empty() => {
            if expected.is_some() {
                Change::Delete(Seen { id, expected })
            } else {
                Change::Check(Seen { id, expected })
            }
        }
        Some(tickets) => Change::Put(Put {
            id,
            expected,
            value: v1::encode_tickets(tickets).to_vec(),
            collectable_at: Some(tickets.collectable_at(now).as_seconds()),
        }),
        None => Change::Check(Seen { id, expected }),
    }
}

fn decode<T>(
    record: &Versioned,
    read: impl Fn(&[u8]) -> Result<T, Unreadable>,
) -> Result<T, Failure> {
    match &record.content {
        Content::Bytes(bytes) => read(bytes).map_err(|_| Dependency::Store.into()),
        Content::Count(_) => Err(Dependency::Store.into()),
    }
}

fn policy_id(owner: &Company) -> RecordId {
    RecordId::Policy(owner.as_str().into())
}
