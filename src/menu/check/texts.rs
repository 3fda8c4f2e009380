//! What is sent: length, letters, the last sentence, keywords and codes.

use super::speech::digit_runs;
use super::{Issues, Subject, count, holds, plain};
use crate::base::gsm7::{segments, septets, septets_of};
use crate::base::read::Text;
use crate::base::{Finding, Place};
use crate::menu::fill::folded;
use crate::menu::hotline::LangIx;
use crate::menu::resolve::{Message, MessageKind, Resolved, languages};
use crate::menu::texting::{Keyword, cleaned};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// SM-01: one part, and two.
pub const ONE_PART: usize = 160;
pub const TWO_PARTS: usize = 306;
/// SM-03: septets of a part of a joined message.
pub const JOINED_PART: usize = 153;
/// SM-01: parts of a text in another script.
pub const PARTS: usize = 4;
/// SM-05: letters of a keyword.
pub const KEYWORD: std::ops::RangeInclusive<usize> = 4..=10;
/// SM-05: a keyword this long is also understood with one slip, so two such words must differ by more than one.
const TYPO_LETTERS: usize = 5;

/// Whether a language is written in Latin letters, as its own name is: then its texts are written in GSM-7.
fn is_latin(resolved: &Resolved, language: LangIx) -> bool {
    let name = &resolved.parsed.texts[usize::from(language.0)].phrase.name;
    name.chars().filter(|c| c.is_alphabetic()).all(|c| matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'))
}

/// Whether a message must do with GSM-7: what belongs to no language must as long as all languages do.
fn is_gsm7_message(resolved: &Resolved, message: &Message) -> bool {
    match message.language {
        Some(language) => is_latin(resolved, language),
        None => languages(resolved.parsed).all(|language| is_latin(resolved, language)),
    }
}

/// SM-01.
pub(super) fn short(on: &Subject, issues: &mut Issues) {
    on.resolved.messages.iter().for_each(|message| short_message(on.resolved, message, issues));
}

fn short_message(resolved: &Resolved, message: &Message, issues: &mut Issues) {
    let node = match message.kind {
        MessageKind::Node(node) => Some(node),
        MessageKind::Unknown | MessageKind::Emergency | MessageKind::Choose => None,
        MessageKind::LastAnswer => return,
    };
    let place = message.source.place.clone();
    if !is_gsm7_message(resolved, message) {
        let parts = segments(&message.words).parts;
        if parts > PARTS {
            let finding = Finding::error("SM-01", place, "the text message is too long");
            issues.add(finding.found(format!("{parts} parts")).expected(format!("at most {PARTS}")));
        }
        return;
    }
    let units = septets(&message.words).unwrap_or_else(|| message.words.chars().count());
    let found = format!(
        "{} in {}",
        count(units, "character", "characters"),
        count(segments(&message.words).parts, "part", "parts")
    );
    if units > TWO_PARTS {
        let finding = Finding::error("SM-01", place, "the text message is too long");
        issues.add(finding.found(found).expected(format!("at most {TWO_PARTS}, which are two parts")));
    } else if units > ONE_PART && node.is_some() {
        let finding = Finding::warning("SM-01", place, "the text message travels in two parts")
            .found(found)
            .expected(format!("at most {ONE_PART}"))
            .help("shorten it, or waive the rule with a reason");
        issues.add_at(node, message.language, finding);
    }
}

/// SM-02.
pub(super) fn in_gsm7(on: &Subject, issues: &mut Issues) {
    on.resolved.messages.iter().for_each(|message| in_gsm7_message(on.resolved, message, issues));
}

fn in_gsm7_message(resolved: &Resolved, message: &Message, issues: &mut Issues) {
    if !is_gsm7_message(resolved, message) || message.kind == MessageKind::Choose {
        return;
    }
    let outside: BTreeSet<char> = message.words.chars().filter(|c| septets_of(*c).is_none()).collect();
    for c in outside {
        let at = message.source.find(c);
        let place = at.map_or_else(|| message.source.place.clone(), |at| message.source.within(at..at + c.len_utf8()));
        let mut finding = Finding::error("SM-02", place, format!("`{c}` is not a letter of plain text messages"))
            .found(format!("U+{:04X}; with it, a part has room for 67 characters instead of 153", u32::from(c)));
        finding = match replacement(c) {
            Some(other) => finding.expected(format!("`{other}`")),
            None => finding.help("leave it out, or use another word"),
        };
        issues.add(finding);
    }
}

/// What is written instead of a letter outside GSM-7.
fn replacement(c: char) -> Option<String> {
    let sign = match c {
        '’' | '‘' | '‚' | '`' | '´' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '–' | '—' | '‑' => "-",
        '•' | '·' => "-",
        _ => {
            let base: String = c.nfkd().filter(|c| septets_of(*c).is_some()).collect();
            return (!base.is_empty()).then_some(base);
        }
    };
    Some(sign.to_owned())
}

/// SM-04: the last sentence asks to delete the text; no link, no name. The answer to an unknown text, the emergency answer
/// and the line of codes are neutral or urgent, and go without that sentence.
pub(super) fn discreet(on: &Subject, issues: &mut Issues) {
    on.resolved.messages.iter().for_each(|message| discreet_message(on.resolved, message, issues));
}

fn discreet_message(resolved: &Resolved, message: &Message, issues: &mut Issues) {
    let place = || message.source.place.clone();
    if let (MessageKind::Node(node), Some(language)) = (message.kind, message.language) {
        let delete = folded(&resolved.parsed.texts[usize::from(language.0)].phrase.delete);
        if !message.words.ends_with(&delete) {
            let end: Vec<&str> = message.words.split_whitespace().rev().take(4).collect();
            let end: Vec<&str> = end.into_iter().rev().collect();
            let message =
                format!("the text of `{}` does not end with the sentence about deleting it", resolved.links.name(node));
            issues.add(
                Finding::error("SM-04", place(), message)
                    .found(format!("`... {}`", end.join(" ")))
                    .expected(format!("`{delete}` at the end, exactly as in `phrase.delete`")),
            );
        }
    }
    if let Some(link) = message.words.split_whitespace().find(|word| is_link(word)) {
        let finding = Finding::error("SM-04", place(), "a text message holds no link").found(format!("`{link}`"));
        issues
            .add(finding.help("a phone shows links in colour, and remembers those that were opened: say it by voice"));
    }
    if holds(&message.words, &resolved.parsed.hotline.name) {
        let finding = Finding::error("SM-04", place(), "a text message does not name the hotline");
        issues.add(finding.found(format!("`{}`", resolved.parsed.hotline.name.as_str())));
    }
}

/// Something a phone would make a link of: two words of letters with a full stop between, or what browsers know.
fn is_link(word: &str) -> bool {
    let lower = word.to_lowercase();
    if lower.contains("://") || lower.starts_with("www.") {
        return true;
    }
    let letters = |part: &str, end: bool| {
        let count = |chars: &mut dyn Iterator<Item = char>| chars.take_while(|c| c.is_alphabetic()).count();
        if end { count(&mut part.chars().rev()) } else { count(&mut part.chars()) }
    };
    let parts: Vec<&str> = lower.split('.').collect();
    parts.windows(2).any(|pair| letters(pair[0], true) >= 2 && letters(pair[1], false) >= 2)
}

/// PR-02 for texts.
pub(super) fn no_typed_number(on: &Subject, issues: &mut Issues) {
    for typed in typed_numbers(on.resolved).filter(|typed| !typed.is_code && typed.digits >= 3) {
        issues.add(
            Finding::error("PR-02", typed.place, "a number is typed into this text")
                .found(format!("`{}`", typed.written))
                .expected("the name of a contact, such as `{emergency}`")
                .help("add the number to `contacts.toml`, with its source, and write its name in curly brackets"),
        );
    }
}

/// SM-06: a code that is typed goes wrong when options move.
pub(super) fn no_typed_code(on: &Subject, issues: &mut Issues) {
    for typed in typed_numbers(on.resolved).filter(|typed| typed.is_code) {
        let node = match typed.message.kind {
            MessageKind::Node(node) => Some(node),
            _ => None,
        };
        let finding = Finding::warning("SM-06", typed.place, "this is a code, typed by hand")
            .found(format!("`{}`", typed.written))
            .expected("`{code.NODE}`, with the name of the node")
            .help("typed codes go wrong when options move; if it is another number, waive the rule with a reason");
        issues.add_at(node, typed.message.language, finding);
    }
}

/// Digits in a text message that somebody typed.
struct Typed<'r> {
    message: &'r Message<'r>,
    written: String,
    digits: usize,
    is_code: bool,
    place: Place,
}

