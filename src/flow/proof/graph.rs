//! Every situation a caller can be in, found by taking every step there is with the engine itself.

use super::Broken;
use crate::base::{CounsellorSet, Digit, LeaseId, MUSIC_PIECE_S, Revision};
use crate::flow::{Desk, DialStatus, Dialled, Input, Now, Output, Patience, Place, Session, asks_desk};
use crate::menu::{Hotline, LangIx, NodeIx, Prompt, time};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// The engine: [`crate::flow::step`], or in a test one that is spoilt.
pub type Engine = for<'h> fn(&'h Hotline, Session, Input, Now) -> (Session, Vec<Output<'h>>);

/// How the desk can be where counsellors are rung one after the other. Where they are called beside the waiting loop, she
/// is in it instead of hearing it ring.
pub(super) const DESKS: [Desk; 4] = [Desk::Open, Desk::Busy, Desk::Spent, Desk::Closed];
pub(super) const KEYS: &str = "1234560789*#";

/// A moment in the middle of nowhere: only how long somebody waits counts.
const NOW_S: i64 = 1_800_000_000;

/// What can happen in a call, beside its beginning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Move {
    Key(Digit),
    Silence,
    /// The attempt to reach a counsellor is over.
    Outcome(Dialled),
}

impl Move {
    pub fn input(self) -> Input {
        match self {
            Move::Key(key) => Input::Pressed(key),
            Move::Silence => Input::Silence,
            Move::Outcome(dialled) => Input::DialEnded(dialled),
        }
    }
}

/// A situation: all of a session that changes what follows, and what was just said. Left out are its number of steps,
/// its age, its lease, what is only counted, and whether she can speak, which changes what the counsellor is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Spot {
    pub place: Place,
    pub language: Option<LangIx>,
    pub silences: u8,
    pub wrong_keys: u8,
    pub pressed: bool,
    pub main_heard: bool,
    /// Where `*` leads back to. What lies deeper is kept beside: see [`Explorer::below`].
    pub back: Option<NodeIx>,
    /// Seconds since she asked, while she waits or it rings for her.
    pub waited_s: u16,
    /// Rounds of the waiting loop since its line.
    pub rounds: u8,
    /// Somebody was rung for her already.
    pub tried: bool,
    /// Which of [`Graph::heard`].
    pub heard: u32,
}

/// What was said before a key is awaited, or before it rings.
pub(super) struct Heard<'h> {
    pub prompts: Vec<&'h Prompt>,
    /// How long a key is awaited then; 0 where none is.
    pub timeout_s: u8,
    /// All of it, in milliseconds.
    pub ms: u32,
    /// Milliseconds until all of the words of `closed`, or of `busy`, were said, and in which language.
    closed: Option<(LangIx, u32)>,
    busy: Option<(LangIx, u32)>,
}

/// One step out of a situation.
pub(super) struct Edge {
    pub from: u32,
    pub by: Move,
    /// `None` where the step does not look at the desk.
    pub desk: Option<Desk>,
    /// The situations it can lead to: several where `*` goes back and what lies deeper depends on how she came; none
    /// when the call is over.
    pub to: Vec<u32>,
    /// Milliseconds until it rings, or until all of the message was said, where this step brings that.
    pub rings_ms: Option<u32>,
    pub closed_ms: Option<u32>,
    pub busy_ms: Option<u32>,
}

impl Edge {
    /// Whether this can happen while the desk is so.
    pub fn fits(&self, desk: Desk) -> bool {
        self.desk.is_none_or(|own| own == desk)
    }

    /// Milliseconds until a person or the honest message is reached, if this step does it.
    pub fn reaches_ms(&self, desk: Desk) -> Option<u32> {
        match desk {
            Desk::Open | Desk::Calling | Desk::Taken => self.rings_ms,
            Desk::Busy | Desk::Spent => self.busy_ms,
            Desk::Closed => self.closed_ms,
        }
    }
}

