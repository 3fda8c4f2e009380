//! Which connections are kept when there are more than the limit.
//!
//! A stranger can open as many connections as there are, and behind a proxy all of them come from one address, so an
//! address tells nothing. What tells the provider from a stranger is a request that proves itself. So: when a new
//! connection comes and the seats are full, the oldest one that has proven nothing is closed. The provider's request
//! arrives right behind its connection and proves it; it is in danger only while as many newer connections as there are
//! seats come in between, and not at all from then on. Only when every seat is the provider's does the one
//! that was used longest ago go, which idles.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The connections of one listener, at most a stated number.
pub(super) struct Seats {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    /// Rises with each connection and each proof: a smaller one is longer ago.
    next: u64,
    strangers: BTreeMap<u64, Arc<Notify>>,
    proven: BTreeMap<u64, Arc<Notify>>,
}

/// One connection's seat; dropping it makes room. Each of its requests carries it, so that a proof can be noted.
pub struct Seat {
    seats: Arc<Seats>,
    /// Where it is found; changes with each proof.
    at: Mutex<(bool, u64)>,
    close: Arc<Notify>,
    asked: AtomicBool,
}

impl Seats {
    pub(super) fn new(most: usize) -> Arc<Seats> {
        Arc::new(Seats { most, taken: Mutex::default() })
    }

    /// A seat for a new connection, and whether another one was closed for it.
    pub(super) fn take(self: &Arc<Seats>) -> (Arc<Seat>, bool) {
        let close = Arc::new(Notify::new());
        let mut taken = lock(&self.taken);
        let full = taken.strangers.len() + taken.proven.len() >= self.most;
        let closed = full && taken.close_one();
        let at = taken.number();
        taken.strangers.insert(at, Arc::clone(&close));
        drop(taken);
        (
            Arc::new(Seat {
                seats: Arc::clone(self),
                at: Mutex::new((false, at)),
                close,
                asked: AtomicBool::new(false),
            }),
            closed,
        )
    }

    /// Closes the connection that is needed least. False when there is none.
    pub(super) fn close_one(&self) -> bool {
        lock(&self.taken).close_one()
    }
}

impl Taken {
    fn number(&mut self) -> u64 {
        let number = self.next;
        // Ten million connections a second would take longer than anybody runs a server.
        self.next = self.next.saturating_add(1);
        number
    }

    fn close_one(&mut self) -> bool {
        let least = self.strangers.pop_first().or_else(|| self.proven.pop_first());
        if let Some((_, close)) = &least {
            close.notify_one();
        }
        least.is_some()
    }
}

impl Seat {
    /// A request on this connection has shown that it is the provider's.
    pub fn prove(&self) {
        let mut at = lock(&self.at);
        let mut taken = lock(&self.seats.taken);
        let (proven, number) = *at;
        let found = if proven { taken.proven.remove(&number) } else { taken.strangers.remove(&number) };
        // Not found: it is being closed, just now.
        if let Some(close) = found {
            let number = taken.number();
            taken.proven.insert(number, close);
            *at = (true, number);
        }
    }

    /// A request has arrived on this connection.
    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    pub(super) fn is_proven(&self) -> bool {
        lock(&self.at).0
    }

    /// Waits until this connection has to go.
    pub(super) async fn closed(&self) {
        self.close.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (proven, number) = *lock(&self.at);
        let mut taken = lock(&self.seats.taken);
        if proven {
            taken.proven.remove(&number)
        } else {
            taken.strangers.remove(&number)
        };
    }
}

/// What is guarded is never half changed, whatever panics elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Duration, timeout};

    async fn is_closed(seat: &Seat) -> bool {
        timeout(Duration::ZERO, seat.closed()).await.is_ok()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_oldest_stranger_goes_first_and_a_proven_one_last() {
        let seats = Seats::new(3);
        let (provider, _) = seats.take();
        let (stranger, _) = seats.take();
        let (other, closed) = seats.take();
        assert!(!closed);
        provider.prove();
        let (_new, closed) = seats.take();
        assert!(closed && is_closed(&stranger).await && !is_closed(&other).await);
        // However many strangers come, a proven one stays.
        let crowd: Vec<_> = (0..1000).map(|_| seats.take().0).collect();
        assert!(!is_closed(&provider).await && is_closed(&other).await);
        assert!(is_closed(&crowd[997]).await && !is_closed(&crowd[998]).await && !is_closed(&crowd[999]).await);
        // A proof that comes too late changes nothing.
        crowd[0].prove();
        assert!(!is_closed(&crowd[998]).await);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn among_the_provider_s_own_the_one_used_longest_ago_goes() {
        let seats = Seats::new(2);
        let (one, two) = (seats.take().0, seats.take().0);
        one.prove();
        two.prove();
        one.prove();
        let (three, closed) = seats.take();
        assert!(closed && is_closed(&two).await && !is_closed(&one).await);
        three.prove();
        drop(one);
        assert!(!seats.take().1, "a seat that is given back is free");
    }
}
