//! What each rule is for, in words for the people who write menus.

use super::check::lengths::{EMERGENCY_S, FIRST_LANGUAGE_S, FIRST_OPTION_S, INFORMATION_S, OPTIONS_S, WHOLE_S};
use super::check::order::{CHOICES, LEVELS, MOST_CHOICES};
use super::check::speech::{FACT_SENTENCE, LABEL_WORDS, LONG_SENTENCE, PERSON_HEARD, SENTENCE};
use super::check::texts::{JOINED_PART, KEYWORD, ONE_PART, PARTS, TWO_PARTS};
use super::check::truth::KEYS_TO_FACT;
use super::check::words::{LANGUAGE_LINE_S, LANGUAGES_S, RATIO, WRONG_KEY_WORDS};
use super::check::{RULES, Waivable};
use super::load::Contact;

/// One rule in plain words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    pub id: &'static str,
    /// What it asks for, in one line.
    pub asks: String,
    pub why: &'static str,
    /// What to do when it speaks.
    pub todo: &'static str,
    pub kept: Kept,
}

/// What keeps a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// `check` looks at the files; whether a reason can be given against it.
    Checked(Waivable),
    /// The format and the engine: no menu file can break it.
    ByTheEngine,
    /// It needs sound, and is looked at when there is some.
    WithRecordings,
}

impl Explanation {
    /// How strict it is, and whether it can be waived, in a sentence.
    pub fn strictness(&self) -> &'static str {
        match self.kept {
            Kept::Checked(Waivable::WithReason) => {
                "Where it warns, and where it says so, a reason can be given against it: `\"RULE\" = \"reason\"` under `[node.NAME.waive]`, in the texts of one language, or in voice.toml for all."
            }
            Kept::Checked(Waivable::Never) => "It cannot be waived: nothing speaks against it.",
            Kept::ByTheEngine => "The program sees to it: no menu file can break it.",
            Kept::WithRecordings => "It is looked at when there is sound (docs/audio.md).",
        }
    }
}

