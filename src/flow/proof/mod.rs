//! The proof of a way out: every situation a caller can be in, found by taking every step of the engine itself, and
//! what holds in all of them (rules MN-08 and MN-09, CS-04, CS-05, CS-22).
//!
//! - A person is rung, or the honest words of `closed` or `busy` are said, within [`KEYS_MOST`] keys and
//!   [`SECONDS_MOST`] seconds.
//! - No cycle runs without a key, whatever the desk does; silence comes to something within [`SILENT_SECONDS_MOST`].
//! - 9 ends at once and without a word; 0 leads on; something is said before a key is awaited or a line rings.
//!
//! A situation is a place in the call, the language, the silences and wrong keys in a row, whether a key was pressed
//! and the main menu heard, where `*` leads back to, the time in the waiting loop, and what was just said. The way back
//! is a stack: its top belongs to the situation, and under a node may lie whatever ever lay under it, or nothing. So
//! the search sees at least every situation there is. Seconds are those of [`crate::menu::time`].

mod claims;
mod facts;
mod graph;
mod words;

pub use facts::FactWay;
pub use graph::{Engine, Move, TooLarge, ms};

use super::Session;
use crate::menu::{Hotline, Prompt};
use graph::{Explorer, Graph};

/// Rule MN-09: at most this many keys from wherever a caller is to a person. From the answer: the language, 0, the
/// confirmation; the sample needs 2.
pub const KEYS_MOST: u8 = 3;

/// At most this many seconds on that way, if she hears all there is to hear before each key: the longest node
/// (TM-04: 45 s), the question before a person is rung and the words before it rings (15 s each).
pub const SECONDS_MOST: u32 = 75;

/// At most this many seconds of silence until a person is rung, the message is said, or the call is over: the longest node,
/// three rounds and their time for a key (CS-22), then three minutes in the waiting loop (TM-08), where a line is said
/// twice a minute, and one attempt more.
pub const SILENT_SECONDS_MOST: u32 = 420;

/// More situations are not searched: about 300 nodes in 3 languages, some seconds, and 100 MB.
pub const SITUATIONS_MOST: usize = 250_000;

/// What does not hold, in the words of a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    pub rule: &'static str,
    pub message: String,
    /// How a caller comes there.
    pub found: String,
    pub expected: String,
}

impl Broken {
    fn new(rule: &'static str, message: &str, found: String) -> Broken {
        Broken { rule, message: message.to_owned(), found, expected: String::new() }
    }
}

/// A way, with its length.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Way {
    pub keys: u8,
    pub seconds: f64,
    pub words: String,
}

/// What was found out about a hotline.
pub struct Proof<'h> {
    graph: Graph<'h>,
    /// Everything that does not hold; nothing for a hotline that may be served.
    pub broken: Vec<Broken>,
    /// The longest way to a person or the honest message, by keys.
    pub person: Way,
    /// The longest silence until a person is rung, the message is said, or the call is over.
    pub silence: Way,
    /// The longest silence until the call is over, without the ringing and the talks.
    pub over: Way,
}

/// Proves a way out of this hotline, or says what is broken.
///
/// # Errors
/// The hotline is too large to look at every situation; nothing is claimed then.
pub fn prove(hotline: &Hotline) -> Result<Proof<'_>, TooLarge> {
    prove_engine(hotline, super::step, SITUATIONS_MOST)
}

/// The same for any engine, and with another limit.
///
/// # Errors
/// There are more than `most` situations.
pub fn prove_engine(hotline: &Hotline, engine: Engine, most: usize) -> Result<Proof<'_>, TooLarge> {
    let (graph, mut broken) = Explorer::new(hotline, engine, most).run()?;
    let person = claims::person(&graph, &mut broken);
    claims::zero_leads_on(&graph, &mut broken);
    let silence = claims::silence(&graph, &mut broken);
    let (silence, over) = silence.map_or_else(Default::default, |silence| (silence.reached, silence.over));
    broken.truncate(BROKEN_MOST);
    Ok(Proof { graph, broken, person, silence, over })
}

/// More that does not hold is not told: it has one cause, most likely.
const BROKEN_MOST: usize = 10;

impl Proof<'_> {
    /// How many situations there are, and steps between them.
    pub fn size(&self) -> (usize, usize) {
        (self.graph.spots.len(), self.graph.edges.len())
    }

    /// Which of [`Proof::numbers`] situations a session is in, after these words and with this time for a key (0 where
    /// none is awaited); `None` if it is in none of them. How long she has waited in the waiting loop is left aside.
    pub fn number(&self, session: &Session, prompts: &[&Prompt], timeout_s: u8) -> Option<u32> {
        self.graph.number(session, prompts, timeout_s)
    }

    /// How many situations [`Proof::number`] tells apart.
    pub fn numbers(&self) -> usize {
        self.graph.numbers()
    }

    /// Each fact that the voice must say, and the shortest way to it in each language, in the order of the hotline's
    /// languages; `None` where no keys lead to it.
    pub fn facts(&self) -> Vec<(String, Vec<Option<FactWay>>)> {
        facts::ways(&self.graph)
    }
}
