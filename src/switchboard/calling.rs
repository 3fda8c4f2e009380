//! Counsellors called beside the waiting loop, by the provider's REST interface: each on a leg of her own, while the
//! caller hears music and her keys work.
//!
//! Needs: the right counsellor as fast as can be; nobody rung for two; no leg without a caller who waits for it (CS-01).
//!
//! Design: the loop is the heartbeat. Each step of it notes the call here and asks for counsellors; the end of a leg asks
//! for the next one at once. Whoever says yes first has the attempt (the lease decides, in the database); then the
//! caller is fetched: her call is sent by REST to the address that her loop would ask next, which answers with the room.
//! If that request is lost, the loop itself comes there within ten seconds. What is known here is memory: after a
//! restart the loop brings the call again, a leg that was placed before carries all it needs sealed in its address, its
//! counsellor is still leased, and it ends by itself.
//!
//! A counsellor is free for another caller when her leg is known to be over, not when it was told to end: until then
//! her telephone may ring. Where nobody tells of it, her lease expires.
//!
//! A caller is fetched once, and never again because an answer was lost: the second time would take her out of the room.
//! Whoever is alone in a room, because the other left at the moment of coming, is fetched out of it; whether the other
//! is there is asked of the provider once, since nobody may have told; and the room itself asks us for as long as she is
//! alone in it, which holds over a restart.
//!
//! Known race: a leg is placed and the caller leaves before its name is known. It is ended when its name comes.

use super::called::{Called, Calls, Due, Placed, Stage, Unneeded};
use super::leg::{NotNeeded, Note};
use super::voice::after;
use super::{Switchboard, lock};
use crate::base::{CallSid, CounsellorIx, CounsellorSet, LeaseId};
use crate::desk::{By, Lease, LeaseState, Plan, Want};
use crate::flow::{Output, Place, Session, WHISPER_S};
use crate::menu::Hotline;
use crate::provider::Call;
use crate::provider::twilio::rest::{Leg, Rest, RestError};
use crate::store::Clock;
use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// At most this many orders wait: ten for each of a hundred callers. What is more is done by the loop's next round.
const ORDERS_MOST: usize = 1024;

/// For so many of those who wait longest counsellors are looked for when one became free; the others' loops come.
const NEXT_MOST: usize = 64;

/// A leg that was not picked up so long after its ringing time has rung in vain, in seconds: a provider takes a while to
/// ring, and some ring five seconds longer than asked (twiml reference 2.6).
const RING_OVER_S: i64 = 10;

/// How long counsellors are rung by Dial when the interface does not work, in seconds; then it is tried again.
const DOWN_S: i64 = 60;

/// Something to be done at the provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// Rings whoever is next for this caller.
    RingFor(CallSid),
    /// Somebody became free: rings for whoever waits longest.
    RingNext,
    /// Brings the caller to the room, or out of one where nobody is.
    Fetch { caller: CallSid, url: String },
    /// Brings a caller out of a room where, the provider says, nobody is.
    FetchOut { caller: CallSid, url: String },
    /// Asks whether a leg that talks is there, since it may have ended without a word.
    Look(Unneeded),
    /// A leg that rings is ended; on one that was picked up a sentence is said first.
    Drop(Unneeded),
}

/// Where orders go, and who works on them.
pub(super) struct Calling {
    orders: mpsc::Sender<Order>,
    waiting: Mutex<Option<mpsc::Receiver<Order>>>,
    /// Orders that are not done yet.
    in_work: AtomicUsize,
    /// Until this unix second nobody can be called: the interface could not be reached, or does not know us.
    down_until_s: AtomicI64,
    pub(super) calls: Mutex<Calls>,
}

impl Default for Calling {
    fn default() -> Calling {
        let (orders, waiting) = mpsc::channel(ORDERS_MOST);
        let (waiting, in_work) = (Mutex::new(Some(waiting)), AtomicUsize::new(0));
        Calling { orders, waiting, in_work, down_until_s: AtomicI64::new(0), calls: Mutex::default() }
    }
}

impl Calling {
    fn down(&self, now: Timestamp) {
        self.down_until_s.store(now.as_second().saturating_add(DOWN_S), Ordering::Relaxed);
    }

