//! Counsellors called beside the waiting loop, by the provider's REST interface: each on a leg of her own, while the
//! caller hears music and her keys work.
//!
//! Needs: the right counsellor as fast as can be; nobody rung for two; no leg without a caller who waits for it (CS-01).
//!
//! Design: the loop is the heartbeat. Each step of it notes the call here and asks for counsellors; the end of a leg asks
//! for the next one at once. Whoever says yes first has the attempt (the lease decides, in the database); then the
//! caller is fetched: her call is sent by REST to the address that her loop would ask next, which answers with the room.
//! If that request is lost, the loop itself comes there within ten seconds. What is known here is memory: after a
//! restart the loop brings the call again, a leg that was placed before carries all it needs sealed in its address, and
//! ends by itself.
//!
//! Known race: a leg is placed and the caller leaves before its name is known. It is ended when its name comes.

use super::leg::{NotNeeded, Note};
use super::voice::after;
use super::{Switchboard, lock};
use crate::base::{CallSid, CounsellorIx, CounsellorSet, LeaseId};
use crate::desk::{By, Plan, Want};
use crate::flow::{Output, Place, Session};
use crate::menu::Hotline;
use crate::provider::Call;
use crate::provider::twilio::rest::{Leg, Rest, RestError};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// At most this many orders wait: ten for each of a hundred callers. What is more is done by the loop's next round.
const ORDERS_MOST: usize = 1024;

/// At most this many callers have counsellors called for them at once; further ones wait their turn.
const CALLED_MOST: usize = 1024;

/// Something to be done at the provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// Rings whoever is next for this caller.
    RingFor(CallSid),
    /// Somebody became free: rings for whoever waits longest.
    RingNext,
    /// Brings the caller to the room.
    Fetch { caller: CallSid, url: String },
    /// A leg that rings is ended; on one that was picked up a sentence is said first.
    Drop { leg: CallSid, why: NotNeeded },
}

/// Where orders go, and who works on them.
pub(super) struct Calling {
    orders: mpsc::Sender<Order>,
    waiting: std::sync::Mutex<Option<mpsc::Receiver<Order>>>,
    calls: std::sync::Mutex<HashMap<CallSid, Called>>,
}

/// A caller for whom counsellors are called.
struct Called {
    lease: LeaseId,
    account: String,
    /// What her loop asks next.
    loop_url: String,
    want: Want,
    note: Note,
    legs: Vec<Placed>,
    /// Who was called for her in vain.
    tried: CounsellorSet,
    /// An order for her is being worked on.
    ringing: bool,
}

struct Placed {
    counsellor: CounsellorIx,
    /// `None` until the provider says it.
    sid: Option<CallSid>,
    until: Timestamp,
}

impl Default for Calling {
    fn default() -> Calling {
        let (orders, waiting) = mpsc::channel(ORDERS_MOST);
        Calling { orders, waiting: std::sync::Mutex::new(Some(waiting)), calls: std::sync::Mutex::default() }
    }
}

impl Calling {
    fn order(&self, order: Order) {
        // A full queue is made good by the next round of the loop, or by the leg's own end.
        let _ = self.orders.try_send(order);
    }
}

impl Switchboard {
    /// Works on what is to be done at the provider until the switchboard goes. Each order is a task of its own; how many
    /// requests are made at once is bounded by the client. `clock` is the door's.
    pub async fn run_calls(self: Arc<Self>, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>) {
        let Some(mut orders) = lock(&self.calling.waiting).take() else { return };
        while let Some(order) = orders.recv().await {
            let (switchboard, clock) = (Arc::clone(&self), Arc::clone(&clock));
            tokio::spawn(async move { switchboard.work_on(order, &*clock).await });
        }
    }

    async fn work_on(&self, order: Order, clock: &(dyn Fn() -> Timestamp + Send + Sync)) {
        let Some(rest) = &self.setup.rest else { return };
        match order {
            Order::RingFor(caller) => self.ring_for(rest, &caller, clock).await,
            Order::RingNext => {
                let waiting: Vec<CallSid> = lock(&self.queue).waiting(clock()).take(64).cloned().collect();
                for caller in waiting {
                    self.ring_for(rest, &caller, clock).await;
                }
            }
            Order::Fetch { caller, url } => {
                // The loop comes there by itself, if later.
                let _ = rest.redirect(&caller, &url).await;
            }
            Order::Drop { leg, why } => {
                let name = if why == NotNeeded::Taken { "taken" } else { "gone" };
                let url = [&self.setup.public_url, "/twilio/", name].concat();
                // A leg that still rings cannot be told anything: it is ended.
                if rest.redirect(&leg, &url).await.is_err() {
                    let _ = rest.end(&leg).await;
                }
            }
        }
    }

