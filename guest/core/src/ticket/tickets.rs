//! The tickets of one user.

use alloc::string::String;
use alloc::vec::Vec;

use super::{ID_LENGTH, Stage, Ticket};
use crate::failure::{Failure, TicketFault};
use crate::names::User;
use crate::policy::Effective;
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
    /// When a text message to the user was last asked for.
    pub texted_at: Option<Instant>,
    /// Messages that were refused since `refused_since`.
    pub refusals: u32,
    /// When the first of them was.
    pub refused_since: Option<Instant>,
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

    /// Puts a ticket back, or a new one in, as the newest.
    ///
    /// Where that makes more than 16, or more than the record can hold, the oldest goes that nobody has got anywhere
    /// with, or else the oldest.
    ///
    /// # Security
    ///
    /// A record that cannot be stored would let wrong codes go uncounted. So room is kept for the most that can become of
    /// every ticket, and what does not fit is crowded out while nothing is at stake.
    pub fn keep(&mut self, ticket: Ticket, now: Instant) {
        self.forget(now);
        self.live.push(ticket);
        while self.live.len() > MOST
            || (self.live.len() > 1 && self.room_of_policies() > ROOM_FOR_POLICIES)
        {
            let older = self.live.len().saturating_sub(1);
            let untouched = |it: &Ticket| !it.is_touched();
            let place = self.live.iter().take(older).position(untouched);
            let crowded_out = self.live.remove(place.unwrap_or(0));
            self.end(crowded_out, now);
        }
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

    /// Ends every recovery that is still in, and says of which recovery code, if there was one.
    pub fn end_recovering(&mut self, now: Instant) -> Option<String> {
        let under_way = self.live.iter().find_map(|ticket| match &ticket.stage {
            Stage::Recovering { code_id } => Some(code_id.clone()),
            _ => None,
        });
        self.end_where(now, |stage| matches!(stage, Stage::Recovering { .. }));
        under_way
    }

    /// The time from which on nothing of this is of use, for the store to collect it.
    #[must_use]
    pub fn collectable_at(&self, now: Instant) -> Instant {
        let live = self.live.iter().map(|it| it.expires_at.after(REMEMBERED));
        let ended = self.ended.iter().map(|it| it.until);
        live.chain(ended).max().unwrap_or(now)
    }

    /// Counts a message that was refused.
    pub fn count_refusal(&mut self, now: Instant) {
        let since = self.refused_since;
        if since.is_none_or(|since| now < since || now >= since.after(REFUSING)) {
            (self.refusals, self.refused_since) = (0, Some(now));
        }
        self.refusals = self.refusals.saturating_add(1);
    }

    /// Until when nothing is asked of the host for this user, after too many refusals.
    #[must_use]
    pub fn refused_until(&self, now: Instant) -> Option<Instant> {
        let since = self.refused_since.filter(|since| *since <= now)?;
        let until = since.after(REFUSING);
        (self.refusals >= MOST_REFUSALS && now < until).then_some(until)
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

    /// How many bytes the policies may take in the record, each of them once.
    fn room_of_policies(&self) -> usize {
        let mut distinct: Vec<&Effective> = Vec::with_capacity(self.live.len());
        for ticket in &self.live {
            if !distinct.iter().any(|it| **it == *ticket.policy) {
                distinct.push(&ticket.policy);
            }
        }
        distinct
            .into_iter()
            .fold(0, |sum, it| sum.saturating_add(it.encoded_at_most()))
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

/// Of the 32,768 bytes of the record: 16 tickets take at most 1,000 each, 32 ended ones 80 each.
const ROOM_FOR_POLICIES: usize = 14_000;

/// Refused messages of one user in the time below. Each may cost the host a look-up, and is an event.
const MOST_REFUSALS: u32 = 10;

/// How long refusals count, from the first.
const REFUSING: Span = Span::hours(1);

/// Ended tickets that are remembered.
const MOST_ENDED: usize = 32;

/// How long after its end a ticket is still told from one that never was.
const REMEMBERED: Span = Span::hours(1);

#[cfg(test)]
mod tests;