fn typed_numbers<'r>(resolved: &'r Resolved) -> impl Iterator<Item = Typed<'r>> {
    let numbered = |message: &&Message| !matches!(message.kind, MessageKind::Unknown | MessageKind::Choose);
    resolved.messages.iter().filter(numbered).flat_map(move |message| {
        digit_runs(message.source).into_iter().map(move |written| {
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            Typed {
                message,
                digits: digits.len(),
                is_code: digits.len() >= 2 && resolved.hotline.sms.codes.contains_key(&digits),
                place: match message.source.find(written.as_str()) {
                    Some(at) => message.source.within(at..at + written.len()),
                    None => message.source.place.clone(),
                },
                written,
            }
        })
    })
}

/// SM-03: parts can arrive late or in the wrong order. No border falls into a number or behind a word that limits the
/// next one, and the first part holds a whole sentence.
pub(super) fn good_borders(on: &Subject, issues: &mut Issues) {
    for message in &on.resolved.messages {
        let MessageKind::Node(node) = message.kind else { continue };
        let long = septets(&message.words).is_some_and(|units| units > ONE_PART);
        if !long || !is_gsm7_message(on.resolved, message) {
            continue;
        }
        let limiting = message.language.map(|language| &on.resolved.parsed.words.limiting[usize::from(language.0)]);
        for (part, border) in (1..).zip(borders(&message.words)) {
            let (before, after) = message.words.split_at(border);
            let Some(why) = bad_border(before, after, limiting.map_or(&[], Vec::as_slice), part == 1) else { continue };
            let tail: String = before.chars().rev().take(16).collect::<Vec<_>>().into_iter().rev().collect();
            let head: String = after.chars().take(16).collect();
            let finding = Finding::warning("SM-03", message.source.place.clone(), why)
                .found(format!("part {part} ends here: `...{tail}|{head}...`"))
                .expected("a border between two words that can stand apart")
                .help("put the words in another order, or waive the rule with a reason");
            issues.add_at(Some(node), message.language, finding);
        }
    }
}

