//! Points in time and lengths of time, in whole seconds.
//!
//! There is no clock here: an [`Instant`] is what the host read. There are no
//! operators either, because `+` does not say what happens at the ends; the
//! methods do, and none of them can overflow or panic.

/// A point in time: seconds since the Unix epoch, UTC, without leap seconds.
///
/// # Examples
///
/// ```
/// use countersign_core::time::{Instant, Span};
///
/// let now = Instant::new(1_000);
/// let retry_at = now.after(Span::minutes(30));
/// assert_eq!(retry_at.as_seconds(), 2_800);
/// assert_eq!(retry_at.since(now), Span::minutes(30));
/// assert_eq!(now.since(retry_at), Span::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Instant(u64);

impl Instant {
    /// Takes a time that a clock told, if it can be one.
    ///
    /// The epoch itself is what a dead clock tells; no clock is right after the year 9999.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::time::Instant;
    ///
    /// assert!(Instant::from_clock(0).is_none());
    /// assert!(Instant::from_clock(1).is_some());
    /// assert!(Instant::from_clock(u64::MAX).is_none());
    /// ```
    #[must_use]
    pub const fn from_clock(seconds: u64) -> Option<Self> {
        match seconds {
            1..=LAST_SECOND => Some(Self(seconds)),
            _ => None,
        }
    }

    /// The Unix epoch, before which there is nothing.
    pub const EPOCH: Self = Self(0);

    /// Takes seconds since the Unix epoch, UTC.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Gives the seconds since the Unix epoch, UTC.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// Gives the instant that lies `span` later, or the last one there is.
    ///
    /// # Security
    ///
    /// A wait that would end beyond the last instant ends at the last instant:
    /// a lock gets shorter than asked by an amount nobody lives to see, and
    /// never wraps around into the past.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// Gives the instant that lies `span` later, if there is one.
    #[must_use]
    pub const fn checked_after(self, span: Span) -> Option<Self> {
        match self.0.checked_add(span.0) {
            Some(seconds) => Some(Self(seconds)),
            None => None,
        }
    }

    /// Gives the instant that lies `span` earlier, or the epoch.
    #[must_use]
    pub const fn before(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// Measures the time since `earlier`; zero if `earlier` is later.
    ///
    /// # Security
    ///
    /// After a clock was set back the answer is zero, so what is judged by age
    /// counts as fresh. Compare instants where the other answer is the safe one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

/// A length of time in whole seconds.
///
/// # Examples
///
/// ```
/// use countersign_core::time::Span;
///
/// assert_eq!(Span::days(1), Span::hours(24));
/// assert_eq!(Span::hours(1).as_seconds(), 3_600);
/// assert!(Span::seconds(90) > Span::minutes(1));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Takes a number of seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Takes a number of minutes, or the longest span if there are too many.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self::seconds(60).times(minutes)
    }

    /// Takes a number of hours, or the longest span if there are too many.
    #[must_use]
    pub const fn hours(hours: u64) -> Self {
        Self::seconds(3_600).times(hours)
    }

    /// Takes a number of days of 24 hours, or the longest span if there are too many.
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self::seconds(86_400).times(days)
    }

    /// Gives the number of seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// Adds `other`, up to the longest span.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Takes `other` away, down to zero.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Multiplies by `factor`, up to the longest span.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// Counts the units that have passed in full.
    ///
    /// A `unit` of zero counts as one second.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::time::Span;
    ///
    /// assert_eq!(Span::hours(47).full(Span::days(1)), 1);
    /// assert_eq!(Span::hours(48).full(Span::days(1)), 2);
    /// ```
    #[must_use]
    pub const fn full(self, unit: Self) -> u64 {
        match self.0.checked_div(unit.0) {
            Some(units) => units,
            None => self.0,
        }
    }

    /// Counts the units that have begun, the last one perhaps not over.
    ///
    /// A `unit` of zero counts as one second.
    ///
    /// # Examples
    ///
    /// ```
    /// use countersign_core::time::Span;
    ///
    /// assert_eq!(Span::hours(24).begun(Span::days(1)), 1);
    /// assert_eq!(Span::hours(25).begun(Span::days(1)), 2);
    /// assert_eq!(Span::ZERO.begun(Span::days(1)), 0);
    /// ```
    #[must_use]
    pub const fn begun(self, unit: Self) -> u64 {
        match unit.0 {
            0 => self.0,
            unit => self.0.div_ceil(unit),
        }
    }
}

/// 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LAST: Instant = Instant::new(u64::MAX);

    // V-85
    #[test]
    fn time_stops_at_its_ends_and_never_wraps() {
        assert_eq!(LAST.after(Span::seconds(1)), LAST);
        assert_eq!(LAST.checked_after(Span::seconds(1)), None);
        assert_eq!(LAST.checked_after(Span::ZERO), Some(LAST));
        assert_eq!(Instant::EPOCH.before(Span::days(1)), Instant::EPOCH);
        assert_eq!(Span::days(u64::MAX), Span::seconds(u64::MAX));
        assert_eq!(
            Span::days(1).plus(Span::days(u64::MAX)),
            Span::days(u64::MAX)
        );
        assert_eq!(Span::hours(1).minus(Span::days(1)), Span::ZERO);
    }

    #[test]
    fn a_unit_of_zero_counts_as_one_second() {
        assert_eq!(Span::minutes(1).full(Span::ZERO), 60);
        assert_eq!(Span::minutes(1).begun(Span::ZERO), 60);
    }

    #[test]
    fn the_longest_span_has_begun_and_full_units_too() {
        assert_eq!(Span::seconds(u64::MAX).begun(Span::seconds(1)), u64::MAX);
        assert_eq!(Span::seconds(u64::MAX).full(Span::seconds(u64::MAX)), 1);
    }

    proptest! {
        #[test]
        fn since_undoes_after_wherever_the_sum_exists(start: u64, length: u64) {
            let start = Instant::new(start);
            if let Some(end) = start.checked_after(Span::seconds(length)) {
                prop_assert_eq!(end, start.after(Span::seconds(length)));
                prop_assert_eq!(end.since(start), Span::seconds(length));
                prop_assert_eq!(end.before(Span::seconds(length)), start);
            }
        }

        #[test]
        fn begun_units_are_the_full_ones_and_at_most_one_more(length: u64, unit in 1..u64::MAX) {
            let (length, unit) = (Span::seconds(length), Span::seconds(unit));
            let over = length.begun(unit).checked_sub(length.full(unit));
            let whole = unit.times(length.full(unit)) == length;
            prop_assert_eq!(over, Some(u64::from(!whole)));
        }
    }
}
