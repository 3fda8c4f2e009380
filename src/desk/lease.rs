//! Leases: which counsellor is being rung, talks, or writes up a talk, so that two callers never ring one.
//!
//! This is the table as a plain value; `store` keeps the same on the disk, and a test compares the two.

use crate::base::{CounsellorId, LeaseId};
use jiff::Timestamp;

/// A counsellor who is not to be rung for anybody else. Nothing of a caller: the id is random, and a new one for each
/// attempt.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Lease {
    /// The attempt; several counsellors can be rung in one.
    pub id: LeaseId,
    pub counsellor: CounsellorId,
    pub state: LeaseState,
    /// Unix seconds. A lease is dead from this second on, whatever was never heard of it.
    pub expires_s: i64,
}

/// What a counsellor does under a lease.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LeaseState {
    Ringing,
    Talking,
    /// After a talk. Of the attempt nothing is left: the id is [`LeaseId::NONE`].
    WrapUp,
}

/// What came of asking for a counsellor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opened {
    /// She is ours until the lease ends or expires.
    Granted,
    /// She has another lease.
    Busy,
    /// She is ours already: the same request came twice.
    Already,
}

/// What came of a counsellor's yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// She has the call.
    Yes,
    /// Somebody else took it before her.
    Late,
    /// There is no such lease alive.
    Gone,
}

/// A lease that was alive until it was ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Who had taken the call, if anybody had.
    pub by: Option<CounsellorId>,
}

impl LeaseState {
    pub const ALL: [(&'static str, LeaseState); 3] =
        [("ringing", LeaseState::Ringing), ("talking", LeaseState::Talking), ("wrap-up", LeaseState::WrapUp)];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, state)| *state == self).map_or("", |(name, _)| name)
    }
}

/// The table: at most one lease a counsellor.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Leases(pub Vec<Lease>);

impl Leases {
    /// Those alive.
    pub fn live(&self, now: Timestamp) -> impl Iterator<Item = &Lease> {
        self.0.iter().filter(move |lease| lease.expires_s > now.as_second())
    }

    pub fn open(&mut self, id: LeaseId, counsellor: &CounsellorId, now: Timestamp, expires: Timestamp) -> Opened {
        self.0.retain(|lease| lease.expires_s > now.as_second());
        match self.0.iter().find(|lease| lease.counsellor == *counsellor) {
            Some(own) if own.id == id => Opened::Already,
            Some(_) => Opened::Busy,
            None => {
                let expires_s = expires.as_second();
                self.0.push(Lease { id, counsellor: counsellor.clone(), state: LeaseState::Ringing, expires_s });
                Opened::Granted
            }
        }
    }

    pub fn accept(&mut self, id: LeaseId, counsellor: &CounsellorId, now: Timestamp, expires: Timestamp) -> Accepted {
        let other = self
            .live(now)
            .any(|lease| lease.id == id && lease.counsellor != *counsellor && lease.state == LeaseState::Talking);
        let own = self
            .0
            .iter_mut()
            .find(|lease| lease.id == id && lease.counsellor == *counsellor && lease.expires_s > now.as_second());
        match own {
            None => Accepted::Gone,
            Some(_) if other => Accepted::Late,
            Some(own) => {
                (own.state, own.expires_s) = (LeaseState::Talking, expires.as_second());
                Accepted::Yes
            }
        }
    }

    /// Ends an attempt: who was rung is free, who talked writes up until `wrap_up`.
    pub fn end(&mut self, id: LeaseId, wrap_up: Timestamp) -> Option<Ended> {
        if !self.0.iter().any(|lease| lease.id == id) {
            return None;
        }
        let mut by = None;
        self.0.retain_mut(|lease| {
            if lease.id != id {
                return true;
            }
            if lease.state == LeaseState::Talking {
                by = Some(lease.counsellor.clone());
                *lease = Lease {
                    id: LeaseId::NONE,
                    counsellor: lease.counsellor.clone(),
                    state: LeaseState::WrapUp,
                    expires_s: wrap_up.as_second(),
                };
                return true;
            }
            false
        });
        Some(Ended { by })
    }

    /// Ends the talk of an attempt: who talked writes up until `wrap_up`. Whoever is rung on a leg of her own for the same
    /// attempt is taken until that leg is over.
    pub fn end_talk(&mut self, id: LeaseId, wrap_up: Timestamp) -> Option<Ended> {
        let (ringing, rest) = self.0.drain(..).partition(|row| row.id == id && row.state == LeaseState::Ringing);
        let ringing: Vec<Lease> = ringing;
        self.0 = rest;
        let known = !ringing.is_empty();
        let ended = self.end(id, wrap_up);
        self.0.extend(ringing);
        ended.or(known.then_some(Ended { by: None }))
    }

    /// The clock was set forward by so many seconds, or back: every lease lasts as long as before.
    pub fn clock_set(&mut self, by_s: i64) {
        for lease in &mut self.0 {
            lease.expires_s = lease.expires_s.saturating_add(by_s);
        }
    }

    /// This counsellor is not rung any more in this attempt. A talk is left alone.
    pub fn give_up(&mut self, id: LeaseId, counsellor: &CounsellorId) {
        self.0
            .retain(|lease| !(lease.id == id && lease.counsellor == *counsellor && lease.state == LeaseState::Ringing));
    }
}
