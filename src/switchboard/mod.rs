//! `switchboard`: the order of things, one short script per event: load, decide, save, answer.
//!
//! Contract: every event is answered, whatever fails; the same event twice gets the same answer and is counted once.
//! Must never contain: HTTP types, HTML, rules of its own (those are `flow`'s, `sms`'s and `provider`'s).

pub mod called;
mod callers;
mod calling;
mod desk;
mod hotlines;
mod leg;
mod memory;
mod staff;
mod text;
mod voice;

/// For the doors that show where a call is.
pub use crate::flow::{Does, Outlook, Place};
pub use hotlines::{Fit, Folder, Hotlines, Served, played};
pub use leg::{NotNeeded, Note};
pub use staff::{StaffEvent, StaffLine};
pub use text::TextAnswer;
pub use voice::VoiceEvent;

use crate::base::{CallSid, CounsellorId, CounsellorSet, E164, LeaseId, Line, Revision, SoundId, Sources};
use crate::desk::{Counsellor, Desk, Ended, Queue};
use crate::menu::Hotline;
use crate::privacy::{DaySalt, KeyRing};
use crate::provider::DialResult;
use crate::provider::twilio::answer::{self, Ring};
use crate::provider::twilio::rest::Rest;
use crate::sms::{Limiter, Rules};
use crate::store::{OnLine, Store};
use crate::twiml::{Verb, VoiceResponse};
use callers::Salts;
use calling::Calling;
use jiff::{SignedDuration, Timestamp};
use memory::Memory;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use voice::Given;

/// What the configuration says of the line.
pub struct Setup {
    /// The public address without a slash at the end; empty gives addresses relative to this server.
    pub public_url: String,
    /// Who is rung. `None`: nobody, and callers are told so.
    pub desk: Option<Rung>,
    /// The provider's REST interface, where counsellors are called beside the waiting loop. `None`: by Dial.
    pub rest: Option<Rest>,
    pub texts: Rules,
    /// Where counsellors call. `None`: nowhere.
    pub staff: Option<StaffLine>,
    /// Callers without a number who may ask for a person at once.
    pub withheld_most: usize,
}

/// Why a published revision is not on the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotTakenUp {
    #[error("the database does not answer")]
    Unavailable,
    #[error("its files are gone, or this program cannot make a whole hotline of them: publish again")]
    NotWhole,
}

/// Who is rung, and what their telephones show.
pub struct Rung {
    pub desk: Arc<Desk>,
    /// The hotline's own number.
    pub own: E164,
}

/// Everything the events of a line need. Shared by all requests.
pub struct Switchboard {
    setup: Setup,
    hotlines: Hotlines,
    keys: KeyRing,
    store: Store,
    /// What was decided lately, so that a repeated request gets the same document.
    given: Memory<Given>,
    /// Texts given lately, for the same reason.
    texts: Memory<Option<Arc<str>>>,
    limiter: Mutex<Limiter>,
    salts: Mutex<Salts>,
    /// Who asks for a person now.
    queue: Mutex<Queue<CallSid>>,
    /// The attempt of each call that has one, and whom it has: a call that is over frees them at once.
    leases: Mutex<HashMap<CallSid, (LeaseId, CounsellorSet)>>,
    calling: Calling,
    /// Whether the counsellor took the call, of attempts that ended lately: a call's status and its dial's outcome come
    /// in any order, and whichever is first deletes the row.
    ends: Memory<Option<Ended>>,
    /// Waits counted lately.
    waits: Memory<()>,
    /// For which call, and when, the line was last rung without a lease.
    rung_in_trouble: Mutex<Option<(CallSid, Timestamp)>>,
    /// Whether today's ceiling of texts was told in the log.
    ceiling_told: AtomicBool,
    /// Revisions on the line that the store could not keep yet.
    unkept: Mutex<Vec<(Revision, Sources)>>,
    staff: Option<staff::Staff>,
    /// With whom each counsellor talked last, as the hash of the day, for ten minutes: in memory only.
    last_callers: Mutex<HashMap<CounsellorId, (u64, Timestamp)>>,
    /// Talks counted lately: an outcome can be told again with another status of the call.
    talks: Memory<()>,
}

