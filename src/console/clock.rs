//! The time of one web call.

use std::time::Duration;
use tokio::time::Instant;

/// Milliseconds since the call began: real ones, moved ahead by skipping and held back for a voice that needs longer
/// than the estimate. It never runs backwards for who reads it in order, since it is set to the time of what comes next.
pub(super) struct Clock {
    began: Instant,
    shift_ms: i64,
}

impl Clock {
    pub fn start() -> Clock {
        Clock { began: Instant::now(), shift_ms: 0 }
    }

    pub fn now_ms(&self) -> u64 {
        self.real_ms().saturating_add(self.shift_ms).max(0).unsigned_abs()
    }

    /// It is this late now.
    pub fn set(&mut self, ms: u64) {
        self.shift_ms = i64::try_from(ms).unwrap_or(i64::MAX).saturating_sub(self.real_ms());
    }

    /// The real moment at which it will be this late.
    pub fn moment(&self, ms: u64) -> Instant {
        let real = i64::try_from(ms).unwrap_or(i64::MAX).saturating_sub(self.shift_ms).max(0).unsigned_abs();
        // A wait without an end is cut to a day: everything here ends sooner.
        self.began + Duration::from_millis(real.min(86_400_000))
    }

    /// How long the call has really lasted.
    pub fn lasted(&self) -> Duration {
        self.began.elapsed()
    }

    fn real_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true, flavor = "current_thread")]
    async fn it_runs_and_can_be_set() {
        let mut clock = Clock::start();
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!(clock.now_ms(), 1_500);
        clock.set(9_000);
        tokio::time::advance(Duration::from_millis(10)).await;
        assert_eq!(clock.now_ms(), 9_010);
        assert_eq!(clock.moment(9_110), Instant::now() + Duration::from_millis(100));
        clock.set(2_000); // held back
        assert_eq!((clock.now_ms(), clock.lasted().as_millis()), (2_000, 1_510));
        assert_eq!(clock.moment(u64::MAX).duration_since(Instant::now()).as_secs() / 3_600, 23);
    }
}
