//! The staff line: calls of counsellors, who say by keys whether they are on duty.
//!
//! A PIN is looked at on a thread of its own kind, two at once at most, so that neither memory nor a caller's request
//! pays for it. It stands in no address, no log and no file, and nothing is known of the telephone that calls.

use super::memory::Memory;
use super::{Served, Switchboard, lock};
use crate::base::{CounsellorId, Digits, E164};
use crate::desk::staff::{self, Admitted, Attempts, Claim, Input, Output, Phrase, Present, Session, StaffId, Wait};
use crate::desk::{Act, CounsellorIx, Desk};
use crate::menu::StaffPhrases;
use crate::privacy::{Binding, PinHash, Purpose, fresh};
use crate::provider::Call;
use crate::provider::twilio::DOOR;
use crate::provider::twilio::answer::{self, Awaited};
use crate::twiml::VoiceResponse;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// PINs that are looked at at once: each takes 19 MiB.
const CHECKS: usize = 2;

/// How long an entry waits for its turn to be looked at, before it counts as wrong.
const TURN: Duration = Duration::from_secs(2);

/// How long a counsellor may be silent and still be known, in seconds: longer than the longest menu and its waits.
const LIFE_S: i64 = 600;

/// The form of a sealed session; another number is another form and is not opened.
const VERSION: u8 = 1;

/// The number that counsellors call, and by which two digits each is known. Who has no PIN is refused as if she were not
/// here.
pub struct StaffLine {
    pub number: E164,
    pub ids: BTreeMap<StaffId, CounsellorIx>,
}

/// What a provider told us of a call to the staff line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StaffEvent {
    Began,
    Digits(Digits),
    Silence,
}

/// The staff line while it runs.
pub(super) struct Staff {
    line: StaffLine,
    desk: Arc<Desk>,
    /// In the order of the desk's counsellors.
    pins: Vec<Option<PinHash>>,
    attempts: Mutex<Attempts>,
    checks: Arc<Semaphore>,
    /// What was answered lately, so that a repeated request acts once.
    given: Memory<Arc<str>>,
}

impl Staff {
    pub(super) fn new(line: StaffLine, desk: Arc<Desk>) -> Staff {
        let pin = |pin: &Option<String>| pin.as_deref().and_then(PinHash::from_phc);
        let pins = desk.counsellors.iter().map(|counsellor| pin(&counsellor.pin)).collect();
        Staff {
            line,
            desk,
            pins,
            attempts: Mutex::default(),
            checks: Arc::new(Semaphore::new(CHECKS)),
            given: Memory::default(),
        }
    }

    /// Whether the claim is right. Whatever is wrong with it takes the same time, and is not told apart.
    async fn check(&self, claim: Claim, now: Timestamp) -> Input {
        let admitted = lock(&self.attempts).begin(claim.staff, now);
        if admitted == Admitted::TooMany {
            return Input::Refused;
        }
        let who = claim.staff.and_then(|id| self.line.ids.get(&id)).filter(|_| admitted == Admitted::Yes);
        let pin = who.and_then(|who| self.pins.get(usize::from(who.0))?.clone()).unwrap_or(PinHash::NOBODY);
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.checks).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Input::Refused };
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            pin.is_of(claim.pin.expose())
        });
        let right = checked.await.unwrap_or(false);
        match (who.and_then(|who| self.desk.counsellor(*who)), claim.staff) {
            (Some(counsellor), Some(staff)) if right => {
                lock(&self.attempts).right(staff);
                Input::Verified(counsellor.id.clone())
            }
            _ => Input::Refused,
        }
    }
}

impl Switchboard {
    /// Whether this is the number that counsellors call, as the provider writes it.
    pub fn is_staff_line(&self, dialled: &str) -> bool {
        self.staff.as_ref().is_some_and(|staff| staff.line.number.is(dialled))
    }

