//! The session: all that is known of one call. It travels with the call, sealed; nothing of it is kept here.

use crate::base::{LeaseId, Revision};
use crate::menu::{LangIx, NodeIx};
use serde::{Deserialize, Serialize};

/// How many nodes `*` can walk back. Older steps are forgotten, and `*` then leads to the main menu.
pub const TRAIL_MAX: usize = 8;

/// Where in the call we are: what the next input answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
    /// A key that means something was pressed in this call.
    pub pressed: bool,
    /// The main menu was heard in full; from now on it is short.
    pub main_heard: bool,
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
    /// Which nodes were heard in this call: bit `node % 512`. For counting a node once a call.
    pub heard: Vec<u8>,
}
