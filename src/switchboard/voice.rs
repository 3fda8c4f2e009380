//! The events of a call.

use super::asking::{Stage, Turn};
use super::{LINE, Served, Switchboard, lock};
use crate::base::{Accept, Digit, LeaseId};
use crate::flow::{self, Count, Desk, DialStatus, Dialled, Input, Now, Outlook, Output, Place, Session};
use crate::menu::{Hotline, LangIx};
use crate::privacy::{self, Binding, Purpose};
use crate::provider::twilio::DOOR;
use crate::provider::twilio::answer::{self, Links};
use crate::provider::{Call, DialResult};
use crate::store::{CountKey, Opened};
use crate::twiml::VoiceResponse;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
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

/// What the whisper address carries.
#[derive(Serialize, Deserialize)]
struct Note {
    lease: LeaseId,
    language: Option<LangIx>,
    cannot_speak: bool,
}

/// How long a line that was rung stays taken if nothing is ever heard of it again, beside its ringing.
const WHISPER_S: i64 = 60;

/// At most this many calls are remembered as having a lease.
const LEASES_MOST: usize = 10_000;

impl Switchboard {
    /// The document that answers this event. `token` is what stands in the address.
    pub async fn voice(&self, call: &Call, event: VoiceEvent, token: Option<&str>, now: Timestamp) -> String {
        match event {
            VoiceEvent::Whisper => return self.whisper(call, token).to_xml(),
            VoiceEvent::Accept(key) => return self.accept(call, token, key, now).await.to_xml(),
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
                let dialled = self.dialled(&session, result, now).await;
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
                    if self.dialled(&session, result, now).await.talked {
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
                Input::DialEnded(self.dialled(&session, result, now).await)
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
        let lease = self.keys.lease_id(&binding(call), session.step, session.issued_s);
        let present = Now { at: now, desk: self.desk(lease, now).await, lease };
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
        // Only a step that looks at the desk can connect, or come out otherwise when the desk is found to be taken.
        let asks = flow::needs_desk(hotline, &session, &input);
        let lease = match asks {
            true => self.keys.lease_id(&binding(call), session.step, session.issued_s),
            false => LeaseId(0),
        };
        let desk = if asks { self.desk(lease, now).await } else { Desk::Open };
        let mut present = Now { at: now, desk, lease };
        let before = asks.then(|| session.clone());
        let attempt = session.lease;
        let (mut after, mut outputs) = flow::step(hotline, session, input.clone(), present);
        let turn = self.ask(call, hotline, &after, &outputs, now);
        let connects = outputs.iter().any(|output| matches!(output, Output::Connect { .. }));
        // Whose turn it is not meets a busy desk, unless the line is hers already (see `desk`); and somebody else may have
        // taken it since it was looked at.
        let her_turn = turn == Turn::Next || (connects && matches!(self.store.lease_peek(lease).await, Ok(Some(_))));
        if let Some(before) = before
            && present.desk == Desk::Open
            && !(her_turn && (!connects || self.take_line(call, lease, now).await))
        {
            present.desk = Desk::Busy;
            (after, outputs) = flow::step(hotline, before, input, present);
            self.ask(call, hotline, &after, &outputs, now);
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
        (present, document.unwrap_or_else(|| self.not_sealed(call, now)))
    }

    /// Cannot happen while a session is bounded as it is; a caller hears something all the same.
    fn not_sealed(&self, call: &Call, now: Timestamp) -> String {
        tracing::error!("a session is too large to be sealed");
        self.trouble(&call.sid, now, true)
    }

    /// The document, with the session sealed into its addresses.
    fn document(&self, call: &Call, hotline: &Served, session: &Session, outputs: &[Output<'_>]) -> Option<String> {
        let token = self.keys.seal(Purpose::Session, &binding(call), &session.to_bytes())?;
        let note = outputs.iter().find_map(|output| match output {
            Output::Connect { lease, language, cannot_speak } => {
                Some(Note { lease: *lease, language: *language, cannot_speak: *cannot_speak })
            }
            _ => None,
        });
        let note = match note {
            Some(note) => self.keys.seal(Purpose::Whisper, &binding(call), &postcard::to_allocvec(&note).ok()?)?,
            None => String::new(),
        };
        let address = |name: &str, token: &str| [&self.setup.public_url, "/twilio/", name, "?s=", token].concat();
        let (key, silence, dial) = (address("key", &token), address("silence", &token), address("dial", &token));
        let whisper = address("whisper", &note);
        let ring = self.setup.desk.as_ref().map(|desk| desk.ring(Some(&whisper)));
        let links = Links { key: &key, silence: &silence, dial: &dial, ring };
        Some(answer::voice(outputs, hotline, &links, &hotline.say).to_xml())
    }

    // ---- the desk

    /// Notes that this call asks for a person, or that it does not (any more), by where it stands now.
    fn ask(&self, call: &Call, hotline: &Hotline, after: &Session, outputs: &[Output<'_>], now: Timestamp) -> Turn {
        let over = outputs.iter().any(|output| matches!(output, Output::End));
        let stage = match (after.place, after.lease) {
            _ if over => None,
            (Place::Node(node), _) if node == hotline.roles.connect => Some(Stage::Choosing),
            (Place::Offering, _) => Some(Stage::Choosing),
            (Place::Waiting, _) => Some(Stage::Waiting),
            (Place::Dialling, Some(lease)) => Some(Stage::Dialling { lease, until: self.taken_until(now) }),
            _ => None,
        };
        let Some(stage) = stage else {
            lock(&self.asking).leave(&call.sid);
            return Turn::Next;
        };
        let salt = lock(&self.salt);
        let mut asking = lock(&self.asking);
        let caller = asking.caller(&salt.1, &call.from);
        asking.ask(&call.sid, caller, stage, now)
    }

    /// Until when a line that is rung now is taken, if nothing is heard of it again.
    fn taken_until(&self, now: Timestamp) -> Timestamp {
        let Some(desk) = &self.setup.desk else { return now };
        // A line without whisper is taken for as long as a talk can be: nothing tells us when it begins.
        let talk_s = match desk.line.accept {
            Accept::Pickup => i64::from(desk.talk_max_s),
            Accept::Key => WHISPER_S,
        };
        after(now, i64::from(desk.line.ring_s) + talk_s)
    }

    /// The desk as this attempt meets it. The lease of the attempt itself stands there already when the provider asks again
    /// because the answer was lost with the program: it must not turn its own caller away.
    async fn desk(&self, attempt: LeaseId, now: Timestamp) -> Desk {
        if self.setup.desk.is_none() || !self.hotlines.live().hours.open_at(now) {
            return Desk::Closed;
        }
        match self.store.lease_taken(LINE, attempt, now).await {
            Ok(true) => Desk::Busy,
            // Without a database a caller is connected all the same.
            Ok(false) | Err(_) => Desk::Open,
        }
    }

    /// Leases the counsellor's line to this attempt; false when somebody else has it.
    async fn take_line(&self, call: &Call, lease: LeaseId, now: Timestamp) -> bool {
        if self.setup.desk.is_none() {
            return true;
        }
        let expires = self.taken_until(now);
        match self.store.lease_open(lease, LINE, now, expires).await {
            Ok(Opened::Busy) => false,
            Ok(Opened::Granted | Opened::Already) | Err(_) => {
                let mut leases = lock(&self.leases);
                // Only calls that vanished without a word stay; their leases expire in the store by themselves.
                if leases.len() >= LEASES_MOST {
                    leases.clear();
                }
                leases.insert(call.sid.clone(), lease);
                true
            }
        }
    }

    async fn dialled(&self, session: &Session, result: Option<DialResult>, now: Timestamp) -> Dialled {
        let accepted = match session.lease {
            Some(lease) => self.end(lease, now).await,
            None => None,
        };
        // A line without whisper has nobody to say that it was accepted.
        let by_key = self.setup.desk.as_ref().is_none_or(|desk| desk.line.accept == Accept::Key);
        let accepted = accepted.filter(|_| by_key);
        match result {
            Some(result) if session.place == Place::Dialling => {
                Dialled { status: result.status, talked: result.talked(accepted) }
            }
            _ => Dialled { status: DialStatus::Failed, talked: false },
        }
    }

    // ---- the counsellor's leg

    fn whisper(&self, call: &Call, token: Option<&str>) -> VoiceResponse {
        if call.ended {
            return VoiceResponse::default();
        }
        let note = token.and_then(|token| self.note(call, token));
        let hotline = self.hotlines.live();
        let accept = format!("{}/twilio/accept?s={}", self.setup.public_url, token.unwrap_or_default());
        let language = note.as_ref().and_then(|note| note.language);
        let cannot_speak = note.is_some_and(|note| note.cannot_speak);
        answer::whisper(&hotline, &hotline.say, hotline.desk_language, language, cannot_speak, &accept)
    }

    /// Key 1 connects, whether or not the lease can be written: a counsellor who says yes is not turned away.
    async fn accept(&self, call: &Call, token: Option<&str>, key: Option<Digit>, now: Timestamp) -> VoiceResponse {
        if call.ended {
            return VoiceResponse::default();
        }
        let yes = key.is_some() && key == Digit::of_option(0);
        if yes
            && let Some(note) = token.and_then(|token| self.note(call, token))
            && let Some(desk) = &self.setup.desk
        {
            let expires = after(now, i64::from(desk.talk_max_s) + WHISPER_S);
            lock(&self.asking).accepted(note.lease, expires);
            // The line may have been given up while it rang very long: it is taken again. A database that does not
            // answer is told once, by itself.
            if let Ok(false) = self.store.lease_accept(note.lease, now, expires).await {
                let again = self.store.lease_open(note.lease, LINE, now, expires).await;
                if matches!(again, Ok(Opened::Granted | Opened::Already)) {
                    let _ = self.store.lease_accept(note.lease, now, expires).await;
                }
            }
        }
        answer::accept(yes)
    }

    fn note(&self, call: &Call, token: &str) -> Option<Note> {
        postcard::from_bytes(&self.keys.open(Purpose::Whisper, &binding(call), token)?).ok()
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

fn binding(call: &Call) -> Binding<'_> {
    Binding { provider: DOOR.name, account: &call.account, call: &call.sid }
}

/// So many seconds later; a clock at the end of time stays there.
fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