    fn is_down(&self, now: Timestamp) -> bool {
        // A clock that was set back does not keep it down.
        let left_s = self.down_until_s.load(Ordering::Relaxed).saturating_sub(now.as_second());
        (1..=DOWN_S).contains(&left_s)
    }

    fn order(&self, order: Order) {
        self.in_work.fetch_add(1, Ordering::SeqCst);
        // A full queue is made good by the next round of the loop, or by the leg's own end.
        if self.orders.try_send(order).is_err() {
            self.in_work.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn drop_all(&self, legs: impl IntoIterator<Item = Unneeded>) {
        for leg in legs {
            self.order(Order::Drop(leg));
        }
    }
}

impl Switchboard {
    /// Works on what is to be done at the provider until the switchboard goes. Each order is a task of its own; how many
    /// requests are made at once is bounded by the client. `clock` is the door's.
    pub async fn run_calls(self: Arc<Self>, clock: Clock) {
        let Some(mut orders) = lock(&self.calling.waiting).take() else { return };
        while let Some(order) = orders.recv().await {
            let (switchboard, clock) = (Arc::clone(&self), Arc::clone(&clock));
            tokio::spawn(async move {
                let _done = Done(&switchboard.calling.in_work);
                Arc::clone(&switchboard).work_on(order, &clock).await;
            });
        }
    }

    /// How many orders to the provider are not done yet.
    pub fn orders_in_work(&self) -> usize {
        self.calling.in_work.load(Ordering::SeqCst)
    }

    async fn work_on(self: Arc<Self>, order: Order, clock: &Clock) {
        let Some(rest) = &self.setup.rest else { return };
        match order {
            Order::RingFor(caller) => self.ring_for(&caller, clock).await,
            Order::RingNext => {
                let waiting: Vec<CallSid> = lock(&self.queue).waiting(clock()).take(NEXT_MOST).cloned().collect();
                for caller in waiting {
                    self.calling.order(Order::RingFor(caller));
                }
            }
            Order::Fetch { caller, url } => {
                // She may have pressed a key meanwhile, or come by herself.
                if !lock(&self.calling.calls).asks(&caller, &url) {
                    return;
                }
                match rest.redirect_once(&caller, &url).await {
                    // She has hung up, and nobody told us.
                    Err(error) if error.is_over() => self.free(&caller, clock()).await,
                    // If it was not done, the loop comes there by itself.
                    Ok(()) | Err(_) => {}
                }
            }
            Order::FetchOut { caller, url } => {
                if rest.redirect_once(&caller, &url).await.is_err_and(RestError::is_over) {
                    self.free(&caller, clock()).await;
                }
            }
            Order::Look(leg) => {
                let over = match rest.is_over(&leg.leg).await {
                    Ok(over) => over,
                    Err(error) => error.is_over(),
                };
                if over {
                    self.leg_is_over(leg.lease, leg.counsellor, clock()).await;
                }
            }
            Order::Drop(leg) => self.drop_leg(rest, &leg).await,
        }
    }

    async fn drop_leg(&self, rest: &Rest, unneeded: &Unneeded) {
        let name = if unneeded.why == NotNeeded::Taken { "taken" } else { "gone" };
        let url = [&self.setup.public_url, "/twilio/", name].concat();
        // Who has picked up hears a sentence; then her leg ends by itself, and tells it.
        if rest.redirect(&unneeded.leg, &url).await.is_ok() {
            return;
        }
        // A leg that still rings cannot be told anything: it is ended.
        let over = match rest.end(&unneeded.leg).await {
            Ok(()) => true,
            Err(error) => error.is_over(),
        };
        if over && let Some((_, counsellor)) = self.rung(unneeded.counsellor) {
            let _ = self.store.lease_give_up(unneeded.lease, &counsellor.id).await;
            self.calling.order(Order::RingNext);
        }
    }

    /// After each step of a call: notes that counsellors are to be called for it, or that they are not (any more).
    pub(super) async fn after_step(
        &self,
        call: &Call,
        hotline: &Hotline,
        session: &Session,
        outputs: &[Output<'_>],
        now: Timestamp,
    ) {
        if self.by() == By::Dial {
            return;
        }
        let lease = match (outputs.last(), session.lease) {
            (Some(Output::Hold { .. }), Some(lease)) if session.place == Place::Waiting => lease,
            (Some(Output::Join { lease }), _) => {
                let next_url = self.next_url(call, session).unwrap_or_default();
                return lock(&self.calling.calls).joins(&call.sid, *lease, next_url, now);
            }
            _ => return self.end_legs(&call.sid, now).await,
        };
        let language = session.language.and_then(|at| hotline.languages.get(usize::from(at.0)).copied());
        let note = Note {
            lease,
            counsellor: CounsellorIx(0),
            language: session.language,
            cannot_speak: session.cannot_speak,
            since_s: session.waiting_since_s.unwrap_or(session.issued_s),
            leased_s: 0,
        };
        let next_url = self.next_url(call, session).unwrap_or_default();
        let called = Called {
            lease,
            account: call.account.clone(),
            next_url: next_url.clone(),
            want: Want { language, gender: session.gender, tried: session.tried },
            note,
            legs: Vec::new(),
            tried: CounsellorSet::default(),
            stage: Stage::Waits,
            ringing: false,
            heard: now,
        };
        let noted = lock(&self.calling.calls).waits(&call.sid, called);
        let Some((stage, left)) = noted else { return };
        self.calling.drop_all(left);
        self.calling.order(match stage {
            // A counsellor said yes while this step was decided.
            Stage::Taken(_) => Order::Fetch { caller: call.sid.clone(), url: next_url },
            _ => Order::RingFor(call.sid.clone()),
        });
    }

    /// Rings whoever is next for this caller, until somebody rings or nobody is left.
    async fn ring_for(self: &Arc<Self>, caller: &CallSid, clock: &Clock) {
        let (lease, vain) = lock(&self.calling.calls).begin_ringing(caller, clock());
        self.calling.drop_all(vain);
        let Some(lease) = lease else { return };
        // Each round calls somebody in vain, so it ends.
        while let Some(who) = self.next_for(caller, lease, clock()).await {
            let mut placing = JoinSet::new();
            for one in who.iter() {
                let (switchboard, caller, now) = (Arc::clone(self), caller.clone(), clock());
                placing.spawn(async move { switchboard.place(&caller, lease, one, now).await });
            }
            while placing.join_next().await.is_some() {}
            if lock(&self.calling.calls).rings(caller, lease) {
                return;
            }
        }
        lock(&self.calling.calls).end_ringing(caller, lease);
        self.stand_again(caller, clock());
    }

    /// Whom to ring for her now, leased.
    async fn next_for(&self, caller: &CallSid, lease: LeaseId, now: Timestamp) -> Option<CounsellorSet> {
        let rung = self.setup.desk.as_ref().filter(|_| !self.calling.is_down(now))?;
        let mut lost = CounsellorSet::default();
        // Each round loses somebody, so it ends.
        loop {
            let (want, since_s) = {
                let mut calls = lock(&self.calling.calls);
                let called = calls.waiting(caller, lease)?;
                (Want { tried: called.want.tried.with(called.tried), ..called.want }, called.note.since_s)
            };
            // Without a database nobody is leased, and nobody is rung beside the loop.
            let leases = self.store.leases().await.ok()?;
            let live = || leases.iter().filter(|known| known.expires_s > now.as_second());
            let ix = |known: &Lease| rung.desk.named(&known.counsellor);
            let own = live().filter(|known| known.id == lease);
            let own: Vec<(CounsellorIx, i64)> = own
                .filter_map(|known| Some((ix(known).filter(|one| !want.tried.contains(*one))?, known.expires_s)))
                .collect();
            if !own.is_empty() {
                self.ring_on(caller, lease, &own, now);
                return None;
            }
            let taken: CounsellorSet = live().filter_map(ix).collect();
            let duty = self.duty(now);
            let plan =
                lock(&self.queue).plan((&rung.desk, &duty), taken.with(lost), caller, (&want, since_s), By::Legs, now);
            let Plan::Ring(who) = plan else { return None };
            let got = self.take(caller, lease, who, now).await;
            if !got.is_empty() {
                return Some(got);
            }
            lost = lost.with(who);
        }
    }

    /// These counsellors were called for her before a restart, and their legs may ring still.
    fn ring_on(&self, caller: &CallSid, lease: LeaseId, who: &[(CounsellorIx, i64)], now: Timestamp) {
        let mut calls = lock(&self.calling.calls);
        let Some(called) = calls.waiting(caller, lease) else { return };
        for (counsellor, expires_s) in who {
            let until = after(now, expires_s.saturating_sub(now.as_second()));
            called.legs.push(Placed { counsellor: *counsellor, sid: None, until });
        }
    }

    /// Places a leg.
    async fn place(&self, caller: &CallSid, lease: LeaseId, one: CounsellorIx, now: Timestamp) {
        let (Some(rest), Some((_, counsellor))) = (&self.setup.rest, self.rung(one)) else { return };
        let ring_s = counsellor.line.ring_s;
        let leg = Placed { counsellor: one, sid: None, until: after(now, i64::from(ring_s) + RING_OVER_S) };
        let begun = lock(&self.calling.calls).places(caller, lease, leg);
        self.stand_again(caller, now);
        let leased_s = self.row(lease, one).await.map_or(0, |row| row.expires_s);
        let noted =
            begun.and_then(|(account, note)| self.sealed(&leg_call(&account, caller), &Note { leased_s, ..note }));
        let Some(token) = noted else { return self.rang_in_vain(lease, one, now).await };
        let address = |name: &str| [&self.setup.public_url, "/twilio/", name, "?s=", &token].concat();
        let (url, status_callback) = (address("leg"), address("legstatus"));
        let leg =
            Leg { to: &counsellor.line.callee, url: &url, status_callback: &status_callback, events: &[], ring_s };
        let placed = rest.place(&leg).await;
        if let Err(error) = &placed {
            // Without a word of whom or for whom.
            tracing::warn!(%error, "a counsellor could not be called");
        }
        match placed {
            Ok(sid) => {
                // She left meanwhile, or it is over already.
                let unneeded = lock(&self.calling.calls).placed(caller, lease, one, sid);
                self.calling.drop_all(unneeded);
            }
            // It shows itself by its requests, or its time passes.
            Err(error) if RestError::may_be_done(error) => {}
            // It is not this counsellor: nobody can be called so for now, and she is rung by the loop's own Dial.
            Err(error) if error.is_down() => {
                self.calling.down(now);
                let _ = self.store.lease_give_up(lease, &counsellor.id).await;
                lock(&self.calling.calls).not_placed(lease, one);
            }
            Err(_) => self.rang_in_vain(lease, one, now).await,
        }
    }

    /// Whether the interface has just shown that nobody can be called by it.
    pub(super) fn rest_is_down(&self, now: Timestamp) -> bool {
        self.calling.is_down(now)
    }

    /// This counsellor does not take the call of this attempt. Whom to ring for now.
    async fn rang_in_vain(&self, lease: LeaseId, one: CounsellorIx, now: Timestamp) {
        if let Some((_, counsellor)) = self.rung(one) {
            let _ = self.store.lease_give_up(lease, &counsellor.id).await;
        }
        lock(&self.calling.calls).leg_ended(lease, one, now);
    }

    /// A leg is over: the next one rings at once, and whoever talked is free.
    pub(super) async fn leg_ended(&self, call: &Call, token: Option<&str>, now: Timestamp) {
        if let Some(note) = token.and_then(|token| self.note(call, token)) {
            // A callback can come late, when the same attempt has rung her once more.
            let rings = |row: &Lease| row.state == LeaseState::Ringing && row.expires_s != note.leased_s;
            if lock(&self.calling.calls).is_old(note.lease, note.counsellor, &call.sid)
                || self.row(note.lease, note.counsellor).await.is_some_and(|row| rings(&row))
            {
                return;
            }
            self.leg_is_over(note.lease, note.counsellor, now).await;
        }
    }

    /// The lease of this counsellor for this attempt.
    async fn row(&self, lease: LeaseId, one: CounsellorIx) -> Option<Lease> {
        let (_, counsellor) = self.rung(one)?;
        let leases = self.store.leases().await.ok()?;
        leases.iter().find(|row| row.id == lease && row.counsellor == counsellor.id).cloned()
    }

    async fn leg_is_over(&self, lease: LeaseId, one: CounsellorIx, now: Timestamp) {
        let Some((_, counsellor)) = self.rung(one) else { return };
        if self.talks(lease, |known| known.counsellor == counsellor.id).await {
            // The caller's own leg tells whether they talked; this only frees the counsellor.
            self.end(lease, now).await;
        } else {
            let _ = self.store.lease_give_up(lease, &counsellor.id).await;
        }
        let caller = lock(&self.calling.calls).leg_ended(lease, one, now);
        if let Some(caller) = caller {
            self.calling.order(Order::RingFor(caller));
        }
        self.calling.order(Order::RingNext);
    }

    /// Whether somebody has said yes in this attempt.
    pub(super) async fn talks(&self, lease: LeaseId, who: impl Fn(&Lease) -> bool) -> bool {
        let talks = |known: &Lease| known.id == lease && known.state == LeaseState::Talking && who(known);
        self.store.leases().await.is_ok_and(|all| all.iter().any(talks))
    }

    /// This counsellor has the attempt, unless somebody here was quicker: the others are dropped, and the caller is
    /// fetched.
    pub(super) fn taken_by(&self, lease: LeaseId, one: CounsellorIx, leg: &CallSid) -> bool {
        let (hers, fetched) = lock(&self.calling.calls).taken(lease, one, leg);
        if let Some(fetched) = fetched {
            self.calling.drop_all(fetched.left);
            self.calling.order(Order::Fetch { caller: fetched.caller, url: fetched.url });
        }
        hers
    }

    /// A leg was picked up: its counsellor has the time of the whisper.
    pub(super) fn leg_is_up(&self, note: &Note, leg: &CallSid, now: Timestamp) {
        let until = after(now, i64::from(WHISPER_S));
        lock(&self.calling.calls).picked_up(note.lease, note.counsellor, leg, until);
    }

    /// The counsellor who said yes has left, and nothing was heard of it, or not by this run of the program: the caller goes
    /// on where an attempt is over. Asked again every few seconds as long as she is alone.
    pub(super) fn fetch_out(&self, call: &Call, token: Option<&str>) {
        let Some(token) = token.filter(|_| !call.ended && self.by() == By::Legs) else { return };
        let url = [&self.setup.public_url, "/twilio/dial?s=", token].concat();
        self.calling.order(Order::FetchOut { caller: call.sid.clone(), url });
    }

    /// The caller does not wait any more: nobody rings for her (CS-01).
    pub(super) async fn end_legs(&self, caller: &CallSid, now: Timestamp) {
        let left = lock(&self.calling.calls).leaves(caller, now);
        let Some((lease, stage, legs)) = left else { return };
        self.calling.drop_all(legs);
        {
            let mut leases = lock(&self.leases);
            if leases.get(caller).is_some_and(|(known, _)| *known == lease) {
                leases.remove(caller);
            }
        }
        if stage != Stage::Waits {
            self.end(lease, now).await;
        }
        self.calling.order(Order::RingNext);
    }

    /// Every two seconds: who has not been heard of leaves, and nobody rings for her; whoever is alone in a room is fetched.
    pub async fn look_for_the_gone(&self, now: Timestamp) {
        let Some(rung) = self.setup.desk.as_ref().filter(|_| self.by() == By::Legs) else { return };
        let due = lock(&self.calling.calls).due(rung.desk.talk_max_s, now);
        for due in due {
            match due {
                Due::Gone(caller) => self.free(&caller, now).await,
                Due::RingFor(caller) => self.calling.order(Order::RingFor(caller)),
                Due::Fetch(caller, url) => self.calling.order(Order::Fetch { caller, url }),
                Due::Look(leg) => self.calling.order(Order::Look(leg)),
                Due::Drop(legs) => self.calling.drop_all(legs),
            }
        }
    }
}

/// An order is done, however it ended.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The caller's call as far as a note is sealed for it.
fn leg_call(account: &str, caller: &CallSid) -> Call {
    Call {
        account: account.to_owned(),
        sid: caller.clone(),
        from: crate::base::Party::Withheld,
        to: String::new(),
        ended: false,
    }
}
