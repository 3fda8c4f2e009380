//! The console itself: who is in, and the calls that are open.

use super::call::{Begin, Command, run};
use super::lines::{Line, Lines, Which};
use super::login::Login;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// What is at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Calls open at once.
    pub calls: usize,
    /// Pages connected at once.
    pub pages: usize,
    /// How long a call waits for its page after the connection was lost: a reload takes a second or two.
    pub grace: Duration,
    /// The longest call, and the longest connection.
    pub longest: Duration,
    /// Bytes in one message of a page.
    pub message: usize,
    /// Messages of a page in one second.
    pub messages: u32,
}

impl Default for Bounds {
    fn default() -> Bounds {
        let (grace, longest) = (Duration::from_secs(10), Duration::from_secs(3_600));
        Bounds { calls: 16, pages: 32, grace, longest, message: 4_096, messages: 30 }
    }
}

/// Orders that wait for a call; a page that sends more is not heard.
const ORDERS: usize = 64;

/// The operators' console.
pub struct Console {
    pub(super) lines: Arc<dyn Lines>,
    pub(super) login: Login,
    pub(super) bounds: Bounds,
    pub(super) pages: Arc<Semaphore>,
    /// Tells the operator how the next browser gets in.
    pub(super) tell: Box<dyn Fn(&str) + Send + Sync>,
    calls: Mutex<HashMap<String, mpsc::Sender<Command>>>,
}

impl Console {
    /// `tell` is given the token of the next address each time one was spent.
    pub fn new(
        lines: Arc<dyn Lines>,
        login: Login,
        bounds: Bounds,
        tell: impl Fn(&str) + Send + Sync + 'static,
    ) -> Arc<Console> {
        let pages = Arc::new(Semaphore::new(bounds.pages));
        Arc::new(Console { lines, login, bounds, pages, tell: Box::new(tell), calls: Mutex::default() })
    }

    /// A token for the next browser; the one before is good no more.
    pub fn token(&self) -> String {
        self.login.token()
    }

    /// How many calls are open.
    pub fn open_calls(&self) -> usize {
        self.calls().len()
    }

    /// Begins a call: where its orders go to.
    ///
    /// # Errors
    /// Why not, for the operator.
    pub(super) fn begin(
        self: &Arc<Console>,
        line: Box<dyn Line>,
        begin: Begin,
    ) -> Result<mpsc::Sender<Command>, String> {
        let id = self.login.secret();
        let (orders, taken) = mpsc::channel(ORDERS);
        {
            let mut calls = self.calls();
            if calls.len() >= self.bounds.calls {
                return Err(format!("{} calls are open already: hang one up first", calls.len()));
            }
            calls.insert(id.clone(), orders.clone());
        }
        let console = Arc::clone(self);
        tokio::spawn(async move {
            // Dropped also when the call fails: its place is free again.
            let _open = Open { console: &console, id: &id };
            run(&id, line, begin, taken, console.bounds).await;
        });
        Ok(orders)
    }

    /// Where the orders of an open call go to.
    pub(super) fn find(&self, id: &str) -> Option<mpsc::Sender<Command>> {
        self.calls().get(id).cloned()
    }

    pub(super) async fn picture(&self, which: Which) -> Option<String> {
        self.lines.picture(which).await
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Command>>> {
        // Never half written, whatever panics elsewhere.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Open<'c> {
    console: &'c Console,
    id: &'c str,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.console.calls().remove(self.id);
    }
}
