//! The events of a call.

use super::leg::{NotNeeded, Note};
use super::{Served, Switchboard, lock};
use crate::base::{CounsellorIx, CounsellorSet, Digit, LeaseId, Line};
use crate::flow::{self, Count, Input, Now, Outlook, Output, Place, Session, Wish};
use crate::menu::Hotline;
use crate::privacy::{self, Binding, Purpose};
use crate::provider::twilio::DOOR;
use crate::provider::twilio::answer::{self, Links, Ring};
use crate::provider::{Call, DialResult};
use crate::store::CountKey;
use crate::twiml::VoiceResponse;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::cell::LazyCell;
use std::sync::Arc;

/// What a provider told us of a call.
#[derive(Clone, Copy, Debug)]
pub enum VoiceEvent {
    Began,
    /// A key; `None` when the provider's request names none that exists.
    Key(Option<Digit>),
    Silence,
    /// `None`: there was no line to ring.
    DialEnded(Option<DialResult>),
    /// The counsellor picked up.
    Whisper,
    /// The counsellor pressed a key.
    Accept(Option<Digit>),
    /// A counsellor picked up a leg of her own, pressed a key on it, left the room, or hears that she is not needed.
    Leg,
    LegKey(Option<Digit>),
    LeftRoom,
    Taken,
    Gone,
    /// A caller is in the room, and no counsellor is there; and again, after some seconds.
    Alone,
    StillAlone,
    /// How a leg of a counsellor's own stands.
    LegStatus,
}

/// What was decided about an event. The document is made of it again, the same, when the event comes again: also at
/// closing time, and when something else has been published since.
#[derive(Clone)]
pub(super) enum Given {
    /// The call is over.
    Nothing,
    Step {
        hotline: Arc<Served>,
        /// The call begins with this step: there is no session in the address, or none that opens.
        begins: bool,
        input: Input,
        present: Now,
    },
}

impl Switchboard {
    /// The document that answers this event. `token` is what stands in the address.
    pub async fn voice(&self, call: &Call, event: VoiceEvent, token: Option<&str>, now: Timestamp) -> String {
        match event {
            VoiceEvent::Whisper => return self.whisper(call, token, "/twilio/accept").to_xml(),
            VoiceEvent::Accept(key) => return self.accept(call, token, key, now).await.to_xml(),
            VoiceEvent::Leg => return self.pick_up(call, token, now).await.to_xml(),
            VoiceEvent::LegKey(key) => return self.accept_on_leg(call, token, key, now).await.to_xml(),
            VoiceEvent::Taken => return self.not_needed(NotNeeded::Taken).to_xml(),
            VoiceEvent::Gone => return self.not_needed(NotNeeded::Gone).to_xml(),
            VoiceEvent::LeftRoom => {
                self.leg_ended(call, token, now).await;
                return answer::accept(false).to_xml();
            }
            VoiceEvent::Alone => return self.alone(call, token).to_xml(),
            VoiceEvent::StillAlone => {
                self.fetch_out(call, token);
                return self.alone(call, token).to_xml();
            }
            VoiceEvent::LegStatus => {
                if call.ended {
                    self.leg_ended(call, token, now).await;
                }
                return VoiceResponse::default().to_xml();
            }
            _ => {}
        }
        let key = match event {
            VoiceEvent::Key(key) => key.map(Digit::as_char),
            VoiceEvent::DialEnded(_) => Some('d'),
            VoiceEvent::Silence => Some('s'),
            _ => None,
        };
        // The account and the session are in the token; the status is there because a last request may follow a live one.
        let same = (call.sid.as_str(), token, key, call.ended);
        let mut document = None;
        // In one place from the beginning: each layer of a future would hold it, and copy it, once more.
        let work = Box::pin(async {
            let (given, made) = self.answer(call, event, token, now).await;
            document = Some(made);
            given
        });
        let given = self.given.once(same, now, work).await;
        document.unwrap_or_else(|| self.again(call, token, given))
    }

    /// The document that answered this event before.
    fn again(&self, call: &Call, token: Option<&str>, given: Given) -> String {
        let Given::Step { hotline, begins, input, present } = given else { return VoiceResponse::default().to_xml() };
        let session = match begins {
            true => Some(Session::begin(hotline.revision, present.at)),
            false => self.opened(call, token, present.at),
        };
        let document = session.and_then(|session| {
            let (after, outputs) = flow::step(&hotline, session, input, present);
            self.document(call, &hotline, &after, &outputs)
        });
        document.unwrap_or_else(|| self.not_sealed(call, present.at))
    }

