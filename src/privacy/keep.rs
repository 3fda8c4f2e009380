//! How long things live, and which counts may be shown.

use jiff::Timestamp;

/// How long a sealed session opens, in seconds. No telephone call of ours is longer: the longest talk that can be
/// dialled is 4 hours, and the menus before it end by themselves.
pub const SESSION_LIFE_S: i64 = 5 * 3600;

/// How far our clock may have been set back, in seconds, without ending the calls that are under way. A session that
/// seems to be from further in the future was sealed by a clock that was wrong, and would live too long.
pub const CLOCK_BACK_S: i64 = 600;

/// Counts per day are kept for this many months (CS-33): a year, and the month that is compared with it.
pub const COUNTS_KEPT_MONTHS: i32 = 13;

/// A count below this is not shown or exported (CS-33): a small number on a quiet day can point at one person.
pub const SMALL_CELL: u64 = 5;

/// Whether a session issued at this second (Unix time) still lives.
pub fn fresh(issued_s: i64, now: Timestamp) -> bool {
    let age = now.as_second().saturating_sub(issued_s);
    (-CLOCK_BACK_S..SESSION_LIFE_S).contains(&age)
}

/// The count if it may be shown. Zero is hidden like the other small ones: otherwise a hidden cell would say
/// "somebody".
pub fn suppressed(count: u64) -> Option<u64> {
    (count >= SMALL_CELL).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_five_hours() {
        let now = Timestamp::new(1_800_000_000, 0).unwrap();
        let case = |age: i64, lives: bool| assert_eq!(fresh(1_800_000_000 - age, now), lives, "{age}");
        case(0, true);
        case(5 * 3600 - 1, true);
        case(5 * 3600, false);
        case(-600, true);
        case(-601, false);
        assert!(!fresh(i64::MIN, now));
        assert!(!fresh(i64::MAX, now));
        assert!(!fresh(i64::MAX, Timestamp::MIN));
    }

    #[test]
    fn small_counts_are_not_shown() {
        let case = |count: u64, shown: Option<u64>| assert_eq!(suppressed(count), shown);
        case(0, None);
        case(4, None);
        case(5, Some(5));
        case(u64::MAX, Some(u64::MAX));
    }
}
