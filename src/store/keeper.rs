//! The thread that owns the connection. It works one request at a time, commits the waiting counts each second, looks
//! for what another process published, and opens the database anew when it broke.
//!
//! Counts of one second would show, frame by frame in the write-ahead log, which nodes one caller heard one after the
//! other. So the log is emptied into the file and cut to nothing after every second in which something was written.

use super::handle::{Clock, Unavailable};
use super::publication::{self, OnLine};
use super::tally::Waiting;
use super::{duty, lease, open, schema, tally};
use crate::base::LeaseId;
use crate::desk::Ended;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::HashSet;
use std::mem;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// How often the waiting counts are committed: what a power cut may cost.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// How often it is looked whether another process published something. SQLite answers from memory it shares with the
/// other process; nothing is read from the disk while nothing changed.
const LOOK: Duration = Duration::from_millis(200);

/// How often old counts and expired leases are looked for.
const CLEAN_EVERY: Duration = Duration::from_secs(3600);

/// The pause before a broken database is tried again: doubled each time, so that a dead disk is left in peace.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// At most this many leases wait for their end to be written: more than a desk can hold, even failing for a day.
const OWED_MAX: usize = 1024;

/// Something to do with the database.
pub(super) type Work = Box<dyn FnOnce(&mut Keeper) + Send>;

pub(super) enum Job {
    Work(Work),
    /// Commits what waits, closes the file, answers whether all is on the disk, and ends the thread.
    Close(oneshot::Sender<bool>),
}

/// What the handles and the thread share. Each lock is held for a moment only, never while the disk is waited for.
#[derive(Default)]
pub(super) struct Shared {
    waiting: Mutex<Waiting>,
    /// Ends of leases that could not be written yet.
    owed: Mutex<HashSet<LeaseId>>,
    /// The leases, as the database last said.
    leases: Mutex<lease::Known>,
    /// What counsellors said of their duty, as the database last said.
    duty: Mutex<duty::Known>,
    /// The database answers. Set by a write that succeeded only: a full disk can still be read.
    well: AtomicBool,
    /// That counts are dropped was said.
    overflow_said: AtomicBool,
    /// What is on the line, as the database last said.
    on_line: watch::Sender<Option<OnLine>>,
}

impl Shared {
    /// What is on the line, as it changes.
    pub(super) fn watch(&self) -> watch::Receiver<Option<OnLine>> {
        self.on_line.subscribe()
    }

    pub(super) fn new() -> Shared {
        Shared { well: AtomicBool::new(true), ..Shared::default() }
    }

    pub(super) fn leases(&self) -> MutexGuard<'_, lease::Known> {
        lock(&self.leases)
    }

    pub(super) fn duty(&self) -> MutexGuard<'_, duty::Known> {
        lock(&self.duty)
    }

    pub(super) fn count(&self, day: Date, key: tally::CountKey) {
        let kept = lock(&self.waiting).add(day, key, 1);
        self.say_overflow(kept);
    }

    pub(super) fn is_well(&self) -> bool {
        self.well.load(Ordering::Relaxed)
    }

    pub(super) fn owe_end(&self, id: LeaseId) {
        let mut owed = lock(&self.owed);
        if owed.len() < OWED_MAX {
            owed.insert(id);
        }
    }

    /// Said once, until it is well again. `reason` is SQLite's or the system's, and holds no value of a row.
    pub(super) fn trouble(&self, reason: &str) {
        if self.well.swap(false, Ordering::Relaxed) {
            tracing::error!(
                store.reason = reason,
                "the database does not answer: calls go on, counts wait in memory, it is tried again"
            );
        }
    }

    fn well_again(&self) {
        if !self.well.swap(true, Ordering::Relaxed) {
            tracing::warn!("the database answers again");
        }
    }

    /// The thread has ended as it was told to.
    fn ended(&self) {
        self.well.store(false, Ordering::Relaxed);
    }

    fn say_overflow(&self, kept: bool) {
        if !kept && !self.overflow_said.swap(true, Ordering::Relaxed) {
            tracing::error!(
                store.waiting_max = tally::WAITING_MAX,
                "too many counts wait in memory: new ones are dropped"
            );
        }
    }
}

/// A panic elsewhere leaves the numbers as usable as they were.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection, and the file it was opened on.
struct Opened {
    connection: Connection,
    file: Option<(u64, u64)>,
}

