//! A short memory of answers: the same event twice is worked on once.

use super::{REPEAT, lock};
use jiff::Timestamp;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

/// At most this many answers are remembered; the oldest go first. A thousand calls at a key a second, twice over.
const MOST: usize = 65_536;

/// Answers by the keyed hash of their event. Nothing of the event itself is kept.
pub(super) struct Memory<T> {
    hasher: RandomState,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    answers: HashMap<u64, Arc<OnceCell<T>>>,
    order: VecDeque<(Timestamp, u64)>,
}

impl<T> Default for Memory<T> {
    fn default() -> Memory<T> {
        Memory {
            hasher: RandomState::new(),
            inner: Mutex::new(Inner { answers: HashMap::new(), order: VecDeque::new() }),
        }
    }
}

impl<T: Clone> Memory<T> {
    /// The answer given to this event before, or the one that `work` makes now. A second request that comes while the
    /// first is worked on waits for its answer.
    pub(super) async fn once<F: Future<Output = T>>(&self, event: impl Hash, now: Timestamp, work: F) -> T {
        let hash = self.hasher.hash_one(event);
        let cell = {
            let mut inner = lock(&self.inner);
            let Inner { answers, order } = &mut *inner;
            while let Some(&(since, oldest)) = order.front() {
                if order.len() < MOST && now.duration_since(since) < REPEAT {
                    break;
                }
                order.pop_front();
                answers.remove(&oldest);
            }
            Arc::clone(answers.entry(hash).or_insert_with(|| {
                order.push_back((now, hash));
                Arc::default()
            }))
        };
        cell.get_or_init(|| work).await.clone()
    }

    /// From now on this event, if it is remembered, has this answer.
    pub(super) fn replace(&self, event: impl Hash, answer: T) {
        let hash = self.hasher.hash_one(event);
        if let Some(cell) = lock(&self.inner).answers.get_mut(&hash) {
            *cell = Arc::new(OnceCell::from(answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test(flavor = "current_thread")]
    async fn the_same_event_is_worked_on_once_until_it_is_old() {
        let memory = Memory::default();
        let worked = Cell::new(0);
        let start = Timestamp::UNIX_EPOCH;
        let ask = |event: &'static str, after_s: i64| {
            let now = start + jiff::SignedDuration::from_secs(after_s);
            memory.once(event, now, async {
                worked.set(worked.get() + 1);
                worked.get()
            })
        };
        assert_eq!(ask("key 2", 0).await, 1);
        assert_eq!(ask("key 2", 119).await, 1);
        assert_eq!(ask("key 3", 119).await, 2);
        assert_eq!(ask("key 2", 120).await, 3);
        memory.replace("key 2", 9);
        memory.replace("key 4", 9);
        assert_eq!((ask("key 2", 121).await, ask("key 4", 121).await), (9, 4));
    }
}
