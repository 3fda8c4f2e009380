//! The wall clock, and by how much it was set while the program runs.
//!
//! Needs: a counsellor who is rung is taken until a moment of the wall clock, since that is kept over restarts. When the
//! clock is set by an hour she would be free at once, and rung for two, or be taken an hour too long.
//!
//! Known race: a request that comes within [`LOOK`] of the setting still meets the old moments.

use crate::server::Stop;
use crate::switchboard::Switchboard;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often the clock is looked at.
pub const LOOK: Duration = Duration::from_millis(250);

/// Less than this is how clocks are kept right while they run, and how unevenly a busy machine looks at them.
const LEAST_S: i64 = 3;

/// A moment by both clocks, the one that people set and the one that only runs.
#[derive(Clone, Copy, Debug)]
pub struct Wall {
    at: Timestamp,
    running: Instant,
}

impl Wall {
    pub fn new(at: Timestamp, running: Instant) -> Wall {
        Wall { at, running }
    }

    /// By how many seconds the clock was set forward since the last look, or back; nothing if it only ran.
    pub fn set_by(&mut self, at: Timestamp, running: Instant) -> Option<i64> {
        let ran = SignedDuration::try_from(running.saturating_duration_since(self.running)).unwrap_or_default();
        let by_s = at.duration_since(self.at).saturating_sub(ran).as_secs();
        // A clock that is slowly kept right is followed.
        *self = Wall { at, running };
        (by_s.abs() >= LEAST_S).then_some(by_s)
    }
}

/// Tells the switchboard whenever the clock was set.
pub async fn watch(switchboard: Arc<Switchboard>, mut stop: Stop) {
    let mut wall = Wall::new(Timestamp::now(), Instant::now());
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = look.tick() => {
                if let Some(by_s) = wall.set_by(Timestamp::now(), Instant::now()) {
                    tracing::warn!(clock.set_s = by_s, "the clock of this machine was set");
                    switchboard.clock_set(by_s).await;
                }
            }
            _ = stop.changed() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_was_not_set_and_one_that_jumps_was() {
        let (start, begun) = (Timestamp::from_second(1_800_000_000).unwrap(), Instant::now());
        let mut wall = Wall::new(start, begun);
        let mut look = |at_ms: i64, ran_ms: u64| {
            wall.set_by(start + SignedDuration::from_millis(at_ms), begun + Duration::from_millis(ran_ms))
        };
        assert_eq!(look(250, 250), None);
        assert_eq!(look(2_000, 2_000), None);
        assert_eq!(look(4_900, 2_250), None, "less than three seconds is no setting");
        assert_eq!(look(3_605_150, 2_500), Some(3_600));
        assert_eq!(look(3_605_400, 2_750), None, "told once");
        assert_eq!(look(5_650, 3_000), Some(-3_600));
        assert_eq!(look(65_650, 63_000), None, "a machine that was busy for a minute");
    }
}
