//! Tickets: `wit/types.wit`.

use serde_json::Value;

use super::Reference;
use super::policy::Rules;
use super::texts::{PendingPhone, Sent};
use crate::command::{Method, Purpose, Who};
use crate::forecast::refusal;

/// What a caller holds for a ticket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bearer {
    Minted(usize),
    Forged(usize),
    Nonsense,
}

/// A ticket, good or over.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) owner: Who,
    pub(crate) purpose: Purpose,
    pub(crate) stage: Stage,
    pub(crate) begun_at: u64,
    pub(crate) expires_at: u64,
    /// The policy of its begin (TICKET-6).
    pub(crate) rules: Rules,
    /// Whether the first factor was fresh at its begin.
    pub(crate) fresh: bool,
    /// The phone by which it came.
    pub(crate) first_phone: Option<usize>,
    pub(crate) wrong_app: u64,
    pub(crate) wrong_phone: u64,
    pub(crate) wrong_recovery: u64,
    pub(crate) pending: Option<Pending>,
    pub(crate) pending_phone: Option<PendingPhone>,
    /// Messages asked for on it.
    pub(crate) sends: u64,
    /// The code that is awaited on it.
    pub(crate) sent: Option<Sent>,
    /// Whether something was ever begun on it.
    pub(crate) begun: bool,
    pub(crate) over: Option<Over>,
    /// Whether whoever drives knows it: an answer that was lost took it along.
    pub(crate) known: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    Challenged,
    Verified { method: Method, factor_at: u64 },
    Enrolling { required: bool },
    Recovering,
}

/// An app that is begun and not confirmed.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) key: usize,
    pub(crate) wrong: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Over {
    Spent,
    Expired,
}

impl Ticket {
    pub(crate) fn is_good(&self, now: u64) -> bool {
        self.over.is_none() && now < self.expires_at
    }

    /// Whether the first factor is still what a recovery may bind on: messages may keep a challenge alive for longer.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        self.fresh && now < self.begun_at + 900
    }

    pub(crate) fn wrong(&self) -> u64 {
        self.wrong_app + self.wrong_phone + self.wrong_recovery
    }

    pub(crate) fn wrong_of(&self, method: Method) -> u64 {
        match method {
            Method::Totp => self.wrong_app,
            Method::Sms => self.wrong_phone,
        }
    }

    pub(crate) fn is_pending(&self, method: Method) -> bool {
        match method {
            Method::Totp => self.pending.is_some(),
            Method::Sms => self.pending_phone.is_some(),
        }
    }

    /// The code of a message that would be right on it.
    pub(crate) fn running(&self) -> Option<usize> {
        let pending = self.pending_phone.as_ref().map(|it| &it.sent);
        self.sent.as_ref().or(pending).map(|it| it.code)
    }

    /// Whether nobody got anywhere with it, as it stands now.
    fn is_untouched(&self) -> bool {
        match self.stage {
            Stage::Challenged => self.wrong() == 0 && self.sends == 0,
            Stage::Enrolling { .. } => self.pending.is_none() && self.sends == 0,
            Stage::Verified { .. } | Stage::Recovering => false,
        }
    }
}

impl Reference {
    /// The ticket, or why it is worth nothing.
    pub(super) fn take(&self, user: Who, bearer: Bearer) -> Result<usize, Vec<Value>> {
        let faults = |names: &[&str]| Err(names.iter().map(|it| refusal(it)).collect());
        // TICKET-1: the whole of it counts, and for its own user alone.
        let Bearer::Minted(number) = bearer else {
            return faults(&["ticket.unknown"]);
        };
        let ticket = &self.tickets[number];
        if ticket.owner != user {
            return faults(&["ticket.unknown"]);
        }
        match ticket.over {
            // "Or unknown, once it is forgotten": when that is, is left open.
            Some(Over::Spent) => faults(&["ticket.spent", "ticket.unknown"]),
            // Its time was over, and then it was ended as well: both are so.
            Some(Over::Expired) => faults(&["ticket.expired", "ticket.spent", "ticket.unknown"]),
            None if self.now >= ticket.expires_at => faults(&["ticket.expired", "ticket.unknown"]),
            None => Ok(number),
        }
    }

