//! The resolved hotline: what the engine runs and the text service answers from.

use crate::base::{Digit, Language, Revision};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};

/// At most this many nodes, languages and lines: an index fits its type and a check ends soon.
pub const MAX_NODES: usize = 4096;
pub const MAX_LANGUAGES: usize = 6;
pub const MAX_LINES: usize = 64;

/// Which node; an index into [`Hotline::nodes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
pub struct NodeIx(pub u16);

/// Which language; an index into [`Hotline::languages`], which is also the order callers are offered them in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
pub struct LangIx(pub u8);

/// A hotline whose links all lead somewhere and whose words are there in every language.
#[derive(Clone, Debug)]
pub struct Hotline {
    pub revision: Revision,
    /// For operators; never spoken, never texted.
    pub name: String,
    /// ISO 3166 code: which emergency number, which forbidden advice.
    pub country: String,
    pub timezone: TimeZone,
    pub languages: Vec<Language>,
    /// Numbers of ours that skip the language question: number as dialled -> language.
    pub lines: HashMap<String, LangIx>,
    /// In file order.
    pub nodes: Vec<Node>,
    pub roles: Roles,
    pub front: Front,
    /// In the order of `languages`.
    pub phrases: Vec<Phrases>,
    pub sms: SmsBook,
}

/// The nodes the engine goes to by itself. All but the first two have a fixed name.
#[derive(Clone, Copy, Debug)]
pub struct Roles {
    /// `start` of `hotline.toml`: heard once after the language is known, leads on by its `then`.
    pub welcome: NodeIx,
    /// The `then` of `welcome`: the main menu.
    pub main: NodeIx,
    /// `connect`: key 0 while somebody is on duty; asks before it connects.
    pub connect: NodeIx,
    /// `waiting`: said just before the counsellor's line rings.
    pub waiting: NodeIx,
    /// `closed`: key 0 while nobody is on duty.
    pub closed: NodeIx,
    /// `busy`: somebody is on duty and could not be reached.
    pub busy: NodeIx,
}

/// One thing a person can reach, by keys or by text.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    /// Goes straight on to this node after its words; a node with `then` has no keys of its own.
    pub then: Option<NodeIx>,
    /// What the keys 1, 2, ... do: the options, then the choices that act in place.
    pub keys: Vec<Choice>,
    /// Facts the voice must say and facts the text message must say.
    pub facts: Vec<String>,
    pub text_facts: Vec<String>,
    /// Reached by text only, never by keys.
    pub text_only: bool,
    /// In the order of the hotline's languages. Empty prompts where a node is `text_only`.
    pub spoken: Vec<Spoken>,
    /// Keys from the main menu along the shortest way, first in file order; `None` if no keys lead here in 2 steps.
    /// Main is the empty path, `connect` is `0`.
    pub path: Option<String>,
}

/// What a key does in a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Choice {
    Go(NodeIx),
    Act(Act),
}

/// What a key can do without leading to a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Act {
    /// Says the node's `letters`, then the options again.
    Letters,
    /// Connects to a person.
    Talk,
    /// Connects to a person who is told that the caller cannot speak.
    Keys,
    /// Connects to a woman, or to a man: where the desk offers it.
    Woman,
    Man,
    /// Keeps waiting for a person.
    Wait,
    /// Goes to the main menu.
    Information,
}

impl Act {
    pub const ALL: [(&'static str, Act); 7] = [
        ("letters", Act::Letters),
        ("talk", Act::Talk),
        ("keys", Act::Keys),
        ("woman", Act::Woman),
        ("man", Act::Man),
        ("wait", Act::Wait),
        ("information", Act::Information),
    ];
}

/// A piece of speech a caller can interrupt: the unit of sound. Its words have everything filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prompt {
    /// For example `help/say/1`, `help/option/comensha`, `phrase/wrong_key`, `front/greeting`.
    pub id: String,
    pub language: LangIx,
    /// The words to speak: sentences separated by one space.
    pub words: String,
    /// How many lines of the file it is made of, a sentence each.
    pub sentences: u16,
    /// How long its sound lasts, in milliseconds; `None` until there is one of exactly these words. How long the prompt
    /// takes either way: [`super::time::seconds`].
    pub measured_ms: Option<u32>,
}

