//! What is to be played: every step a caller or a counsellor can take in every state, each with the shortest way to it.

use super::super::assemble::later;
use super::super::player::Counsellor;
use crate::base::{CounsellorSet, Digit, LeaseId, MUSIC_PIECE_S};
use crate::flow::proof::ms;
use crate::flow::{
    Desk, DialStatus, Dialled, Hotline, Input, LangIx, NodeIx, Now, Output, Patience, Place, Prompt, Session,
    asks_desk, step,
};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// What is done in a state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Doing {
    Press(Digit),
    Wait,
    HangUp,
    /// While it rings: what the counsellor's line does.
    Rings(Counsellor),
}

/// One thing done, with the desk as it is then.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Deed {
    pub doing: Doing,
    pub desk: Desk,
}

/// How the demonstration's desk, which has one counsellor, can be.
pub(super) const DESKS: [Desk; 3] = [Desk::Open, Desk::Busy, Desk::Closed];
const AFTER_RINGING: [Desk; 2] = [Desk::Spent, Desk::Closed];
const KEYS: &str = "1234560789*#";

/// A step that is to be played once: the state as far as it counts for what is done, and that.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Edge {
    place: Place,
    language: Option<LangIx>,
    silences: u8,
    wrong_keys: u8,
    pressed: bool,
    main_heard: bool,
    /// Where it rings or is going to.
    cannot_speak: bool,
    /// More than three minutes in the waiting loop.
    late: bool,
    /// Rounds of the waiting loop since its line.
    rounds: u8,
    /// Of `*`: where it leads back to.
    back: Option<NodeIx>,
    doing: Doing,
    /// `None` where the step does not look at the desk.
    desk: Option<Desk>,
}

impl Doing {
    /// What the engine is told; nothing when the call is over by it.
    pub fn input(self) -> Option<Input> {
        let ended = |status, talked| Some(Input::DialEnded(Dialled { status, talked }));
        match self {
            Doing::Press(key) => Some(Input::Pressed(key)),
            Doing::Wait => Some(Input::Silence),
            Doing::HangUp | Doing::Rings(Counsellor::Outlasts | Counsellor::Late) => None,
            Doing::Rings(Counsellor::Takes) => ended(DialStatus::Completed, true),
            Doing::Rings(Counsellor::Voicemail | Counsellor::Declines) => ended(DialStatus::Completed, false),
            Doing::Rings(Counsellor::Busy) => ended(DialStatus::Busy, false),
            Doing::Rings(Counsellor::Away) => ended(DialStatus::NoAnswer, false),
            Doing::Rings(Counsellor::Unreachable) => ended(DialStatus::Failed, false),
        }
    }
}

/// Everything that can be done in a state. A step that does not look at the desk is there once, with the desk free.
pub fn deeds(hotline: &Hotline, session: &Session) -> Vec<Deed> {
    let doings: Vec<Doing> = match session.place {
        Place::Dialling => Counsellor::WORDS.iter().map(|(_, counsellor)| Doing::Rings(*counsellor)).collect(),
        _ => {
            let keys = KEYS.chars().filter_map(Digit::new).map(Doing::Press);
            keys.chain([Doing::Wait, Doing::HangUp]).collect()
        }
    };
    let with_desks = |doing: Doing| {
        let asks =
            doing.input().is_some_and(|input| asks_desk(hotline, session, &input, Timestamp::UNIX_EPOCH).is_some());
        let desks = match session.place {
            _ if !asks => &DESKS[..1],
            // Her only counsellor was rung for her.
            Place::Dialling => &AFTER_RINGING[..],
            _ => &DESKS[..],
        };
        desks.iter().map(move |desk| Deed { doing, desk: *desk })
    };
    doings.into_iter().flat_map(with_desks).collect()
}

/// The step that a deed is, done at this moment.
pub fn edge(hotline: &Hotline, session: &Session, deed: Deed, at: Timestamp) -> Edge {
    let asks = deed.doing.input().is_some_and(|input| asks_desk(hotline, session, &input, at).is_some());
    let rings = matches!(session.place, Place::Dialling | Place::Waiting);
    let waits_since = session.waiting_since_s.filter(|_| session.place == Place::Waiting);
    Edge {
        place: session.place,
        language: session.language,
        silences: session.silences,
        wrong_keys: session.wrong_keys,
        pressed: session.pressed,
        main_heard: session.main_heard,
        cannot_speak: rings && session.cannot_speak,
        late: waits_since.is_some_and(|since| at.as_second() - since >= i64::from(patience().wait_max_s)),
        rounds: if session.place == Place::Waiting { session.rounds } else { 0 },
        back: session.trail.last().copied().filter(|_| deed.doing == Doing::Press(Digit::STAR)),
        doing: deed.doing,
        desk: asks.then_some(deed.desk),
    }
}

/// A state that was come to, after these words.
struct Stop<'h> {
    session: Session,
    outputs: Vec<Output<'h>>,
    /// When the words began, in milliseconds since the answer.
    at_ms: u64,
    came: Option<(usize, Deed)>,
    start: usize,
}

/// One step to play, and how a call comes there.
pub struct Task {
    pub edge: Edge,
    deed: Deed,
    stop: usize,
}

