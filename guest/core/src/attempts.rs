//! How many wrong codes a factor bears.
//!
//! Two counts. The *streak* are wrong codes in a row; a success ends it. *Unredeemed* are the wrong codes that no
//! success made good: a success only takes away those that were typed on its own ticket. So an owner who signs in every
//! day does not refill the budget of a thief who guesses between.

use crate::time::{Instant, Span};

/// The wrong codes of one factor.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Attempts {
    /// Wrong codes in a row.
    pub streak: u32,
    /// Wrong codes that no success made good, as counted at `since`.
    pub unredeemed: u32,
    /// From when on `unredeemed` fades; none while it is 0.
    pub since: Option<Instant>,
    /// Until when nothing is compared.
    pub rest_until: Option<Instant>,
    /// Whether the factor is disabled, for good.
    pub disabled: bool,
}

/// Whether a factor can be compared with now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Readiness {
    /// It can.
    Usable,
    /// Not before this time.
    Resting(Instant),
    /// Never again.
    Disabled,
}

/// What a wrong code led to.
#[derive(Debug, Eq, PartialEq)]
pub struct Toll {
    /// Until when the factor must rest, if it must.
    pub rest_until: Option<Instant>,
    /// Whether the factor was disabled by this code.
    pub disabled: bool,
    /// Whether every challenge ends: the factor is locked or disabled.
    pub ends_challenges: bool,
    /// The count of unredeemed failures, if it just reached a number that a user must be told of.
    pub suspicious: Option<u32>,
}

impl Attempts {
    /// Says whether the factor can be compared with at `now`.
    #[must_use]
    pub fn readiness(&self, now: Instant) -> Readiness {
        match self.rest_until {
            _ if self.disabled => Readiness::Disabled,
            Some(until) if now < until => Readiness::Resting(until),
            _ => Readiness::Usable,
        }
    }

    /// The unredeemed failures at `now`: one less for each full four days since they left 0.
    #[must_use]
    pub fn unredeemed_at(&self, now: Instant) -> u32 {
        self.unredeemed.saturating_sub(self.faded(now))
    }

    /// Counts a wrong code.
    ///
    /// `own` is how many wrong codes for this factor its ticket has seen, this one included; `ends_ticket` says
    /// whether it was the ticket's last.
    ///
    /// # Security
    ///
    /// The caller must commit this before it tells anybody that the code was wrong, else a crash gives the try back.
    pub fn fail(&mut self, now: Instant, own: u32, ends_ticket: bool) -> Toll {
        self.fade(now);
        self.streak = self.streak.saturating_add(1);
        self.unredeemed = self.unredeemed.saturating_add(1);
        self.since.get_or_insert(now);

        // A ticket's own failures may still be redeemed by its success; they count in full once it has ended, by its
        // number of tries or by a lock.
        let settled = if ends_ticket || self.streak >= LOCKING {
            self.unredeemed
        } else {
            self.unredeemed.saturating_sub(own)
        };
        let newly_disabled = !self.disabled && (self.streak >= MOST || settled >= MOST);
        self.disabled |= newly_disabled;
        let rest = rest_after(self.streak).filter(|_| !self.disabled);
        self.rest_until = rest.map(|span| now.after(span));
        Toll {
            rest_until: self.rest_until,
            disabled: newly_disabled,
            ends_challenges: self.disabled || self.streak >= LOCKING,
            suspicious: SUSPICIOUS
                .contains(&self.unredeemed)
                .then_some(self.unredeemed),
        }
    }

    /// Notes a right code: ends the streak, and redeems the `own` wrong codes of its ticket.
    pub fn succeed(&mut self, now: Instant, own: u32) {
        self.fade(now);
        self.streak = 0;
        self.rest_until = None;
        self.unredeemed = self.unredeemed.saturating_sub(own);
        if self.unredeemed == 0 {
            self.since = None;
        }
    }

    /// Ends a rest, and changes no count. A disabled factor stays disabled.
    pub fn unlock(&mut self) {
        self.rest_until = None;
    }

    /// Settles what has faded, so that `since` starts a new period where the last full one ended.
    fn fade(&mut self, now: Instant) {
        let faded = self.faded(now);
        self.unredeemed = self.unredeemed.saturating_sub(faded);
        self.since = match self.since {
            Some(since) if self.unredeemed > 0 => Some(since.after(FADING.times(u64::from(faded)))),
            _ => None,
        };
    }

    fn faded(&self, now: Instant) -> u32 {
        let periods = self.since.map_or(0, |since| now.since(since).full(FADING));
        u32::try_from(periods).unwrap_or(u32::MAX)
    }
}

/// How long a factor rests after the `streak`th wrong code in a row.
fn rest_after(streak: u32) -> Option<Span> {
    match streak {
        0..5 => None,
        5 => Some(Span::seconds(30)),
        6 => Some(Span::seconds(60)),
        7 => Some(Span::seconds(120)),
        8 => Some(Span::seconds(240)),
        9 => Some(Span::seconds(480)),
        n if n.is_multiple_of(LOCKING) => Some(Span::minutes(30)),
        _ => Some(Span::minutes(15)),
    }
}

/// Streak from which on a factor is locked rather than resting, and challenges end.
const LOCKING: u32 = 10;

/// SP 800-63B-4, section 3.2.2: no more than 100 failed attempts before the authenticator is disabled.
const MOST: u32 = 100;

/// Unredeemed failures at which the user is told.
const SUSPICIOUS: [u32; 2] = [10, 50];

/// How long it takes one unredeemed failure to fade. An honest user with 3 % typos makes fewer than one unredeemed
/// failure in that time; a guesser who stays below it gets 92 tries a year.
const FADING: Span = Span::days(4);

#[cfg(test)]
mod tests;