/// What one node says in one language, in the order it is said.
#[derive(Clone, Debug, Default)]
pub struct Spoken {
    /// The information: a prompt a sentence group, settings applied.
    pub info: Vec<Prompt>,
    /// One a key, in key order (`{option}, press {key}.`), with its note where there is one.
    pub options: Vec<Prompt>,
    /// The reserved keys that this node names: again, person, back.
    pub reserved: Vec<Prompt>,
    /// What the `letters` choice says.
    pub letters: Vec<Prompt>,
}

/// What is said before a language is chosen. Neutral: whoever presses redial hears this.
#[derive(Clone, Debug)]
pub struct Front {
    pub greeting: Prompt,
    /// One a language, in its own words: key 1, 2, ...
    pub languages: Vec<Prompt>,
    /// Said when no key is pressed, before the list: first and second time.
    pub silence: [Prompt; 2],
    /// Said before the call ends because no key was ever pressed.
    pub end: Prompt,
}

/// The small sentences of one language.
#[derive(Clone, Debug)]
pub struct Phrases {
    /// The language's name in the language itself.
    pub name: String,
    pub wrong_key: Prompt,
    /// Three different rounds. The third announces that a person is looked for.
    pub silence: [Prompt; 3],
    /// The person option alone, for the second round.
    pub person: Prompt,
    /// While waiting in the loop with keys alive.
    pub waiting: Prompt,
    /// Said when something of ours failed, before a person is tried.
    pub trouble: Prompt,
    /// To the counsellor. `whisper_call[l]` says "a call in language l".
    pub whisper_call: Vec<Prompt>,
    pub whisper_cannot_speak: Prompt,
    pub whisper_accept: Prompt,
    /// To a counsellor who calls the staff line. The provider's voice says them: they are no prompts, and have no sound.
    pub staff: Option<StaffPhrases>,
    /// What a voice needs to know of this language.
    pub spoken_forms: SpokenForms,
}

/// What the staff line says. Keys and languages are filled in; `{count}` is left for how many people.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StaffPhrases {
    pub enter: String,
    pub wrong: String,
    pub goodbye: String,
    pub on_duty: String,
    pub off_duty: String,
    pub all_to_fallback: String,
    pub calls_to_desk: String,
    pub people: String,
    /// In the order of the hotline's languages.
    pub speak: Vec<String>,
    pub press_on: String,
    pub press_off: String,
    pub press_who: String,
    pub press_fallback: String,
    pub press_desk: String,
    pub press_hold_back: String,
    pub held_back: String,
    pub not_saved: String,
    /// To a counsellor who was called beside the waiting loop and is not needed: somebody else took the call, or the
    /// caller has left.
    pub taken: String,
    pub gone: String,
}

/// How words of a language are spoken, for whoever makes sound of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SpokenForms {
    /// The words for the digits 0 to 9.
    pub digits: Vec<String>,
    /// What a voice would read wrong, and how it must be written for a voice.
    pub pronounce: Vec<(String, String)>,
}

/// Everything the text service needs, filled in and ready to send.
#[derive(Clone, Debug, Default)]
pub struct SmsBook {
    /// Code (1 to 3 digits) -> its answer. Contains aliases; never `112`.
    pub codes: BTreeMap<String, Answer>,
    /// Cleaned keyword (upper-case A to Z) -> its answer.
    pub keywords: BTreeMap<String, Answer>,
    /// The text of each node: `texts[language][node]`; a node without a text of its own has its parent's.
    pub texts: Vec<Vec<String>>,
    /// The neutral answer to a text nobody understands.
    pub unknown: String,
    /// The emergency answer in two languages.
    pub emergency: String,
    /// Words that bring the emergency answer wherever they stand (`112`, `SOS`).
    pub emergency_words: Vec<String>,
    /// Keywords that are understood wherever they stand in a text: those of the nodes that are reached by text only.
    pub anywhere: Vec<String>,
    /// Words that are answered with nothing.
    pub stop_words: Vec<String>,
    /// Put behind the tenth answer within an hour: one sentence a language.
    pub last_answer: Vec<String>,
}

