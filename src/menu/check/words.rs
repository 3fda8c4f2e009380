//! How things are said: words that a voice can speak, a calm tone, a way on after a slip, languages of equal length.

use super::{Issues, Subject, count, holds};
use crate::base::Finding;
use crate::menu::fill::folded;
use crate::menu::hotline::{LangIx, NodeIx};
use crate::menu::resolve::{Kind, MessageKind, Sentence};
use crate::menu::time::{over, seconds, spoken_seconds, spoken_words};

/// PR-05: words before the options are said again.
pub const WRONG_KEY_WORDS: usize = 8;
/// LG-02: seconds of one language's line, and of the whole list.
pub const LANGUAGE_LINE_S: f64 = 3.5;
pub const LANGUAGES_S: f64 = 18.0;
/// LG-03: words of a translation for each word of the language it is measured against.
pub const RATIO: (f64, f64) = (0.6, 1.6);
/// LG-03: shorter texts differ by chance.
const MEASURED_WORDS: usize = 8;

/// PR-03: nothing that a voice would guess at. Long numbers are rule PR-02's.
pub(super) fn speakable(on: &Subject, issues: &mut Issues) {
    for sentence in &on.resolved.sentences {
        let token =
            sentence.words.split_whitespace().find_map(|token| Some((token, unspeakable(token, sentence.kind)?)));
        if let Some((token, (what, instead))) = token {
            issues.add(
                Finding::error("PR-03", sentence.place.clone(), format!("a voice cannot be trusted with {what}"))
                    .found(format!("`{token}`"))
                    .expected(instead),
            );
        }
    }
}

/// What is wrong with this piece of a sentence, and what should stand there.
fn unspeakable(token: &str, kind: Kind) -> Option<(&'static str, &'static str)> {
    /// Capital letters only, and this many: more of them are a word that somebody shouts.
    const SHORTEST_WORD: std::ops::RangeInclusive<usize> = 2..=3;
    const MARKS: [char; 22] =
        ['/', '\\', '(', ')', '[', ']', '<', '>', '{', '}', '&', '%', '+', '=', '@', '#', '*', '_', '|', '~', '^', '€'];
    if token.contains(|c: char| MARKS.contains(&c) || (!c.is_ascii() && is_sign(c))) {
        return Some(("a sign", "words: `or`, `and`, `percent`, `star`"));
    }
    let digits = token.chars().filter(char::is_ascii_digit).count();
    if digits > 0 {
        // Three digits in a row are a number that somebody typed, which rule PR-02 tells.
        return (digits < 3).then_some(("digits", "the number as words: `three months`"));
    }
    let bare = token.trim_matches(|c: char| !c.is_alphanumeric());
    let lower = bare.to_lowercase();
    if lower.starts_with("www") || bare.split('.').filter(|part| part.chars().count() >= 2).count() >= 2 {
        return Some(("a web address", "its name as it is said, and letter by letter in `letters`"));
    }
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = bare.chars().filter(|c| c.is_uppercase()).count();
    let abbreviated = bare.contains('.') || (SHORTEST_WORD.contains(&letters) && capitals == letters);
    (abbreviated && kind != Kind::Letters)
        .then_some(("an abbreviation", "the whole words, or letters with spaces between"))
}

/// A sign of typography or money, not a letter, an accent or ordinary punctuation.
fn is_sign(c: char) -> bool {
    !c.is_alphanumeric()
        && !c.is_whitespace()
        && !"’‘“”„–—…¿¡«».,;:!?'\"-".contains(c)
        && !unicode_normalization::char::is_combining_mark(c)
}

/// PR-04: no filler and no blame (words.toml, `[filler]`).
pub(super) fn no_filler(on: &Subject, issues: &mut Issues) {
    for sentence in &on.resolved.sentences {
        for (at, words) in on.resolved.parsed.words.filler.iter().enumerate() {
            if sentence.language.is_some_and(|language| usize::from(language.0) != at) {
                continue;
            }
            for phrase in words.iter().filter(|phrase| holds(&sentence.words, phrase)) {
                let finding = Finding::warning("PR-04", sentence.place.clone(), "this word takes time or puts blame")
                    .found(format!("`{}`", phrase.as_str()))
                    .help("say what she can do now, and nothing else; `words.toml` lists these words");
                issues.add_at(sentence.node, sentence.language, finding);
            }
        }
    }
}

