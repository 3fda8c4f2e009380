//! Rule SM-07: each keyword as real phones send it.

use super::understand::{Understood, understand};
use crate::base::{Finding, Place};
use crate::menu::{Answer, Hotline, LangIx};
use std::sync::Arc;

/// Keywords of this many letters are understood with one slip.
const SLIP_LETTERS: usize = 5;

/// A finding for each keyword that some phone or hurried thumb makes something else of.
pub fn keywords_in_every_dress(hotline: &Hotline) -> Vec<Finding> {
    let book = &hotline.sms;
    let mut findings = Vec::new();
    for (word, answer) in &book.keywords {
        let brings = |text: &str| matches!(understand(book, text), Understood::Answer(found, _) if found == answer);
        let near = |slip: &String| book.keywords.contains_key(slip);
        let slips = slips(word).into_iter().filter(|slip| !near(slip) && !has_twin(hotline, word, answer));
        let Some(wrong) = dresses(word).into_iter().chain(slips).find(|text| !brings(text)) else { continue };
        let language = match answer {
            Answer::Node(language, _) => *language,
            Answer::Choose(_) => LangIx(0),
        };
        let file: Arc<str> = format!("texts/{}.toml", hotline.language(language)).into();
        findings.push(
            Finding::error(
                "SM-07",
                Place::new(&file, 0..0),
                format!("the keyword `{word}` is not understood as phones send it"),
            )
            .found(format!("`{}` does not bring its answer", wrong.escape_debug()))
            .expected("a word whose slips mean nothing else")
            .help("choose another everyday word"),
        );
    }
    findings
}

/// Another answer's keyword is one slip away: such words match exactly only (rule SM-05).
fn has_twin(hotline: &Hotline, word: &str, answer: &Answer) -> bool {
    let twin = |other: &str| strsim::damerau_levenshtein(word, other) <= 2;
    hotline.sms.keywords.iter().any(|(other, its)| its != answer && twin(other))
}

/// What keyboards and phones add or change.
fn dresses(word: &str) -> Vec<String> {
    let lower = word.to_lowercase();
    vec![
        lower.clone(),
        format!("  {lower}  "),
        format!("{lower}."),
        format!("\u{201c}{lower}\u{201d}"),
        lower.replacen('e', "\u{e9}", 1),
        word.chars().map(cyrillic).collect(),
        format!("{lower}\n-- \nSent from my phone"),
    ]
}

/// One slip of the thumb: the last letter lost, a letter doubled, the last two swapped.
fn slips(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < SLIP_LETTERS {
        return Vec::new();
    }
    let last = letters.len() - 1;
    let doubled: String = letters.iter().chain(letters.last()).collect();
    let mut swapped = letters.clone();
    swapped.swap(last - 1, last);
    [letters[..last].iter().collect(), doubled, swapped.into_iter().collect()]
        .into_iter()
        .filter(|slip: &String| slip != word)
        .collect()
}

/// A Cyrillic letter that looks the same.
fn cyrillic(letter: char) -> char {
    match letter {
        'A' => 'А',
        'B' => 'В',
        'C' => 'С',
        'E' => 'Е',
        'H' => 'Н',
        'K' => 'К',
        'M' => 'М',
        'O' => 'О',
        'P' => 'Р',
        'T' => 'Т',
        'X' => 'Х',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::sample;

    #[test]
    fn the_sample_is_understood_in_every_dress_and_a_slip_to_a_stop_word_is_found() {
        assert_eq!(keywords_in_every_dress(sample::hotline()), []);
        let mut hotline = sample::hotline().clone();
        let answer = hotline.sms.keywords["SHELTER"].clone();
        hotline.sms.keywords.insert("STOPT".to_owned(), answer);
        let findings = keywords_in_every_dress(&hotline);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].rule == "SM-07" && findings[0].found.contains("`STOP`"), "{findings:?}");
    }

    #[test]
    fn every_slip_is_another_word() {
        assert_eq!(slips("DANGER"), ["DANGE", "DANGERR", "DANGRE"]);
        assert_eq!(slips("HELP"), Vec::<String>::new());
        assert_eq!(slips("HALLL"), ["HALL", "HALLLL"]);
    }
}