/// What a code or a keyword brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Node(LangIx, NodeIx),
    /// The same keyword in several languages: a ready line that names the code in each (`Nederlands: 111. English: 211.`).
    Choose(String),
}

impl Hotline {
    pub fn node(&self, ix: NodeIx) -> &Node {
        &self.nodes[usize::from(ix.0)]
    }

    pub fn spoken(&self, ix: NodeIx, language: LangIx) -> &Spoken {
        &self.node(ix).spoken[usize::from(language.0)]
    }

    pub fn phrases(&self, language: LangIx) -> &Phrases {
        &self.phrases[usize::from(language.0)]
    }

    pub fn language(&self, ix: LangIx) -> Language {
        self.languages[usize::from(ix.0)]
    }

    pub fn language_ix(&self, language: Language) -> Option<LangIx> {
        self.languages.iter().position(|known| *known == language).and_then(|at| u8::try_from(at).ok()).map(LangIx)
    }

    pub fn node_named(&self, name: &str) -> Option<NodeIx> {
        self.nodes.iter().position(|node| node.name == name).and_then(|at| u16::try_from(at).ok()).map(NodeIx)
    }

    /// The SMS code of a node in a language: the keys one would press from the front door. There is none where those
    /// keys are an emergency number.
    pub fn code(&self, language: LangIx, node: NodeIx) -> Option<String> {
        let path = self.node(node).path.as_deref()?;
        let code = format!("{}{path}", u16::from(language.0) + 1);
        self.sms.codes.contains_key(&code).then_some(code)
    }

    /// What a key from 1 to 6 does in a node.
    pub fn choice(&self, node: NodeIx, key: Digit) -> Option<Choice> {
        self.node(node).keys.get(key.option_index()?).copied()
    }

    /// Whether `*` has a level to go back to: every node that is not above the main menu.
    pub fn below_main(&self, node: NodeIx) -> bool {
        node != self.roles.main && node != self.roles.welcome
    }
}

impl Hotline {
    /// Every prompt that anybody can hear, in the order of the files; one that stands in several nodes comes several times.
    pub fn prompts(&self) -> impl Iterator<Item = &Prompt> {
        let front = &self.front;
        let front = std::iter::once(&front.greeting).chain(&front.languages).chain(&front.silence).chain([&front.end]);
        let nodes = self.nodes.iter().flat_map(|node| &node.spoken).flat_map(|spoken| {
            spoken.info.iter().chain(&spoken.options).chain(&spoken.reserved).chain(&spoken.letters)
        });
        let phrases = self.phrases.iter().flat_map(|phrases| {
            let single = [&phrases.wrong_key, &phrases.person, &phrases.waiting, &phrases.trouble];
            let whisper = phrases.whisper_call.iter().chain([&phrases.whisper_cannot_speak, &phrases.whisper_accept]);
            single.into_iter().chain(&phrases.silence).chain(whisper)
        });
        front.chain(nodes).chain(phrases)
    }

    /// The same, to be changed.
    pub(super) fn prompts_mut(&mut self) -> impl Iterator<Item = &mut Prompt> {
        let Front { greeting, languages, silence, end } = &mut self.front;
        let front = std::iter::once(greeting).chain(languages).chain(silence).chain([end]);
        let nodes = self.nodes.iter_mut().flat_map(|node| &mut node.spoken).flat_map(|spoken| {
            let Spoken { info, options, reserved, letters } = spoken;
            info.iter_mut().chain(options).chain(reserved).chain(letters)
        });
        let phrases = self.phrases.iter_mut().flat_map(|phrases| {
            let Phrases { wrong_key, silence, person, waiting, trouble, whisper_call, .. } = phrases;
            let whisper = [&mut phrases.whisper_cannot_speak, &mut phrases.whisper_accept];
            [wrong_key, person, waiting, trouble].into_iter().chain(silence).chain(whisper_call).chain(whisper)
        });
        front.chain(nodes).chain(phrases)
    }

    /// The date at the hotline's place.
    pub fn day(&self, now: jiff::Timestamp) -> jiff::civil::Date {
        now.to_zoned_datetime(self.timezone.clone()).date()
    }
}
