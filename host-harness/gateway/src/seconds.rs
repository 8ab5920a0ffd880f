//! What times are counted in.

/// Seconds of an hour.
pub(crate) const HOUR: u64 = 60 * 60;

/// Seconds of a day of 24 hours.
pub(crate) const DAY: u64 = 24 * HOUR;