/// Where the parts of a joined message begin, as bytes of it: after 153 septets each.
fn borders(words: &str) -> Vec<usize> {
    let (mut borders, mut units) = (Vec::new(), 0);
    for (at, c) in words.char_indices() {
        let wide = septets_of(c).map_or(1, usize::from);
        if units + wide > JOINED_PART {
            borders.push(at);
            units = 0;
        }
        units += wide;
    }
    borders
}

fn bad_border(before: &str, after: &str, limiting: &[Text], first: bool) -> Option<&'static str> {
    let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let grouped = digits(before.trim_end_matches(' ').chars().next_back())
        && digits(after.trim_start_matches(' ').chars().next());
    if grouped {
        return Some("a number is cut in two between the parts of this text message");
    }
    // The word that is cut by the border, or stands just behind it, is lost with the second part.
    let kept = match after.starts_with(char::is_whitespace) || before.ends_with(char::is_whitespace) {
        true => before,
        false => before.rsplit_once(char::is_whitespace).map_or("", |(kept, _)| kept),
    };
    let last = kept.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    if limiting.iter().any(|word| folded(word).to_lowercase() == last) {
        return Some("a word that limits the next one stands at the end of a part");
    }
    let whole = before.contains(['.', '?', '!']);
    (first && !whole).then_some("the first part of this text message says nothing by itself")
}

