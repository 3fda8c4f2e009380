//! The counsellor's leg: what she hears when she picks up, and what her key does.

use super::voice::{after, binding};
use super::{Switchboard, lock};
use crate::base::{Accept, CounsellorIx, Digit, LeaseId};
use crate::desk::{Accepted, By, Counsellor, LeaseState, Opened};
use crate::flow::WHISPER_S;
use crate::menu::LangIx;
use crate::privacy::Purpose;
use crate::provider::Call;
use crate::provider::twilio::answer::{self, Awaited};
use crate::store::CountKey;
use crate::twiml::VoiceResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the address of a counsellor's document carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    pub lease: LeaseId,
    pub counsellor: CounsellorIx,
    pub language: Option<LangIx>,
    pub cannot_speak: bool,
    /// Unix seconds since when the caller waits.
    pub since_s: i64,
    /// The unix second until which she was leased for this leg of her own; 0 on the leg of a Dial. Tells one leg from
    /// another that was placed for the same attempt, also after a restart.
    pub leased_s: i64,
}

impl Switchboard {
    pub(super) fn whisper(&self, call: &Call, token: Option<&str>, key_to: &str) -> VoiceResponse {
        if call.ended {
            return VoiceResponse::default();
        }
        let note = token.and_then(|token| self.note(call, token));
        let hotline = self.hotlines.live();
        let accept = [&self.setup.public_url, key_to, "?s=", token.unwrap_or_default()].concat();
        let language = note.as_ref().and_then(|note| note.language);
        let cannot_speak = note.is_some_and(|note| note.cannot_speak);
        answer::whisper(&hotline, &hotline.say, hotline.desk_language, language, cannot_speak, &accept)
    }

    /// On the leg of a Dial. Key 1 connects, whether or not the lease can be written: a counsellor who says yes is not
    /// turned away.
    pub(super) async fn accept(
        &self,
        call: &Call,
        token: Option<&str>,
        key: Option<Digit>,
        now: Timestamp,
    ) -> VoiceResponse {
        if call.ended {
            return VoiceResponse::default();
        }
        let yes = is_yes(key);
        if yes && let Some(note) = token.and_then(|token| self.note(call, token)) {
            self.take_call(&note, now).await;
        }
        answer::accept(yes)
    }

    /// On a leg of her own, picked up: the whisper, as long as she is needed. A line without voicemail has taken the call.
    pub(super) async fn pick_up(&self, call: &Call, token: Option<&str>, now: Timestamp) -> VoiceResponse {
        if call.ended {
            return VoiceResponse::default();
        }
        let note = token.and_then(|token| self.note(call, token));
        let known = note.and_then(|note| Some((note, self.rung(note.counsellor)?.1)));
        let Some((note, counsellor)) = known else { return answer::accept(false) };
        self.leg_is_up(&note, &call.sid, now);
        if let Some(why) = self.not_needed_for(&note, now).await {
            return self.not_needed(why);
        }
        match counsellor.line.accept {
            Accept::Pickup => self.accept_on_leg(call, token, Digit::of_option(0), now).await,
            Accept::Key => self.whisper(call, token, "/twilio/legkey"),
        }
    }

    /// Why the counsellor of this leg is not needed (any more), as far as is known.
    async fn not_needed_for(&self, note: &Note, now: Timestamp) -> Option<NotNeeded> {
        let counsellor = &self.rung(note.counsellor)?.1.id;
        // Without a database she is asked all the same.
        let leases = self.store.leases().await.ok()?;
        let live = || leases.iter().filter(|known| known.id == note.lease && known.expires_s > now.as_second());
        if live().any(|known| known.state == LeaseState::Talking && known.counsellor != *counsellor) {
            return Some(NotNeeded::Taken);
        }
        (!live().any(|known| known.counsellor == *counsellor)).then_some(NotNeeded::Gone)
    }

