//! The handle that the other rooms hold: every function of the store, each with a bounded wait.

use super::keeper::{Job, Keeper, Shared};
use super::lease::{self, Known};
use super::open::{self, OpenError};
use super::publication::{self, Act, OnLine, Refused};
use super::tally::{self, CountKey, Tally};
use super::{duty, revision, sound};
use crate::base::{CounsellorId, LeaseId, Revision, Shelf, Sources};
use crate::desk::{Accepted, Act as DutyAct, Change, Ended, Lease, Opened, Overrides};
use jiff::Timestamp;
use jiff::civil::Date;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{oneshot, watch};

/// How long a request waits for its answer. A caller hears silence meanwhile, so it is short; a healthy disk needs a
/// hundredth of it.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// How long the sound of a revision may take, many megabytes of it; no caller waits meanwhile.
const SOUND_WITHIN: Duration = Duration::from_secs(10);

/// How long a stop waits for the last commit.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// At most this many requests wait for the database: more than can be answered in time.
const JOBS_MAX: usize = 256;

/// The present, as the door reads it. For deciding what is too old to keep, nothing else.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    pub clock: Clock,
}

/// The database did not answer in time, or is not there. Go on without it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the database does not answer")]
pub struct Unavailable;

/// What outlives the process. Cheap to clone; the thread ends with the last clone, after a last commit.
#[derive(Clone)]
pub struct Store {
    /// `None` for a store that is not there.
    jobs: Option<SyncSender<Job>>,
    shared: Arc<Shared>,
}