/// The explanation of a rule; `None` if there is no such rule.
pub fn explain(id: &str) -> Option<Explanation> {
    all().into_iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// Every rule, in the order of the menu rules.
pub fn all() -> Vec<Explanation> {
    let (info, info_most) = INFORMATION_S;
    let (options, options_most) = OPTIONS_S;
    let rows: Vec<(&'static str, String, &'static str, &'static str)> = vec![
        (
            "MN-01",
            format!(
                "at most {CHOICES} choices in a menu, never more than {MOST_CHOICES}; at most {MOST_CHOICES} languages"
            ),
            "Somebody who is frightened, or listens in a second language, keeps few things in mind.",
            "Move a choice a level down, or give a reason.",
        ),
        (
            "MN-02",
            "keys begin at 1, follow each other, and each has a word of its own".into(),
            "Keys are not written down: they follow the order of `options`. What can go wrong is the same choice twice, or one word for two keys.",
            "Take the second one out, or give each key its word in `phrase.keys`.",
        ),
        (
            "MN-03",
            "0, 8, 9, * and # mean the same everywhere".into(),
            "Who has learnt once that 0 brings a person must be able to rely on it.",
            "Give these keys words of their own, and do not list `connect` as an option.",
        ),
        (
            "MN-04",
            "an option says what it brings, then its key".into(),
            "A key that is heard first is forgotten before one knows what it is for.",
            "Write `press` as in `{option}, press {key}.`",
        ),
        (
            "MN-05",
            format!("an option has at most {LABEL_WORDS} words, and no two in a menu begin alike"),
            "People choose by ear, often in noise, and press at the first word they know.",
            "Shorten it, and let options of a menu differ in their first two words of meaning.",
        ),
        (
            "MN-06",
            format!("at most {LEVELS} levels below the main menu"),
            "Who goes deeper gets lost, and the keys are also the code of the text message.",
            "List the node in a menu nearer to the main menu.",
        ),
        (
            "MN-07",
            "everything can be reached, and nothing is a dead end".into(),
            "A node nobody can reach is a text nobody hears; a dead end is silence.",
            "List it in a menu, give it keywords, or take it out.",
        ),
        (
            "MN-08",
            "nothing goes round without a key".into(),
            "A call that speaks to itself costs money and may be overheard.",
            "Let one of the nodes have `options` instead of `then`.",
        ),
        (
            "MN-09",
            format!("the way to a person is named within {PERSON_HEARD:.0} seconds, and is at most three keys long"),
            "A person helps more than any menu, and safe moments are short.",
            "Name key 0 in the first node, and leave out words before it. The whole way is proved: `hulplijn check` prints the longest.",
        ),
        (
            "MN-10",
            "the order of options has a reason".into(),
            "What is heard first is heard best: urgent things first, then what is used most. The reason keeps the next editor from undoing it.",
            "Write `order_reason`.",
        ),
        (
            "TM-01",
            format!(
                "the first language is offered within {FIRST_LANGUAGE_S:.0} seconds, the first topic {FIRST_OPTION_S:.0} seconds after the key of the language"
            ),
            "Safe moments are short.",
            "Leave out words before it.",
        ),
        (
            "TM-02",
            format!(
                "the emergency number is said within {EMERGENCY_S:.0} seconds after the answer, also to who hears every language first and presses nothing more"
            ),
            "Who is in danger must not have to search. Before a language is chosen it is not said: whoever presses redial would hear it.",
            "Say it at the beginning of the main menu.",
        ),
        (
            "TM-03",
            format!("the information of a node takes at most {info:.0} seconds, never more than {info_most:.0}"),
            "More is not remembered.",
            "Leave words out, move some a level down, or give a reason.",
        ),
        (
            "TM-04",
            format!(
                "the keys of a node take at most {options:.0} seconds, never more than {options_most:.0}; all of it at most {WHOLE_S:.0}"
            ),
            "The first option is forgotten when the last one is said.",
            "Shorten the options, or give a reason.",
        ),
        (
            "TM-05",
            "three patient rounds without a key, each in other words".into(),
            "Silence is not an error: she may be hiding. Whoever hears the same words twice thinks that the line hangs. The waiting times, 7 to 10 seconds, are the engine's.",
            "Write three different sentences in `phrase.silence`, and two in `front.silence`.",
        ),
        (
            "TM-06",
            "no key is the beginning of a longer one".into(),
            "Then every key works at once. Menus ask for one key, always.",
            "Nothing: it cannot be broken.",
        ),
        (
            "TM-07",
            "half a second to three quarters between options, a third to two thirds after a key".into(),
            "People need time to decide, and to bring the handset back to the ear.",
            "`hulplijn audio render` and `import` cut the silence right. The time after a key is the provider's.",
        ),
        (
            "TM-08",
            "waiting: words at once, again and again, and after three minutes other choices".into(),
            "Silence is the worst: is the line alive?",
            "Nothing: it cannot be broken. Without music the words come about every ten seconds.",
        ),
        (
            "TM-09",
            "a language is spoken at 110 to 150 words a minute, no prompt at more than 170".into(),
            "Listeners in a second language hear the same speech as faster. Telephone numbers, letters and prompts of a few words do not count: they are slow by themselves; in a single prompt a word counts for at most five letters.",
            "Change the speed of the voice in the configuration, or speak at another pace.",
        ),
        (
            "PR-01",
            format!(
                "a sentence has at most {SENTENCE} words, never more than {LONG_SENTENCE}; {FACT_SENTENCE} for a fact, with a reason"
            ),
            "Short sentences are understood by four in five adults; digits count one by one.",
            "Make two sentences of it, with one thought each.",
        ),
        (
            "PR-02",
            "telephone numbers come from contacts.toml, digit by digit, and are said twice".into(),
            "Callers have no pen. And a number that is typed in ten places is corrected in nine.",
            "Write the contact's name in curly brackets, twice: `Their number: {comensha}. Again: {comensha}.`",
        ),
        (
            "PR-03",
            "nothing that a voice would guess at: no signs, digits, abbreviations, web addresses".into(),
            "A computer voice reads `24/7` or `NGO` in its own way, and a human reader stumbles.",
            "Write it as it is said.",
        ),
        (
            "PR-04",
            "no filler, no blame (`[filler]` in words.toml)".into(),
            "`Invalid`, `unfortunately`, `your call is important`: they take time and put people off.",
            "Say what she can do now, and nothing else.",
        ),
        (
            "PR-05",
            format!("a wrong key is met with words of its own, at most {WRONG_KEY_WORDS}, and then the options"),
            "Who pressed something wants to know that it did nothing, and what does. After three wrong keys a person is looked for; the engine does that.",
            "Say that the key does nothing here, and to choose again.",
        ),
        (
            "PR-06",
            "every prompt can be interrupted by a key; none is carried over into the question before a person is rung"
                .into(),
            "Speed without accidents.",
            "Nothing: it cannot be broken.",
        ),
        (
            "PR-07",
            "before a person comes on, it is said who that will be; 1 says yes, `*` goes back".into(),
            "Nobody is put through without having said yes.",
            "Write `say` in `connect`.",
        ),
        (
            "PR-08",
            "sounds: 8 kHz, one channel, speech within 2 dB of -22 dB, no peak above -3 dB, at most 150 ms of silence before and 300 behind".into(),
            "Old phones and their small speakers.",
            "`hulplijn audio render` and `import` make it so.",
        ),
        (
            "LG-01",
            "what one language has, every language has".into(),
            "A language that is offered is offered whole, or people are left in the middle of it.",
            "Write what is missing, or take the language out of `languages` until it is there.",
        ),
        (
            "LG-02",
            format!(
                "each language names itself in its own words, in at most {LANGUAGE_LINE_S} seconds; the list takes at most {LANGUAGES_S:.0}"
            ),
            "Some know no other language, and listen for its name.",
            "Put the name of the language, as `phrase.name` has it, into `phrase.language`.",
        ),
        (
            "LG-03",
            format!("a translation has {} to {} times as many words as the English", RATIO.0, RATIO.1),
            "Much shorter: something is missing. Much longer: something was added.",
            "Compare the two, or give a reason.",
        ),
        (
            "LG-04",
            "a sound belongs to the words as they are now, and is the file that was catalogued".into(),
            "A stale recording tells the law of last year: it is not played, and the provider says the words instead. Drafts are named once a language, until somebody has recorded them.",
            "Run `hulplijn audio render`, or record it and run `hulplijn audio import`.",
        ),
        (
            "FC-01",
            format!(
                "every fact is spoken, and texted unless it is `voice_only`; what much depends on at most {KEYS_TO_FACT} keys from the main menu"
            ),
            "The source document is the measure: nothing of it may be lost.",
            "Say it, and list it in `facts` or `text_facts` of that node in voice.toml.",
        ),
        (
            "FC-02",
            "each fact is said whole in every language: the words of `must_say`".into(),
            "A lost `only`, `temporary` or `3` can cost somebody a right.",
            "First ask whether the fact is still said. If it is, put the new wording beside the old one in `must_say`.",
        ),
        (
            "FC-03",
            format!(
                "no promise this hotline cannot keep; every number was called, at most {} days ago",
                Contact::FRESH_DAYS
            ),
            "`Anonymous`, `completely safe`, `press 55`: wrong promises are dangerous here. A number that nobody called may be anybody's.",
            "Say it otherwise; call the number, then write `checked_on` and `checked_by`. An unchecked number keeps a line from going live; an old one keeps new menus with it from being published, and never stops serving.",
        ),
        (
            "SF-01",
            "nothing gives a caller away: no telling word before the first key, none in a text message".into(),
            "Others press redial, and read texts over a shoulder. words.toml lists these words.",
            "Say it by voice and after a key, and mark the fact `voice_only`.",
        ),
        (
            "SM-01",
            format!(
                "a text message has at most {ONE_PART} signs, never more than {TWO_PARTS}; in other scripts at most {PARTS} parts"
            ),
            "Long texts travel in parts, and parts get lost.",
            "Shorten it, or give a reason why its halves must not part.",
        ),
        (
            "SM-02",
            "only letters that plain text messages have".into(),
            "One letter more, such as a curly quote, and a message has room for 70 signs instead of 160.",
            "Use the letter that is proposed.",
        ),
        (
            "SM-03",
            format!(
                "no part ends (after {JOINED_PART} signs) inside a number, or between `only` and what it limits; the first part says something by itself"
            ),
            "Parts arrive late, or in the wrong order. Half of `you may only ...` says the opposite. `[limiting]` in words.toml lists such words.",
            "Put the words in another order, or give a reason.",
        ),
        (
            "SM-04",
            "the last sentence asks to delete the text; no link, no name of the hotline".into(),
            "A text stays on the phone, and phones show links in colour.",
            "End it with the sentence of `phrase.delete`; say a web address by voice.",
        ),
        (
            "SM-05",
            format!(
                "keywords have {} to {} letters, lead to one answer, and differ by more than a slip",
                KEYWORD.start(),
                KEYWORD.end()
            ),
            "People type without looking. Words that providers answer themselves can only be a second keyword.",
            "Choose an everyday word without signs.",
        ),
        (
            "SM-06",
            "codes are the keys on the phone, are never typed by hand, and keep their meaning".into(),
            "One thing to remember. 112 is never a code. A code or keyword that stands on the line keeps its meaning, since leaflets live for years.",
            "Write `{code.NODE}`; add new options at the end; or name the code in the reason of a waiver.",
        ),
        (
            "SM-07",
            "a keyword is understood as real phones send it: small letters, quotes, accents, a signature, one slip"
                .into(),
            "Phones change what people type.",
            "Choose a word whose slips mean nothing else.",
        ),
    ];
    let kept = |id: &str| match RULES.iter().find(|rule| rule.id == id) {
        Some(rule) => Kept::Checked(rule.waivable),
        None if id == "SM-07" => Kept::Checked(Waivable::Never),
        None if ["TM-07", "TM-09", "PR-08", "LG-04"].contains(&id) => Kept::WithRecordings,
        None => Kept::ByTheEngine,
    };
    rows.into_iter().map(|(id, asks, why, todo)| Explanation { id, asks, why, todo, kept: kept(id) }).collect()
}

/// The page `docs/rules.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# The rules of `hulplijn check`\n\nEvery rule that a hotline's files must keep, as `hulplijn explain RULE` tells it. Errors keep a folder from being served and\n\
         published; warnings want a reason or a change; notices are a status. A waiver stands beside the thing, with its reason:\n\n\
         ```toml\n[node.help.waive]\n\"SM-01\" = \"seven facts belong together\"\n```\n\n\
         Seconds are counted at 150 words a minute, digits one by one, with a pause of 0.6 s after an option and 0.3 s after a group of\n\
         sentences; where a prompt has a sound of its words, as long as that takes.\n",
    );
    for rule in all() {
        page.push_str(&format!(
            "\n## {}\n\n**{}.** {}\n\n*What to do:* {} {}\n",
            rule.id,
            capitalised(&rule.asks),
            rule.why,
            rule.todo,
            rule.strictness()
        ));
    }
    page
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::check::RULES;

    #[test]
    fn every_rule_that_can_speak_is_explained_once() {
        let ids: Vec<&str> = all().iter().map(|rule| rule.id).collect();
        let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!((ids.len(), unique.len()), (42, 42));
        for rule in RULES {
            assert_eq!(explain(rule.id).unwrap().kept, Kept::Checked(rule.waivable), "{}", rule.id);
        }
        assert!(explain("mn-05").is_some() && explain("MN-99").is_none());
        assert!(explain("TM-03").unwrap().asks.contains("at most 25 seconds, never more than 30"));
    }

    #[test]
    fn the_page_is_what_explain_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, page()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page(), "BLESS=1 writes the page anew");
    }
}