pub(super) struct Keeper {
    path: PathBuf,
    clock: Clock,
    shared: Arc<Shared>,
    opened: Option<Opened>,
    /// When a broken database may be tried again, and how long the pause after that is.
    retry_at: Instant,
    pause: Duration,
    clean_at: Instant,
    /// The write-ahead log holds something.
    log_holds: bool,
    /// Changes when another process writes; `None`: not looked yet on this connection.
    data_version: Option<i64>,
}

impl Keeper {
    /// Opens the database, here and now. What may pass by itself is no error: it is tried again from the thread.
    pub(super) fn open(path: PathBuf, clock: Clock, shared: Arc<Shared>) -> Result<Keeper, open::OpenError> {
        let now = Instant::now();
        let mut keeper = Keeper {
            path,
            clock,
            shared,
            opened: None,
            retry_at: now,
            pause: PAUSE_MIN,
            clean_at: now,
            log_holds: true,
            data_version: None,
        };
        match keeper.connect() {
            Err(error) if !error.may_pass() => return Err(error),
            Err(error) => keeper.failed(&error.to_string()),
            Ok(()) => {
                // At once: an expired lease must not look like a line in use. Trouble is said, and tried again.
                keeper.commit();
                keeper.look();
            }
        }
        Ok(keeper)
    }

    pub(super) fn run(mut self, jobs: Receiver<Job>) {
        let mut tick_at = Instant::now() + TICK;
        let mut look_at = Instant::now() + LOOK;
        let closing = loop {
            match jobs.recv_timeout(tick_at.min(look_at).saturating_duration_since(Instant::now())) {
                Ok(Job::Work(work)) => work(&mut self),
                Ok(Job::Close(reply)) => break Some(reply),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break None,
            }
            if Instant::now() >= tick_at {
                self.tick();
                tick_at = Instant::now() + TICK;
            }
            if Instant::now() >= look_at {
                self.look();
                look_at = Instant::now() + LOOK;
            }
        };
        self.retry_at = Instant::now();
        let all_written = self.commit();
        self.opened = None;
        self.shared.leases().tell(None);
        self.shared.ended();
        if let Some(reply) = closing {
            // Nobody waits any more: that is theirs to know.
            let _ = reply.send(all_written);
        }
    }

    fn tick(&mut self) {
        if Instant::now() >= self.retry_at {
            self.commit();
        }
    }

    /// Tells what is on the line if another process wrote since the last look. A broken database is left to the tick.
    fn look(&mut self) {
        if self.opened.is_none() || self.file_is_gone() {
            return;
        }
        let known = self.data_version;
        let looked = self.read(|connection| {
            let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
            if Some(version) == known {
                return Ok((version, None));
            }
            Ok((version, Some(publication::on_line(connection)?)))
        });
        let Ok((version, news)) = looked else { return };
        self.data_version = Some(version);
        let Some(on_line) = news else { return };
        self.tell_leases();
        self.tell_duty();
        // An empty database in the place of a deleted one says nothing about what is on the line.
        if let Some(on_line) = on_line {
            self.tell(on_line);
        }
    }

    /// What cannot be read now is read when it is asked for.
    fn tell_leases(&self) {
        let rows = self.opened.as_ref().and_then(|opened| lease::all(&opened.connection).ok());
        self.shared.leases().tell(rows);
    }

    /// What cannot be read leaves what is known as it is.
    pub(super) fn tell_duty(&self) {
        if let Some(known) = self.opened.as_ref().and_then(|opened| duty::all(&opened.connection).ok()) {
            *self.shared.duty() = known;
        }
    }

    /// Whoever watches hears of it once.
    pub(super) fn tell(&self, on_line: OnLine) {
        self.shared.on_line.send_if_modified(|known| {
            let new = *known != Some(on_line);
            *known = Some(on_line);
            new
        });
    }

