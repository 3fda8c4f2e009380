//! Whether a text is fresh enough to be answered (caller-safety CS-03): who texted a minute ago may have put the phone
//! away, or somebody else may hold it now.

use jiff::{SignedDuration, Timestamp};

/// A text older than this is not answered, in seconds.
pub const LATE_S: i64 = 60;

/// How far into our future a text may seem to come from, in seconds: the network's clock and ours are never quite the
/// same, and times are told to the second. Beyond it nobody knows how old a text is.
pub const SKEW_S: i64 = 5;

/// Whether a text of this moment may still be answered.
pub fn in_time(sent_at: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(sent_at);
    (SignedDuration::from_secs(-SKEW_S)..=SignedDuration::from_secs(LATE_S)).contains(&age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_and_no_more() {
        let sent = Timestamp::from_second(1_800_000_000).unwrap();
        let case = |age_ms: i64, expected: bool| {
            assert_eq!(in_time(sent, sent + SignedDuration::from_millis(age_ms)), expected, "{age_ms}");
        };
        for fresh in [0, 999, 59_999, 60_000, -1, -5_000] {
            case(fresh, true);
        }
        for not in [60_001, 61_000, 86_400_000, -5_001, -60_000] {
            case(not, false);
        }
        assert!(!in_time(Timestamp::MIN, Timestamp::MAX) && !in_time(Timestamp::MAX, Timestamp::MIN));
    }
}