    /// After each step of a call: notes that counsellors are to be called for it, or that they are not (any more).
    pub(super) async fn after_step(&self, call: &Call, hotline: &Hotline, session: &Session, outputs: &[Output<'_>]) {
        if self.by() == By::Dial {
            return;
        }
        let over = matches!(outputs.last(), Some(Output::End) | None);
        match session.place {
            Place::Waiting if !over => {}
            // In the room with the one who took it: the others were dropped when she did.
            Place::Dialling => {
                lock(&self.calling.calls).remove(&call.sid);
                return;
            }
            _ => return self.end_legs(&call.sid).await,
        }
        let Some(lease) = session.lease else { return };
        {
            let mut calls = lock(&self.calling.calls);
            if calls.len() >= CALLED_MOST && !calls.contains_key(&call.sid) {
                return;
            }
            let language = session.language.and_then(|at| hotline.languages.get(usize::from(at.0)).copied());
            let note = Note {
                lease,
                counsellor: CounsellorIx(0),
                language: session.language,
                cannot_speak: session.cannot_speak,
                since_s: session.waiting_since_s.unwrap_or(session.issued_s),
            };
            let called = calls.entry(call.sid.clone()).or_insert_with(|| Called {
                lease,
                account: call.account.clone(),
                loop_url: String::new(),
                want: Want::default(),
                note,
                legs: Vec::new(),
                tried: CounsellorSet::default(),
                ringing: false,
            });
            (called.lease, called.note) = (lease, note);
            called.want = Want { language, gender: session.gender, tried: session.tried };
            called.loop_url = self.loop_url(call, session).unwrap_or_default();
        }
        self.calling.order(Order::RingFor(call.sid.clone()));
    }

    /// Whoever was called for this caller in vain, or is being called.
    pub(super) fn tried_by_legs(&self, caller: &CallSid) -> CounsellorSet {
        lock(&self.calling.calls).get(caller).map(|called| called.tried).unwrap_or_default()
    }

    pub(super) fn is_called(&self, lease: LeaseId) -> bool {
        lock(&self.calling.calls).values().any(|called| called.lease == lease)
    }

    /// Rings whoever is next for this caller, until somebody rings or nobody is left.
    async fn ring_for(&self, rest: &Rest, caller: &CallSid, clock: &(dyn Fn() -> Timestamp + Send + Sync)) {
        if !self.begin_ringing(caller, clock()) {
            return;
        }
        while let Some((call, lease, who)) = self.next_for(caller, clock()).await {
            let mut rings = false;
            for one in who.iter() {
                rings |= self.place(rest, &call, lease, one, clock()).await;
            }
            if rings {
                break;
            }
        }
        if let Some(called) = lock(&self.calling.calls).get_mut(caller) {
            called.ringing = false;
        }
    }

    /// False while somebody rings for her, or is about to.
    fn begin_ringing(&self, caller: &CallSid, now: Timestamp) -> bool {
        let mut calls = lock(&self.calling.calls);
        let Some(called) = calls.get_mut(caller) else { return false };
        // A leg of which nothing is heard any more has rung in vain.
        let (over, live): (Vec<Placed>, Vec<Placed>) = called.legs.drain(..).partition(|leg| leg.until <= now);
        called.legs = live;
        called.tried = called.tried.with(over.iter().map(|leg| leg.counsellor).collect());
        let begins = called.legs.is_empty() && !called.ringing;
        called.ringing |= begins;
        begins
    }

    /// Whom to ring for her now, leased.
    async fn next_for(&self, caller: &CallSid, now: Timestamp) -> Option<(Call, LeaseId, CounsellorSet)> {
        let rung = self.setup.desk.as_ref()?;
        let mut lost = CounsellorSet::default();
        // Each round loses somebody, so it ends.
        loop {
            let (call, lease, want, since_s) = {
                let calls = lock(&self.calling.calls);
                let called = calls.get(caller)?;
                let want = Want { tried: called.want.tried.with(called.tried), ..called.want };
                (leg_call(&called.account, caller), called.lease, want, called.note.since_s)
            };
            // Without a database nobody is leased, and nobody is rung beside the loop.
            let leases = self.store.leases().await.ok()?;
            let live = leases.iter().filter(|known| known.expires_s > now.as_second());
            let taken: CounsellorSet = live.filter_map(|known| rung.desk.named(&known.counsellor)).collect();
            let duty = self.duty(now);
            let plan =
                lock(&self.queue).plan((&rung.desk, &duty), taken.with(lost), caller, (&want, since_s), By::Legs, now);
            let Plan::Ring(who) = plan else { return None };
            let got = self.take(caller, lease, who, now).await;
            if !got.is_empty() {
                return Some((call, lease, got));
            }
            lost = lost.with(who);
        }
    }

    /// Places a leg; whether it rings, as far as is known.
    async fn place(&self, rest: &Rest, call: &Call, lease: LeaseId, one: CounsellorIx, now: Timestamp) -> bool {
        let Some((_, counsellor)) = self.rung(one) else { return false };
        let note = {
            let mut calls = lock(&self.calling.calls);
            let Some(called) = calls.get_mut(&call.sid).filter(|called| called.lease == lease) else { return false };
            called.legs.push(Placed { counsellor: one, sid: None, until: self.rung_until(one, now) });
            Note { counsellor: one, ..called.note }
        };
        let Some(token) = self.sealed(call, &note) else { return false };
        let address = |name: &str| [&self.setup.public_url, "/twilio/", name, "?s=", &token].concat();
        let (url, status_callback) = (address("leg"), address("legstatus"));
        let ring_s = counsellor.line.ring_s;
        let leg =
            Leg { to: &counsellor.line.callee, url: &url, status_callback: &status_callback, events: &[], ring_s };
        let placed = rest.place(&leg).await;
        if let Err(error) = &placed {
            // Without a word of whom or for whom.
            tracing::warn!(%error, "a counsellor could not be called");
        }
        match placed {
            Ok(sid) => {
                let mut calls = lock(&self.calling.calls);
                let legs = calls.get_mut(&call.sid).filter(|called| called.lease == lease);
                match legs.and_then(|called| called.legs.iter_mut().find(|leg| leg.counsellor == one)) {
                    Some(leg) => leg.sid = Some(sid),
                    // She left meanwhile, or it is over already.
                    None => self.calling.order(Order::Drop { leg: sid, why: NotNeeded::Gone }),
                }
                true
            }
            Err(error) if RestError::may_be_done(error) => true,
            Err(_) => {
                self.rang_in_vain(lease, one).await;
                false
            }
        }
    }

    /// This counsellor does not take the call of this attempt.
    async fn rang_in_vain(&self, lease: LeaseId, one: CounsellorIx) {
        if let Some((_, counsellor)) = self.rung(one) {
            let _ = self.store.lease_give_up(lease, &counsellor.id).await;
        }
        let mut calls = lock(&self.calling.calls);
        if let Some(called) = calls.values_mut().find(|called| called.lease == lease) {
            called.legs.retain(|leg| leg.counsellor != one);
            called.tried.insert(one);
        }
    }

    /// A leg is over: the next one rings at once, and whoever talked is free.
    pub(super) async fn leg_ended(&self, call: &Call, token: Option<&str>, now: Timestamp) {
        let Some(note) = token.and_then(|token| self.note(call, token)) else { return };
        let talks = match (self.rung(note.counsellor), self.store.leases().await) {
            (Some((_, counsellor)), Ok(leases)) => leases.iter().any(|known| {
                known.id == note.lease
                    && known.counsellor == counsellor.id
                    && known.state == crate::desk::LeaseState::Talking
            }),
            _ => false,
        };
        if talks {
            // The caller's own leg tells whether they talked; this only frees the counsellor.
            self.end(note.lease, now).await;
        } else {
            self.rang_in_vain(note.lease, note.counsellor).await;
            let caller = {
                let calls = lock(&self.calling.calls);
                calls.iter().find(|(_, called)| called.lease == note.lease).map(|(caller, _)| caller.clone())
            };
            if let Some(caller) = caller {
                self.calling.order(Order::RingFor(caller));
            }
        }
        self.calling.order(Order::RingNext);
    }

    /// This counsellor has the attempt: the others are dropped, and the caller is fetched.
    pub(super) fn taken_by(&self, lease: LeaseId, one: CounsellorIx) {
        let mut calls = lock(&self.calling.calls);
        let Some((caller, called)) = calls.iter_mut().find(|(_, called)| called.lease == lease) else { return };
        for leg in called.legs.iter().filter(|leg| leg.counsellor != one) {
            if let Some(sid) = &leg.sid {
                self.calling.order(Order::Drop { leg: sid.clone(), why: NotNeeded::Taken });
            }
        }
        called.legs.retain(|leg| leg.counsellor == one);
        self.calling.order(Order::Fetch { caller: caller.clone(), url: called.loop_url.clone() });
    }

    /// The caller does not wait any more: nobody rings for her (CS-01).
    pub(super) async fn end_legs(&self, caller: &CallSid) {
        let called = lock(&self.calling.calls).remove(caller);
        let Some(called) = called else { return };
        for leg in &called.legs {
            if let Some(sid) = &leg.sid {
                self.calling.order(Order::Drop { leg: sid.clone(), why: NotNeeded::Gone });
            }
            if let Some((_, counsellor)) = self.rung(leg.counsellor) {
                let _ = self.store.lease_give_up(called.lease, &counsellor.id).await;
            }
        }
        self.calling.order(Order::RingNext);
    }

    /// The clock was set forward by so many seconds, or back.
    pub(super) fn legs_clock_set(&self, by_s: i64) {
        for leg in lock(&self.calling.calls).values_mut().flat_map(|called| &mut called.legs) {
            leg.until = after(leg.until, by_s);
        }
    }

    /// Every two seconds: who has not been heard of leaves, and nobody rings for her.
    pub async fn look_for_the_gone(&self, now: Timestamp) {
        if self.by() == By::Dial {
            return;
        }
        let called: Vec<CallSid> = lock(&self.calling.calls).keys().cloned().collect();
        for caller in called {
            let waits = lock(&self.queue).is_live(&caller, now);
            if !waits {
                self.free(&caller, now).await;
            }
        }
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