impl Switchboard {
    pub fn new(
        mut setup: Setup,
        hotlines: Hotlines,
        keys: KeyRing,
        store: Store,
        salt: DaySalt,
        now: Timestamp,
    ) -> Switchboard {
        let day = hotlines.live().day(now);
        let desk = setup.desk.as_ref().map(|rung| Arc::clone(&rung.desk));
        let staff = setup.staff.take().zip(desk).map(|(line, desk)| staff::Staff::new(line, desk));
        let queue = Mutex::new(Queue::new(setup.withheld_most));
        Switchboard {
            setup,
            hotlines,
            keys,
            store,
            given: Memory::default(),
            texts: Memory::default(),
            limiter: Mutex::new(Limiter::default()),
            salts: Mutex::new(Salts::new(day, salt)),
            queue,
            calling: Calling::default(),
            waits: Memory::default(),
            last_callers: Mutex::default(),
            leases: Mutex::new(HashMap::new()),
            ends: Memory::default(),
            rung_in_trouble: Mutex::default(),
            ceiling_told: AtomicBool::new(false),
            staff,
            talks: Memory::default(),
            unkept: Mutex::default(),
        }
    }

    /// The revision that new calls hear.
    pub fn revision(&self) -> Revision {
        self.hotlines.live().revision
    }

    /// The hotline that new calls hear, and its files as far as they are kept.
    pub async fn on_the_line(&self) -> (Arc<Served>, Option<Sources>) {
        let live = self.hotlines.live();
        let files = self.store.revision_get(live.revision).await.ok().flatten();
        (live, files)
    }

    /// Puts on the line what the database says is there, and ends older calls if it says so. The rest of the calls in
    /// progress stay on theirs.
    ///
    /// # Errors
    /// Why the line goes on with what it has.
    pub async fn take_up(&self, published: OnLine, now: Timestamp) -> Result<(), NotTakenUp> {
        self.hotlines.end_older(published.ended_older);
        if self.revision() == published.revision {
            return Ok(());
        }
        let read = self.hotlines.read(published.revision, &self.store, now).await;
        let (hotline, sound) = read.map_err(|_| NotTakenUp::Unavailable)?.ok_or(NotTakenUp::NotWhole)?;
        self.hotlines.replace(hotline, sound);
        Ok(())
    }

    /// What is on the line in the database, as it changes.
    pub fn watch_line(&self) -> tokio::sync::watch::Receiver<Option<OnLine>> {
        self.store.watch_line()
    }

    /// Keeps the menu files of this hotline, so that its calls can finish on it whatever comes later; then new calls
    /// hear it. Calls in progress stay on the one they began with.
    pub async fn publish(&self, hotline: Hotline, sources: &Sources, now: Timestamp) {
        let (revision, before) = (hotline.revision, self.revision());
        if before != revision {
            // If it cannot be noted now, the revision is still among the newest.
            let _ = self.store.revision_renew(before, now).await;
        }
        if self.store.revision_put(revision, sources, now).await.is_err() {
            tracing::warn!("the menu files could not be kept yet: calls in progress would begin again after a restart");
            let mut unkept = lock(&self.unkept);
            // More than a few are waiting only while somebody edits beside a dead database; the oldest calls lose theirs.
            if unkept.len() == UNKEPT_MOST {
                unkept.remove(0);
            }
            unkept.push((revision, sources.clone()));
        }
        let sound = self.hotlines.sound_of(sources);
        self.hotlines.replace(hotline, sound);
    }

    /// A sound that calls are told to play.
    pub fn sound(&self, id: &SoundId) -> Option<Arc<[u8]>> {
        self.hotlines.sound(id)
    }

    /// Tries again to keep what could not be kept.
    async fn keep_unkept(&self, now: Timestamp) {
        let unkept = std::mem::take(&mut *lock(&self.unkept));
        for (revision, sources) in unkept {
            if self.store.revision_put(revision, &sources, now).await.is_err() {
                lock(&self.unkept).push((revision, sources));
            }
        }
    }

    pub fn store_healthy(&self) -> bool {
        self.store.healthy()
    }

    /// Commits what is counted and closes the store.
    pub async fn close(&self) {
        if self.store.close().await.is_err() {
            tracing::error!("the last counts could not be committed");
        }
    }