/// SM-05.
pub(super) fn keywords(on: &Subject, issues: &mut Issues) {
    let resolved = on.resolved;
    let all = &resolved.parsed.all;
    let among = |word: &str, words: &[crate::base::read::Text]| words.iter().any(|other| cleaned(other) == word);
    for (at, keyword) in resolved.keywords.iter().enumerate() {
        let mut wrong = |message: String, expected: &str| {
            issues.add(Finding::error("SM-05", keyword.place.clone(), message).expected(expected));
        };
        let word = keyword.word.as_str();
        let letters = word.chars().all(|c| c.is_ascii_alphabetic());
        if !letters || !KEYWORD.contains(&word.len()) {
            let message = format!("`{}` is not a keyword", keyword.written);
            wrong(message, "4 to 10 letters from A to Z; accents are dropped");
            continue;
        }
        if keyword.printed && among(word, &resolved.parsed.words.reserved_sms) {
            let message = format!("providers answer `{word}` themselves");
            wrong(message, "another word first: such a word can only be an alias behind it");
        }
        if among(word, &all.stop_words) {
            wrong(format!("`{word}` is a stop word, which is answered with nothing"), "another word");
        }
        if among(word, &all.emergency_words) {
            wrong(format!("`{word}` brings the emergency answer"), "another word");
        }
        let before = &resolved.keywords[..at];
        if let Some(twin) = before.iter().find(|twin| twin.word == word) {
            if twin.node != keyword.node {
                let name = resolved.links.name(twin.node);
                wrong(format!("the keyword `{word}` already leads to `{name}`"), "a word that leads to one node only");
            } else if twin.language == keyword.language {
                wrong(format!("the keyword `{word}` stands here twice"), "each word once");
            }
        } else if let Some(near) = before.iter().find(|near| too_near(near, keyword)) {
            let message =
                format!("`{word}` and `{}` are one slip of the finger apart and lead to different texts", near.word);
            wrong(message, "words of five letters or more that differ by at least two");
        }
    }
}

fn too_near(a: &Keyword, b: &Keyword) -> bool {
    a.node != b.node
        && a.word.len() >= TYPO_LETTERS
        && b.word.len() >= TYPO_LETTERS
        && a.word.len().abs_diff(b.word.len()) <= 1
        && strsim::damerau_levenshtein(&a.word, &b.word) < 2
}

