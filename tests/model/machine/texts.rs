//! Messages that go out, and the counters that count them.

use std::collections::BTreeMap;

use countersign_conformance::world::Kind;
use countersign_host::sms::{Message, MessagePurpose};
use countersign_host::store::{Content, Key, Record};

use super::Machine;
use super::judgement::Outcome;
use crate::command::Fault;
use crate::forecast::Outgoing;
use crate::reference::Reference;
use crate::reference::texts::{Counter, Errand, Whose, Window};
use crate::secrets::PHONES;

impl Machine {
    /// The messages from the `n`th on.
    pub(super) fn messages_from(&self, n: usize) -> Vec<Message> {
        self.world.line().messages().split_off(n)
    }

    /// Compares the messages that went out with those that should, and learns their codes.
    pub(super) fn heard(
        &mut self,
        reference: &mut Reference,
        expected: &[Outgoing],
        messages: &[Message],
    ) -> Result<(), String> {
        let mut left: Vec<&Message> = messages.iter().collect();
        for outgoing in expected.iter().filter(|it| it.arrives) {
            let is_it = |it: &&Message| {
                it.number == PHONES[outgoing.number].text
                    && it.purpose == purpose(outgoing.errand)
                    && it.company == outgoing.payer
                    && u64::from(it.valid_minutes) == outgoing.minutes
            };
            let Some(place) = left.iter().position(is_it) else {
                return Err("VERIFY-1: a message did not go out as it should".to_owned());
            };
            let message = left.remove(place);
            self.secrets.learn_text(outgoing.code, &message.code)?;
            reference.drawn[outgoing.code].known = true;
        }
        match left.is_empty() {
            true => Ok(()),
            false => Err("VERIFY-1: a message went out that should not".to_owned()),
        }
    }

    /// Compares the counters of windows that are not over. Of those that are the contract leaves open how long they are
    /// kept, which matters where the clock goes back: what the store dropped, the reference drops too.
    pub(super) fn counters_agree(&mut self) -> Result<(), String> {
        let now = self.reference.now;
        // Nothing was counted, and nothing can be dropped: there is nothing to compare.
        let is_quota = |key: &Key| matches!(key.record, Record::Quota { .. });
        let versions = self.state.versions.iter().filter(|(key, _)| is_quota(key));
        let counters = &self.reference.counters;
        let counted = (
            versions.map(|(_, version)| *version).max(),
            counters.values().sum(),
        );
        let is_due = |(_, window, place): &Counter| (place + 1) * window.seconds() <= now;
        if counted == self.counted && !counters.keys().any(is_due) {
            return Ok(());
        }
        self.counted = counted;
        let mut kept: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
        for (key, stored) in self.world.store().records() {
            let Record::Quota { name } = &key.record else {
                continue;
            };
            let Content::Count(count) = stored.content else {
                return Err("a counter is none".to_owned());
            };
            // sms/{what}/{whose}/{window}/{place}
            let parts: Vec<&str> = name.split('/').collect();
            let [_, what, _, window, place] = parts.as_slice() else {
                return Err(format!("a counter of another kind: {name}"));
            };
            let of = ((*what).to_owned(), format!("{window}/{place}"));
            kept.entry(of).or_default().push(count);
        }
        let mut expected: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
        self.reference
            .counters
            .retain(|(whose, window, place), count| {
                let of = (
                    what(*whose).to_owned(),
                    format!("{}/{place}", word(*window)),
                );
                let is_over = (place + 1) * window.seconds() <= now;
                let stays = !is_over || kept.contains_key(&of);
                if stays {
                    expected.entry(of).or_default().push(*count);
                }
                stays
            });
        for counts in kept.values_mut().chain(expected.values_mut()) {
            counts.sort_unstable();
        }
        match kept == expected {
            true => Ok(()),
            false => Err(format!("VERIFY-1: counted {kept:?}, not {expected:?}")),
        }
    }
}

/// Whether a message went out in spite of the fault that took the answer: only what became of it was lost.
pub(super) fn went_out(outcome: Outcome, fault: Option<Fault>) -> bool {
    outcome == Outcome::Answered || (outcome == Outcome::Lost && is_after_sending(fault))
}

/// Whether it is the second commit that fails, which notes what became of a message.
pub(super) fn is_after_sending(fault: Option<Fault>) -> bool {
    matches!(
        fault,
        Some(Fault::Import {
            import: countersign_conformance::world::Import::Commit,
            kind: Kind::Before | Kind::After,
            on: 2,
            ..
        })
    )
}

fn purpose(errand: Errand) -> MessagePurpose {
    match errand {
        Errand::Enroll => MessagePurpose::Enroll,
        Errand::SignIn => MessagePurpose::SignIn,
        Errand::Manage => MessagePurpose::ManageFactors,
        Errand::StepUp => MessagePurpose::StepUp,
    }
}

fn what(whose: Whose) -> &'static str {
    match whose {
        Whose::User(_) => "user",
        Whose::Number(_) => "number",
        Whose::NewNumber(_) => "new-number",
        Whose::Payer(_) => "company",
        Whose::PayerForNew(_) => "company-new",
    }
}

fn word(window: Window) -> &'static str {
    match window {
        Window::Minute => "minute",
        Window::Hour => "hour",
        Window::Day => "day",
    }
}
