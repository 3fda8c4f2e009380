//! The desk as a call meets it: the present of a step, leases before anybody is rung, and what becomes of them.

use super::voice::{after, binding};
use super::{Switchboard, lock};
use crate::base::{Accept, CallSid, CounsellorId, CounsellorIx, CounsellorSet, LeaseId, Line};
use crate::desk::{
    By, Counsellor, Desk, Duty, Ended, GONE_S, HELD_BACK_S, Lease, LeaseState, Opened, Plan, Stage, Want,
};
use crate::flow::{self, DialStatus, Dialled, Now, Output, Patience, Place, Session, WHISPER_S, WORDS_MOST_S, Wish};
use crate::menu::Hotline;
use crate::provider::twilio::rest::WHOLE;
use crate::provider::{Call, DialResult};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// At most this many calls are remembered as having a lease.
const LEASES_MOST: usize = 10_000;

impl Switchboard {
    /// The present of a step; `wish` is what it asks the desk with, if it does. `lost`: counsellors who turned out to be
    /// taken.
    pub(super) async fn present(
        &self,
        call: &Call,
        hotline: &Hotline,
        session: &Session,
        (wish, lost): (Option<&Wish>, CounsellorSet),
        now: Timestamp,
    ) -> Now {
        let mut present = Now {
            at: now,
            desk: flow::Desk::Closed,
            lease: LeaseId::NONE,
            who: CounsellorSet::default(),
            patience: self.patience(),
        };
        let (Some(wish), Some(rung)) = (wish, &self.setup.desk) else { return present };
        let lease = self.lease_of(call, session);
        present.lease = lease;
        let duty = self.duty(now);
        let (leases, memory, by) = match self.store.leases().await {
            // Where the interface that calls them does not work, they are rung all the same.
            Ok(leases) => (leases, CounsellorSet::default(), if self.rest_is_down(now) { By::Dial } else { self.by() }),
            // Without a database a caller is connected all the same: to somebody whom no other call has, as far as this
            // process knows, and by the way that needs no lease.
            Err(_) => (Arc::default(), self.rung_by_others(&call.sid), By::Dial),
        };
        let live = || leases.iter().filter(|known| known.expires_s > now.as_second());
        let caller = lock(&self.salts).caller(&call.from);
        let admitted = lock(&self.queue).enter(&call.sid, caller, now);
        // The leases of this very attempt stand there already when the provider asks again because the answer was lost
        // with the program: they must not turn their own caller away.
        let own: CounsellorSet =
            live().filter(|known| known.id == lease).filter_map(|known| rung.desk.named(&known.counsellor)).collect();
        if !own.is_empty() && by == By::Dial {
            (present.desk, present.who) = (flow::Desk::Open, own);
            return present;
        }
        let attempt = wish.lease.unwrap_or(lease);
        let yes = |known: &Lease| known.id == attempt && known.state == LeaseState::Talking;
        if self.by() == By::Legs && (live().any(yes) || self.is_taken(&call.sid, attempt)) {
            present.desk = flow::Desk::Taken;
            return present;
        }
        if !own.is_empty() {
            present.desk = flow::Desk::Calling;
            return present;
        }
        let taken: CounsellorSet = live().filter_map(|known| rung.desk.named(&known.counsellor)).collect();
        let taken = taken.with(memory).with(lost);
        let want = self.want(hotline, wish);
        let want = Want { tried: want.tried.with(lock(&self.calling.calls).tried(&call.sid)), ..want };
        let since_s = wish.since_s.unwrap_or_else(|| now.as_second());
        let queue = lock(&self.queue);
        let plan = match admitted {
            true => queue.plan((&rung.desk, &duty), taken, &call.sid, (&want, since_s), by, now),
            false if rung.desk.reachable(&duty, now).is_empty() => Plan::Closed,
            // She waits, and is not rung for.
            false => {
                present.desk = flow::Desk::Busy;
                return present;
            }
        };
        (present.desk, present.who) = match (plan, by) {
            (Plan::Ring(who), By::Dial) => (flow::Desk::Open, who),
            (Plan::Ring(_), By::Legs) => (flow::Desk::Calling, CounsellorSet::default()),
            // Who is in the loop has her attempt, so that she is rung for in the moment in which somebody becomes free.
            (Plan::Busy, By::Legs) if wish.since_s.is_some() => (flow::Desk::Calling, CounsellorSet::default()),
            (Plan::Busy, _) => (flow::Desk::Busy, CounsellorSet::default()),
            (Plan::Spent, _) => (flow::Desk::Spent, CounsellorSet::default()),
            (Plan::Closed, _) => (flow::Desk::Closed, CounsellorSet::default()),
        };
        present
    }