    /// Writes everything that waits; true when nothing waits any more.
    pub(super) fn commit(&mut self) -> bool {
        let waiting = mem::take(&mut *lock(&self.shared.waiting));
        let owed: Vec<LeaseId> = lock(&self.shared.owed).iter().copied().collect();
        let clean = Instant::now() >= self.clean_at;
        let probe = !self.shared.is_well() || self.file_is_gone();
        if !waiting.is_empty() || !owed.is_empty() || clean || probe {
            let now = (self.clock)();
            let written = self.write(|connection| {
                let transaction = begin(connection)?;
                tally::write(&transaction, &waiting)?;
                for id in &owed {
                    lease::delete(&transaction, *id)?;
                }
                if clean {
                    lease::forget_expired(&transaction, now)?;
                    duty::forget_expired(&transaction, now)?;
                    tally::forget_old(&transaction, now.to_zoned_datetime(TimeZone::UTC).date())?;
                }
                if probe {
                    // Writes the version that stands there already: a write that changes nothing.
                    let version = schema::version(&transaction)?;
                    transaction.execute_batch(&format!("PRAGMA user_version = {version}"))?;
                }
                transaction.commit()
            });
            if written.is_err() {
                let kept = lock(&self.shared.waiting).merge(waiting);
                self.shared.say_overflow(kept);
                return false;
            }
            lock(&self.shared.owed).retain(|id| !owed.contains(id));
            if clean {
                self.clean_at = Instant::now() + CLEAN_EVERY;
            }
        }
        self.empty_log();
        true
    }

    pub(super) fn read<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Unavailable> {
        let worked = work(self.connection()?);
        worked.map_err(|error| self.broke(&error))
    }

    /// As [`Keeper::read`]; success also says that the database is well, and what it now has of leases.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Unavailable> {
        let answer = self.read(work)?;
        self.tell_leases();
        self.log_holds = true;
        self.pause = PAUSE_MIN;
        self.retry_at = Instant::now();
        self.shared.well_again();
        Ok(answer)
    }

    /// Ends a lease in this way, now; or when the database is well again, whole.
    pub(super) fn end_lease(
        &mut self,
        end: lease::End,
        id: LeaseId,
        wrap_up: Timestamp,
    ) -> Result<Option<Ended>, Unavailable> {
        let ended = self.write(|connection| end(connection, id, wrap_up));
        if ended.is_err() {
            self.shared.owe_end(id);
        }
        ended
    }

    /// A lease that is wanted again is not ended by an older debt.
    pub(super) fn forgive_end(&self, id: LeaseId) {
        lock(&self.shared.owed).remove(&id);
    }

    /// The connection, opened anew if the file was deleted, moved or replaced, or if it broke and the pause is over.
    fn connection(&mut self) -> Result<&mut Connection, Unavailable> {
        if self.file_is_gone() {
            self.opened = None;
            self.shared.trouble("the file was deleted, moved or replaced while it was in use");
            self.retry_at = Instant::now();
        }
        if self.opened.is_none() {
            if Instant::now() < self.retry_at {
                return Err(Unavailable);
            }
            if let Err(error) = self.connect() {
                self.failed(&error.to_string());
                return Err(Unavailable);
            }
        }
        self.opened.as_mut().map(|opened| &mut opened.connection).ok_or(Unavailable)
    }

    /// It was deleted, moved or replaced: what we write would be seen by nobody.
    fn file_is_gone(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.file != open::identity(&self.path))
    }

    fn connect(&mut self) -> Result<(), open::OpenError> {
        let connection = open::connect(&self.path)?;
        self.opened = Some(Opened { connection, file: open::identity(&self.path) });
        self.tell_leases();
        self.data_version = None;
        Ok(())
    }

    fn broke(&mut self, error: &rusqlite::Error) -> Unavailable {
        if !open::leaves_connection(error) {
            self.opened = None;
        }
        self.failed(&error.to_string());
        Unavailable
    }

    fn failed(&mut self, reason: &str) {
        self.shared.leases().tell(None);
        self.shared.trouble(reason);
        // Requests that fail during a pause do not make it longer.
        if Instant::now() >= self.retry_at {
            self.retry_at = Instant::now() + self.pause;
            self.pause = (self.pause * 2).min(PAUSE_MAX);
        }
    }

    /// A reader in another process can be in the way; then the next second tries again.
    fn empty_log(&mut self) {
        let Some(opened) = self.opened.as_ref().filter(|_| self.log_holds) else { return };
        let in_the_way =
            opened.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.log_holds = in_the_way.unwrap_or(true);
    }
}

/// Takes the write lock at the beginning, where waiting for it is bounded and cannot fail half-way.
fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}
