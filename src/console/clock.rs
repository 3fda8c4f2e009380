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

    #[test]
    fn it_runs_and_can_be_set() {
        let mut clock = Clock::start();
        let near = |ms: u64, now_ms: u64| assert!((ms..ms + 500).contains(&now_ms), "{ms} {now_ms}");
        near(0, clock.now_ms());
        clock.set(9_000);
        near(9_000, clock.now_ms());
        let wait = clock.moment(9_700).duration_since(Instant::now()).as_millis();
        assert!((200..=700).contains(&wait), "{wait}");
        clock.set(2_000); // held back
        near(2_000, clock.now_ms());
        assert!(clock.lasted() < Duration::from_millis(500));
        assert!(clock.moment(u64::MAX).duration_since(Instant::now()) <= Duration::from_secs(86_400));
        clock.set(u64::MAX);
        assert!(clock.now_ms() > 1 << 62);
    }
}