/// PR-05: the words after a wrong key are their own, and short: the options follow at once. After the third wrong key a
/// person is looked for; the engine sees to that.
pub(super) fn wrong_key_helps(on: &Subject, issues: &mut Issues) {
    for language in on.languages() {
        let phrase = on.phrase(language);
        let (wrong_key, place) = (folded(&phrase.wrong_key), &phrase.wrong_key.place);
        if wrong_key.is_empty() {
            continue;
        }
        let error = |message: &str| Finding::error("PR-05", place.clone(), message);
        if phrase.silence.iter().any(|silence| folded(silence).to_lowercase() == wrong_key.to_lowercase()) {
            let finding = error("a wrong key and no key are answered with the same words");
            issues.add(finding.expected("other words: who pressed something wants to know that it did nothing"));
        }
        let words = spoken_words(&wrong_key);
        if words > WRONG_KEY_WORDS {
            issues.add(
                error("the words after a wrong key are many")
                    .found(count(words, "word", "words"))
                    .expected(format!("at most {WRONG_KEY_WORDS}: the options follow"))
                    .help("say that the key does nothing, and to choose again"),
            );
        }
    }
}

/// PR-07: before a person comes on, it is said who that will be. That 1 says yes and `*` leads back, the format sees to.
pub(super) fn who_answers(on: &Subject, issues: &mut Issues) {
    let connect = on.resolved.links.roles.connect;
    for language in on.languages() {
        let Some(texts) = on.resolved.texts[usize::from(language.0)][usize::from(connect.0)] else { continue };
        if on.resolved.hotline.spoken(connect, language).info.is_empty() {
            let message = "nothing says who will answer before she is connected";
            issues.add(
                Finding::error("PR-07", texts.place.clone(), message)
                    .expected("`say` in `connect`, such as `You can talk to a person now.`"),
            );
        }
    }
}

/// LG-02: each language's line names the language in itself, and is short.
pub(super) fn language_lines(on: &Subject, issues: &mut Issues) {
    let lines: Vec<&crate::menu::hotline::Prompt> = on.resolved.hotline.front.languages.iter().collect();
    for line in &lines {
        let phrase = on.phrase(line.language);
        let place = || phrase.language.place.clone();
        let name = folded(&phrase.name);
        if !name.is_empty() && !holds(&line.words, &name) {
            issues.add(
                Finding::error("LG-02", place(), "the line of this language does not name it")
                    .found(format!("`{}`", line.words))
                    .expected(format!("`{name}` in it: people look for the name of their own language")),
            );
        }
        let time = spoken_seconds(line);
        if over(time, LANGUAGE_LINE_S) {
            issues.add(
                Finding::error("LG-02", place(), "the line of this language is long")
                    .found(format!("{time:.1} s"))
                    .expected(format!("at most {LANGUAGE_LINE_S} s")),
            );
        }
    }
    let whole: f64 = seconds(lines.iter().copied());
    if over(whole, LANGUAGES_S) {
        let place = on
            .resolved
            .parsed
            .hotline
            .languages
            .first()
            .map_or_else(|| on.resolved.parsed.hotline.start.place.clone(), |language| language.place.clone());
        issues.add(
            Finding::error("LG-02", place, "the list of languages is long")
                .found(format!("{whole:.1} s"))
                .expected(format!("at most {LANGUAGES_S:.0} s")),
        );
    }
}

/// LG-03: a translation much shorter or longer than the others has lost something, or been given something.
pub(super) fn as_long_as_the_others(on: &Subject, issues: &mut Issues) {
    let reference = on.reference();
    for node in on.nodes() {
        for language in on.languages().filter(|language| *language != reference) {
            let Some(texts) = on.resolved.texts[usize::from(language.0)][usize::from(node.0)] else { continue };
            let words = [
                ("the spoken words", spoken as fn(&Subject, NodeIx, LangIx) -> usize, texts.say.as_ref()),
                ("the text message", texted, texts.sms.as_ref()),
            ];
            for (what, count_in, text) in words {
                let (here, there) = (count_in(on, node, language), count_in(on, node, reference));
                // Nothing at all is told by rule LG-01.
                if here == 0 || there < MEASURED_WORDS {
                    continue;
                }
                let longer = match here as f64 / there as f64 {
                    ratio if ratio < RATIO.0 => "shorter",
                    ratio if ratio > RATIO.1 => "longer",
                    _ => continue,
                };
                let place = text.map_or(&texts.place, |text| &text.place).clone();
                let (other, name) = (on.resolved.hotline.language(reference), on.resolved.links.name(node));
                let message = format!("much {longer} than in the language `{other}`: {what} of `{name}`");
                let finding = Finding::warning("LG-03", place, message)
                    .found(format!("{} against {there}", count(here, "word", "words")))
                    .expected(format!("{} to {} for each word there", RATIO.0, RATIO.1))
                    .help("look whether something is missing or was added, or waive the rule with a reason");
                issues.add_at(Some(node), Some(language), finding);
            }
        }
    }
}