    /// How this caller's wish reads at the desk.
    fn want(&self, hotline: &Hotline, wish: &Wish) -> Want {
        let chooses = self.setup.desk.as_ref().is_some_and(|rung| rung.desk.choose_gender);
        Want {
            language: wish.language.and_then(|at| hotline.languages.get(usize::from(at.0)).copied()),
            gender: wish.gender.filter(|_| chooses),
            tried: wish.tried,
        }
    }

    pub(super) fn by(&self) -> By {
        if self.setup.rest.is_some() { By::Legs } else { By::Dial }
    }

    /// What counsellors said of their duty by telephone.
    pub fn duty(&self, now: Timestamp) -> Duty {
        self.setup.desk.as_ref().map(|rung| rung.desk.duty(&self.store.duty(now))).unwrap_or_default()
    }

    pub(super) fn patience(&self) -> Patience {
        let Some(rung) = &self.setup.desk else { return Patience::default() };
        let ring_s = rung.desk.counsellors.iter().map(|one| one.line.ring_s).max().unwrap_or(0);
        Patience { wait_max_s: rung.desk.wait_max_s, attempt_s: u16::from(ring_s) + WHISPER_S }
    }

    /// Whether a counsellor who said yes waits for this caller, as far as this process knows.
    fn is_taken(&self, call: &CallSid, attempt: LeaseId) -> bool {
        lock(&self.calling.calls).is_taken(call, attempt)
    }

    /// Counsellors that other calls have, as far as this process knows.
    fn rung_by_others(&self, call: &CallSid) -> CounsellorSet {
        let leases = lock(&self.leases);
        let others = leases.iter().filter(|(other, _)| *other != call);
        others.fold(CounsellorSet::default(), |all, (_, (_, who))| all.with(*who))
    }

    /// Leases these counsellors to this attempt; those who were still free.
    pub(super) async fn take(
        &self,
        call: &CallSid,
        lease: LeaseId,
        who: CounsellorSet,
        now: Timestamp,
    ) -> CounsellorSet {
        let Some(rung) = &self.setup.desk else { return CounsellorSet::default() };
        let mut got = CounsellorSet::default();
        for one in who.iter() {
            let Some(counsellor) = rung.desk.counsellor(one) else { continue };
            let expires = self.taken_until(&rung.desk, &counsellor.line, now);
            match self.store.lease_open(lease, &counsellor.id, now, expires).await {
                Ok(Opened::Busy) => {}
                Ok(Opened::Granted | Opened::Already) | Err(_) => {
                    got.insert(one);
                }
            }
        }
        if !got.is_empty() {
            let mut leases = lock(&self.leases);
            // Only calls that vanished without a word stay; their leases expire in the store by themselves.
            if leases.len() >= LEASES_MOST {
                leases.clear();
            }
            let (known, all) = leases.entry(call.clone()).or_insert((lease, got));
            *all = if *known == lease { all.with(got) } else { got };
            *known = lease;
        }
        got
    }

