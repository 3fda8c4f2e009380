//! The files as they were read: every value with its place, names not yet followed.

use super::hotline::Act;
use crate::base::read::{At, Text};
use crate::base::{Language, Place};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cell::Cell;
use std::sync::Arc;

pub(super) struct Parsed {
    pub hotline: HotlineFile,
    /// In file order.
    pub voice: Vec<VoiceNode>,
    /// In the order of the hotline's languages.
    pub texts: Vec<TextsFile>,
    pub all: AllFile,
    pub contacts: Vec<Contact>,
    pub facts: Vec<Fact>,
    pub words: WordsFile,
}

pub(super) struct HotlineFile {
    pub name: Text,
    pub languages: Vec<At<Language>>,
    pub country: Text,
    pub start: Text,
    pub timezone: TimeZone,
    /// What the operator states about the number; unset means the careful wording.
    pub settings: [Option<bool>; Setting::ALL.len()],
    /// Numbers that skip the language question.
    pub lines: Vec<(Text, At<Language>)>,
}

/// What an operator can state about the number, and a text can depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Setting {
    MaskedOnBill,
    Free,
    NotRecorded,
}

impl Setting {
    pub const ALL: [(&'static str, Setting); 3] =
        [("masked_on_bill", Setting::MaskedOnBill), ("free", Setting::Free), ("not_recorded", Setting::NotRecorded)];
}

pub(super) struct VoiceNode {
    pub name: Text,
    pub then: Option<Text>,
    pub options: Vec<Text>,
    pub choices: Vec<At<Act>>,
    pub facts: Vec<Text>,
    pub text_facts: Vec<Text>,
    pub text_only: bool,
    pub order_reason: Option<Text>,
    pub waivers: Vec<Waiver>,
}

/// A rule that does not hold here, with the reason.
pub(super) struct Waiver {
    pub rule: Text,
    pub reason: Text,
    /// Whether it has silenced a finding.
    pub used: Cell<bool>,
}

pub(super) struct TextsFile {
    pub file: Arc<str>,
    pub nodes: Vec<(Text, NodeTexts)>,
    pub phrase: PhraseTexts,
}

/// What one node says in one language.
pub(super) struct NodeTexts {
    pub place: Place,
    pub option: Option<Text>,
    /// By the menu that words it so.
    pub option_from: Vec<(Text, Text)>,
    pub say: Option<Text>,
    /// In file order.
    pub settings: Vec<SettingText>,
    pub choice: Vec<(At<Act>, Text)>,
    pub choice_note: Vec<(At<Act>, Text)>,
    pub letters: Option<Text>,
    pub sms: Option<Text>,
    pub keywords: Option<Text>,
    pub waivers: Vec<Waiver>,
}

impl NodeTexts {
    pub fn choice(&self, act: Act) -> Option<&Text> {
        self.choice.iter().find(|(known, _)| known.value == act).map(|(_, text)| text)
    }

    pub fn choice_note(&self, act: Act) -> Option<&Text> {
        self.choice_note.iter().find(|(known, _)| known.value == act).map(|(_, text)| text)
    }

    /// How a menu words the option that leads here.
    pub fn option_in(&self, menu: &str) -> Option<&Text> {
        let own = self.option_from.iter().find(|(from, _)| from.as_str() == menu).map(|(_, text)| text);
        own.or(self.option.as_ref())
    }
}

/// Said if a setting is true (`when`), or unless it is.
pub(super) struct SettingText {
    pub setting: Setting,
    pub when: bool,
    pub text: Text,
}

/// The small sentences of one language, as written.
pub(super) struct PhraseTexts {
    pub name: Text,
    pub language: Text,
    pub press: Text,
    pub again: Text,
    pub back: Text,
    pub person: Text,
    pub wrong_key: Text,
    pub silence: [Text; 3],
    pub waiting: Text,
    pub trouble: Text,
    pub delete: Text,
    pub last_answer: Text,
    /// In the order of [`KEYS`].
    pub keys: [Text; 12],
    pub digits: [Text; 10],
    /// A word or several as written, and as they are written for a voice.
    pub pronounce: Vec<(Text, Text)>,
    pub hours: HourTexts,
    pub whisper: WhisperTexts,
    /// In the order of [`STAFF`]; may be left out by a hotline without a staff line.
    pub staff: Option<[Text; STAFF.len()]>,
}

/// The keys of a telephone as they are written in `phrase.keys`.
pub(super) const KEYS: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"];

impl PhraseTexts {
    /// The word for a key.
    pub fn key(&self, key: char) -> &str {
        KEYS.iter().position(|name| name.starts_with(key)).map_or("", |at| self.keys[at].as_str())
    }
}

pub(super) struct HourTexts {
    pub days: [Text; 7],
    pub through: Text,
    pub daily: Text,
    pub span: Text,
    pub always: Text,
    pub and: Text,
    pub hours: [Text; 24],
    pub half_hours: [Text; 24],
}

/// The sentences of `phrase.staff`, each with the placeholders that it must hold.
pub(super) const STAFF: [(&str, &[&str]); 19] = [
    ("enter", &[]),
    ("wrong", &[]),
    ("goodbye", &[]),
    ("on_duty", &[]),
    ("off_duty", &[]),
    ("all_to_fallback", &[]),
    ("calls_to_desk", &[]),
    ("people", &["count"]),
    ("speak", &["language", "count"]),
    ("press_on", &["key"]),
    ("press_off", &["key"]),
    ("press_who", &["key"]),
    ("press_fallback", &["key"]),
    ("press_desk", &["key"]),
    ("press_hold_back", &["key"]),
    ("held_back", &[]),
    ("not_saved", &[]),
    ("taken", &[]),
    ("gone", &[]),
];

pub(super) struct WhisperTexts {
    pub call: Text,
    pub cannot_speak: Text,
    pub accept: Text,
    /// In the order of the hotline's languages.
    pub languages: Vec<Text>,
}

/// What belongs to no language.
pub(super) struct AllFile {
    pub greeting: Text,
    pub silence: [Text; 2],
    pub end: Text,
    pub unknown: Text,
    pub emergency: Text,
    pub emergency_words: Vec<Text>,
    pub stop_words: Vec<Text>,
    pub choose: Text,
}

/// What a contact can be, and whether it is an emergency number.
pub(super) const CONTACT_KINDS: [(&str, bool); 2] = [("emergency", true), ("help", false)];

pub(super) struct Contact {
    pub id: Text,
    pub spoken: Text,
    pub printed: Text,
    pub emergency: bool,
    pub checked: Option<At<Date>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Criticality {
    Low,
    Medium,
    High,
    Critical,
}

impl Criticality {
    pub const ALL: [(&'static str, Criticality); 4] = [
        ("low", Criticality::Low),
        ("medium", Criticality::Medium),
        ("high", Criticality::High),
        ("critical", Criticality::Critical),
    ];
}

pub(super) struct Fact {
    pub id: Text,
    pub criticality: Criticality,
    pub voice_only: bool,
    /// In the order of the hotline's languages; groups of which one word must stand in the text.
    pub must_say: Vec<Option<Groups>>,
    /// The same for a text message; absent means as spoken.
    pub must_text: Vec<Option<Groups>>,
}

pub(super) type Groups = Vec<Vec<Text>>;

pub(super) struct WordsFile {
    /// Of all languages together: what a listener would recognise before the first key.
    pub sensitive: Vec<Text>,
    /// Of all languages together: what no text message may hold.
    pub sensitive_sms: Vec<Text>,
    /// In the order of the hotline's languages: what this hotline may not say in this country.
    pub forbidden: Vec<Vec<Text>>,
    pub reserved_sms: Vec<Text>,
    /// In the order of the hotline's languages: words that take time or put blame, and words that limit the next one.
    pub filler: Vec<Vec<Text>>,
    pub limiting: Vec<Vec<Text>>,
}
