//! What a decision is made of, and what comes out of it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::account::Account;
use crate::event::{Actor, Event, EventKind};
use crate::failure::NotPermitted;
use crate::names::{Company, User};
use crate::text_message::Refusal;
use crate::ticket::Tickets;
use crate::time::Instant;

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
    /// Counters to raise by one.
    pub adds: Vec<Add>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// A counter to raise by one. A commit that would take it past its ceiling changes nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Add {
    /// Its name.
    pub name: String,
    /// The most that it may come to.
    pub ceiling: u64,
    /// When its window is over, and another counter begins at 0.
    pub until: Instant,
    /// Whose limit it is.
    pub limit: Limit,
}

/// Whose limit a counter keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// Messages to a user.
    User,
    /// Messages to a number.
    Number,
    /// Messages for a company.
    Company,
    /// Messages to enroll for a company.
    CompanyEnrolling,
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

impl<R> Decision<R> {
    /// Decides to change nothing, but to note what happened.
    pub(crate) fn note(reply: R, log: Log) -> Self {
        Self {
            changes: Changes {
                events: log.into_events(),
                ..Changes::default()
            },
            reply,
        }
    }
}

impl Changes {
    /// Says whether there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.account.is_none()
            && self.tickets.is_none()
            && self.adds.is_empty()
            && self.events.is_empty()
    }

    /// The refusal when the counter at this place has reached its ceiling. None where there is no such counter: then the
    /// store cannot be believed.
    #[must_use]
    pub fn refuse(&self, counter: usize) -> Option<Refusal> {
        let add = self.adds.get(counter)?;
        let why = match add.limit {
            Limit::User => "user-limit",
            Limit::Number => "number-limit",
            Limit::Company => "company-limit",
            Limit::CompanyEnrolling => "company-enrolling-limit",
        };
        let event = Event {
            kind: EventKind::SmsRefused(why.into()),
            companies: self
                .events
                .first()
                .map(|it| it.companies.clone())
                .unwrap_or_default(),
            actor: None,
        };
        Some(Refusal {
            failure: NotPermitted::SendLimit(add.until).into(),
            event,
        })
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
        let event = self.event(kind);
        self.events.push(event);
    }

    /// The event of this kind, to be noted later.
    pub(crate) fn event(&self, kind: EventKind) -> Event {
        Event {
            kind,
            companies: self.companies.clone(),
            actor: self.actor.clone(),
        }
    }

    pub(crate) fn into_events(self) -> Vec<Event> {
        self.events
    }
}