/// Everything to play.
pub struct Plan<'h> {
    stops: Vec<Stop<'h>>,
    /// The shortest ways first.
    pub tasks: Vec<Task>,
}

/// More states are not walked: some minutes.
pub const STOPS_MOST: usize = 250_000;

/// A state apart from others when looking for ways: what counts for any step from it.
type Apart = (Place, Option<LangIx>, u8, u8, bool, bool, bool, Option<NodeIx>, i64, u8);

fn apart(session: &Session) -> Apart {
    let waits_since = session.waiting_since_s.filter(|_| session.place == Place::Waiting);
    (
        session.place,
        session.language,
        session.silences,
        session.wrong_keys,
        session.pressed,
        session.main_heard,
        session.cannot_speak,
        session.trail.last().copied(),
        waits_since.map_or(-1, |since| session.issued_s - since),
        if session.place == Place::Waiting { session.rounds } else { 0 },
    )
}

impl<'h> Plan<'h> {
    /// Breadth first from the answer, one call for each way a call can begin (`None`: at the language question).
    ///
    /// # Errors
    /// More than [`STOPS_MOST`] states: the number.
    pub fn new(hotline: &'h Hotline, starts: &[Option<LangIx>], begin: Timestamp) -> Result<Plan<'h>, usize> {
        let mut plan = Plan { stops: Vec::new(), tasks: Vec::new() };
        let mut known = HashMap::new();
        let mut tasks = HashSet::new();
        for (start, language) in starts.iter().enumerate() {
            let session = Session::begin(hotline.revision, begin);
            let (session, outputs) =
                step(hotline, session, Input::Began { language: *language }, present(begin, Desk::Open));
            known.insert(apart(&session), plan.stops.len());
            plan.stops.push(Stop { session, outputs, at_ms: 0, came: None, start });
        }
        let mut next = 0;
        while next < plan.stops.len() {
            let Stop { session, outputs, at_ms, start, .. } = &plan.stops[next];
            let (session, start) = (session.clone(), *start);
            let said_ms =
                at_ms + words(outputs).iter().map(|prompt| u64::from(ms(prompt))).sum::<u64>() + music_ms(outputs);
            let waits_ms = timeout_ms(outputs);
            for deed in deeds(hotline, &session) {
                let done_ms = said_ms + if deed.doing == Doing::Wait { waits_ms } else { 0 };
                let at = later(begin, done_ms);
                let edge = edge(hotline, &session, deed, at);
                if tasks.insert(edge) {
                    plan.tasks.push(Task { edge, deed, stop: next });
                }
                let Some(input) = deed.doing.input() else { continue };
                let (after, outputs) = step(hotline, session.clone(), input, present(at, deed.desk));
                // Keys that keep waiting lead to nothing that silence does not lead to.
                let keeps =
                    session.place == Place::Waiting && after.place == Place::Waiting && deed.doing != Doing::Wait;
                if keeps || matches!(outputs.last(), Some(Output::End) | None) || known.contains_key(&apart(&after)) {
                    continue;
                }
                if plan.stops.len() == STOPS_MOST {
                    return Err(STOPS_MOST);
                }
                known.insert(apart(&after), plan.stops.len());
                plan.stops.push(Stop { session: after, outputs, at_ms: done_ms, came: Some((next, deed)), start });
            }
            next += 1;
        }
        Ok(plan)
    }

    /// With which of the starts a task's call begins, and everything that is done in it, the task last.
    pub fn way(&self, task: &Task) -> (usize, Vec<Deed>) {
        let mut deeds = vec![task.deed];
        let mut stop = task.stop;
        while let Some((from, deed)) = self.stops[stop].came {
            deeds.push(deed);
            stop = from;
        }
        deeds.reverse();
        (self.stops[stop].start, deeds)
    }
}

/// The present of a step; its lease is only compared as there or not.
pub(super) fn present(at: Timestamp, desk: Desk) -> Now {
    Now { at, desk, lease: LeaseId(1), who: CounsellorSet(1), patience: patience() }
}

/// The patience of the demonstration's desk.
pub(super) fn patience() -> Patience {
    Patience::default()
}

/// What is said, in this order.
pub(super) fn words<'h>(outputs: &[Output<'h>]) -> Vec<&'h Prompt> {
    let said = outputs.iter().flat_map(|output| match output {
        Output::Say(prompt) => std::slice::from_ref(prompt),
        Output::Ask { prompts, .. } => prompts.as_slice(),
        Output::Hold { line, .. } => line.as_slice(),
        Output::Connect { .. } | Output::Join { .. } | Output::End | Output::Count(_) => &[],
    });
    said.copied().collect()
}

/// How long music is heard.
fn music_ms(outputs: &[Output<'_>]) -> u64 {
    match outputs.last() {
        Some(Output::Hold { line: None, .. }) => u64::from(MUSIC_PIECE_S) * 1000,
        _ => 0,
    }
}

/// How long a key is awaited; 0 where none is.
pub(super) fn timeout_ms(outputs: &[Output<'_>]) -> u64 {
    match outputs.last() {
        Some(Output::Ask { timeout_s, .. } | Output::Hold { timeout_s, .. }) => u64::from(*timeout_s) * 1000,
        _ => 0,
    }
}