    /// On a leg of her own: key 1, and nobody was quicker, brings her into the room where the caller joins her.
    pub(super) async fn accept_on_leg(
        &self,
        call: &Call,
        token: Option<&str>,
        key: Option<Digit>,
        now: Timestamp,
    ) -> VoiceResponse {
        let (Some(token), Some(rung)) = (token, &self.setup.desk) else { return answer::accept(false) };
        let Some(note) = self.note(call, token).filter(|_| !call.ended) else { return answer::accept(false) };
        if !is_yes(key) {
            return answer::accept(false);
        }
        if let Some(why) = self.not_needed_for(&note, now).await {
            return self.not_needed(why);
        }
        match self.take_call(&note, now).await {
            Accepted::Yes => {
                if !self.taken_by(note.lease, note.counsellor, &call.sid) {
                    return self.not_needed(NotNeeded::Taken);
                }
                let room = [&self.setup.public_url, "/twilio/room?s=", token].concat();
                answer::wait_in_room(note.lease, &rung.own, rung.desk.talk_max_s, &room)
            }
            Accepted::Late => self.not_needed(NotNeeded::Taken),
            Accepted::Gone => self.not_needed(NotNeeded::Gone),
        }
    }

    /// She has the call, as far as nobody else has; how long the caller waited is counted.
    async fn take_call(&self, note: &Note, now: Timestamp) -> Accepted {
        let Some((rung, counsellor)) = self.rung(note.counsellor) else { return Accepted::Gone };
        let expires = after(now, i64::from(rung.desk.talk_max_s) + i64::from(WHISPER_S));
        let mut accepted = self.store.lease_accept(note.lease, &counsellor.id, now, expires).await;
        // She may have been given up while it rang very long: she is taken again.
        if accepted == Ok(Accepted::Gone) && self.by() == By::Dial {
            let again = self.store.lease_open(note.lease, &counsellor.id, now, expires).await;
            if matches!(again, Ok(Opened::Granted | Opened::Already)) {
                accepted = self.store.lease_accept(note.lease, &counsellor.id, now, expires).await;
            }
        }
        // A database that does not answer is told once, by itself.
        let accepted = accepted.unwrap_or(Accepted::Yes);
        if accepted == Accepted::Yes || self.by() == By::Dial {
            lock(&self.queue).accepted(note.lease, expires);
            self.tally_wait(note, now).await;
        }
        accepted
    }

    pub(super) fn rung(&self, at: CounsellorIx) -> Option<(&super::Rung, &Counsellor)> {
        let rung = self.setup.desk.as_ref()?;
        Some((rung, rung.desk.counsellor(at)?))
    }

    /// How long she waited, once for each attempt.
    async fn tally_wait(&self, note: &Note, now: Timestamp) {
        let waited_s = now.as_second().saturating_sub(note.since_s);
        let live = self.hotlines.live();
        self.waits.once(note.lease, now, async { self.store.count(live.day(now), CountKey::waited(waited_s)) }).await;
    }

    /// What a counsellor hears who said yes and is not needed.
    pub(super) fn not_needed(&self, why: NotNeeded) -> VoiceResponse {
        let live = self.hotlines.live();
        let phrases = live.phrases.get(usize::from(live.desk_language.0)).and_then(|phrases| phrases.staff.as_ref());
        let words = phrases.map(|staff| match why {
            NotNeeded::Taken => staff.taken.as_str(),
            NotNeeded::Gone => staff.gone.as_str(),
        });
        answer::staff(&live, &live.say, live.desk_language, words.unwrap_or_default(), Awaited::Nothing)
    }

    /// What a caller hears who came into the room and is alone there.
    pub(super) fn alone(&self, call: &Call, token: Option<&str>) -> VoiceResponse {
        match token.filter(|_| !call.ended) {
            Some(token) => answer::alone(&[&self.setup.public_url, "/twilio/stillalone?s=", token].concat()),
            None => VoiceResponse::default(),
        }
    }

    pub(super) fn note(&self, call: &Call, token: &str) -> Option<Note> {
        postcard::from_bytes(&self.keys.open(Purpose::Whisper, &binding(call), token)?).ok()
    }

    /// The note for a document of this counsellor, sealed.
    pub(super) fn sealed(&self, call: &Call, note: &Note) -> Option<String> {
        self.keys.seal(Purpose::Whisper, &binding(call), &postcard::to_allocvec(note).ok()?)
    }
}

/// Why a counsellor who was rung is not needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotNeeded {
    /// Somebody else took the call.
    Taken,
    /// The caller has left.
    Gone,
}

/// Key 1 and no other, so that a pocket or a voicemail takes no call.
fn is_yes(key: Option<Digit>) -> bool {
    key.is_some() && key == Digit::of_option(0)
}
