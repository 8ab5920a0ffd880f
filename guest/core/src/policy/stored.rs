//! A policy in the store, and how it is replaced.

use alloc::vec::Vec;

use super::Policy;
use crate::event::{Actor, Event, EventKind};
use crate::failure::Failure;
use crate::names::Company;
use crate::record::Unknown;
use crate::time::Instant;

/// A policy and its revision.
#[derive(Debug)]
pub struct StoredPolicy {
    /// The policy.
    pub policy: Policy,
    /// A number that grows with each change.
    pub revision: u64,
    /// Fields of a newer version, written back as they were.
    pub unknown: Unknown,
}

/// A policy to be put in place of another.
#[derive(Debug)]
pub struct Put {
    /// The policy.
    pub policy: Policy,
    /// The revision that was read; none to say that there was no policy.
    pub expected: Option<u64>,
    /// Who does it.
    pub actor: Actor,
    /// Whether a deadline may be now or past.
    pub enforce_now: bool,
}

/// Decides on a new policy. Returns what to store, and what happened.
///
/// # Errors
///
/// - [`Failure::Invalid`]: a value is out of its bounds.
/// - [`Failure::RevisionConflict`]: the stored revision is another one.
/// - [`Failure::NotPermitted`]: the deadline is not in the future.
pub fn put(
    company: &Company,
    stored: Option<StoredPolicy>,
    ask: Put,
    now: Instant,
) -> Result<(StoredPolicy, Vec<Event>), Failure> {
    ask.policy.check_bounds()?;
    if stored.as_ref().map(|it| it.revision) != ask.expected {
        return Err(Failure::RevisionConflict);
    }
    let before = stored.as_ref().map(|it| &it.policy);
    ask.policy.check_deadline(before, now, ask.enforce_now)?;
    let revision = ask.expected.unwrap_or(0).saturating_add(1);
    let deadline = ask
        .policy
        .deadline()
        .filter(|it| before.and_then(Policy::deadline) != Some(it))
        .cloned();
    let kinds = core::iter::once(EventKind::PolicyChanged(revision))
        .chain(deadline.map(EventKind::DeadlineSet));
    let events = kinds
        .map(|kind| Event {
            kind,
            companies: [company.clone()].into(),
            actor: Some(ask.actor.clone()),
        })
        .collect();
    let next = StoredPolicy {
        policy: ask.policy,
        revision,
        unknown: stored.map(|it| it.unknown).unwrap_or_default(),
    };
    Ok((next, events))
}
