//! The tickets of one user.

use alloc::string::String;
use alloc::vec::Vec;

use super::{ID_LENGTH, Stage, Ticket};
use crate::failure::{Failure, TicketFault};
use crate::names::User;
use crate::record::Unknown;
use crate::secret::Text;
use crate::time::{Instant, Span};
use crate::vault::{self, Context, Vault};

/// All tickets of a user that are worth something, and for a while the ids of those that were.
#[derive(Debug, Default)]
pub struct Tickets {
    /// Those that are worth something, the oldest first.
    pub live: Vec<Ticket>,
    /// Those that were, the oldest first.
    pub ended: Vec<Ended>,
    /// Fields of a newer version, written back as they were.
    pub unknown: Unknown,
}

/// A ticket that is worth nothing any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ended {
    /// Its id.
    pub id: String,
    /// Whether its time was over, or it was spent.
    pub expired: bool,
    /// Until when that is remembered.
    pub until: Instant,
}

impl Tickets {
    /// Takes the ticket out that `text` is, so that the caller keeps it or ends it.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Ticket`] for one that is unknown, expired or spent, or [`Failure::Unavailable`].
    ///
    /// # Security
    ///
    /// The id alone opens nothing: the keyring checks the whole string, bound to the user.
    pub fn take(
        &mut self,
        user: &User,
        text: &Text,
        now: Instant,
        vault: &mut dyn Vault,
    ) -> Result<Ticket, Failure> {
        let id = id_of(text)?;
        let Some(place) = self.live.iter().position(|ticket| ticket.id == id) else {
            return Err(self.fate_of(id).into());
        };
        let ticket = self.live.remove(place);
        let bound = vault::bind(user, &[text.expose().as_bytes()]);
        if !vault.check(Context::Ticket, &bound, &ticket.tag)? {
            return Err(TicketFault::Unknown.into());
        }
        if now >= ticket.expires_at {
            return Err(TicketFault::Expired.into());
        }
        Ok(ticket)
    }

    /// Puts a ticket back, or a new one in.
    ///
    /// Where that makes more than 16, the oldest goes that no code was tried on, or else the oldest.
    pub fn keep(&mut self, ticket: Ticket, now: Instant) {
        self.forget(now);
        if self.live.len() >= MOST {
            let place = self
                .live
                .iter()
                .position(|it| !it.is_touched())
                .unwrap_or(0);
            let crowded_out = self.live.remove(place);
            self.end(crowded_out, now);
        }
        let place = self
            .live
            .iter()
            .position(|it| it.begun_at > ticket.begun_at)
            .unwrap_or(self.live.len());
        self.live.insert(place, ticket);
    }

    /// Ends a ticket that was taken out.
    pub fn end(&mut self, ticket: Ticket, now: Instant) {
        self.forget(now);
        self.ended.push(Ended {
            id: ticket.id,
            expired: false,
            until: ticket.expires_at.max(now).after(REMEMBERED),
        });
        let surplus = self.ended.len().saturating_sub(MOST_ENDED);
        self.ended.drain(..surplus);
    }

    /// Ends every ticket that is still in.
    pub fn end_all(&mut self, now: Instant) {
        self.end_where(now, |_| true);
    }

    /// Ends every challenge that is still in.
    pub fn end_challenged(&mut self, now: Instant) {
        self.end_where(now, |stage| *stage == Stage::Challenged);
    }

    /// Ends every recovery that is still in.
    pub fn end_recovering(&mut self, now: Instant) {
        self.end_where(now, |stage| matches!(stage, Stage::Recovering { .. }));
    }

    /// The time from which on nothing of this is of use, for the store to collect it.
    #[must_use]
    pub fn collectable_at(&self, now: Instant) -> Instant {
        let live = self.live.iter().map(|it| it.expires_at.after(REMEMBERED));
        let ended = self.ended.iter().map(|it| it.until);
        live.chain(ended).max().unwrap_or(now)
    }

    /// How many are worth something at `now`.
    #[must_use]
    pub fn count(&self, now: Instant) -> usize {
        self.live.iter().filter(|it| now < it.expires_at).count()
    }

    fn end_where(&mut self, now: Instant, ends: impl Fn(&Stage) -> bool) {
        let (ending, staying) = core::mem::take(&mut self.live)
            .into_iter()
            .partition(|ticket: &Ticket| ends(&ticket.stage));
        self.live = staying;
        let ending: Vec<Ticket> = ending;
        for ticket in ending {
            self.end(ticket, now);
        }
    }

    /// Moves what is over from the live ones to the ended ones, and drops what need not be remembered any longer.
    fn forget(&mut self, now: Instant) {
        self.live.retain(|ticket| {
            let over = now >= ticket.expires_at;
            if over {
                self.ended.push(Ended {
                    id: ticket.id.clone(),
                    expired: true,
                    until: ticket.expires_at.after(REMEMBERED),
                });
            }
            !over
        });
        self.ended.retain(|it| now < it.until);
    }

    fn fate_of(&self, id: &str) -> TicketFault {
        match self.ended.iter().find(|it| it.id == id) {
            Some(Ended { expired: true, .. }) => TicketFault::Expired,
            Some(_) => TicketFault::Spent,
            None => TicketFault::Unknown,
        }
    }
}

/// The id in a bearer string, which must look like one.
fn id_of(text: &Text) -> Result<&str, Failure> {
    let text = text.expose();
    let well_formed = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if !well_formed {
        return Err(Failure::invalid(
            "ticket",
            "1 to 128 ASCII characters without white space",
        ));
    }
    text.get(..ID_LENGTH).ok_or(TicketFault::Unknown.into())
}

/// Live tickets of one user.
const MOST: usize = 16;

/// Ended tickets that are remembered.
const MOST_ENDED: usize = 32;

/// How long after its end a ticket is still told from one that never was.
const REMEMBERED: Span = Span::hours(1);