/// All situations and all steps between them.
pub(super) struct Graph<'h> {
    pub hotline: &'h Hotline,
    pub spots: Vec<Spot>,
    pub heard: Vec<Heard<'h>>,
    /// How each was first come to, with the fewest steps: from where and by what; nothing for the answer.
    pub came: Vec<Option<(u32, Move, Option<Desk>)>>,
    pub edges: Vec<Edge>,
    /// `edges[out[i]]` leave situation i.
    pub out: Vec<Vec<u32>>,
    /// The situations right after the answer, at the front door first.
    pub starts: Vec<u32>,
    heard_ix: HashMap<HeardKey, u32>,
    /// The situations without the time waited, to look one up.
    known: HashMap<Spot, u32>,
}

/// Why the search was given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this hotline has more than {most} situations a caller can be in: too many to look at each")]
pub struct TooLarge {
    pub most: usize,
}

/// Milliseconds of these words, with the pause behind them ([`time::seconds`]).
pub fn ms(prompt: &Prompt) -> u32 {
    (time::seconds([prompt]) * 1000.0).round() as u32
}

pub(super) fn ms_of(prompts: &[&Prompt]) -> u32 {
    prompts.iter().fold(0, |sum, prompt| sum.saturating_add(ms(prompt)))
}

/// How many prompts must be heard until all of `part` was said in one go, if it is in there and says something.
pub(super) fn until_said(prompts: &[&Prompt], part: &[Prompt]) -> Option<usize> {
    let says = |part: &[Prompt]| part.iter().any(|prompt| !prompt.words.trim().is_empty());
    if !says(part) || prompts.len() < part.len() {
        return None;
    }
    let same = |at: &usize| prompts[*at..].iter().zip(part).all(|(said, wanted)| std::ptr::eq(*said, wanted));
    let at = (0..=prompts.len() - part.len()).find(same)?;
    Some(at + part.len())
}

impl<'h> Graph<'h> {
    pub fn said(&self, spot: u32) -> &Heard<'h> {
        &self.heard[self.spots[spot as usize].heard as usize]
    }

    pub fn steps_from(&self, spot: u32) -> impl Iterator<Item = &Edge> {
        self.out[spot as usize].iter().map(|edge| &self.edges[*edge as usize])
    }

    /// Which situation this session is in, after these words, whatever time it waits.
    pub fn number(&self, session: &Session, prompts: &[&Prompt], timeout_s: u8) -> Option<u32> {
        let piece = prompts.is_empty() && session.place == Place::Waiting;
        let heard = self.heard_ix.get(&heard_key(prompts, timeout_s, piece))?;
        self.known.get(&Spot { waited_s: 0, ..normal(session, session.trail.last().copied(), *heard) }).copied()
    }

    /// How many situations there are, the time that is waited aside.
    pub fn numbers(&self) -> usize {
        self.known.len()
    }
}

/// The words, the time for a key, and whether a piece of music is heard instead of words.
type HeardKey = (Vec<usize>, u8, bool);

fn heard_key(prompts: &[&Prompt], timeout_s: u8, piece: bool) -> HeardKey {
    // The prompts of one hotline: the same place is the same words.
    (prompts.iter().map(|prompt| std::ptr::from_ref::<Prompt>(prompt).addr()).collect(), timeout_s, piece)
}

fn normal(session: &Session, back: Option<NodeIx>, heard: u32) -> Spot {
    let waits = matches!(session.place, Place::Waiting | Place::Dialling);
    let waited_s = session.waiting_since_s.filter(|_| waits).map_or(0, |since| NOW_S - since);
    Spot {
        place: session.place,
        language: session.language,
        silences: session.silences,
        wrong_keys: session.wrong_keys,
        pressed: session.pressed,
        main_heard: session.main_heard,
        back,
        waited_s: u16::try_from(waited_s.max(0)).unwrap_or(u16::MAX),
        rounds: if session.place == Place::Waiting { session.rounds } else { 0 },
        tried: waits && session.tried != CounsellorSet::default(),
        heard,
    }
}

/// A step back: it leads to whatever lay below.
struct Pop {
    edge: u32,
    to: Spot,
}

pub(super) struct Explorer<'h> {
    graph: Graph<'h>,
    engine: Engine,
    most: usize,
    index: HashMap<Spot, u32>,
    /// What can lie under a node on the way back. Nothing always can: a long way back is forgotten at its far end.
    below: HashMap<NodeIx, BTreeSet<Option<NodeIx>>>,
    pops: HashMap<NodeIx, Vec<Pop>>,
    pub broken: Vec<Broken>,
}