    /// The document that answers this event of a call to the staff line. `token` is what stands in the address.
    pub async fn staff(&self, call: &Call, event: StaffEvent, token: Option<&str>, now: Timestamp) -> String {
        let Some(staff) = self.staff.as_ref().filter(|_| !call.ended) else {
            return VoiceResponse::default().to_xml();
        };
        let typed = match &event {
            StaffEvent::Began => None,
            StaffEvent::Silence => Some(None),
            StaffEvent::Digits(digits) => Some(Some(digits.clone())),
        };
        let same = (call.sid.as_str(), token, typed.as_ref().map(|typed| typed.as_ref().map(Digits::expose)));
        let work = Box::pin(async { Arc::from(self.staff_answer(staff, call, event, token, now).await) });
        staff.given.once(same, now, work).await.to_string()
    }

    /// The end of a call that could not be answered otherwise.
    pub fn end_of_staff(&self) -> String {
        let live = self.hotlines.live();
        let words = staff_phrases(&live).map(|phrases| phrases.goodbye.as_str()).unwrap_or_default();
        answer::staff(&live, &live.say, live.desk_language, words, Awaited::Nothing).to_xml()
    }

    async fn staff_answer(
        &self,
        staff: &Staff,
        call: &Call,
        event: StaffEvent,
        token: Option<&str>,
        now: Timestamp,
    ) -> String {
        let live = self.hotlines.live();
        // A hotline without words for it says its neutral goodbye.
        let Some(phrases) = staff_phrases(&live) else { return answer::goodbye(&live, &live.say).to_xml() };
        let known = || token.and_then(|token| self.staff_session(call, token, now));
        let (mut session, mut input) = match event {
            StaffEvent::Began => (Session::BEGIN, Input::Began),
            // Without a session the call is over: its tries would begin anew.
            StaffEvent::Digits(digits) => (known().unwrap_or(OVER), Input::Digits(digits)),
            StaffEvent::Silence => (known().unwrap_or(OVER), Input::Silence),
        };
        loop {
            let who = match &input {
                Input::Verified(who) => Some(who.clone()),
                _ => session.who.clone(),
            };
            let present = who.map(|who| self.staff_present(staff, &who, &live, now)).unwrap_or_default();
            let (next, outputs) = staff::step(session, input, &present);
            session = next;
            // Ends, because every step leaves less of a call.
            input = match outputs.last() {
                Some(Output::Check(claim)) => staff.check(claim.clone(), now).await,
                Some(Output::Do(act)) => self.staff_act(staff, &session, *act, now).await,
                _ => return self.staff_document(call, &live, phrases, &session, &outputs, now),
            };
        }
    }

    fn staff_present(&self, staff: &Staff, who: &CounsellorId, live: &Served, now: Timestamp) -> Present {
        let desk = &staff.desk;
        let Some(at) = desk.named(who) else { return Present::default() };
        let duty = desk.duty(&self.store.duty(now));
        let may_hold_back = self.last_caller(who, now).is_some();
        Present { may_hold_back, ..Present::of(desk, at, &duty, &live.languages, now) }
    }

    /// Does what she said. Nothing is done that could not be written into the audit trail.
    async fn staff_act(&self, staff: &Staff, session: &Session, act: Act, now: Timestamp) -> Input {
        let desk = &staff.desk;
        let known = session.who.clone().and_then(|who| Some((desk.named(&who)?, who)));
        let Some((at, who)) = known else { return Input::NotDone };
        let kept = match act {
            Act::On => self.store.duty_set(who.clone(), act, desk.goes_on(at, now), now).await,
            Act::Off => self.store.duty_set(who.clone(), act, desk.goes_off(at, now), now).await,
            Act::ToFallback | Act::ToDesk | Act::HoldBack => self.store.switch_set(who.clone(), act, now).await,
        };
        match kept.is_ok() && (act != Act::HoldBack || self.hold_back(&who, now)) {
            true => Input::Done,
            false => Input::NotDone,
        }
    }

