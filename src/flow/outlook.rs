//! What each key would do from here, found by pressing it: the engine itself is asked, so that a page that shows it
//! cannot know other rules.

use super::{Input, Now, Output, Place, Session, step};
use crate::base::Digit;
use crate::menu::{Hotline, LangIx, NodeIx};

/// The keys in the order they stand on a telephone.
pub const KEYS: [char; 12] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/// Where a call is, and what would come next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outlook {
    pub place: Place,
    /// Unset until a language is chosen.
    pub language: Option<LangIx>,
    /// In the order of [`KEYS`].
    pub keys: Vec<(Digit, Does)>,
    /// When no key is pressed in time.
    pub silence: Does,
}

/// What an input would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Does {
    /// Goes on in this language.
    Language(LangIx),
    /// Leads to this node.
    Leads(NodeIx),
    /// Says everything here again.
    Again,
    /// Says the keys here again.
    Options,
    /// Says the name letter by letter, then the keys.
    Letters,
    /// Means nothing here, and the caller is told so.
    Wrong,
    /// Leads to the language question, or asks it again.
    Front,
    /// Rings the counsellor.
    Rings,
    /// Waits for the counsellor, keys alive.
    Waits,
    /// A person is offered to somebody who stays silent.
    Offers,
    Ends,
}

/// What each key would do in this session at this moment.
pub fn outlook(hotline: &Hotline, session: &Session, now: Now) -> Outlook {
    let does = |input: Input| {
        let (after, outputs) = step(hotline, session.clone(), input, now);
        told(hotline, session, &after, &outputs)
    };
    let keys = KEYS.into_iter().filter_map(Digit::new).map(|key| (key, does(Input::Pressed(key)))).collect();
    Outlook { place: session.place, language: session.language, keys, silence: does(Input::Silence) }
}

fn told(hotline: &Hotline, before: &Session, after: &Session, outputs: &[Output<'_>]) -> Does {
    match outputs.last() {
        Some(Output::End) | None => return Does::Ends,
        Some(Output::Connect { .. }) => return Does::Rings,
        _ => {}
    }
    if let Some(language) = after.language.filter(|_| before.language != after.language) {
        return Does::Language(language);
    }
    let same = before.place == after.place;
    match after.place {
        Place::Front | Place::Node(_) if same && after.wrong_keys > before.wrong_keys => Does::Wrong,
        Place::Node(node) if same => {
            let first = outputs.iter().find_map(|output| match output {
                Output::Ask { prompts, .. } => prompts.first().copied(),
                _ => None,
            });
            let spoken = hotline.spoken(node, after.language.unwrap_or(LangIx(0)));
            match first {
                Some(first) if spoken.letters.contains(first) => Does::Letters,
                Some(first) if spoken.info.contains(first) => Does::Again,
                _ => Does::Options,
            }
        }
        Place::Node(node) => Does::Leads(node),
        Place::Front => Does::Front,
        Place::Waiting => Does::Waits,
        Place::Offering => Does::Offers,
        // Neither can follow an answer that asks for a key.
        Place::Dialling | Place::AfterTalk => Does::Options,
    }
}