    /// Mints a ticket. Returns it, and those of which one had to go for it (TICKET-5).
    pub(super) fn mint(
        &mut self,
        owner: Who,
        purpose: Purpose,
        stage: Stage,
        rules: Rules,
        (fresh, first_phone): (bool, Option<usize>),
    ) -> (usize, Vec<usize>) {
        let minutes = match stage {
            Stage::Challenged => 15,
            Stage::Verified { .. } | Stage::Enrolling { .. } | Stage::Recovering => 30,
        };
        self.tickets.push(Ticket {
            owner,
            purpose,
            stage,
            begun_at: self.now,
            expires_at: self.now + minutes * 60,
            rules,
            fresh,
            first_phone,
            wrong_app: 0,
            wrong_phone: 0,
            wrong_recovery: 0,
            pending: None,
            pending_phone: None,
            sends: 0,
            sent: None,
            begun: false,
            over: None,
            known: false,
        });
        let number = self.tickets.len() - 1;
        let crowded = self.crowded(owner, number);
        if let Some(first) = crowded.first() {
            self.tickets[*first].over = Some(Over::Spent);
        }
        (number, crowded)
    }

    /// Mints the ticket that follows another.
    pub(super) fn advance(&mut self, number: usize, stage: Stage) -> usize {
        self.spend(number);
        let before = self.tickets[number].clone();
        let minted = self.mint(
            before.owner,
            before.purpose,
            stage,
            before.rules,
            (before.fresh, before.first_phone),
        );
        minted.0
    }

    pub(super) fn spend(&mut self, number: usize) {
        self.tickets[number].over.get_or_insert(Over::Spent);
    }

    /// Ends a user's tickets that are good and of such a stage, all but one.
    pub(super) fn spend_where(
        &mut self,
        user: Who,
        except: Option<usize>,
        ends: impl Fn(Stage) -> bool,
    ) {
        for number in self.good(user) {
            if Some(number) != except && ends(self.tickets[number].stage) {
                self.spend(number);
            }
        }
    }

    /// Ends all of a user's tickets but one.
    pub(super) fn spend_all(&mut self, user: Who, except: Option<usize>) {
        // Those whose time was over too: the clock may go back, and they do not come to life again.
        for number in 0..self.tickets.len() {
            let ticket = &self.tickets[number];
            if Some(number) != except && ticket.owner == user && ticket.over.is_none() {
                self.tickets[number].over = Some(match ticket.is_good(self.now) {
                    true => Over::Spent,
                    false => Over::Expired,
                });
            }
        }
    }

    pub(crate) fn good(&self, user: Who) -> Vec<usize> {
        (0..self.tickets.len())
            .filter(|number| {
                let ticket = &self.tickets[*number];
                ticket.owner == user && ticket.is_good(self.now)
            })
            .collect()
    }

    /// Whether an app is begun on any of a user's tickets, and known.
    pub(crate) fn has_pending(&self, user: Who) -> bool {
        let good = self.good(user).into_iter();
        let mut pending = good.filter_map(|number| self.tickets[number].pending.as_ref());
        pending.any(|it| self.keys[it.key].known)
    }

    fn crowded(&self, user: Who, newest: usize) -> Vec<usize> {
        let good = self.good(user);
        if good.len() <= MOST {
            return Vec::new();
        }
        let older: Vec<usize> = good.into_iter().filter(|it| *it != newest).collect();
        let untouched = older.iter().filter(|it| self.tickets[**it].is_untouched());
        let (once_begun, never): (Vec<usize>, Vec<usize>) =
            untouched.partition(|it| self.tickets[**it].begun);
        let clear = never.into_iter().take(1);
        let candidates: Vec<usize> = clear.chain(once_begun).collect();
        if candidates.is_empty() {
            return older;
        }
        candidates
    }
}

const MOST: usize = 16;