    /// The answer when something of ours failed. To a caller who has pressed a key: one sentence and a person, in every
    /// language, since it is not known how far we got; the whisper names none. To anybody else something neutral: it
    /// may be somebody who pressed redial (CS-08).
    pub fn trouble(&self, call: &CallSid, now: Timestamp, pressed: bool) -> String {
        let after = format!("{}/twilio/trouble", self.setup.public_url);
        if !pressed {
            let live = self.hotlines.live();
            return answer::neutral(&live, &live.say_in_trouble, &after).to_xml();
        }
        let live = self.hotlines.live();
        let counsellor = self.whom_in_trouble(call, now).filter(|one| self.rings_in_trouble(call, one, now));
        let whisper = format!("{}/twilio/whisper", self.setup.public_url);
        let lines: Vec<&Line> = counsellor.map(|one| &one.line).into_iter().collect();
        let ring = self.setup.desk.as_ref().filter(|_| !lines.is_empty()).map(|rung| Ring {
            own: &rung.own,
            lines: &lines,
            time_limit_s: rung.desk.talk_max_s,
            whisper: Some(&whisper),
        });
        answer::trouble(&live, &live.say_in_trouble, None, ring.as_ref(), Some(&after)).to_xml()
    }

    /// After the attempt to reach a person in trouble: nothing more after a talk, and else the honest words.
    pub fn after_trouble(&self, result: DialResult) -> String {
        if result.talked(None) {
            return VoiceResponse { verbs: vec![Verb::Hangup] }.to_xml();
        }
        let live = self.hotlines.live();
        answer::trouble(&live, &live.say_in_trouble, None, None, None).to_xml()
    }

    /// Before the first key, in trouble: no key was pressed in time.
    pub fn end_of_trouble(&self) -> String {
        let live = self.hotlines.live();
        answer::goodbye(&live, &live.say_in_trouble).to_xml()
    }

    /// Whether this counsellor may be rung without a lease: not twice at a time.
    fn rings_in_trouble(&self, call: &CallSid, counsellor: &Counsellor, now: Timestamp) -> bool {
        let mut rung = lock(&self.rung_in_trouble);
        let again = SignedDuration::from_secs(i64::from(counsellor.line.ring_s));
        // The same request again gets the same answer.
        let free = rung.as_ref().is_none_or(|(by, at)| by == call || now.duration_since(*at).abs() > again);
        if free {
            *rung = Some((call.clone(), now));
        }
        free
    }

    /// Once a minute: keeps what the store could not keep before, forgets senders whose time is over, and after midnight everything that was hashed with
    /// yesterday's salt. `fresh` is drawn by the door.
    pub async fn tick(&self, now: Timestamp, fresh: DaySalt) {
        self.keep_unkept(now).await;
        let day = self.hotlines.live().day(now);
        let mut salts = lock(&self.salts);
        let mut queue = lock(&self.queue);
        if salts.day != day {
            salts.midnight(day, fresh);
            queue.midnight(now);
            lock(&self.limiter).forget_day();
            self.ceiling_told.store(false, Ordering::Relaxed);
        }
        if !queue.forget(now) {
            // The last call that needs it is over.
            salts.yesterday = None;
        }
        lock(&self.limiter).sweep(now);
    }

    /// The clock of this machine was set forward by so many seconds, or back: whoever is rung, talks or waits does so for as
    /// long as before. What travels with the calls knows by itself.
    pub async fn clock_set(&self, by_s: i64) {
        lock(&self.queue).clock_set(by_s);
        lock(&self.calling.calls).clock_set(by_s);
        if self.store.leases_clock_set(by_s).await.is_err() {
            tracing::warn!("the clock was set, and the database does not answer: leases end too early or too late");
        }
    }

    /// A call's status: when it is over, whoever was rung for it is free again.
    pub async fn status(&self, call: &crate::provider::Call, now: Timestamp) {
        if call.ended {
            self.free(&call.sid, now).await;
        }
    }
}

/// At most this many revisions wait for a store that does not answer.
const UNKEPT_MOST: usize = 16;

/// How long an answer may stand for the same event again: longer than a provider's retries take.
const REPEAT: SignedDuration = SignedDuration::from_secs(120);

/// A lock that another thread's panic does not take from us: what it guards is counted and bounded, never half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