/// SM-06: the digit of a language in a text is its key, and the emergency number is never a code.
pub(super) fn codes_are_keys(on: &Subject, issues: &mut Issues) {
    let resolved = on.resolved;
    let all = &resolved.parsed.all;
    for contact in resolved.parsed.contacts.iter().filter(|contact| contact.emergency) {
        let number: String = contact.spoken.chars().filter(char::is_ascii_digit).collect();
        let Some(first) = all.emergency_words.first() else { break };
        if !number.is_empty() && !all.emergency_words.iter().any(|word| folded(word) == number) {
            issues.add(
                Finding::error(
                    "SM-06",
                    first.place.clone(),
                    format!("the text `{number}` does not bring the emergency answer"),
                )
                .expected(format!("`{number}` among the emergency words")),
            );
        }
    }
    let unknown = plain(&folded(&all.unknown));
    for language in languages(resolved.parsed) {
        let name = plain(&folded(&resolved.parsed.texts[usize::from(language.0)].phrase.name));
        let Some(at) = unknown.find(&name) else { continue };
        let before = unknown[..at].chars().rev().find(char::is_ascii_digit);
        let key = char::from(b'1' + language.0.min(8));
        if before.is_some_and(|digit| digit != key) {
            issues.add(
                Finding::error("SM-06", all.unknown.place.clone(), format!("a wrong digit stands before `{name}`"))
                    .found(before.map(|digit| format!("`{digit}`")).unwrap_or_default())
                    .expected(format!("`{key}`, its key on the phone")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity::{Error, Warning};
    use crate::base::findings::Findings;
    use crate::menu::fixture::{TODAY, case, checked, expect, finds, sound, sources, spoil, spoilt};

    const STAY: &str = "Text {code.months} for the months.";

    #[test]
    fn sm_01_length() {
        let words = |length: usize| "x".repeat(length - " Delete this text.".len());
        let with = |length: usize| spoilt("texts/en.toml", STAY, &words(length));
        assert!(sound(&with(160)));
        expect(&with(161), "SM-01", Warning, "found: 161 characters in 2 parts");
        expect(&with(306), "SM-01", Warning, "at most 160");
        expect(&with(307), "SM-01", Error, "at most 306");
        // What belongs to no node can do with two parts, and not with three.
        let unknown = |length: usize| {
            let rest = "x".repeat(length - "1 = Nederlands. 2 = English. ".len());
            spoilt("texts/all.toml", "2 = English.", &format!("2 = English. {rest}"))
        };
        assert!(sound(&unknown(306)));
        expect(&unknown(307), "SM-01", Error, "found: 307 characters in 3 parts");
        let mut waived = with(200);
        spoil(&mut waived, "texts/en.toml", "[node.stay]", "[node.stay]\nwaive.SM-01 = \"one thought\"");
        assert!(sound(&waived));
        let mut elsewhere = with(200);
        spoil(&mut elsewhere, "texts/nl.toml", "[node.stay]", "[node.stay]\nwaive.SM-01 = \"one thought\"");
        let findings = checked(&elsewhere).findings;
        let rules: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, ["SM-01", "SM-03", "FORMAT"], "a waiver holds in its own language only");
    }

    #[test]
    fn sm_01_and_02_in_another_script() {
        let cyrillic = |words: &str| {
            let mut sources = spoilt("texts/en.toml", "name = \"English\"", "name = \"Български\"");
            spoil(&mut sources, "texts/en.toml", "language = \"For English\"", "language = \"Български\"");
            spoil(&mut sources, "texts/all.toml", "2 = English", "2 = Български");
            spoil(&mut sources, "texts/en.toml", STAY, words);
            sources
        };
        assert!(sound(&cyrillic("Я дома.")));
        assert!(sound(&cyrillic(&"Я".repeat(67 * 4 - " Delete this text.".len()))), "four parts");
        expect(&cyrillic(&"Я".repeat(67 * 4)), "SM-01", Error, "found: 5 parts");
    }

    #[test]
    fn sm_02_letters() {
        case("SM-02", Error, "texts/en.toml", STAY, "It’s here.", "`'`");
        case("SM-02", Error, "texts/nl.toml", "Stuur {code.months} voor de maanden.", "Geïnd.", "expected: `i`");
        case("SM-02", Error, "texts/all.toml", "and speak.", "and speak…", "expected: `...`");
        let sources = spoilt("texts/en.toml", STAY, "It’s here.");
        let finding = &checked(&sources).findings[0];
        let (line, column) = finding.place.line_column(&sources);
        let source = sources["texts/en.toml"].lines().nth(line - 1).unwrap();
        assert_eq!(source.chars().nth(column - 1), Some('’'));
        assert_eq!(&sources["texts/en.toml"][finding.place.span.clone()], "’");
        let instead = [
            ('ş', Some("s")),
            ('ё', None),
            ('“', Some("\"")),
            ('—', Some("-")),
            ('•', Some("-")),
            ('…', Some("...")),
            ('\u{a0}', Some(" ")),
            ('ç', Some("c")),
        ];
        for (c, expected) in instead {
            assert_eq!(replacement(c).as_deref(), expected, "{c}");
        }
    }

    #[test]
    fn sm_04_discretion() {
        let text = "for the months. Delete this text.";
        case("SM-04", Error, "texts/en.toml", text, "for the months.", "found: `... 221 for the months.`");
        case("SM-04", Error, "texts/en.toml", STAY, "See example.org now.", "found: `example.org`");
        case("SM-04", Error, "texts/en.toml", STAY, "The FIXTURE line wrote this.", "does not name the hotline");
        let link = |word: &str, expected: bool| assert_eq!(is_link(word), expected, "{word}");
        link("https://x", true);
        link("www.x", true);
        link("wegwijzer.nl.", true);
        link("tv.nl", true);
        link("t.nl", false);
        link("tv.n", false);
        link("B8.3.", false);
        link("a.m.", false);
        link("end.", false);
        link("...", false);
    }

    #[test]
    fn sm_05_keywords() {
        let wrong = |to: &str, says: &str| {
            case("SM-05", Error, "texts/en.toml", "keywords = \"SHELTER\"", &format!("keywords = \"{to}\""), says)
        };
        wrong("AID", "`AID` is not a keyword");
        wrong("SHELTERHOUSES", "4 to 10 letters");
        wrong("ROOM12", "4 to 10 letters");
        wrong("INFO", "providers answer `INFO` themselves");
        wrong("SHELTER EINDE", "`EINDE` is a stop word");
        wrong("TALK", "the keyword `TALK` already leads to `help`");
        wrong("SHELTER shelter", "stands here twice");
        wrong("MONTH", "one slip of the finger apart");
        wrong("NONTHS", "one slip of the finger apart");
        wrong("ABCDEFGHIJK", "4 to 10 letters");
        for fine in ["ABCD", "ABCDEFGHIJ", "SHELTER SHELTERS", "TALKS", "WALK", "MANTLS"] {
            let sources = spoilt("texts/en.toml", "keywords = \"SHELTER\"", &format!("keywords = \"{fine}\""));
            assert!(sound(&sources), "{fine}: {:?}", checked(&sources).findings);
        }
        case(
            "SM-05",
            Error,
            "texts/all.toml",
            "\"SOS\"]",
            "\"SOS\", \"gevaar\"]",
            "`GEVAAR` brings the emergency answer",
        );
        wrong("MAANDEN", "the keyword `MAANDEN` already leads to `months`");
        let fine = spoilt("texts/en.toml", "keywords = \"SHELTER\"", "keywords = \"shélter INFO\"");
        assert!(sound(&fine), "{:?}", checked(&fine).findings);
    }

    #[test]
    fn sm_05_a_chooser_needs_codes() {
        let sources = spoilt("texts/en.toml", "keywords = \"DANGER\"", "keywords = \"GEVAAR\"");
        expect(&sources, "SM-05", Error, "stands in several languages, and `danger` has no code");
    }

    #[test]
    fn sm_06_codes() {
        let doctor = "option = \"Voor een dokter\"\nsms = \"Elke dokter. Wis dit bericht.\"";
        let mut sources = spoilt("texts/nl.toml", "option = \"Voor een dokter\"", doctor);
        let english = "option = \"For a doctor\"\nsms = \"Any doctor. Delete this text.\"";
        spoil(&mut sources, "texts/en.toml", "option = \"For a doctor\"", english);
        expect(&sources, "SM-06", Error, "the code of `doctor` would be `112`");
        case("SM-06", Warning, "texts/en.toml", STAY, "Text 221 for the months.", "found: `221`");
        let mut typed = spoilt("texts/en.toml", STAY, "Text 2 or 99, 2-2 for the months.");
        finds(&typed, "SM-06", &[(Warning, "`2-2`")]);
        let place = checked(&typed).findings.iter().find(|finding| finding.rule == "SM-06").unwrap().place.clone();
        assert_eq!(&typed["texts/en.toml"][place.span], "2-2");
        spoil(&mut typed, "texts/en.toml", "[node.stay]", "[node.stay]\nwaive.SM-06 = \"a floor of the building\"");
        assert!(sound(&typed), "{:?}", checked(&typed).findings);
        // What belongs to no node has no place for a waiver.
        let neutral = spoilt("texts/all.toml", "Call {emergency} and speak.", "Call {emergency} and speak. 221");
        finds(&neutral, "SM-06", &[(Warning, "`221`")]);
        case(
            "SM-06",
            Error,
            "texts/all.toml",
            "[\"112\", \"SOS\"]",
            "[\"SOS\"]",
            "the text `112` does not bring the emergency",
        );
        let swapped = "1 = English. 2 = Nederlands.";
        case("SM-06", Error, "texts/all.toml", "1 = Nederlands. 2 = English.", swapped, "a wrong digit stands before");
    }

    #[test]
    fn pr_02_numbers_in_texts() {
        case("PR-02", Error, "texts/en.toml", STAY, "Call 0900 8844.", "found: `0900 8844`");
        case("PR-02", Error, "texts/all.toml", "Call {emergency}", "Call 112", "found: `112`");
        assert!(sound(&sources()));
        let typed = spoilt("texts/en.toml", STAY, "Call 0900 8844.");
        let place = checked(&typed).findings.iter().find(|finding| finding.rule == "PR-02").unwrap().place.clone();
        assert_eq!(&typed["texts/en.toml"][place.span], "0900 8844");
        // The answer to an unknown text names digits by its nature.
        finds(&spoilt("texts/all.toml", "1 = Nederlands.", "100 1 = Nederlands."), "PR-02", &[]);
    }

    #[test]
    fn sm_03_where_the_parts_begin() {
        let case = |words: &str, expected: &[usize]| assert_eq!(borders(words), expected, "{words}");
        case("", &[]);
        case(&"x".repeat(153), &[]);
        case(&"x".repeat(154), &[153]);
        case(&"x".repeat(307), &[153, 306]);
        // A sign of two septets does not stand on a border, and a letter of two bytes is one septet.
        case(&format!("{}€x", "x".repeat(152)), &[152]);
        case(&format!("{}€x", "x".repeat(151)), &[154]);
        case(&"é".repeat(154), &[306]);
    }

    #[test]
    fn sm_03_what_a_border_may_not_part() {
        let read = crate::menu::parse::parse(&sources(), TODAY, &Findings::default()).unwrap();
        let only = &read.words.limiting[1];
        let case = |before: &str, after: &str, first: bool, expected: Option<&str>| {
            let found = bad_border(before, after, only, first);
            assert!(found.is_some() == expected.is_some(), "{before}|{after}: {found:?}");
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()), "{before}|{after}: {found:?}");
        };
        case("Hello. Call 090", "0 now", false, Some("a number is cut"));
        case("Hello. Call 0900", " 8844 now", false, Some("a number is cut"));
        case("Hello. Call 0900 ", "8844 now", false, Some("a number is cut"));
        case("Hello. Call 0900", " now", false, None);
        case("Hello. It is", " 8844", false, None);
        case("Hello. It is only", " here", false, Some("limits"));
        case("Hello. It is Only ", "here", false, Some("limits"));
        case("Hello. It is only he", "re", false, Some("limits"));
        case("Hello. It is on", "ly here", false, None);
        case("Hello. It is lonely", " here", false, None);
        case("Hello. It is only here and", " there", false, None);
        case("hello it is her", "e", true, Some("nothing by itself"));
        case("hello it is her", "e", false, None);
        case("Hello! It is her", "e", true, None);
    }

    #[test]
    fn sm_03_in_messages() {
        let text = |words: &str| spoilt("texts/en.toml", STAY, words);
        let fill = |length: usize| "x".repeat(length);
        // 160 characters are one part, which has no border.
        finds(&text(&fill(160 - " Delete this text.".len())), "SM-03", &[]);
        let cut = format!("part 1 ends here: `...{}|{}...`", fill(16), fill(16));
        finds(&text(&fill(200)), "SM-03", &[(Warning, &cut)]);
        finds(&text(&format!("A. {}", fill(200))), "SM-03", &[]);
        // The second part begins at 153, the third at 306; a whole sentence is asked of the first part only.
        let only = format!("A. {} only {}", fill(297), fill(20));
        finds(&text(&only), "SM-03", &[(Warning, "part 2 ends here: `...xxxxxxxxxx only |xxxxxxxxxxxxxxxx...`")]);
    }
}
