//! How long prompts take to say: their sound where there is one, else by their words (menu-rules, section 4).

use super::hotline::{Hotline, LangIx, NodeIx, Prompt};
use crate::base::Language;
use std::collections::HashMap;
use std::sync::Arc;

/// Words a second: 150 a minute. Recordings are made at 120 to 140, so this is the quickest.
const WORDS_PER_SECOND: f64 = 2.5;
/// The silence after an option.
pub(super) const AFTER_OPTION: f64 = 0.6;
/// The silence after a group of sentences.
pub(super) const AFTER_GROUP: f64 = 0.3;

/// How long the sound of prompts lasts. Whoever knows the sound says so; a hotline is checked the same way without.
#[derive(Clone, Default, Debug)]
pub struct Lengths(Arc<HashMap<(Language, String), Vec<Known>>>);

/// Words and the milliseconds they take.
type Known = (String, u32);

impl Lengths {
    /// Language, prompt, words, milliseconds. A prompt can have several words, as its settings differ.
    pub fn new(known: impl IntoIterator<Item = (Language, String, String, u32)>) -> Lengths {
        let mut lengths: HashMap<_, Vec<_>> = HashMap::new();
        for (language, id, words, ms) in known {
            lengths.entry((language, id)).or_default().push((words, ms));
        }
        Lengths(Arc::new(lengths))
    }

    /// Of exactly these words.
    pub(super) fn of(&self, language: Language, prompt: &Prompt) -> Option<u32> {
        let known = self.0.get(&(language, prompt.id.clone()))?;
        known.iter().find(|(words, _)| *words == prompt.words).map(|(_, ms)| *ms)
    }
}

/// Seconds these prompts take one after the other: their sound, which holds its pauses; without sound words at 150 a
/// minute, digits read singly as one word each, and 0.6 s for an option, 0.3 s for a group of sentences.
pub fn seconds<'h>(prompts: impl IntoIterator<Item = &'h Prompt>) -> f64 {
    prompts.into_iter().map(|prompt| spoken_seconds(prompt) + pause_seconds(prompt)).sum()
}

/// Seconds of a prompt without the pause behind it that is counted where there is no sound.
pub(super) fn spoken_seconds(prompt: &Prompt) -> f64 {
    prompt.measured_ms.map_or_else(|| speech(&prompt.words), |ms| f64::from(ms) / 1000.0)
}

/// The pause behind a prompt: none where it is part of the sound.
pub(super) fn pause_seconds(prompt: &Prompt) -> f64 {
    match prompt.measured_ms {
        Some(_) => 0.0,
        None if is_option(prompt) => AFTER_OPTION,
        None => AFTER_GROUP,
    }
}

/// Seconds of everything a node says, once, without a key.
pub fn node_seconds(hotline: &Hotline, node: NodeIx, language: LangIx) -> f64 {
    let spoken = hotline.spoken(node, language);
    seconds(spoken.info.iter().chain(&spoken.options).chain(&spoken.reserved))
}

/// Seconds from the answer until the key of this language has been named.
pub fn until_language(hotline: &Hotline, language: LangIx) -> f64 {
    let lines = hotline.front.languages.iter().take(usize::from(language.0) + 1);
    seconds(std::iter::once(&hotline.front.greeting).chain(lines))
}

/// Seconds from the first word of a node until its key of this number (counted from 0) has been named.
pub fn until_key(hotline: &Hotline, node: NodeIx, language: LangIx, key: usize) -> f64 {
    let spoken = hotline.spoken(node, language);
    seconds(spoken.info.iter().chain(spoken.options.iter().take(key + 1)))
}

/// Seconds from the first word of a node until key 0 has been named; all that it says where it does not name it.
pub fn until_person(hotline: &Hotline, node: NodeIx, language: LangIx) -> f64 {
    let spoken = hotline.spoken(node, language);
    let named = spoken.reserved.iter().position(|prompt| prompt.id == "phrase/person");
    let reserved = spoken.reserved.iter().take(named.map_or(spoken.reserved.len(), |at| at + 1));
    seconds(spoken.info.iter().chain(&spoken.options).chain(reserved))
}

/// Seconds of words without a pause.
pub(super) fn speech(words: &str) -> f64 {
    spoken_words(words) as f64 / WORDS_PER_SECOND
}

/// Whether a time is longer than a limit. All times are whole tenths of a second, and are told so; their sums in binary
/// are not, and 25.0 s must not be more than 25 s.
pub(super) fn over(time_s: f64, most_s: f64) -> bool {
    (time_s * 10.0).round() > (most_s * 10.0).round()
}

/// How many words are said: each digit that is written as one is a word, marks alone are none.
pub(super) fn spoken_words(text: &str) -> usize {
    let count = |token: &str| match token.chars().filter(char::is_ascii_digit).count() {
        0 => usize::from(token.chars().any(char::is_alphanumeric)),
        digits => digits,
    };
    text.split_whitespace().map(count).sum()
}

/// Whether a prompt names a key.
fn is_option(prompt: &Prompt) -> bool {
    let mut parts = prompt.id.split('/');
    match (parts.next(), parts.next()) {
        (Some("front"), Some("language")) | (Some("phrase"), Some("again" | "person" | "back")) => true,
        (_, part) => matches!(part, Some("option" | "choice")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_digits_and_letters() {
        let case = |text: &str, words: usize| assert_eq!(spoken_words(text), words, "{text}");
        case("", 0);
        case("Hang up and call one one two.", 7);
        case("Call 112, or wait.", 6);
        case("First: W, E, G.", 4);
        case("It is called the B eight three permit.", 8);
        case("Yes - no", 2);
    }

    #[test]
    fn options_and_groups_have_their_pauses() {
        let prompt = |id: &str| Prompt {
            id: id.into(),
            language: LangIx(0),
            words: "one two three four five".into(),
            sentences: 1,
            measured_ms: None,
        };
        let case = |id: &str, expected: f64| assert!((seconds([&prompt(id)]) - expected).abs() < 1e-9, "{id}");
        case("help/say/1", 2.3);
        case("help/option/stay", 2.6);
        case("connect/choice/talk", 2.6);
        case("phrase/person", 2.6);
        case("phrase/silence/1", 2.3);
        case("front/language/nl", 2.6);
        case("front/greeting", 2.3);
        assert!((seconds([&prompt("help/say/1"), &prompt("phrase/back")]) - 4.9).abs() < 1e-9);
        let measured = Prompt { measured_ms: Some(3_250), ..prompt("help/option/stay") };
        assert!((seconds([&measured, &prompt("help/say/1")]) - 5.55).abs() < 1e-9);
    }

    #[test]
    fn a_limit_is_a_tenth_of_a_second_wide() {
        // Ten pauses of 0.3 s and 55 words are 25 s to a reader, and more than that to a processor that adds them up.
        let groups = [23.0, 9.0, 6.0, 4.0, 3.0, 3.0, 2.0, 2.0, 2.0, 1.0];
        let time: f64 = groups.iter().map(|words| words / WORDS_PER_SECOND + AFTER_GROUP).sum();
        assert!(time > 25.0 && !over(time, 25.0), "{time:?}");
        let case = |time: f64, most: f64, expected: bool| assert_eq!(over(time, most), expected, "{time} {most}");
        case(24.9, 25.0, false);
        case(25.0, 25.0, false);
        case(25.1, 25.0, true);
        case(3.5, 3.5, false);
        case(3.6, 3.5, true);
        case(0.0, 3.5, false);
    }
}