fn spoken(on: &Subject, node: NodeIx, language: LangIx) -> usize {
    let of = |sentence: &&Sentence| sentence.node == Some(node) && sentence.language == Some(language);
    let info = on.resolved.sentences.iter().filter(of).filter(|sentence| sentence.kind == Kind::Info);
    info.map(|sentence| spoken_words(&sentence.words)).sum()
}

fn texted(on: &Subject, node: NodeIx, language: LangIx) -> usize {
    let of = |message: &&crate::menu::resolve::Message| {
        message.kind == MessageKind::Node(node) && message.language == Some(language)
    };
    on.resolved.messages.iter().filter(of).map(|message| message.words.split_whitespace().count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity::{Error, Warning};
    use crate::base::Sources;
    use crate::menu::fixture::{case, checked, expect, finds, sound, sources, spoil, spoilt, words};

    #[test]
    fn pr_03_what_a_voice_would_guess_at() {
        let case = |token: &str, what: Option<&str>| {
            assert_eq!(unspeakable(token, Kind::Info).map(|(what, _)| what), what, "{token}");
        };
        for sign in ["and/or", "(a", "place)", "A&B", "5%", "name@place", "#", "one_two", "€5", "£5", "→", "©", "°"]
        {
            case(sign, Some("a sign"));
        }
        for fine in
            ["word", "één", "e\u{301}e\u{301}n", "“word”", "it’s", "word,", "¿qué?", "«word»", "a–b", "…", "hulp;"]
        {
            case(fine, None);
        }
        case("3", Some("digits"));
        case("B8.3", Some("digits"));
        case("24-7", None); // three digits: rule PR-02's
        case("112", None);
        case("www", Some("a web address"));
        case("WWW.", Some("a web address"));
        case("wegwijzer.nl", Some("a web address"));
        case("wegwijzer.nl.", Some("a web address"));
        case("e.g.", Some("an abbreviation"));
        case("a.word", Some("an abbreviation"));
        case("IND", Some("an abbreviation"));
        case("(IND)", Some("a sign"));
        case("OK.", Some("an abbreviation"));
        case("I", None);
        case("HELP", None);
        case("Ind", None);
        case("word.", None);
        case("-", None);
        assert_eq!(unspeakable("IND", Kind::Letters), None);
        assert_eq!(unspeakable("B.V.", Kind::Letters), None);
        assert!(unspeakable("A/B", Kind::Letters).is_some());
    }

    #[test]
    fn pr_04_in_its_own_language() {
        let from = "\"Any doctor will see you.\"";
        case("PR-04", Warning, "texts/en.toml", from, "\"That is  Invalid here.\"", "found: `invalid`");
        assert!(sound(&spoilt("texts/en.toml", from, "\"That is ongeldig here.\"")), "a Dutch word in English");
        case("PR-04", Warning, "texts/nl.toml", "Elke dokter kan je zien.", "Dat is ongeldig.", "found: `ongeldig`");
        // What belongs to no language is heard by all.
        case("PR-04", Warning, "texts/all.toml", "Press a key.", "Invalid key.", "found: `invalid`");
        case("PR-04", Warning, "texts/all.toml", "Press a key.", "Ongeldig.", "found: `ongeldig`");
        let mut waived = spoilt("texts/en.toml", from, "\"That is invalid here.\"");
        spoil(&mut waived, "texts/en.toml", "[node.doctor]", "[node.doctor]\nwaive.PR-04 = \"the doctor says so\"");
        assert!(sound(&waived));
    }

    #[test]
    fn pr_05_after_a_wrong_key() {
        let from = "\"That key does nothing here. Choose again.\"";
        assert!(sound(&spoilt("texts/en.toml", from, "\"That key does nothing here. Choose once again.\"")));
        let long = "\"That key does nothing here. Choose another key again.\"";
        case("PR-05", Error, "texts/en.toml", from, long, "found: 9 words");
        let same = "\"take  your time. \"";
        case("PR-05", Error, "texts/en.toml", from, same, "a wrong key and no key are answered with the same words");
    }

    #[test]
    fn pr_07_who_answers() {
        // That the words are there in Dutch only is told too (LG-01).
        finds(&spoilt("texts/en.toml", "say = \"You can talk to a person now.\"", ""), "PR-07", &[(Error, "")]);
        finds(&sources(), "PR-07", &[]);
    }

    #[test]
    fn lg_02_the_line_of_a_language() {
        let line = |count: usize| format!("language = \"English {}\"", words(count));
        // With "press two": 8 words are 3.2 s, 9 are 3.6 s.
        let from = "language = \"For English\"";
        finds(&spoilt("texts/en.toml", from, &line(5)), "LG-02", &[]);
        finds(&spoilt("texts/en.toml", from, &line(6)), "LG-02", &[(Error, "3.6 s")]);
        case("LG-02", Error, "texts/en.toml", from, "language = \"For anglais\"", "`English` in it");
        assert!(sound(&spoilt("texts/en.toml", from, "language = \"For ENGLISH\"")));
    }

    #[test]
    fn lg_02_the_list_of_languages() {
        // The Dutch line is 2.6 s with its pause. An English one of 37 words and its pause are 15.4 s, together 18 s.
        let lines = |count: usize| {
            spoilt("texts/en.toml", "language = \"For English\"", &format!("language = \"English {}\"", words(count)))
        };
        finds(&lines(34), "LG-02", &[(Error, "14.8 s")]);
        finds(&lines(35), "LG-02", &[(Error, "18.4 s"), (Error, "15.2 s")]);
        let place = |sources: &Sources| {
            let findings = checked(sources).findings;
            let whole = findings.iter().find(|finding| finding.message == "the list of languages is long");
            whole.map(|finding| finding.place.file.to_string())
        };
        assert_eq!(place(&lines(35)).as_deref(), Some("hotline.toml"));
    }

    #[test]
    fn lg_03_spoken_words() {
        let doctor = |english: usize, dutch: usize| {
            let mut sources =
                spoilt("texts/en.toml", "\"Any doctor will see you.\"", &format!("\"{}.\"", words(english)));
            spoil(&mut sources, "texts/nl.toml", "\"Elke dokter kan je zien.\"", &format!("\"{}.\"", words(dutch)));
            sources
        };
        finds(&doctor(10, 6), "LG-03", &[]);
        finds(&doctor(10, 5), "LG-03", &[(Warning, "5 words against 10")]);
        finds(&doctor(10, 16), "LG-03", &[]);
        finds(&doctor(10, 17), "LG-03", &[(Warning, "17 words against 10")]);
        finds(&doctor(8, 4), "LG-03", &[(Warning, "4 words against 8")]);
        finds(&doctor(8, 1), "LG-03", &[(Warning, "1 word against 8")]);
        finds(&doctor(7, 3), "LG-03", &[]);
        let message = |sources: &Sources| {
            let findings = checked(sources).findings;
            let finding = findings.into_iter().find(|finding| finding.rule == "LG-03").unwrap();
            (finding.message, finding.place.line_column(sources).0)
        };
        let (longer, line) = message(&doctor(10, 17));
        assert_eq!(longer, "much longer than in the language `en`: the spoken words of `doctor`");
        let written = sources()["texts/nl.toml"].lines().position(|line| line.contains("Elke dokter")).unwrap();
        assert_eq!(line, written + 1);
        assert!(message(&doctor(10, 5)).0.starts_with("much shorter"));
    }

    #[test]
    fn lg_03_text_messages() {
        let months = |english: usize, dutch: usize| {
            let text = |count: usize, rest: &str| format!("\"{} {rest}", words(count));
            let mut sources = spoilt("texts/en.toml", "\"You have 3 months to think. D", &text(english, "3 months. D"));
            spoil(
                &mut sources,
                "texts/nl.toml",
                "\"Je hebt 3 maanden om na te denken. W",
                &text(dutch, "3 maanden. W"),
            );
            sources
        };
        // Five words more: the fact, and the sentence about deleting.
        finds(&months(5, 1), "LG-03", &[]);
        finds(&months(5, 11), "LG-03", &[]);
        finds(&months(5, 12), "LG-03", &[(Warning, "17 words against 10")]);
        finds(&months(6, 1), "LG-03", &[(Warning, "6 words against 11")]);
        let mut waived = months(6, 1);
        spoil(&mut waived, "texts/nl.toml", "[node.months]", "[node.months]\nwaive.LG-03 = \"Dutch is shorter\"");
        finds(&waived, "LG-03", &[]);
        expect(&months(6, 1), "LG-03", Warning, "the text message of `months`");
    }

    #[test]
    fn lg_03_against_english_or_else_the_first() {
        let mut sources = sources();
        let romanian = sources["texts/en.toml"].clone();
        sources.insert("texts/ro.toml".into(), romanian);
        spoil(&mut sources, "hotline.toml", "[\"nl\", \"en\"]", "[\"nl\", \"ro\"]");
        spoil(&mut sources, "texts/nl.toml", "\"Elke dokter kan je zien.\"", &format!("\"{}.\"", words(10)));
        let findings = checked(&sources).findings;
        let shorter = findings.iter().find(|finding| finding.rule == "LG-03").map(|finding| finding.message.as_str());
        assert_eq!(
            shorter,
            Some("much shorter than in the language `nl`: the spoken words of `doctor`"),
            "{findings:?}"
        );
    }
}
