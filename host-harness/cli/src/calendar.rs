//! Times as people say them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::exit::Exit;

/// Returns the second at which a local time comes.
pub(crate) fn second(date: Date, time: Time, zone: &str) -> Result<u64, Exit> {
    let zoned = date
        .to_datetime(time)
        .in_tz(zone)
        .map_err(|error| Exit::Fault(error.to_string()))?;
    u64::try_from(zoned.timestamp().as_second()).map_err(|error| Exit::Fault(error.to_string()))
}

/// Reads a time as somebody typed it, and returns its second: a number of seconds since 1970, or a local time such as
/// `2026-03-01T00:00` in a zone.
pub(crate) fn parse(typed: &str, zone: &str) -> Result<u64, Exit> {
    let zone = TimeZone::get(zone).map_err(|_| {
        Exit::Usage(format!(
            "--zone {zone}: expected a name such as Europe/Madrid"
        ))
    })?;
    let second = match typed.bytes().all(|it| it.is_ascii_digit()) {
        // What is written without any mark is a number, never a date.
        true => typed.parse().ok(),
        false => local(typed, zone),
    };
    second.ok_or_else(|| {
        Exit::Usage(format!(
            "--at {typed}: expected seconds since 1970, or a local time from then on such as 2026-03-01T00:00"
        ))
    })
}

fn local(typed: &str, zone: TimeZone) -> Option<u64> {
    let zoned = typed.parse::<DateTime>().ok()?.to_zoned_datetime(zone);
    u64::try_from(zoned.ok()?.timestamp().as_second()).ok()
}

/// Writes a day, such as `Monday 19 October 2026`.
pub(crate) fn day(at: u64, zone: &str) -> String {
    zoned(at, zone).strftime("%A %-d %B %Y").to_string()
}

/// Writes a day and a time of it in a fixed width, such as `2026-10-19 00:00`: for columns and sentences of many dates.
pub(crate) fn date(at: u64, zone: &str) -> String {
    zoned(at, zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Writes a minute, such as `Mon 19 Oct 2026, 09:00`; with seconds where there are some.
pub(crate) fn moment(at: u64, zone: &str) -> String {
    let zoned = zoned(at, zone);
    let format = match zoned.second() {
        0 => "%a %-d %b %Y, %H:%M",
        _ => "%a %-d %b %Y, %H:%M:%S",
    };
    zoned.strftime(format).to_string()
}

/// Writes the time of day.
pub(crate) fn time(at: u64, zone: &str) -> String {
    zoned(at, zone).strftime("%H:%M:%S").to_string()
}

/// Looks at a second from a zone; from UTC if the zone is not known.
fn zoned(at: u64, zone: &str) -> ZonedDateTime {
    let second = i64::try_from(at).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    timestamp.to_zoned_datetime(TimeZone::get(zone).unwrap_or(TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::{day, moment, parse, second};

    #[test]
    fn midnight_is_that_of_the_zone() {
        let at = second(date(2026, 10, 19), time(0, 0, 0, 0), "America/Los_Angeles").unwrap();
        assert_eq!(at, 1_792_393_200);
        assert_eq!(day(at, "America/Los_Angeles"), "Monday 19 October 2026");
        assert_eq!(day(at - 1, "America/Los_Angeles"), "Sunday 18 October 2026");
    }

    #[test]
    fn a_typed_time_is_that_of_its_zone() {
        let midnight = parse("2026-10-19T00:00", "America/Los_Angeles");
        assert_eq!(midnight.unwrap(), 1_792_393_200);
        let date_alone = parse("2026-10-19", "America/Los_Angeles");
        assert_eq!(date_alone.unwrap(), 1_792_393_200);
        for (typed, zone, expected) in [
            (
                "19.10.2026",
                "UTC",
                "--at 19.10.2026: expected seconds since 1970, or a local time",
            ),
            (
                "1969-12-31T23:59",
                "UTC",
                "--at 1969-12-31T23:59: expected seconds since 1970, or a local time",
            ),
            ("", "UTC", "--at : expected seconds"),
            ("-1", "UTC", "--at -1: expected seconds"),
            (
                "99999999999999999999",
                "UTC",
                "--at 99999999999999999999: expected seconds",
            ),
            (
                "2026-10-19T00:00",
                "Mars/Base",
                "--zone Mars/Base: expected a name",
            ),
            (
                "1792393200",
                "Mars/Base",
                "--zone Mars/Base: expected a name",
            ),
        ] {
            let refused = parse(typed, zone).unwrap_err();
            let message = refused.message().unwrap_or_default();
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn a_typed_number_is_a_second_in_every_zone() {
        for zone in ["UTC", "America/Los_Angeles"] {
            assert_eq!(parse("1792393200", zone).unwrap(), 1_792_393_200);
            assert_eq!(parse("20261019", zone).unwrap(), 20_261_019);
        }
    }

    #[test]
    fn an_unknown_zone_is_utc() {
        assert_eq!(moment(0, "Nowhere/Land"), "Thu 1 Jan 1970, 00:00");
    }
}
