//! How long a mail that is not taken is tried again.

use std::collections::HashMap;

use crate::mail::{MailError, MailId};

/// The mails that were not taken, since when, and when each is next to be tried.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waiting: HashMap<MailId, Wait>,
    /// Until when no mail is tried, as none is taken.
    closed_until: u64,
}

#[derive(Debug)]
struct Wait {
    since: u64,
    next: u64,
    pause: u64,
}

/// What is to be done about a mail that was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Then {
    /// To try it again.
    Again,
    /// To give it up.
    GiveUp,
}

impl Patience {
    /// Says whether no mail is to be tried just now.
    pub(super) fn is_closed(&self, now: u64) -> bool {
        now < self.closed_until
    }

    /// Says whether it is time to try a mail.
    pub(super) fn is_time(&self, id: &MailId, now: u64) -> bool {
        !self.is_closed(now) && self.waiting.get(id).is_none_or(|it| it.next <= now)
    }

    /// Notes that a mail was not taken.
    pub(super) fn note(&mut self, id: MailId, error: &MailError, now: u64) -> Then {
        let is_closed = matches!(error, MailError::Unavailable(_));
        let at_most = if is_closed { CLOSED } else { DEFERRED };
        if is_closed {
            self.closed_until = now.saturating_add(FIRST_PAUSE);
        }
        let wait = self.waiting.entry(id).or_insert(Wait {
            since: now,
            next: now,
            pause: FIRST_PAUSE,
        });
        if now.saturating_sub(wait.since) >= at_most {
            self.waiting.remove(&id);
            return Then::GiveUp;
        }
        wait.next = now.saturating_add(wait.pause);
        wait.pause = wait.pause.saturating_mul(2).min(LONGEST_PAUSE);
        Then::Again
    }

    /// Notes that nothing is to be done about a mail any more.
    pub(super) fn done(&mut self, id: &MailId) {
        self.waiting.remove(id);
    }
}

/// A mail that is not taken for now keeps those of later events waiting.
const DEFERRED: u64 = 10 * 60;
/// A server that is away takes no other mail either.
const CLOSED: u64 = 24 * 60 * 60;
const FIRST_PAUSE: u64 = 2;
const LONGEST_PAUSE: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    const ID: MailId = MailId([1; 32]);
    const OTHER: MailId = MailId([2; 32]);

    #[test]
    fn mail_that_is_deferred_is_tried_less_and_less_often_and_given_up_after_ten_minutes() {
        let mut patience = Patience::default();
        let error = MailError::Deferred(String::new());
        let (mut now, mut tries) = (1_000, 0);
        loop {
            if patience.is_time(&ID, now) {
                tries += 1;
                if patience.note(ID, &error, now) == Then::GiveUp {
                    break;
                }
            }
            assert!(patience.is_time(&OTHER, now), "others do not wait");
            now += 1;
        }
        assert!((1_600..=1_660).contains(&now), "{now}");
        assert!((10..=20).contains(&tries), "{tries}");
        assert!(patience.is_time(&ID, now), "nothing is kept of it");
    }

    #[test]
    fn while_no_mail_is_taken_others_wait_too_and_none_is_given_up_for_a_day() {
        let mut patience = Patience::default();
        let error = MailError::Unavailable(String::new());
        assert_eq!(patience.note(ID, &error, 1_000), Then::Again);
        assert!(!patience.is_time(&OTHER, 1_001));
        assert_eq!(patience.note(ID, &error, 80_000), Then::Again);
        assert_eq!(patience.note(ID, &error, 88_000), Then::GiveUp);
    }
}