    async fn answer(&self, call: &Call, event: VoiceEvent, token: Option<&str>, now: Timestamp) -> (Given, String) {
        // Nobody hears a final answer. What it tells of a talk is still true.
        if call.ended {
            if let (VoiceEvent::DialEnded(result), Some((hotline, session))) =
                (event, self.session(call, token, now).await)
            {
                let dialled = self.dialled(call, &session, result, now).await;
                if dialled.talked {
                    self.tally_talk(&hotline, session.lease, now).await;
                }
            }
            self.free(&call.sid, now).await;
            return (Given::Nothing, VoiceResponse::default().to_xml());
        }
        let (hotline, session) = match self.session(call, token, now).await {
            Some(known) => known,
            None => {
                let live = self.hotlines.live();
                // The call's revision may have been ended while she talked: the talk is counted, the counsellor free.
                if let (VoiceEvent::DialEnded(result), Some(session)) = (event, self.opened(call, token, now)) {
                    lock(&self.leases).remove(&call.sid);
                    if self.dialled(call, &session, result, now).await.talked {
                        self.tally_talk(&live, session.lease, now).await;
                    }
                }
                let (session, input) = (Session::begin(live.revision, now), self.began(&live, call));
                let (present, document) = self.step(call, &live, session, input.clone(), now).await;
                return (Given::Step { hotline: live, begins: true, input, present }, document);
            }
        };
        let input = match event {
            VoiceEvent::Key(Some(key)) => Input::Pressed(key),
            VoiceEvent::DialEnded(result) => {
                lock(&self.leases).remove(&call.sid);
                Input::DialEnded(self.dialled(call, &session, result, now).await)
            }
            _ => Input::Silence,
        };
        let (present, document) = self.step(call, &hotline, session, input.clone(), now).await;
        (Given::Step { hotline, begins: false, input, present }, document)
    }

    fn began(&self, hotline: &Hotline, call: &Call) -> Input {
        Input::Began { language: hotline.lines.get(&call.to).copied() }
    }

    /// The session in the address, if it opens, is fresh, and its hotline is still to be had.
    async fn session(&self, call: &Call, token: Option<&str>, now: Timestamp) -> Option<(Arc<Served>, Session)> {
        let session = self.opened(call, token, now)?;
        let hotline = self.hotlines.of(session.revision, session.issued_s, &self.store, now).await?;
        session.fits(&hotline).then_some((hotline, session))
    }

    /// The session in the address, if it opens and is fresh.
    fn opened(&self, call: &Call, token: Option<&str>, now: Timestamp) -> Option<Session> {
        let plain = self.keys.open(Purpose::Session, &binding(call), token?)?;
        Session::from_bytes(&plain).filter(|session| privacy::fresh(session.issued_s, now))
    }

    /// Where this call is and what each key would do now, with the hotline it hears: for a page that shows it. Nothing is
    /// changed or counted. `None`: the address opens no session.
    pub async fn outlook(&self, call: &Call, token: &str, now: Timestamp) -> Option<(Arc<Served>, Outlook)> {
        let (hotline, session) = self.session(call, Some(token), now).await?;
        // Whatever the key, the desk is asked the same; what each would do then is decided by the engine.
        let wish = flow::asks_desk(&hotline, &session, &Input::Pressed(Digit::ZERO), now);
        let present = self.present(call, &hotline, &session, (wish.as_ref(), CounsellorSet::default()), now).await;
        let outlook = flow::outlook(&hotline, &session, present);
        Some((hotline, outlook))
    }

    /// Whether this caller has pressed a key that means something: only then may words be said that tell what this is.
    pub fn has_pressed(&self, call: &Call, token: Option<&str>, now: Timestamp) -> bool {
        self.opened(call, token, now).is_some_and(|session| session.pressed || session.language.is_some())
    }

    /// The present as this step met it, and the document.
    async fn step(
        &self,
        call: &Call,
        hotline: &Served,
        session: Session,
        input: Input,
        now: Timestamp,
    ) -> (Now, String) {
        let wish = flow::asks_desk(hotline, &session, &input, now);
        let attempt = session.lease;
        let (present, after, outputs) = match &wish {
            None => {
                let none = (None, CounsellorSet::default());
                let present = self.present(call, hotline, &session, none, now).await;
                let (after, outputs) = flow::step(hotline, session, input, present);
                (present, after, outputs)
            }
            Some(wish) => self.step_at_desk(call, hotline, &session, (input, wish), now).await,
        };
        if wish.is_some() || lock(&self.queue).knows(&call.sid) {
            self.stand(call, hotline, &after, &outputs, now);
        }
        let day = LazyCell::new(|| hotline.day(now));
        for output in &outputs {
            match output {
                Output::Count(Count::PersonAccepted) => self.tally_talk(hotline, attempt, now).await,
                Output::Count(count) => self.tally(hotline, *count, *day),
                _ => {}
            }
        }
        let document = self.document(call, hotline, &after, &outputs);
        self.after_step(call, hotline, &after, &outputs, now).await;
        (present, document.unwrap_or_else(|| self.not_sealed(call, now)))
    }

