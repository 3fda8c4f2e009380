//! Times on a wall and moments: what a clock in one place shows, and when it does.
//!
//! Contract: [`moment`] never runs backwards: of two times on the wall the later one is never an earlier moment. So what ends
//! at a time and what begins at it meet, also where the clocks change. [`wall`] is its other side: a time on the wall has
//! come exactly if it is not behind `wall`.

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, civil::DateTime};

/// When a clock in this zone shows this time first. A time that is left out in spring is the moment of the change; of one
/// that comes twice in autumn it is the first. Beyond the years that can be told, the nearest that can.
pub fn moment(zone: &TimeZone, local: DateTime) -> Timestamp {
    let nearest = if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(local).unwrap_or(nearest)
        }
        // Read by the offset after the change, a time that is left out lies shortly before it.
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(local).unwrap_or(nearest);
            zone.following(before).next().map_or(before, |change| change.timestamp())
        }
    }
}

/// The latest time that a clock in this zone has shown: while it shows times a second time, it is the last one before
/// it was set back.
pub fn wall(zone: &TimeZone, at: Timestamp) -> DateTime {
    let shown = zone.to_datetime(at);
    match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Fold { before, after } if after == zone.to_offset(at) => {
            let Ok(next) = at.checked_add(jiff::SignedDuration::from_nanos(1)) else { return shown };
            let change = zone.preceding(next).next().map(|change| change.timestamp());
            let last = change.and_then(|change| change.checked_sub(jiff::SignedDuration::from_nanos(1)).ok());
            last.map_or(shown, |last| before.to_datetime(last))
        }
        _ => shown,
    }
}

/// A moment as a person writes it: `2027-04-27 02:30` in this zone, or one that names its own place, such as
/// `2027-04-27T00:30:00Z`.
///
/// # Errors
/// A sentence that repeats the text and says what was expected.
pub fn parse(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    let local = text.trim().replacen(' ', "T", 1).parse::<DateTime>();
    let local = local.map_err(|_| format!("`{text}` is not a moment: expected one such as \"2027-04-27 02:30\""))?;
    Ok(moment(zone, local))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn both_clock_changes_of_a_year() {
        let amsterdam = zone("Europe/Amsterdam");
        let case = |local: &str, utc: &str| {
            assert_eq!(parse(local, &amsterdam).unwrap().to_string(), utc, "{local}");
        };
        case("2027-03-28 01:59", "2027-03-28T00:59:00Z");
        case("2027-03-28 02:00", "2027-03-28T01:00:00Z");
        case("2027-03-28 02:30", "2027-03-28T01:00:00Z");
        case("2027-03-28 03:00", "2027-03-28T01:00:00Z");
        case("2027-10-31 01:59", "2027-10-30T23:59:00Z");
        case("2027-10-31 02:30", "2027-10-31T00:30:00Z");
        case("2027-10-31 03:00", "2027-10-31T02:00:00Z");
        case("2028-02-29 12:00", "2028-02-29T11:00:00Z");
        case("2027-01-01 00:00", "2026-12-31T23:00:00Z");
        case("2027-04-27T00:30:00Z", "2027-04-27T00:30:00Z");
        assert!(parse("tomorrow", &amsterdam).unwrap_err().starts_with("`tomorrow` is not a moment"));
        assert!(parse("2027-02-29 10:00", &amsterdam).is_err());
    }

    #[test]
    fn the_wall_stands_still_while_an_hour_comes_again() {
        let amsterdam = zone("Europe/Amsterdam");
        let case = |utc: &str, local: &str| {
            let shown = wall(&amsterdam, utc.parse().unwrap());
            assert_eq!(shown.strftime("%Y-%m-%d %H:%M:%S").to_string(), local, "{utc}");
        };
        case("2027-10-31T00:30:00Z", "2027-10-31 02:30:00");
        case("2027-10-31T01:00:00Z", "2027-10-31 02:59:59");
        case("2027-10-31T01:59:59Z", "2027-10-31 02:59:59");
        case("2027-10-31T02:00:00Z", "2027-10-31 03:00:00");
        case("2027-03-28T00:59:59Z", "2027-03-28 01:59:59");
        case("2027-03-28T01:00:00Z", "2027-03-28 03:00:00");
    }

    proptest! {
        /// Zones that change at midnight, by half an hour, and by a whole day (Apia left out 30 December 2011).
        #[test]
        fn a_time_has_come_exactly_if_it_is_not_behind_the_wall(
            name in prop::sample::select(vec![
                "Europe/Amsterdam", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Atlantic/Azores",
                "America/Asuncion", "Africa/Casablanca", "UTC",
            ]),
            at in 1_000_000_000i64..2_200_000_000,
            half_hours in -100i64..100,
        ) {
            let zone = zone(name);
            let near = |seconds: i64| zone.to_datetime(Timestamp::from_second(seconds).unwrap());
            // Near a clock change most of the time.
            let at = zone.following(Timestamp::from_second(at).unwrap()).next()
                .map_or(at, |change| change.timestamp().as_second() + at % 20_000 - 10_000);
            let local = near(at - at % 1800 + half_hours * 1800);
            let at = Timestamp::from_second(at).unwrap();
            prop_assert_eq!(moment(&zone, local) <= at, local <= wall(&zone, at), "{} {} {}", name, local, at);
        }
    }
}
