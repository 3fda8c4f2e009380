//! How things are said: words that a voice can speak, a calm tone, a way on after a slip, languages of equal length.

use super::{Issues, Subject, count, holds};
use crate::base::Finding;
use crate::menu::fill::folded;
use crate::menu::hotline::{LangIx, NodeIx};
use crate::menu::resolve::{Kind, MessageKind, Sentence};
use crate::menu::time::{seconds, spoken_seconds, spoken_words};

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
        if time > LANGUAGE_LINE_S {
            issues.add(
                Finding::error("LG-02", place(), "the line of this language is long")
                    .found(format!("{time:.1} s"))
                    .expected(format!("at most {LANGUAGE_LINE_S} s")),
            );
        }
    }
    let whole: f64 = seconds(lines.iter().copied());
    if whole > LANGUAGES_S {
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
                let ratio = here as f64 / there as f64;
                if (RATIO.0..=RATIO.1).contains(&ratio) {
                    continue;
                }
                let place = text.map_or(&texts.place, |text| &text.place).clone();
                let longer = if ratio > 1.0 { "longer" } else { "shorter" };
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
