//! Wrong codes: the table of `wit/verification.wit`.

/// The wrong codes of one factor.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    pub(crate) streak: u64,
    unredeemed: u64,
    /// Since when `unredeemed` falls; none while it is 0.
    since: Option<u64>,
    pub(crate) rest_until: Option<u64>,
    pub(crate) disabled: bool,
}

/// Wrong codes over all factors, where the policy counts them so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct UserWide {
    pub(crate) tries: u64,
    pub(crate) rest_until: Option<u64>,
}

impl Counts {
    /// One less for each full four days since it left 0.
    pub(crate) fn unredeemed_at(&self, now: u64) -> u64 {
        self.unredeemed.saturating_sub(self.periods(now))
    }

    pub(crate) fn resting(&self, now: u64) -> Option<u64> {
        self.rest_until
            .filter(|until| now < *until && !self.disabled)
    }

    /// Counts a wrong code, the `own`th for this factor on its ticket. Says whether every challenge ends.
    pub(crate) fn fail(&mut self, now: u64, own: u64, ends_ticket: bool) -> bool {
        self.settle(now);
        self.streak += 1;
        self.unredeemed += 1;
        self.since.get_or_insert(now);
        let is_lock = self.streak >= 10;
        // Its own wrong codes count only once the ticket cannot redeem them any more.
        let still_redeemable = if ends_ticket || is_lock { 0 } else { own };
        self.disabled |= self.streak >= 100 || self.unredeemed - still_redeemable >= 100;
        let rest = match self.streak {
            0..=4 => None,
            5 => Some(30),
            6 => Some(60),
            7 => Some(120),
            8 => Some(240),
            9 => Some(480),
            n if n % 10 == 0 => Some(30 * 60),
            _ => Some(15 * 60),
        };
        self.rest_until = rest.filter(|_| !self.disabled).map(|seconds| now + seconds);
        is_lock || self.disabled
    }

    /// Notes a right code on a ticket that saw `own` wrong ones.
    pub(crate) fn succeed(&mut self, now: u64, own: u64) {
        self.settle(now);
        self.streak = 0;
        self.rest_until = None;
        self.unredeemed = self.unredeemed.saturating_sub(own);
        if self.unredeemed == 0 {
            self.since = None;
        }
    }

    fn settle(&mut self, now: u64) {
        let periods = self.periods(now);
        self.unredeemed = self.unredeemed.saturating_sub(periods);
        self.since = match self.unredeemed {
            0 => None,
            _ => self.since.map(|since| since + periods * FOUR_DAYS),
        };
    }

    fn periods(&self, now: u64) -> u64 {
        self.since
            .map_or(0, |since| now.saturating_sub(since) / FOUR_DAYS)
    }
}

impl UserWide {
    /// Ten tries, then 30 minutes.
    pub(crate) fn fail(&mut self, now: u64) {
        self.tries += 1;
        if self.tries >= 10 {
            self.tries = 0;
            self.rest_until = Some(now + 30 * 60);
        }
    }
}

const FOUR_DAYS: u64 = 4 * 24 * 3_600;