impl Store {
    /// Opens `hulplijn.db` in this folder, makes both if they are missing (modes 0600 and 0700), brings the tables up to
    /// date, and starts the thread. Blocks for at most some seconds; to be called at the start.
    ///
    /// Errors are what an operator has to mend. A lock and a full disk are none: they may pass, so the store starts
    /// unhealthy and tries again.
    pub fn open(folder: &Path, options: Options) -> Result<Store, OpenError> {
        let shared = Arc::new(Shared::new());
        let keeper = Keeper::open(open::file_in(folder)?, options.clock, Arc::clone(&shared))?;
        let (jobs, received) = sync_channel(JOBS_MAX);
        // The thread speaks to the same log as the one that opens it.
        let log = tracing::dispatcher::get_default(Clone::clone);
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || tracing::dispatcher::with_default(&log, || keeper.run(received)))
            .map_err(|reason| OpenError::Thread { reason })?;
        Ok(Store { jobs: Some(jobs), shared })
    }

    /// A store that is not there: every call is answered with [`Unavailable`] at once, counts are dropped. The line runs.
    pub fn absent() -> Store {
        Store { jobs: None, shared: Arc::new(Shared::new()) }
    }

    /// Whether the last write succeeded and nothing failed since. False for [`Store::absent`] and after the close.
    pub fn healthy(&self) -> bool {
        self.jobs.is_some() && self.shared.is_well()
    }

    /// Counts one. Never waits, never fails; it is in the file within a second.
    pub fn count(&self, day: Date, key: CountKey) {
        if self.jobs.is_some() {
            self.shared.count(day, key);
        }
    }

    /// Takes a counsellor until `lease_end` or `expires`, on the disk before it is acknowledged. If the answer is
    /// late or nobody waits for it any more, the lease is taken back.
    pub async fn lease_open(
        &self,
        id: LeaseId,
        counsellor: &CounsellorId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Opened, Unavailable> {
        if !self.shared.leases().begin_open(id, counsellor, now) {
            return Ok(Opened::Busy);
        }
        let _opening = Opening { shared: &self.shared, id, counsellor };
        let counsellor = counsellor.clone();
        let (reply, answer) = oneshot::channel();
        self.submit(move |keeper| {
            if reply.is_closed() {
                return;
            }
            keeper.forgive_end(id);
            let opened = keeper.write(|connection| lease::open(connection, id, &counsellor, now, expires));
            hand_over(keeper, id, &counsellor, opened, reply);
        })?;
        self.wait(answer, ANSWER_WITHIN).await?
    }

    /// A counsellor takes the call: her lease now lives until `expires`. On the disk before it is acknowledged.
    pub async fn lease_accept(
        &self,
        id: LeaseId,
        counsellor: &CounsellorId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Accepted, Unavailable> {
        let counsellor = counsellor.clone();
        self.ask(move |keeper| keeper.write(|connection| lease::accept(connection, id, &counsellor, now, expires)))
            .await
    }

    /// Ends an attempt and deletes its rows; who talked writes up until `wrap_up`. `None` if there is none (any more).
    /// On [`Unavailable`] it is ended later.
    pub async fn lease_end(&self, id: LeaseId, wrap_up: Timestamp) -> Result<Option<Ended>, Unavailable> {
        self.end_lease(lease::end, id, wrap_up).await
    }

    /// The same for the talk of an attempt; whoever is rung for it on a leg of her own stays taken.
    pub async fn lease_end_talk(&self, id: LeaseId, wrap_up: Timestamp) -> Result<Option<Ended>, Unavailable> {
        self.end_lease(lease::end_talk, id, wrap_up).await
    }

    async fn end_lease(&self, end: lease::End, id: LeaseId, wrap_up: Timestamp) -> Result<Option<Ended>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.submit(move |keeper| {
            // Also when nobody waits any more: a lease that stays would keep a counsellor from being rung.
            let _ = reply.send(keeper.end_lease(end, id, wrap_up));
        })
        .inspect_err(|_| self.shared.owe_end(id))?;
        self.wait(answer, ANSWER_WITHIN).await?
    }

    /// This counsellor is not rung any more in this attempt. A talk is left alone; on [`Unavailable`] the lease expires
    /// by itself.
    pub async fn lease_give_up(&self, id: LeaseId, counsellor: &CounsellorId) -> Result<(), Unavailable> {
        let counsellor = counsellor.clone();
        self.ask(move |keeper| keeper.write(|connection| lease::give_up(connection, id, &counsellor))).await
    }

    /// The clock was set forward by so many seconds, or back: every lease lasts as long as before.
    pub async fn leases_clock_set(&self, by_s: i64) -> Result<(), Unavailable> {
        self.ask(move |keeper| keeper.write(|connection| lease::clock_set(connection, by_s))).await
    }

    /// All leases. Some may be dead already.
    pub async fn leases(&self) -> Result<Arc<[Lease]>, Unavailable> {
        if let Some(known) = self.known(Known::all) {
            return Ok(known);
        }
        self.ask(move |keeper| keeper.read(|connection| lease::all(connection))).await.map(Into::into)
    }

    /// What counsellors said of their duty and still holds, as the database last said. Never waits: nothing is known of a
    /// database that never answered, and then the rota holds.
    pub fn duty(&self, now: Timestamp) -> Overrides {
        self.shared.duty().at(now)
    }

    /// A counsellor goes on or off duty: kept with its entry of the trail, on the disk before it is acknowledged.
    pub async fn duty_set(
        &self,
        who: CounsellorId,
        act: DutyAct,
        change: Change,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        self.ask(move |keeper| {
            keeper.write(|connection| duty::set(connection, &who, act, change, now))?;
            keeper.tell_duty();
            Ok(())
        })
        .await
    }

    /// A counsellor sends all calls to the fallback line or to the desk again, as the act says; any other act is noted
    /// in the trail only. On the disk before it is acknowledged.
    pub async fn switch_set(&self, who: CounsellorId, act: DutyAct, now: Timestamp) -> Result<(), Unavailable> {
        self.ask(move |keeper| {
            keeper.write(|connection| duty::note(connection, &who, act, now))?;
            keeper.tell_duty();
            Ok(())
        })
        .await
    }

    /// What is known of leases without asking the thread.
    fn known<T>(&self, look: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        self.jobs.as_ref()?;
        look(&self.shared.leases())
    }

    /// Stores the menu files of a revision, on the disk before it is acknowledged. What stands there under that name
    /// stays as it is. See [`super::revision`] for how long it is kept; a put of a known one renews it.
    pub async fn revision_put(&self, revision: Revision, files: &Sources, now: Timestamp) -> Result<(), Unavailable> {
        let json = json(files)?;
        let put = self.ask(move |keeper| keeper.write(|connection| revision::put(connection, revision, &json, now)));
        put.await?.map_err(|revision::TooMany| {
            tracing::error!("{}", Refused::TooMany);
            Unavailable
        })
    }

    /// This revision was on the line until now: it is needed for as long as a call may be on it.
    pub async fn revision_renew(&self, revision: Revision, now: Timestamp) -> Result<(), Unavailable> {
        self.ask(move |keeper| keeper.write(|connection| revision::renew(connection, revision, now))).await
    }

    /// What is on the line; `None` if nothing was ever published.
    pub async fn on_line(&self) -> Result<Option<OnLine>, Unavailable> {
        self.ask(|keeper| keeper.read(|connection| publication::on_line(connection))).await
    }

    /// What is on the line as it changes, also by another process: within a fifth of a second. `None` until the
    /// database has said something.
    pub fn watch_line(&self) -> watch::Receiver<Option<OnLine>> {
        self.shared.watch()
    }

    /// Puts the first revision on the line, on the disk before it is acknowledged.
    pub async fn publish_first(
        &self,
        act: Act,
        files: &Sources,
        sounds: Shelf,
        now: Timestamp,
    ) -> Result<Result<OnLine, Refused>, Unavailable> {
        let json = json(files)?;
        if sound::bytes(&sounds) > sound::SOUND_BYTES_MAX {
            tracing::error!(store.bytes_max = sound::SOUND_BYTES_MAX, "the sound is too large to be stored");
            return Err(Unavailable);
        }
        self.ask_within(SOUND_WITHIN, move |keeper| {
            let added = keeper.write(|connection| publication::add(connection, &act, &json, &sounds, None, now))?;
            if let Ok(on_line) = added {
                keeper.tell(on_line);
            }
            Ok(added)
        })
        .await
    }

    /// The menu files of a revision, or `None`.
    pub async fn revision_get(&self, revision: Revision) -> Result<Option<Sources>, Unavailable> {
        self.ask(move |keeper| keeper.read(|connection| revision::get(connection, revision))).await
    }

    /// The sound of a revision; empty if it has none or is not held.
    pub async fn sound_get(&self, revision: Revision) -> Result<Shelf, Unavailable> {
        self.ask_within(SOUND_WITHIN, move |keeper| keeper.read(|connection| sound::get(connection, revision))).await
    }

    /// The counts of these days, both included, sorted by day and key; what waits in memory is committed first.
    pub async fn stats(&self, from: Date, to: Date) -> Result<Vec<Tally>, Unavailable> {
        self.ask(move |keeper| {
            if !keeper.commit() {
                return Err(Unavailable);
            }
            keeper.read(|connection| tally::read(connection, from, to))
        })
        .await
    }

    /// Commits what waits and closes the file, for all clones: they are answered with [`Unavailable`] from then on. An
    /// error means that the last counts are lost. Waits at most 5 seconds.
    pub async fn close(&self) -> Result<(), Unavailable> {
        let Some(jobs) = &self.jobs else { return Ok(()) };
        let (reply, answer) = oneshot::channel();
        jobs.try_send(Job::Close(reply)).map_err(|_| Unavailable)?;
        if self.wait(answer, CLOSE_WITHIN).await? { Ok(()) } else { Err(Unavailable) }
    }

    /// Work for which an answer is worth something only while it is waited for.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Keeper) -> Result<T, Unavailable> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.ask_within(ANSWER_WITHIN, work).await
    }

    async fn ask_within<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl FnOnce(&mut Keeper) -> Result<T, Unavailable> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.submit(move |keeper| {
            if !reply.is_closed() {
                let _ = reply.send(work(keeper));
            }
        })?;
        self.wait(answer, within).await?
    }

    fn submit(&self, work: impl FnOnce(&mut Keeper) + Send + 'static) -> Result<(), Unavailable> {
        let Some(jobs) = &self.jobs else { return Err(Unavailable) };
        // Full: the database has been slow for long, which whoever waits in front says. Closed: it was told to.
        jobs.try_send(Job::Work(Box::new(work))).map_err(|_| Unavailable)
    }

    async fn wait<T>(&self, answer: oneshot::Receiver<T>, within: Duration) -> Result<T, Unavailable> {
        match tokio::time::timeout(within, answer).await {
            Ok(answer) => answer.map_err(|_| Unavailable),
            Err(_) => {
                self.shared.trouble("no answer in time");
                Err(Unavailable)
            }
        }
    }
}

/// A lease that is being opened, until it is known what came of it or nobody waits any more.
struct Opening<'s> {
    shared: &'s Shared,
    id: LeaseId,
    counsellor: &'s CounsellorId,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.shared.leases().end_open(self.id, self.counsellor);
    }
}

fn json(files: &Sources) -> Result<String, Unavailable> {
    revision::to_json(files).ok_or_else(|| {
        tracing::error!(store.bytes_max = revision::REVISION_BYTES_MAX, "the menu files are too large to be stored");
        Unavailable
    })
}

/// A lease that was granted to somebody who has gone is taken back.
fn hand_over(
    keeper: &mut Keeper,
    id: LeaseId,
    counsellor: &CounsellorId,
    opened: Result<Opened, Unavailable>,
    reply: oneshot::Sender<Result<Opened, Unavailable>>,
) {
    if let Err(Ok(Opened::Granted)) = reply.send(opened) {
        // What fails here expires by itself.
        let _ = keeper.write(|connection| lease::give_up(connection, id, counsellor));
    }
}

#[cfg(test)]
mod tests;