    /// Notes where this call stands at the desk now, by where its session does.
    pub(super) fn stand(
        &self,
        call: &Call,
        hotline: &Hotline,
        session: &Session,
        outputs: &[Output<'_>],
        now: Timestamp,
    ) {
        let over = outputs.iter().any(|output| matches!(output, Output::End));
        let stage = match (session.place, session.lease) {
            _ if over => None,
            (Place::Node(node), _) if node == hotline.roles.connect => Some(Stage::Choosing),
            (Place::Offering, _) => Some(Stage::Choosing),
            // While somebody rings for her she is promised nobody else.
            (Place::Waiting, Some(lease)) if self.is_rung(&call.sid) => {
                Some(Stage::Dialling { lease, until: after(now, GONE_S) })
            }
            (Place::Waiting, _) => {
                Some(Stage::Waiting { since_s: session.waiting_since_s.unwrap_or_else(|| now.as_second()) })
            }
            (Place::Dialling, Some(lease)) => {
                Some(Stage::Dialling { lease, until: self.attempt_until(session.ringing, now) })
            }
            _ => None,
        };
        let mut queue = lock(&self.queue);
        match stage {
            Some(stage) => {
                let wish = Wish {
                    language: session.language,
                    gender: session.gender,
                    tried: session.tried,
                    since_s: session.waiting_since_s,
                    lease: session.lease,
                };
                queue.stand(&call.sid, stage, self.want(hotline, &wish), now);
            }
            None => queue.leave(&call.sid),
        }
    }

    fn is_rung(&self, call: &CallSid) -> bool {
        lock(&self.calling.calls).standing(call).is_some_and(|(.., rung)| rung)
    }

    /// Notes that somebody rings for a caller in the loop, or that nobody does any more and she has her place again.
    pub(super) fn stand_again(&self, call: &CallSid, now: Timestamp) {
        let standing = lock(&self.calling.calls).standing(call);
        let Some((lease, want, since_s, rung)) = standing else { return };
        let stage = match rung {
            true => Stage::Dialling { lease, until: after(now, GONE_S) },
            false => Stage::Waiting { since_s },
        };
        lock(&self.queue).stand(call, stage, want, now);
    }

    /// Until when an attempt with these counsellors can last, if nothing is heard of it again.
    fn attempt_until(&self, who: CounsellorSet, now: Timestamp) -> Timestamp {
        let Some(rung) = &self.setup.desk else { return now };
        let untils = who.iter().filter_map(|one| rung.desk.counsellor(one));
        let joined = after(now, i64::from(rung.desk.talk_max_s));
        untils.map(|one| self.taken_until(&rung.desk, &one.line, now)).max().unwrap_or(joined)
    }

    /// Until when somebody who is rung now is taken, if nothing is heard of it again.
    fn taken_until(&self, desk: &Desk, line: &Line, now: Timestamp) -> Timestamp {
        after(now, desk.taken_s(line, before_ringing_s(self.by()), WHISPER_S))
    }

    /// What came of an attempt. Its counsellors are free; who talked writes up first.
    pub(super) async fn dialled(
        &self,
        call: &Call,
        session: &Session,
        result: Option<DialResult>,
        now: Timestamp,
    ) -> Dialled {
        let failed = Dialled { status: DialStatus::Failed, talked: false };
        let Some(lease) = session.lease else { return failed };
        let Some(rung) = &self.setup.desk else { return failed };
        let result = result.filter(|_| session.place == Place::Dialling);
        // A line without whisper has nobody to say that it was accepted.
        let by_pickup =
            |one: CounsellorIx| rung.desk.counsellor(one).is_some_and(|known| known.line.accept == Accept::Pickup);
        // Only a Dial has anybody here; who is called beside the loop says yes herself.
        let picked_up = session.ringing.iter().any(by_pickup);
        let talked_by_pickup = picked_up && result.is_some_and(|result| result.talked(None));
        if let (true, Some(only), None) =
            (talked_by_pickup, session.ringing.iter().next(), session.ringing.iter().nth(1))
            && let Some(counsellor) = rung.desk.counsellor(only)
        {
            let _ = self.store.lease_accept(lease, &counsellor.id, now, after(now, 1)).await;
        }
        let ended = self.end(lease, now).await;
        self.note_caller(&call.sid, ended.as_ref(), now);
        let accepted = ended.filter(|_| !picked_up).map(|ended| ended.by.is_some());
        match result {
            Some(result) => Dialled { status: result.status, talked: result.talked(accepted) },
            None => failed,
        }
    }

    /// Ends an attempt. Who took the call; `None` if nothing is known of it.
    pub(super) async fn end(&self, lease: LeaseId, now: Timestamp) -> Option<Ended> {
        let wrap_up_s = self.setup.desk.as_ref().map_or(0, |rung| i64::from(rung.desk.wrap_up_s));
        let end = async || {
            let wrap_up = after(now, wrap_up_s);
            match self.by() {
                By::Dial => self.store.lease_end(lease, wrap_up).await,
                // Others may ring still, on legs of their own: each of those ends by itself.
                By::Legs => self.store.lease_end_talk(lease, wrap_up).await,
            }
        };
        let mut ended = self.ends.once(lease, now, async { end().await.ok().flatten() }).await;
        // A counsellor may have left before the caller came: then the same attempt went on, and is ended once more.
        if self.store.leases().await.is_ok_and(|all| all.iter().any(|known| is_in(known, lease, self.by())))
            && let Ok(Some(again)) = end().await
        {
            self.ends.replace(lease, Some(again.clone()));
            ended = Some(again);
        }
        if let (Some(Ended { by: Some(counsellor) }), Some(rung)) = (&ended, &self.setup.desk)
            && let Some(at) = rung.desk.named(counsellor)
        {
            lock(&self.queue).talked(at, now);
        }
        ended
    }

    /// Remembers for ten minutes with whom a counsellor talked, as far as a limit needs to know a caller.
    fn note_caller(&self, call: &CallSid, ended: Option<&Ended>, now: Timestamp) {
        let hash = lock(&self.queue).hash_of(call);
        let (Some(hash), Some(Ended { by: Some(counsellor) })) = (hash, ended) else { return };
        let mut last = lock(&self.last_callers);
        last.retain(|_, (_, at)| is_lately(*at, now));
        last.insert(counsellor.clone(), (hash, now));
    }

    /// The caller of this counsellor's last talk, if it ended lately.
    pub(super) fn last_caller(&self, counsellor: &CounsellorId, now: Timestamp) -> Option<u64> {
        lock(&self.last_callers).get(counsellor).filter(|(_, at)| is_lately(*at, now)).map(|(hash, _)| *hash)
    }

    /// The caller of this counsellor's last talk is not put through for ten minutes. False if she is not known any more.
    pub(super) fn hold_back(&self, counsellor: &CounsellorId, now: Timestamp) -> bool {
        let Some(hash) = self.last_caller(counsellor, now) else { return false };
        lock(&self.last_callers).remove(counsellor);
        lock(&self.queue).hold_back(hash, now);
        true
    }

    /// A call is over: whoever was rung for it is free.
    pub(super) async fn free(&self, call: &CallSid, now: Timestamp) {
        let lease = lock(&self.leases).remove(call);
        self.end_legs(call, now).await;
        // Legs that still ring keep their counsellors until they are over.
        if let Some((lease, _)) = lease
            && (self.by() == By::Dial || self.talks(lease, |_| true).await)
        {
            let ended = self.end(lease, now).await;
            self.note_caller(call, ended.as_ref(), now);
        }
        lock(&self.queue).leave(call);
    }

    /// Who is rung when something of ours failed, without a lease: somebody on duty whom no call has.
    pub(super) fn whom_in_trouble(&self, call: &CallSid, now: Timestamp) -> Option<&Counsellor> {
        let rung = self.setup.desk.as_ref()?;
        let taken = self.rung_by_others(call);
        let mut free = rung.desk.reachable(&self.duty(now), now).into_iter().filter(|one| !taken.contains(*one));
        rung.desk.counsellor(free.next()?)
    }

    pub(super) fn lease_of(&self, call: &Call, session: &Session) -> LeaseId {
        self.keys.lease_id(&binding(call), session.step, session.issued_s)
    }
}

/// Whether ending this attempt ends this lease.
fn is_in(known: &Lease, attempt: LeaseId, by: By) -> bool {
    known.id == attempt && (by == By::Dial || known.state == LeaseState::Talking)
}

/// Within the ten minutes in which a counsellor may say something of her last caller.
fn is_lately(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).abs() <= SignedDuration::from_secs(HELD_BACK_S)
}

/// What may pass before somebody's line rings: the words before a Dial, or all tries to place a leg.
fn before_ringing_s(by: By) -> u16 {
    match by {
        By::Dial => WORDS_MOST_S,
        By::Legs => WHOLE.as_secs() as u16,
    }
}