    /// A step that looks at the desk. Whoever it rings is leased first; somebody else may have taken her since it was
    /// looked at, and then it is taken again without her.
    async fn step_at_desk<'h>(
        &self,
        call: &Call,
        hotline: &'h Served,
        session: &Session,
        (input, wish): (Input, &Wish),
        now: Timestamp,
    ) -> (Now, Session, Vec<Output<'h>>) {
        let mut lost = CounsellorSet::default();
        // Each round but the last loses somebody, so it ends.
        loop {
            let mut present = self.present(call, hotline, session, (Some(wish), lost), now).await;
            let (after, outputs) = flow::step(hotline, session.clone(), input.clone(), present);
            let Some(Output::Connect { who, .. }) = outputs.last() else { return (present, after, outputs) };
            let got = self.take(&call.sid, present.lease, *who, now).await;
            if got == *who {
                return (present, after, outputs);
            }
            if !got.is_empty() {
                present.who = got;
                let (after, outputs) = flow::step(hotline, session.clone(), input, present);
                return (present, after, outputs);
            }
            lost = lost.with(*who);
        }
    }

    /// Cannot happen while a session is bounded as it is; a caller hears something all the same.
    fn not_sealed(&self, call: &Call, now: Timestamp) -> String {
        tracing::error!("a session is too large to be sealed");
        self.trouble(&call.sid, now, true)
    }

    /// The document, with the session sealed into its addresses.
    fn document(&self, call: &Call, hotline: &Served, session: &Session, outputs: &[Output<'_>]) -> Option<String> {
        let token = self.keys.seal(Purpose::Session, &binding(call), &session.to_bytes())?;
        let connects = outputs.iter().find_map(|output| match output {
            Output::Connect { lease, who, language, cannot_speak } => Some((*lease, *who, *language, *cannot_speak)),
            _ => None,
        });
        let note = match connects {
            // Only a single counsellor is rung with a whisper.
            Some((lease, who, language, cannot_speak)) => {
                let counsellor = who.iter().next().unwrap_or(CounsellorIx(0));
                let since_s = session.waiting_since_s.unwrap_or(session.issued_s);
                self.sealed(call, &Note { lease, counsellor, language, cannot_speak, since_s, leased_s: 0 })?
            }
            None => String::new(),
        };
        let address = |name: &str, token: &str| [&self.setup.public_url, "/twilio/", name, "?s=", token].concat();
        let (key, silence, dial) = (address("key", &token), address("silence", &token), address("dial", &token));
        let (whisper, alone) = (address("whisper", &note), address("alone", &token));
        let rung = self.setup.desk.as_ref();
        let who = connects.map(|(_, who, ..)| who).unwrap_or_default();
        let lines: Vec<&Line> = who.iter().filter_map(|one| self.rung(one)).map(|(_, one)| &one.line).collect();
        let ring = rung.filter(|_| !lines.is_empty()).map(|rung| Ring {
            own: &rung.own,
            lines: &lines,
            time_limit_s: rung.desk.talk_max_s,
            whisper: Some(&whisper),
        });
        let room = rung.map(|rung| (&rung.own, rung.desk.talk_max_s));
        let links = Links { key: &key, silence: &silence, dial: &dial, alone: &alone, ring, room };
        Some(answer::voice(outputs, hotline, &links, &hotline.say).to_xml())
    }

    /// What the call of this session asks next when no key is pressed: in the waiting loop, or when it leaves the room.
    pub(super) fn next_url(&self, call: &Call, session: &Session) -> Option<String> {
        let token = self.keys.seal(Purpose::Session, &binding(call), &session.to_bytes())?;
        let name = if session.place == Place::Dialling { "dial" } else { "silence" };
        Some([&self.setup.public_url, "/twilio/", name, "?s=", &token].concat())
    }

    // ---- counts

    /// A talk, once for each attempt, however often it is told.
    async fn tally_talk(&self, hotline: &Hotline, attempt: Option<LeaseId>, now: Timestamp) {
        match attempt {
            Some(lease) => self.talks.once(lease, now, async { self.tally_one_talk(hotline, now) }).await,
            None => self.tally_one_talk(hotline, now),
        }
    }

    fn tally_one_talk(&self, hotline: &Hotline, now: Timestamp) {
        self.tally(hotline, Count::PersonAccepted, hotline.day(now));
    }

    fn tally(&self, hotline: &Hotline, count: Count, day: Date) {
        let key = match count {
            Count::CallBegun => CountKey::CALL,
            Count::Language(language) => CountKey::language(hotline.language(language)),
            Count::NodeHeard(node) => CountKey::node(&hotline.node(node).name),
            Count::PersonAsked => CountKey::PERSON_ASKED,
            Count::PersonAccepted => CountKey::PERSON_ACCEPTED,
            Count::NobodyFree(why) => CountKey::nobody(why),
        };
        self.store.count(day, key);
    }
}

pub(super) fn binding(call: &Call) -> Binding<'_> {
    Binding { provider: DOOR.name, account: &call.account, call: &call.sid }
}

/// So many seconds later; a clock at the end of time stays there.
pub(super) fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