    fn staff_document(
        &self,
        call: &Call,
        live: &Served,
        phrases: &StaffPhrases,
        session: &Session,
        outputs: &[Output],
        now: Timestamp,
    ) -> String {
        let mut words = Vec::new();
        for output in outputs {
            if let Output::Say(phrase) = output {
                words.push(said(*phrase, phrases, live));
            }
        }
        let token = self.staff_token(call, session, now).unwrap_or_default();
        let url = [&self.setup.public_url, "/twilio/staff?s=", &token].concat();
        let awaited = match outputs.last() {
            Some(Output::AskDigits) => Awaited::Digits { most: Digits::MAX as u8, url: &url },
            Some(Output::AskKey) => Awaited::Key { url: &url },
            _ => Awaited::Nothing,
        };
        answer::staff(live, &live.say, live.desk_language, &words.join(" "), awaited).to_xml()
    }

    /// The session as it travels: at most 60 bytes.
    fn staff_token(&self, call: &Call, session: &Session, now: Timestamp) -> Option<String> {
        let Session { wait, who, tries, keys, silences } = session;
        let at_menu = *wait == Wait::Key;
        let who = who.as_ref().map(CounsellorId::as_str);
        let plain = postcard::to_allocvec(&(VERSION, now.as_second(), at_menu, who, *tries, *keys, *silences)).ok()?;
        self.keys.seal(Purpose::Staff, &binding(call), &plain)
    }

    fn staff_session(&self, call: &Call, token: &str, now: Timestamp) -> Option<Session> {
        let plain = self.keys.open(Purpose::Staff, &binding(call), token)?;
        let (version, issued_s, at_menu, who, tries, keys, silences): (u8, i64, bool, Option<String>, u8, u8, u8) =
            postcard::from_bytes(&plain).ok()?;
        let young = fresh(issued_s, now) && now.as_second().saturating_sub(issued_s) <= LIFE_S;
        let wait = if at_menu { Wait::Key } else { Wait::Entry };
        let who = who.as_deref().and_then(CounsellorId::new);
        // Who has left the desk meanwhile is not known any more.
        let desk = &self.staff.as_ref()?.desk;
        let known = who.as_ref().map_or(!at_menu, |who| desk.named(who).is_some());
        (version == VERSION && young && known).then_some(Session { wait, who, tries, keys, silences })
    }
}

/// A call of which nothing is known any more.
const OVER: Session = Session { wait: Wait::Over, ..Session::BEGIN };

fn binding(call: &Call) -> Binding<'_> {
    Binding { provider: DOOR.name, account: &call.account, call: &call.sid }
}

/// The words, in the language the counsellors are spoken to.
fn staff_phrases(live: &Served) -> Option<&StaffPhrases> {
    live.phrases.get(usize::from(live.desk_language.0))?.staff.as_ref()
}

fn said(phrase: Phrase, words: &StaffPhrases, live: &Served) -> String {
    let counted = |pattern: &str, people: u8| pattern.replace("{count}", &people.to_string());
    let plain = match phrase {
        Phrase::Enter => &words.enter,
        Phrase::Wrong => &words.wrong,
        Phrase::Goodbye => &words.goodbye,
        Phrase::OnDuty => &words.on_duty,
        Phrase::OffDuty => &words.off_duty,
        Phrase::AllToFallback => &words.all_to_fallback,
        Phrase::CallsToDesk => &words.calls_to_desk,
        Phrase::People(people) => return counted(&words.people, people),
        Phrase::Speak(language, people) => {
            let at = live.language_ix(language).map(|at| usize::from(at.0));
            return at.and_then(|at| words.speak.get(at)).map_or_else(String::new, |one| counted(one, people));
        }
        Phrase::Press(Act::On) => &words.press_on,
        Phrase::Press(Act::Off) => &words.press_off,
        Phrase::Press(Act::ToFallback) => &words.press_fallback,
        Phrase::Press(Act::ToDesk) => &words.press_desk,
        Phrase::Press(Act::HoldBack) => &words.press_hold_back,
        Phrase::PressWho => &words.press_who,
        Phrase::HeldBack => &words.held_back,
        Phrase::NotSaved => &words.not_saved,
    };
    plain.clone()
}
