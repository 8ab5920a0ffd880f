//! Whether what is kept is what the reference says.

use countersign_conformance::pattern;
use serde_json::json;

use super::Machine;
use crate::command::{Call, Method, USERS, Who};
use crate::reference::{Act, Bearer, Over, Typed};
use crate::secrets::name;
use crate::tally;

impl Machine {
    /// Compares the tickets that are kept with those that are good, and takes over what the contract leaves open: which
    /// of several had to go, and whether one whose time was over is good again after the clock went back.
    pub(super) fn settle(&mut self, crowded: &[usize]) -> Result<(), String> {
        if !crowded.is_empty() {
            tally::note("a ticket was crowded out".to_owned());
        }
        for user in 0..USERS {
            let live = &self.state.people[user].tickets.live;
            let is_kept = |number: usize| {
                let text = self.secrets.tickets.get(&number);
                text.map(|text| live.iter().any(|it| text.starts_with(&it.id)))
            };
            let mut gone = Vec::new();
            for number in 0..self.reference.tickets.len() {
                let ticket = &self.reference.tickets[number];
                if ticket.owner != user {
                    continue;
                }
                let is_good = ticket.is_good(self.reference.now);
                match is_kept(number) {
                    Some(false) if ticket.over.is_none() && !is_good => {
                        gone.push((number, Some(Over::Expired)));
                    }
                    Some(false) if is_good && crowded.contains(&number) => {
                        gone.push((number, Some(Over::Spent)));
                    }
                    Some(true) if crowded.contains(&number) => gone.push((number, None)),
                    Some(false) if is_good => {
                        return Err(format!("a good ticket of {} is not kept", name(user)));
                    }
                    Some(true) if ticket.over.is_some() => {
                        return Err(format!("a ticket of {} that is over is kept", name(user)));
                    }
                    _ => {}
                }
            }
            for (number, over) in gone {
                self.reference.tickets[number].over = over;
            }
        }
        // One whose answer was lost can be the one that went, and nobody has its text to look for it.
        let owner = crowded.first().map(|it| self.reference.tickets[*it].owner);
        if let Some(owner) = owner
            && self.reference.good(owner).len() > 16
        {
            let tickets = &mut self.reference.tickets;
            let lost = crowded.iter().find(|it| !tickets[**it].known);
            match lost {
                Some(lost) => tickets[*lost].over = Some(Over::Spent),
                None => return Err("TICKET-5: more than 16 tickets are good".to_owned()),
            }
        }
        Ok(())
    }

    /// Compares users' status and records with the reference. Others were not touched (S-12).
    pub(super) fn agree(&mut self, users: &[Option<Who>], first: usize) -> Result<(), String> {
        for user in users.iter().copied().flatten() {
            let call = Call::Status(user);
            let expected = self
                .reference
                .clone()
                .perform(&self.reference.resolve(&call));
            let status = self.call(call.function(), &json!({ "user": name(user) }));
            pattern::check(&expected.answers[0], &status)
                .map_err(|why| format!("status of {}: {why}", name(user)))?;
            self.records_agree(user, first)?;
            let tickets = &self.state.people[user].tickets;
            let since = tickets.refused_since.filter(|_| tickets.refusals >= 10);
            self.reference.people[user].refused_until = since.map(|it| it.as_seconds() + 3_600);
        }
        self.counters_agree()
    }

    /// Whether a typed code is, by chance, one that it is not meant to be: one in a million.
    pub(super) fn is_ambiguous(&self, act: &Act) -> bool {
        let key = match (&act.call, act.bearer) {
            (Call::Verify(_, _, Method::Sms, ..) | Call::Confirm(_, _, Method::Sms, _), _) => {
                return self.is_ambiguous_text(act);
            }
            (Call::Verify(user, ..), _) => {
                let app = self.reference.people[*user].app.as_ref();
                app.map(|it| it.key)
            }
            (Call::Confirm(..), Bearer::Minted(number)) => {
                let pending = self.reference.tickets[number].pending.as_ref();
                pending.map(|it| it.key)
            }
            _ => None,
        };
        let Some((key, app)) = key.and_then(|key| Some((key, self.secrets.app(key)?))) else {
            return false;
        };
        let now = self.reference.now;
        let text = self.secrets.typed(act.typed, now);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let current = self.reference.step(key);
        [-1, 0, 1].into_iter().any(|offset| {
            let meant = matches!(act.typed, Typed::Of { key: of, step, .. }
                if of == key && step == current.saturating_add_signed(offset));
            (app.code_near(now, offset) == digits) != meant
        })
    }

    /// The same for the code of a message. The right one is in the record, also where no message with it arrived.
    fn is_ambiguous_text(&self, act: &Act) -> bool {
        let Bearer::Minted(number) = act.bearer else {
            return false;
        };
        let ticket = &self.reference.tickets[number];
        let Some(text) = self.secrets.tickets.get(&number) else {
            return false;
        };
        let live = &self.state.people[ticket.owner].tickets.live;
        let stored = live.iter().find(|it| text.starts_with(&it.id));
        let Some(sent) = stored.and_then(|it| {
            let pending = it.pending_phone.as_ref().map(|it| &it.sent);
            it.sent.as_ref().or(pending)
        }) else {
            return false;
        };
        let text = self.secrets.typed(act.typed, self.reference.now);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let running = ticket.running();
        let meant = matches!(act.typed, Typed::Sent { code, .. } if Some(code) == running);
        (sent.code.expose() == digits) != meant
    }
}
