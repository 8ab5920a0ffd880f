//! A day and a zone as people choose them, and the second that they mean.

use countersign_host::contract::Deadline;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{self, TimeZone};

use crate::refusal::Refusal;

/// Finds the first second of a day in a zone. Where the clocks skip midnight on that day, it is the second after the gap;
/// where midnight comes twice, the first.
///
/// # Errors
///
/// [`Refusal`] about `date` or `zone`.
pub(super) fn midnight(date: &str, zone: &str) -> Result<Deadline, Refusal> {
    let bad_date = || {
        Refusal::field(
            "date",
            "Choose a day, or type it as year, month and day, such as 2027-03-31.",
        )
    };
    let bad_zone = || {
        Refusal::field(
            "zone",
            "Choose a time zone by its name, such as Europe/London or America/New_York.",
        )
    };
    let day: Date = date.parse().map_err(|_| bad_date())?;
    let zone = TimeZone::get(zone).map_err(|_| bad_zone())?;
    let name = zone.iana_name().ok_or_else(bad_zone)?.to_owned();
    let start = day.to_zoned_datetime(zone).map_err(|_| bad_date())?;
    Ok(Deadline {
        at: u64::try_from(start.timestamp().as_second()).map_err(|_| bad_date())?,
        zone: name,
    })
}

/// Writes the day of a deadline as a form has it.
pub(super) fn date(deadline: &Deadline) -> String {
    written(deadline.at, &deadline.zone, "%Y-%m-%d")
}

/// Writes a deadline for people: with its weekday, and in UTC too.
pub(super) fn in_words(deadline: &Deadline) -> String {
    format!(
        "{} ({}), which is {}",
        written(deadline.at, &deadline.zone, "%A, %-d %B %Y, %H:%M"),
        deadline.zone,
        written(deadline.at, "UTC", "%-d %B %Y, %H:%M UTC"),
    )
}

/// Lists the zones to choose from.
pub(super) fn zones() -> Vec<String> {
    let names = tz::db().available().map(|it| it.to_string());
    let mut zones: Vec<String> = names.filter(|it| it.contains('/') || it == "UTC").collect();
    zones.sort_unstable();
    zones
}

fn written(at: u64, zone: &str, format: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let at = i64::try_from(at)
        .ok()
        .and_then(|it| Timestamp::from_second(it).ok());
    at.map_or_else(
        || "a time far away".to_owned(),
        |it| it.to_zoned_datetime(zone).strftime(format).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_its_zone() {
        let deadline = midnight("2026-10-05", "Europe/London").unwrap();
        assert_eq!(deadline.at, 1_791_154_800);
        assert_eq!(date(&deadline), "2026-10-05");
        assert_eq!(
            in_words(&deadline),
            "Monday, 5 October 2026, 00:00 (Europe/London), which is 4 October 2026, 23:00 UTC"
        );
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_after_the_gap() {
        // Beirut put its clocks from 00:00 to 01:00 on 31 March 2024.
        let deadline = midnight("2024-03-31", "Asia/Beirut").unwrap();
        assert_eq!(deadline.at, 1_711_836_000);
        assert_eq!(date(&deadline), "2024-03-31");
    }

    #[test]
    fn a_day_whose_midnight_comes_twice_begins_with_the_first() {
        // Havana put its clocks back from 01:00 to 00:00 on 3 November 2024.
        let deadline = midnight("2024-11-03", "America/Havana").unwrap();
        assert_eq!(deadline.at, 1_730_606_400);
    }

    #[test]
    fn a_zone_is_known_by_its_own_name_however_it_is_typed() {
        assert_eq!(
            midnight("2026-10-05", "europe/london").unwrap().zone,
            "Europe/London"
        );
    }

    #[test]
    fn a_day_or_zone_that_is_none_is_refused_at_its_field() {
        let field = |date, zone| midnight(date, zone).unwrap_err().field;
        assert_eq!(field("2026-02-30", "UTC"), Some("date"));
        assert_eq!(field("1969-12-31", "UTC"), Some("date"));
        assert_eq!(field("", "UTC"), Some("date"));
        assert_eq!(field("2026-10-05", ""), Some("zone"));
        assert_eq!(field("2026-10-05", "Mars/Olympus"), Some("zone"));
    }

    #[test]
    fn there_are_zones_to_choose_from() {
        let zones = zones();
        assert!(zones.iter().any(|it| it == "Europe/London"));
        assert!(zones.iter().any(|it| it == "UTC"));
    }
}
