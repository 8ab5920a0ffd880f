//! What a decision is made of, and what comes out of it.

use alloc::vec::Vec;

use crate::account::Account;
use crate::event::{Actor, Event, EventKind};
use crate::names::{Company, User};
use crate::ticket::Tickets;

/// One user, as read.
#[derive(Debug)]
pub struct Person {
    /// Who.
    pub user: User,
    /// The account, if there is one.
    pub account: Option<Account>,
    /// The tickets; none is the same as no record.
    pub tickets: Tickets,
}

/// The whole outcome of one command.
///
/// Nothing has happened yet when a `Decision` exists. The caller commits `changes` whole, under the versions that were
/// read, and tells `reply` to nobody before that commit won.
#[must_use = "a decision does nothing until it is committed"]
#[derive(Debug)]
pub struct Decision<R> {
    /// What to commit.
    pub changes: Changes,
    /// What to tell the caller.
    pub reply: R,
}

/// What one decision changes. All of it, or nothing, comes to be.
#[derive(Debug, Default)]
pub struct Changes {
    /// The account to store, if it changed.
    pub account: Option<Account>,
    /// The tickets to store, if they changed.
    pub tickets: Option<Tickets>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

impl<R> Decision<R> {
    /// Decides to change nothing.
    pub fn tell(reply: R) -> Self {
        Self {
            changes: Changes::default(),
            reply,
        }
    }
}

impl Changes {
    /// Says whether there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.account.is_none() && self.tickets.is_none() && self.events.is_empty()
    }
}

/// How often a call reads and decides again when another came first; then it is busy.
pub const TRIES: usize = 16;

/// The events of one decision, all of them the business of the same companies.
#[derive(Debug)]
pub(crate) struct Log {
    companies: Vec<Company>,
    actor: Option<Actor>,
    events: Vec<Event>,
}

impl Log {
    pub(crate) fn of(companies: &[Company]) -> Self {
        Self {
            companies: companies.to_vec(),
            actor: None,
            events: Vec::new(),
        }
    }

    pub(crate) fn by(companies: &[Company], actor: Actor) -> Self {
        Self {
            actor: Some(actor),
            ..Self::of(companies)
        }
    }

    pub(crate) fn note(&mut self, kind: EventKind) {
        self.events.push(Event {
            kind,
            companies: self.companies.clone(),
            actor: self.actor.clone(),
        });
    }

    pub(crate) fn into_events(self) -> Vec<Event> {
        self.events
    }
}