impl<'h> Explorer<'h> {
    pub fn new(hotline: &'h Hotline, engine: Engine, most: usize) -> Explorer<'h> {
        let graph = Graph {
            hotline,
            spots: Vec::new(),
            heard: Vec::new(),
            came: Vec::new(),
            edges: Vec::new(),
            out: Vec::new(),
            starts: Vec::new(),
            heard_ix: HashMap::new(),
            known: HashMap::new(),
        };
        Explorer {
            graph,
            engine,
            most,
            index: HashMap::new(),
            below: HashMap::new(),
            pops: HashMap::new(),
            broken: Vec::new(),
        }
    }

    /// Goes everywhere.
    ///
    /// # Errors
    /// There are more situations than `most`; nothing is claimed then.
    pub fn run(mut self) -> Result<(Graph<'h>, Vec<Broken>), TooLarge> {
        let mut begins: Vec<Option<LangIx>> = vec![None];
        begins.extend(self.graph.hotline.lines.values().copied().map(Some).collect::<BTreeSet<_>>());
        for language in begins {
            let session = Session::begin(self.graph.hotline.revision, now(Desk::Open).at);
            let input = Input::Began { language };
            let (after, outputs) = (self.engine)(self.graph.hotline, session, input, now(Desk::Open));
            if let Some((heard, _)) = self.read(None, None, &outputs) {
                let start = self.spot(normal(&after, after.trail.last().copied(), heard), None)?;
                self.graph.starts.push(start);
            }
        }
        let mut next = 0;
        while next < self.graph.spots.len() {
            self.leave(next as u32)?;
            next += 1;
        }
        for spot in &self.graph.spots {
            let number = self.graph.known.len() as u32;
            self.graph.known.entry(Spot { waited_s: 0, ..*spot }).or_insert(number);
        }
        Ok((self.graph, self.broken))
    }

    /// Takes every step out of a situation.
    fn leave(&mut self, from: u32) -> Result<(), TooLarge> {
        let spot = self.graph.spots[from as usize];
        let moves: Vec<Move> = match spot.place {
            Place::Dialling => outcomes().collect(),
            _ => KEYS.chars().filter_map(Digit::new).map(Move::Key).chain([Move::Silence]).collect(),
        };
        for by in moves {
            let at = now(Desk::Open).at;
            let asks = asks_desk(self.graph.hotline, &self.session(&spot, by, 0), &by.input(), at).is_some();
            let desks: &[Desk] = if asks { &DESKS } else { &DESKS[..1] };
            for desk in desks {
                self.step(from, &spot, by, *desk, asks.then_some(*desk))?;
            }
        }
        Ok(())
    }

    fn step(&mut self, from: u32, spot: &Spot, by: Move, desk: Desk, looked: Option<Desk>) -> Result<(), TooLarge> {
        let (hotline, engine) = (self.graph.hotline, self.engine);
        let run = |guard: usize| engine(hotline, self.session(spot, by, guard), by.input(), now(desk));
        let (after, outputs) = run(0);
        let guarded = usize::from(spot.back.is_some());
        // A step back stands on the guard: with another guard below, on that one.
        let popped = guarded == 1 && after.trail.len() == 1 && run(1).0.trail != after.trail;
        let Some((heard, mut edge)) = self.read(Some((from, by, looked)), after.language, &outputs) else {
            return Ok(());
        };
        edge.from = from;
        let number = self.graph.edges.len() as u32;
        self.graph.edges.push(edge);
        self.graph.out[from as usize].push(number);
        if matches!(outputs.last(), Some(Output::End)) {
            return Ok(());
        }
        let to = normal(&after, after.trail.last().copied(), heard);
        match spot.back {
            Some(node) if popped => {
                let deeper = self.below.entry(node).or_insert_with(|| BTreeSet::from([None])).clone();
                self.pops.entry(node).or_default().push(Pop { edge: number, to });
                for back in deeper {
                    self.lead(number, Spot { back, ..to })?;
                }
            }
            _ => {
                for pair in after.trail.windows(2).skip(guarded) {
                    self.lies_below(pair[1], Some(pair[0]))?;
                }
                if let (0, Some(lowest)) = (guarded, after.trail.first()) {
                    self.lies_below(*lowest, None)?;
                }
                self.lead(number, to)?;
            }
        }
        Ok(())
    }

    /// Learns that `deeper` can lie under `node`, and where all steps back from `node` lead then.
    fn lies_below(&mut self, node: NodeIx, deeper: Option<NodeIx>) -> Result<(), TooLarge> {
        if self.below.entry(node).or_insert_with(|| BTreeSet::from([None])).insert(deeper) {
            let pops: Vec<(u32, Spot)> =
                self.pops.get(&node).into_iter().flatten().map(|pop| (pop.edge, pop.to)).collect();
            for (edge, to) in pops {
                self.lead(edge, Spot { back: deeper, ..to })?;
            }
        }
        Ok(())
    }

    fn lead(&mut self, edge: u32, to: Spot) -> Result<(), TooLarge> {
        let Edge { from, by, desk, .. } = self.graph.edges[edge as usize];
        let to = self.spot(to, Some((from, by, desk)))?;
        self.graph.edges[edge as usize].to.push(to);
        Ok(())
    }

    fn spot(&mut self, spot: Spot, came: Option<(u32, Move, Option<Desk>)>) -> Result<u32, TooLarge> {
        if let Some(known) = self.index.get(&spot) {
            return Ok(*known);
        }
        if self.graph.spots.len() >= self.most {
            return Err(TooLarge { most: self.most });
        }
        let number = self.graph.spots.len() as u32;
        self.index.insert(spot, number);
        self.graph.spots.push(spot);
        self.graph.came.push(came);
        self.graph.out.push(Vec::new());
        Ok(number)
    }

    /// A session in this situation. Its way back is the known node on top of a guard, one of two.
    fn session(&self, spot: &Spot, by: Move, guard: usize) -> Session {
        let hotline = self.graph.hotline;
        let guard = [hotline.roles.main, hotline.roles.connect][guard];
        let heard = &self.graph.heard[spot.heard as usize];
        // A key can come at once; silence is over after everything was said and the time for a key.
        let passed_s = match by {
            Move::Silence => i64::from(heard.ms / 1000) + i64::from(heard.timeout_s),
            Move::Key(_) | Move::Outcome(_) => 0,
        };
        let waits = matches!(spot.place, Place::Waiting | Place::Dialling);
        let waiting = waits.then(|| NOW_S - i64::from(spot.waited_s) - passed_s);
        Session {
            place: spot.place,
            language: spot.language,
            silences: spot.silences,
            wrong_keys: spot.wrong_keys,
            pressed: spot.pressed,
            main_heard: spot.main_heard,
            trail: spot.back.into_iter().flat_map(|top| [guard, top]).collect(),
            waiting_since_s: waiting,
            lease: (spot.place == Place::Dialling).then_some(LeaseId(1)),
            ringing: if spot.place == Place::Dialling { CounsellorSet(1) } else { CounsellorSet::default() },
            tried: if spot.tried { CounsellorSet(1) } else { CounsellorSet::default() },
            rounds: spot.rounds,
            ..Session::begin(Revision(hotline.revision.0), now(Desk::Open).at)
        }
    }

    /// Reads what a step puts out: what is heard, and a step without its ends. A step that puts out what none may is
    /// written down and not followed.
    fn read(
        &mut self,
        came: Option<(u32, Move, Option<Desk>)>,
        language: Option<LangIx>,
        outputs: &[Output<'h>],
    ) -> Option<(u32, Edge)> {
        let mut prompts: Vec<&'h Prompt> = Vec::new();
        let mut wrong = None;
        let (mut timeout_s, mut piece, mut rings, mut last) = (0, false, false, false);
        // Who comes from the waiting loop has just heard its line.
        let told = came.is_some_and(|(from, ..)| self.graph.spots[from as usize].place == Place::Waiting);
        for output in outputs {
            if last {
                wrong = Some("something is to be done after the step is over");
            }
            match output {
                Output::Say(prompt) => prompts.push(prompt),
                Output::Ask { prompts: asked, timeout_s: own } => {
                    prompts.extend(asked);
                    (timeout_s, last) = (*own, true);
                    if !asked.iter().any(|prompt| !prompt.words.trim().is_empty()) {
                        wrong = Some("a key is awaited and nothing is said");
                    } else if !(1..=10).contains(own) {
                        wrong = Some("a key is awaited for less than 1 or more than 10 seconds");
                    }
                }
                Output::Hold { line, piece: _, timeout_s: own } => {
                    prompts.extend(line);
                    (timeout_s, piece, last) = (*own, line.is_none(), true);
                }
                Output::Join { .. } => last = true,
                Output::Connect { .. } => {
                    (rings, last) = (true, true);
                    if !told && !prompts.iter().any(|prompt| !prompt.words.trim().is_empty()) {
                        wrong = Some("the counsellor's line rings and the caller was told nothing");
                    }
                }
                Output::End => last = true,
                Output::Count(_) => {}
            }
        }
        if !last {
            wrong = Some("the call stands still: no key is awaited, nobody is rung, and it is not over");
        }
        if let Some(wrong) = wrong {
            let way = came.map_or_else(|| "the answer".to_owned(), |came| self.graph.way_by(came));
            self.broken.push(Broken::new("MN-07", wrong, way));
            return None;
        }
        let (by, desk) = came.map_or((Move::Silence, None), |(_, by, desk)| (by, desk));
        if let (Move::Key(Digit::NINE), [first, ..]) = (by, outputs)
            && came.is_some()
            && *first != Output::End
        {
            let way = came.map(|came| self.graph.way_by(came)).unwrap_or_default();
            self.broken.push(Broken::new("MN-03", "key 9 does not end the call at once and without a word", way));
        }
        let number = self.heard(prompts, timeout_s, piece);
        let heard = &self.graph.heard[number as usize];
        // Words in another language than hers tell her nothing.
        let hers = language.unwrap_or(LangIx(0));
        let said_to_her = |said: Option<(LangIx, u32)>| said.filter(|(own, _)| *own == hers).map(|(_, ms)| ms);
        let edge = Edge {
            from: 0,
            by,
            desk,
            to: Vec::with_capacity(1),
            rings_ms: rings.then_some(heard.ms),
            closed_ms: said_to_her(heard.closed),
            busy_ms: said_to_her(heard.busy),
        };
        Some((number, edge))
    }

    fn heard(&mut self, prompts: Vec<&'h Prompt>, timeout_s: u8, piece: bool) -> u32 {
        let key = heard_key(&prompts, timeout_s, piece);
        if let Some(known) = self.graph.heard_ix.get(&key) {
            return *known;
        }
        let hotline = self.graph.hotline;
        let said = |node: NodeIx| {
            let languages = hotline.node(node).spoken.iter().enumerate();
            languages
                .filter_map(|(at, spoken)| Some((at, ms_of(&prompts[..until_said(&prompts, &spoken.info)?]))))
                .next()
        };
        let in_language = |(at, ms): (usize, u32)| u8::try_from(at).ok().map(|at| (LangIx(at), ms));
        let closed = said(hotline.roles.closed).and_then(in_language);
        let busy = said(hotline.roles.busy).and_then(in_language);
        let number = self.graph.heard.len() as u32;
        let music_ms = if piece { u32::from(MUSIC_PIECE_S) * 1000 } else { 0 };
        self.graph.heard.push(Heard { ms: ms_of(&prompts).saturating_add(music_ms), prompts, timeout_s, closed, busy });
        self.graph.heard_ix.insert(key, number);
        number
    }
}

pub(super) fn outcomes() -> impl Iterator<Item = Move> {
    use DialStatus::*;
    let all = [Completed, Busy, NoAnswer, Failed, Canceled].into_iter().map(|status| Dialled { status, talked: false });
    all.chain([Dialled { status: Completed, talked: true }]).map(Move::Outcome)
}

fn now(desk: Desk) -> Now {
    // The constant is in range.
    let at = Timestamp::from_second(NOW_S).unwrap_or(Timestamp::UNIX_EPOCH);
    Now { at, desk, lease: LeaseId(1), who: CounsellorSet(1), patience: Patience::default() }
}
