//! The session: all that is known of one call. It travels with the call, sealed; nothing of it is kept here.

use crate::base::{CounsellorSet, Gender, LeaseId, Revision};
use crate::menu::{Hotline, LangIx, NodeIx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many nodes `*` can walk back. Older steps are forgotten, and `*` then leads to the main menu.
pub const TRAIL_MAX: usize = 8;

/// Where in the call we are: what the next input answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Place {
    /// The language question.
    Front,
    /// A node's keys are awaited.
    Node(NodeIx),
    /// The third silence: a person will be looked for unless a key says otherwise.
    Offering,
    /// In the waiting loop, keys alive.
    Waiting,
    /// A counsellor's line was rung; the outcome is awaited.
    Dialling,
    /// The talk is over: nothing that tells what this is, until a key is pressed.
    AfterTalk,
}

/// The state of one call. It holds no number, no text and nothing the caller said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Session {
    pub revision: Revision,
    pub place: Place,
    /// Unset until a language is chosen.
    pub language: Option<LangIx>,
    /// Silences in a row, 0 to 2.
    pub silences: u8,
    /// Wrong keys in a row, 0 to 2.
    pub wrong_keys: u8,
    /// A key that means something was pressed in this call, since the last attempt to reach a person.
    pub pressed: bool,
    /// The main menu was heard in full; from now on it is short.
    pub main_heard: bool,
    /// A person was asked for in this call.
    pub asked: bool,
    /// The caller cannot speak out loud.
    pub cannot_speak: bool,
    /// The way back, oldest first, at most [`TRAIL_MAX`].
    pub trail: Vec<NodeIx>,
    /// Rises by one with every step, so that a repeated request is recognised.
    pub step: u16,
    /// Unix seconds of the step that made this session.
    pub issued_s: i64,
    /// Unix seconds since when the caller waits for a person.
    pub waiting_since_s: Option<i64>,
    /// The attempt to reach a counsellor that is under way.
    pub lease: Option<LeaseId>,
    /// Who is rung in it.
    pub ringing: CounsellorSet,
    /// Who was rung since she asked, and did not take the call.
    pub tried: CounsellorSet,
    /// She asked for a woman, or a man.
    pub gender: Option<Gender>,
    /// How often the waiting loop went round since its line was said, 0 to 2.
    pub rounds: u8,
    /// Which nodes were heard in this call: bit `node % 256`. For counting a node once a call.
    pub heard: Vec<u8>,
}

/// The first byte of an encoded session; another number is another layout and is not opened.
const VERSION: u8 = 2;

/// The bits of [`Session::heard`].
const HEARD_BITS: u16 = 256;

impl Session {
    /// A call that begins now, at the language question.
    pub fn begin(revision: Revision, now: Timestamp) -> Session {
        Session {
            revision,
            place: Place::Front,
            language: None,
            silences: 0,
            wrong_keys: 0,
            pressed: false,
            main_heard: false,
            asked: false,
            cannot_speak: false,
            trail: Vec::new(),
            step: 0,
            issued_s: now.as_second(),
            waiting_since_s: None,
            lease: None,
            ringing: CounsellorSet::default(),
            tried: CounsellorSet::default(),
            gender: None,
            rounds: 0,
            heard: Vec::new(),
        }
    }

    /// The bytes that are sealed into an address. At most 145 bytes: a trail of [`TRAIL_MAX`] nodes, 32 bytes of
    /// heard nodes, and the rest; a sealed session has room for 148.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![VERSION]).unwrap_or_default()
    }

    /// The session in these bytes; nothing if they are of another version or not a session.
    pub fn from_bytes(bytes: &[u8]) -> Option<Session> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => postcard::from_bytes(rest).ok(),
            _ => None,
        }
    }

    /// Whether every index in this session exists in the hotline.
    pub fn fits(&self, hotline: &Hotline) -> bool {
        let node_exists = |node: &NodeIx| usize::from(node.0) < hotline.nodes.len();
        let place_exists = match &self.place {
            Place::Node(node) => node_exists(node),
            Place::Front | Place::Offering | Place::Waiting | Place::Dialling | Place::AfterTalk => true,
        };
        self.revision == hotline.revision
            && place_exists
            && self.trail.iter().all(node_exists)
            && self.language.is_none_or(|language| usize::from(language.0) < hotline.languages.len())
    }

    /// Notes that a node is heard; true the first time in this call. Nodes 256 apart share a bit, so that a very
    /// large hotline counts too few rather than one twice.
    pub(super) fn first_heard(&mut self, node: NodeIx) -> bool {
        let bit = node.0 % HEARD_BITS;
        let (byte, mask) = (usize::from(bit / 8), 1 << (bit % 8));
        if self.heard.len() <= byte {
            self.heard.resize(byte + 1, 0);
        }
        let first = self.heard[byte] & mask == 0;
        self.heard[byte] |= mask;
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_session_comes_back_from_its_bytes_and_can_be_sealed() {
        let node = NodeIx(4095);
        let session = Session {
            revision: Revision(u64::MAX),
            place: Place::Node(node),
            language: Some(LangIx(5)),
            silences: 2,
            wrong_keys: 2,
            pressed: true,
            main_heard: true,
            asked: true,
            cannot_speak: true,
            trail: vec![node; TRAIL_MAX],
            step: u16::MAX,
            issued_s: 253_402_207_200,
            waiting_since_s: Some(253_402_207_200),
            lease: Some(LeaseId(u64::MAX)),
            ringing: CounsellorSet(u64::MAX),
            tried: CounsellorSet(u64::MAX),
            gender: Some(Gender::Man),
            rounds: 2,
            heard: vec![0xff; 32],
        };
        let bytes = session.to_bytes();
        assert!(bytes.len() <= 145, "{} bytes", bytes.len());
        assert_eq!(Session::from_bytes(&bytes), Some(session));
        assert_eq!(Session::from_bytes(&[1, 0, 0]), None);
        assert_eq!(Session::from_bytes(&[]), None);
    }

    #[test]
    fn a_node_is_first_heard_once() {
        let mut session = Session::begin(Revision(1), Timestamp::UNIX_EPOCH);
        assert!(session.first_heard(NodeIx(200)));
        assert!(!session.first_heard(NodeIx(200)));
        assert!(session.first_heard(NodeIx(203)) && session.first_heard(NodeIx(202)));
        assert!(!session.first_heard(NodeIx(203)));
        assert!(session.first_heard(NodeIx(0)));
        assert!(!session.first_heard(NodeIx(256)));
        assert_eq!(session.heard.len(), 26);
    }
}
